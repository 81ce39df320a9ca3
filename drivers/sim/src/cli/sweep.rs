//! `tom-sim sweep`: many seeds, on all cores.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::load::{Loaded, suite};
use super::{code, say};
use crate::run::{Outcome, QueueKind, Verdict, run as play};
use crate::scenario::model::{Assert, SuiteKind};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario files
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
    /// The seeds, both ends included
    #[arg(long, value_parser = seeds, default_value = "1..10", value_name = "A..B")]
    seeds: RangeInclusive<u64>,
    /// Runs at a time; 0: one per core
    #[arg(long, default_value_t = 0)]
    jobs: usize,
    /// The cryptography, instead of the scenarios'
    #[arg(long, value_parser = suite, value_name = "real|real-memo|sim-fast")]
    suite: Option<SuiteKind>,
    /// Write outcomes.jsonl, outcomes.csv and a .repro for each failure into this directory, as they
    /// come
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Play each seed twice, once with the plain heap, and compare
    #[arg(long)]
    twice: bool,
    /// Print nothing but what is wrong
    #[arg(long, short)]
    quiet: bool,
}

/// Reads `A..B`.
fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let parse = |text: &str| text.parse::<u64>().map_err(|error| error.to_string());
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => (parse(first)?, parse(last.trim_start_matches('='))?),
        None => (parse(text)?, parse(text)?),
    };
    if first > last {
        return Err(format!("{first} is after {last}"));
    }
    Ok(first..=last)
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let mut worst = 0;
    let mut sink = args.out.as_deref().map(Sink::open).transpose()?;
    for path in &args.scenarios {
        let loaded = match Loaded::new(path, args.suite) {
            Err(error) if is_absent(&error) && args.scenarios.len() > 1 => {
                say::line(&format!("skipped: {error}"));
                continue;
            }
            loaded => loaded?,
        };
        let outcomes = sweep(args, &loaded, sink.as_mut())?;
        worst = worst.max(judge(args, &loaded, &outcomes));
    }
    Ok(worst)
}

/// A data file that is not part of the project is not there.
fn is_absent(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<crate::scenario::ScenarioError>();
    error.is_some_and(|error| error.absent)
}

/// Plays one scenario with all seeds.
fn sweep(
    args: &Args,
    loaded: &Loaded,
    mut sink: Option<&mut Sink>,
) -> anyhow::Result<Vec<Outcome>> {
    let (first, last) = (*args.seeds.start(), *args.seeds.end());
    let count = last - first + 1;
    let bar = if args.quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(count)
    };
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(loaded.scenario.scenario.name.clone());
    let next = AtomicU64::new(first);
    let outcomes = Mutex::new(Vec::new());
    let failed = Mutex::new(None);
    let (done, finished) = std::sync::mpsc::channel();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = if args.jobs == 0 { cores } else { args.jobs };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (next, failed, done) = (&next, &failed, done.clone());
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > last {
                        break;
                    }
                    match one(loaded, seed, args) {
                        Ok(outcome) => drop(done.send(outcome)),
                        Err(error) => {
                            next.store(u64::MAX, Ordering::Relaxed);
                            if let Ok(mut failed) = failed.lock() {
                                failed.get_or_insert(error);
                            }
                        }
                    }
                }
            });
        }
        drop(done);
        // Written as they come: what is there stays readable whatever happens later.
        for outcome in finished {
            bar.inc(1);
            if let Some(sink) = sink.as_mut()
                && let Err(error) = sink.put(&outcome)
            {
                next.store(u64::MAX, Ordering::Relaxed);
                if let Ok(mut failed) = failed.lock() {
                    failed.get_or_insert(error);
                }
            }
            if let Ok(mut outcomes) = outcomes.lock() {
                outcomes.push(outcome);
            }
        }
    });
    bar.finish_and_clear();
    if let Ok(Some(error)) = failed.into_inner() {
        return Err(error);
    }
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|outcome| outcome.seed);
    Ok(outcomes)
}

/// One seed; twice with both queues, where that is asked for. A failure is kept.
fn one(loaded: &Loaded, seed: u64, args: &Args) -> anyhow::Result<Outcome> {
    let setup = loaded.setup(seed)?;
    let mut outcome = play(&setup, QueueKind::Wheel);
    if args.twice {
        crate::shrink::compare_queues(&setup, &mut outcome);
    }
    if let Some(dir) = &args.out {
        super::replay::keep(dir, &setup, &outcome)?;
    }
    Ok(outcome)
}

/// Prints what a sweep came to; says the exit code.
fn judge(args: &Args, loaded: &Loaded, outcomes: &[Outcome]) -> u8 {
    let head = &loaded.scenario.scenario;
    let mut worst = Verdict::Passed;
    for outcome in outcomes {
        worst = worst.max(outcome.verdict);
        for wrong in &outcome.wrong {
            if head.xfail.is_none() || !args.quiet {
                say::line(&format!(
                    "{} seed {}: {}: {}",
                    head.name, outcome.seed, wrong.what, wrong.detail
                ));
            }
        }
        if let (Some(dir), false) = (&args.out, outcome.wrong.is_empty()) {
            let path = dir.join(crate::repro::file_name(&head.name, outcome.seed));
            if head.xfail.is_none() || !args.quiet {
                say::line(&format!(
                    "  to play it again: tom-sim replay {}",
                    path.display()
                ));
            }
        }
    }
    let situations = coverage(outcomes);
    let missing: Vec<&str> = loaded
        .scenario
        .assert
        .iter()
        .filter_map(|assert| match assert {
            Assert::Sometimes(name) => Some(name.as_str()),
            Assert::Always(_) | Assert::Metric { .. } => None,
        })
        .filter(|name| situations.get(*name).is_none_or(|seeds| *seeds == 0))
        .collect();
    for name in &missing {
        say::line(&format!("{}: `{name}` never came up", head.name));
        worst = worst.max(Verdict::Failed);
    }
    if !args.quiet {
        table(&head.name, outcomes, &situations);
    }
    match (&head.xfail, worst) {
        (Some(waits_for), Verdict::Passed) => {
            let name = &head.name;
            say::error(&format!(
                "{name} passed, though it is expected to fail until {waits_for}: remove `xfail`"
            ));
            code(Verdict::Failed)
        }
        (Some(_), Verdict::Failed | Verdict::Liveness) => 0,
        (_, worst) => code(worst),
    }
}

/// In how many seeds each situation came up.
fn coverage(outcomes: &[Outcome]) -> BTreeMap<&str, u64> {
    let mut seeds: BTreeMap<&str, u64> = BTreeMap::new();
    for outcome in outcomes {
        for (name, times) in &outcome.situations {
            *seeds.entry(name).or_default() += u64::from(*times > 0);
        }
    }
    seeds
}

fn table(name: &str, outcomes: &[Outcome], situations: &BTreeMap<&str, u64>) {
    let passed = outcomes
        .iter()
        .filter(|o| o.verdict == Verdict::Passed)
        .count();
    let events: u64 = outcomes.iter().map(|outcome| outcome.events).sum();
    let cpu: f64 = outcomes.iter().map(|outcome| outcome.cpu_s).sum();
    say::line(&format!(
        "{name}: {passed} of {} seeds passed; {events} events in {cpu:.1} s of processor time",
        outcomes.len()
    ));
    for metric in ["proven_rate", "latency_p50", "latency_p99", "overhead"] {
        let mut values: Vec<f64> = outcomes
            .iter()
            .filter_map(|outcome| outcome.metrics.get(metric).copied())
            .collect();
        values.sort_by(f64::total_cmp);
        if let (Some(least), Some(most)) = (values.first(), values.last()) {
            let middle = values.get(values.len() / 2).unwrap_or(least);
            say::line(&format!(
                "  {metric:<14} median {middle:.4}, {least:.4} to {most:.4}"
            ));
        }
    }
    let came_up: Vec<String> = situations
        .iter()
        .map(|(name, seeds)| format!("{name} {seeds}"))
        .collect();
    say::line(&format!(
        "  seeds in which it came up: {}",
        came_up.join(", ")
    ));
}

/// Where outcomes are written as they come.
struct Sink {
    lines: std::fs::File,
    table: std::fs::File,
    dir: PathBuf,
}

impl Sink {
    fn open(dir: &std::path::Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("{}: cannot be made", dir.display()))?;
        let file = |name: &str| {
            let path = dir.join(name);
            std::fs::File::create(&path)
                .with_context(|| format!("{}: cannot be written", path.display()))
        };
        let mut sink = Self {
            lines: file("outcomes.jsonl")?,
            table: file("outcomes.csv")?,
            dir: dir.to_owned(),
        };
        let mut head = "scenario,seed,suite,hash,verdict,nodes,events,cpu_s".to_owned();
        for metric in crate::check::Metric::ALL {
            head.push(',');
            head.push_str(metric.name());
        }
        sink.write(&head, None)?;
        Ok(sink)
    }

    fn put(&mut self, outcome: &Outcome) -> anyhow::Result<()> {
        let line = serde_json::to_string(outcome)?;
        let verdict = serde_json::to_string(&outcome.verdict)?;
        let mut row = format!(
            "{},{},{},{},{},{},{},{:.3}",
            outcome.scenario,
            outcome.seed,
            outcome.suite,
            outcome.hash,
            verdict.trim_matches('"'),
            outcome.nodes,
            outcome.events,
            outcome.cpu_s
        );
        for metric in crate::check::Metric::ALL {
            row.push(',');
            if let Some(value) = outcome.metrics.get(metric.name()) {
                row.push_str(&value.to_string());
            }
        }
        self.write(&row, Some(&line))
    }

    fn write(&mut self, row: &str, line: Option<&str>) -> anyhow::Result<()> {
        let written = writeln!(self.table, "{row}")
            .and_then(|()| line.map_or(Ok(()), |line| writeln!(self.lines, "{line}")));
        written.with_context(|| {
            format!(
                "{}: cannot be written any further; what is there is whole: free some space and sweep the seeds that are missing",
                self.dir.display()
            )
        })
    }
}

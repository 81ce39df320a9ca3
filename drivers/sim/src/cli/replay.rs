//! `tom-sim replay`: a failure again, and what the world looked like on the way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use super::load::suite;
use super::{code, say, walk};
use crate::engine::Wheel;
use crate::load::{Loaded, table};
use crate::repro::{Expect, MAGIC, Repro, file_name, moment, print_of};
use crate::run::{Outcome, QueueKind, Verdict, run as play};
use crate::scenario::Files;
use crate::scenario::line::seconds;
use crate::scenario::model::SuiteKind;
use crate::scenario::units::read_span;
use crate::shrink::Predicate;
use crate::suite::{SimSuite, UnderSuite};
use crate::time::Time;
use crate::travel::{Blame, blame, knee};
use crate::world::{Item, Setup};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The .repro file, a scenario file, or a tape of a real node (`tom node --tape`)
    file: PathBuf,
    /// The seed, of a scenario file
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The cryptography, instead of the file's
    #[arg(long, value_parser = suite, value_name = "real|real-memo|sim-fast")]
    suite: Option<SuiteKind>,
    /// Fail unless the run's hash is this
    #[arg(long, value_name = "HEX")]
    expect_hash: Option<String>,
    /// Stop at this moment (`12.5s`) and show what comes next
    #[arg(long, value_parser = time, value_name = "TIME")]
    at: Option<Time>,
    /// Show this node there
    #[arg(long)]
    node: Option<u32>,
    /// Play so many events on from there, each in a line
    #[arg(long, value_name = "K")]
    steps: Option<usize>,
    /// Read commands from standard input; `help` says which
    #[arg(long, short)]
    interactive: bool,
    /// From moments before the failure, play so many runs on with other draws, and count how many
    /// fail: where they stop failing lies the cause
    #[arg(long, value_name = "K")]
    blame: Option<u32>,
    /// Runs at a time, for --blame; 0: one per core
    #[arg(long, default_value_t = 0)]
    jobs: usize,
}

pub(super) fn time(text: &str) -> Result<Time, String> {
    let text = text.trim();
    let text = match text.ends_with(|c: char| c.is_ascii_digit()) {
        true => format!("{text}s"),
        false => text.to_owned(),
    };
    let span = read_span(&text).map_err(|bad| format!("{}; {}", bad.problem, bad.remedy))?;
    Ok(Time(span.0))
}

/// What there is to be played, and what is expected of it.
pub(super) struct Again {
    pub(super) setup: Setup,
    pub(super) expect: Option<Expect>,
}

impl Again {
    /// From a failure's file, or from a scenario and a seed.
    pub(super) fn read(path: &Path, seed: u64, suite: Option<SuiteKind>) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        if crate::tape::is_tape(&text) {
            let setup = crate::tape::setup(path, seed)?;
            return Ok(Self {
                setup,
                expect: None,
            });
        }
        if !text.starts_with("tom-sim repro") {
            let setup = Loaded::new(path, suite)?.setup(seed)?;
            return Ok(Self {
                setup,
                expect: None,
            });
        }
        debug_assert!(MAGIC.starts_with("tom-sim repro"), "one name");
        let mut repro = Repro::read(&text, &path.display().to_string())?;
        if let Some(suite) = suite {
            Arc::make_mut(&mut repro.scenario).scenario.suite = suite;
        }
        let table = table(&repro.scenario, &Files::of(path))?;
        if let (Some(was), Some(is)) = (repro.table, print_of(&table))
            && was != is
        {
            anyhow::bail!(
                "{}: the latency file beside it is not the one of this run (its fingerprint is {is:016x}, not {was:016x}); take the one it was played with",
                path.display()
            );
        }
        Ok(Self {
            setup: repro.setup(Arc::new(table)),
            expect: Some(repro.expect),
        })
    }
}

/// Writes a run that failed into this directory; says where.
pub(super) fn keep(
    dir: &Path,
    setup: &Setup,
    outcome: &Outcome,
) -> anyhow::Result<Option<PathBuf>> {
    if outcome.verdict == Verdict::Passed {
        return Ok(None);
    }
    let path = dir.join(file_name(&outcome.scenario, outcome.seed));
    write(&path, setup, outcome)?;
    Ok(Some(path))
}

/// Writes a run as a file: whole, or not at all.
pub(super) fn write(path: &Path, setup: &Setup, outcome: &Outcome) -> anyhow::Result<()> {
    let text = Repro::of(setup, outcome).to_string();
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, text)
        .and_then(|()| std::fs::rename(&part, path))
        .with_context(|| format!("{}: cannot be written", path.display()))
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let again = Again::read(&args.file, args.seed, args.suite)?;
    let suite = again.setup.scenario.scenario.suite;
    if let Some(seeds) = args.blame {
        return date(args, &again, seeds);
    }
    if args.interactive || args.at.is_some() || args.node.is_some() || args.steps.is_some() {
        return suite.run(walk::Walk {
            setup: &again.setup,
            at: args.at,
            node: args.node,
            steps: args.steps,
            interactive: args.interactive,
        });
    }
    let mut outcome = play(&again.setup, QueueKind::Wheel);
    let parting = again
        .expect
        .as_ref()
        .is_some_and(|expect| expect.what == "determinism");
    if parting {
        crate::shrink::compare_queues(&again.setup, &mut outcome);
    }
    say::line(&told(&outcome));
    let mut same = true;
    if let Some(hash) = args.expect_hash.as_ref().filter(|h| **h != outcome.hash) {
        say::error(&format!("the hash is {}, not {hash}", outcome.hash));
        same = false;
    }
    let Some(expect) = &again.expect else {
        return Ok(if same { code(outcome.verdict) } else { 1 });
    };
    let mut differences = expect.differences(&outcome);
    if args.suite.is_some() {
        // Other bytes, so another hash.
        differences.retain(|line| !line.starts_with("the hash"));
    }
    if differences.is_empty() {
        say::line("the same again: verdict, place, time and hash are as the file says");
    }
    for line in &differences {
        say::error(line);
    }
    Ok(u8::from(!same || !differences.is_empty()))
}

/// What a run came to, in a line or two.
pub(super) fn told(outcome: &Outcome) -> String {
    let mut text = format!(
        "{} seed {}: {:?} after {} simulated s, {} events, {} externals, hash {}",
        outcome.scenario,
        outcome.seed,
        outcome.verdict,
        outcome.simulated_s,
        outcome.events,
        outcome.externals,
        outcome.hash
    );
    for wrong in &outcome.wrong {
        let at = moment(wrong).map(|at| format!(" at {} s", seconds(at)));
        let node = wrong.node.map(|node| format!(" at node {node}"));
        text += &format!(
            "\n  {}{}{}: {}",
            wrong.what,
            at.unwrap_or_default(),
            node.unwrap_or_default(),
            wrong.detail
        );
    }
    text
}

/// Dates the cause of a failure.
fn date(args: &Args, again: &Again, seeds: u32) -> anyhow::Result<u8> {
    struct Job<'a>(&'a Setup, &'a Predicate, Time, u32, usize);
    impl UnderSuite for Job<'_> {
        type Out = Result<Vec<Blame>, crate::net::latency::NoTable>;
        fn run<C: SimSuite>(self) -> Self::Out {
            blame::<C, Wheel<Item>>(self.0, self.1, self.2, self.3, self.4)
        }
    }
    let outcome = play(&again.setup, QueueKind::Wheel);
    let Some(predicate) = Predicate::of(&outcome) else {
        anyhow::bail!("the run passes: there is nothing to blame");
    };
    let at = outcome.wrong.first().and_then(moment);
    let at = at.unwrap_or(Time(again.setup.scenario.scenario.duration.0));
    let jobs = super::shrink::jobs(args.jobs);
    let suite = again.setup.scenario.scenario.suite;
    say::line(&told(&outcome));
    let rows = suite.run(Job(&again.setup, &predicate, at, seeds, jobs))?;
    say::line("other draws from    before the failure    fail all the same");
    for row in &rows {
        let from = format!("{} s", seconds(row.from));
        let before = format!("{} s", seconds(Time(row.before.0)));
        let bar = "#".repeat((row.share() * 40.0) as usize);
        say::line(&format!(
            "{from:>16}    {before:>18}    {:>4} of {:<4} {bar}",
            row.failed, row.tried
        ));
    }
    match knee(&rows) {
        Some((near, far)) => say::line(&format!(
            "decided between {} s and {} s",
            seconds(far.from),
            seconds(near.from)
        )),
        None => say::line("it does not hang on what links draw: schedule and scenario decide it"),
    }
    Ok(0)
}

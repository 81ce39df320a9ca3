//! `tom-sim planted`, in builds with `--cfg tom_planted` only: how soon each bug that was planted in
//! the core is found, and how small the failure gets.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tom_core::planted::{Bug, set};

use super::load::Loaded;
use super::say;
use crate::run::{Outcome, QueueKind, Verdict, run as play};
use crate::shrink::{Options, shrink};
use crate::world::Setup;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenarios to look in, one after the other for each seed
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
    /// How many seeds to try
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// Only this bug
    #[arg(long)]
    bug: Option<String>,
    /// How long to shrink each failure, in seconds; 0: not at all
    #[arg(long, default_value_t = 60)]
    budget: u64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let loaded: Vec<Loaded> = args
        .scenarios
        .iter()
        .map(|path| Loaded::new(path, None))
        .collect::<Result<_, _>>()?;
    say::line("| bug | found by | scenario | seed | runs | external events | nodes |");
    say::line("|---|---|---|---:|---:|---|---|");
    let mut missed = 0;
    for bug in Bug::ALL {
        if args.bug.as_ref().is_some_and(|only| only != bug.name()) {
            continue;
        }
        match find(args, &loaded, bug)? {
            Some((setup, outcome, runs)) => say::line(&row(args, bug, setup, &outcome, runs)?),
            None => {
                missed += 1;
                say::line(&format!(
                    "| {} | not found | | | {} | | |",
                    bug.name(),
                    args.seeds
                ));
            }
        }
        set(None);
    }
    Ok(u8::from(missed > 0))
}

/// The first failure that the core without the bug does not have, in the order of seeds and scenarios,
/// and how many runs it took.
fn find(args: &Args, loaded: &[Loaded], bug: Bug) -> anyhow::Result<Option<(Setup, Outcome, u64)>> {
    let mut from = 0;
    loop {
        set(Some(bug));
        let Some(run) = first_failure(args, loaded, from) else {
            return Ok(None);
        };
        set(None);
        let healthy = at(loaded, run)?;
        set(Some(bug));
        if !failed(&healthy.1) {
            let (setup, outcome) = at(loaded, run)?;
            return Ok(Some((setup, outcome, run + 1)));
        }
        from = run + 1;
    }
}

/// The number of the first run from `from` on that fails.
fn first_failure(args: &Args, loaded: &[Loaded], from: u64) -> Option<u64> {
    let scenarios = loaded.len() as u64;
    let total = args.seeds * scenarios;
    let next = AtomicU64::new(from);
    let first = AtomicU64::new(u64::MAX);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    if run >= total || run > first.load(Ordering::Relaxed) {
                        break;
                    }
                    if matches!(at(loaded, run), Ok((_, outcome)) if failed(&outcome)) {
                        first.fetch_min(run, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    Some(first.into_inner()).filter(|run| *run != u64::MAX)
}

/// The run of this number: seed by seed, scenario by scenario.
fn at(loaded: &[Loaded], run: u64) -> anyhow::Result<(Setup, Outcome)> {
    let scenarios = loaded.len() as u64;
    let place = usize::try_from(run % scenarios).unwrap_or(0);
    let Some(loaded) = loaded.get(place) else {
        anyhow::bail!("there is no scenario");
    };
    let setup = loaded.setup(run / scenarios + 1)?;
    let outcome = play(&setup, QueueKind::Wheel);
    Ok((setup, outcome))
}

fn failed(outcome: &Outcome) -> bool {
    matches!(
        outcome.verdict,
        Verdict::Safety | Verdict::Liveness | Verdict::Crash
    )
}

fn row(
    args: &Args,
    bug: Bug,
    setup: Setup,
    outcome: &Outcome,
    runs: u64,
) -> anyhow::Result<String> {
    let by = outcome
        .wrong
        .first()
        .map_or("", |wrong| wrong.what.as_str());
    let (events, nodes) = (setup.schedule.externals.len(), outcome.nodes);
    let mut small = String::from("| - | - |");
    if args.budget > 0 {
        let options = Options {
            budget: Duration::from_secs(args.budget),
            ..Options::default()
        };
        let setup = Setup {
            schedule: Arc::clone(&setup.schedule),
            ..setup
        };
        let shrunk = shrink(&setup, &options).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        small = format!(
            "| {events} → {} | {nodes} → {} |",
            shrunk.externals.len(),
            shrunk.nodes
        );
    }
    Ok(format!(
        "| {} | {by} | {} | {} | {runs} {small}",
        bug.name(),
        outcome.scenario,
        outcome.seed
    ))
}

//! `tom-sim planted`, in builds with `--cfg tom_planted` only: how soon each bug that was planted in
//! the core is found, and how small the failure gets.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tom_core::planted::{Bug, set};

use super::load::Loaded;
use super::say;
use crate::run::{Outcome, QueueKind, Verdict, run as play};
use crate::shrink::{Options, Shrunk, shrink};
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
    #[arg(long, value_parser = bug)]
    bug: Option<Bug>,
    /// How many failures to shrink until one is small
    #[arg(long, default_value_t = 6)]
    tries: u32,
    /// How long to shrink each failure, in seconds; 0: not at all
    #[arg(long, default_value_t = 60)]
    budget: u64,
}

/// Reads the name of a bug.
pub(super) fn bug(name: &str) -> Result<Bug, String> {
    Bug::from_name(name).ok_or_else(|| {
        let names = Bug::ALL.map(Bug::name).join(", ");
        format!("there is no such bug; there are {names}")
    })
}

/// What is small enough to be read as a whole.
const SMALL: usize = 20;

/// A run that fails with the bug and passes without it.
#[derive(Clone)]
struct Found {
    /// Its number, from 0.
    run: u64,
    setup: Setup,
    outcome: Outcome,
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
        if args.bug.is_some_and(|only| only != bug) {
            continue;
        }
        match find(args, &loaded, bug, 0)? {
            Some(found) => {
                let small = smallest(args, &loaded, bug, &found)?;
                say::line(&row(bug, &found, small.as_ref()));
            }
            None => {
                missed += 1;
                let (bug, seeds) = (bug.name(), args.seeds);
                say::line(&format!("| {bug} | not found | | | {seeds} | | |"));
            }
        }
        set(None);
    }
    Ok(u8::from(missed > 0))
}

/// The first failure from this run on that the core without the bug does not have, in the order of
/// seeds and scenarios.
fn find(args: &Args, loaded: &[Loaded], bug: Bug, mut from: u64) -> anyhow::Result<Option<Found>> {
    loop {
        set(Some(bug));
        let Some(run) = first_failure(args, loaded, from) else {
            return Ok(None);
        };
        let (setup, outcome) = at(loaded, run)?;
        if !fails_without(bug, &setup) {
            return Ok(Some(Found {
                run,
                setup,
                outcome,
            }));
        }
        from = run + 1;
    }
}

/// What a failure shrinks to, and which one it was: the first one, and while that is not small, one of
/// the next. A failure that hung on much luck gets stuck early, another one may not.
fn smallest(
    args: &Args,
    loaded: &[Loaded],
    bug: Bug,
    first: &Found,
) -> anyhow::Result<Option<(Shrunk, Found)>> {
    let mut best: Option<(Shrunk, Found)> = None;
    if args.budget == 0 {
        return Ok(best);
    }
    let mut next = Some(first.clone());
    for left in (0..args.tries.max(1)).rev() {
        let Some(found) = next.take() else {
            break;
        };
        let another = |setup: &Setup| fails_without(bug, setup);
        let options = Options {
            budget: Duration::from_secs(args.budget),
            another: Some(&another),
            ..Options::default()
        };
        let shrunk =
            shrink(&found.setup, &options).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let (small, run) = (shrunk.externals.len() <= SMALL, found.run);
        let size = |shrunk: &Shrunk| (shrunk.externals.len(), shrunk.nodes);
        if best
            .as_ref()
            .is_none_or(|(known, _)| size(&shrunk) < size(known))
        {
            best = Some((shrunk, found));
        }
        if !small && left > 0 {
            next = find(args, loaded, bug, run + 1)?;
        }
    }
    Ok(best)
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

/// Whether a run fails without the bug too. Nothing else may be played meanwhile.
pub(super) fn fails_without(bug: Bug, setup: &Setup) -> bool {
    set(None);
    let healthy = play(setup, QueueKind::Wheel);
    set(Some(bug));
    failed(&healthy)
}

fn failed(outcome: &Outcome) -> bool {
    matches!(
        outcome.verdict,
        Verdict::Safety | Verdict::Liveness | Verdict::Crash
    )
}

fn row(bug: Bug, found: &Found, small: Option<&(Shrunk, Found)>) -> String {
    let outcome = &found.outcome;
    let by = outcome.wrong.first();
    let by = by.map_or("", |wrong| wrong.what.as_str());
    let small = match small {
        None => String::from("| - | - |"),
        Some((shrunk, of)) => {
            let which = if of.run == found.run {
                String::new()
            } else {
                format!(" ({}, seed {})", of.outcome.scenario, of.outcome.seed)
            };
            format!(
                "| {} → {}{which} | {} → {} |",
                of.setup.schedule.externals.len(),
                shrunk.externals.len(),
                of.outcome.nodes,
                shrunk.nodes
            )
        }
    };
    format!(
        "| {} | {by} | {} | {} | {} {small}",
        bug.name(),
        outcome.scenario,
        outcome.seed,
        found.run + 1
    )
}

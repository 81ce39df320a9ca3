//! `tom-sim run`.

use std::path::PathBuf;

use anyhow::Context;

use super::load::{Loaded, suite};
use super::{code, say, trace};
use crate::run::{Outcome, QueueKind, Verdict};
use crate::scenario::model::SuiteKind;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file
    scenario: PathBuf,
    /// The seed: the same seed gives the same run
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The cryptography, instead of the scenario's
    #[arg(long, value_parser = suite, value_name = "real|real-memo|sim-fast")]
    suite: Option<SuiteKind>,
    /// Order events with the plain heap: slower, and the same run
    #[arg(long)]
    heap: bool,
    /// Write the outcome as JSON into this directory, and a failure as .repro
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    /// Fail unless the run's hash is this
    #[arg(long, value_name = "HEX")]
    expect_hash: Option<String>,
    #[command(flatten)]
    look: trace::Look,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let loaded = Loaded::new(&args.scenario, args.suite)?;
    let setup = loaded.setup(args.seed)?;
    let queue = if args.heap {
        QueueKind::Heap
    } else {
        QueueKind::Wheel
    };
    let outcome = trace::run(&args.look, &setup, queue)?;
    if let Some(dir) = &args.out {
        let path = dir.join(format!("{}-{}.json", outcome.scenario, outcome.seed));
        std::fs::create_dir_all(dir)
            .and_then(|()| std::fs::write(&path, json(&outcome)))
            .with_context(|| format!("{}: cannot be written", path.display()))?;
        if let Some(path) = super::replay::keep(dir, &setup, &outcome)? {
            say::error(&format!(
                "to play it again: tom-sim replay {}",
                path.display()
            ));
        }
    }
    if args.json {
        say::line(&json(&outcome));
    } else {
        print(&outcome);
    }
    let xfail = loaded.scenario.scenario.xfail.as_deref();
    let mut exit = match (outcome.verdict, xfail) {
        (Verdict::Passed, Some(waits_for)) => {
            say::error(&format!(
                "it passed, though it is expected to fail until {waits_for}: remove `xfail`"
            ));
            code(Verdict::Failed)
        }
        (Verdict::Failed | Verdict::Liveness, Some(waits_for)) => {
            say::error(&format!("fails as expected until {waits_for}"));
            0
        }
        (verdict, _) => code(verdict),
    };
    if let Some(expected) = args.expect_hash.as_ref().filter(|h| **h != outcome.hash) {
        say::error(&format!("the hash is {}, not {expected}", outcome.hash));
        exit = code(Verdict::Failed);
    }
    Ok(exit)
}

/// An outcome as one JSON object.
pub(super) fn json(outcome: &Outcome) -> String {
    serde_json::to_string_pretty(outcome).unwrap_or_default()
}

fn print(outcome: &Outcome) {
    say::line(&format!(
        "{} seed {}: {:?}, {} nodes, {:.0} simulated s in {:.2} s, {} events, hash {}",
        outcome.scenario,
        outcome.seed,
        outcome.verdict,
        outcome.nodes,
        outcome.simulated_s,
        outcome.cpu_s,
        outcome.events,
        outcome.hash,
    ));
    for wrong in &outcome.wrong {
        let at = wrong.at_s.map(|at| format!(" at {at:.3} s"));
        let node = wrong.node.map(|node| format!(" at node {node}"));
        say::line(&format!(
            "  WRONG {}{}{}: {}",
            wrong.what,
            at.unwrap_or_default(),
            node.unwrap_or_default(),
            wrong.detail
        ));
    }
    for (name, value) in &outcome.metrics {
        say::line(&format!("  {name:<24} {value:.6}"));
    }
    let came_up: Vec<String> = outcome
        .situations
        .iter()
        .filter(|(_, times)| **times > 0)
        .map(|(name, times)| format!("{name} {times}"))
        .collect();
    say::line(&format!("  came up: {}", came_up.join(", ")));
}

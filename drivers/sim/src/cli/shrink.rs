//! `tom-sim shrink`: the smallest run that fails in the same way.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::replay::{Again, told, write};
use super::say;
use crate::run::Outcome;
use crate::scenario::model::SuiteKind;
use crate::shrink::{Options, Predicate, Progress, shrink};
use crate::world::Setup;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The .repro file, or a scenario file
    file: PathBuf,
    /// The seed, of a scenario file
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The cryptography, instead of the file's
    #[arg(long, value_parser = super::load::suite, value_name = "real|real-memo|sim-fast")]
    suite: Option<SuiteKind>,
    /// Seconds it may take; what is smallest then is what is written
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    budget: u64,
    /// Runs at a time; 0: one per core
    #[arg(long, default_value_t = 0)]
    jobs: usize,
    /// Where the small one goes, if not beside the file, as .small.repro
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

/// How many runs at a time.
pub(super) fn jobs(asked: usize) -> usize {
    match asked {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    }
}

/// `a/b.repro` becomes `a/b.small.repro`.
fn beside(file: &Path, seed: u64) -> PathBuf {
    match file.extension() {
        Some(extension) if extension == "repro" => file.with_extension("small.repro"),
        _ => file.with_extension(format!("{seed}.small.repro")),
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let again = Again::read(&args.file, args.seed, args.suite)?;
    let expect = again.expect.as_ref();
    let predicate = expect.and_then(|e| Predicate::new(e.verdict, &e.what, &e.detail));
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| beside(&args.file, args.seed));
    let bar = if args.quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(args.budget)
    };
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} s") {
        bar.set_style(style);
    }
    let failed = AtomicBool::new(false);
    let progress = |now: &Progress| {
        bar.set_position(now.seconds as u64);
        bar.set_message(format!(
            "{}: {} events, {} nodes, {} probes",
            now.stage, now.externals, now.nodes, now.probes
        ));
    };
    // Whoever stops it here has the smallest so far.
    let better = |setup: &Setup, outcome: &Outcome| {
        if let Err(error) = write(&out, setup, outcome) {
            say::error(&format!("{error:#}"));
            failed.store(true, Ordering::Relaxed);
        }
    };
    if matches!(predicate, Some(Predicate::Panic(_))) {
        // Each probe that panics would say so.
        std::panic::set_hook(Box::new(|_| {}));
    }
    let options = Options {
        budget: Duration::from_secs(args.budget),
        jobs: jobs(args.jobs),
        predicate,
        another: None,
        stop: Some(&failed),
        progress: Some(&progress),
        better: Some(&better),
    };
    let before = again.setup.schedule.externals.len();
    let shrunk = shrink(&again.setup, &options)?;
    bar.finish_and_clear();
    if failed.load(Ordering::Relaxed) {
        anyhow::bail!("{}: cannot be written", out.display());
    }
    write(&out, &shrunk.setup, &shrunk.outcome)?;
    say::line(&told(&shrunk.outcome));
    for external in &shrunk.externals {
        say::line(&format!("  {external}"));
    }
    say::line(&format!(
        "{before} external events became {}, {} nodes {}; {} probes in {:.1} s{}",
        shrunk.externals.len(),
        again.setup.scenario.topology.nodes as usize - again.setup.absent.len(),
        shrunk.nodes,
        shrunk.probes,
        shrunk.seconds,
        if shrunk.done {
            ""
        } else {
            "; the budget was over before nothing more went"
        }
    ));
    say::line(&format!("tom-sim replay {}", out.display()));
    Ok(0)
}

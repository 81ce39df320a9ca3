//! `tom-conformance watch`: all cases again whenever a file of the port is saved.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvError, channel};
use std::time::Duration;

use anyhow::Context;
use notify_debouncer_mini::notify::RecursiveMode;
use notify_debouncer_mini::{DebounceEventResult, new_debouncer};

use super::Loaded;
use crate::judge::Status;
use crate::profile::Wanted;
use crate::report;
use crate::run::{Plan, run as play};

/// How long to wait for more of the same save, which may touch several files.
const SETTLES: Duration = Duration::from_millis(80);
/// What a build or an interpreter writes beside the sources.
const NOT_SOURCES: [&str; 5] = [
    "target",
    "build",
    "node_modules",
    "__pycache__",
    ".mypy_cache",
];

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The command that starts the port; one that builds first is `sh -c 'make && ./port'`
    #[arg(long, value_name = "COMMAND")]
    port: String,
    /// The folder whose files are watched, with all below
    #[arg(long, value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// The profile to ask for, with add-ons: `relay`, `relay+stream@0.1`
    #[arg(long, default_value = "codec")]
    profile: Wanted,
    /// Only cases with this in their name or comment
    #[arg(long)]
    only: Option<String>,
    /// Show at most so many failures
    #[arg(long, default_value_t = 3)]
    show: usize,
    /// End after so many runs
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
}

/// Whether a change of this file may change the port.
fn is_source(folder: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(folder).unwrap_or(path);
    inside.components().all(|part| {
        let Component::Normal(name) = part else {
            return true;
        };
        let name = name.to_string_lossy();
        !name.starts_with('.') && !name.ends_with('~') && !NOT_SOURCES.contains(&&*name)
    })
}

/// One run: what fails, and a line that sums it up.
fn once(args: &Args, loaded: &Loaded, before: Option<usize>) -> Option<usize> {
    let plan = Plan {
        port: &args.port,
        profile: args.profile.clone(),
        patience: Duration::from_secs(5),
        known: BTreeSet::new(),
        first: false,
        only: args.only.as_deref(),
    };
    let results = match play(&plan, &loaded.0, &loaded.1) {
        Ok(results) => results,
        Err(fault) => {
            println!("{}: {fault}", args.port);
            return before;
        }
    };
    print!("{}", report::failures(&results, args.show));
    let failed = results.count(Status::Fail);
    let change = match before {
        Some(before) if before != failed => format!(" ({before} before)"),
        Some(_) | None => String::new(),
    };
    println!(
        "{}: {} pass, {failed} fail{change}, {} unsupported; {} ms",
        results.profile,
        results.count(Status::Pass),
        results.count(Status::Unsupported),
        results.took_ms
    );
    Some(failed)
}

/// Waits for a save that matters; `false`: nobody watches any more.
fn saved(folder: &Path, changes: &Receiver<DebounceEventResult>) -> anyhow::Result<bool> {
    loop {
        match changes.recv() {
            Ok(Ok(events)) => {
                if events.iter().any(|event| is_source(folder, &event.path)) {
                    return Ok(true);
                }
            }
            Ok(Err(error)) => return Err(error).context("watching"),
            Err(RecvError) => return Ok(false),
        }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let loaded = super::load(None, None)?;
    let folder = args
        .folder
        .canonicalize()
        .with_context(|| args.folder.display().to_string())?;
    let (sender, changes) = channel();
    let mut debouncer = new_debouncer(SETTLES, sender).context("watching")?;
    debouncer
        .watcher()
        .watch(&folder, RecursiveMode::Recursive)
        .with_context(|| folder.display().to_string())?;
    let mut failed = None;
    for number in 1.. {
        failed = once(args, &loaded, failed);
        if args.runs == Some(number) || !saved(&folder, &changes)? {
            break;
        }
    }
    Ok(u8::from(failed != Some(0)))
}

#[cfg(test)]
mod tests;

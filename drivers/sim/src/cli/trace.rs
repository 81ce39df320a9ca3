//! A run to be looked at: `run --html FILE` and `run --perfetto FILE`.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::say;
use crate::report::{page, perfetto, watch};
use crate::run::{Outcome, QueueKind, run as play};
use crate::world::Setup;

#[derive(Debug, clap::Args)]
pub(super) struct Look {
    /// Write the run as a page to look at, of one file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the run for ui.perfetto.dev and chrome://tracing
    #[arg(long, value_name = "FILE")]
    perfetto: Option<PathBuf>,
    /// Keep at most so many facts for them, the latest ones
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    trace_limit: usize,
}

/// Plays a setup, and writes what is to be looked at.
pub(super) fn run(args: &Look, setup: &Setup, queue: QueueKind) -> anyhow::Result<Outcome> {
    if args.html.is_none() && args.perfetto.is_none() {
        return Ok(play(setup, queue));
    }
    let (outcome, film) = watch(setup, queue, args.trace_limit);
    let Some(film) = film else {
        say::error("the run did not begin: there is nothing to look at");
        return Ok(outcome);
    };
    if film.trace.dropped > 0 {
        say::error(&format!(
            "{} facts made room for later ones: --trace-limit keeps more",
            film.trace.dropped
        ));
    }
    if let Some(path) = &args.html {
        write(path, &page(&film)?)?;
    }
    if let Some(path) = &args.perfetto {
        write(path, &perfetto(&film)?)?;
    }
    Ok(outcome)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))
}

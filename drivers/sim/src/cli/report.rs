//! `tom-sim report`.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::say;
use crate::report::{Runs, markdown, read, sheet};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The outcomes: a file with one a line, or a directory that `sweep --out` or `run --out` wrote
    #[arg(value_name = "DIR|FILE")]
    outcomes: PathBuf,
    /// Compare with these outcomes, on the same seeds
    #[arg(long, value_name = "DIR|FILE")]
    against: Option<PathBuf>,
    /// Write Markdown for a comment instead of a page
    #[arg(long)]
    markdown: bool,
    /// Where to; without it, it is printed
    #[arg(long, value_name = "FILE", required_unless_present = "markdown")]
    out: Option<PathBuf>,
    /// Go on without lines that are no outcomes
    #[arg(long)]
    skip_bad: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let runs = load(&args.outcomes, args.skip_bad)?;
    let against = args
        .against
        .as_deref()
        .map(|path| load(path, args.skip_bad));
    let against = against.transpose()?;
    let text = if args.markdown {
        markdown(&runs, against.as_ref())
    } else {
        sheet(&runs, against.as_ref())
    };
    match &args.out {
        Some(path) => std::fs::write(path, text)
            .with_context(|| format!("{}: cannot be written", path.display()))?,
        None => say::line(text.trim_end()),
    }
    Ok(0)
}

fn load(path: &Path, skip: bool) -> anyhow::Result<Runs> {
    let (runs, skipped) =
        read(path, skip).context("nothing was written; --skip-bad goes on without such lines")?;
    for unread in skipped {
        say::error(&format!("skipped: {unread}"));
    }
    Ok(runs)
}

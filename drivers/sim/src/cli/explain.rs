//! `tom-sim explain`.

use std::path::PathBuf;

use super::{load::Loaded, say};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario file
    scenario: PathBuf,
    /// The seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Every external event, one per line
    #[arg(long)]
    all: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let loaded = Loaded::new(&args.scenario, None)?;
    let text = crate::scenario::explain(&loaded.scenario, args.seed, &loaded.files, args.all)?;
    say::line(text.trim_end());
    Ok(0)
}

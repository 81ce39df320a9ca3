//! `tom-sim bench`.

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Small sizes: a check that it runs, not a measure
    #[arg(long)]
    quick: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let _ = args.quick;
    Ok(0)
}

//! `tom-conformance new-port`: a skeleton that answers the suite, and does nothing yet.

use std::path::PathBuf;

use anyhow::{Context, ensure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The language
    language: Language,
    /// Where it goes; never over a file that is there
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Language {
    Python,
    Typescript,
    C,
    Go,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let (name, text) = match args.language {
        Language::Python => ("port.py", include_str!("../../skeletons/port.py")),
        Language::Typescript => ("port.ts", include_str!("../../skeletons/port.ts")),
        Language::C => ("port.c", include_str!("../../skeletons/port.c")),
        Language::Go => ("port.go", include_str!("../../skeletons/port.go")),
    };
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(name));
    ensure!(!path.exists(), "{}: is there already", path.display());
    std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    println!("{}", path.display());
    Ok(0)
}

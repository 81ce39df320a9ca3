//! `tom-conformance generate`: the vectors against what their generator makes.

use std::path::PathBuf;

use crate::cases;
use crate::generate::{census, generate};
use crate::record::record;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the vectors are
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// Where the transcripts are
    #[arg(long, value_name = "DIR")]
    transcripts: Option<PathBuf>,
    /// Write what differs
    #[arg(long)]
    bless: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let directory = args.vectors.clone().unwrap_or_else(super::vectors);
    let courses = args.transcripts.clone().unwrap_or_else(super::transcripts);
    let different = generate(&directory, args.bless)? + record(&courses, args.bless)?;
    let mut files = Vec::new();
    for path in cases::files(&directory)? {
        files.push((path.display().to_string(), cases::read(&path)?));
    }
    print!("{}", census(&files)?);
    println!("{} transcripts", cases::files(&courses)?.len());
    if different > 0 && !args.bless {
        eprintln!("tom-conformance: {different} files differ; --bless writes them");
        return Ok(1);
    }
    Ok(0)
}

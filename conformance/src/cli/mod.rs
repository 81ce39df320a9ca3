//! The command line.
//!
//! Exit codes: 0 green; 1 something failed; 2 wrong input; 3 the port does not speak at all.

mod diff;
mod explain;
mod generate;
mod musts;
mod mutants;
mod new_port;
mod run;
mod wander;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cases::{self, File};
use crate::transcript::{self, Transcript};

/// Whether an implementation in any language is ToM.
#[derive(Debug, Parser)]
#[command(name = "tom-conformance", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Put all cases of a profile to a port
    Run(run::Args),
    /// Put them to a port again whenever one of its files is saved
    Watch(watch::Args),
    /// Put the port into every seat of random networks, beside the reference
    Wander(wander::Args),
    /// Say all about one case: what is asked, what is expected, where the book says so
    Explain(explain::Args),
    /// Compare two results
    Diff(diff::Args),
    /// Begin a port in another language
    NewPort(new_port::Args),
    /// Try the suite on broken variants of the reference: what it does not notice is a missing case
    Mutants(mutants::Args),
    /// Draw the table of all rules and what notices a break of each, or compare it with the one kept
    Musts(musts::Args),
    /// Compare the vectors with what their generator makes, or write them
    Generate(generate::Args),
}

/// Where the vectors are, if nobody says otherwise: beside this crate's source.
fn vectors() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"))
}

/// Where the transcripts are, if nobody says otherwise.
fn transcripts() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/transcripts"))
}

/// Vectors and transcripts, each with its file.
type Loaded = (Vec<(PathBuf, File)>, Vec<(PathBuf, Transcript)>);

/// All vectors and transcripts of these directories.
fn load(vectors: Option<&PathBuf>, courses: Option<&PathBuf>) -> anyhow::Result<Loaded> {
    let (mut files, mut transcripts) = (Vec::new(), Vec::new());
    let directory = vectors.cloned().unwrap_or_else(self::vectors);
    for path in cases::files(&directory)? {
        let file = cases::read(&path)?;
        files.push((path, file));
    }
    anyhow::ensure!(!files.is_empty(), "{}: no vectors", directory.display());
    for path in cases::files(&courses.cloned().unwrap_or_else(self::transcripts))? {
        let transcript = transcript::read(&path)?;
        transcripts.push((path, transcript));
    }
    Ok((files, transcripts))
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Cli::parse().what {
        What::Run(args) => run::run(&args),
        What::Watch(args) => watch::run(&args),
        What::Wander(args) => wander::run(&args),
        What::Explain(args) => explain::run(&args),
        What::Diff(args) => diff::run(&args),
        What::NewPort(args) => new_port::run(&args),
        What::Mutants(args) => mutants::run(&args),
        What::Musts(args) => musts::run(&args),
        What::Generate(args) => generate::run(&args),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("tom-conformance: {error:#}");
            ExitCode::from(2)
        }
    }
}

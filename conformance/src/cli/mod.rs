//! The command line.
//!
//! Exit codes: 0 green; 1 something failed; 2 wrong input; 3 the port does not speak at all.

mod diff;
mod explain;
mod generate;
mod new_port;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Say all about one case: what is asked, what is expected, where the book says so
    Explain(explain::Args),
    /// Compare two results
    Diff(diff::Args),
    /// Begin a port in another language
    NewPort(new_port::Args),
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

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Cli::parse().what {
        What::Run(args) => run::run(&args),
        What::Explain(args) => explain::run(&args),
        What::Diff(args) => diff::run(&args),
        What::NewPort(args) => new_port::run(&args),
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

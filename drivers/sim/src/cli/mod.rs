//! The command line.
//!
//! Exit codes: 0 everything held; 1 a figure is not what the scenario asserts; 2 wrong input; 3 an
//! invariant did not hold; 4 not everything was proven in time after the last fault; 5 a run panicked.
//! `replay` of a failure's file ends with 0 when the same came again, else with 1.

mod bench;
mod explain;
mod oracles;
#[cfg(tom_planted)]
mod planted;
mod replay;
mod report;
mod run;
mod say;
mod shrink;
mod sweep;
mod trace;
mod walk;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::load;
use crate::run::Verdict;

/// Thousands of ToM nodes from one seed, faults included.
#[derive(Debug, Parser)]
#[command(name = "tom-sim", version, arg_required_else_help = true)]
struct Cli {
    /// Activate a bug planted in the core
    #[cfg(tom_planted)]
    #[arg(long, global = true, value_name = "BUG", value_parser = planted::bug)]
    with_bug: Option<tom_core::planted::Bug>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Play one scenario with one seed
    Run(run::Args),
    /// Play scenarios with many seeds, on all cores
    Sweep(sweep::Args),
    /// Play a failure again, stop at any moment, go back
    Replay(replay::Args),
    /// Make a failure small
    Shrink(shrink::Args),
    /// Print a scenario with everything a seed draws for it
    Explain(explain::Args),
    /// Make a page or a comment of the outcomes of many runs
    Report(report::Args),
    /// Compare the engine with results that are known beforehand
    Oracles(oracles::Args),
    /// Look for the bugs planted in the core
    #[cfg(tom_planted)]
    Planted(planted::Args),
    /// Measure the engine, the suites and whole nodes
    Bench(bench::Args),
}

/// The input was wrong: exit code 2.
const WRONG_INPUT: u8 = 2;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    #[cfg(tom_planted)]
    tom_core::planted::set(cli.with_bug);
    let done = match cli.what {
        What::Run(args) => run::run(&args),
        What::Sweep(args) => sweep::run(&args),
        What::Report(args) => report::run(&args),
        What::Replay(args) => replay::run(&args),
        What::Shrink(args) => shrink::run(&args),
        What::Explain(args) => explain::run(&args),
        What::Oracles(args) => oracles::run(&args),
        #[cfg(tom_planted)]
        What::Planted(args) => planted::run(&args),
        What::Bench(args) => bench::run(&args),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say::error(&format!("{error:#}"));
            ExitCode::from(WRONG_INPUT)
        }
    }
}

/// The exit code of a verdict.
const fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Passed => 0,
        Verdict::Failed => 1,
        Verdict::Safety => 3,
        Verdict::Liveness => 4,
        Verdict::Crash => 5,
    }
}

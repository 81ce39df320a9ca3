//! The command `tom-sim`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tom_sim::cli::main()
}

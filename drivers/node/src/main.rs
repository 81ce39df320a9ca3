//! The command `tom`: see `tom help`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}

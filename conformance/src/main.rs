//! The command `tom-conformance`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tom_conformance::cli::main()
}

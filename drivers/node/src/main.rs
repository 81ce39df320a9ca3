//! The command `tom`: see `tom help`.

#[cfg(not(unix))]
compile_error!(
    "the command `tom` speaks to a running node over a Unix socket, which this system lacks; \
     the library builds with --no-default-features"
);

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}

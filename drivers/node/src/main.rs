//! The command `tom`: see `tom help`.

#[cfg(not(unix))]
compile_error!(
    "the command `tom` speaks to a running node over a Unix socket, which this system lacks; \
     the library builds with --no-default-features"
);

// Features add up over all that is built together: the simulator's must not end up in this program.
const _: () = assert!(
    !tom_core::crypto::SIM_SUITES || cfg!(debug_assertions),
    "build with `-p tom`: together with the simulator its suites without secrecy would be built in"
);

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}

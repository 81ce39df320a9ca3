//! What is printed. A closed pipe ends the program quietly.

use std::io::{ErrorKind, Write};

/// A line on stdout.
pub(super) fn line(text: &str) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{text}") {
        let quiet = error.kind() == ErrorKind::BrokenPipe;
        std::process::exit(if quiet {
            0
        } else {
            i32::from(super::WRONG_INPUT)
        });
    }
}

/// A line on stderr.
pub(super) fn error(text: &str) {
    let _nobody_listens = writeln!(std::io::stderr().lock(), "tom-sim: {text}");
}

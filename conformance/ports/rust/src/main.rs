//! Answers requests of the conformance suite, one per line, until standard input ends.

use std::io::{BufRead, Write};

use tom_port::Port;

fn main() -> std::io::Result<()> {
    let mut port = Port::default();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        writeln!(out, "{}", port.answer(&line?))?;
        out.flush()?;
    }
    Ok(())
}

//! What the engine does per second of CPU time, beside the cryptography it cannot do without.
//!
//! `cargo bench -p tom-core --features alloc --bench engine [-- --quick] [-- --check]`
//!
//! Everything goes through `handle`, `poll` and `deadline`, with full tables, 10,000 known peers,
//! return entries, receipts, deduplication and timers live, and a message id of its own for each
//! message. Whether it is right is checked first, and a wrong result is the only thing that makes a
//! plain run fail. `--quick` takes seconds, `--check` fails below half of a goal.

#[cfg(unix)]
mod contact;
#[cfg(unix)]
mod lookup;
#[cfg(unix)]
mod measure;
#[cfg(unix)]
mod relay;
#[cfg(unix)]
mod session;
#[cfg(unix)]
mod world;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    let mut report = measure::Report::from_arguments();
    report.heading();
    // Those for whom a figure was wanted in the first place come first.
    relay::run(&mut report);
    session::run(&mut report);
    contact::run(&mut report);
    lookup::run(&mut report);
    report.finish()
}

#[cfg(not(unix))]
fn main() {
    println!("no thread CPU clock is wired up for this system; nothing measured");
}

//! What the engine does per second of CPU time, beside the cryptography it cannot do without.
//!
//! `cargo bench -p tom-core --features alloc --bench engine [-- --quick] [-- --check]`
//!
//! Everything goes through `handle`, `poll` and `deadline`, with full tables, 10,000 known peers,
//! return entries, receipts, deduplication and timers live, and a message id of its own for each
//! message. Whether it is right is checked first, and a wrong result is the only thing that makes a
//! plain run fail. `--quick` takes seconds, `--check` fails below half of a goal, and `relay`,
//! `session`, `contact` or `lookup` runs that part alone.

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
    type Part = fn(&mut measure::Report);
    let parts: [(&str, Part); 4] = [
        ("relay", relay::run),
        ("session", session::run),
        ("contact", contact::run),
        ("lookup", lookup::run),
    ];
    for (name, run) in parts {
        if report.wants(name) {
            run(&mut report);
        }
    }
    report.finish()
}

#[cfg(not(unix))]
fn main() {
    println!("no thread CPU clock is wired up for this system; nothing measured");
}

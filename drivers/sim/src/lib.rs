//! `tom-sim`: thousands of ToM nodes from one seed, faults included.
#![expect(
    clippy::float_arithmetic,
    reason = "scenarios and statistics are in real numbers; what decides the order of events is integers"
)]

pub mod adversary;
pub mod check;
pub mod cli;
pub mod draw;
pub mod engine;
pub mod load;
pub mod net;
pub mod oracle;
pub mod report;
pub mod repro;
pub mod run;
pub mod scenario;
pub mod shrink;
pub mod suite;
pub mod tape;
pub mod time;
pub mod trace;
pub mod travel;
pub mod world;

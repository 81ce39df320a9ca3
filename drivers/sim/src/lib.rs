//! `tom-sim`: thousands of ToM nodes from one seed, faults included.
//!
//! The nodes are the core that ships; this crate is their driver, network, clocks and disks, and knows
//! the truth about every message. The same scenario and seed give the same run on every machine.
//!
//! ```
//! use tom_sim::load::Loaded;
//! use tom_sim::run::{QueueKind, Verdict, run};
//!
//! let text = r#"
//!     [scenario]
//!     name = "small"
//!     duration = "2min"
//!     [topology]
//!     nodes = 12
//!     [[traffic]]
//!     kind = "uniform"
//!     per_hour = 60
//!     until = "1min"
//! "#;
//! let loaded = Loaded::of_text(text, "small.toml", None, None)?;
//! let outcome = run(&loaded.setup(1)?, QueueKind::Wheel);
//! assert_eq!(outcome.verdict, Verdict::Passed, "{:?}", outcome.wrong);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what is in it |
//! |---|---|
//! | [`scenario`], [`load`] | what is simulated, as a file; what a seed makes of it |
//! | [`run`], [`world`] | one run: nodes, links, external events |
//! | [`engine`], [`draw`], [`time`] | the order of events; randomness; simulated time |
//! | [`net`], [`adversary`], [`suite`] | what is between nodes; who does not play by the rules; cryptography |
//! | [`check`] | what must hold, and what a run is worth |
//! | [`repro`], [`travel`], [`shrink`], [`tape`] | failures kept, walked through, made small; real nodes played again |
//! | [`trace`], [`report`] | what to look at |
//! | [`oracle`] | results that are known beforehand |
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

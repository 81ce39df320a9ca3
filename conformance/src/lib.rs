//! Whether an implementation in any language is ToM: it answers questions on standard input and
//! output, and this crate asks them. Spec: conformance.
//!
//! | module | subject |
//! |---|---|
//! | `process` | the port as a subprocess: time, length and order of its answers |
//! | `cases` | vector files: read, checked, written |
//! | `judge` | an answer against what is expected |
//! | `run` | all cases of a profile put to a port |
//! | `report` | results as JSON, JUnit, Markdown and one page |
//! | `generate` | where vectors come from |
//! | `transcript` | courses of a node: read, played, compared |
//! | `record` | where transcripts come from |
//! | `mutants` | broken variants of the reference, and what noticed each |
//! | `musts` | every rule of the book, and what notices a break of it |
//! | `profile` | what a port can claim |

pub mod cases;
pub mod cli;
pub mod generate;
pub mod judge;
pub mod musts;
pub mod mutants;
pub mod process;
pub mod profile;
pub mod record;
pub mod report;
pub mod run;
pub mod transcript;

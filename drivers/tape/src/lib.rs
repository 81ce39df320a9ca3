//! Tapes: what went into a node and when, to be attached to a bug report. Spec: driver, "Tapes".
//!
//! A tape names lengths, kinds and moments. Keys, addresses, handles, payloads and envelopes are not
//! on it: peers and messages are numbers that mean something on this tape only.
//!
//! [`Recorder`] turns a node's inputs and outputs into [`Entry`]s, [`Ring`] keeps the latest of them
//! in a bounded file, [`read`] gives a tape back.

mod entry;
mod recorder;
mod ring;

pub use entry::{Config, Entry, Frame, Header, Limits, What};
pub use recorder::Recorder;
pub use ring::{Ring, Tape, read};

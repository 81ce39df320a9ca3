//! Scenarios read, printed, drawn and explained.

mod build;
mod canon;
mod dist;
mod errors;
mod expand;
mod files;
pub(crate) mod random;
mod roundtrip;

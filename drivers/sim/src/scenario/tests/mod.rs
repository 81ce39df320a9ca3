//! Scenarios read, printed, drawn and explained.

mod build;
mod canon;
mod dist;
mod errors;
mod expand;
mod files;
mod random;
mod roundtrip;

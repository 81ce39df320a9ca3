//! Scenarios read, printed, drawn and explained.

mod errors;
mod random;
mod roundtrip;

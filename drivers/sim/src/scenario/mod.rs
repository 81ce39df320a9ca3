//! Scenarios: what is simulated, as a file, as a builder, and as the external events that a seed
//! makes of it.

pub mod deed;
mod defaults;
mod error;
mod fields;
mod files;
pub mod model;
pub mod names;
mod parse;
mod units;
mod valid;
mod values;
mod walk;

#[cfg(test)]
mod tests;

pub use deed::{Deed, External};
pub use error::ScenarioError;
pub use model::Scenario;
pub use parse::parse;

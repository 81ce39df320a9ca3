//! Scenarios: what is simulated, as a file, as a builder, and as the external events that a seed
//! makes of it.

mod asserts;
mod builder;
mod churn;
pub mod deed;
mod defaults;
pub mod dist;
mod error;
mod expand;
mod explain;
mod fault;
mod fields;
mod files;
pub mod graph;
mod line;
pub mod model;
pub mod names;
mod parse;
mod readers;
mod tables;
mod traffic;
mod units;
mod valid;
mod values;
mod walk;

#[cfg(test)]
mod tests;

pub use builder::Builder;
pub use deed::{Deed, External};
pub use error::ScenarioError;
pub use expand::{Schedule, expand};
pub use explain::explain;
pub use files::Files;
pub use line::{LineError, read_externals};
pub use model::Scenario;
pub use parse::parse;
pub use readers::{Contact, Matrix, Point, UpDown, Write};

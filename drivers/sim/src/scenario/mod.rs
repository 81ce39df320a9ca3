//! Scenarios: what is simulated, as a file, as a builder, and as the external events that a seed
//! makes of it.

mod asserts;
mod builder;
mod churn;
pub mod deed;
mod defaults;
pub mod dist;
pub(crate) mod error;
mod expand;
mod explain;
mod fault;
mod fields;
mod files;
pub mod graph;
pub(crate) mod line;
pub mod model;
pub mod names;
pub(crate) mod parse;
mod readers;
mod tables;
mod traffic;
pub(crate) mod units;
mod valid;
mod values;
mod walk;

#[cfg(test)]
pub(crate) mod tests;

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

//! Scenarios: what is simulated, as a file, as a builder, and as the external events that a seed
//! makes of it.

pub mod deed;
pub mod model;

pub use deed::{Deed, External};
pub use model::Scenario;

//! ToM, The Open Messaging: bytes from A to B with no server. (under construction)
#![no_std]
#![warn(clippy::indexing_slicing)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod api;
pub mod bounded;
pub mod config;
pub mod crypto;
pub mod entropy;
pub mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod identity;
pub mod input;
pub mod invariant;
pub mod link;
pub mod node;
pub mod output;
pub mod report;
pub mod stats;
pub mod storage;
pub mod time;
pub mod wire;

mod clock;
mod delivery;
mod dispatch;
mod egress;
mod outbox;
mod policy;
mod record;
mod routing;
mod session;

pub use config::Config;
pub use node::Node;

//! ToM, The Open Messaging: bytes from A to B with no server. (under construction)
#![no_std]
#![warn(clippy::indexing_slicing)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bounded;
pub mod crypto;
pub mod entropy;
pub mod error;
pub mod identity;
pub mod link;
pub mod storage;
pub mod time;
pub mod wire;

mod delivery;
mod routing;
mod session;

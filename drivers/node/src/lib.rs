//! ToM, The Open Messaging, for programs on computers: a node in two lines.
//!
//! ```no_run
//! # async fn example(address: tom::Address) -> Result<(), tom::Error> {
//! let node = tom::Client::start().await?;
//! let delivery = node.send(address, b"hi").await?;
//! # assert!(delivery.is_delivered()); Ok(()) }
//! ```
//!
//! The node seals the message for its recipient, finds a way (directly, or over neighbours as
//! relays), retries over other ways, and believes nothing but the recipient's own proof. `send`
//! returns when that proof is here, or says how far the message has come.
//!
//! The other side reads a stream:
//!
//! ```no_run
//! # async fn example() -> Result<(), tom::Error> {
//! let node = tom::Client::start().await?;
//! println!("I am {}", node.address());
//! let mut messages = node.messages();
//! while let Some(message) = messages.next().await {
//!     println!("{}: {}", message.from, message.text());
//!     message.read().await?; // a read receipt, if you like
//! }
//! # Ok(()) }
//! ```
//!
//! Nodes need somebody to talk to: give each at least one peer with [`Builder::peer`]. What a node
//! knows of a message is a [`State`]; what it does with it is in the specification (`spec/`). This
//! crate is the driver of `tom-core` for computers: QUIC by `tom-quinn`, time, randomness, the
//! identity file. It keeps nothing else on disk: what a node has not delivered ends with it.
//!
//! | file | subject |
//! |---|---|
//! | `client`, `builder` | the handle, and the settings |
//! | `message`, `sending`, `event`, `status` | what comes out |
//! | `identity`, `peer`, `error` | what goes in, and what goes wrong |
//! | `pump` | the one task that drives the engine |
//! | `tape` | the flight recorder |
//! | `clock` | the only place that reads one |
//! | `main.rs`, `cli` | the command `tom` |

#[doc(hidden)]
pub mod adversary;
mod builder;
mod client;
mod clock;
mod error;
mod event;
mod identity;
mod message;
mod peer;
mod pump;
mod sending;
mod status;
#[cfg(feature = "tape")]
mod tape;
#[cfg(not(feature = "tape"))]
mod tape {
    //! No tape is ever made.
    use tom_core::{input::Input, output::Output, output::Verdict, time::Instant};

    #[derive(Debug)]
    pub(crate) enum Taping {}

    impl Taping {
        pub(crate) fn before(&mut self, _now: Instant, _input: &Input<'_>) {}
        pub(crate) fn after(&mut self, (): (), _verdict: Verdict) {}
        pub(crate) fn output(&mut self, _now: Instant, _output: &Output<'_>) {}
    }
}

pub use builder::Builder;
pub use client::{Client, Outgoing};
pub use error::Error;
pub use event::{Event, Events};
pub use identity::{Identity, data_dir, private_dir};
pub use message::{Held, Message, Messages};
pub use peer::{Peer, PeerError};
pub use sending::{Delivery, Sending};
pub use status::{LinkStatus, Status};

pub use tom_core::Config as EngineConfig;
pub use tom_core::error::{Drop, Refusal};
pub use tom_core::identity::{AddressError, Handle, PublicKey as Address};
pub use tom_core::output::{DeliveryId, State};
pub use tom_core::report::PathReport;
pub use tom_core::storage::Limits;
pub use tom_core::wire::{Class, MessageId, Reference};
pub use tom_quinn::Config as TransportConfig;

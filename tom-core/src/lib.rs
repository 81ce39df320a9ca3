//! ToM, The Open Messaging: bytes from A to B without a server.
//!
//! B is a public key. A message is sealed for it, crosses whatever neighbours there are, and counts as
//! delivered when B itself has acknowledged it and not before. This crate is the protocol as a state
//! machine: [`Node`] does no I/O, reads no clock and draws no randomness. It is told what happened and
//! says what to do; a *driver* does it. `no_std`, no allocator needed, no `unsafe`. Not audited.
//!
//! # The run loop
//!
//! All there is to a driver: three calls, here over one link. Who is at its other end must be proven: by
//! QUIC, by [`link`], by a cable nobody else can hold.
//!
//! ```
//! use std::{io, net::UdpSocket, time};
//! use tom_core::{Node, input::LinkId, output::Event, output::Output, storage::Storage, time::Instant};
//! fn drive(node: &mut Node<impl Storage>, link: LinkId, socket: &UdpSocket,
//!          done: fn(Event) -> bool) -> io::Result<()> {
//!     let start = time::Instant::now();
//!     let now = || Instant::from_millis(start.elapsed().as_millis() as u64);
//!     let (mut out, mut datagram) = (vec![0; node.max_output()], vec![0; 65_535]);
//!     loop {
//!         // Do what the node asks for, until it asks for nothing more.
//!         while let Some(output) = node.poll(&mut out).map_err(io::Error::other)? {
//!             match output {
//!                 Output::Transmit(transmit) => drop(socket.send(transmit.bytes)?),
//!                 Output::Deliver(delivery) => {
//!                     println!("{}: {:?}", delivery.from, delivery.payload);
//!                     let id = delivery.id; // it is acknowledged once you say that you have it
//!                     node.taken(now(), id).map_err(io::Error::other)?;
//!                 }
//!                 Output::Notify(event) if done(event) => return Ok(()),
//!                 _ => {} // other links to dial or close, records to keep
//!             }
//!         }
//!         // Sleep until bytes come, or until the node wants to be woken; say which it was.
//!         let wait = node.deadline().map(|wake| wake.at.since(now()).as_millis().max(1));
//!         socket.set_read_timeout(wait.map(time::Duration::from_millis))?;
//!         match socket.recv(&mut datagram) {
//!             Ok(len) => drop(node.datagram(now(), link, &mut datagram[..len])),
//!             Err(_) => node.tick(now()),
//!         }
//!     }
//! }
//! # use tom_core::identity::{Keys, PublicKey, SoftKeys};
//! # use tom_core::{Config, entropy::Seed, input::Send, output::State, storage::{Heap, Limits}};
//! # fn node(n: u8, peer: PublicKey) -> Node<Heap> {
//! #     let (tables, keys) = (Heap::new(Limits::desktop()), SoftKeys::from_seed([n; 32]));
//! #     let (seed, now) = (Seed::new([n + 9; 32]), Instant::ZERO);
//! #     let mut node = Node::new(tables, keys, Config::default(), seed, now).unwrap();
//! #     node.clock(now, tom_core::time::UnixTime::from_secs(1_800_000_000));
//! #     node.link_up(now, LinkId(1), peer, n == 1).unwrap();
//! #     node
//! # }
//! # let [a, b] = [1, 2].map(|n| *SoftKeys::from_seed([n; 32]).public());
//! # let (mut alice, mut bob) = (node(1, b), node(2, a));
//! # let sockets = [UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap()];
//! # let [to_a, to_b] = [0, 1].map(|i| sockets[i].local_addr().unwrap());
//! # let [at_a, at_b] = sockets;
//! # at_a.connect(to_b).unwrap();
//! # at_b.connect(to_a).unwrap();
//! # std::thread::spawn(move || drive(&mut bob, LinkId(1), &at_b, |_| false));
//! # alice.send(Instant::ZERO, Send::new(b, b"hello")).unwrap();
//! # let delivered = |event| matches!(event, Event::Message { state: State::Delivered, .. });
//! # drive(&mut alice, LinkId(1), &at_a, delivered).unwrap();
//! ```
//!
//! [`Node::handle`] takes every [`Input`](input::Input); the typed calls above each build one. Runnable:
//! `examples/two_nodes.rs` without any I/O, `examples/custom_io.rs` over pipes, `examples/firmware` on a
//! Cortex-M4 without an allocator. Ready drivers: `tom-quinn` (QUIC), `tom` (the node for computers).
//! Yours can be checked: `driver_check`, behind the feature `driver-check`, names the rule it breaks.
//!
//! # The contract
//!
//! Seven clauses; `tests/contract.rs` has a property over random inputs for each.
//!
//! 1. *Any order is safe.* Inputs before draining are legal; when the outbox lacks room the input is refused or dropped with `Backpressure` and nothing else changes.
//! 2. *An empty outbox always has room for one input* (a compile-time relation between capacities).
//! 3. *Progress*: after a drained `handle(now, Tick)`, `deadline()` is `None` or later than `now`.
//! 4. *Completeness*: waking only at deadlines yields the same outputs as waking every millisecond.
//! 5. *Monotone*: a `now` earlier than the last one counts as the last one, and is counted.
//! 6. *Bounded work*: `handle` is bounded by the capacities, `poll` encodes one datagram.
//! 7. *Purity*: storage, seed and tape determine every output byte.
//!
//! Two notes. One tick works on at most 64 entries: when more are due at one moment, clause 3 holds after
//! as many rounds of tick and drain as it takes to get through them, and one. And `Heap` storage checks
//! the relation of clause 2 when the node is built, since its capacities are known only then.
//!
//! # Errors, by whose fault
//!
//! | what | whose | afterwards |
//! |---|---|---|
//! | [`ConfigError`](error::ConfigError) | the configuration's | nothing was built |
//! | [`Refusal`](error::Refusal) | the caller's, or there is no room yet | nothing changed |
//! | [`Drop`](error::Drop) | the network's | counted under its number; each says what changed |
//! | [`Event::Bug`](output::Event::Bug) | ours | the input was dropped; tests panic instead |
//!
//! Bytes from the network never make `handle` fail.
//!
//! # Map
//!
//! | module | what is in it |
//! |---|---|
//! | [`node`], [`input`], [`output`] | the state machine, what goes in, what comes out |
//! | [`config`], [`storage`] | its settings; its memory, in arrays or on the heap, sized once |
//! | [`identity`] | keys, addresses `tom1...` |
//! | [`time`], [`entropy`] | moments and seeds, both given by the driver |
//! | `tape` (with `alloc`) | inputs that own their bytes: a run as data |
//! | [`error`], [`stats`], [`report`], [`invariant`] | faults, counters, the way a message took |
//! | [`link`] | a link for any medium that carries packets: Noise IK, beside the node |
//! | [`wire`], [`crypto`] | every byte on the wire; every cryptographic step, with explicit secrets |
//! | [`bounded`] | the containers: nothing grows, full is an ordinary answer |
//!
//! Behind them, not public: `session` (end-to-end keys), `delivery` (the truth about each message) and
//! `routing` (which neighbour is next), which do not know each other; `dispatch` is the only place where
//! they meet. The protocol itself is written down in `spec/`, rule by rule; code cites its chapters.
#![no_std]
#![warn(clippy::indexing_slicing)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, feature = "driver-check"))]
extern crate std;

/// Whether a planted bug is active. Without `--cfg tom_planted` there are none, and this is `false`.
#[cfg(tom_planted)]
macro_rules! planted {
    ($bug:ident) => {
        $crate::planted::is($crate::planted::Bug::$bug)
    };
}
#[cfg(not(tom_planted))]
macro_rules! planted {
    ($bug:ident) => {
        false
    };
}

mod api;
pub mod bounded;
pub mod config;
pub mod crypto;
#[cfg(feature = "driver-check")]
pub mod driver_check;
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
#[cfg(tom_planted)]
pub mod planted;
pub mod report;
pub mod stats;
pub mod storage;
#[cfg(feature = "alloc")]
pub mod tape;
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

//! ToM links over QUIC, on tokio: authenticated peers exchange opaque link datagrams.
//!
//! One [`Transport`] is one UDP socket that dials and listens. What comes in is read from the
//! [`Events`] handed out with it. The protocol engine sits above and sees only link numbers,
//! byte strings and the events; nothing of QUIC or TLS shows through.
//!
//! ```no_run
//! # async fn example(keys: std::sync::Arc<dyn tom_quinn::LinkKeys>, peer: [u8; 32]) -> std::io::Result<()> {
//! use tom_quinn::{Config, Event, Transport};
//! let (transport, mut events) = Transport::bind("[::]:0".parse().unwrap(), keys, Config::default())?;
//! transport.keep(peer, vec!["192.0.2.7:4433".parse().unwrap()]);
//! let mut batch = Vec::new();
//! while events.recv_many(&mut batch, 256).await > 0 {
//!     for event in batch.drain(..) {
//!         if let Event::Received { link, bytes } = event {
//!             let _ = transport.send(link, &bytes); // an echo
//!         }
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! **Who is there.** Both sides show a raw Ed25519 public key (RFC 7250) and prove it in the
//! TLS 1.3 handshake; there are no certificates, no resumption and no 0-RTT. A dialler accepts
//! exactly the identity it asked for.
//!
//! **How bytes travel.** What fits the path goes as one QUIC datagram; anything longer, up to
//! [`MAX_MESSAGE`], as one unidirectional stream of its own. Streams are reliable. Datagrams are
//! not: the network may lose them, and the receiving side discards the oldest unread ones once
//! [`Config::datagram_receive_bytes`] of them wait for an engine that does not read, and the
//! sending side those that no longer fit when the path's MTU shrinks. Nothing is lost for want of
//! room on the sending side: [`Transport::send`] answers [`SendOutcome::Blocked`] and
//! [`Event::Writable`] follows.
//!
//! | file | subject |
//! |---|---|
//! | `config`, `event`, `error`, `stats` | what goes in and comes out |
//! | `keys`, `tls` | identities, and the handshake that proves them |
//! | `endpoint` | the socket and its transport parameters |
//! | `transport`, `registry` | the handle, and the live links |
//! | `accept`, `dial`, `keep`, `backoff` | how links come up and come back |
//! | `link`, `lane`, `inbox` | how bytes go out and come in |

mod accept;
mod backoff;
mod config;
mod dial;
mod endpoint;
mod error;
mod event;
mod inbox;
mod keep;
mod keys;
mod lane;
mod link;
mod registry;
mod stats;
mod tls;
mod transport;

pub use config::Config;
pub use error::{DialError, DownReason, KeyRefusal};
pub use event::{Event, Events, LinkId, SendOutcome};
pub use keys::{LinkKeys, PeerId};
pub use stats::{LinkStats, TransportStats};
pub use transport::Transport;

/// The longest link datagram a link carries, in bytes: a full envelope with its frame and trailers.
/// Spec LNK-2.
pub const MAX_MESSAGE: usize = 65_600;

/// The application protocol both sides must name in the handshake.
pub const ALPN: &[u8] = b"tom/1";

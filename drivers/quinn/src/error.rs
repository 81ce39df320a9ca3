//! Why a dial failed, why a link ended, why a key was refused.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use quinn::{ConnectionError, VarInt};

/// Close codes of this transport, carried in QUIC's application close.
pub(crate) mod code {
    /// An orderly end.
    pub(crate) const DONE: u32 = 0;
    /// The peer sent something the transport does not allow.
    pub(crate) const VIOLATION: u32 = 1;
    /// No room for another link.
    pub(crate) const FULL: u32 = 2;
}

/// Why a peer's public key was refused in the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRefusal {
    /// Not a raw Ed25519 public key (RFC 7250, RFC 8410).
    NotEd25519,
    /// Not the canonical encoding of a point of the curve.
    NotAPoint,
    /// A point of small order, for which anyone can make signatures.
    SmallOrder,
    /// A valid key, but another one than the dialled identity.
    WrongIdentity {
        /// The key the peer showed.
        found: [u8; 32],
    },
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEd25519 => f.write_str("the peer did not show a raw Ed25519 public key"),
            Self::NotAPoint => f.write_str("the peer's key is not a canonical Ed25519 public key"),
            Self::SmallOrder => f.write_str("the peer's key has small order and could be anyone's"),
            Self::WrongIdentity { found } => {
                f.write_str("the peer showed another identity, starting with ")?;
                found.iter().take(4).try_for_each(|b| write!(f, "{b:02x}"))
            }
        }
    }
}

impl std::error::Error for KeyRefusal {}

/// Why a dial ended without a link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialError {
    /// No address was given that this socket can reach.
    NoAddress,
    /// The identity asked for is this node's own.
    OwnIdentity,
    /// The identity asked for is not a usable Ed25519 public key.
    BadIdentity(KeyRefusal),
    /// [`Config::max_dials`](crate::Config::max_dials) dials are under way.
    TooManyDials,
    /// [`Config::max_links`](crate::Config::max_links) or the bound per peer is reached here.
    LinksFull,
    /// Whoever answered at `addr` could not show the identity asked for.
    Untrusted {
        /// The address that answered.
        addr: SocketAddr,
        /// What was wrong with its key.
        why: KeyRefusal,
    },
    /// The peer answered and refused, or the handshake failed.
    Refused {
        /// The address that answered.
        addr: SocketAddr,
        /// The reason given.
        why: String,
    },
    /// Nobody answered at any address in time.
    NoAnswer {
        /// How many addresses were tried.
        addresses: usize,
        /// How long they were given.
        waited: Duration,
    },
    /// The transport is shut down.
    Closed,
}

impl DialError {
    /// How much the error tells about a dial of several addresses; the most telling is reported.
    pub(crate) fn weight(&self) -> u8 {
        match self {
            Self::Untrusted { .. } => 4,
            Self::Refused { .. } => 3,
            Self::NoAnswer { .. } => 2,
            Self::NoAddress => 1,
            Self::OwnIdentity
            | Self::BadIdentity(_)
            | Self::TooManyDials
            | Self::LinksFull
            | Self::Closed => 5,
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str(
                "dial failed: no address of the peer can be reached from this socket; give an \
                 address of the socket's family with a port, or bind to [::]",
            ),
            Self::OwnIdentity => {
                f.write_str("dial failed: that identity is this node's own; dial another node")
            }
            Self::BadIdentity(why) => write!(
                f,
                "dial failed: the identity asked for cannot be used ({why}); check where it came from"
            ),
            Self::TooManyDials => f.write_str(
                "dial failed: too many dials under way; wait for one to end or raise max_dials",
            ),
            Self::LinksFull => f.write_str(
                "dial failed: no room for another link here; close one or raise max_links or \
                 max_links_per_peer",
            ),
            Self::Untrusted { addr, why } => write!(
                f,
                "dial failed: {addr} answered, but {why}; the address is stale or someone else's"
            ),
            Self::Refused { addr, why } => write!(
                f,
                "dial failed: {addr} answered and refused ({why}); check that a node of this \
                 protocol version listens there"
            ),
            Self::NoAnswer { addresses, waited } => write!(
                f,
                "dial failed: no answer from {addresses} address(es) within {} ms; the node is \
                 down, the address is stale or UDP is blocked on the way",
                waited.as_millis()
            ),
            Self::Closed => f.write_str("dial failed: this transport is shut down"),
        }
    }
}

impl std::error::Error for DialError {}

/// Why a link ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownReason {
    /// Closed on this side.
    ClosedHere,
    /// Closed by the peer.
    ClosedByPeer {
        /// The peer's reason, empty for an orderly end.
        reason: String,
    },
    /// Nothing was heard for the idle timeout.
    TimedOut,
    /// The peer has restarted and no longer knows the link.
    PeerRestarted,
    /// The peer sent what the transport does not allow.
    Violation(&'static str),
    /// QUIC ended the link.
    Failed(String),
}

impl From<ConnectionError> for DownReason {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::LocallyClosed => Self::ClosedHere,
            ConnectionError::TimedOut => Self::TimedOut,
            ConnectionError::Reset => Self::PeerRestarted,
            ConnectionError::ApplicationClosed(close) => Self::ClosedByPeer {
                reason: if close.error_code == VarInt::from_u32(code::DONE) {
                    String::new()
                } else {
                    printable(&close.reason)
                },
            },
            error @ (ConnectionError::VersionMismatch
            | ConnectionError::TransportError(_)
            | ConnectionError::ConnectionClosed(_)
            | ConnectionError::CidsExhausted) => {
                Self::Failed(printable(error.to_string().as_bytes()))
            }
        }
    }
}

impl fmt::Display for DownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedHere => f.write_str("link down: closed on this side"),
            Self::ClosedByPeer { reason } if reason.is_empty() => {
                f.write_str("link down: closed by the peer")
            }
            Self::ClosedByPeer { reason } => write!(f, "link down: closed by the peer ({reason})"),
            Self::TimedOut => f.write_str(
                "link down: nothing heard for the idle timeout; the peer or the path is gone",
            ),
            Self::PeerRestarted => {
                f.write_str("link down: the peer has restarted and lost the link; dial again")
            }
            Self::Violation(what) => write!(f, "link down: the peer broke a rule ({what})"),
            Self::Failed(why) => write!(f, "link down: QUIC failed ({why})"),
        }
    }
}

/// The peer's text, short and without control characters: it ends up in logs.
pub(crate) fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}

//! What a transport tells the engine.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{DialError, DownReason};
use crate::inbox::Inbox;
use crate::keys::PeerId;

/// The number of a link, unique among the live links of one transport and not soon reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {}", self.0)
    }
}

/// The answer to a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "bytes that were not queued are still the caller's"]
pub enum SendOutcome {
    /// Taken; it leaves as soon as the path allows.
    Queued,
    /// Not taken, the link's queue is full; [`Event::Writable`] follows when there is room.
    Blocked,
    /// Not taken, there is no such link (any more).
    Gone,
    /// Not taken, longer than [`MAX_MESSAGE`](crate::MAX_MESSAGE): send it in parts.
    TooLong,
}

/// Something that happened on a transport.
///
/// For one link: `Up` comes first, `Down` last, and every `Up` is followed by a `Down`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A link stands and both sides have proved their identity.
    Up {
        /// The link's number.
        link: LinkId,
        /// The Ed25519 public key the peer has proved.
        peer: PeerId,
        /// The longest message that travels as one datagram now; 0 when the peer takes none.
        mtu: u32,
        /// Whether this side dialled.
        dialed: bool,
        /// Where the peer was reached.
        remote: SocketAddr,
    },
    /// A link has ended; what was queued on it may not have arrived.
    Down {
        /// The link's number.
        link: LinkId,
        /// Why it ended.
        reason: DownReason,
    },
    /// The longest message that travels as one datagram has changed; longer ones use streams.
    Mtu {
        /// The link's number.
        link: LinkId,
        /// The new length in bytes.
        mtu: u32,
    },
    /// One link datagram, whole and as it was sent.
    Received {
        /// The link's number.
        link: LinkId,
        /// The bytes.
        bytes: Bytes,
    },
    /// A link that answered `Blocked` has room again.
    Writable {
        /// The link's number.
        link: LinkId,
    },
    /// A dial ended without a link.
    DialFailed {
        /// The identity that was dialled.
        peer: PeerId,
        /// Why it failed.
        why: DialError,
    },
}

/// The receiving end of a transport's events. Dropping it ends every link.
#[derive(Debug)]
pub struct Events {
    pub(crate) inbox: Arc<Inbox>,
}

impl Events {
    /// Waits for events and appends up to `max` of them to `into`, oldest first; returns how many.
    ///
    /// 0 means that the transport has ended (or that `max` is 0). Safe to cancel: nothing is lost.
    pub async fn recv_many(&mut self, into: &mut Vec<Event>, max: usize) -> usize {
        self.inbox.recv_many(into, max).await
    }

    /// The oldest event if one waits.
    pub fn try_recv(&mut self) -> Option<Event> {
        self.inbox.try_recv()
    }

    /// Appends up to `max` waiting events to `into` without waiting; returns how many.
    pub fn try_recv_many(&mut self, into: &mut Vec<Event>, max: usize) -> usize {
        self.inbox.try_recv_many(into, max)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.inbox.abandon();
    }
}

//! Everything that can happen to a node. Spec: driver, "Inputs".

use crate::entropy::Seed;
use crate::identity::PublicKey;
use crate::output::{DeliveryId, RecordKey, Ticket};
use crate::time::{Span, UnixTime};
use crate::wire::Class;

/// The driver's number for a link. The driver never uses a number again while the core knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// One thing that happened. [`crate::Node::handle`] is the only way it reaches the node.
#[derive(Debug)]
pub enum Input<'a> {
    /// Time passed: the deadline came, or just to be sure.
    Tick,
    /// A link changed.
    Link(LinkEvent<'a>),
    /// Bytes arrived on a link. They are decrypted in place.
    Datagram {
        /// The link they came on.
        link: LinkId,
        /// One link datagram: one or more frames.
        bytes: &'a mut [u8],
    },
    /// The application wants something.
    Command(Command<'a>),
    /// What became of a `Transmit`. Losing this input costs time, never truth.
    Sent {
        /// The ticket of the `Transmit`.
        ticket: Ticket,
        /// What became of it.
        result: SendResult,
    },
    /// Wall time, fed at the start and again after steps.
    Clock {
        /// Now, in seconds since 1970.
        unix: UnixTime,
        /// How far off it may be.
        error: Span,
    },
    /// The application has a delivered message safely; its ACK may leave.
    Taken(DeliveryId),
    /// A record read back from storage, before anything else happens.
    Restored(crate::output::Record<'a>),
    /// A record is durable, or could not be made so.
    Persisted {
        /// Which record.
        key: RecordKey,
        /// The version that `Output::Persist` carried.
        version: u32,
        /// False: storing failed; what waits for it goes on waiting and the record is offered again.
        ok: bool,
    },
    /// Fresh entropy, mixed in; never replaces what is there.
    Reseed(Seed),
}

/// What happened to a link.
#[derive(Clone, Copy, Debug)]
pub enum LinkEvent<'a> {
    /// A link is up and its peer's identity is proven.
    Up {
        /// The driver's number.
        link: LinkId,
        /// Who is at the other end.
        peer: PublicKey,
        /// The largest bundle of frames worth sending at once, in bytes.
        mtu: u32,
        /// The largest single frame the link carries, in bytes.
        max_frame: u32,
        /// This node dialled.
        dialed: bool,
        /// The peer's address as seen from here: a candidate list of one, or empty.
        observed: &'a [u8],
    },
    /// A link is gone.
    Down {
        /// Which.
        link: LinkId,
    },
    /// A link's path changed.
    Changed {
        /// Which.
        link: LinkId,
        /// The new size of a bundle, in bytes.
        mtu: u32,
    },
    /// The link takes nothing more for now; its frames wait in the node.
    Blocked {
        /// Which.
        link: LinkId,
    },
    /// The link takes frames again.
    Writable {
        /// Which.
        link: LinkId,
    },
    /// A `Dial` came to nothing.
    DialFailed {
        /// Whom it was for.
        peer: PublicKey,
    },
}

/// What became of a transmission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendResult {
    /// The link took it.
    Sent,
    /// It did not leave; what it carried is tried another way.
    Failed,
}

/// What an application can ask for.
#[derive(Clone, Copy, Debug)]
pub enum Command<'a> {
    /// Send bytes to somebody.
    Send(Send<'a>),
    /// Tell the sender of a received message that it was read.
    Read {
        /// Who sent it.
        from: PublicKey,
        /// The id its delivery carried.
        id: DeliveryId,
    },
    /// The addresses this node can be dialled at: a candidate list (spec: content, "CANDIDATES").
    Candidates(&'a [u8]),
}

/// One message to send.
#[derive(Clone, Copy, Debug)]
pub struct Send<'a> {
    /// The recipient's identity.
    pub to: PublicKey,
    /// The bytes; length bounded by [`crate::Node::max_payload`].
    pub payload: &'a [u8],
    /// How long it may live: 1 s to 24 h less the clock skew. `None`: the longest.
    pub lifetime: Option<Span>,
    /// Its priority at this node and at relays.
    pub class: Class,
    /// Ask relays to append themselves to a declared path.
    pub trace: bool,
}

impl<'a> Send<'a> {
    /// A message of normal priority with the longest life.
    #[must_use]
    pub fn new(to: PublicKey, payload: &'a [u8]) -> Self {
        Self {
            to,
            payload,
            lifetime: None,
            class: Class::Normal,
            trace: false,
        }
    }
}

//! Everything a driver must do. Spec: driver, "Outputs".

use crate::error::{Drop, Refusal};
use crate::identity::PublicKey;
use crate::input::LinkId;
use crate::time::Instant;
use crate::wire::{Class, Handle, MessageId, Reference};

/// Names one `Transmit`, so that the driver can say what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    /// The link it is for.
    pub link: LinkId,
    /// Its number, counting all transmissions of the node.
    pub number: u32,
}

/// Names a message delivered here: who sent it, and the reference of the first envelope that
/// carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId {
    /// The sender's handle.
    pub sender: Handle,
    /// The reference the sender knows the message by.
    pub reference: Reference,
}

impl DeliveryId {
    /// The id as bytes: unique among all messages of all senders.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h] = self.sender.0;
        let [i, j, k, l, m, n, o, p] = self.reference.0;
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
    }
}

/// One thing for the driver to do.
#[derive(Debug)]
pub enum Output<'b> {
    /// Send these bytes over this link.
    Transmit(Transmit<'b>),
    /// Open a link to this peer at one of these addresses (a candidate list).
    Dial {
        /// Who must be at the other end.
        peer: PublicKey,
        /// Where it may be.
        candidates: &'b [u8],
    },
    /// Close this link; no `Down` is expected for it, and one does no harm.
    Close(LinkId),
    /// A message for the application.
    Deliver(Delivery<'b>),
    /// A fact about the past.
    Notify(Event),
    /// Make this durable, then feed `Input::Persisted`.
    Persist(Record<'b>),
    /// Remove this record from storage.
    Forget(RecordKey),
}

/// Bytes for a link.
#[derive(Debug)]
pub struct Transmit<'b> {
    /// Over which link.
    pub link: LinkId,
    /// For `Input::Sent`.
    pub ticket: Ticket,
    /// One link datagram.
    pub bytes: &'b [u8],
}

/// A message that arrived and was opened.
#[derive(Debug)]
pub struct Delivery<'b> {
    /// Its stable id; feed it back with `Input::Taken` once the application has it safely.
    pub id: DeliveryId,
    /// Who sealed it, proven.
    pub from: PublicKey,
    /// The plaintext.
    pub payload: &'b [u8],
    /// False: it came as a one-shot, which has weaker guarantees (spec: security).
    pub in_session: bool,
    /// Its priority.
    pub class: Class,
    /// The neighbour it came from.
    pub neighbour: PublicKey,
    /// The path relays declared: each entry `handle 4 | ms u16`; attested only hop by hop.
    pub declared_path: &'b [u8],
}

/// Where a message of this node stands. Spec: delivery, "States".
/// None of them says that it failed. Spec DLV-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Accepted; no link has taken it yet.
    Pending,
    /// Handed to a link.
    Sent,
    /// A neighbour that is not the recipient said it took it.
    Relayed,
    /// A relay says it handed it on to the recipient's link. A claim, never a proof.
    Passed,
    /// The recipient's own proof came back.
    Delivered,
    /// The recipient said it was read.
    Read,
    /// No proof came before its life and the clock skew ended. A later proof still makes it `Delivered`.
    Expired,
}

impl State {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Sent,
        Self::Relayed,
        Self::Passed,
        Self::Delivered,
        Self::Read,
        Self::Expired,
    ];

    /// Its name: one lower-case word, as in programs' output and conformance cases.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Relayed => "relayed",
            Self::Passed => "passed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Expired => "expired",
        }
    }

    /// The state of this name; `None` when there is none.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A fact about the past, small enough to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// One of this node's messages reached a state.
    Message {
        /// Which.
        id: MessageId,
        /// The state it reached.
        state: State,
    },
    /// A session with this peer can be used: what follows costs no public-key operation.
    Session {
        /// With whom.
        peer: PublicKey,
    },
    /// A neighbour introduced itself on a link.
    Neighbour {
        /// The link.
        link: LinkId,
        /// Who.
        peer: PublicKey,
    },
    /// The link to this peer is gone.
    NeighbourGone {
        /// Who.
        peer: PublicKey,
    },
    /// A neighbour's protocol version is not ours; the link is being closed.
    Incompatible {
        /// Who.
        peer: PublicKey,
        /// The version it speaks.
        version: u8,
    },
    /// An internal rule did not hold; the input was dropped. Please report it.
    Bug(crate::invariant::Bug),
}

/// What `handle` made of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was used. A `Send` carries the id of its message.
    Accepted(Option<MessageId>),
    /// The caller's command was refused; nothing changed.
    Refused(Refusal),
    /// The network's bytes, or a part of them, were not used; the first reason of several.
    Dropped(Drop),
}

/// When to feed `Input::Tick`, and who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The moment.
    pub at: Instant,
    /// The first concern that wants it.
    pub why: Wake,
}

impl Deadline {
    /// The earlier of two optional deadlines. `None` means none, never "now".
    #[must_use]
    pub fn sooner(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(x), Some(y)) => Some(if y.at < x.at { y } else { x }),
            (Some(x), None) => Some(x),
            (None, y) => y,
        }
    }
}

/// Why the node wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// A message wants another attempt, or ends.
    Delivery,
    /// A question for a route runs out.
    Ask,
    /// A held envelope runs out.
    Forward,
    /// Tables are to be purged of what has ended.
    Housekeeping,
}

/// Names a record in storage: what it is about, and which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// What it is about.
    pub kind: RecordKind,
    /// Which one of its kind.
    pub id: [u8; 16],
}

/// What a record is about. Spec: driver, "Records".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RecordKind {
    /// A session's keys, windows and reserved counters.
    Session = 1,
    /// A message of this node that is not settled.
    Outbox = 2,
    /// A message received and not yet taken.
    Inbox = 3,
    /// A one-shot that was opened.
    Opened = 4,
}

/// A record to store, or read back.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its name.
    pub key: RecordKey,
    /// Grows with each change of this record; echoed by `Input::Persisted`.
    pub version: u32,
    /// Its bytes. Secret: they hold keys.
    pub bytes: &'a [u8],
}

/// `poll` was given a buffer shorter than an output may be. Nothing was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortBuffer {
    /// The length that always suffices, in bytes.
    pub need: usize,
}

#[cfg(test)]
mod tests;

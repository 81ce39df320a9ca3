//! Tapes: a node's run as data. The list of its inputs with their times, played on a node with the
//! same storage, keys and seed, gives the same outputs byte for byte. Spec: driver, DRV-7.
//!
//! One form serves the simulator, tests and bug reports of test nodes. It holds secrets as they are:
//! a tape of a node that talks to people is made by its driver, with everything blanked.

use alloc::vec::Vec;

use crate::crypto::Suite;
use crate::entropy::Seed;
use crate::identity::{Keys, PublicKey};
use crate::input::{Command, Input, LinkEvent, LinkId, Send, SendResult};
use crate::node::Node;
use crate::output::{DeliveryId, Record, RecordKey, Ticket, Verdict};
use crate::storage::Storage;
use crate::time::{Instant, Span, UnixTime};
use crate::wire::Class;

/// An input that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    /// [`Input::Tick`].
    Tick,
    /// [`LinkEvent::Up`].
    Up {
        /// The driver's number.
        link: LinkId,
        /// Who is at the other end.
        peer: PublicKey,
        /// The largest bundle, in bytes.
        mtu: u32,
        /// The largest frame, in bytes.
        max_frame: u32,
        /// This node dialled.
        dialed: bool,
        /// The peer's address as seen from here.
        observed: Vec<u8>,
    },
    /// [`LinkEvent::Down`].
    Down(LinkId),
    /// [`LinkEvent::Changed`], with the new size of a bundle.
    Changed(LinkId, u32),
    /// [`LinkEvent::Blocked`].
    Blocked(LinkId),
    /// [`LinkEvent::Writable`].
    Writable(LinkId),
    /// [`LinkEvent::DialFailed`].
    DialFailed(PublicKey),
    /// [`Input::Datagram`].
    Datagram(LinkId, Vec<u8>),
    /// [`Command::Send`].
    Send {
        /// The recipient.
        to: PublicKey,
        /// The bytes.
        payload: Vec<u8>,
        /// How long it may live.
        lifetime: Option<Span>,
        /// Its priority.
        class: Class,
        /// Ask for a declared path.
        trace: bool,
    },
    /// [`Command::Read`].
    Read(PublicKey, DeliveryId),
    /// [`Command::Candidates`].
    Candidates(Vec<u8>),
    /// [`Input::Sent`].
    Sent(Ticket, SendResult),
    /// [`Input::Clock`]: seconds of Unix time. The error is not kept.
    Clock(u64),
    /// [`Input::Taken`].
    Taken(DeliveryId),
    /// [`Input::Restored`]: key, version, bytes.
    Restored(RecordKey, u32, Vec<u8>),
    /// [`Input::Persisted`]: key, version, whether it worked.
    Persisted(RecordKey, u32, bool),
    /// [`Input::Reseed`], with the fresh entropy.
    Reseed([u8; 32]),
}

impl Owned {
    /// A copy of an input; `None` for fresh entropy, which cannot be read.
    #[must_use]
    pub fn of(input: &Input<'_>) -> Option<Self> {
        Some(match input {
            Input::Tick => Self::Tick,
            Input::Link(event) => Self::of_link(event),
            Input::Datagram { link, bytes } => Self::Datagram(*link, bytes.to_vec()),
            Input::Command(Command::Send(send)) => Self::Send {
                to: send.to,
                payload: send.payload.to_vec(),
                lifetime: send.lifetime,
                class: send.class,
                trace: send.trace,
            },
            Input::Command(Command::Read { from, id }) => Self::Read(*from, *id),
            Input::Command(Command::Candidates(list)) => Self::Candidates(list.to_vec()),
            Input::Sent { ticket, result } => Self::Sent(*ticket, *result),
            Input::Clock { unix, .. } => Self::Clock(unix.as_secs()),
            Input::Taken(id) => Self::Taken(*id),
            Input::Restored(record) => {
                Self::Restored(record.key, record.version, record.bytes.to_vec())
            }
            Input::Persisted { key, version, ok } => Self::Persisted(*key, *version, *ok),
            Input::Reseed(_) => return None,
        })
    }

    fn of_link(event: &LinkEvent<'_>) -> Self {
        match event {
            LinkEvent::Up {
                link,
                peer,
                mtu,
                max_frame,
                dialed,
                observed,
            } => Self::Up {
                link: *link,
                peer: *peer,
                mtu: *mtu,
                max_frame: *max_frame,
                dialed: *dialed,
                observed: observed.to_vec(),
            },
            LinkEvent::Down { link } => Self::Down(*link),
            LinkEvent::Changed { link, mtu } => Self::Changed(*link, *mtu),
            LinkEvent::Blocked { link } => Self::Blocked(*link),
            LinkEvent::Writable { link } => Self::Writable(*link),
            LinkEvent::DialFailed { peer } => Self::DialFailed(*peer),
        }
    }

    /// Feeds it to a node.
    pub fn feed<S: Storage, K: Keys, C: Suite>(
        &self,
        node: &mut Node<S, K, C>,
        now: Instant,
    ) -> Verdict {
        // A datagram is decrypted in place; the tape keeps its own copy.
        let mut copy = if let Self::Datagram(_, bytes) = self {
            bytes.clone()
        } else {
            Vec::new()
        };
        let input = match self {
            Self::Tick => Input::Tick,
            Self::Up {
                link,
                peer,
                mtu,
                max_frame,
                dialed,
                observed,
            } => Input::Link(LinkEvent::Up {
                link: *link,
                peer: *peer,
                mtu: *mtu,
                max_frame: *max_frame,
                dialed: *dialed,
                observed,
            }),
            Self::Down(link) => Input::Link(LinkEvent::Down { link: *link }),
            Self::Changed(link, mtu) => Input::Link(LinkEvent::Changed {
                link: *link,
                mtu: *mtu,
            }),
            Self::Blocked(link) => Input::Link(LinkEvent::Blocked { link: *link }),
            Self::Writable(link) => Input::Link(LinkEvent::Writable { link: *link }),
            Self::DialFailed(peer) => Input::Link(LinkEvent::DialFailed { peer: *peer }),
            Self::Datagram(link, _) => Input::Datagram {
                link: *link,
                bytes: &mut copy,
            },
            Self::Send {
                to,
                payload,
                lifetime,
                class,
                trace,
            } => Input::Command(Command::Send(Send {
                to: *to,
                payload,
                lifetime: *lifetime,
                class: *class,
                trace: *trace,
            })),
            Self::Read(from, id) => Input::Command(Command::Read {
                from: *from,
                id: *id,
            }),
            Self::Candidates(list) => Input::Command(Command::Candidates(list)),
            Self::Sent(ticket, result) => Input::Sent {
                ticket: *ticket,
                result: *result,
            },
            Self::Clock(unix) => Input::Clock {
                unix: UnixTime::from_secs(*unix),
                error: Span::ZERO,
            },
            Self::Taken(id) => Input::Taken(*id),
            Self::Restored(key, version, bytes) => Input::Restored(Record {
                key: *key,
                version: *version,
                bytes,
            }),
            Self::Persisted(key, version, ok) => Input::Persisted {
                key: *key,
                version: *version,
                ok: *ok,
            },
            Self::Reseed(seed) => Input::Reseed(Seed::new(*seed)),
        };
        node.handle(now, input)
    }
}

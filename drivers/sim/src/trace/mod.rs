//! What happened in a run, kept to be looked at: a bounded ring of facts.

use std::collections::VecDeque;

use tom_core::error::Drop;
use tom_core::output::State;
use tom_core::wire::{Body, Envelope, Frame, Frames, Reference, message_id};

use crate::time::Time;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// Where.
    pub node: u32,
    /// What.
    pub fact: Fact,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A datagram arrived.
    Arrived {
        /// From whom.
        from: u32,
        /// Bytes.
        len: u32,
        /// What was in it.
        frames: Vec<Seen>,
    },
    /// An application sent a message.
    Sent {
        /// Its number.
        number: u32,
        /// To whom.
        to: u32,
        /// The reference of its first envelope.
        reference: Reference,
    },
    /// An own message goes in another envelope from now on.
    Resealed {
        /// Its number.
        number: u32,
        /// The new envelope's reference.
        reference: Reference,
    },
    /// An application got a message.
    Delivered {
        /// Its number.
        number: u32,
        /// Over which neighbour.
        over: u32,
    },
    /// A sender was told of a state.
    Told {
        /// Its number.
        number: u32,
        /// The state.
        state: State,
    },
    /// A node did not use something.
    Dropped(Drop),
    /// A packet did not arrive.
    Lost {
        /// To whom it was going.
        to: u32,
        /// Why.
        why: crate::net::Why,
    },
    /// A link came up or went down.
    Link {
        /// To whom.
        peer: u32,
        /// It came up.
        up: bool,
    },
    /// A node started or stopped.
    Life {
        /// It started.
        up: bool,
    },
    /// An external event, by its place in the schedule.
    Deed(u32),
}

/// One frame of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The frame's type.
    pub frame: u8,
    /// The envelope's kind, of an ENVELOPE; else 0.
    pub kind: u8,
    /// Bytes of the frame's content.
    pub len: u32,
    /// The envelope it is or is about: of SEAL and DATA the own reference, of answers the first one
    /// named.
    pub about: Option<Reference>,
    /// Hops left.
    pub hop: u8,
    /// The attempt.
    pub attempt: u8,
}

/// A ring of entries.
#[derive(Clone, Debug)]
pub struct Trace {
    entries: VecDeque<Entry>,
    most: usize,
    /// Entries that made room for later ones.
    pub dropped: u64,
    /// Only facts of these nodes, if any.
    only: Option<Vec<u32>>,
}

impl Trace {
    /// A trace of at most so many entries; the oldest go.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            most,
            dropped: 0,
            only: None,
        }
    }

    /// Keeps the facts of these nodes only.
    #[must_use]
    pub fn of(mut self, nodes: Vec<u32>) -> Self {
        self.only = Some(nodes);
        self
    }

    /// Everything kept, oldest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> + Clone {
        self.entries.iter()
    }

    /// Keeps a fact.
    pub fn put(&mut self, at: Time, node: u32, fact: Fact) {
        if self.only.as_ref().is_some_and(|only| !only.contains(&node)) {
            return;
        }
        if self.entries.len() >= self.most {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(Entry { at, node, fact });
    }

    /// Keeps the arrival of a datagram.
    pub(crate) fn arrived(&mut self, at: Time, node: u32, from: u32, bytes: &[u8]) {
        let fact = Fact::Arrived {
            from,
            len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            frames: Frames::new(bytes)
                .flatten()
                .map(|frame| seen(&frame))
                .collect(),
        };
        self.put(at, node, fact);
    }
}

/// What can be seen of a frame without any key.
pub(crate) fn seen(frame: &Frame<'_>) -> Seen {
    let plain = |about, len| Seen {
        frame: frame.frame_type().code(),
        kind: 0,
        len,
        about,
        hop: 0,
        attempt: 0,
    };
    match frame {
        Frame::Envelope { bytes, .. } => {
            let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let Ok(envelope) = Envelope::parse(bytes) else {
                return plain(None, len);
            };
            Seen {
                frame: frame.frame_type().code(),
                kind: envelope.head.kind.code(),
                len,
                about: about(&envelope, bytes),
                hop: envelope.head.hop,
                attempt: envelope.head.attempt,
            }
        }
        Frame::Taken(references) => {
            let mut list = *references;
            let len = u32::try_from(8 * list.len()).unwrap_or(u32::MAX);
            plain(list.next(), len)
        }
        Frame::Passed(reference) => plain(Some(*reference), 8),
        Frame::Hello(_)
        | Frame::ReachAsk(_)
        | Frame::ReachAnswer(_)
        | Frame::Candidates(_)
        | Frame::Ping(_) => plain(None, 0),
    }
}

fn about(envelope: &Envelope<'_>, bytes: &[u8]) -> Option<Reference> {
    match envelope.body {
        Body::Seal { .. } | Body::Data { .. } => Some(message_id(bytes)?.reference()),
        Body::Resp { reference, .. } | Body::Nack { reference, .. } => Some(reference),
        Body::Ack(mut acks) => acks.next().map(|proof| proof.reference),
    }
}

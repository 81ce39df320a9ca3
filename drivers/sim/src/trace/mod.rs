//! What happened in a run, kept to be looked at: a bounded ring of facts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
        /// How long it was under way, in microseconds.
        under_way: u32,
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
    /// A node did not use what it was given just before, at the same moment.
    Dropped(Drop),
    /// A packet did not arrive. Kept at its sender: when it left, or when it came to nothing.
    Lost {
        /// To whom it was going.
        to: u32,
        /// Why.
        why: crate::net::Why,
        /// What was in it; nothing for a packet of a handshake.
        frames: Vec<Seen>,
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
    /// A node stands still or sleeps.
    Still {
        /// Until then.
        until: Time,
    },
    /// An external event, by its place in the schedule.
    Deed(u32),
}

/// One frame of a datagram; of those that name several envelopes, one for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The frame's type.
    pub frame: u8,
    /// The envelope's kind, of an ENVELOPE; else 0.
    pub kind: u8,
    /// Bytes of the frame's content.
    pub len: u32,
    /// The envelope it is or is about: of SEAL and DATA the own reference.
    pub about: Option<Reference>,
    /// Hops left.
    pub hop: u8,
    /// The attempt.
    pub attempt: u8,
}

/// What entries that made room have left behind: as much as there are nodes and links.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Nodes that were up.
    pub up: BTreeSet<u32>,
    /// Ends of links that were up: whose, and to whom; with how many there were.
    pub links: BTreeMap<(u32, u32), u32>,
    /// Nodes that stood still, and until when.
    pub still: BTreeMap<u32, Time>,
    /// The external event that came last.
    pub deed: Option<u32>,
}

impl Before {
    fn take_in(&mut self, entry: &Entry) {
        let node = entry.node;
        match entry.fact {
            Fact::Life { up: true } => {
                self.up.insert(node);
            }
            Fact::Life { up: false } => {
                self.up.remove(&node);
                self.still.remove(&node);
                self.links.retain(|(own, _), _| *own != node);
            }
            Fact::Link { peer, up: true } => *self.links.entry((node, peer)).or_default() += 1,
            Fact::Link { peer, up: false } => {
                if let Some(count) = self.links.get_mut(&(node, peer)) {
                    *count = count.saturating_sub(1);
                }
            }
            Fact::Still { until } => {
                self.still.insert(node, until);
            }
            Fact::Deed(index) => self.deed = Some(index),
            Fact::Arrived { .. }
            | Fact::Lost { .. }
            | Fact::Sent { .. }
            | Fact::Resealed { .. }
            | Fact::Delivered { .. }
            | Fact::Told { .. }
            | Fact::Dropped(_) => {}
        }
    }
}

/// A ring of entries.
#[derive(Clone, Debug)]
pub struct Trace {
    entries: VecDeque<Entry>,
    most: usize,
    /// Entries that made room for later ones.
    pub dropped: u64,
    /// What was so when the oldest entry happened.
    before: Before,
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
            before: Before {
                up: BTreeSet::new(),
                links: BTreeMap::new(),
                still: BTreeMap::new(),
                deed: None,
            },
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

    /// What was so before the first of them.
    #[must_use]
    pub const fn before(&self) -> &Before {
        &self.before
    }

    /// Keeps a fact.
    pub fn put(&mut self, at: Time, node: u32, fact: Fact) {
        if self.only.as_ref().is_some_and(|only| !only.contains(&node)) {
            return;
        }
        if self.entries.len() >= self.most {
            self.dropped += 1;
            match self.entries.pop_front() {
                Some(oldest) => self.before.take_in(&oldest),
                // A ring of no entries.
                None => return,
            }
        }
        self.entries.push_back(Entry { at, node, fact });
    }

    /// Keeps the arrival of a datagram.
    pub(crate) fn arrived(&mut self, at: Time, node: u32, from: u32, under_way: u32, bytes: &[u8]) {
        let fact = Fact::Arrived {
            from,
            under_way,
            len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            frames: seen_in(bytes),
        };
        self.put(at, node, fact);
    }
}

/// What can be seen of a datagram without any key.
pub(crate) fn seen_in(bytes: &[u8]) -> Vec<Seen> {
    let mut all = Vec::new();
    for frame in Frames::new(bytes).flatten() {
        see(&frame, &mut all);
    }
    all
}

/// What can be seen of a frame without any key: several, where it names several envelopes.
fn see(frame: &Frame<'_>, all: &mut Vec<Seen>) {
    let plain = Seen {
        frame: frame.frame_type().code(),
        kind: 0,
        len: 0,
        about: None,
        hop: 0,
        attempt: 0,
    };
    let about = |reference| Seen {
        len: 8,
        about: Some(reference),
        ..plain
    };
    match frame {
        Frame::Envelope { bytes, .. } => {
            let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let plain = Seen { len, ..plain };
            let Ok(envelope) = Envelope::parse(bytes) else {
                return all.push(plain);
            };
            let plain = Seen {
                kind: envelope.head.kind.code(),
                hop: envelope.head.hop,
                attempt: envelope.head.attempt,
                ..plain
            };
            match envelope.body {
                Body::Seal { .. } | Body::Data { .. } => all.push(Seen {
                    about: message_id(bytes).map(|id| id.reference()),
                    ..plain
                }),
                Body::Resp { reference, .. } | Body::Nack { reference, .. } => all.push(Seen {
                    about: Some(reference),
                    ..plain
                }),
                Body::Ack(proofs) => all.extend(proofs.map(|proof| Seen {
                    about: Some(proof.reference),
                    ..plain
                })),
            }
        }
        Frame::Taken(references) => all.extend((*references).map(about)),
        Frame::Passed(reference) => all.push(about(*reference)),
        Frame::Hello(_)
        | Frame::ReachAsk(_)
        | Frame::ReachAnswer(_)
        | Frame::Candidates(_)
        | Frame::Ping(_) => all.push(plain),
    }
}

#[cfg(test)]
mod tests;

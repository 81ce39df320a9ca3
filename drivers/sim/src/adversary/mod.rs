//! Nodes that do not play by the rules: the same core, its inputs and outputs interfered with.

use tom_core::identity::Handle;

use crate::draw::{Purpose, draw};
use crate::scenario::model::AdversaryKind;
use crate::time::{Span, Time};

/// An adversary's state.
#[derive(Clone, Debug)]
pub struct Adversary {
    /// What it does.
    pub kind: AdversaryKind,
    draws: u64,
}

/// What an adversary makes of a datagram.
#[derive(Clone, Debug, Default)]
pub struct Doing {
    /// What its own core is to see; nothing when empty.
    pub inward: Vec<u8>,
    /// What goes out, when, over which of its links.
    pub outward: Vec<(Span, u32, Vec<u8>)>,
}

impl Adversary {
    /// An adversary of this kind.
    #[must_use]
    pub const fn new(kind: AdversaryKind) -> Self {
        Self { kind, draws: 0 }
    }

    /// What it makes of a datagram that arrives on one of its links.
    pub(crate) fn incoming(&mut self, me: Handle, link: u32, bytes: &[u8]) -> Doing {
        let _ = (me, link);
        Doing {
            inward: bytes.to_vec(),
            outward: Vec::new(),
        }
    }

    /// What it makes of a datagram that its core sends over one of its links.
    pub(crate) fn outgoing(&mut self, seed: u64, node: u32, link: u32, bytes: &[u8]) -> Doing {
        let _ = draw(seed, node, link, self.draws, Purpose::Adversary);
        self.draws += 1;
        Doing {
            inward: Vec::new(),
            outward: vec![(Span::ZERO, link, bytes.to_vec())],
        }
    }

    /// What a spammer sends now over its links, and when it sends next.
    pub(crate) fn spam(
        &mut self,
        seed: u64,
        node: u32,
        now: Time,
        links: &[u32],
    ) -> Option<(Doing, Span)> {
        let _ = (seed, node, now, links);
        None
    }
}

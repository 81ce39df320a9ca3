//! Nodes that do not play by the rules: the same core, its inputs and outputs interfered with.
//!
//! An adversary is a legitimate neighbour: it proves its identity, keeps its links, sends and gets
//! messages of its own. It never reads keys. What it does wrong is a function of the run's seed and
//! of the bytes that pass through its hands, and what it remembers is bounded.
//!
//! | file | subject |
//! |---|---|
//! | `mod.rs` | what it is asked, and whom it asks |
//! | `frames.rs` | datagrams taken apart |
//! | `seen.rs` | what it remembers of others' envelopes |
//! | `hole.rs` | takes, and hands nothing on |
//! | `delay.rs` | hands on late |
//! | `replay.rs` | sends again what it saw |
//! | `corrupt.rs` | damages what it hands on |
//! | `spam.rs` | sends rubbish |
//! | `lie.rs` | claims what is not so |

mod corrupt;
mod delay;
mod frames;
mod hole;
mod lie;
mod replay;
mod seen;
mod spam;

use tom_core::identity::Handle;

use crate::draw::{Chance, Purpose, draw, happens};
use crate::scenario::model::AdversaryKind;
use crate::time::{Span, Time};

use seen::Seen;

/// An adversary's state.
#[derive(Clone, Debug)]
pub struct Adversary {
    /// What it does.
    pub kind: AdversaryKind,
    /// What it has done.
    pub did: Did,
    draws: u64,
    seen: Seen,
    replay: replay::Memory,
    held: delay::Held,
    spam: spam::Pace,
}

/// How often an adversary has done what it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Did {
    /// Envelopes taken and not handed on.
    pub swallowed: u64,
    /// Envelopes handed on late.
    pub delayed: u64,
    /// Datagrams sent again.
    pub replayed: u64,
    /// Datagrams of rubbish.
    pub spammed: u64,
    /// Envelopes damaged.
    pub corrupted: u64,
    /// False frames and false trace entries.
    pub lies: u64,
}

/// What an adversary makes of a datagram.
#[derive(Clone, Debug, Default)]
pub struct Doing {
    /// What its own core is to see; nothing when empty.
    pub inward: Vec<u8>,
    /// What goes out, when, over which of its links.
    pub outward: Vec<(Span, u32, Vec<u8>)>,
}

/// Where an adversary is when it acts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    /// The run's.
    pub(crate) seed: u64,
    /// Its number.
    pub(crate) node: u32,
    /// The moment.
    pub(crate) now: Time,
    /// Its own handle.
    pub(crate) me: Handle,
    /// Its links that are up.
    pub(crate) links: &'a [u32],
    /// The longest datagram its links carry in one packet.
    pub(crate) longest: usize,
}

/// The draws of one adversary, for one of its links: each is another one.
struct Draws<'a> {
    seed: u64,
    node: u32,
    link: u32,
    next: &'a mut u64,
}

impl Draws<'_> {
    fn bits(&mut self) -> u64 {
        *self.next += 1;
        draw(
            self.seed,
            self.node,
            self.link,
            *self.next,
            Purpose::Adversary,
        )
    }

    /// A number below `bound`; 0 when that is 0.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    fn happens(&mut self, chance: Chance) -> bool {
        happens(self.bits(), chance)
    }

    fn one_of<'s, T>(&mut self, all: &'s [T]) -> Option<&'s T> {
        all.get(self.below(all.len()))
    }

    fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let bits = self.bits().to_le_bytes();
            chunk.copy_from_slice(bits.get(..chunk.len()).unwrap_or_default());
        }
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}

impl Adversary {
    /// A node turns into an adversary of this kind.
    #[must_use]
    pub fn new(kind: AdversaryKind, now: Time) -> Self {
        Self {
            kind,
            did: Did::default(),
            // A node that turns twice draws other draws each time.
            draws: now.0,
            seen: Seen::default(),
            replay: replay::Memory::default(),
            held: delay::Held::default(),
            spam: spam::Pace::default(),
        }
    }

    /// What it makes of a datagram that arrives on one of its links.
    pub(crate) fn incoming(&mut self, scene: Scene<'_>, link: u32, bytes: &[u8]) -> Doing {
        let mut doing = Doing::default();
        match self.kind {
            AdversaryKind::BlackHole => self.swallow(scene, link, bytes, &mut doing),
            AdversaryKind::Lie => self.lie_inward(scene, link, bytes, &mut doing),
            AdversaryKind::Replay(chance) => {
                doing.inward = bytes.to_vec();
                self.remember(scene, link, chance, bytes, &mut doing);
            }
            AdversaryKind::Spam(_) => {
                self.seen.look(link, bytes);
                doing.inward = bytes.to_vec();
            }
            AdversaryKind::Delay(_) | AdversaryKind::Corrupt(_) => doing.inward = bytes.to_vec(),
        }
        doing
    }

    /// What it makes of a datagram that its core sends over one of its links.
    pub(crate) fn outgoing(&mut self, scene: Scene<'_>, link: u32, bytes: &[u8]) -> Doing {
        let mut doing = Doing::default();
        let now = Span::ZERO;
        match self.kind {
            AdversaryKind::BlackHole | AdversaryKind::Spam(_) => {
                doing.outward.push((now, link, bytes.to_vec()));
            }
            AdversaryKind::Delay(span) => self.hold(scene, link, span, bytes, &mut doing),
            AdversaryKind::Replay(chance) => {
                doing.outward.push((now, link, bytes.to_vec()));
                self.remember(scene, link, chance, bytes, &mut doing);
            }
            AdversaryKind::Corrupt(chance) => self.damage(scene, link, chance, bytes, &mut doing),
            AdversaryKind::Lie => self.lie_outward(scene, link, bytes, &mut doing),
        }
        doing
    }
}

/// The draws for one link, counted in `next`.
const fn draws<'a>(scene: Scene<'_>, link: u32, next: &'a mut u64) -> Draws<'a> {
    Draws {
        seed: scene.seed,
        node: scene.node,
        link,
        next,
    }
}

#[cfg(test)]
mod tests;

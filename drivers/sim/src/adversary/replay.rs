//! Sends again what it saw.

use std::collections::VecDeque;

use super::{Adversary, Doing, Scene, draws};
use crate::draw::Chance;
use crate::time::Span;

/// Datagrams remembered at most; the oldest goes.
pub(super) const REMEMBERED: usize = 32;

/// Longer ones are not remembered: they would go as streams.
pub(super) const LONGEST: usize = 2_048;

/// The last datagrams it saw, in and out.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(pub(super) VecDeque<Vec<u8>>);

impl Adversary {
    /// Remembers a datagram; with a chance one of those remembered goes once more, over any link.
    pub(super) fn remember(
        &mut self,
        scene: Scene<'_>,
        link: u32,
        chance: Chance,
        bytes: &[u8],
        doing: &mut Doing,
    ) {
        let memory = &mut self.replay.0;
        if bytes.len() <= LONGEST {
            if memory.len() >= REMEMBERED {
                memory.pop_front();
            }
            memory.push_back(bytes.to_vec());
        }
        let mut draws = draws(scene, link, &mut self.draws);
        if !draws.happens(chance) {
            return;
        }
        let again = memory.get(draws.below(memory.len())).cloned();
        if let (Some(again), Some(link)) = (again, draws.one_of(scene.links)) {
            doing.outward.push((Span::ZERO, *link, again));
            self.did.replayed += 1;
        }
    }
}

//! What passes through an adversary's hands on its way in and out.

use super::item::Flight;
use super::member::EndState;
use super::{By, Item, What, World};
use crate::adversary::{Adversary, Doing, Scene};
use crate::engine::Queue;
use crate::engine::payload::Handle as Payload;
use crate::suite::SimSuite;
use crate::time::Span;

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Lets the adversary of a node act, if the node is one.
    fn act_adverse<T>(
        &mut self,
        node: u32,
        act: impl FnOnce(&mut Adversary, Scene<'_>) -> T,
    ) -> Option<T> {
        let (seed, now) = (self.seed, self.now);
        let longest = self.bundle() as usize;
        let member = self.members.get_mut(node as usize)?;
        let up = member.ends.iter().filter(|end| end.state == EndState::Up);
        let links: Vec<u32> = up.map(|end| end.link).collect();
        let scene = Scene {
            seed,
            node,
            now,
            me: member.public.handle(),
            links: &links,
            longest,
        };
        let adversary = member.adversary.as_mut()?;
        Some(act(adversary, scene))
    }

    /// The core of an adversary sends. `false`: the access link is full, and the bytes wait for it.
    pub(super) fn send_adverse(&mut self, node: u32, link: u32, bytes: &[u8]) -> bool {
        let doing = self.act_adverse(node, |it, scene| it.outgoing(scene, link, bytes));
        doing.is_none_or(|doing| self.outward(node, Some(link), doing))
    }

    /// A datagram arrives at an adversary.
    pub(super) fn arrive_adverse(&mut self, node: u32, from: u32, flight: Flight) {
        let mut bytes = Vec::new();
        self.payloads.take(flight.payload, &mut bytes);
        let link = flight.link;
        let Some(mut doing) = self.act_adverse(node, |it, scene| it.incoming(scene, link, &bytes))
        else {
            return;
        };
        let inward = std::mem::take(&mut doing.inward);
        self.outward(node, None, doing);
        if !inward.is_empty() {
            let payload = self.payloads.put(&inward);
            self.open(node, from, Flight { payload, ..flight });
        }
    }

    /// A spammer's moment.
    pub(super) fn spam(&mut self, node: u32) {
        let Some(Some((doing, next))) = self.act_adverse(node, Adversary::spam) else {
            return;
        };
        let now = self.now;
        let runs = self.members.get(node as usize).is_some_and(|m| m.runs(now));
        if runs {
            self.outward(node, None, doing);
        }
        self.due(By::Node(node), now.plus(next), node, What::Spam);
    }

    /// Sends what an adversary wants sent. What its core did not ask for never waits for room, so
    /// that it takes no place from what did: over `core`. `false`: that has to wait.
    fn outward(&mut self, node: u32, core: Option<u32>, doing: Doing) -> bool {
        let mut free = true;
        for (wait, link, bytes) in doing.outward {
            if wait > Span::ZERO {
                let payload = self.payloads.put(&bytes);
                let at = self.now.plus(wait);
                self.due(By::Node(node), at, node, What::Later { link, payload });
            } else if core == Some(link) && free {
                free = self.send(node, link, &bytes);
            } else {
                self.send_if_room(node, link, &bytes);
            }
        }
        free
    }

    fn send_if_room(&mut self, node: u32, link: u32, bytes: &[u8]) {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let wire = len.saturating_add(self.overhead());
        let up = self
            .members
            .get(node as usize)
            .and_then(|member| member.end(link))
            .is_some_and(|end| end.state == EndState::Up);
        if up && self.room_at(node, wire) <= self.now {
            self.send(node, link, bytes);
        }
    }

    /// What an adversary held back goes.
    pub(super) fn later(&mut self, node: u32, link: u32, payload: Payload) {
        let mut bytes = Vec::new();
        self.payloads.take(payload, &mut bytes);
        let now = self.now;
        if self.members.get(node as usize).is_some_and(|m| m.runs(now)) {
            self.send_if_room(node, link, &bytes);
        }
    }
}

#[cfg(test)]
#[path = "adverse_test.rs"]
mod tests;

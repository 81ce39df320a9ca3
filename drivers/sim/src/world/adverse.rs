//! What passes through an adversary's hands on its way in and out.

use super::item::Flight;
use super::member::EndState;
use super::{By, Item, What, World};
use crate::adversary::Doing;
use crate::engine::Queue;
use crate::suite::SimSuite;
use crate::time::Span;

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// The core of an adversary sends.
    pub(super) fn send_adverse(&mut self, node: u32, link: u32, bytes: &[u8]) {
        let seed = self.seed;
        let doing = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.adversary.as_mut())
            .map(|adversary| adversary.outgoing(seed, node, link, bytes));
        if let Some(doing) = doing {
            self.outward(node, doing);
        }
    }

    /// A datagram arrives at an adversary.
    pub(super) fn arrive_adverse(&mut self, node: u32, from: u32, flight: Flight) {
        let mut bytes = Vec::new();
        self.payloads.take(flight.payload, &mut bytes);
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let me = member.public.handle();
        let doing = member
            .adversary
            .as_mut()
            .map(|adversary| adversary.incoming(me, flight.link, &bytes));
        if let Some(mut doing) = doing {
            let inward = std::mem::take(&mut doing.inward);
            self.outward(node, doing);
            if !inward.is_empty() {
                let payload = self.payloads.put(&inward);
                self.open(node, from, Flight { payload, ..flight });
            }
        }
    }

    /// A spammer's moment.
    pub(super) fn spam(&mut self, node: u32) {
        let (seed, now) = (self.seed, self.now);
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let up = member.ends.iter().filter(|end| end.state == EndState::Up);
        let links: Vec<u32> = up.map(|end| end.link).collect();
        let runs = member.runs(now);
        let Some((doing, next)) = member
            .adversary
            .as_mut()
            .and_then(|adversary| adversary.spam(seed, node, now, &links))
        else {
            return;
        };
        if runs {
            self.outward(node, doing);
        }
        self.due(By::Node(node), now.plus(next), node, What::Spam);
    }

    fn outward(&mut self, node: u32, doing: Doing) {
        for (wait, link, bytes) in doing.outward {
            if wait == Span::ZERO {
                self.send(node, link, &bytes);
            } else {
                let payload = self.payloads.put(&bytes);
                let at = self.now.plus(wait);
                self.due(By::Node(node), at, node, What::Later { link, payload });
            }
        }
    }

    /// What an adversary held back goes.
    pub(super) fn later(&mut self, node: u32, link: u32, payload: crate::engine::payload::Handle) {
        let mut bytes = Vec::new();
        self.payloads.take(payload, &mut bytes);
        let up = self
            .members
            .get(node as usize)
            .and_then(|member| member.end(link))
            .is_some_and(|end| end.state == EndState::Up);
        if up {
            self.send(node, link, &bytes);
        }
    }
}

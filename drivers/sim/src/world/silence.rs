//! How an end notices that it hears nothing any more. That a link still carries is not simulated packet
//! by packet: an end looks whether it can still hear the other one when something has happened that
//! could have cut it off.

use super::member::EndState;
use super::{By, Item, What, World};
use crate::draw::{Purpose, draw};
use crate::engine::Queue;
use crate::suite::SimSuite;
use crate::time::{Span, Time};

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// An end that may have fallen silent: down, unless the other one is there and heard.
    pub(super) fn listen(&mut self, node: u32, link: u32) {
        let now = self.now;
        let Some(member) = self.members.get(node as usize) else {
            return;
        };
        let Some(end) = member.end(link).filter(|end| end.state == EndState::Up) else {
            return;
        };
        if !member.runs(now) {
            return;
        }
        let peer = end.peer;
        let there = end.theirs.is_some_and(|theirs| {
            self.members
                .get(peer as usize)
                .is_some_and(|other| other.runs(now) && other.end(theirs).is_some())
        });
        if !there || !self.air.passes(peer, node) {
            self.down(node, link);
        }
    }

    /// This end will hear nothing more: it looks after the idle timeout, less the time since the
    /// last keep-alive.
    pub(super) fn falls_silent(&mut self, node: u32, link: u32) {
        let (patience, every) = self.costs.patience();
        let bits = draw(self.seed, node, link, self.now.0, Purpose::Backoff);
        let since_heard = bits % every.0.max(1);
        let at = self.now.plus(Span(patience.0 - since_heard));
        self.due(By::Node(node), at, node, What::Listen { link });
    }

    /// All links of this node may have fallen silent at their other ends.
    pub(super) fn silent_to_peers(&mut self, node: u32) {
        let others: Vec<(u32, u32)> = self
            .members
            .get(node as usize)
            .map(|member| {
                let known = member.ends.iter();
                known
                    .filter_map(|end| Some((end.peer, end.theirs?)))
                    .collect()
            })
            .unwrap_or_default();
        for (peer, theirs) in others {
            self.falls_silent(peer, theirs);
        }
    }

    /// Every end that can no longer hear its peer will notice.
    pub(super) fn look_for_silence(&mut self) {
        self.look_for_silence_of(0..self.nodes());
    }

    /// Those of these nodes that can no longer hear a peer will notice.
    pub(super) fn look_for_silence_of(&mut self, nodes: impl IntoIterator<Item = u32>) {
        let mut deaf = Vec::new();
        for node in nodes {
            let Some(member) = self.members.get(node as usize) else {
                continue;
            };
            for end in member.ends.iter().filter(|end| end.state == EndState::Up) {
                if !self.air.passes(end.peer, node) {
                    deaf.push((node, end.link));
                }
            }
        }
        for (node, link) in deaf {
            self.falls_silent(node, link);
        }
    }

    /// A node that stood still for longer than its links live has lost them.
    pub(super) fn resume(&mut self, node: u32) {
        let now = self.now;
        let (idle, _) = self.costs.patience();
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        if member.still_until > now || member.core.is_none() {
            return;
        }
        let stood = now.since(member.stood_since);
        member.still_until = Time::ZERO;
        member.wake_at = Time::NEVER;
        if stood >= idle {
            let links: Vec<u32> = member.ends.iter().map(|end| end.link).collect();
            for link in links {
                self.down(node, link);
            }
        }
        self.set_wake(node);
        self.sleep_cycle(node);
    }
}

//! Who dials whom: the peers a node keeps a link to, again and again, and nodes that meet and part.

use super::{By, Item, What, World};
use crate::draw::{Purpose, draw};
use crate::engine::Queue;
use crate::suite::SimSuite;
use crate::time::Span;

/// The wait before the first redial; it doubles.
const REDIAL_FIRST: Span = Span::from_millis(200);
/// The longest wait between redials.
const REDIAL_MAX: Span = Span::from_secs(30);

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// A dial of a kept peer worked: the next one after a loss is at once.
    pub(super) fn reached(&mut self, node: u32, peer: u32) {
        if let Some(keep) = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.keep.iter_mut().find(|keep| keep.peer == peer))
        {
            keep.failures = 0;
        }
    }

    /// Without a link to a kept peer a redial is due: at once after a loss, later and later after
    /// failures.
    pub(super) fn keep_up(&mut self, node: u32, peer: u32, failed: bool) {
        let now = self.now;
        let seed = self.seed;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        if member.core.is_none() || member.has_link_to(peer) {
            return;
        }
        let Some(at) = member.keep.iter().position(|keep| keep.peer == peer) else {
            return;
        };
        let Some(keep) = member.keep.get_mut(at).filter(|keep| !keep.waiting) else {
            return;
        };
        keep.failures = keep.failures.saturating_add(u8::from(failed));
        keep.waiting = true;
        let wait = match keep.failures {
            0 => Span::ZERO,
            failures => {
                let due = (REDIAL_FIRST.0 << (failures - 1).min(20)).min(REDIAL_MAX.0);
                let bits = draw(seed, node, peer, u64::from(failures), Purpose::Backoff);
                Span(due - bits % (due / 4))
            }
        };
        let peer = u32::try_from(at).unwrap_or(u32::MAX);
        self.due(By::Node(node), now.plus(wait), node, What::Redial { peer });
    }

    /// Dials the kept peer in this place, if there is no link to it by now.
    pub(super) fn redial(&mut self, node: u32, place: u32) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let Some(keep) = member.keep.get_mut(place as usize) else {
            return;
        };
        let peer = keep.peer;
        if member.still_until > now {
            let at = member.still_until;
            return self.due(By::Node(node), at, node, What::Redial { peer: place });
        }
        keep.waiting = false;
        if member.core.is_some() && !member.has_link_to(peer) {
            self.dial(node, peer, false);
        }
    }

    /// Everybody this node keeps a link to is dialled, spread over `within`.
    pub(super) fn dial_all(&mut self, node: u32, within: Span) {
        let now = self.now;
        let places = self
            .members
            .get(node as usize)
            .map_or(0, |member| member.keep.len());
        for place in 0..u32::try_from(places).unwrap_or(u32::MAX) {
            let bits = draw(self.seed, node, place, now.0, Purpose::Backoff);
            let wait = Span(if within.0 == 0 { 0 } else { bits % within.0 });
            if let Some(keep) = self
                .members
                .get_mut(node as usize)
                .and_then(|member| member.keep.get_mut(place as usize))
            {
                keep.waiting = true;
                keep.failures = 0;
            }
            let what = What::Redial { peer: place };
            self.due(By::Node(node), now.plus(wait), node, what);
        }
    }

    /// Two nodes that meet get a link; they have none.
    pub(super) fn meet(&mut self, a: u32, b: u32) {
        let swap = self.behind(b) && !self.behind(a);
        let (a, b) = if swap { (b, a) } else { (a, b) };
        let ready = self
            .members
            .get(a as usize)
            .is_some_and(|member| member.runs(self.now) && !member.has_link_to(b));
        if ready {
            self.dial(a, b, false);
        }
    }

    /// Two nodes part: their links are gone, and both notice at once.
    pub(super) fn part(&mut self, a: u32, b: u32) {
        for (node, peer) in [(a, b), (b, a)] {
            let links: Vec<u32> = self
                .members
                .get(node as usize)
                .map(|member| {
                    let ends = member.ends.iter().filter(|end| end.peer == peer);
                    ends.map(|end| end.link).collect()
                })
                .unwrap_or_default();
            for link in links {
                self.down(node, link);
            }
        }
    }
}

//! Addresses, and the NATs between them.
//!
//! A node's outer address is its number. One behind a NAT has an inner address besides, which nobody
//! outside can send to. Each packet of a handshake passes the sender's gate when it is sent and the
//! receiver's when it arrives; its two endpoints stand at the sender's end of the link. Where links
//! are kept alive, which is more often than any NAT forgets, a link that is up keeps its mapping:
//! its packets pass, and its mappings are renewed when something else asks the gate.

use tom_core::identity::PublicKey;
use tom_core::wire::{Candidate, CandidateList, Candidates};

use super::drive::Follow;
use super::member::{EndState, Keep};
use super::{Item, World};
use crate::engine::Queue;
use crate::net::Why;
use crate::net::nat::{self, Endpoint, Gate};
use crate::scenario::model::{Nat, Transport};
use crate::suite::SimSuite;
use crate::time::Span;

/// The port of every simulated node.
const PORT: u16 = 4433;

/// The bit that inner addresses have. The next one is [`Gate::new`]'s, for what stands between two
/// NATs.
const INSIDE: u32 = 1 << 30;

/// How long after one address the next one is tried: `dial_stagger` of `tom-quinn`'s defaults.
const STAGGER: Span = Span::from_millis(250);

/// Where a node is as seen from outside, if nothing between changes the port.
pub(super) const fn outer(node: u32) -> Endpoint {
    Endpoint {
        ip: node,
        port: PORT,
    }
}

/// Where a node behind a NAT sees itself.
const fn inner(node: u32) -> Endpoint {
    Endpoint {
        ip: node | INSIDE,
        port: PORT,
    }
}

/// An endpoint as a made-up address.
fn address(at: Endpoint) -> Candidate {
    let [a, b, c, d] = at.ip.to_be_bytes();
    Candidate::V6 {
        address: [0xfd, b't', b'o', b'm', 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d],
        port: at.port,
    }
}

/// The endpoint at an address; none for one that is nobody's.
fn endpoint(candidate: Candidate) -> Option<Endpoint> {
    match candidate {
        Candidate::V6 {
            address: [0xfd, b't', b'o', b'm', 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d],
            port,
        } => {
            let ip = u32::from_be_bytes([a, b, c, d]);
            Some(Endpoint { ip, port })
        }
        Candidate::V6 { .. } | Candidate::V4 { .. } => None,
    }
}

/// A candidate list of this one endpoint.
pub(super) fn address_list(at: Endpoint, out: &mut [u8; 24]) -> usize {
    let mut list = CandidateList::new();
    let _room = list.push(address(at));
    list.emit(out).unwrap_or(0)
}

/// What stands between a node and the network; none where nothing does.
pub(super) fn gate(kind: Nat, transport: Transport, node: u32) -> Option<Box<Gate>> {
    let spoken = matches!(transport, Transport::Quic | Transport::Noise);
    let gate = || Box::new(Gate::new(kind, node, nat::TIMEOUT, false));
    (spoken && kind != Nat::None).then(gate)
}

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Whether a node is behind a NAT.
    pub(super) fn behind(&self, node: u32) -> bool {
        let member = self.members.get(node as usize);
        member.is_some_and(|member| member.nat.is_some())
    }

    /// Where a node sees itself.
    pub(super) fn own_endpoint(&self, node: u32) -> Endpoint {
        if self.behind(node) {
            inner(node)
        } else {
            outer(node)
        }
    }

    /// The links of the shape: each is kept by its dialler, or by the one behind a NAT, since nobody
    /// can dial that. Between two such both dial, and have a link if that gets through.
    pub(super) fn keep_links(&mut self) {
        for (dialler, peer) in self.schedule.links.clone() {
            let there = |node: u32| self.members.get(node as usize).is_some_and(|m| !m.absent);
            if !there(dialler) || !there(peer) {
                continue;
            }
            let swaps = self.behind(peer);
            let stays = !swaps || self.behind(dialler);
            for (one, other, keeps) in [(dialler, peer, stays), (peer, dialler, swaps)] {
                if let (Some(member), true) = (self.members.get_mut(one as usize), keeps) {
                    member.keep.push(Keep {
                        peer: other,
                        failures: 0,
                        waiting: false,
                    });
                }
            }
        }
    }

    /// The core wants a link to somebody it was told addresses of: all of them, one after the other.
    pub(super) fn dial_candidates(&mut self, node: u32, peer: PublicKey, candidates: &[u8]) {
        let target = self.phone_book.by_key(&peer).filter(|it| *it != node);
        let mut goals: Vec<Endpoint> = Vec::new();
        let list = Candidates::parse(candidates).ok().into_iter().flatten();
        for goal in list.filter_map(endpoint) {
            // Who answers there has to prove the key; the wrong one cannot.
            if Some(goal.ip & !INSIDE) == target && !goals.contains(&goal) {
                goals.push(goal);
            }
        }
        let Some(target) = target.filter(|_| !goals.is_empty()) else {
            return self.follow.push(Follow::DialFailed(peer));
        };
        let mut after = Span::ZERO;
        for goal in goals {
            self.dial_at(node, target, goal, true, after);
            after = Span(after.0 + STAGGER.0);
        }
    }

    /// A packet leaves over this end of a link: what the other side will see it come from is put
    /// down there. `false`: it does not get out.
    pub(super) fn lets_out(&mut self, node: u32, link: u32) -> bool {
        let now = self.now;
        self.hold_open(node);
        let Some(member) = self.members.get_mut(node as usize) else {
            return false;
        };
        let Some(goal) = member.end(link).map(|end| end.goal) else {
            return false;
        };
        let seen = match &mut member.nat {
            Some(gate) => gate.outbound(now, inner(node), goal),
            None => Some(outer(node)),
        };
        if let (Some(end), Some(seen)) = (member.end_mut(link), seen) {
            end.seen_as = seen;
        }
        if seen.is_none() {
            self.air.count(Why::Nat);
        }
        seen.is_some()
    }

    /// A packet arrives from the sender's end `link`: whether it is let in.
    pub(super) fn lets_in(&mut self, from: u32, link: u32, node: u32) -> bool {
        let now = self.now;
        self.hold_open(node);
        let end = self.members.get(from as usize).and_then(|it| it.end(link));
        let ends = end.map(|end| (end.seen_as, end.goal));
        let gate = self
            .members
            .get(node as usize)
            .and_then(|it| it.nat.as_ref());
        let lets = match (ends, gate) {
            (Some((seen, goal)), Some(gate)) => {
                goal.ip == node && gate.inbound(now, seen, goal).is_some()
            }
            (Some((_, goal)), None) => goal.ip == node,
            // Its sender has given up: where nothing asks, it still arrives.
            (None, gate) => gate.is_none(),
        };
        if !lets {
            self.air.count(Why::Nat);
        }
        lets
    }

    /// What the sender of a packet that is let in looks like from here.
    pub(super) fn seen_from(&self, from: u32, link: u32) -> Endpoint {
        let end = self.members.get(from as usize).and_then(|it| it.end(link));
        end.filter(|_| self.natted)
            .map_or(outer(from), |end| end.seen_as)
    }

    /// Whether a packet of a link that is up has to pass gates of its own: nothing keeps the link's
    /// mappings.
    pub(super) fn gated(&self) -> bool {
        self.natted && self.costs.transport == Transport::Noise
    }

    /// The links of a node that are kept alive have kept their mappings.
    fn hold_open(&mut self, node: u32) {
        let now = self.now;
        if self.gated() {
            return;
        }
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let Some(gate) = &mut member.nat else {
            return;
        };
        for end in member.ends.iter().filter(|end| end.state == EndState::Up) {
            gate.outbound(now, inner(node), end.goal);
        }
    }
}

#[cfg(test)]
#[path = "nat_test.rs"]
mod tests;

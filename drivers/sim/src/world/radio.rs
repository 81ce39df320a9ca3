//! Links over a shared radio channel: one packet at a time, each heard or not.
//!
//! A scenario does not say who hears whom. Nodes are in cells of [`CELL`], by their numbers: 0 to 15
//! are the first. A link between two cells makes a bridge of either end: it sends in the cell of
//! whoever it sends to, and has a place there too.
//!
//! A link carries frames of 1,205 bytes (LNK-2) and a packet at most 255, so longer datagrams are cut
//! into packets that are all needed. It stands in for the fragmentation of a radio driver, which is
//! not written yet: nothing is sent twice here; the core tries again.

use std::collections::VecDeque;

use super::flight::micros;
use super::item::Flight;
use super::member::EndState;
use super::{By, Item, What, World};
use crate::check::Situation;
use crate::engine::Queue;
use crate::engine::payload::Handle as Payload;
use crate::net::Why;
use crate::net::disorder::Damage;
use crate::net::radio::{Air, AirSlot, Ground};
use crate::scenario::model::{Radio, Transport};
use crate::suite::SimSuite;
use crate::time::Time;

/// Nodes per cell.
pub(super) const CELL: u32 = 16;

/// Bytes of each packet that say whom it is for, which datagram it is of and which part: a guess.
pub(super) const PART_HEAD: u32 = 8;

/// The largest frame a link carries, in bytes. Spec LNK-2.
pub(super) const LARGEST_FRAME: u32 = 1_205;

/// Datagrams that wait for a node's radio at most, the one being sent included.
const WAITING: usize = 4;

/// The radio of nodes whose profile has none: EU868, spreading factor 9.
const USUAL: Radio = Radio {
    sf: 9,
    bandwidth: 125_000,
    coding: 5,
    duty: crate::draw::Chance(42_949_672),
};

/// All radios of a run.
#[derive(Clone, Debug)]
pub(super) struct Waves {
    air: Air,
    senders: Vec<Sender>,
}

/// One node's radio.
#[derive(Clone, Debug, Default)]
struct Sender {
    queue: VecDeque<Going>,
    /// Its next moment is due already.
    busy: bool,
    on_air: Option<AirSlot>,
    /// Counts its attempts to send: what they draw hangs on it.
    attempts: u64,
}

/// A datagram that is being sent.
#[derive(Clone, Copy, Debug)]
struct Going {
    link: u32,
    payload: Payload,
    /// Bytes that are still to be sent.
    left: u32,
    /// All packets so far were heard.
    whole: bool,
    /// Why the first packet that was not heard was not.
    missed: Option<Why>,
    /// Since when it has waited.
    since: Time,
}

impl Waves {
    /// The radios of so many nodes, if that is what carries links.
    pub(super) fn new(transport: Transport, seed: u64, nodes: u32) -> Option<Box<Self>> {
        let made = || {
            Box::new(Self {
                air: Air::new(Ground::default(), seed),
                senders: vec![Sender::default(); nodes as usize],
            })
        };
        (transport == Transport::Radio).then(made)
    }

    fn hears(&self, one: u32, other: u32) -> bool {
        self.air.hears(other / CELL, one, other) && self.air.hears(one / CELL, one, other)
    }

    fn sender(&mut self, node: u32) -> Option<&mut Sender> {
        self.senders.get_mut(node as usize)
    }
}

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Whether two nodes are in range of each other; links without radios always are.
    pub(super) fn in_range(&self, one: u32, other: u32) -> bool {
        self.waves
            .as_ref()
            .is_none_or(|waves| waves.hears(one, other))
    }

    /// When there is room for one more datagram: now, or nobody knows.
    pub(super) fn radio_room_at(&self, node: u32) -> Option<Time> {
        let waves = self.waves.as_ref()?;
        let waiting = waves
            .senders
            .get(node as usize)
            .map_or(0, |it| it.queue.len());
        Some(if waiting < WAITING {
            self.now
        } else {
            Time::NEVER
        })
    }

    /// A datagram waits for its node's radio.
    pub(super) fn fly_by_radio(&mut self, node: u32, link: u32, payload: Payload, len: u32) {
        let now = self.now;
        let sender = self.waves.as_mut().and_then(|waves| waves.sender(node));
        let Some(sender) = sender else {
            return self.payloads.free(payload);
        };
        sender.queue.push_back(Going {
            link,
            payload,
            left: len,
            whole: true,
            missed: None,
            since: now,
        });
        if !std::mem::replace(&mut sender.busy, true) {
            self.due(By::Node(node), now, node, What::Radio);
        }
    }

    /// A radio's moment: what it was sending is over, and the next packet goes when it may.
    pub(super) fn radio(&mut self, node: u32) {
        let sender = self.waves.as_mut().and_then(|waves| waves.sender(node));
        if let Some(slot) = sender.and_then(|sender| sender.on_air.take()) {
            self.part_over(node, &slot);
        }
        while let Some(next) = self.next_part(node) {
            if next < Time::NEVER {
                return self.due(By::Node(node), next, node, What::Radio);
            }
        }
    }

    /// Sends the next packet: the radio's next moment. [`Time::NEVER`]: what was first is given up;
    /// `None`: nothing waits.
    fn next_part(&mut self, node: u32) -> Option<Time> {
        let now = self.now;
        let most = self.bundle();
        let profile = self.profile(node).and_then(|profile| profile.radio);
        let radio = profile.unwrap_or(USUAL);
        let sender = self.waves.as_mut()?.sender(node)?;
        let Some(going) = sender.queue.front().copied() else {
            sender.busy = false;
            return None;
        };
        let member = self.members.get_mut(node as usize)?;
        let end = member
            .end(going.link)
            .filter(|end| end.state == EndState::Up);
        let Some(peer) = end.map(|end| end.peer).filter(|_| member.core.is_some()) else {
            self.give_up(node);
            return Some(Time::NEVER);
        };
        if member.still_until > now {
            return Some(member.still_until);
        }
        sender.attempts += 1;
        let (attempt, bytes) = (sender.attempts, going.left.min(most) + PART_HEAD);
        let air = &mut self.waves.as_mut()?.air;
        match air.transmit(&radio, peer / CELL, node, attempt, now, bytes) {
            Ok(slot) => {
                member.bytes_sent += u64::from(bytes);
                self.waves.as_mut()?.sender(node)?.on_air = Some(slot);
                Some(slot.until)
            }
            Err(deferred) => {
                if deferred.spent {
                    self.checks.tally.saw(Situation::DutyLimit, now);
                }
                if deferred.until == Time::NEVER {
                    self.air.count(Why::Queue);
                    self.give_up(node);
                }
                Some(deferred.until)
            }
        }
    }

    /// A packet has been sent: whoever it was for has it, or not. With the last one it has the whole
    /// datagram, or nothing.
    fn part_over(&mut self, node: u32, slot: &AirSlot) {
        let now = self.now;
        let most = self.bundle();
        let end = self.members.get(node as usize).and_then(|member| {
            let sender = self.waves.as_ref()?.senders.get(node as usize)?;
            let end = member.end(sender.queue.front()?.link)?;
            Some((end.peer, end.theirs?))
        });
        let missed = end.and_then(|(peer, _)| self.missed(node, peer, slot));
        let sender = self.waves.as_mut().and_then(|waves| waves.sender(node));
        let Some(going) = sender.and_then(|sender| sender.queue.front_mut()) else {
            return;
        };
        going.whole &= end.is_some() && missed.is_none();
        going.missed = going.missed.or(missed);
        going.left = going.left.saturating_sub(most);
        let going = *going;
        if going.left > 0 {
            return;
        }
        if let Some((peer, _)) = end {
            self.note_loss(node, peer, going.missed, Some(going.payload));
        }
        let Some((peer, theirs)) = end.filter(|_| going.whole) else {
            return self.give_up(node);
        };
        if let Some(sender) = self.waves.as_mut().and_then(|waves| waves.sender(node)) {
            sender.queue.pop_front();
        }
        let at = now.plus(self.air.one_way(node, peer));
        let flight = Flight {
            link: theirs,
            payload: going.payload,
            damage: Damage::None,
            landed: true,
            under_way: micros(at.since(going.since)),
        };
        self.due(By::Node(node), at, peer, What::Datagram(flight));
        self.room_for_stuck(node);
    }

    /// Why a packet was not heard, if it was not.
    fn missed(&mut self, node: u32, peer: u32, slot: &AirSlot) -> Option<Why> {
        let now = self.now;
        let runs = self
            .members
            .get(peer as usize)
            .is_some_and(|it| it.runs(now));
        let (received, collided) = self.waves.as_ref().map_or((false, false), |waves| {
            (
                waves.air.received(slot, peer),
                waves.air.collided(slot, peer),
            )
        });
        let why = match (self.air.passes(node, peer), runs, received) {
            (false, _, _) => Why::Cut,
            (true, false, _) => Why::Asleep,
            (true, true, false) => Why::Air,
            (true, true, true) => return None,
        };
        self.air.count(why);
        if why == Why::Air && collided {
            self.checks.tally.saw(Situation::RadioCollision, now);
        }
        Some(why)
    }

    /// The first datagram in the queue comes to nothing.
    fn give_up(&mut self, node: u32) {
        let sender = self.waves.as_mut().and_then(|waves| waves.sender(node));
        if let Some(going) = sender.and_then(|sender| sender.queue.pop_front()) {
            self.payloads.free(going.payload);
        }
        self.room_for_stuck(node);
    }

    /// One of the datagrams that found the queue full has a place now.
    fn room_for_stuck(&mut self, node: u32) {
        let stuck = self.members.get(node as usize).and_then(|member| {
            let mut ends = member.ends.iter();
            ends.find(|end| end.stuck.is_some()).map(|end| end.link)
        });
        if let Some(link) = stuck {
            self.due(By::Node(node), self.now, node, What::Writable { link });
        }
    }
}

#[cfg(test)]
#[path = "radio_test.rs"]
mod tests;

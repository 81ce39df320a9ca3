//! Bytes on their way from one end of a link to the other.

use tom_core::input::{Input, LinkEvent, LinkId};

use super::item::Flight;
use super::member::EndState;
use super::radio::{LARGEST_FRAME, PART_HEAD};
use super::{By, Item, What, World};
use crate::engine::Queue;
use crate::engine::payload::Handle as Payload;
use crate::net::Why;
use crate::net::cost;
use crate::net::disorder::Damage;
use crate::net::path::{Arrival, Flight as Flown};
use crate::scenario::model::Transport;
use crate::suite::SimSuite;
use crate::time::{Span, Time};
use crate::trace::{Fact, seen_in};

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Sends a datagram over a link that is up, through what the node's adversary makes of it.
    /// `false`: the access link is full, and the bytes wait for it.
    pub(super) fn send_as(&mut self, node: u32, link: u32, bytes: &[u8]) -> bool {
        let adverse = self
            .members
            .get(node as usize)
            .is_some_and(|member| member.adversary.is_some());
        if adverse {
            return self.send_adverse(node, link, bytes);
        }
        self.send(node, link, bytes)
    }

    /// Sends a datagram over a link that is up. `false`: the access link is full, and it waits.
    pub(crate) fn send(&mut self, node: u32, link: u32, bytes: &[u8]) -> bool {
        let now = self.now;
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let room_at = self.room_at(node, len.saturating_add(self.overhead()));
        if room_at > now {
            let payload = self.payloads.put(bytes);
            let end = self
                .members
                .get_mut(node as usize)
                .and_then(|member| member.end_mut(link));
            if let Some(older) = end.and_then(|end| end.stuck.replace(payload)) {
                self.payloads.free(older);
            }
            if room_at < Time::NEVER {
                self.due(By::Node(node), room_at, node, What::Writable { link });
            }
            return false;
        }
        let payload = self.payloads.put(bytes);
        self.fly(node, link, payload, len);
        true
    }

    /// When a node has room for a packet of so many bytes: now, later, or nobody knows yet.
    pub(super) fn room_at(&mut self, node: u32, wire: u32) -> Time {
        match self.radio_room_at(node) {
            Some(at) => at,
            None => self.air.room_at(node, self.now, wire),
        }
    }

    /// Lets a payload go over a link.
    fn fly(&mut self, node: u32, link: u32, payload: Payload, len: u32) {
        let Some((peer, theirs)) = self
            .members
            .get(node as usize)
            .and_then(|member| member.end(link))
            .and_then(|end| Some((end.peer, end.theirs?)))
        else {
            return self.payloads.free(payload);
        };
        if self.waves.is_some() {
            return self.fly_by_radio(node, link, payload, len);
        }
        if self.gated() && !self.lets_out(node, link) {
            self.note_loss(node, peer, Some(Why::Nat), Some(payload));
            return self.payloads.free(payload);
        }
        let cable = self.costs.transport == Transport::Cable;
        let flown = if len > self.bundle() && self.costs.transport == Transport::Quic {
            self.stream(node, peer, len)
        } else {
            self.cast(node, peer, len.saturating_add(self.overhead()))
        };
        self.note_loss(node, peer, flown.lost, Some(payload));
        let mut used = false;
        for Arrival { at, damage } in flown.arrivals.into_iter().flatten() {
            let damage = match damage {
                Damage::None => Damage::None,
                damage if cable => damage,
                // A link that authenticates drops it.
                _ => {
                    self.air.count(Why::Damaged);
                    self.note_loss(node, peer, Some(Why::Damaged), Some(payload));
                    continue;
                }
            };
            let payload = if used {
                self.payloads.share(payload)
            } else {
                payload
            };
            used = true;
            let flight = Flight {
                link: theirs,
                payload,
                damage,
                landed: false,
                under_way: micros(at.since(self.now)),
            };
            self.due(By::Node(node), at, peer, What::Datagram(flight));
        }
        if !used {
            self.payloads.free(payload);
        }
    }

    /// One packet through the network, with its own draws. Its bytes, all headers included, count
    /// whatever becomes of it.
    pub(super) fn launch(&mut self, from: u32, to: u32, wire: u32) -> Flown {
        let flown = self.cast(from, to, wire);
        self.note_loss(from, to, flown.lost, None);
        flown
    }

    fn cast(&mut self, from: u32, to: u32, wire: u32) -> Flown {
        let Some(member) = self.members.get_mut(from as usize) else {
            return Flown::default();
        };
        member.packets += 1;
        let sequence = member.packets;
        member.bytes_sent += u64::from(wire);
        self.air.fly(from, to, sequence, self.now, wire)
    }

    /// A frame too long for a datagram, on a QUIC stream: late rather than lost.
    fn stream(&mut self, from: u32, to: u32, len: u32) -> Flown {
        let mtu = self.air.mtu();
        let Some(member) = self.members.get_mut(from as usize) else {
            return Flown::default();
        };
        member.packets += 1;
        let sequence = member.packets;
        member.bytes_sent += cost::stream(len, mtu).1;
        self.air.fly_surely(from, to, sequence, self.now, len)
    }

    /// Keeps that a packet did not arrive, and what was in it where it was a datagram.
    pub(super) fn note_loss(
        &mut self,
        from: u32,
        to: u32,
        lost: Option<Why>,
        payload: Option<Payload>,
    ) {
        if let (Some(why), Some(trace)) = (lost, &mut self.trace) {
            let bytes = payload.map_or(&[][..], |payload| self.payloads.get(payload));
            let frames = seen_in(bytes);
            trace.put(self.now, from, Fact::Lost { to, why, frames });
        }
    }

    /// Bytes around each datagram.
    pub(super) fn overhead(&self) -> u32 {
        cost::overhead(self.costs.transport)
    }

    /// The largest bundle of frames worth sending at once, in bytes.
    pub(super) fn bundle(&self) -> u32 {
        let longest = cost::longest(self.costs.transport, self.air.mtu());
        match self.costs.transport {
            Transport::Radio => longest.saturating_sub(PART_HEAD).max(1),
            Transport::Quic | Transport::Noise | Transport::Cable => longest,
        }
    }

    /// The largest frame a link carries, in bytes.
    pub(super) fn longest(&self) -> u32 {
        match self.costs.transport {
            Transport::Quic | Transport::Cable => 65_538,
            Transport::Noise => self.bundle(),
            Transport::Radio => LARGEST_FRAME,
        }
    }

    /// A link that was full has room: what waited goes, then the core may go on.
    pub(super) fn writable(&mut self, node: u32, link: u32) {
        let now = self.now;
        let stuck = self
            .members
            .get(node as usize)
            .and_then(|member| member.end(link)?.stuck);
        let Some(stuck) = stuck else {
            return;
        };
        let len = u32::try_from(self.payloads.get(stuck).len()).unwrap_or(u32::MAX);
        let room_at = self.room_at(node, len.saturating_add(self.overhead()));
        if room_at == Time::NEVER {
            return;
        }
        if room_at > now {
            return self.due(By::Node(node), room_at, node, What::Writable { link });
        }
        if let Some(end) = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.end_mut(link))
        {
            end.stuck = None;
        }
        self.fly(node, link, stuck, len);
        let link = LinkId(link);
        self.feed(node, Input::Link(LinkEvent::Writable { link }));
    }

    /// Bytes arrive at an end of a link.
    pub(super) fn arrive(&mut self, from: u32, node: u32, mut flight: Flight) {
        let now = self.now;
        if !flight.landed {
            let len = self.payloads.get(flight.payload).len();
            let wire = u32::try_from(len)
                .unwrap_or(u32::MAX)
                .saturating_add(self.overhead());
            match self.air.land(node, now, wire) {
                Ok(at) if at > now => {
                    flight.landed = true;
                    flight.under_way = flight.under_way.saturating_add(micros(at.since(now)));
                    return self.due(By::Node(from), at, node, What::Datagram(flight));
                }
                Ok(_) => {}
                Err(_) => {
                    self.note_loss(from, node, Some(Why::Queue), Some(flight.payload));
                    return self.payloads.free(flight.payload);
                }
            }
        }
        let state = self
            .members
            .get(node as usize)
            .filter(|member| member.runs(now))
            .and_then(|member| member.end(flight.link))
            .map(|end| (end.state, end.dialed, end.theirs));
        let theirs = state.and_then(|(_, _, theirs)| theirs);
        if let Some(theirs) = theirs.filter(|_| self.gated())
            && !self.lets_in(from, theirs, node)
        {
            self.note_loss(from, node, Some(Why::Nat), Some(flight.payload));
            return self.payloads.free(flight.payload);
        }
        match state.map(|(state, dialed, _)| (state, dialed)) {
            Some((EndState::Up, _)) => {}
            // It has overtaken the last flight of the handshake, and says the same.
            Some((EndState::Opening, false)) => {
                if !self.up(node, flight.link) {
                    return self.payloads.free(flight.payload);
                }
            }
            Some((EndState::Opening, true)) | None => {
                self.air.count(Why::Asleep);
                self.note_loss(from, node, Some(Why::Asleep), Some(flight.payload));
                return self.payloads.free(flight.payload);
            }
        }
        if flight.damage != Damage::None {
            flight
                .damage
                .apply(self.payloads.change(&mut flight.payload));
        }
        let adverse = self
            .members
            .get(node as usize)
            .is_some_and(|member| member.adversary.is_some());
        if adverse {
            return self.arrive_adverse(node, from, flight);
        }
        self.open(node, from, flight);
    }

    /// Feeds a datagram to the core, in place; the payload is spent.
    pub(super) fn open(&mut self, node: u32, from: u32, flight: Flight) {
        let now = self.now;
        let Flight {
            link, mut payload, ..
        } = flight;
        if self.checked {
            let bytes = self.payloads.get(payload);
            self.checks.incoming::<C>(node, now, bytes);
            if let Some(trace) = &mut self.trace {
                trace.arrived(now, node, from, flight.under_way, bytes);
            }
        }
        let bytes = self.payloads.change(&mut payload);
        let recorder = &mut self.recorder;
        let verdict = self.members.get_mut(node as usize).and_then(|member| {
            let local = member.local(now);
            let core = member.core.as_mut()?;
            let link = LinkId(link);
            let input = Input::Datagram { link, bytes };
            if let Some(recorder) = recorder {
                recorder.input(node, local, &input);
            }
            Some(core.handle(local, input))
        });
        self.payloads.free(payload);
        if let Some(verdict) = verdict {
            self.events += 1;
            self.judge(node, &verdict);
            self.drain(node);
            self.set_wake(node);
        }
    }
}

/// Whole microseconds; the longest that fit when there are more.
pub(super) fn micros(span: Span) -> u32 {
    u32::try_from(span.0 / 1_000).unwrap_or(u32::MAX)
}

//! Bytes on their way from one end of a link to the other.

use tom_core::input::{Input, LinkEvent, LinkId};

use super::item::Flight;
use super::member::EndState;
use super::{By, Item, What, World};
use crate::engine::{Handle as Payload, Queue};
use crate::net::path::{Arrivals, Damage};
use crate::scenario::model::Transport;
use crate::suite::SimSuite;
use crate::time::Time;

/// How often QUIC sends a frame too long for a datagram again before the link is as good as dead.
const STREAM_TRIES: u32 = 8;

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Sends a datagram over a link that is up, through what the node's adversary makes of it.
    /// `false`: the access link is full, and the bytes wait for it.
    pub(super) fn send_as(&mut self, node: u32, link: u32, bytes: &[u8]) -> bool {
        let adverse = self
            .members
            .get(node as usize)
            .is_some_and(|member| member.adversary.is_some());
        if adverse {
            self.send_adverse(node, link, bytes);
            return true;
        }
        self.send(node, link, bytes)
    }

    /// Sends a datagram over a link that is up. `false`: the access link is full, and it waits.
    pub(crate) fn send(&mut self, node: u32, link: u32, bytes: &[u8]) -> bool {
        let now = self.now;
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if let Some(at) = self.air.room_at(node, now, len) {
            let payload = self.payloads.put(bytes);
            if let Some(end) = self
                .members
                .get_mut(node as usize)
                .and_then(|member| member.end_mut(link))
            {
                if let Some(older) = end.stuck.replace(payload) {
                    self.payloads.free(older);
                }
            }
            self.due(By::Node(node), at, node, What::Writable { link });
            return false;
        }
        let payload = self.payloads.put(bytes);
        self.fly(node, link, payload, len);
        true
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
        let reliable = self.scenario.topology.transport == Transport::Quic
            && len > self.air.mtu(Transport::Quic).0;
        let arrivals = if reliable {
            self.stream(node, peer, len)
        } else {
            self.launch(node, peer, len)
        };
        let cable = self.scenario.topology.transport == Transport::Cable;
        let mut used = false;
        for (at, damage) in arrivals.into_iter().flatten() {
            let damage = match damage {
                Damage::Bit(bit) if cable => bit,
                // What does not authenticate is dropped by the link, and counted there.
                Damage::Bit(_) => continue,
                Damage::None => Flight::WHOLE,
            };
            if used {
                self.payloads.share(payload);
            }
            used = true;
            let flight = Flight {
                link: theirs,
                payload,
                damage,
            };
            self.due(By::Node(node), at, peer, What::Datagram(flight));
        }
        if !used {
            self.payloads.free(payload);
        }
    }

    /// One packet through the network, with its own draws. Its bytes count whatever becomes of it.
    pub(super) fn launch(&mut self, from: u32, to: u32, bytes: u32) -> Arrivals {
        let Some(member) = self.members.get_mut(from as usize) else {
            return Arrivals::default();
        };
        member.packets += 1;
        let sequence = member.packets;
        let wire = bytes.saturating_add(self.air.overhead());
        member.bytes_sent += u64::from(wire);
        let flight = self.air.fly(from, to, sequence, self.now, wire);
        if let Some(why) = flight.lost {
            self.checks.lost(from, why);
        }
        flight.arrivals
    }

    /// A frame on a QUIC stream: lost packets are sent again until they arrive.
    fn stream(&mut self, from: u32, to: u32, bytes: u32) -> Arrivals {
        let started = self.now;
        let timeout = self.air.retransmit_after(from, to);
        let mut late = crate::time::Span::ZERO;
        for _ in 0..STREAM_TRIES {
            let mut arrivals = self.launch(from, to, bytes);
            let first = arrivals
                .iter()
                .flatten()
                .find(|(_, damage)| *damage == Damage::None)
                .map(|(at, _)| *at);
            if let Some(at) = first {
                arrivals = Arrivals::default();
                if let Some(slot) = arrivals.first_mut() {
                    *slot = Some((at.plus(late), Damage::None));
                }
                debug_assert!(at >= started, "nothing arrives before it leaves");
                return arrivals;
            }
            late = crate::time::Span(late.0 * 2 + timeout.0);
        }
        Arrivals::default()
    }

    /// A link that was full has room: what waited goes, then the core may go on.
    pub(super) fn writable(&mut self, node: u32, link: u32) {
        let now = self.now;
        let Some(end) = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.end_mut(link))
        else {
            return;
        };
        let Some(stuck) = end.stuck else {
            return;
        };
        let len = u32::try_from(self.payloads.get(stuck).len()).unwrap_or(u32::MAX);
        if let Some(at) = self.air.room_at(node, now, len) {
            return self.due(By::Node(node), at, node, What::Writable { link });
        }
        end.stuck = None;
        self.fly(node, link, stuck, len);
        let link = LinkId(link);
        self.feed(node, Input::Link(LinkEvent::Writable { link }));
    }

    /// Bytes arrive at an end of a link.
    pub(super) fn arrive(&mut self, from: u32, node: u32, flight: Flight) {
        let now = self.now;
        let state = self
            .members
            .get(node as usize)
            .filter(|member| member.runs(now))
            .and_then(|member| member.end(flight.link))
            .map(|end| (end.state, end.dialed));
        match state {
            Some((EndState::Up, _)) => {}
            // It has overtaken the last flight of the handshake, and says the same.
            Some((EndState::Opening, false)) => {
                if !self.up(node, flight.link) {
                    return self.payloads.free(flight.payload);
                }
            }
            Some((EndState::Opening, true)) | None => {
                self.checks.nobody_there(node);
                return self.payloads.free(flight.payload);
            }
        }
        if flight.damage != Flight::WHOLE {
            let bit = flight.damage;
            self.payloads.with_mut(flight.payload, |bytes| {
                let bits = bytes.len() * 8;
                if let Some(byte) = bytes.get_mut((bit as usize % bits.max(1)) / 8) {
                    *byte ^= 1 << (bit % 8);
                }
            });
        }
        self.hash
            .datagram(node, from, now, self.payloads.get(flight.payload));
        let adverse = self
            .members
            .get(node as usize)
            .is_some_and(|member| member.adversary.is_some());
        if adverse {
            return self.arrive_adverse(node, flight);
        }
        self.open(node, flight.link, flight.payload);
        self.payloads.free(flight.payload);
    }

    /// Feeds a datagram to the core, in place.
    pub(crate) fn open(&mut self, node: u32, link: u32, payload: Payload) {
        let now = self.now;
        self.checks.incoming(node, now, self.payloads.get(payload));
        if let Some(trace) = &mut self.trace {
            trace.arrived(node, now, link, self.payloads.get(payload));
        }
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let Some(core) = member.core.as_mut() else {
            return;
        };
        self.events += 1;
        let local = member.clock.local(now);
        let verdict = self.payloads.with_mut(payload, |bytes| {
            core.handle(
                local,
                Input::Datagram {
                    link: LinkId(link),
                    bytes,
                },
            )
        });
        self.checks.verdict(node, now, &verdict);
        self.drain(node);
        self.set_wake(node);
    }

    /// The moment everything sent so far has arrived, for tests.
    #[cfg(test)]
    pub(crate) fn last_due(&self) -> Time {
        self.queue.next_time().unwrap_or(self.now)
    }
}

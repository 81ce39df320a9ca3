//! Links: what they cost, and how their ends come up and go.
//!
//! A link is two ends, each with its node's own number. Keep-alives cost their bytes and are not sent
//! one by one.

use tom_core::input::{Input, LinkEvent, LinkId};
use tom_core::output::Verdict;

use super::member::{End, EndState};
use super::{By, Item, What, World, nat};
use crate::check::Situation;
use crate::engine::Queue;
use crate::net::cost::{self, KeepAlive};
use crate::scenario::model::Transport;
use crate::suite::SimSuite;
use crate::time::Span;
use crate::trace::Fact;

/// What links of a transport cost, and how long they live without a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs {
    pub(crate) transport: Transport,
    /// The packets of each flight of a handshake, in bytes.
    pub(super) flights: &'static [&'static [u32]],
    /// A packet that says that a link is closed.
    word: u32,
    alive: Option<KeepAlive>,
}

impl Costs {
    pub(crate) fn of(transport: Transport) -> Self {
        Self {
            transport,
            flights: cost::flights(transport),
            word: cost::packet(transport, 1),
            alive: cost::keep_alive(transport),
        }
    }

    /// What one end of a link that was up so long has spent on keeping it alive, in bytes.
    pub(super) fn kept_alive(&self, span: Span) -> u64 {
        self.alive.map_or(0, |alive| {
            span.0 / alive.every.0.max(1) * u64::from(alive.ask + alive.answer)
        })
    }

    /// How long an end that hears nothing waits, and how far back the last word may lie.
    pub(super) fn patience(&self) -> (Span, Span) {
        match self.alive {
            Some(alive) => (cost::IDLE_TIMEOUT, alive.every),
            None => (cost::NOISE_DEAD, cost::NOISE_OWES),
        }
    }
}

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// These bytes are the link's own.
    pub(super) fn count_link(&mut self, node: u32, bytes: u32) {
        if let Some(member) = self.members.get_mut(node as usize) {
            member.link_bytes += u64::from(bytes);
        }
    }

    /// Sends a word to the other end: one packet.
    pub(super) fn say(&mut self, from: u32, to: u32, what: What) {
        let flight = self.launch(from, to, self.costs.word);
        self.count_link(from, self.costs.word);
        if let Some(packet) = flight.arrivals.iter().flatten().next() {
            self.due(By::Node(from), packet.at, to, what);
        }
    }

    /// Tells the core that its end is up; `false` when it had no room.
    pub(super) fn up(&mut self, node: u32, link: u32) -> bool {
        let now = self.now;
        let (mtu, max_frame) = (self.bundle(), self.longest());
        let Some(end) = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.end_mut(link))
        else {
            return false;
        };
        end.state = EndState::Up;
        end.since = now;
        let (peer_node, dialed, goal) = (end.peer, end.dialed, end.goal);
        if dialed && end.asked {
            self.checks.tally.saw(Situation::DirectLink, now);
            self.give_up_others(node, peer_node);
        }
        let Some(peer) = self.members.get(peer_node as usize).map(|peer| peer.public) else {
            return false;
        };
        let mut list = [0; 24];
        let len = nat::address_list(goal, &mut list);
        let up = LinkEvent::Up {
            link: LinkId(link),
            peer,
            mtu,
            max_frame,
            dialed,
            observed: list.get(..len).unwrap_or_default(),
        };
        self.note(
            node,
            Fact::Link {
                peer: peer_node,
                up: true,
            },
        );
        if !matches!(self.feed(node, Input::Link(up)), Some(Verdict::Accepted(_))) {
            self.close(node, link);
            return false;
        }
        self.reached(node, peer_node);
        true
    }

    /// The node closes a link, or had no room for it.
    pub(super) fn close(&mut self, node: u32, link: u32) {
        let Some(end) = self.remove_end(node, link) else {
            return;
        };
        if let Some(theirs) = end.theirs {
            self.say_closed(node, end.peer, theirs);
        }
        self.keep_up(node, end.peer, true);
    }

    pub(super) fn say_closed(&mut self, node: u32, peer: u32, theirs: u32) {
        self.say(node, peer, What::Closed { link: theirs });
    }

    /// The peer has closed the link.
    pub(super) fn closed(&mut self, node: u32, link: u32) {
        if self
            .members
            .get(node as usize)
            .is_some_and(|member| member.runs(self.now))
        {
            self.down(node, link);
        }
    }

    /// An end is lost: the core is told, the other end will notice, kept peers are dialled again.
    pub(super) fn down(&mut self, node: u32, link: u32) {
        let Some(end) = self.remove_end(node, link) else {
            return;
        };
        if let Some(theirs) = end.theirs {
            self.falls_silent(end.peer, theirs);
        }
        if end.state == EndState::Up {
            self.feed(node, Input::Link(LinkEvent::Down { link: LinkId(link) }));
        }
        self.keep_up(node, end.peer, false);
    }

    /// Takes an end away, and what it still held.
    pub(super) fn remove_end(&mut self, node: u32, link: u32) -> Option<End> {
        let now = self.now;
        let costs = self.costs;
        let member = self.members.get_mut(node as usize)?;
        let end = member.remove_end(link)?;
        if end.state == EndState::Up {
            let alive = costs.kept_alive(now.since(end.since));
            member.bytes_sent += alive;
            member.link_bytes += alive;
        }
        if let Some(stuck) = end.stuck {
            self.payloads.free(stuck);
        }
        if end.state == EndState::Up {
            let peer = end.peer;
            self.note(node, Fact::Link { peer, up: false });
        }
        Some(end)
    }
}

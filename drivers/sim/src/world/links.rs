//! Links: the handshake that makes one, what it costs, how its loss is noticed, and who dials again.
//!
//! A link is two ends, each with its node's own number. The dialler's end and the answerer's come up a
//! round trip and a half apart, as in QUIC and in the Noise link. That a link still carries is not
//! simulated packet by packet: keep-alives cost their bytes, and an end looks whether it can still
//! hear the other one when something has happened that could have cut it off.

use tom_core::input::{Input, LinkEvent, LinkId};
use tom_core::output::Verdict;

use super::member::{End, EndState};
use super::{By, Item, What, World, nat};
use crate::check::Situation;
use crate::draw::{Purpose, draw};
use crate::engine::Queue;
use crate::net::Why;
use crate::net::cost::{self, KeepAlive};
use crate::net::disorder::Damage;
use crate::net::nat::Endpoint;
use crate::scenario::model::Transport;
use crate::suite::SimSuite;
use crate::time::{Span, Time};
use crate::trace::Fact;

/// The wait before the first redial; it doubles.
const REDIAL_FIRST: Span = Span::from_millis(200);
/// The longest wait between redials.
const REDIAL_MAX: Span = Span::from_secs(30);

/// What links of a transport cost, and how long they live without a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs {
    pub(crate) transport: Transport,
    /// The packets of each flight of a handshake, in bytes.
    flights: &'static [&'static [u32]],
    /// A packet that says that a link is closed.
    word: u32,
    alive: Option<KeepAlive>,
}

/// Which flight of a handshake.
#[derive(Clone, Copy, Debug)]
enum Turn {
    First = 0,
    Second = 1,
    Third = 2,
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

    fn flight(&self, turn: Turn) -> &'static [u32] {
        self.flights.get(turn as usize).copied().unwrap_or(&[])
    }

    /// What one end of a link that was up so long has spent on keeping it alive, in bytes.
    pub(super) fn kept_alive(&self, span: Span) -> u64 {
        self.alive.map_or(0, |alive| {
            span.0 / alive.every.0.max(1) * u64::from(alive.ask + alive.answer)
        })
    }

    /// How long an end that hears nothing waits, and how far back the last word may lie.
    fn patience(&self) -> (Span, Span) {
        match self.alive {
            Some(alive) => (cost::IDLE_TIMEOUT, alive.every),
            None => (cost::NOISE_DEAD, cost::NOISE_OWES),
        }
    }
}

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Dials a node where it is seen.
    pub(super) fn dial(&mut self, node: u32, peer: u32, asked: bool) {
        self.dial_at(node, peer, nat::outer(peer), asked, Span::ZERO);
    }

    /// Begins a handshake, now or a little later.
    pub(super) fn dial_at(
        &mut self,
        node: u32,
        peer: u32,
        goal: Endpoint,
        asked: bool,
        after: Span,
    ) {
        let begins = self.now.plus(after);
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let link = member.add_end(peer, None, asked, begins, goal);
        self.checks.tally.dials += u64::from(after == Span::ZERO);
        if self.costs.flights.is_empty() {
            return self.plug(node, link, peer);
        }
        if after > Span::ZERO {
            let what = What::Again { link, tries: 0 };
            return self.due(By::Node(node), begins, node, what);
        }
        self.shake((node, link), peer, What::Hello { link }, Turn::First);
        self.shake_later(node, link, begins, 1);
    }

    /// A cable has no handshake: both ends are up at once.
    fn plug(&mut self, node: u32, link: u32, peer: u32) {
        let now = self.now;
        let passes = self.air.passes(node, peer) && self.air.passes(peer, node);
        let open = passes && self.in_range(node, peer);
        let other = self.members.get_mut(peer as usize).filter(|_| open);
        let Some(other) = other.filter(|other| other.runs(now)) else {
            return self.dial_failed(node, link);
        };
        let theirs = other.add_end(node, Some(link), false, now, nat::outer(node));
        if let Some(end) = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.end_mut(link))
        {
            end.theirs = Some(theirs);
        }
        if self.up(node, link) {
            self.up(peer, theirs);
        }
    }

    /// Sends one flight of a handshake. It has arrived when its last packet has; one that is lost or
    /// damaged takes the flight with it.
    fn shake(&mut self, (from, link): (u32, u32), to: u32, what: What, turn: Turn) {
        if self.natted && !self.lets_out(from, link) {
            return;
        }
        let mut arrived = Some(self.now);
        for bytes in self.costs.flight(turn) {
            let flight = self.launch(from, to, *bytes);
            self.count_link(from, *bytes);
            let whole = flight
                .arrivals
                .iter()
                .flatten()
                .find(|a| a.damage == Damage::None);
            arrived = arrived.zip(whole).map(|(at, packet)| at.max(packet.at));
        }
        // Whoever answers has computed its part of the handshake first.
        let computed = match turn {
            Turn::First => Span::ZERO,
            Turn::Second | Turn::Third => self.profile(from).map_or(Span::ZERO, |profile| {
                cost::handshake_cpu(self.costs.transport, profile.size)
            }),
        };
        if let Some(at) = arrived {
            self.due(By::Node(from), at.plus(computed), to, what);
        }
    }

    /// These bytes are the link's own.
    fn count_link(&mut self, node: u32, bytes: u32) {
        if let Some(member) = self.members.get_mut(node as usize) {
            member.link_bytes += u64::from(bytes);
        }
    }

    /// Sends a word to the other end: one packet.
    fn say(&mut self, from: u32, to: u32, what: What) {
        let flight = self.launch(from, to, self.costs.word);
        self.count_link(from, self.costs.word);
        if let Some(packet) = flight.arrivals.iter().flatten().next() {
            self.due(By::Node(from), packet.at, to, what);
        }
    }

    /// The first flight has arrived: answer it, the same way if it comes twice.
    pub(super) fn hello(&mut self, from: u32, node: u32, link: u32) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        if !member.runs(now) {
            return self.air.count(Why::Asleep);
        }
        if self.natted && !self.lets_in(from, link, node) {
            return;
        }
        let seen = self.seen_from(from, link);
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let known = member
            .ends
            .iter_mut()
            .find(|end| end.peer == from && !end.dialed && end.theirs == Some(link));
        let mine = match known {
            Some(end) => {
                end.goal = seen;
                end.link
            }
            None => {
                let mine = member.add_end(from, Some(link), false, now, seen);
                self.shake_later(node, mine, now, 1);
                mine
            }
        };
        let welcome = What::Welcome { link, theirs: mine };
        self.shake((node, mine), from, welcome, Turn::Second);
    }

    /// The answer has arrived: the dialler's end is up.
    pub(super) fn welcome(&mut self, from: u32, node: u32, link: u32, theirs: u32) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        if !member.runs(now) || self.natted && !self.lets_in(from, theirs, node) {
            return;
        }
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let Some(end) = member.end_mut(link).filter(|end| end.peer == from) else {
            return self.say_closed(node, from, theirs);
        };
        let fresh = end.state == EndState::Opening;
        end.theirs = Some(theirs);
        let finish = What::Finish {
            link: theirs,
            theirs: link,
        };
        self.shake((node, link), from, finish, Turn::Third);
        if fresh {
            self.up(node, link);
        }
    }

    /// The last flight has arrived: the answerer's end is up.
    pub(super) fn finish(&mut self, from: u32, node: u32, link: u32, theirs: u32) {
        if self.natted && !self.lets_in(from, theirs, node) {
            return;
        }
        let opening = self.members.get(node as usize).is_some_and(|member| {
            member.runs(self.now)
                && member.end(link).is_some_and(|end| {
                    end.peer == from && end.theirs == Some(theirs) && end.state == EndState::Opening
                })
        });
        if opening {
            self.up(node, link);
        }
    }

    /// No answer came to a flight: once more, with twice the wait, or no more.
    pub(super) fn shake_again(&mut self, node: u32, link: u32, tries: u8) {
        let now = self.now;
        let Some(end) = self
            .members
            .get(node as usize)
            .and_then(|member| member.end(link))
            .filter(|end| end.state == EndState::Opening)
        else {
            return;
        };
        let (peer, theirs) = (end.peer, end.theirs);
        let since = end.since;
        if now.since(since) >= cost::DIAL_TIMEOUT {
            return self.dial_failed(node, link);
        }
        match theirs {
            None => self.shake((node, link), peer, What::Hello { link }, Turn::First),
            Some(theirs) => {
                let welcome = What::Welcome {
                    link: theirs,
                    theirs: link,
                };
                self.shake((node, link), peer, welcome, Turn::Second);
            }
        }
        self.shake_later(node, link, since, tries + 1);
    }

    /// The flight of a handshake that began at `since` is sent for the `tries`th time again, or given
    /// up, in its time.
    fn shake_later(&mut self, node: u32, link: u32, since: Time, tries: u8) {
        let after = cost::retry(u32::from(tries)).unwrap_or(cost::DIAL_TIMEOUT);
        let what = What::Again { link, tries };
        self.due(By::Node(node), since.plus(after), node, what);
    }

    /// A handshake that came to nothing.
    fn dial_failed(&mut self, node: u32, link: u32) {
        let Some(end) = self.remove_end(node, link) else {
            return;
        };
        if !end.dialed {
            return;
        }
        if end.asked && self.tries(node, end.peer) {
            // Another of the addresses may still answer, or has.
            return;
        }
        self.checks.tally.dial_failures += 1;
        self.keep_up(node, end.peer, true);
        let peer = self.members.get(end.peer as usize).map(|peer| peer.public);
        if let Some(peer) = peer.filter(|_| end.asked) {
            self.feed(node, Input::Link(LinkEvent::DialFailed { peer }));
        }
    }

    /// Whether there is another end of the dials that the core asked for.
    fn tries(&self, node: u32, peer: u32) -> bool {
        self.members.get(node as usize).is_some_and(|member| {
            let mut ends = member.ends.iter();
            ends.any(|end| end.peer == peer && end.dialed && end.asked)
        })
    }

    /// One of a peer's addresses has answered: the others are given up.
    fn give_up_others(&mut self, node: u32, peer: u32) {
        let Some(member) = self.members.get(node as usize) else {
            return;
        };
        let opening = |end: &&End| {
            end.peer == peer && end.dialed && end.asked && end.state == EndState::Opening
        };
        let others: Vec<u32> = member
            .ends
            .iter()
            .filter(opening)
            .map(|end| end.link)
            .collect();
        for link in others {
            self.remove_end(node, link);
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

    fn say_closed(&mut self, node: u32, peer: u32, theirs: u32) {
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

    /// Takes an end away, and what it still held.
    fn remove_end(&mut self, node: u32, link: u32) -> Option<End> {
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

    /// A dial of a kept peer worked: the next one after a loss is at once.
    fn reached(&mut self, node: u32, peer: u32) {
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
    fn keep_up(&mut self, node: u32, peer: u32, failed: bool) {
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

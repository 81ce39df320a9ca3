//! The handshake that makes a link, flight by flight, and what becomes of one that nobody answers.
//! The dialler's end and the answerer's come up a round trip and a half apart, as in QUIC and in the
//! Noise link.

use tom_core::input::{Input, LinkEvent};

use super::member::{End, EndState};
use super::{By, Item, What, World, nat};
use crate::engine::Queue;
use crate::net::Why;
use crate::net::cost::{self};
use crate::net::disorder::Damage;
use crate::net::nat::Endpoint;
use crate::suite::SimSuite;
use crate::time::{Span, Time};

/// Which flight of a handshake.
#[derive(Clone, Copy, Debug)]
enum Turn {
    First = 0,
    Second = 1,
    Third = 2,
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
        let flights = self.costs.flights;
        for bytes in flights.get(turn as usize).copied().unwrap_or(&[]) {
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
    pub(super) fn give_up_others(&mut self, node: u32, peer: u32) {
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
}

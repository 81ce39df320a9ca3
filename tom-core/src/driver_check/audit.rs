//! What a driver feeds and takes out, held against the rules. Spec: driver, "What a driver owes".

use std::vec::Vec;

use super::book::{ANSWER, Book, Offer, Watched, Wire, print};
use crate::error::{Drop, Refusal};
use crate::identity::{Keys, PublicKey, SoftKeys};
use crate::input::{Command, Input, LinkEvent, SendResult};
use crate::output::{Deadline, Event, Output, State, Transmit, Verdict};
use crate::time::{Instant, Span};
use crate::wire::{Candidate, CandidateList};

impl Book {
    /// An input comes. What to answer in the node's place, if anything.
    pub(super) fn enter(
        &mut self,
        who: &PublicKey,
        now: Instant,
        input: &Input<'_>,
    ) -> Option<Verdict> {
        let offer = offer(input);
        let waits = {
            let life = &mut self.nodes.get_mut(who)?.life;
            life.calls += 1;
            life.offer = offer;
            life.waits.is_some()
        };
        self.time(who, now, offer);
        self.debts(who, Span::ZERO);
        self.facts(who, input);
        if waits && self.refuses(offer) {
            self.provoked.refused += 1;
            let verdict = if matches!(offer, Offer::Datagram(_)) {
                Verdict::Dropped(Drop::Backpressure)
            } else {
                Verdict::Refused(Refusal::Backpressure)
            };
            self.answered(who, verdict);
            return Some(verdict);
        }
        if matches!(input, Input::Sent { .. }) && self.draw(100) < u64::from(self.plan.swallow) {
            self.provoked.swallowed += 1;
            return Some(Verdict::Accepted(None));
        }
        None
    }

    /// Only what a node itself refuses for want of room, and Down, which the contract lets it.
    fn refuses(&mut self, offer: Offer) -> bool {
        match offer {
            Offer::Up(_)
            | Offer::Down(_)
            | Offer::Taken(_)
            | Offer::Restored(_)
            | Offer::Send(_)
            | Offer::Read
            | Offer::Datagram(_) => self.draw(100) < u64::from(self.plan.refuse),
            Offer::Persisted(..) | Offer::Tick | Offer::Other => false,
        }
    }

    /// Clock and deadline. Spec DRV-11, DRV-21.
    fn time(&mut self, who: &PublicKey, now: Instant, offer: Offer) {
        let tolerance = self.plan.tolerance;
        let Some(node) = self.nodes.get_mut(who) else {
            return;
        };
        let life = &mut node.life;
        let back = now < life.last;
        life.last = life.last.max(now);
        if life.still.is_some_and(|past| now >= past) {
            life.stood_still();
        }
        let mut late = false;
        if let Some(due) = life.due.filter(|due| *due < now) {
            if offer == Offer::Tick {
                life.overdue = None;
                late = now.since(due) > tolerance;
            } else {
                let since = *life.overdue.get_or_insert(now);
                late = now.since(since) > tolerance;
            }
        }
        if back {
            self.breach(who, 11, "time went backwards");
        }
        if late {
            self.breach(who, 21, "Tick comes long after the deadline, or not at all");
        }
    }

    /// What should have been done by now, given `more` time after the last input.
    pub(super) fn debts(&mut self, who: &PublicKey, more: Span) {
        let plan = self.plan;
        let Some(node) = self.nodes.get_mut(who) else {
            return;
        };
        let life = &mut node.life;
        let now = life.last.plus(more);
        let old = |at: &Instant| now.since(*at) > plan.tolerance;
        let (waits, short) = (life.waits.as_ref().is_some_and(old), life.short);
        life.short = false;
        let owed = life.owed.values().any(old);
        life.owed.retain(|_, at| !old(at));
        let dial = life.dials.values().any(|at| now.since(*at) > ANSWER);
        life.dials.retain(|_, at| now.since(*at) <= ANSWER);
        let storing = life.storing.values().any(|s| now.since(s.at) > ANSWER);
        let blind = plan.wall && life.begun && !life.clock && old(&life.started);
        if waits {
            self.breach(
                who,
                20,
                "outputs wait and the driver does not take them out",
            );
        }
        if short {
            self.breach(
                who,
                20,
                "the buffer was too short, and no longer one was given",
            );
        }
        if owed {
            self.breach(
                who,
                22,
                "an input refused with Backpressure was not offered again",
            );
        }
        if dial {
            self.breach(who, 24, "a Dial was not answered");
        }
        if storing {
            self.breach(who, 28, "a Persist was not answered");
        }
        if blind {
            self.breach(who, 26, "wall time is known and was not fed");
        }
    }

    /// What the input says, held against what went before.
    fn facts(&mut self, who: &PublicKey, input: &Input<'_>) {
        match input {
            Input::Link(event) => self.link(who, event),
            Input::Datagram { link, bytes } => self.datagram(who, link.0, bytes),
            Input::Sent { ticket, result } => {
                let Some(node) = self.nodes.get_mut(who) else {
                    return;
                };
                let known = ticket.number <= node.life.tickets;
                if *result == SendResult::Failed
                    && let Some(wire) = node.life.links.get_mut(&ticket.link.0)
                {
                    wire.refused.retain(|(refused, _)| refused != ticket);
                    wire.last = wire.last.filter(|(last, _)| last != ticket);
                }
                if !known {
                    self.breach(who, 25, "Sent for a ticket that was never put out");
                }
            }
            Input::Taken(id) => {
                let known = self.nodes.get_mut(who).is_some_and(|node| {
                    let print = node.life.delivered.get(id).copied();
                    node.life.taken.extend(print);
                    print.is_some()
                });
                if !known {
                    self.breach(who, 12, "Taken for a message that was not delivered");
                }
            }
            Input::Clock { .. } => {
                if let Some(node) = self.nodes.get_mut(who) {
                    node.life.clock = true;
                }
            }
            Input::Restored(record) => self.restored(who, record),
            Input::Persisted { key, version, ok } => self.persisted(who, *key, *version, *ok),
            Input::Command(Command::Candidates(list)) => {
                if let Some(node) = self.nodes.get_mut(who) {
                    node.candidates = list.to_vec();
                }
            }
            Input::Command(Command::Send(_) | Command::Read { .. })
            | Input::Tick
            | Input::Reseed(_) => {}
        }
        let begins = !matches!(input, Input::Clock { .. } | Input::Restored(_));
        if begins {
            self.begun(who);
        }
    }

    fn link(&mut self, who: &PublicKey, event: &LinkEvent<'_>) {
        let stranger = *stranger(self.plan.seed).public();
        let Some(node) = self.nodes.get_mut(who) else {
            return;
        };
        let links = &mut node.life.links;
        let mut known = true;
        match event {
            LinkEvent::Up { link, peer, .. } => {
                let used = links.get(&link.0).is_some_and(|w| w.up && !w.closed);
                let again = node.life.owed.contains_key(&Offer::Up(link.0));
                if !used {
                    let wire = Wire {
                        peer: *peer,
                        up: true,
                        closed: false,
                        blocked: false,
                        last: None,
                        refused: Vec::new(),
                    };
                    links.insert(link.0, wire);
                }
                node.life.dials.remove(peer);
                if used && !again {
                    self.breach(who, 11, "a link's number was used again while known");
                }
                if *peer == stranger {
                    self.breach(who, 13, "a link for a key that nobody can have proven");
                }
                return;
            }
            LinkEvent::DialFailed { peer } => {
                node.life.dials.remove(peer);
                return;
            }
            LinkEvent::Down { link } => match links.get_mut(&link.0) {
                Some(wire) => {
                    wire.up = false;
                    wire.refused.clear();
                    node.life.owed.remove(&Offer::Up(link.0));
                }
                None => known = false,
            },
            LinkEvent::Changed { link, .. } => {
                known = links.get(&link.0).is_some_and(|w| w.up);
            }
            LinkEvent::Blocked { link } => match links.get_mut(&link.0) {
                Some(wire) => {
                    known = wire.up;
                    wire.blocked = true;
                    wire.refused.extend(wire.last.take());
                }
                None => known = false,
            },
            LinkEvent::Writable { link } => match links.get_mut(&link.0) {
                Some(wire) => {
                    known = wire.up;
                    wire.blocked = false;
                }
                None => known = false,
            },
        }
        if !known {
            self.breach(who, 23, "a change of a link that is not up");
        }
    }

    fn datagram(&mut self, who: &PublicKey, link: u32, bytes: &[u8]) {
        let hash = print(bytes);
        let Some(node) = self.nodes.get(who) else {
            return;
        };
        let life = &node.life;
        if life.owed.contains_key(&Offer::Up(link)) {
            return self.breach(
                who,
                22,
                "an Up refused with Backpressure was not offered again",
            );
        }
        let Some(peer) = life.links.get(&link).filter(|w| w.up).map(|w| w.peer) else {
            return self.breach(who, 23, "a datagram of a link that is not up");
        };
        let Some(other) = self.nodes.get_mut(&peer) else {
            return;
        };
        for wire in other.life.links.values_mut() {
            wire.refused.retain(|(_, refused)| *refused != hash);
            wire.last = wire.last.filter(|(_, last)| *last != hash);
        }
        // Two nodes may well put out the same bytes, such as their first HELLO.
        if self.ledger.contains(&(hash, peer)) {
            return;
        }
        let others = self.nodes.keys();
        match others
            .into_iter()
            .any(|key| self.ledger.contains(&(hash, *key)))
        {
            true => self.breach(who, 13, "a link's peer is not who is at its other end"),
            false => self.breach(who, 25, "bytes arrive that the link's peer did not put out"),
        }
    }

    /// The node, or the watch in its place, answered.
    pub(super) fn left(
        &mut self,
        who: &PublicKey,
        verdict: Verdict,
        deadline: Option<Deadline>,
        waits: bool,
    ) {
        self.answered(who, verdict);
        let due = self.later(deadline).map(|deadline| deadline.at);
        if let Some(node) = self.nodes.get_mut(who) {
            let life = &mut node.life;
            if due.is_none_or(|due| due > life.last) {
                life.overdue = None;
            }
            life.due = due;
            life.waits = waits.then(|| life.waits.unwrap_or(life.last));
        }
    }

    fn answered(&mut self, who: &PublicKey, verdict: Verdict) {
        let Some(node) = self.nodes.get_mut(who) else {
            return;
        };
        let life = &mut node.life;
        let (offer, now) = (life.offer, life.last);
        let refused = verdict == Verdict::Refused(Refusal::Backpressure);
        match offer {
            Offer::Up(_)
            | Offer::Down(_)
            | Offer::Taken(_)
            | Offer::Restored(_)
            | Offer::Persisted(..) => {
                if refused {
                    life.owed.entry(offer).or_insert(now);
                } else {
                    life.owed.remove(&offer);
                }
                if let (Offer::Up(link), Verdict::Refused(why)) = (offer, verdict)
                    && why != Refusal::Backpressure
                    && let Some(wire) = life.links.get_mut(&link)
                    && !matches!(why, Refusal::Misuse(_))
                {
                    // The driver closes it; what comes from it until then does no harm.
                    wire.closed = true;
                }
            }
            Offer::Send(hash) => {
                if let Verdict::Accepted(Some(id)) = verdict {
                    node.sent.insert(id, hash);
                }
                if verdict == Verdict::Refused(Refusal::NoClock) && self.plan.wall {
                    self.breach(who, 26, "a message is sent before wall time was fed");
                }
            }
            Offer::Read | Offer::Datagram(_) | Offer::Tick | Offer::Other => {}
        }
    }

    pub(super) fn short(&mut self, who: &PublicKey) {
        if let Some(node) = self.nodes.get_mut(who) {
            node.life.short = true;
        }
    }

    /// An output goes out, or there is none.
    pub(super) fn polled(&mut self, who: &PublicKey, output: Option<&Output<'_>>, waits: bool) {
        let Some(node) = self.nodes.get_mut(who) else {
            return;
        };
        let life = &mut node.life;
        life.short = false;
        life.waits = waits.then(|| life.waits.unwrap_or(life.last));
        match output {
            Some(Output::Transmit(transmit)) => {
                let hash = self.transmit(who, transmit);
                self.ledger.insert((hash, *who));
            }
            Some(Output::Dial { peer, .. }) => {
                life.dials.insert(*peer, life.last);
            }
            Some(Output::Close(link)) => {
                if let Some(wire) = life.links.get_mut(&link.0) {
                    wire.closed = true;
                    wire.refused.clear();
                }
            }
            Some(Output::Deliver(delivery)) => {
                let hash = print(delivery.payload);
                life.delivered.insert(delivery.id, hash);
                node.put_out.insert(hash);
            }
            Some(Output::Notify(Event::Message { id, state })) => {
                if matches!(state, State::Delivered | State::Read) {
                    node.proven.extend(node.sent.get(id).copied());
                }
            }
            Some(Output::Notify(_)) | None => {}
            Some(Output::Persist(record)) => self.persist(who, record),
            Some(Output::Forget(key)) => self.forget(who, *key),
        }
    }

    fn transmit(&mut self, who: &PublicKey, transmit: &Transmit<'_>) -> u64 {
        let hash = print(transmit.bytes);
        if let Some(Watched { life, .. }) = self.nodes.get_mut(who) {
            life.tickets = life.tickets.max(transmit.ticket.number);
            if let Some(wire) = life.links.get_mut(&transmit.link.0) {
                wire.last = Some((transmit.ticket, hash));
            }
        }
        hash
    }

    /// A Dial that nobody asked for: the addresses are another watched node's, the key nobody's.
    /// Spec DRV-13, DRV-24.
    pub(super) fn dial(&mut self, who: &PublicKey, buf: &mut [u8]) -> Option<(PublicKey, usize)> {
        let life = &self.nodes.get(who)?.life;
        if !self.plan.dial || life.dialed || !life.links.values().any(|wire| wire.up) {
            return None;
        }
        let others = self.nodes.iter().filter(|(key, _)| *key != who);
        let told = others.map(|(_, other)| &other.candidates);
        let list = told.into_iter().find(|list| !list.is_empty()).cloned();
        let len = match list {
            Some(list) => {
                buf.get_mut(..list.len())?.copy_from_slice(&list);
                list.len()
            }
            None => {
                let mut list = CandidateList::new();
                let _room = list.push(Candidate::from(core::net::SocketAddr::from((
                    [127, 0, 0, 1],
                    9,
                ))));
                list.emit(buf).ok()?
            }
        };
        let peer = *stranger(self.plan.seed).public();
        let life = &mut self.nodes.get_mut(who)?.life;
        life.dialed = true;
        life.dials.insert(peer, life.last);
        self.provoked.dials += 1;
        Some((peer, len))
    }

    /// The deadline to tell: late, but always the same for the same deadline.
    fn later(&self, deadline: Option<Deadline>) -> Option<Deadline> {
        let Deadline { at, why } = deadline?;
        let mixed = print(&(at.as_millis() ^ self.plan.seed).to_le_bytes());
        let late = mixed % (self.plan.late.as_millis() + 1);
        let at = at.plus(Span::from_millis(late));
        Some(Deadline { at, why })
    }

    pub(super) fn told(&mut self, who: &PublicKey, deadline: Option<Deadline>) -> Option<Deadline> {
        let told = self.later(deadline);
        let late = told.map(|told| told.at) != deadline.map(|real| real.at);
        if late && self.nodes.contains_key(who) {
            self.provoked.late += 1;
        }
        told
    }

    /// The run is at its end: what is owed now, stays owed.
    pub(super) fn settle(&mut self) {
        let all: Vec<PublicKey> = self.nodes.keys().copied().collect();
        for who in all {
            let Some(node) = self.nodes.get(&who) else {
                continue;
            };
            let lost = |w: &Wire| w.up && !w.closed && !w.blocked && !w.refused.is_empty();
            let lost = self.plan.lossless && node.life.links.values().any(lost);
            let owed = !node.life.owed.is_empty();
            if lost {
                self.breach(&who, 25, "what a link did not take was lost");
            }
            if owed {
                self.breach(
                    &who,
                    22,
                    "an input refused with Backpressure was not offered again",
                );
            }
        }
    }
}

/// A key that nobody has.
pub(super) fn stranger(seed: u64) -> SoftKeys {
    let mut bytes = [0x5a; 32];
    if let Some(start) = bytes.first_chunk_mut() {
        *start = seed.to_le_bytes();
    }
    SoftKeys::from_seed(bytes)
}

fn offer(input: &Input<'_>) -> Offer {
    match input {
        Input::Tick => Offer::Tick,
        Input::Link(LinkEvent::Up { link, .. }) => Offer::Up(link.0),
        Input::Link(LinkEvent::Down { link }) => Offer::Down(link.0),
        Input::Datagram { link, .. } => Offer::Datagram(link.0),
        Input::Command(Command::Send(send)) => Offer::Send(print(send.payload)),
        Input::Command(Command::Read { .. }) => Offer::Read,
        Input::Taken(id) => Offer::Taken(*id),
        Input::Restored(record) => Offer::Restored(record.key),
        Input::Persisted { key, version, .. } => Offer::Persisted(*key, *version),
        Input::Link(
            LinkEvent::Changed { .. }
            | LinkEvent::Blocked { .. }
            | LinkEvent::Writable { .. }
            | LinkEvent::DialFailed { .. },
        )
        | Input::Command(Command::Candidates(_))
        | Input::Sent { .. }
        | Input::Clock { .. }
        | Input::Reseed(_) => Offer::Other,
    }
}

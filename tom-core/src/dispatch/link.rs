//! Links coming and going, and the frames that are about the link itself. Spec: link.

use super::retry::Why;
use super::{Step, World};
use crate::crypto::Suite;
use crate::egress::{FRAME_FLOOR, Job, Link, LinkRef, Queue};
use crate::error::{Drop, Full, Misuse, Refusal, TableName};
use crate::identity::{Keys, PublicKey};
use crate::input::{LinkEvent, LinkId};
use crate::output::{Event, State};
use crate::policy::backoff;
use crate::routing::{ASKS_PER_MINUTE, Outcome};
use crate::time::UnixTime;
use crate::wire::{Candidates, Hello, Ping, REACH_UNKNOWN, ReachAnswer, ReachAsk, References};

impl<K: Keys, C: Suite> World<'_, K, C> {
    #[inline(never)]
    pub(super) fn link_event(&mut self, event: LinkEvent<'_>) -> Step {
        match event {
            LinkEvent::Up {
                link,
                peer,
                mtu,
                max_frame,
                dialed,
                observed,
            } => self.link_up(link, peer, (mtu, max_frame), dialed, observed),
            LinkEvent::Down { link } => self.link_down(link),
            LinkEvent::Changed { link, mtu } => {
                let at = self.known(link)?;
                if let Some(link) = self.out.link_mut(at) {
                    link.mtu = mtu.max(64);
                }
                Ok(None)
            }
            LinkEvent::Blocked { link } => {
                let at = self.known(link)?;
                self.out.block(at);
                if self.config.forwards() {
                    self.limit_holds(at);
                }
                Ok(None)
            }
            LinkEvent::Writable { link } => {
                let at = self.known(link)?;
                if let Some(link) = self.out.link_mut(at) {
                    link.blocked = false;
                }
                self.out.requeue(at);
                Ok(None)
            }
            LinkEvent::DialFailed { peer } => {
                self.dial_failed(&peer);
                Ok(None)
            }
        }
    }

    fn known(&self, link: LinkId) -> Result<LinkRef, Refusal> {
        self.out
            .find(link)
            .ok_or(Refusal::Misuse(Misuse::UnknownLink))
    }

    fn link_up(
        &mut self,
        id: LinkId,
        peer: PublicKey,
        (mtu, max_frame): (u32, u32),
        dialed: bool,
        observed: &[u8],
    ) -> Step {
        if !self.out.has_room() {
            return Err(Refusal::Backpressure.into());
        }
        if self.out.find(id).is_some() {
            return Err(Refusal::Misuse(Misuse::UnknownLink).into());
        }
        let ours = self.own.max_frame;
        let mut link = Link::new(id, peer, mtu.max(64), max_frame.min(ours), dialed);
        let _bounded = link.observed.extend_from_slice(observed);
        let handle = link.handle;
        let twin = self.routing.route(handle).and_then(|route| route.direct);
        let capacity = self.out.links.capacity();
        let Ok(idx) = self.out.links.insert(link) else {
            return Err(Refusal::Full(Full {
                table: TableName::Links,
                capacity,
            })
            .into());
        };
        let at = LinkRef { idx, id };
        self.out.push(at, Queue::Control, Job::Hello);
        if !observed.is_empty() {
            self.out.push(at, Queue::Control, Job::Observed);
        }
        match twin.filter(|twin| self.out.link(*twin).is_some_and(|link| link.peer == peer)) {
            Some(twin) => self.choose_twin(&peer, handle, twin, at),
            None => self.routing.direct_up(handle, at),
        }
        if let Some(contact) = self.session.contacts.find(&peer)
            && let Some(contact) = self.session.contacts.get_mut(contact)
        {
            contact.intro.dialing = false;
            if let Some(chain) = contact.intro.theirs.take() {
                self.out.pool.free(chain);
            }
            contact.intro.wait = crate::time::Span::ZERO;
        }
        self.retry_for(handle, Why::Way);
        self.retry_stranded();
        Ok(None)
    }

    /// Two links to one peer: the one dialled by the lower key stays, and whoever dialled the other
    /// closes it. Two of the same direction: the newer one stays, since the older is likely dead.
    /// Spec RTE-29, CON-4.
    fn choose_twin(
        &mut self,
        peer: &PublicKey,
        handle: crate::wire::Handle,
        old: LinkRef,
        new: LinkRef,
    ) {
        let lower_is_me = self.me.public.as_bytes() < peer.as_bytes();
        let dialed = |at: LinkRef| self.out.link(at).is_some_and(|link| link.dialed);
        let (old_dialed, new_dialed) = (dialed(old), dialed(new));
        let keep_new = old_dialed == new_dialed || new_dialed == lower_is_me;
        let (keep, go) = if keep_new { (new, old) } else { (old, new) };
        self.routing.direct_up(handle, keep);
        let go_dialed = self.out.link(go).is_some_and(|link| link.dialed);
        if go_dialed {
            self.out.push_local(Job::Close(go.id));
            let _gone = self.link_down(go.id);
        }
    }

    fn link_down(&mut self, id: LinkId) -> Step {
        let Some(at) = self.out.find(id) else {
            return Ok(None);
        };
        let peer = self.out.link(at).map(|link| link.peer);
        self.retry_over(id, true);
        self.routing.link_down(id);
        while let Some((queue, _)) = self.out.front(at) {
            if let Some(Job::Forward { idx, serial }) = self.out.pop(at, queue)
                && self
                    .routing
                    .forwards
                    .get(idx)
                    .is_some_and(|f| f.serial == serial)
            {
                self.release(idx);
            }
        }
        self.out.links.remove(at.idx);
        if let Some(peer) = peer {
            // Another link to the same peer takes over.
            let other = self.out.links.iter().find(|(_, link)| link.peer == peer);
            match other {
                Some((idx, link)) => {
                    let at = LinkRef { idx, id: link.id };
                    self.routing.direct_up(peer.handle(), at);
                }
                None => self.out.notify(Event::NeighbourGone { peer }),
            }
        }
        Ok(None)
    }

    /// The neighbour speaks another version: the link is of no use. Spec LNK-10.
    pub(super) fn incompatible(&mut self, at: LinkRef, version: u8) {
        let Some(peer) = self.out.link(at).map(|link| link.peer) else {
            return;
        };
        self.out.notify(Event::Incompatible { peer, version });
        self.out.push_local(Job::Close(at.id));
        let _gone = self.link_down(at.id);
    }

    /// What the neighbour says of itself. Spec LNK-12, LNK-8.
    pub(super) fn hello(&mut self, at: LinkRef, hello: Hello) -> Step {
        let now = self.now;
        if let Some(unix) = hello.unix {
            self.clock.hint(now, UnixTime::from_secs(u64::from(unix)));
        }
        let Some(link) = self.out.link_mut(at) else {
            return Err(Drop::UnknownLink.into());
        };
        link.max_frame = link.max_frame.min(hello.max_frame.max(FRAME_FLOOR));
        link.relays = hello.profile.forwards();
        let first = !link.greeted;
        link.greeted = true;
        let (id, peer) = (link.id, link.peer);
        if first {
            self.out.notify(Event::Neighbour { link: id, peer });
            self.retry_stranded();
        }
        Ok(None)
    }

    /// The neighbour has these envelopes of ours. Spec LNK-21.
    pub(super) fn on_taken(&mut self, at: LinkRef, references: References<'_>) -> Step {
        let now = self.now;
        let peer = self.out.link(at).map(|link| link.handle);
        let mut fault = None;
        for reference in references {
            let Some(idx) = self.delivery.outbox.find(&reference.0) else {
                // A relay's neighbour taking what we handed on, or one already settled.
                continue;
            };
            let Some(message) = self.delivery.outbox.get_mut(idx) else {
                continue;
            };
            if message.link.is_none_or(|last| last.id != at.id) || message.sends == 0 {
                fault = Some(Drop::ReceiptUnknown);
                continue;
            }
            if message.taken {
                continue;
            }
            message.taken = true;
            let (rounds, dst) = (u32::from(message.rounds), message.contact.handle);
            let hastened = message.hastened;
            let sent = message.sent.unwrap_or(now);
            message.attempts.taken(now.since(sent));
            self.out.saw_rtt(at, sent, now);
            if !self.out.has_room() {
                continue;
            }
            if peer != Some(dst) {
                self.tell_state(idx, State::Relayed);
            }
            // What is to come sooner than the schedule would have it is not put off (DLV-13).
            if hastened {
                continue;
            }
            let rtt = self.routing.rtt(dst, at.id).unwrap_or_default();
            let first = self.config.retry_first.max(rtt.times(3));
            self.wake_at(idx, backoff(first, self.config.retry_max, rounds));
        }
        fault.map_or(Ok(None), |reason| Err(reason.into()))
    }

    /// A neighbour asks who reaches a destination. A question passed on ends before the asker's own
    /// wait does. Spec RTE-17.
    pub(super) fn on_ask(&mut self, at: LinkRef, ask: ReachAsk) -> Step {
        let now = self.now;
        let allowed = self
            .out
            .link_mut(at)
            .is_some_and(|link| link.asks.take(now, ASKS_PER_MINUTE));
        if !allowed {
            return Err(Drop::RateLimited.into());
        }
        let me = self.me.handle;
        if !self.config.forwards() {
            // Vouching for others would attract envelopes that are not carried on.
            let (handle, nonce) = (ask.handle, ask.nonce);
            let distance = if handle == me { 0 } else { REACH_UNKNOWN };
            let answer = Job::Answer {
                handle,
                nonce,
                distance,
            };
            self.out.push(at, Queue::Control, answer);
            return Ok(None);
        }
        let wait = self.config.ask_wait.times(3).as_millis() / 4;
        let wait = crate::time::Span::from_millis(wait);
        let question = (ask.handle, ask.nonce, ask.ttl);
        self.routing
            .on_ask(&mut self.out, now, wait, me, at, question);
        Ok(None)
    }

    pub(super) fn on_answer(&mut self, at: LinkRef, answer: ReachAnswer) -> Step {
        let answer = (answer.handle, answer.nonce, answer.distance);
        let outcome = self
            .routing
            .on_answer(&mut self.out, self.now, at, answer)
            .ok_or(Drop::ReachUnknown)?;
        self.asked(outcome);
        Ok(None)
    }

    /// A question was answered or ended: what waited for it goes on, and a new way is tried.
    pub(super) fn asked(&mut self, outcome: Outcome) {
        let (dst, why) = match outcome {
            Outcome::Open => return,
            Outcome::Found(dst) => (dst, Why::Way),
            Outcome::Ended(dst) => (dst, Why::Silence),
        };
        self.retry_for(dst, why);
        if self.config.forwards() {
            self.forward_waiting(dst);
        }
    }

    /// The address a neighbour sees us at. It becomes a candidate once two neighbours agree on it.
    pub(super) fn on_observed(&mut self, at: LinkRef, list: Candidates<'_>) -> Step {
        if let Some(peer) = self.out.link(at).map(|link| link.handle) {
            self.own.observe(peer, list);
        }
        Ok(None)
    }

    /// A sign of life is answered, an answer never. Spec LNK-29.
    pub(super) fn on_ping(&mut self, at: LinkRef, ping: Ping) -> Step {
        if ping.reply {
            return Ok(None);
        }
        let now = self.now;
        let allowed = self
            .out
            .link_mut(at)
            .is_some_and(|link| link.pings.take(now, 8));
        if !allowed {
            return Err(Drop::RateLimited.into());
        }
        self.out
            .push(at, Queue::Control, Job::Pong { nonce: ping.nonce });
        Ok(None)
    }
}

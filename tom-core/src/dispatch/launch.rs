//! A message's next transmission: over which link, or what it waits for. Spec: delivery, "Sending";
//! routing, "Choice".

use super::World;
use super::retry::Why;
use super::send::{Post, queue};
use crate::bounded::Idx;
use crate::crypto::Suite;
use crate::delivery::{Message, Purpose};
use crate::egress::{Job, LinkRef};
use crate::identity::Keys;
use crate::policy::backoff;
use crate::routing::{Asker, Choice, Wish};
use crate::session::ContactRef;
use crate::time::Span;
use crate::wire::{Class, ContentKind, ENVELOPE_AT};

/// Frame and trailers around an envelope, at most.
const FRAMING: usize = ENVELOPE_AT;
/// How often a message without any neighbour to go to looks for one.
const NOWHERE_WAIT: Span = Span::from_secs(30);
/// An empty one-shot asks for a session at most this often.
const KNOCK_EVERY: Span = Span::from_secs(60);

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Puts a message's next transmission into a link's queue, or sees to it that one comes.
    pub(super) fn launch(&mut self, idx: Idx) {
        self.launch_as(idx, false);
    }

    /// The same; `asked`: its question for a route has just ended, so it is not asked again.
    pub(super) fn launch_as(&mut self, idx: Idx, asked: bool) {
        let Some(message) = self.delivery.outbox.get(idx) else {
            return;
        };
        if message.queued {
            return;
        }
        if !message.durable {
            self.wake_at(idx, super::tick::OFFER_AGAIN);
            return;
        }
        if message.held {
            self.knock(idx);
            return;
        }
        let dst = message.contact.handle;
        let wish = Wish {
            dst,
            from: None,
            last: message.link.map(|link| link.id),
            attempt: message.attempt,
            frame: message.envelope.len() as usize + FRAMING,
            asked,
        };
        let mut choice = self.routing.choose(&self.out, self.now, wish);
        if choice == Choice::Ask {
            let until = self.now.plus(self.config.ask_wait);
            if self
                .routing
                .ask(&mut self.out, self.now, dst, Asker::Here, 2, until)
            {
                if let Some(message) = self.delivery.outbox.get_mut(idx) {
                    message.asking = true;
                }
                self.wake_at(idx, self.config.ask_wait.times(2));
                return;
            }
            choice = self.routing.choose(
                &self.out,
                self.now,
                Wish {
                    asked: true,
                    ..wish
                },
            );
        }
        match choice {
            Choice::Over(link) => self.enqueue(idx, link),
            // A link coming up wakes it; until then there is little to look for.
            Choice::Ask | Choice::Nowhere if planted!(NowhereSleeps) => {}
            Choice::Ask | Choice::Nowhere => self.wake_at(idx, NOWHERE_WAIT),
        }
    }

    /// A message too long for a one-shot waits for a session: an empty one-shot asks for it.
    /// Spec DLV-24.
    pub(super) fn knock(&mut self, idx: Idx) {
        let now = self.now;
        let Some(message) = self.delivery.outbox.get(idx) else {
            return;
        };
        let (at, expiry) = (message.contact, message.expiry);
        let Some(contact) = self.session.contacts.get_mut(at) else {
            return;
        };
        let to = contact.key;
        let next = contact.knocked.map_or(now, |last| last.plus(KNOCK_EVERY));
        let due = next <= now;
        let wait = if due { KNOCK_EVERY } else { next.since(now) };
        self.wake_at(idx, wait);
        let left = self
            .unix()
            .map_or(0, |unix| u64::from(expiry).saturating_sub(unix));
        // A session that opens too little for it would carry no more for being asked again.
        let stands = self.session.sending(now, self.config, at).is_some();
        if !due || left == 0 || stands {
            return;
        }
        let post = Post {
            to,
            kind: ContentKind::Pad,
            body: &[],
            class: Class::Control,
            trace: false,
            lifetime: Span::from_secs(left).min(self.config.max_lifetime()),
            purpose: Purpose::Protocol,
        };
        let asked = match self.asking_already(at) {
            Some(asking) => {
                self.hasten(asking, Why::Way);
                true
            }
            None => self.ready_to_offer(at) && self.post(post).is_ok(),
        };
        if asked && let Some(contact) = self.session.contacts.get_mut(at) {
            contact.knocked = Some(now);
        }
    }

    /// The message under way that asks this contact for a session already: another one-shot would ask
    /// no better.
    fn asking_already(&self, at: ContactRef) -> Option<Idx> {
        let mut asked = self.session.pending.iter().filter(|(_, p)| p.contact == at);
        asked.find_map(|(_, p)| self.delivery.outbox.find(&p.reference.0))
    }

    /// A session with this contact can be used: what was too long for a one-shot goes now.
    pub(super) fn session_ready(&mut self, at: ContactRef) {
        let mut next = self.delivery.outbox.oldest();
        while let Some(idx) = next {
            next = self.delivery.outbox.after(idx);
            if self
                .delivery
                .outbox
                .get(idx)
                .is_some_and(|m| m.held && m.contact == at)
            {
                self.delivery.timers.set(idx, self.now);
            }
        }
    }

    pub(super) fn enqueue(&mut self, idx: Idx, link: LinkRef) {
        let Some(message) = self.delivery.outbox.get_mut(idx) else {
            return;
        };
        let job = Job::Own {
            idx,
            reference: message.reference,
        };
        if !self.out.push(link, queue(message.class), job) {
            self.wake_at(idx, self.config.taken_wait);
            return;
        }
        message.queued = true;
        message.asking = false;
        message.taken = false;
        message.link = Some(link);
        let rounds = u32::from(message.rounds_then());
        let rtt = self
            .out
            .link(link)
            .and_then(|link| link.rtt)
            .unwrap_or_default();
        let first = self.config.taken_wait.max(rtt.times(3));
        self.wake_at(idx, backoff(first, self.config.retry_max, rounds));
    }

    /// The wall time, in seconds, until which a proof of a message with this expiry is waited for.
    pub(super) fn end_of(&self, expiry: u32) -> u64 {
        if planted!(ForgetExpiry) {
            return crate::delivery::keep_until(expiry);
        }
        u64::from(expiry) + self.config.skew.as_secs()
    }

    /// Sets a message's timer: in `wait`, or at its end if that is sooner.
    pub(super) fn wake_at(&mut self, idx: Idx, wait: Span) {
        let Some(message) = self.delivery.outbox.get(idx) else {
            return;
        };
        let end = self.end_of(message.expiry);
        let at = self.now.plus(wait);
        let at = self.clock.when(end + 1).map_or(at, |end| end.min(at));
        self.delivery.timers.set(idx, at);
    }

    /// Another link than the one a message waits for, if one leads on.
    pub(super) fn other_link(&self, message: &Message) -> Option<LinkRef> {
        let wish = Wish {
            dst: message.contact.handle,
            from: None,
            last: message.link.map(|link| link.id),
            attempt: message.attempt.max(2),
            frame: message.envelope.len() as usize + FRAMING,
            asked: true,
        };
        match self.routing.choose(&self.out, self.now, wish) {
            Choice::Over(link) => Some(link).filter(|link| {
                let open = self.out.link(*link).is_some_and(|link| !link.blocked);
                open && message.link != Some(*link)
            }),
            Choice::Ask | Choice::Nowhere => None,
        }
    }
}

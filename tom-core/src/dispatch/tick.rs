//! What time brings: retries, ends, questions that ran out, tables to purge.

use super::{HOUSEKEEPING, Step, WORK, World};
use crate::bounded::Idx;
use crate::config::MAX_LIFE;
use crate::crypto::Suite;
use crate::delivery::Purpose;
use crate::egress::Job;
use crate::identity::Keys;
use crate::output::{Deadline, Event, State, Wake};
use crate::session::ContactRef;
use crate::time::{Instant, Span};

/// Return entries and routes unused for this long are of no more use. Spec RTE-9.
const RETURN_LIFE: Span = Span::from_secs(24 * 3600);
/// A handshake outlives its message by this much.
const PENDING_GRACE: Span = Span::from_secs(60);
/// A record that storage did not take is offered again after this long.
pub(super) const OFFER_AGAIN: Span = Span::from_secs(5);
const ROUTE_LIFE: Span = Span::from_secs(6 * 3600);

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Works off what is due, at most [`WORK`] entries; the deadline says whether more is.
    #[inline(never)]
    pub(super) fn tick(&mut self) -> Step {
        for _ in 0..WORK {
            if !self.out.has_room() {
                return Ok(None);
            }
            if let Some(idx) = self.delivery.timers.due(self.now) {
                self.message_due(idx);
            } else if let Some(idx) = self.routing.ask_timers.due(self.now) {
                let outcome = self.routing.end(&mut self.out, self.now, idx);
                self.asked(outcome);
            } else if self.config.forwards()
                && let Some(idx) = self.routing.forward_timers.due(self.now)
            {
                self.give_up(idx);
            } else {
                break;
            }
        }
        if self.has_ageing() && self.own.housekeeping <= self.now {
            self.own.housekeeping = self.now.plus(HOUSEKEEPING);
            self.purge();
            if self.config.keeps_records() && self.own.offer_again {
                self.offer_again();
            }
        }
        Ok(None)
    }

    /// The next moment something is due.
    pub(crate) fn next_deadline(&self) -> Option<Deadline> {
        let wake = |next: Option<(Instant, Idx)>, why| next.map(|(at, _)| Deadline { at, why });
        let delivery = wake(self.delivery.timers.next(), Wake::Delivery);
        let asks = wake(self.routing.ask_timers.next(), Wake::Ask);
        let forwards = wake(self.routing.forward_timers.next(), Wake::Forward);
        let house = self.has_ageing().then_some(Deadline {
            at: self.own.housekeeping,
            why: Wake::Housekeeping,
        });
        Deadline::sooner(
            Deadline::sooner(delivery, asks),
            Deadline::sooner(forwards, house),
        )
    }

    /// Whether anything is kept that only time ends. Housekeeping is counted from when the first of
    /// it came, so that ticks before then make no difference.
    pub(super) fn has_ageing(&self) -> bool {
        !(self.session.sessions.is_empty()
            && self.session.pending.is_empty()
            && self.delivery.proofs.is_empty()
            && self.delivery.opened.is_empty()
            && self.routing.returns.is_empty())
    }

    fn message_due(&mut self, idx: Idx) {
        self.delivery.timers.clear(idx);
        let Some(message) = self.delivery.outbox.get(idx) else {
            return;
        };
        let end = self.end_of(message.expiry);
        if self.unix().is_some_and(|unix| unix > end) {
            self.expire(idx);
            return;
        }
        if !message.durable {
            // Storage did not take its record yet: offer it again.
            let id = message.reference;
            self.out.push_local(Job::PersistOutbox { idx, id });
            self.wake_at(idx, OFFER_AGAIN);
            return;
        }
        if message.queued {
            self.unstick(idx);
            return;
        }
        if message.held {
            self.release_held(idx);
            return;
        }
        let (contact, attempt, asked) = (message.contact, message.attempt, message.asking);
        let waited = message.sent.is_some() && !message.asking && attempt > 0;
        let (last, deaf) = (message.link.filter(|_| waited), !message.taken);
        if let Some(link) = last {
            self.routing.failed(contact.handle, link, deaf);
        }
        if let Some(message) = self.delivery.outbox.get_mut(idx) {
            message.asking = false;
        }
        if Self::attempts_spent(attempt) {
            if self.reseal(idx) {
                return;
            }
            self.wake_at(idx, self.config.retry_max.min(Span::from_secs(60)));
            return;
        }
        self.launch_as(idx, asked);
    }

    /// A message that waits for a session goes when there is one that carries it.
    fn release_held(&mut self, idx: Idx) {
        let Some(message) = self.delivery.outbox.get(idx) else {
            return;
        };
        let (contact, length) = (message.contact, message.envelope.len() as usize + 8);
        let ready = self
            .session
            .carries(self.now, self.config, contact, length)
            .is_some();
        if !(ready && self.reseal(idx)) {
            self.knock(idx);
        }
    }

    /// The link a message waits for takes nothing: another one may.
    fn unstick(&mut self, idx: Idx) {
        let Some(message) = self.delivery.outbox.get(idx) else {
            return;
        };
        let blocked = message
            .link
            .and_then(|at| self.out.link(at))
            .is_none_or(|l| l.blocked);
        let other = blocked.then(|| self.other_link(message)).flatten();
        let Some(link) = other else {
            self.wake_at(idx, self.config.taken_wait);
            return;
        };
        if let Some(message) = self.delivery.outbox.get_mut(idx) {
            message.queued = false;
            if let Some(old) = message.link {
                self.out.withdraw(old, message.reference);
            }
        }
        self.enqueue(idx, link);
    }

    /// A message's life is over and no proof came. Spec DLV-3.
    fn expire(&mut self, idx: Idx) {
        let Some(message) = self.delivery.end(idx, State::Expired, self.now) else {
            return;
        };
        self.out.pool.free(message.envelope);
        if let Some(sid) = message.session {
            let _outdated = self.session.settled(sid, None, false);
        }
        if let Some(contact) = self.session.contacts.get_mut(message.contact) {
            contact.held = contact.held.saturating_sub(1);
        }
        if message.purpose == Purpose::Application {
            self.stats.expired += 1;
            self.out.notify(Event::Message {
                id: message.id,
                state: State::Expired,
            });
        }
        if self.config.keeps_records() {
            self.out
                .push_local(Job::Forget(super::send::outbox_key(message.id)));
        }
    }

    /// Sets all ends anew after wall time was set or stepped.
    pub(super) fn reset_expiries(&mut self) -> Step {
        let mut next = self.delivery.outbox.oldest();
        while let Some(idx) = next {
            next = self.delivery.outbox.after(idx);
            let due = self.delivery.timers.get(idx);
            let wait = due.map_or(Span::ZERO, |at| at.since(self.now));
            self.wake_at(idx, wait);
        }
        Ok(None)
    }

    /// Whether a one-shot may offer a session: a handshake that has ended keeps no newer one from it.
    /// Spec SES-11.
    #[inline(never)]
    pub(super) fn ready_to_offer(&mut self, contact: ContactRef) -> bool {
        if !self.session.may_offer(self.config, contact) {
            self.purge_handshakes();
        }
        self.session.may_offer(self.config, contact)
    }

    /// Forgets handshakes whose answer will not come. Spec SES-11.
    pub(super) fn purge_handshakes(&mut self) {
        let (now, unix) = (self.now, self.unix());
        let skew = self.config.skew.as_secs();
        let outbox = &self.delivery.outbox;
        self.session.purge_pending(|pending| {
            // The answer travels with the proof: a minute after the message is gone, so is it.
            let gone = outbox.find(&pending.reference.0).is_none();
            let late = now.since(pending.created) >= PENDING_GRACE;
            let end = u64::from(pending.expiry) + skew;
            (gone && late) || unix.is_some_and(|unix| end < unix)
        });
    }

    /// Forgets what has ended. Bounded work; what is left over waits for the next time.
    fn purge(&mut self) {
        let now = self.now;
        self.routing.purge_returns(now, RETURN_LIFE, WORK * 16);
        self.routing.purge_routes(now, ROUTE_LIFE, WORK);
        self.session.purge(now);
        self.purge_handshakes();
        let unix = self.unix();
        self.purge_opened();
        let Some(unix) = unix else { return };
        for _ in 0..WORK * 16 {
            let Some(idx) = self.delivery.proofs.oldest() else {
                break;
            };
            if self
                .delivery
                .proofs
                .get(idx)
                .is_some_and(|proof| proof.until >= unix)
            {
                break;
            }
            self.delivery.proofs.discard(idx);
        }
    }

    /// One-shots end in any order, so the whole table is looked at. Without wall time each is kept
    /// for the longest life there is. Spec MEM-7, SES-7.
    fn purge_opened(&mut self) {
        let (now, unix) = (self.now, self.unix());
        let skew = self.config.skew;
        let mut next = self.delivery.opened.oldest();
        while let Some(idx) = next {
            next = self.delivery.opened.after(idx);
            let Some(entry) = self.delivery.opened.get(idx) else {
                continue;
            };
            let over = match unix {
                Some(unix) => u64::from(entry.expiry) + skew.as_secs() < unix,
                None => now.since(entry.at).as_secs() > MAX_LIFE.as_secs() + skew.as_secs(),
            };
            if !over {
                continue;
            }
            let key = super::persist::opened_key(entry.reference);
            self.delivery.opened.discard(idx);
            if self.config.keeps_records() && self.out.has_room() {
                self.out.push_local(Job::Forget(key));
            }
        }
    }
}

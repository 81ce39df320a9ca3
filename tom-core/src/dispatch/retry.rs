//! Retries that something brings on before their time. Spec: delivery, "Retry schedule"; routing,
//! "Failover".

use super::{Step, World};
use crate::bounded::Idx;
use crate::crypto::Suite;
use crate::delivery::Message;
use crate::egress::Egress;
use crate::identity::Keys;
use crate::input::LinkId;
use crate::time::Span;
use crate::wire::Handle;

/// Retries brought on by events rather than time come at most this often per message.
const EVENT_RETRY: Span = Span::from_secs(1);

/// What brings a retry on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// A way is new.
    Way,
    /// A neighbour says that the copy came to nothing, or its link refused it.
    Refused,
    /// The link it left over is gone.
    Lost,
    /// No answer is awaited any more: what was due and asked goes on. Spec DLV-9.
    Silence,
}

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Makes the unproven messages `which` picks try again at once, but none more often than once a
    /// second.
    fn retry(&mut self, why: Why, mut which: impl FnMut(&Message, &Egress<'_>) -> bool) {
        let mut next = self.delivery.outbox.oldest();
        while let Some(idx) = next {
            next = self.delivery.outbox.after(idx);
            let message = self.delivery.outbox.get(idx);
            if message.is_some_and(|message| which(message, &self.out)) {
                self.hasten(idx, why);
            }
        }
    }

    /// Makes one message try again soon: a second after its last copy left, or when it was due. A first
    /// copy that is lost does not count, so nothing is waited for. Spec DLV-13.
    pub(super) fn hasten(&mut self, idx: Idx, why: Why) {
        let waiting = self.delivery.outbox.get_mut(idx);
        let Some(message) = waiting.filter(|message| !message.queued) else {
            return;
        };
        let at_once = message.asking || (why == Why::Lost && message.sends == 1);
        let sent = message.sent.filter(|_| !at_once);
        let at = sent.map_or(self.now, |sent| sent.plus(EVENT_RETRY).max(self.now));
        if self.delivery.timers.get(idx).is_none_or(|due| at < due) {
            // What asks was due.
            let sooner = why == Why::Way || (why != Why::Silence && !message.asking);
            message.hastened |= message.rounds > 0 && sooner;
            self.delivery.timers.set(idx, at);
        }
    }

    /// A way towards `dst` is new, or no answer about it is awaited any more. Spec DLV-12, RTE-32.
    pub(super) fn retry_for(&mut self, dst: Handle, why: Why) {
        self.retry(why, |message, _| {
            message.contact.handle == dst && (message.asking || why == Why::Way)
        });
    }

    /// The neighbour behind `not` says that a copy came to nothing: the next attempt comes soon, at most
    /// as often in a row as there are other neighbours to try. Spec RTE-36.
    pub(super) fn hasten_elsewhere(&mut self, idx: Idx, not: LinkId) {
        let links = self.out.links.iter();
        let others = links.filter(|(_, link)| link.relays && link.id != not);
        let tried = self.delivery.outbox.get(idx).map_or(0, |it| it.hurried);
        if usize::from(tried) < others.count() {
            self.hasten(idx, Why::Refused);
        }
    }

    /// A neighbour is new: messages that had none to go to, or whose last one is gone or leads nowhere,
    /// try it. Spec DLV-28.
    pub(super) fn retry_stranded(&mut self) {
        self.retry(Why::Way, |message, out| {
            let leads = |link: &crate::egress::Link| {
                link.relays || link.handle == message.contact.handle || planted!(NowhereSleeps)
            };
            let last = message.link.and_then(|last| out.link(last));
            let stranded = !last.is_some_and(leads);
            stranded && !message.asking
        });
    }

    /// A link is gone, or did not take what it was given: what left over it and is not proven, or
    /// not taken, tries another way.
    pub(super) fn retry_over(&mut self, link: LinkId, gone: bool) {
        let mut next = self.delivery.outbox.oldest();
        while let Some(idx) = next {
            next = self.delivery.outbox.after(idx);
            if let Some(message) = self.delivery.outbox.get_mut(idx)
                && message.link.is_some_and(|last| last.id == link)
                && message.queued
                && gone
            {
                // It never left: it goes another way, no sooner than it was due.
                message.queued = false;
                self.delivery.timers.set(idx, self.now);
            }
        }
        let why = if gone { Why::Lost } else { Why::Refused };
        self.retry(why, |message, _| {
            let over = message.link.is_some_and(|last| last.id == link);
            over && (gone || !message.taken)
        });
    }

    /// A link refused a copy. Not to hear of it costs the wait for its proof, no more. Spec DRV-10.
    pub(super) fn send_failed(&mut self, link: LinkId) -> Step {
        self.retry_over(link, false);
        Ok(None)
    }
}

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

/// Which of the messages to a destination are tried again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All that wait for something.
    All,
    /// Those that wait for the answer to a question.
    Asking,
}

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Makes the unproven messages `which` picks try again at once, but none more often than once a
    /// second; `lost`: a message's first copy is lost and does not count.
    fn retry(&mut self, lost: bool, mut which: impl FnMut(&Message, &Egress<'_>) -> bool) {
        let mut next = self.delivery.outbox.oldest();
        while let Some(idx) = next {
            next = self.delivery.outbox.after(idx);
            let Some(message) = self.delivery.outbox.get(idx) else {
                continue;
            };
            if !which(message, &self.out) {
                continue;
            }
            let first = lost && message.sends == 1;
            self.hasten(idx, first);
        }
    }

    /// Makes one message try again soon: a second after its last copy left, or when it was due;
    /// `lost`: the copy that left does not count, so nothing is waited for.
    pub(super) fn hasten(&mut self, idx: Idx, lost: bool) {
        let waiting = self.delivery.outbox.get_mut(idx);
        let Some(message) = waiting.filter(|message| !message.queued) else {
            return;
        };
        let sent = message.sent.filter(|_| !message.asking && !lost);
        let at = sent.map_or(self.now, |sent| sent.plus(EVENT_RETRY).max(self.now));
        if self.delivery.timers.get(idx).is_none_or(|due| at < due) {
            message.hastened = message.rounds > 0;
            self.delivery.timers.set(idx, at);
        }
    }

    /// A way towards `dst` is new, or no answer about it is awaited any more. Spec DLV-12, RTE-32.
    pub(super) fn retry_for(&mut self, dst: Handle, which: Which) {
        self.retry(false, |message, _| {
            message.contact.handle == dst && (message.asking || which == Which::All)
        });
    }

    /// The neighbour behind `not` says that a copy came to nothing: the next attempt comes soon, at most
    /// as often in a row as there are other neighbours to try. Spec RTE-36.
    pub(super) fn hasten_elsewhere(&mut self, idx: Idx, not: LinkId) {
        let links = self.out.links.iter();
        let others = links.filter(|(_, link)| link.relays && link.id != not);
        let tried = self.delivery.outbox.get(idx).map_or(0, |it| it.hurried);
        if usize::from(tried) < others.count() {
            self.hasten(idx, false);
        }
    }

    /// A neighbour is new: messages that had none to go to, or whose last one is gone or leads nowhere,
    /// try it. Spec DLV-28.
    pub(super) fn retry_stranded(&mut self) {
        self.retry(false, |message, out| {
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
            {
                message.queued &= !gone;
            }
        }
        self.retry(gone, |message, _| {
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

//! Sealing a message again, under a new counter or key. Spec: session, "Sealing again".

use super::World;
use super::send::SEAL_OVERHEAD;
use crate::bounded::Idx;
use crate::crypto::Suite;
use crate::delivery::{Proof, keep_until};
use crate::egress::{Job, LinkRef};
use crate::identity::Keys;
use crate::output::State;
use crate::report::Transmissions;
use crate::session::{self, SealRequest, Sealed};
use crate::time::{Instant, Span};
use crate::wire::{ContentHead, MAX_ATTEMPT, MessageId};

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Seals a message again under a new counter or key, carrying the reference of its first
    /// envelope. False: no room now; the old envelope goes on. Spec SES-33.
    pub(super) fn reseal(&mut self, idx: Idx) -> bool {
        let Some(message) = self.delivery.outbox.get(idx) else {
            return false;
        };
        let contact = message.contact;
        let Some(recipient) = self.session.contacts.get(contact).map(|c| c.key) else {
            return false;
        };
        let len = message.envelope.len() as usize;
        // The old envelope's blocks are free before the new one is stored.
        if !self.out.pool.room_for(SEAL_OVERHEAD) {
            return false;
        }
        self.scratch.complete();
        let Some(buf) = self.scratch.get_mut(..len) else {
            return false;
        };
        if self.out.pool.copy_out(message.envelope, buf).is_none() {
            return false;
        }
        let Some(content) = session::Tables::reopen::<C>(buf, &message.recover, &recipient) else {
            return false;
        };
        let Some(length) = self.rewrap(idx, content) else {
            return false;
        };
        let _may = self.ready_to_offer(contact);
        let Some(message) = self.delivery.outbox.get(idx) else {
            return false;
        };
        let request = SealRequest {
            contact,
            content_len: length,
            class: message.class,
            trace: message.trace,
            expiry: message.expiry,
            wants_ack: true,
        };
        let Ok(sealed) =
            self.session
                .seal::<K, C>(self.now, self.config, &self.me, &mut self.scratch, request)
        else {
            return false;
        };
        self.replace(idx, sealed, request)
    }

    /// Moves a message's content to the start of the scratch buffer with its `orig` in front.
    /// Spec CNT-5.
    fn rewrap(&mut self, idx: Idx, content: core::ops::Range<usize>) -> Option<usize> {
        let id = self.delivery.outbox.get(idx)?.id;
        let (head, rest) = ContentHead::parse(self.scratch.get(content.clone())?).ok()?;
        let body = content.end - rest.len()..content.end;
        let head = ContentHead {
            orig: Some(id.reference()),
            ..head
        };
        let at = head.len();
        let length = at + body.len();
        if length > self.scratch.len() {
            return None;
        }
        self.scratch.copy_within(body, at);
        head.emit(&mut self.scratch).ok()?;
        Some(length)
    }

    fn replace(&mut self, idx: Idx, sealed: Sealed, request: SealRequest) -> bool {
        self.delivery.timers.clear(idx);
        let Some(old) = self.delivery.outbox.get_mut(idx) else {
            return false;
        };
        let carried = Carried {
            id: old.id,
            state: old.state,
            sends: old.sends,
            rounds: old.rounds,
            link: old.link,
            sent: old.sent,
            read: old.read,
            // One number per envelope: offering its record again says nothing new.
            version: old.version.wrapping_add(1),
            accepted: old.accepted,
            attempts: core::mem::take(&mut old.attempts),
        };
        let proof = Proof {
            reference: old.reference,
            secret: old.secret,
            id: old.id,
            contact: old.contact,
            purpose: old.purpose,
            end: None,
            until: keep_until(old.expiry),
            took: Span::ZERO,
            in_session: false,
            sends: 0,
            accepted: old.accepted,
            attempts: Transmissions::default(),
        };
        let (contact, purpose, held) = (old.contact, old.purpose, old.held);
        let (session, envelope) = (old.session, old.envelope);
        // Dropped in place, so that the keys in it are wiped where they lie.
        self.delivery.outbox.discard(idx);
        if let Some(sid) = session {
            let _outdated = self.session.settled(sid, None, false);
        }
        self.out.pool.free(envelope);
        // A message that was held had no envelope that a proof could be for.
        if !held {
            self.delivery.remember(proof);
            self.stats.resealed += 1;
        }
        match self.track(sealed, request, purpose, Some(carried)) {
            Ok(idx) => {
                if self.config.keeps_records()
                    && let Some(message) = self.delivery.outbox.get(idx)
                {
                    self.out.push_local(Job::PersistOutbox {
                        idx,
                        id: message.reference,
                    });
                }
                self.wake_at(idx, Span::ZERO);
                true
            }
            Err(_) => {
                if let Some(contact) = self.session.contacts.get_mut(contact) {
                    contact.held = contact.held.saturating_sub(1);
                }
                self.bug(crate::invariant::Bug::RoomVanished);
                false
            }
        }
    }

    /// The attempt number is used up: only a new envelope gets past the relays again.
    pub(super) fn attempts_spent(attempt: u8) -> bool {
        attempt > MAX_ATTEMPT
    }
}

/// What a message keeps when it is sealed again.
pub(super) struct Carried {
    pub(super) id: MessageId,
    pub(super) state: State,
    pub(super) sends: u32,
    pub(super) rounds: u8,
    pub(super) link: Option<LinkRef>,
    pub(super) sent: Option<Instant>,
    pub(super) read: bool,
    pub(super) version: u32,
    pub(super) accepted: Instant,
    pub(super) attempts: Transmissions,
}

impl Carried {
    pub(super) fn fresh(id: MessageId, now: Instant) -> Self {
        Self {
            id,
            state: State::Pending,
            sends: 0,
            rounds: 0,
            link: None,
            sent: None,
            read: false,
            version: 1,
            accepted: now,
            attempts: Transmissions::default(),
        }
    }
}

//! What must survive a restart, and what a restart brings back. Spec: driver, "Records".
//!
//! Records become durable in the order they are put out; a storage driver keeps to it. Spec DRV-18.

use super::{Step, World};
use crate::crypto::Suite;
use crate::delivery::record as messages;
use crate::delivery::{Found, InboxEntry, Message, OpenedEntry};
use crate::egress::{Job, LinkRef};
use crate::error::{Misuse, Refusal};
use crate::identity::Keys;
use crate::input::LinkId;
use crate::output::{DeliveryId, Record, RecordKey, RecordKind, State};
use crate::report::Transmissions;
use crate::session::record as sessions;
use crate::session::{ContactRef, Recover};
use crate::time::Span;
use crate::wire::{MAX_ATTEMPT, MessageId, Reference, Sid, message_id};

const BAD: Refusal = Refusal::Misuse(Misuse::BadRecord);

/// No link: what was restored has none yet.
const NOWHERE: LinkRef = LinkRef {
    idx: crate::bounded::Idx::NONE,
    id: LinkId(u32::MAX),
};

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Queues a session's record, once.
    pub(super) fn persist_session(&mut self, sid: Sid) {
        let Some(idx) = self.session.sessions.find(&sid.0) else {
            return;
        };
        let Some(session) = self.session.sessions.get_mut(idx) else {
            return;
        };
        if !session.persist_queued {
            session.persist_queued = self.out.push_local(Job::PersistSession(sid));
        }
    }

    /// Queues the records of a contact's sessions, whose windows remember what was received.
    pub(super) fn persist_windows(&mut self, contact: ContactRef) {
        let mut next = self.session.sessions.oldest();
        while let Some(idx) = next {
            next = self.session.sessions.after(idx);
            let session = self.session.sessions.get(idx);
            if let Some(sid) = session.filter(|s| s.contact == contact).map(|s| s.sid) {
                self.persist_session(sid);
            }
        }
    }

    /// A record is durable, or could not be made so. Spec DRV-14, DRV-15.
    #[inline(never)]
    pub(super) fn persisted(&mut self, key: RecordKey, version: u32, ok: bool) -> Step {
        // What storage refused is offered again later, not at once: a full disk must not spin.
        match key.kind {
            RecordKind::Session => {
                let [a, b, c, d, ..] = key.id;
                let sid = Sid([a, b, c, d]);
                if ok {
                    self.session.session_persisted(sid, version);
                    let idx = self.session.sessions.find(&sid.0);
                    let contact = idx.and_then(|idx| self.session.sessions.get(idx));
                    if let Some(contact) = contact.map(|session| session.contact) {
                        self.session_ready(contact);
                    }
                } else {
                    self.own.offer_again = true;
                }
            }
            RecordKind::Outbox => {
                let Some(Found::Live(idx)) = self.delivery.find_id(MessageId(key.id)) else {
                    return Ok(None);
                };
                if !ok {
                    self.wake_at(idx, super::tick::OFFER_AGAIN);
                    return Ok(None);
                }
                let Some(message) = self.delivery.outbox.get_mut(idx) else {
                    return Ok(None);
                };
                if message.version == version && !message.durable {
                    message.durable = true;
                    self.launch(idx);
                }
            }
            RecordKind::Inbox => self.inbox_persisted(key.id, version, ok),
            // Losing one costs a repeated delivery after a restart, never an acknowledgement.
            RecordKind::Opened => {}
        }
        Ok(None)
    }

    /// Offers the records again that storage refused. Spec DRV-15.
    pub(super) fn offer_again(&mut self) {
        self.own.offer_again = false;
        let mut next = self.session.sessions.oldest();
        while let Some(idx) = next {
            next = self.session.sessions.after(idx);
            let session = self.session.sessions.get(idx);
            if let Some(sid) = session.filter(|s| s.reserved != s.reserving).map(|s| s.sid) {
                self.persist_session(sid);
            }
        }
        let mut next = self.delivery.inbox.oldest();
        while let Some(idx) = next {
            next = self.delivery.inbox.after(idx);
            let entry = self.delivery.inbox.get(idx);
            if let Some(id) = entry
                .filter(|entry| !entry.acknowledged)
                .map(InboxEntry::delivery_id)
                && self.out.has_room()
            {
                self.out.push_local(Job::PersistInbox { idx, id });
            }
        }
    }

    /// A received message is durable: it can be acknowledged, whatever becomes of the application.
    fn inbox_persisted(&mut self, key: [u8; 16], version: u32, ok: bool) {
        let Some(idx) = self.delivery.inbox.find(&key) else {
            return;
        };
        let Some(entry) = self.delivery.inbox.get_mut(idx) else {
            return;
        };
        if !ok {
            self.own.offer_again = true;
            return;
        }
        if entry.version != version || entry.acknowledged {
            return;
        }
        entry.acknowledged = true;
        let (contact, link, reference) = (entry.contact, entry.link, entry.reference);
        let (secret, again, expiry) = (entry.secret, entry.again.take(), entry.expiry);
        self.persist_opened(reference);
        if let Some(secret) = secret {
            self.ack(contact, link, reference, secret, expiry);
        }
        if let Some(again) = again {
            self.persist_opened(again.reference);
            self.ack(contact, again.link, again.reference, again.secret, expiry);
        }
    }

    /// A record read back, before anything else happened. Spec DRV-17, DRV-16.
    #[inline(never)]
    pub(super) fn restored(&mut self, record: Record<'_>) -> Step {
        if !self.out.has_room() {
            return Err(Refusal::Backpressure.into());
        }
        match record.key.kind {
            RecordKind::Session => self.restore_session(record.bytes, record.version),
            RecordKind::Outbox => self.restore_message(record.bytes, record.version),
            RecordKind::Inbox => self.restore_inbox(record.bytes, record.version),
            RecordKind::Opened => {
                let entry: OpenedEntry =
                    messages::read_opened(record.bytes, self.now).ok_or(BAD)?;
                let (sender, id, sealed_again) =
                    (entry.sender, entry.id, entry.id != entry.reference);
                self.delivery.opened.insert(entry).map_err(|_| BAD)?;
                if sealed_again {
                    self.delivery.remember_delivered(sender, id);
                }
                Ok(None)
            }
        }
    }

    fn restore_session(&mut self, bytes: &[u8], version: u32) -> Step {
        let unix = self.unix().ok_or(Refusal::NoClock)?;
        let restored = sessions::read::<C>(bytes, self.now, unix).ok_or(BAD)?;
        let contact = self.contact(&restored.peer, true)?;
        let sid = restored.session.sid;
        if !self
            .session
            .restore_session(contact, restored.session, version)
        {
            return Err(BAD.into());
        }
        // The next block of counters has to be durable before the first of them is used.
        self.persist_session(sid);
        Ok(None)
    }

    fn restore_message(&mut self, bytes: &[u8], version: u32) -> Step {
        let restored = messages::read_message(bytes).ok_or(BAD)?;
        let held = matches!(restored.recover, Recover::Plain);
        let named = message_id(restored.envelope).map(|id| id.reference());
        let fits = restored.envelope.len() <= self.scratch.limit() as usize;
        if !fits || (!held && named != Some(restored.reference)) {
            return Err(BAD.into());
        }
        let contact = self.contact(&restored.to, true)?;
        let envelope = self.out.pool.store(&[restored.envelope]).ok_or(BAD)?;
        let message = Message {
            id: restored.id,
            reference: restored.reference,
            contact,
            purpose: restored.purpose,
            state: State::Pending,
            envelope,
            secret: restored.secret,
            recover: restored.recover,
            session: restored.session,
            class: restored.class,
            trace: restored.trace,
            expiry: restored.expiry,
            // Relays may remember any of its attempts: it goes on under a new envelope.
            attempt: if held { 0 } else { MAX_ATTEMPT + 1 },
            sends: 0,
            link: None,
            sent: None,
            taken: false,
            asking: false,
            hastened: false,
            rounds: 0,
            hurried: 0,
            queued: false,
            held: held && !planted!(RestoredHeld),
            read: false,
            telling: false,
            durable: true,
            version,
            accepted: self.now,
            attempts: Transmissions::default(),
        };
        let idx = match self.delivery.outbox.insert(message) {
            Ok(idx) => idx,
            Err(message) => {
                self.out.pool.free(message.envelope);
                return Err(BAD.into());
            }
        };
        if let Some(contact) = self.session.contacts.get_mut(contact) {
            contact.held += 1;
        }
        self.wake_at(idx, Span::ZERO);
        Ok(Some(restored.id))
    }

    fn restore_inbox(&mut self, bytes: &[u8], version: u32) -> Step {
        let restored = messages::read_inbox(bytes).ok_or(BAD)?;
        let contact = self.contact(&restored.from, false)?;
        let payload = self.out.pool.store(&[restored.payload]).ok_or(BAD)?;
        let at = contact;
        let entry = InboxEntry {
            id: restored.id,
            reference: restored.reference,
            secret: restored.secret,
            again: None,
            contact,
            payload,
            path: heapless::Vec::new(),
            link: NOWHERE,
            in_session: restored.in_session,
            class: restored.class,
            expiry: restored.expiry,
            acknowledged: true,
            version,
        };
        let idx = match self.delivery.inbox.insert(entry) {
            Ok(idx) => idx,
            Err(entry) => {
                self.out.pool.free(entry.payload);
                return Err(BAD.into());
            }
        };
        if let Some(contact) = self.session.contacts.get_mut(contact) {
            contact.held += 1;
        }
        let id = DeliveryId {
            sender: at.handle,
            reference: restored.id,
        };
        self.out.push_local(Job::Deliver { idx, id });
        Ok(None)
    }
}

/// The record of a session.
pub(crate) fn session_key(sid: Sid) -> RecordKey {
    let [a, b, c, d] = sid.0;
    RecordKey {
        kind: RecordKind::Session,
        id: [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    }
}

/// The record of an opened one-shot.
pub(crate) const fn opened_key(reference: Reference) -> RecordKey {
    let [a, b, c, d, e, f, g, h] = reference.0;
    RecordKey {
        kind: RecordKind::Opened,
        id: [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0],
    }
}

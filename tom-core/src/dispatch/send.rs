//! From a command to an envelope in a link's queue. Spec: delivery, "Sending".

use super::reseal::Carried;
use super::{Fault, Step, World};
use crate::bounded::{BLOCK, Idx};
use crate::crypto::{self, Suite};
use crate::delivery::{Message, Purpose};
use crate::egress::{Job, Queue};
use crate::error::{Full, Misuse, Refusal, TableName};
use crate::identity::{Keys, PublicKey};
use crate::input::{Command, Send};
use crate::output::{RecordKey, RecordKind};
use crate::session::{self, ContactRef, Recover, SealRequest, Sealed};
use crate::time::Span;
use crate::wire::{Class, ContentHead, ContentKind, MessageId};

/// The most an envelope adds to a payload: a re-sealed one-shot.
pub(crate) const SEAL_OVERHEAD: usize = 24 + 96 + 5 + 9;

impl<K: Keys, C: Suite> World<'_, K, C> {
    #[inline(never)]
    pub(super) fn command(&mut self, command: Command<'_>) -> Step {
        match command {
            Command::Send(send) => self.send(send).map(Some),
            Command::Read { from, id } => self.send_read(from, id.reference),
            Command::Candidates(list) => self.set_candidates(list),
        }
    }

    /// Takes a message of the application, if its life and length can be. Spec ENV-22, DLV-27.
    fn send(&mut self, send: Send<'_>) -> Result<MessageId, Fault> {
        let lifetime = send.lifetime.unwrap_or(self.config.max_lifetime());
        // Whole seconds count: at least one, and what is over them makes no life too long. One of less
        // than a second wraps round and is too long as well.
        let over_one = lifetime.as_millis().wrapping_sub(1_000);
        if over_one >= self.config.max_lifetime().as_millis() {
            return Err(Refusal::Misuse(Misuse::Lifetime).into());
        }
        let max = self.max_payload();
        if send.payload.len() > max {
            let max = u32::try_from(max).unwrap_or(u32::MAX);
            return Err(Refusal::Misuse(Misuse::TooLong { max }).into());
        }
        let post = Post {
            to: send.to,
            kind: ContentKind::Bytes,
            body: send.payload,
            class: send.class,
            trace: send.trace,
            lifetime,
            purpose: Purpose::Application,
        };
        let id = self.post(post)?;
        self.stats.sent += 1;
        Ok(id)
    }

    /// The longest payload a message may have, in bytes.
    pub(crate) fn max_payload(&self) -> usize {
        let longest = self.scratch.limit().min(self.config.max_envelope) as usize;
        longest.saturating_sub(SEAL_OVERHEAD)
    }

    /// Accepts a message: checks all room first, so that a refusal changes nothing. Spec CON-11, DLV-25.
    pub(super) fn post(&mut self, post: Post<'_>) -> Result<MessageId, Fault> {
        if !self.out.has_room() {
            return Err(Refusal::Backpressure.into());
        }
        if post.to == *self.me.public {
            return Err(Refusal::Misuse(Misuse::ToSelf).into());
        }
        let unix = self.unix().ok_or(Refusal::NoClock)?;
        let expiry = u32::try_from(unix.saturating_add(post.lifetime.as_secs()))
            .map_err(|_| Refusal::NoClock)?;
        if self.delivery.outbox.is_full() {
            let capacity = self.delivery.outbox.capacity();
            return Err(full(TableName::Outbox, capacity));
        }
        if !self.out.pool.room_for(post.body.len() + SEAL_OVERHEAD) {
            return Err(full(TableName::Blocks, self.out.pool.capacity()));
        }
        if let Some(known) = self.session.contacts.find(&post.to)
            && let Some(max) = self.session.accepts(known, self.config)
            && post.body.len() + SEAL_OVERHEAD > max
        {
            let max = u32::try_from(max.saturating_sub(SEAL_OVERHEAD)).unwrap_or(u32::MAX);
            return Err(Refusal::Misuse(Misuse::TooLong { max }).into());
        }
        let chosen = post.purpose == Purpose::Application;
        let contact = self.contact(&post.to, chosen)?;
        let _may = self.ready_to_offer(contact);

        let head = ContentHead {
            kind: post.kind,
            asks_ack: true,
            orig: None,
        };
        let content_len = self.put_content(head, post.body)?;
        let request = SealRequest {
            contact,
            content_len,
            class: post.class,
            trace: post.trace,
            expiry,
            wants_ack: true,
        };
        let sealed = self.session.seal::<K, C>(
            self.now,
            self.config,
            &self.me,
            &mut self.scratch,
            request,
        )?;
        crypto::scrub();
        let id = sealed.id;
        // The last entry is kept for what asks for the session that a held message waits for.
        // The same holds for payload blocks, and for what sealing it then adds.
        if matches!(sealed.recover, Recover::Plain) {
            let left = self.delivery.outbox.capacity() - self.delivery.outbox.len();
            if left < 2 {
                return Err(full(TableName::Outbox, self.delivery.outbox.capacity()));
            }
            if !self.out.pool.room_for(sealed.len + 3 * BLOCK) {
                return Err(full(TableName::Blocks, self.out.pool.capacity()));
            }
        }
        let idx = self.track(sealed, request, post.purpose, None)?;
        if self.config.keeps_records() {
            self.out.push_local(Job::PersistOutbox {
                idx,
                id: id.reference(),
            });
        }
        self.launch(idx);
        Ok(id)
    }

    /// The contact with this key; a stranger it pushes out leaves nothing behind.
    pub(super) fn contact(&mut self, key: &PublicKey, chosen: bool) -> Result<ContactRef, Fault> {
        let mut evicted = None;
        let contact = self
            .session
            .contacts
            .obtain(key, None, chosen, &mut evicted);
        self.evicted(evicted);
        Ok(contact?)
    }

    /// Frees what an evicted contact held.
    pub(super) fn evicted(&mut self, evicted: Option<session::Contact>) {
        let Some(contact) = evicted else { return };
        if let Some(chain) = contact.intro.theirs {
            self.out.pool.free(chain);
        }
        let handle = contact.handle;
        while let Some(idx) = self.session.session_of(handle) {
            self.session.drop_session(idx);
        }
        while let Some(idx) = self.session.pending_of(handle) {
            self.session.pending.discard(idx);
        }
    }

    /// Writes content to the start of the scratch buffer.
    fn put_content(&mut self, head: ContentHead, body: &[u8]) -> Result<usize, Fault> {
        let too_long = Refusal::Misuse(Misuse::TooLong { max: 0 });
        self.scratch.complete();
        let at = head.emit(&mut self.scratch).map_err(|_| too_long)?;
        let place = self.scratch.get_mut(at..at + body.len()).ok_or(too_long)?;
        place.copy_from_slice(body);
        Ok(at + body.len())
    }

    /// Makes the outbox entry for the envelope in the scratch buffer.
    pub(super) fn track(
        &mut self,
        sealed: Sealed,
        request: SealRequest,
        purpose: Purpose,
        before: Option<Carried>,
    ) -> Result<Idx, Fault> {
        let no_blocks = full(TableName::Blocks, self.out.pool.capacity());
        let bytes = self.scratch.get(..sealed.len).ok_or(no_blocks)?;
        let envelope = self.out.pool.store(&[bytes]).ok_or(no_blocks)?;
        if sealed.persist
            && let Some(sid) = sealed.session
        {
            self.persist_session(sid);
        }
        let held = matches!(sealed.recover, Recover::Plain);
        let fresh = before.is_none();
        let carried = before.unwrap_or(Carried::fresh(sealed.id, self.now));
        let message = Message {
            id: carried.id,
            reference: sealed.id.reference(),
            contact: request.contact,
            purpose,
            state: carried.state,
            envelope,
            secret: sealed.secret,
            recover: sealed.recover,
            session: sealed.session,
            class: request.class,
            trace: request.trace,
            expiry: request.expiry,
            attempt: 0,
            sends: carried.sends,
            link: carried.link,
            sent: carried.sent,
            taken: false,
            asking: false,
            hastened: false,
            rounds: carried.rounds,
            hurried: 0,
            queued: false,
            held,
            read: carried.read,
            telling: false,
            durable: !self.config.keeps_records(),
            version: carried.version,
            accepted: carried.accepted,
            attempts: carried.attempts,
        };
        match self.delivery.outbox.insert(message) {
            Ok(idx) => {
                if fresh && let Some(contact) = self.session.contacts.get_mut(request.contact) {
                    contact.held += 1;
                }
                Ok(idx)
            }
            Err(message) => {
                self.out.pool.free(message.envelope);
                Err(full(TableName::Outbox, self.delivery.outbox.capacity()))
            }
        }
    }

    pub(crate) fn bug(&mut self, bug: crate::invariant::Bug) {
        self.stats.bugs += 1;
        self.out
            .notify(crate::output::Event::Bug(crate::invariant::broken(bug)));
    }
}

/// A message to be accepted.
pub(super) struct Post<'a> {
    pub(super) to: PublicKey,
    pub(super) kind: ContentKind,
    pub(super) body: &'a [u8],
    pub(super) class: Class,
    pub(super) trace: bool,
    pub(super) lifetime: Span,
    pub(super) purpose: Purpose,
}

/// The queue a class leaves by; links' own control frames go before all of them.
pub(super) fn queue(class: Class) -> Queue {
    match class {
        Class::Control | Class::Interactive | Class::Normal => Queue::Normal,
        Class::Bulk => Queue::Bulk,
    }
}

pub(super) fn full(table: TableName, capacity: u32) -> Fault {
    Fault::Refused(Refusal::Full(Full { table, capacity }))
}

/// The record of a message of ours: it keeps its name however often the message is sealed again.
/// Spec DRV-19.
pub(crate) const fn outbox_key(id: MessageId) -> RecordKey {
    RecordKey {
        kind: RecordKind::Outbox,
        id: id.0,
    }
}

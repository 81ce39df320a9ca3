//! From a command to an envelope in a link's queue. Spec: delivery, "Sending".

use super::{Fault, Step, World};
use crate::bounded::{BLOCK, Idx};
use crate::crypto::{self, Suite};
use crate::delivery::{Message, Proof, Purpose, keep_until};
use crate::egress::{Egress, Job, LinkRef, Queue};
use crate::error::{Full, Misuse, Refusal, TableName};
use crate::identity::{Keys, PublicKey};
use crate::input::{Command, LinkId, Send};
use crate::output::{RecordKey, RecordKind, State};
use crate::policy::backoff;
use crate::report::Transmissions;
use crate::routing::{Asker, Choice, Wish};
use crate::session::{self, ContactRef, Recover, SealRequest, Sealed};
use crate::time::Span;
use crate::wire::{Class, ContentHead, ContentKind, ENVELOPE_AT, Handle, MAX_ATTEMPT, MessageId};

/// Frame and trailers around an envelope, at most.
const FRAMING: usize = ENVELOPE_AT;
/// How often a message without any neighbour to go to looks for one.
const NOWHERE_WAIT: Span = Span::from_secs(30);
/// Retries brought on by events rather than time come at most this often per message.
const EVENT_RETRY: Span = Span::from_secs(1);
/// An empty one-shot asks for a session at most this often.
const KNOCK_EVERY: Span = Span::from_secs(60);
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

    /// Takes a message of the application, if its life and length can be. Spec ENV-22.
    fn send(&mut self, send: Send<'_>) -> Result<MessageId, Fault> {
        let lifetime = send.lifetime.unwrap_or(self.config.max_lifetime());
        if lifetime < Span::from_secs(1) || lifetime > self.config.max_lifetime() {
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
        let longest = self.scratch.len().min(self.config.max_envelope as usize);
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
        let sealed =
            self.session
                .seal::<K, C>(self.now, self.config, &self.me, self.scratch, request)?;
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
        let contact = self.session.contacts.obtain(key, chosen, &mut evicted);
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
        let at = head.emit(self.scratch).map_err(|_| too_long)?;
        let place = self.scratch.get_mut(at..at + body.len()).ok_or(too_long)?;
        place.copy_from_slice(body);
        Ok(at + body.len())
    }

    /// Makes the outbox entry for the envelope in the scratch buffer.
    fn track(
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
            Choice::Over(link, _) => self.enqueue(idx, link),
            // A link coming up wakes it; until then there is little to look for.
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
        let due = contact
            .knocked
            .is_none_or(|last| now.since(last) >= KNOCK_EVERY);
        self.wake_at(idx, KNOCK_EVERY);
        let left = self
            .unix()
            .map_or(0, |unix| u64::from(expiry).saturating_sub(unix));
        if !due || left == 0 {
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
        if self.post(post).is_ok()
            && let Some(contact) = self.session.contacts.get_mut(at)
        {
            contact.knocked = Some(now);
        }
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
        let sends = message.sends + 1;
        let rtt = self
            .out
            .link(link)
            .and_then(|link| link.rtt)
            .unwrap_or_default();
        let first = self.config.taken_wait.max(rtt.times(3));
        self.wake_at(idx, backoff(first, self.config.retry_max, sends));
    }

    /// Sets a message's timer: in `wait`, or at its end if that is sooner.
    pub(super) fn wake_at(&mut self, idx: Idx, wait: Span) {
        let Some(message) = self.delivery.outbox.get(idx) else {
            return;
        };
        let end = u64::from(message.expiry) + self.config.skew.as_secs();
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
            Choice::Over(link, _) => Some(link).filter(|link| {
                let open = self.out.link(*link).is_some_and(|link| !link.blocked);
                open && message.link != Some(*link)
            }),
            Choice::Ask | Choice::Nowhere => None,
        }
    }

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
            let sent = message.sent.filter(|_| !message.asking && !first);
            let at = sent.map_or(self.now, |sent| sent.plus(EVENT_RETRY).max(self.now));
            let due = self.delivery.timers.get(idx);
            self.delivery
                .timers
                .set(idx, due.map_or(at, |due| due.min(at)));
        }
    }

    /// Makes one message try again soon: a second after its last copy left, or when it was due.
    pub(super) fn hasten(&mut self, idx: Idx) {
        let Some(message) = self.delivery.outbox.get(idx) else {
            return;
        };
        let sent = message.sent.filter(|_| !message.asking);
        let at = sent.map_or(self.now, |sent| sent.plus(EVENT_RETRY).max(self.now));
        let due = self.delivery.timers.get(idx);
        self.delivery
            .timers
            .set(idx, due.map_or(at, |due| due.min(at)));
    }

    /// A way towards `dst` is new. Spec DLV-12, RTE-32.
    pub(super) fn retry_for(&mut self, dst: Handle) {
        self.retry(false, |message, _| {
            message.contact.handle == dst && !message.queued
        });
    }

    /// A neighbour is new: messages that had none to go to, or whose last one is gone, try it.
    pub(super) fn retry_stranded(&mut self) {
        self.retry(false, |message, out| {
            let stranded = message.link.is_none_or(|last| out.link(last).is_none());
            stranded && !message.queued && !message.asking
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
            over && !message.queued && (gone || !message.taken)
        });
    }

    /// A link refused a copy. Not to hear of it costs the wait for its proof, no more. Spec DRV-10.
    pub(super) fn send_failed(&mut self, link: LinkId) -> Step {
        self.retry_over(link, false);
        Ok(None)
    }

    /// Seals a message again under a new counter or key, carrying the reference of its first
    /// envelope. False: no room now; the old envelope goes on. Spec SES-33.
    pub(super) fn reseal(&mut self, idx: Idx) -> bool {
        let Some(message) = self.delivery.outbox.get(idx) else {
            return false;
        };
        let Some(recipient) = self.session.contacts.get(message.contact).map(|c| c.key) else {
            return false;
        };
        let len = message.envelope.len() as usize;
        // The old envelope's blocks are free before the new one is stored.
        if !self.out.pool.room_for(SEAL_OVERHEAD) {
            return false;
        }
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
        let Some(message) = self.delivery.outbox.get(idx) else {
            return false;
        };
        let request = SealRequest {
            contact: message.contact,
            content_len: length,
            class: message.class,
            trace: message.trace,
            expiry: message.expiry,
            wants_ack: true,
        };
        let Ok(sealed) =
            self.session
                .seal::<K, C>(self.now, self.config, &self.me, self.scratch, request)
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
        head.emit(self.scratch).ok()?;
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

    pub(crate) fn bug(&mut self, bug: crate::invariant::Bug) {
        self.stats.bugs += 1;
        self.out
            .notify(crate::output::Event::Bug(crate::invariant::broken(bug)));
    }
}

/// What a message keeps when it is sealed again.
pub(super) struct Carried {
    id: MessageId,
    state: State,
    sends: u32,
    link: Option<LinkRef>,
    sent: Option<crate::time::Instant>,
    read: bool,
    version: u32,
    accepted: crate::time::Instant,
    attempts: Transmissions,
}

impl Carried {
    fn fresh(id: MessageId, now: crate::time::Instant) -> Self {
        Self {
            id,
            state: State::Pending,
            sends: 0,
            link: None,
            sent: None,
            read: false,
            version: 1,
            accepted: now,
            attempts: Transmissions::default(),
        }
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

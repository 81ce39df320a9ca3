//! ACK, RESP, NACK and read receipts, sent and received. Spec: delivery, "States"; routing, "Return
//! routes"; session, "Answer".

use super::receive::{Arrival, Receipt};
use super::{Step, World};
use crate::bounded::Idx;
use crate::crypto::{self, Suite};
use crate::delivery::{Found, NotProven, Settled, Tables as Delivery};
use crate::egress::{Job, LinkRef, Queue};
use crate::error::{Drop, Misuse, Refusal};
use crate::identity::{Keys, PublicKey};
use crate::output::{DeliveryId, Event, RecordKey, RecordKind, State};
use crate::session::ContactRef;
use crate::time::Span;
use crate::wire::{
    Acks, Class, ContentKind, Head, NOISE2_LEN, NackCode, Proof, Reference, Secret, Sid,
};

/// At most one renewal of a session per peer in this time.
const RENEW_EVERY: Span = Span::from_secs(60);

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// The application has a message safely: it is acknowledged now, if it was not yet.
    #[inline(never)]
    pub(super) fn taken(&mut self, id: DeliveryId) -> Step {
        let unknown = Refusal::Misuse(Misuse::UnknownId);
        let idx = self.delivery.inbox.find(&id.to_bytes()).ok_or(unknown)?;
        // Two proofs over two links, the windows' records and the end of this one.
        if self.out.jobs.free() < crate::egress::JOBS_PER_INPUT + 4 {
            return Err(Refusal::Backpressure.into());
        }
        let entry = self.delivery.inbox.remove(idx).ok_or(unknown)?;
        self.out.pool.free(entry.payload);
        if let Some(contact) = self.session.contacts.get_mut(entry.contact) {
            contact.held = contact.held.saturating_sub(1);
        }
        if planted!(SkipDedup) {
            let opened = self.delivery.opened.find(&entry.reference.0);
            let _gone = opened.map(|idx| self.delivery.opened.discard(idx));
        } else {
            self.delivery
                .remember_delivered(entry.contact.handle, entry.id);
        }
        if !entry.acknowledged
            && let Some(secret) = entry.secret
        {
            self.ack(
                entry.contact,
                entry.link,
                entry.reference,
                secret,
                entry.expiry,
            );
        }
        if let Some(again) = entry.again {
            self.ack(
                entry.contact,
                again.link,
                again.reference,
                again.secret,
                entry.expiry,
            );
        }
        if self.config.keeps_records() {
            if !entry.acknowledged {
                self.persist_opened(entry.reference);
            }
            // The windows that remember the message go first: records are durable in order.
            self.persist_windows(entry.contact);
            let key = RecordKey {
                kind: RecordKind::Inbox,
                id: id.to_bytes(),
            };
            self.out.push_local(Job::Forget(key));
        }
        Ok(None)
    }

    /// Queues the proof for a message: straight to its sender where there is a link, and back the way
    /// the copy came. One that came another way says that its sender may not hear over that link.
    pub(super) fn ack(
        &mut self,
        contact: ContactRef,
        from: LinkRef,
        reference: Reference,
        secret: Secret,
        expiry: u32,
    ) {
        let job = Job::Ack {
            reference,
            secret,
            expiry,
        };
        let direct = self
            .routing
            .route(contact.handle)
            .and_then(|route| route.direct);
        self.send_both(direct.unwrap_or(from), from, job);
    }

    /// Proves the envelope that came, whichever of its message it is. Spec DLV-19.
    pub(super) fn acknowledge(&mut self, receipt: &Receipt) {
        let Some(secret) = receipt.secret else { return };
        let Arrival {
            link,
            head,
            reference,
        } = receipt.arrival;
        self.ack(receipt.contact, link, reference, secret, head.expiry);
    }

    /// A one-shot came again: its ACK goes again, unless the application does not have it yet.
    /// Spec DLV-14, DLV-17.
    pub(super) fn acknowledge_again(&mut self, arrival: Arrival, opened: Idx) {
        let Some(entry) = self.delivery.opened.get(opened) else {
            return;
        };
        let (id, secret, expiry, answer) = (entry.id, entry.secret, entry.expiry, entry.answer);
        let sender = entry.sender;
        let link = arrival.link;
        // The answer to its handshake says nothing of the message, so it need not wait.
        if let Some(sid) = answer {
            self.out.push(link, Queue::Control, Job::Resp { sid });
        }
        let key = DeliveryId {
            sender,
            reference: id,
        }
        .to_bytes();
        if let Some(idx) = self.delivery.inbox.find(&key)
            && let Some(waiting) = self.delivery.inbox.get_mut(idx)
            && !waiting.acknowledged
            && !planted!(AckWaiting)
        {
            waiting.came_again(secret, arrival.link);
            return;
        }
        let Some(secret) = secret else { return };
        self.ack_copy(arrival, secret, expiry);
    }

    /// A session message came again.
    pub(super) fn data_again(
        &mut self,
        arrival: Arrival,
        contact: ContactRef,
        secret: Option<Secret>,
    ) {
        let Some(secret) = secret else { return };
        let waiting = self.delivery.waiting_with(contact.handle, secret);
        if let Some(entry) = waiting.and_then(|idx| self.delivery.inbox.get_mut(idx))
            && !planted!(AckWaiting)
        {
            entry.came_again(Some(secret), arrival.link);
            return;
        }
        self.ack_copy(arrival, secret, arrival.head.expiry);
    }

    /// Proves a copy of what was proven before, back the way it came: that proof may have been lost
    /// on the direct link.
    fn ack_copy(&mut self, arrival: Arrival, secret: Secret, expiry: u32) {
        self.stats.duplicates += 1;
        let job = Job::Ack {
            reference: arrival.reference,
            secret,
            expiry,
        };
        self.out.push(arrival.link, Queue::Control, job);
    }

    /// Secrets came back: for our own messages, or for envelopes we handed on.
    #[inline(never)]
    pub(super) fn on_acks(&mut self, link: LinkRef, expiry: u32, acks: Acks<'_>) -> Step {
        let mut first = None;
        for proof in acks {
            if !self.out.has_room() {
                first = first.or(Some(Drop::Backpressure.into()));
                break;
            }
            if let Err(reason) = self.on_proof(link, expiry, proof) {
                // Each proof counts for itself; the frame's verdict is the first bad one, which
                // the caller counts.
                if first.is_some() {
                    self.stats.count(reason);
                }
                first = first.or(Some(reason.into()));
            }
        }
        first.map_or(Ok(None), Err)
    }

    fn on_proof(&mut self, link: LinkRef, expiry: u32, proof: Proof) -> Result<(), Drop> {
        if let Some(found) = self.delivery.find(proof.reference) {
            return match self.delivery.prove(&found, &proof.secret, self.now) {
                Ok(settled) => {
                    self.on_settled(settled, Some(link));
                    Ok(())
                }
                Err(NotProven::Wrong) => Err(Drop::BadProof),
                Err(NotProven::Repeat) => Err(Drop::AckRepeat),
            };
        }
        self.pass_proof(link, expiry, proof)
    }

    /// A proof for an envelope we handed on goes back the way the envelope came.
    /// Spec ENV-21, RTE-11, RTE-13.
    fn pass_proof(&mut self, link: LinkRef, expiry: u32, proof: Proof) -> Result<(), Drop> {
        if !self.config.forwards() {
            return Err(Drop::AckUnknown);
        }
        let now = self.now;
        let skew = self.config.skew.as_secs();
        let unix = self.unix();
        let entry = self
            .routing
            .returning_mut(proof.reference)
            .ok_or(Drop::AckUnknown)?;
        if unix.is_some_and(|unix| u64::from(entry.expiry) + skew < unix) {
            return Err(Drop::Expired);
        }
        if let Some(commit) = entry.commit
            && !crypto::verify_proof::<C>(&commit.0, entry.expiry, &entry.dst, &proof.secret.0)
        {
            return Err(Drop::BadProof);
        }
        let committed = entry.commit.is_some();
        if committed {
            self.drop_proven(proof.reference);
        }
        let entry = self
            .routing
            .returning_mut(proof.reference)
            .ok_or(Drop::AckUnknown)?;
        if u32::from(entry.proofs) >= entry.attempts.count_ones() {
            return Err(Drop::AckRepeat);
        }
        entry.proofs += 1;
        let (dst, first, from, at) = (entry.dst, entry.first, entry.from, entry.at);
        // A second copy or proof would not say what was waited for.
        let once = entry.proofs == 1 && entry.attempts.is_power_of_two();
        let came_back = entry.to.is_some_and(|to| to.id == link.id);
        let reference = proof.reference;
        let job = Job::Ack {
            reference,
            secret: proof.secret,
            expiry,
        };
        if !self.send_both(first, from, job) {
            if let Some(entry) = self.routing.returning_mut(reference) {
                entry.proofs = entry.proofs.saturating_sub(1);
            }
            return Err(Drop::NoRoute);
        }
        self.stats.acks_passed += 1;
        if committed && came_back {
            self.routing
                .proven(dst, link, once.then(|| now.since(at)), now);
        }
        Ok(())
    }

    /// A message of ours is proven, by whatever way. Spec DLV-5.
    pub(super) fn on_settled(&mut self, settled: Settled, link: Option<LinkRef>) {
        if let Some(chain) = settled.envelope {
            self.out.pool.free(chain);
        }
        if let Some((sid, n)) = settled.session {
            let outdated = self.session.settled(sid, Some(n), settled.current);
            if outdated && self.config.keeps_records() {
                self.persist_session(sid);
            }
        }
        if !settled.late
            && let Some(contact) = self.session.contacts.get_mut(settled.contact)
        {
            contact.held = contact.held.saturating_sub(1);
        }
        let dst = settled.contact.handle;
        if let Some(link) = link {
            let same = settled.link.is_some_and(|last| last.id == link.id);
            let to_recipient = self.out.link(link).is_some_and(|at| at.handle == dst);
            if !to_recipient {
                let rtt = settled.round_trip.filter(|_| same);
                self.routing.proven(dst, link, rtt, self.now);
                self.introduce(settled.contact);
            }
        }
        if settled.purpose == crate::delivery::Purpose::Application {
            self.stats.delivered += 1;
            if settled.late {
                self.stats.late += 1;
            }
            self.out.notify(Event::Message {
                id: settled.id,
                state: State::Delivered,
            });
        }
        if settled.read {
            self.on_read(settled.contact, settled.id.reference());
        }
        if self.config.keeps_records() {
            self.out
                .push_local(Job::Forget(super::send::outbox_key(settled.id)));
        }
    }

    /// An answer to a handshake: ours, or one for an envelope we handed on.
    #[inline(never)]
    pub(super) fn on_resp(
        &mut self,
        link: LinkRef,
        bytes: &mut [u8],
        head: &Head,
        reference: Reference,
        sid: Sid,
        noise: &[u8; NOISE2_LEN],
    ) -> Step {
        self.purge_handshakes();
        if self.session.pending.find(&reference.0).is_none() {
            return self.pass_back(link, bytes, head, reference);
        }
        let answered = self.session.on_resp::<K, C>(
            self.now,
            self.config,
            &self.me,
            head.expiry,
            reference,
            sid,
            noise,
        )?;
        self.stats.sessions += 1;
        if let Some(contact) = self.session.contacts.get(answered.contact) {
            self.out.notify(Event::Session { peer: contact.key });
        }
        if self.config.keeps_records() {
            self.persist_session(answered.sid);
        }
        self.session_ready(answered.contact);
        Ok(None)
    }

    /// Tells the sender, by the way the envelope came, why it was not taken.
    /// Spec ENV-17, ENV-18, RTE-34, SES-31.
    pub(super) fn nack(&mut self, arrival: Arrival, code: NackCode, arg: u32) {
        let now = self.now;
        let allowed = code != NackCode::NoKey
            || self
                .out
                .link_mut(arrival.link)
                .is_some_and(|link| link.nacks.take(now, 60));
        if !allowed {
            return;
        }
        let job = Job::Nack {
            reference: arrival.reference,
            code: code.code(),
            arg,
            expiry: arrival.head.expiry,
        };
        self.out.push(arrival.link, Queue::Control, job);
    }

    /// A hint that an envelope was not taken. It never ends a message. Spec RTE-36.
    #[inline(never)]
    pub(super) fn on_nack(
        &mut self,
        link: LinkRef,
        expiry: u32,
        reference: Reference,
        code: NackCode,
        arg: u32,
    ) -> Step {
        let Some(found) = self.delivery.find(reference) else {
            return self.pass_nack(link, expiry, reference, code, arg);
        };
        let Found::Live(idx) = found else {
            return Err(Drop::BadNack.into());
        };
        let message = self.delivery.outbox.get(idx).ok_or(Drop::BadNack)?;
        if message.sends == 0 || message.link.is_none_or(|last| last.id != link.id) {
            return Err(Drop::BadNack.into());
        }
        let (contact, dst) = (message.contact, message.contact.handle);
        let in_session = message.session.is_some();
        match code {
            NackCode::NoKey => self.renew(idx, contact),
            // One-shots need room for a day at the recipient, session messages need none.
            NackCode::Full
                if !in_session
                    && self
                        .session
                        .sending(self.now, self.config, contact)
                        .is_some()
                    && self.reseal(idx) =>
            {
                Ok(None)
            }
            NackCode::TooBig | NackCode::Full | NackCode::NoRoute => {
                self.routing.failed(dst, link, code == NackCode::NoRoute);
                self.hasten_elsewhere(idx, link.id);
                Ok(None)
            }
        }
    }

    fn pass_nack(
        &mut self,
        link: LinkRef,
        expiry: u32,
        reference: Reference,
        code: NackCode,
        arg: u32,
    ) -> Step {
        if !self.config.forwards() {
            return Err(Drop::NackUnknown.into());
        }
        let entry = self
            .routing
            .returning_mut(reference)
            .ok_or(Drop::NackUnknown)?;
        if entry.to.is_none_or(|to| to.id != link.id) {
            return Err(Drop::BadNack.into());
        }
        // One per copy: NACKs start anew at each hop, so nothing else ends a ring of them.
        if u32::from(entry.nacks) >= entry.attempts.count_ones() {
            return Err(Drop::NackLimited.into());
        }
        entry.nacks += 1;
        let (first, from, dst) = (entry.first, entry.from, entry.dst);
        let job = Job::Nack {
            reference,
            code: code.code(),
            arg,
            expiry,
        };
        self.send_both(first, from, job);
        if code == NackCode::NoRoute {
            self.routing.failed(dst, link, true);
        }
        Ok(None)
    }

    /// The recipient has lost our session: the message is sealed to its identity instead.
    fn renew(&mut self, idx: Idx, at: ContactRef) -> Step {
        let now = self.now;
        let in_session = self
            .delivery
            .outbox
            .get(idx)
            .is_some_and(|m| m.session.is_some());
        let contact = self.session.contacts.get_mut(at).ok_or(Drop::BadNack)?;
        let fresh = contact
            .renewed
            .is_some_and(|last| now.since(last) < RENEW_EVERY);
        // Within a minute of a renewal, messages of the lost session still follow it, but no new
        // handshake is started for a mere claim.
        if fresh && !in_session {
            return Err(Drop::NackLimited.into());
        }
        if !fresh {
            contact.renewed = Some(now);
            contact.renew = true;
        }
        let session = self.delivery.outbox.get(idx).and_then(|m| m.session);
        if fresh && !contact.renew && contact.send.is_some() && contact.send == session {
            return Err(Drop::NackLimited.into());
        }
        if !self.reseal(idx) {
            return Err(Drop::NackLimited.into());
        }
        Ok(None)
    }

    /// The application read a message: its sender is told, as reliably as with any message.
    pub(super) fn send_read(&mut self, from: PublicKey, id: Reference) -> Step {
        let post = super::send::Post {
            to: from,
            kind: ContentKind::Read,
            body: &id.0,
            class: Class::Normal,
            trace: false,
            lifetime: self.config.max_lifetime(),
            purpose: crate::delivery::Purpose::Protocol,
        };
        self.post(post).map(|_| None)
    }

    /// The recipient says that a message of ours was read. Only its proof makes a message
    /// delivered, so an unproven one stays as it is and shows as read once the proof is here.
    /// Spec CNT-8.
    pub(super) fn on_read(&mut self, contact: ContactRef, reference: Reference) {
        match self.delivery.find_named(reference) {
            Some(Found::Live(idx)) => {
                if let Some(message) = self.delivery.outbox.get_mut(idx)
                    && message.contact == contact
                {
                    message.read = true;
                }
            }
            Some(Found::Past(idx)) => {
                let Some(proof) = self.delivery.proofs.get_mut(idx) else {
                    return;
                };
                if proof.contact != contact || proof.end != Some(State::Delivered) {
                    return;
                }
                proof.end = Some(State::Read);
                let (id, purpose) = (proof.id, proof.purpose);
                if purpose == crate::delivery::Purpose::Application {
                    self.out.notify(Event::Message {
                        id,
                        state: State::Read,
                    });
                }
            }
            None => {}
        }
    }

    /// Tells the application a message's state, once per drain however often it changes.
    pub(crate) fn tell_state(&mut self, idx: Idx, state: State) {
        let Some(message) = self.delivery.outbox.get_mut(idx) else {
            return;
        };
        if Delivery::advance(message, state) && !message.telling {
            let id = message.reference;
            message.telling = self.out.push_local(Job::State { idx, id });
        }
    }
}

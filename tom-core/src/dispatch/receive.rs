//! From bytes on a link to a message in the inbox. Spec: link, "Frame"; delivery, "Receiving".

use core::ops::Range;

use super::{Fault, Step, World};
use crate::crypto::{self, Suite};
use crate::delivery::{Again, InboxEntry, OpenedEntry, Seen};
use crate::egress::{Job, LinkRef, Queue};
use crate::error::Drop;
use crate::identity::Keys;
use crate::input::LinkId;
use crate::output::DeliveryId;
use crate::session::{ContactRef, DataRefused, OpenedData};
use crate::wire::{
    Body, Commit, Content, ContentBody, Envelope, Frame, FrameType, Frames, Head, MAX_TRACE_LEN,
    NackCode, Reference, Secret, Sid, message_id,
};
use crate::wire::{ENVELOPE_AT, Kind};

/// The declared path that came with an envelope.
pub(super) type Trace = heapless::Vec<u8, MAX_TRACE_LEN>;

/// An envelope's way in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) link: LinkRef,
    pub(super) head: Head,
    pub(super) reference: Reference,
}

/// References of one read receipt that are looked at.
const READS: usize = 64;

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Reads a link datagram frame by frame. A bad frame costs itself; the others are used.
    /// Spec LNK-3, DRP-4, DRV-8.
    #[inline(never)]
    pub(super) fn datagram(&mut self, link: LinkId, bytes: &mut [u8]) -> Step {
        self.stats.bytes_in = self.stats.bytes_in.saturating_add(bytes.len() as u64);
        let Some(link) = self.out.find(link) else {
            return Err(self.drop(Drop::UnknownLink));
        };
        let mut first = None;
        let mut at = 0;
        while at < bytes.len() {
            if !self.out.has_room() {
                first = first.or(Some(self.drop(Drop::Backpressure)));
                break;
            }
            let (step, used) = self.frame(link, bytes, at);
            if let Err(fault) = step {
                first = first.or(Some(fault));
            }
            at += used;
        }
        match first {
            Some(fault) => Err(fault),
            None => Ok(None),
        }
    }

    /// Uses the frame at `at`; also says how many bytes it took. Spec LNK-6.
    fn frame(&mut self, link: LinkRef, bytes: &mut [u8], at: usize) -> (Step, usize) {
        let Some(rest) = bytes.get(at..) else {
            return (Ok(None), usize::MAX);
        };
        let ftype = rest.first().copied().unwrap_or(0);
        let mut frames = Frames::new(rest);
        let parsed = frames.next();
        let used = rest.len() - frames.rest().len();
        if used > self.own.max_frame as usize {
            return (Err(self.drop(Drop::TooBig)), used);
        }
        let frame = match parsed {
            None => return (Ok(None), used.max(1)),
            Some(Err(reason)) => {
                if reason == Drop::BadVersion && ftype == FrameType::Hello.code() {
                    let version = rest.get(3).copied().unwrap_or(0);
                    self.incompatible(link, version);
                }
                return (Err(self.drop(reason)), used.max(1));
            }
            Some(Ok(frame)) => frame,
        };
        let step = match frame {
            Frame::Envelope {
                bytes: envelope,
                trailers,
            } => {
                let range = at + ENVELOPE_AT..at + ENVELOPE_AT + envelope.len();
                let mut trace = Trace::new();
                if let Some(declared) = trailers.trace {
                    let _bounded = trace.extend_from_slice(declared.as_bytes());
                }
                match bytes.get_mut(range) {
                    Some(envelope) => self.envelope(link, envelope, &trace),
                    None => Err(Drop::Truncated.into()),
                }
            }
            Frame::Hello(hello) => self.hello(link, hello),
            Frame::Taken(references) => self.on_taken(link, references),
            Frame::Passed(reference) => self.on_passed(link, reference),
            Frame::ReachAsk(ask) => self.on_ask(link, ask),
            Frame::ReachAnswer(answer) => self.on_answer(link, answer),
            Frame::Candidates(list) => self.on_observed(link, list),
            Frame::Ping(ping) => self.on_ping(link, ping),
        };
        if let Err(Fault::Dropped(reason)) = step {
            self.stats.count(reason);
        }
        (step, used.max(1))
    }

    /// To whom an envelope is: one of ours, an answer on its way, or for somebody else.
    /// Spec ENV-25, RTE-8.
    fn envelope(&mut self, link: LinkRef, bytes: &mut [u8], trace: &Trace) -> Step {
        let envelope = Envelope::parse(bytes)?;
        let head = envelope.head;
        let mine = head.dst == self.me.handle;
        // A proof is welcome however late; whether one for others is passed on is decided there.
        if head.kind != Kind::Ack {
            self.check_life(&head, mine)?;
        }
        match envelope.body {
            Body::Ack(acks) => self.on_acks(link, head.expiry, acks),
            Body::Nack {
                reference,
                code,
                arg,
            } => self.on_nack(link, head.expiry, reference, code, arg),
            Body::Resp {
                reference,
                sid,
                noise,
            } => {
                let noise = *noise;
                self.on_resp(link, bytes, &head, reference, sid, &noise)
            }
            Body::Seal { .. } | Body::Data { .. } if !mine => {
                self.forward(link, bytes, &head, envelope_commit(&envelope.body), trace)
            }
            Body::Seal { .. } => {
                let arrival = self.arrive(link, head, bytes)?;
                self.on_seal(arrival, bytes, trace)
            }
            Body::Data {
                sid, n16, commit, ..
            } => {
                let arrival = self.arrive(link, head, bytes)?;
                self.on_data(arrival, bytes, sid, n16, commit, trace)
            }
        }
    }

    fn arrive(&self, link: LinkRef, head: Head, bytes: &[u8]) -> Result<Arrival, Drop> {
        let reference = message_id(bytes).ok_or(Drop::Truncated)?.reference();
        Ok(Arrival {
            link,
            head,
            reference,
        })
    }

    /// Nobody can make a message immortal, and nothing dead is carried on. Spec ENV-23, ENV-24.
    pub(super) fn check_life(&self, head: &Head, mine: bool) -> Result<(), Drop> {
        let Some(unix) = self.unix() else {
            return Ok(());
        };
        let expiry = u64::from(head.expiry);
        let skew = self.config.skew.as_secs();
        let grace = if mine || head.kind.is_answer() {
            skew
        } else {
            0
        };
        if expiry.saturating_add(grace) < unix && !planted!(ForgetExpiry) {
            return Err(Drop::Expired);
        }
        if expiry > unix + crate::config::MAX_LIFE.as_secs() + skew {
            return Err(Drop::ExpiryTooFar);
        }
        Ok(())
    }

    /// Tells the neighbour that its envelope is in good hands. Spec LNK-17, LNK-18.
    pub(super) fn taken_frame(&mut self, link: LinkRef, reference: Reference) {
        self.out.push(link, Queue::Control, Job::Taken(reference));
    }

    /// A one-shot for this node: each check in its order, the costly ones last.
    /// Spec SES-6, SES-8, CNT-3.
    #[inline(never)]
    fn on_seal(&mut self, arrival: Arrival, bytes: &mut [u8], trace: &Trace) -> Step {
        if let Some(idx) = self.delivery.opened.find(&arrival.reference.0) {
            self.taken_frame(arrival.link, arrival.reference);
            self.acknowledge_again(arrival, idx);
            return Err(Drop::AlreadyOpened.into());
        }
        self.room_to_receive(arrival, bytes.len())?;
        if !self.delivery.opened_room(None) {
            self.nack(arrival, NackCode::Full, 0);
            return Err(Drop::OpenedFull.into());
        }
        self.seal_budget(arrival.link)?;
        let mut evicted = None;
        let opened = self.session.open_seal::<K, C>(
            self.now,
            self.config,
            &self.me,
            bytes,
            &arrival.head,
            arrival.reference,
            &mut evicted,
        );
        crypto::scrub();
        self.evicted(evicted);
        let opened = match opened {
            Ok(opened) => opened,
            Err(reason) => {
                if reason == Drop::UnknownKid {
                    self.nack(arrival, NackCode::NoKey, 0);
                }
                return Err(reason.into());
            }
        };
        self.stats.seals_opened += 1;
        if opened.answer.is_some() {
            self.session_ready(opened.contact);
        }
        if let Some(sid) = opened.answer {
            self.out
                .push(arrival.link, Queue::Control, Job::Resp { sid });
        }
        let sender = opened.contact.handle;
        if !self.delivery.opened_room(Some(sender)) {
            // Refused, not remembered: its next copy may find room. The answer lets the sender go on
            // in session, which needs none.
            self.nack(arrival, NackCode::Full, 0);
            return Err(Drop::OpenedFull.into());
        }
        let content = self.content(bytes, &opened.content);
        let parsed = content.as_ref().ok().copied();
        let receipt = Receipt {
            arrival,
            id: parsed
                .and_then(|parsed| parsed.orig)
                .unwrap_or(arrival.reference),
            contact: opened.contact,
            secret: parsed
                .is_some_and(|parsed| parsed.asks_ack)
                .then_some(opened.secret),
            in_session: false,
        };
        let seen = self.delivery.seen(sender, receipt.id);
        let step = match content {
            Ok(_) => self.receive(&receipt, seen, bytes, opened.content, trace),
            Err(reason) => Err(reason.into()),
        };
        // Not remembered: its next copy may be used.
        if step == Err(Drop::InboxFull.into()) || step == Err(Drop::RateLimited.into()) {
            return step;
        }
        // Opened once, whatever became of it; acknowledged again only if it was used. Its record goes
        // out behind the message's own, so that a crash between them loses neither.
        let used = step.is_ok() || step == Err(Drop::AlreadyDelivered.into());
        // While the message waits it is the inbox record that knows it; this one follows when the
        // message is safe, so that no crash and no full disk makes it look safe before.
        let waits = self.delivery.seen(sender, receipt.id) == Seen::Waiting;
        let entry = OpenedEntry {
            reference: arrival.reference,
            id: receipt.id,
            sender,
            secret: receipt.secret.filter(|_| used),
            expiry: arrival.head.expiry,
            at: self.now,
            answer: opened.answer,
        };
        if self.delivery.opened.insert(entry).is_ok() && !waits {
            self.persist_opened(arrival.reference);
        }
        if used {
            self.taken_frame(arrival.link, arrival.reference);
        }
        step
    }

    /// Delivers an authenticated message, or sees to the acknowledgement of one that came before.
    /// Spec DLV-17.
    fn receive(
        &mut self,
        receipt: &Receipt,
        seen: Seen,
        bytes: &[u8],
        content: Range<usize>,
        trace: &Trace,
    ) -> Step {
        match seen {
            Seen::No => self.accept(receipt, bytes, content, trace),
            Seen::Yes => {
                self.stats.duplicates += 1;
                self.acknowledge(receipt);
                Err(Drop::AlreadyDelivered.into())
            }
            Seen::Waiting => {
                self.wait_together(receipt)?;
                Err(Drop::AlreadyDelivered.into())
            }
        }
    }

    /// A second envelope of a message that waits for the application is acknowledged with it. A third
    /// is not remembered: the next one may be. Spec DLV-17, DLV-19, DLV-26.
    fn wait_together(&mut self, receipt: &Receipt) -> Result<(), Drop> {
        let sender = receipt.contact.handle;
        let reference = receipt.id;
        let key = DeliveryId { sender, reference }.to_bytes();
        let idx = self.delivery.inbox.find(&key);
        let Some(entry) = idx.and_then(|idx| self.delivery.inbox.get_mut(idx)) else {
            return Err(Drop::InboxFull);
        };
        if entry.again.is_some() {
            return Err(Drop::RateLimited);
        }
        let Arrival {
            reference, link, ..
        } = receipt.arrival;
        entry.again = receipt.secret.map(|secret| Again {
            reference,
            secret,
            link,
        });
        Ok(())
    }

    /// Queues the record of an opened one-shot, if there is one under this reference.
    pub(super) fn persist_opened(&mut self, reference: Reference) {
        if self.config.keeps_records()
            && let Some(idx) = self.delivery.opened.find(&reference.0)
        {
            self.out
                .push_local(Job::PersistOpened { idx, id: reference });
        }
    }

    /// A session message: the counter of what authenticated stays spent. Spec CNT-3, CNT-4.
    #[inline(never)]
    fn on_data(
        &mut self,
        arrival: Arrival,
        bytes: &mut [u8],
        sid: Sid,
        n16: u16,
        commit: Option<Commit>,
        trace: &Trace,
    ) -> Step {
        let room = !self.delivery.inbox.is_full() && self.out.pool.room_for(bytes.len());
        let opened = self.session.open_data::<K, C>(
            self.now,
            &self.me,
            bytes,
            &arrival.head,
            sid,
            n16,
            commit,
            room,
        );
        crypto::scrub();
        let opened = match opened {
            Ok(opened) => opened,
            Err(DataRefused::Again { contact, secret }) => {
                self.taken_frame(arrival.link, arrival.reference);
                self.data_again(arrival, contact, secret);
                return Err(Drop::Replay.into());
            }
            Err(DataRefused::Drop(reason)) => {
                if reason == Drop::UnknownSession {
                    self.nack(arrival, NackCode::NoKey, 0);
                } else if reason == Drop::InboxFull {
                    self.nack(arrival, NackCode::Full, 0);
                }
                return Err(reason.into());
            }
        };
        self.session_confirmed(&opened);
        let parsed = match self.content(bytes, &opened.content) {
            Ok(parsed) => parsed,
            Err(reason) => {
                self.session.refuse(opened.sid, opened.n);
                return Err(reason.into());
            }
        };
        let receipt = Receipt {
            arrival,
            id: parsed.orig.unwrap_or(arrival.reference),
            contact: opened.contact,
            secret: opened.secret.filter(|_| parsed.asks_ack),
            in_session: true,
        };
        // A fresh counter is not a fresh message: it may have come sealed again, before or after.
        let seen = self.delivery.seen(receipt.contact.handle, receipt.id);
        let step = self.receive(&receipt, seen, bytes, opened.content, trace);
        if step.is_ok() || step == Err(Drop::AlreadyDelivered.into()) {
            self.taken_frame(arrival.link, arrival.reference);
        } else {
            self.session.refuse(opened.sid, opened.n);
        }
        step
    }

    fn session_confirmed(&mut self, opened: &OpenedData) {
        if !opened.confirmed {
            return;
        }
        self.stats.sessions += 1;
        if let Some(contact) = self.session.contacts.get(opened.contact) {
            self.out
                .notify(crate::output::Event::Session { peer: contact.key });
        }
        if self.config.keeps_records() {
            self.persist_session(opened.sid);
        }
    }

    /// What an authenticated content says of itself.
    fn content(&self, bytes: &[u8], range: &Range<usize>) -> Result<Parsed, Drop> {
        let content = bytes.get(range.clone()).ok_or(Drop::BadContent)?;
        let Content { asks_ack, orig, .. } = Content::parse(content)?;
        Ok(Parsed { asks_ack, orig })
    }

    /// Room for one more message is seen to before anything is decrypted.
    fn room_to_receive(&mut self, arrival: Arrival, len: usize) -> Result<(), Drop> {
        if self.delivery.inbox.is_full() || !self.out.pool.room_for(len) {
            self.nack(arrival, NackCode::Full, 0);
            return Err(Drop::InboxFull);
        }
        Ok(())
    }

    /// One-shots cost public-key operations: a neighbour's share first, then the node's.
    /// Spec SES-9.
    fn seal_budget(&mut self, link: LinkRef) -> Result<(), Drop> {
        let per_minute = self.config.seal_opens_per_second.saturating_mul(60);
        let now = self.now;
        let share = self
            .out
            .link_mut(link)
            .is_some_and(|link| link.seals.take(now, (per_minute / 2).max(60)));
        if share && self.session.state.opens.take(now, per_minute) {
            return Ok(());
        }
        Err(Drop::SealBudget)
    }

    /// Hands an opened message to whoever it is for.
    fn accept(
        &mut self,
        receipt: &Receipt,
        bytes: &[u8],
        content: Range<usize>,
        trace: &Trace,
    ) -> Step {
        let content = bytes.get(content).ok_or(Drop::BadContent)?;
        let parsed = Content::parse(content)?;
        match parsed.body {
            ContentBody::Bytes(body) => self.store_in_inbox(receipt, body, trace),
            ContentBody::Pad(_) => {
                self.protocol_done(receipt);
                Ok(None)
            }
            ContentBody::Read(references) => {
                for reference in references.take(READS) {
                    self.on_read(receipt.contact, reference);
                }
                self.protocol_done(receipt);
                Ok(None)
            }
            ContentBody::Candidates(_) => {
                let list = content.get(parsed.head().len()..).unwrap_or_default();
                // A one-shot's first flight proves too little to make us dial anywhere.
                if receipt.in_session {
                    self.on_candidates(receipt.contact, list);
                }
                self.protocol_done(receipt);
                Ok(None)
            }
        }
    }

    fn protocol_done(&mut self, receipt: &Receipt) {
        self.delivery
            .remember_delivered(receipt.contact.handle, receipt.id);
        self.acknowledge(receipt);
    }

    /// Keeps a message, as it is, for the application. Spec CNT-7.
    fn store_in_inbox(&mut self, receipt: &Receipt, body: &[u8], trace: &Trace) -> Step {
        let arrival = receipt.arrival;
        let payload = self.out.pool.store(&[body]).ok_or(Drop::InboxFull)?;
        let entry = InboxEntry {
            id: receipt.id,
            reference: arrival.reference,
            secret: receipt.secret,
            again: None,
            contact: receipt.contact,
            payload,
            path: trace.clone(),
            link: arrival.link,
            in_session: receipt.in_session,
            class: arrival.head.flags.class(),
            expiry: arrival.head.expiry,
            acknowledged: false,
            version: 0,
        };
        match self.delivery.inbox.insert(entry) {
            Ok(idx) => {
                if let Some(contact) = self.session.contacts.get_mut(receipt.contact) {
                    contact.held += 1;
                }
                self.stats.received += 1;
                let id = DeliveryId {
                    sender: receipt.contact.handle,
                    reference: receipt.id,
                };
                if self.config.keeps_records() {
                    self.out.push_local(Job::PersistInbox { idx, id });
                }
                self.out.push_local(Job::Deliver { idx, id });
                Ok(None)
            }
            Err(entry) => {
                self.out.pool.free(entry.payload);
                Err(Drop::InboxFull.into())
            }
        }
    }
}

/// The head of an authenticated content.
#[derive(Clone, Copy, Debug)]
struct Parsed {
    asks_ack: bool,
    orig: Option<Reference>,
}

/// An authenticated message and what its acknowledgement needs. Spec CNT-4, CNT-6.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receipt {
    pub(super) arrival: Arrival,
    pub(super) id: Reference,
    pub(super) contact: ContactRef,
    /// `None`: it asked for no ACK.
    pub(super) secret: Option<Secret>,
    pub(super) in_session: bool,
}

fn envelope_commit(body: &Body<'_>) -> Option<Commit> {
    debug_assert!(matches!(body.kind(), Kind::Seal | Kind::Data));
    body.commit()
}

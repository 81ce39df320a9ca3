//! From bytes on a link to a message in the inbox. Spec: link, "Frames"; delivery, "Receiving".

use core::ops::Range;

use super::{Fault, Step, World};
use crate::crypto::Suite;
use crate::delivery::{InboxEntry, OpenedEntry, Seen};
use crate::egress::{Job, LinkRef, Queue};
use crate::error::Drop;
use crate::identity::Keys;
use crate::input::LinkId;
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

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Reads a link datagram frame by frame. A bad frame costs itself; the others are used.
    pub(super) fn datagram(&mut self, link: LinkId, bytes: &mut [u8]) -> Step {
        self.stats.bytes_in = self.stats.bytes_in.saturating_add(bytes.len() as u64);
        let Some(link) = self.out.find(link) else { return Err(self.drop(Drop::UnknownLink)) };
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

    /// Uses the frame at `at`; also says how many bytes it took.
    fn frame(&mut self, link: LinkRef, bytes: &mut [u8], at: usize) -> (Step, usize) {
        let Some(rest) = bytes.get(at..) else { return (Ok(None), usize::MAX) };
        let ftype = rest.first().copied().unwrap_or(0);
        let mut frames = Frames::new(rest);
        let parsed = frames.next();
        let used = rest.len() - frames.rest().len();
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
            Frame::Envelope { bytes: envelope, trailers } => {
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

    fn envelope(&mut self, link: LinkRef, bytes: &mut [u8], trace: &Trace) -> Step {
        let envelope = Envelope::parse(bytes)?;
        let head = envelope.head;
        let mine = head.dst == self.me.handle;
        self.check_life(&head, mine)?;
        match envelope.body {
            Body::Ack(acks) => self.on_acks(link, head.expiry, acks),
            Body::Nack { reference, code, arg } => {
                self.on_nack(link, head.expiry, reference, code, arg)
            }
            Body::Resp { reference, sid, noise } => {
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
            Body::Data { sid, n16, commit, .. } => {
                let arrival = self.arrive(link, head, bytes)?;
                self.on_data(arrival, bytes, sid, n16, commit, trace)
            }
        }
    }

    fn arrive(&self, link: LinkRef, head: Head, bytes: &[u8]) -> Result<Arrival, Drop> {
        let reference = message_id(bytes).ok_or(Drop::Truncated)?.reference();
        Ok(Arrival { link, head, reference })
    }

    /// Nobody can make a message immortal, and nothing dead is carried on.
    fn check_life(&self, head: &Head, mine: bool) -> Result<(), Drop> {
        let Some(unix) = self.unix() else { return Ok(()) };
        let expiry = u64::from(head.expiry);
        let skew = self.config.skew.as_secs();
        let grace = if mine || head.kind.is_answer() { skew } else { 0 };
        if expiry.saturating_add(grace) < unix {
            return Err(Drop::Expired);
        }
        if expiry > unix + crate::config::MAX_LIFE.as_secs() + skew {
            return Err(Drop::ExpiryTooFar);
        }
        Ok(())
    }

    /// Tells the neighbour that its envelope is in good hands.
    pub(super) fn taken_frame(&mut self, link: LinkRef, reference: Reference) {
        self.out.push(link, Queue::Control, Job::Taken(reference));
    }

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
        let sender = opened.contact.handle;
        if !self.delivery.opened_room(Some(sender)) {
            return Err(Drop::OpenedFull.into());
        }
        let (content, orig) = self.content(bytes, &opened.content)?;
        let id = orig.unwrap_or(arrival.reference);
        let seen = self.delivery.seen(sender, id);
        if seen == Seen::Waiting {
            return Err(Drop::AlreadyDelivered.into());
        }
        self.taken_frame(arrival.link, arrival.reference);
        let entry = OpenedEntry {
            reference: arrival.reference,
            id,
            sender,
            secret: opened.secret,
            expiry: arrival.head.expiry,
            answer: opened.answer,
        };
        if let Ok(idx) = self.delivery.opened.insert(entry)
            && self.config.durable
        {
            self.out.push_local(Job::PersistOpened { idx, id: arrival.reference });
        }
        let receipt = Receipt {
            arrival,
            id,
            contact: opened.contact,
            secret: content.1.then_some(opened.secret),
            answer: opened.answer,
            in_session: false,
        };
        if seen == Seen::Yes {
            self.stats.duplicates += 1;
            self.acknowledge(&receipt);
            return Err(Drop::AlreadyDelivered.into());
        }
        self.accept(&receipt, bytes, content.0, trace)
    }

    fn on_data(
        &mut self,
        arrival: Arrival,
        bytes: &mut [u8],
        sid: Sid,
        n16: u16,
        commit: Option<Commit>,
        trace: &Trace,
    ) -> Step {
        self.room_to_receive(arrival, bytes.len())?;
        let opened = self.session.open_data::<K, C>(
            self.now,
            &self.me,
            bytes,
            &arrival.head,
            sid,
            n16,
            commit,
        );
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
                }
                return Err(reason.into());
            }
        };
        self.taken_frame(arrival.link, arrival.reference);
        self.session_confirmed(&opened);
        let sender = opened.contact.handle;
        let (content, orig) = self.content(bytes, &opened.content)?;
        let id = orig.unwrap_or(arrival.reference);
        let receipt = Receipt {
            arrival,
            id,
            contact: opened.contact,
            secret: opened.secret.filter(|_| content.1),
            answer: None,
            in_session: true,
        };
        // Only a re-sealed message can have come before: the counter is fresh.
        if orig.is_some() {
            match self.delivery.seen(sender, id) {
                Seen::No => {}
                Seen::Waiting => return Err(Drop::AlreadyDelivered.into()),
                Seen::Yes => {
                    self.stats.duplicates += 1;
                    self.acknowledge(&receipt);
                    return Err(Drop::AlreadyDelivered.into());
                }
            }
        }
        self.accept(&receipt, bytes, content.0, trace)
    }

    fn session_confirmed(&mut self, opened: &OpenedData) {
        if !opened.confirmed {
            return;
        }
        self.stats.sessions += 1;
        if let Some(contact) = self.session.contacts.get(opened.contact) {
            self.out.notify(crate::output::Event::Session { peer: contact.key });
        }
        if self.config.durable {
            self.persist_session(opened.sid);
        }
    }

    /// Where the content's body stands, whether it asks for an ACK, and what it repeats.
    fn content(
        &self,
        bytes: &[u8],
        range: &Range<usize>,
    ) -> Result<((Range<usize>, bool), Option<Reference>), Drop> {
        let content = bytes.get(range.clone()).ok_or(Drop::BadContent)?;
        let parsed = Content::parse(content)?;
        Ok(((range.clone(), parsed.asks_ack), parsed.orig))
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
                for reference in references {
                    self.on_read(receipt.contact, reference);
                }
                self.protocol_done(receipt);
                Ok(None)
            }
            ContentBody::Candidates(_) => {
                let list = content.get(parsed.head().len()..).unwrap_or_default();
                self.on_candidates(receipt.contact, list);
                self.protocol_done(receipt);
                Ok(None)
            }
        }
    }

    fn protocol_done(&mut self, receipt: &Receipt) {
        if receipt.in_session {
            self.delivery.remember_delivered(receipt.contact.handle, receipt.id);
        }
        self.acknowledge(receipt);
    }

    fn store_in_inbox(&mut self, receipt: &Receipt, body: &[u8], trace: &Trace) -> Step {
        let arrival = receipt.arrival;
        let payload = self.out.pool.store(&[body]).ok_or(Drop::InboxFull)?;
        let entry = InboxEntry {
            id: receipt.id,
            reference: arrival.reference,
            secret: receipt.secret,
            answer: receipt.answer,
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
                if self.config.durable {
                    self.out.push_local(Job::PersistInbox { idx, id: receipt.id });
                }
                self.out.push_local(Job::Deliver { idx, id: receipt.id });
                Ok(None)
            }
            Err(entry) => {
                self.out.pool.free(entry.payload);
                Err(Drop::InboxFull.into())
            }
        }
    }
}

/// An authenticated message and what its acknowledgement needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receipt {
    pub(super) arrival: Arrival,
    pub(super) id: Reference,
    pub(super) contact: ContactRef,
    /// `None`: it asked for no ACK.
    pub(super) secret: Option<Secret>,
    pub(super) answer: Option<Sid>,
    pub(super) in_session: bool,
}

fn envelope_commit(body: &Body<'_>) -> Option<Commit> {
    debug_assert!(matches!(body.kind(), Kind::Seal | Kind::Data));
    body.commit()
}

//! From queued jobs to bytes: what `poll` gives out. Spec: link, "Frame".
//!
//! Nothing is encoded before the driver has a buffer for it, so a datagram carries whatever is due
//! to its link by then: the receipts and proofs of many messages in one.

use crate::config::Profile;
use crate::crypto::Suite;
use crate::delivery::record as messages;
use crate::dispatch::{World, opened_key, outbox_key, session_key};
use crate::egress::{Job, LinkRef, Queue};
use crate::identity::Keys;
use crate::invariant::Bug;
use crate::output::{
    Delivery, DeliveryId, Event, Output, Record, RecordKey, RecordKind, State, Transmit,
};
use crate::wire::{
    AckWriter, Candidates, ENVELOPE_AT, Frame, Head, Hello, Kind, MAX_PROOFS, NackCode, Ping,
    Profile as WireProfile, Proof, ReachAnswer, ReachAsk, Reference, TakenWriter, Trace, Trailers,
    emit_nack, emit_resp_head, set_path, wrap_envelope,
};

/// What a job came to.
enum Made {
    /// This many bytes of a frame.
    Bytes(usize),
    /// It does not fit behind what is in the datagram already.
    NoRoom,
    /// Nothing: what it was for is gone.
    Nothing,
}

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// The next output, or `None` when drained.
    pub(crate) fn poll<'b>(&mut self, buf: &'b mut [u8]) -> Option<Output<'b>> {
        while let Some(job) = self.out.pop_local() {
            // The borrow of `buf` ends with each job that comes to nothing.
            if let Some(made) = self.local(job, buf) {
                return self.present(made, buf);
            }
        }
        while let Some(at) = self.out.pop_ready() {
            let len = self.fill(at, buf);
            self.out.requeue(at);
            if len > 0 {
                self.stats.bytes_out = self.stats.bytes_out.saturating_add(len as u64);
                let ticket = self.out.ticket(at);
                let bytes = buf.get(..len).unwrap_or_default();
                return Some(Output::Transmit(Transmit {
                    link: at.id,
                    ticket,
                    bytes,
                }));
            }
        }
        None
    }

    /// Encodes what the application side gets; says what to make of the buffer.
    fn local(&mut self, job: Job, buf: &mut [u8]) -> Option<Local> {
        match job {
            Job::Notify(event) => Some(Local::Notify(event)),
            Job::State { idx, id } => {
                let message = self.delivery.outbox.get_mut(idx)?;
                if message.reference != id {
                    return None;
                }
                message.telling = false;
                let (id, state) = (message.id, message.state);
                Some(Local::Notify(Event::Message { id, state }))
            }
            Job::Close(link) => Some(Local::Close(link)),
            Job::Forget(key) => Some(Local::Forget(key)),
            Job::Dial(at) => {
                let contact = self.session.contacts.get_mut(at)?;
                let copied = contact
                    .intro
                    .theirs
                    .and_then(|list| self.out.pool.copy_out(list, buf));
                // Nothing to dial at any more: a later list may try again.
                contact.intro.dialing = copied.is_some();
                Some(Local::Dial(contact.key, copied?))
            }
            Job::Deliver { idx, id } => {
                let entry = self
                    .delivery
                    .inbox
                    .get(idx)
                    .filter(|entry| entry.delivery_id() == id)?;
                let from = self.session.contacts.get(entry.contact)?.key;
                let neighbour = self.out.link(entry.link).map_or(from, |link| link.peer);
                let len = self.out.pool.copy_out(entry.payload, buf)?;
                let path = buf.get_mut(len..len + entry.path.len())?;
                path.copy_from_slice(&entry.path);
                Some(Local::Deliver {
                    id,
                    from,
                    neighbour,
                    len,
                    path: entry.path.len(),
                    in_session: entry.in_session,
                    class: entry.class,
                })
            }
            Job::PersistSession(_)
            | Job::PersistOutbox { .. }
            | Job::PersistInbox { .. }
            | Job::PersistOpened { .. }
                if cfg!(not(feature = "records")) =>
            {
                None
            }
            Job::PersistSession(sid) => {
                let unix = self.unix().unwrap_or(0);
                let (len, version) = self.session.write_session(self.now, unix, sid, buf)?;
                Some(Local::Persist(session_key(sid), version, len))
            }
            Job::PersistOutbox { idx, id } => {
                let message = self.delivery.outbox.get_mut(idx)?;
                if message.reference != id {
                    return None;
                }
                let (version, name) = (message.version, message.id);
                let message = self.delivery.outbox.get(idx)?;
                let to = self.session.contacts.get(message.contact)?.key;
                let len = messages::write_message(message, &to, &self.out.pool, buf).ok()?;
                Some(Local::Persist(outbox_key(name), version, len))
            }
            Job::PersistInbox { idx, id } => {
                let entry = self
                    .delivery
                    .inbox
                    .get_mut(idx)
                    .filter(|entry| entry.delivery_id() == id)?;
                entry.version = entry.version.wrapping_add(1);
                let version = entry.version;
                let entry = self.delivery.inbox.get(idx)?;
                let from = self.session.contacts.get(entry.contact)?.key;
                let len = messages::write_inbox(entry, &from, &self.out.pool, buf).ok()?;
                let key = RecordKey {
                    kind: RecordKind::Inbox,
                    id: id.to_bytes(),
                };
                Some(Local::Persist(key, version, len))
            }
            Job::PersistOpened { idx, id } => {
                let entry = self
                    .delivery
                    .opened
                    .get(idx)
                    .filter(|e| e.reference == id)?;
                let len = messages::write_opened(entry, buf).ok()?;
                Some(Local::Persist(opened_key(id), 1, len))
            }
            Job::Ready(_)
            | Job::Hello
            | Job::Observed
            | Job::Taken(_)
            | Job::Passed(_)
            | Job::Ask { .. }
            | Job::Answer { .. }
            | Job::Pong { .. }
            | Job::Ack { .. }
            | Job::Nack { .. }
            | Job::Resp { .. }
            | Job::Forward { .. }
            | Job::Own { .. } => {
                self.bug(Bug::StaleEntry);
                None
            }
        }
    }

    fn present<'b>(&self, made: Local, buf: &'b mut [u8]) -> Option<Output<'b>> {
        Some(match made {
            Local::Notify(event) => Output::Notify(event),
            Local::Close(link) => Output::Close(link),
            Local::Forget(key) => Output::Forget(key),
            Local::Dial(peer, len) => Output::Dial {
                peer,
                candidates: buf.get(..len)?,
            },
            Local::Deliver {
                id,
                from,
                neighbour,
                len,
                path,
                in_session,
                class,
            } => {
                let (payload, rest) = buf.split_at_checked(len)?;
                Output::Deliver(Delivery {
                    id,
                    from,
                    payload,
                    in_session,
                    class,
                    neighbour,
                    declared_path: rest.get(..path)?,
                })
            }
            Local::Persist(key, version, len) => Output::Persist(Record {
                key,
                version,
                bytes: buf.get(..len)?,
            }),
        })
    }

    /// Fills a datagram for a link: at most its MTU, or one frame if that alone is longer.
    fn fill(&mut self, at: LinkRef, buf: &mut [u8]) -> usize {
        let Some(mtu) = self.out.link(at).map(|link| link.mtu as usize) else {
            return 0;
        };
        let mut len = 0;
        while let Some((queue, job)) = self.out.front(at) {
            // The first frame may be longer than the MTU; the driver has a way for such.
            let limit = if len == 0 {
                buf.len()
            } else {
                mtu.min(buf.len())
            };
            let Some(space) = buf.get_mut(len..limit) else {
                break;
            };
            match self.frame_for(at, queue, job, space) {
                Made::Bytes(made) => len += made,
                Made::Nothing => {
                    self.out.pop(at, queue);
                }
                Made::NoRoom if len == 0 => {
                    // It fits no buffer at all: it cannot leave by this link.
                    self.out.pop(at, queue);
                    self.bug(Bug::Encode);
                }
                Made::NoRoom => break,
            }
            if len >= mtu {
                break;
            }
        }
        len
    }

    /// Encodes the front job, and takes it and what was bundled with it off the queue.
    fn frame_for(&mut self, at: LinkRef, queue: Queue, job: Job, space: &mut [u8]) -> Made {
        let made = match job {
            Job::Own { idx, reference } => return self.own_frame(at, queue, idx, reference, space),
            Job::Forward { idx, serial } => {
                return self.forward_frame(at, queue, idx, serial, space);
            }
            Job::Taken(first) => return self.taken_frames(at, queue, first, space),
            Job::Ack {
                reference,
                secret,
                expiry,
            } => {
                return self.ack_frame(at, queue, Proof { reference, secret }, expiry, space);
            }
            Job::Nack {
                reference,
                code,
                arg,
                expiry,
            } => self.nack_frame(reference, code, arg, expiry, space),
            Job::Resp { sid } => self.resp_frame(sid, space),
            Job::Hello => self.hello_frame(space),
            Job::Observed => {
                let Some(link) = self.out.link(at) else {
                    return Made::Nothing;
                };
                match Candidates::parse(&link.observed) {
                    Ok(list) => emit(&Frame::Candidates(list), space),
                    Err(_) => Made::Nothing,
                }
            }
            Job::Passed(reference) => emit(&Frame::Passed(reference), space),
            Job::Ask { handle, nonce, ttl } => {
                emit(&Frame::ReachAsk(ReachAsk { handle, nonce, ttl }), space)
            }
            Job::Answer {
                handle,
                nonce,
                distance,
            } => emit(
                &Frame::ReachAnswer(ReachAnswer {
                    handle,
                    nonce,
                    distance,
                }),
                space,
            ),
            Job::Pong { nonce } => emit(&Frame::Ping(Ping { nonce, reply: true }), space),
            Job::Ready(_)
            | Job::Dial(_)
            | Job::Close(_)
            | Job::Deliver { .. }
            | Job::State { .. }
            | Job::Notify(_)
            | Job::PersistSession(_)
            | Job::PersistOutbox { .. }
            | Job::PersistInbox { .. }
            | Job::PersistOpened { .. }
            | Job::Forget(_) => {
                self.bug(Bug::StaleEntry);
                Made::Nothing
            }
        };
        if matches!(made, Made::Bytes(_)) {
            self.out.pop(at, queue);
        }
        made
    }

    fn hello_frame(&self, space: &mut [u8]) -> Made {
        let unix = self.unix().and_then(|unix| u32::try_from(unix).ok());
        let profile = match self.config.profile {
            Profile::Leaf => WireProfile::LEAF,
            Profile::Relay => WireProfile::RELAY,
            Profile::Full => WireProfile::FULL,
        };
        emit(
            &Frame::Hello(Hello::new(profile, self.own.max_frame, unix, 0)),
            space,
        )
    }

    /// One of our own messages, with its attempt; notes that it left.
    fn own_frame(
        &mut self,
        at: LinkRef,
        queue: Queue,
        idx: crate::bounded::Idx,
        reference: Reference,
        space: &mut [u8],
    ) -> Made {
        let now = self.now;
        let peer = self.out.link(at).map(|link| link.handle);
        let Some(message) = self.delivery.outbox.get_mut(idx) else {
            return Made::Nothing;
        };
        let here = message.queued && message.link == Some(at) && message.reference == reference;
        if !here {
            return Made::Nothing;
        }
        let attempt = message.attempt;
        let Some(len) = space
            .get_mut(ENVELOPE_AT..)
            .and_then(|place| self.out.pool.copy_out(message.envelope, place))
        else {
            return Made::NoRoom;
        };
        let Ok(made) = wrap_envelope(space, len, &Trailers::NONE) else {
            return Made::NoRoom;
        };
        if let Some(envelope) = space.get_mut(ENVELOPE_AT..ENVELOPE_AT + len) {
            set_path(envelope, attempt, crate::wire::MAX_HOPS);
        }
        self.out.pop(at, queue);
        message.queued = false;
        message.attempt = attempt.saturating_add(1);
        if message.sends > 0 {
            self.stats.retries += 1;
        }
        message.count();
        message.sent = Some(now);
        let direct = peer == Some(message.contact.handle);
        message.attempts.add(
            peer.unwrap_or_default(),
            direct,
            now.since(message.accepted),
        );
        self.tell_state(idx, State::Sent);
        Made::Bytes(made)
    }

    /// Somebody else's envelope; nothing of it stays here. Spec LNK-14, LNK-16, DLV-22, LNK-19.
    fn forward_frame(
        &mut self,
        at: LinkRef,
        queue: Queue,
        idx: crate::bounded::Idx,
        serial: u32,
        space: &mut [u8],
    ) -> Made {
        if cfg!(not(feature = "relay")) {
            return Made::Nothing;
        }
        // Given up meanwhile, and the place perhaps taken by another one.
        let held = self.routing.forwards.get(idx);
        let Some(forward) = held.filter(|held| held.to == Some(at)) else {
            return Made::Nothing;
        };
        if forward.serial != serial {
            return Made::Nothing;
        }
        let Some(total) = space
            .get_mut(ENVELOPE_AT..)
            .and_then(|place| self.out.pool.copy_out(forward.bytes, place))
        else {
            return Made::NoRoom;
        };
        let len = (forward.envelope_len as usize).min(total);
        let mut declared = [0; 48];
        let declared = declared.get_mut(..total - len).unwrap_or_default();
        if let Some(from) = space.get(ENVELOPE_AT + len..ENVELOPE_AT + total) {
            declared.copy_from_slice(from);
        }
        // The last entry is ours, unless there were eight before: how long the copy stayed here.
        if let Some((front, ms)) = declared.split_last_chunk_mut::<2>()
            && front.ends_with(&self.me.handle.head())
        {
            let stayed = self.now.since(forward.at).as_millis();
            *ms = u16::try_from(stayed).unwrap_or(u16::MAX).to_le_bytes();
        }
        let trailers = Trailers {
            trace: Trace::parse(declared).ok(),
            stamp: None,
        };
        let Ok(made) = wrap_envelope(space, len, &trailers) else {
            return Made::NoRoom;
        };
        let (direct, tell, from, reference) = (
            forward.direct,
            forward.tell,
            forward.from,
            forward.reference,
        );
        self.out.pop(at, queue);
        self.release(idx);
        self.stats.forwarded += 1;
        if direct && tell {
            self.out.push(from, Queue::Control, Job::Passed(reference));
        }
        Made::Bytes(made)
    }

    fn taken_frames(
        &mut self,
        at: LinkRef,
        queue: Queue,
        first: Reference,
        space: &mut [u8],
    ) -> Made {
        let Ok(mut frame) = TakenWriter::start(space, first) else {
            return Made::NoRoom;
        };
        self.out.pop(at, queue);
        while let Some((Queue::Control, Job::Taken(next))) = self.out.front(at) {
            if !frame.push(next) {
                break;
            }
            self.out.pop(at, Queue::Control);
        }
        Made::Bytes(frame.finish())
    }

    /// Proofs that are due together, in one ACK. Spec ENV-16.
    fn ack_frame(
        &mut self,
        at: LinkRef,
        queue: Queue,
        first: Proof,
        expiry: u32,
        space: &mut [u8],
    ) -> Made {
        // All proofs of one envelope share its expiry, so only those that do are put together.
        let head = Head::answer(Kind::Ack, expiry);
        let mtu = space.len().min(1_200 + ENVELOPE_AT);
        let Some(place) = space.get_mut(ENVELOPE_AT..mtu) else {
            return Made::NoRoom;
        };
        let Ok(mut acks) = AckWriter::start(place, &head, first) else {
            return Made::NoRoom;
        };
        self.out.pop(at, queue);
        for _ in 1..MAX_PROOFS {
            let Some((
                Queue::Control,
                Job::Ack {
                    reference,
                    secret,
                    expiry: other,
                },
            )) = self.out.front(at)
            else {
                break;
            };
            if other != expiry || !acks.push(Proof { reference, secret }) {
                break;
            }
            self.out.pop(at, Queue::Control);
        }
        let len = acks.finish();
        match wrap_envelope(space, len, &Trailers::NONE) {
            Ok(made) => Made::Bytes(made),
            Err(_) => Made::Nothing,
        }
    }

    fn nack_frame(
        &self,
        reference: Reference,
        code: u8,
        arg: u32,
        expiry: u32,
        space: &mut [u8],
    ) -> Made {
        let Some(code) = NackCode::from_code(code) else {
            return Made::Nothing;
        };
        let head = Head::answer(Kind::Nack, expiry);
        let Some(place) = space.get_mut(ENVELOPE_AT..) else {
            return Made::NoRoom;
        };
        let Ok(len) = emit_nack(place, &head, reference, code, arg) else {
            return Made::NoRoom;
        };
        wrap_envelope(space, len, &Trailers::NONE).map_or(Made::NoRoom, Made::Bytes)
    }

    /// The answer to a handshake, as long as the session that made it is not confirmed.
    /// Spec ENV-13.
    fn resp_frame(&self, sid: crate::wire::Sid, space: &mut [u8]) -> Made {
        let session = self
            .session
            .sessions
            .find(&sid.0)
            .and_then(|idx| self.session.sessions.get(idx));
        let Some(resp) = session.map(|session| session.resp).filter(|resp| resp.live) else {
            return Made::Nothing;
        };
        let head = Head::answer(Kind::Resp, resp.expiry);
        let Some(place) = space.get_mut(ENVELOPE_AT..) else {
            return Made::NoRoom;
        };
        let Ok(at) = emit_resp_head(place, &head, resp.reference, resp.sid) else {
            return Made::NoRoom;
        };
        let Some(noise) = place.get_mut(at..at + resp.noise.len()) else {
            return Made::NoRoom;
        };
        noise.copy_from_slice(&resp.noise);
        let len = at + resp.noise.len();
        wrap_envelope(space, len, &Trailers::NONE).map_or(Made::NoRoom, Made::Bytes)
    }
}

/// What a local job made of the buffer.
enum Local {
    Notify(Event),
    Close(crate::input::LinkId),
    Forget(RecordKey),
    Dial(crate::identity::PublicKey, usize),
    Deliver {
        id: DeliveryId,
        from: crate::identity::PublicKey,
        neighbour: crate::identity::PublicKey,
        len: usize,
        path: usize,
        in_session: bool,
        class: crate::wire::Class,
    },
    Persist(RecordKey, u32, usize),
}

fn emit(frame: &Frame<'_>, space: &mut [u8]) -> Made {
    frame.emit(space).map_or(Made::NoRoom, Made::Bytes)
}

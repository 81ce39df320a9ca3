//! Plaintext into envelopes. Spec: session, "One-shot" and "Transport".

use super::{ContactRef, Me, Pending, RESERVE, Tables, own_terms};
use crate::config::{CARRIED_BY_ALL, Config};
use crate::crypto::noise::{self, Reopen};
use crate::crypto::{self, Key, Suite, TAG_LEN};
use crate::entropy::Draw;
use crate::error::{Misuse, Refusal};
use crate::identity::{Keys, PublicKey};
use crate::time::Instant;
use crate::wire::{
    Class, Commit, Flags, Head, Kind, MAX_HOPS, MessageId, SealPayload, Secret, Sid,
    data_sealed_at, emit_data_head, emit_seal_head, message_id, seal_noise_at, set_commit,
};

/// What is to be sealed. The content stands at the start of the scratch buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealRequest {
    pub(crate) contact: ContactRef,
    pub(crate) content_len: usize,
    pub(crate) class: Class,
    pub(crate) trace: bool,
    pub(crate) expiry: u32,
    /// The content asks for an ACK and counts against the session's window.
    pub(crate) wants_ack: bool,
}

/// An envelope, now at the start of the scratch buffer.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) len: usize,
    pub(crate) id: MessageId,
    pub(crate) secret: Secret,
    pub(crate) recover: Recover,
    /// The session it was sealed in, and that session now wants a record.
    pub(crate) session: Option<Sid>,
    pub(crate) persist: bool,
}

/// What it takes to read one's own envelope again, so that no second copy of the plaintext is kept.
#[derive(Clone, Debug)]
pub(crate) enum Recover {
    /// A one-shot's payload key.
    Seal(Reopen),
    /// A session's epoch key and the counter.
    Data { key: Key, n: u32 },
    /// It is not sealed yet: it waits for a session.
    Plain,
}

/// What a one-shot that offers a session adds to its content.
const ONE_SHOT: usize = 24 + 96 + 1 + Sid::LEN;

impl Recover {
    /// The counter it was sealed under, in session.
    pub(crate) const fn n(&self) -> Option<u32> {
        match self {
            Self::Seal(_) | Self::Plain => None,
            Self::Data { n, .. } => Some(*n),
        }
    }
}

impl Tables<'_> {
    /// Seals the content at the start of `scratch`, in session where there is one. Spec SES-5.
    ///
    /// Refused for lack of a contact entry or when the envelope would be too long; no state changed.
    pub(crate) fn seal<K: Keys, C: Suite>(
        &mut self,
        now: Instant,
        config: &Config,
        me: &Me<'_, K>,
        scratch: &mut [u8],
        request: SealRequest,
    ) -> Result<Sealed, Refusal> {
        match self.sendable(now, config, &request) {
            Some(sid) => self.seal_data::<C>(scratch, request, sid, config),
            None if request.content_len + ONE_SHOT > CARRIED_BY_ALL as usize => {
                Ok(self.hold(request))
            }
            None => self.seal_one_shot::<K, C>(now, config, me, scratch, request),
        }
    }

    /// The session this message may go in: young, known to be durable, its window open, large enough.
    fn sendable(&mut self, now: Instant, config: &Config, request: &SealRequest) -> Option<Sid> {
        self.carries(now, config, request.contact, request.content_len)
    }

    /// The session that carries this much content to a contact now. Spec ENV-8.
    pub(crate) fn carries(
        &self,
        now: Instant,
        config: &Config,
        at: ContactRef,
        content_len: usize,
    ) -> Option<Sid> {
        let session = self.sending(now, config, at)?;
        let fits = content_len + 29 + TAG_LEN <= session.peer.max_envelope.bytes() as usize;
        fits.then_some(session.sid)
    }

    /// Nobody knows whether the recipient opens as much, nor whether relays carry it: the content
    /// stays as it is, under a name of its own, until a session says so. Spec ENV-8.
    fn hold(&mut self, request: SealRequest) -> Sealed {
        let mut id = [0; 16];
        self.state.rng.draw(Draw::Id, &mut id);
        Sealed {
            len: request.content_len,
            id: MessageId(id),
            secret: Secret(self.state.rng.array()),
            recover: Recover::Plain,
            session: None,
            persist: false,
        }
    }

    /// A session message: its nonce is the whole counter. Spec SES-19.
    fn seal_data<C: Suite>(
        &mut self,
        scratch: &mut [u8],
        request: SealRequest,
        sid: Sid,
        config: &Config,
    ) -> Result<Sealed, Refusal> {
        let gone = Refusal::Misuse(Misuse::UnknownId);
        let contact = self.contacts.get(request.contact).ok_or(gone)?;
        let (recipient, handle) = (contact.key, contact.handle);
        let idx = self.sessions.find(&sid.0).ok_or(gone)?;
        let session = self.sessions.get_mut(idx).ok_or(gone)?;

        let flags = Flags::new(request.class)
            .with_commit(true)
            .with_trace(request.trace);
        let at = data_sealed_at(flags);
        let end = at + request.content_len;
        let too_long = too_long(scratch.len(), at + TAG_LEN);
        if end + TAG_LEN > scratch.len() {
            return Err(too_long);
        }
        scratch.copy_within(..request.content_len, at);
        let (n, key) = session.tx.take::<C>().ok_or(gone)?;
        let secret =
            crypto::ack_secret_data::<C>(session.ack_root.as_bytes(), session.dir_out(), n);
        let commit = crypto::commit::<C>(request.expiry, &handle, &secret);
        let head = Head {
            kind: Kind::Data,
            flags,
            attempt: 0,
            hop: MAX_HOPS,
            expiry: request.expiry,
            dst: handle,
        };
        let n16 = (n & 0xFFFF) as u16;
        emit_data_head(scratch, &head, session.peer_sid, n16, Some(Commit(commit)))
            .map_err(|_| too_long)?;
        let aad = crypto::data_aad(
            Kind::Data.vt(),
            flags.byte(),
            request.expiry,
            &recipient,
            &session.peer_sid.0,
            n,
            Some(&commit),
        );
        let body = scratch.get_mut(at..end).ok_or(too_long)?;
        let tag = C::aead_seal(key.as_bytes(), u64::from(n), aad.as_bytes(), body);
        let len = end + TAG_LEN;
        scratch
            .get_mut(end..len)
            .ok_or(too_long)?
            .copy_from_slice(&tag);
        if request.wants_ack {
            session.unacked += 1;
        }
        let persist = config.keeps_records() && n.saturating_add(RESERVE / 2) >= session.reserved;
        let id = message_id(scratch.get(..len).ok_or(too_long)?).ok_or(too_long)?;
        Ok(Sealed {
            len,
            id,
            secret: Secret(secret),
            recover: Recover::Data { key, n },
            session: Some(sid),
            persist,
        })
    }

    /// A one-shot, under a key of its own. Spec ENT-4, SES-2, SES-5.
    fn seal_one_shot<K: Keys, C: Suite>(
        &mut self,
        now: Instant,
        config: &Config,
        me: &Me<'_, K>,
        scratch: &mut [u8],
        request: SealRequest,
    ) -> Result<Sealed, Refusal> {
        let gone = Refusal::Misuse(Misuse::UnknownId);
        let offer = self
            .may_offer(config, request.contact)
            .then(|| self.fresh_sid());
        if offer.is_some() && self.pending.is_full() {
            let oldest = self.pending.oldest();
            oldest.into_iter().for_each(|idx| self.drop_pending(idx));
        }
        let contact = self.contacts.get_mut(request.contact).ok_or(gone)?;
        let ss = match &contact.ss {
            Some(ss) => ss.clone(),
            None => {
                let ss = me.keys.agree(&contact.x).map_err(|_| gone)?;
                contact.ss = Some(ss.clone());
                ss
            }
        };
        let flags = Flags::new(request.class)
            .with_commit(true)
            .with_trace(request.trace);
        let noise_at = seal_noise_at(flags);
        let payload_at = noise_at + noise::PAYLOAD1_AT;
        let payload = SealPayload {
            sign: me.public.sign_bit(),
            sid: offer,
            terms: own_terms(config),
            content: &[],
        };
        let content_at = payload_at + payload.head_len();
        let len = content_at + request.content_len + TAG_LEN;
        let too_long = too_long(scratch.len(), content_at + TAG_LEN);
        if len > scratch.len() {
            return Err(too_long);
        }
        scratch.copy_within(..request.content_len, content_at);
        payload
            .emit_head(scratch.get_mut(payload_at..).ok_or(too_long)?)
            .map_err(|_| too_long)?;
        let head = Head {
            kind: Kind::Seal,
            flags,
            attempt: 0,
            hop: MAX_HOPS,
            expiry: request.expiry,
            dst: contact.handle,
        };
        emit_seal_head(scratch, &head, 0).map_err(|_| too_long)?;
        let prologue = crypto::seal_prologue(
            Kind::Seal.vt(),
            flags.byte(),
            request.expiry,
            0,
            &contact.key,
        );
        let mut e = [0; 32];
        self.state.rng.draw(Draw::Ephemeral, &mut e);
        let buf = scratch.get_mut(noise_at..len).ok_or(too_long)?;
        let written =
            noise::write1::<C>(buf, &prologue, &e, me.x, &ss, &contact.x).map_err(|_| gone)?;
        zeroize::Zeroize::zeroize(&mut e);
        let secret = crypto::ack_secret_seal::<C>(written.initiator.ck());
        let commit = crypto::commit::<C>(request.expiry, &contact.handle, &secret);
        set_commit(scratch, Kind::Seal, Commit(commit)).map_err(|_| too_long)?;
        let id = message_id(scratch.get(..len).ok_or(too_long)?).ok_or(too_long)?;
        if let Some(sid) = offer {
            let pending = Pending {
                reference: id.reference(),
                sid,
                contact: request.contact,
                initiator: written.initiator,
                expiry: request.expiry,
                created: now,
            };
            if self.pending.insert(pending).is_ok() {
                contact.pending += 1;
            }
        }
        Ok(Sealed {
            len,
            id,
            secret: Secret(secret),
            recover: Recover::Seal(written.reopen),
            session: None,
            persist: false,
        })
    }

    /// The longest envelope the contact said it opens, if it ever said, and no longer than ours.
    pub(crate) fn accepts(&self, at: ContactRef, config: &Config) -> Option<usize> {
        let sid = self.contacts.get(at)?.send?;
        let session = self.sessions.get(self.sessions.find(&sid.0)?)?;
        Some((session.peer.max_envelope.bytes()).min(config.max_envelope) as usize)
    }

    /// Whether a one-shot may offer a session: few handshakes per peer are under way at once.
    /// Spec SES-11.
    pub(crate) fn may_offer(&self, config: &Config, contact: ContactRef) -> bool {
        let most = match config.profile {
            crate::config::Profile::Leaf | crate::config::Profile::Relay => 1,
            crate::config::Profile::Full => 4,
        };
        self.contacts
            .get(contact)
            .is_some_and(|contact| contact.pending < most)
    }

    /// Opens one's own envelope in place; the content's range in it.
    pub(crate) fn reopen<C: Suite>(
        envelope: &mut [u8],
        recover: &Recover,
        recipient: &PublicKey,
    ) -> Option<core::ops::Range<usize>> {
        if matches!(recover, Recover::Plain) {
            return Some(0..envelope.len());
        }
        let (head, _) = Head::parse(envelope).ok()?;
        match recover {
            Recover::Plain => None,
            Recover::Seal(reopen) => {
                let noise_at = seal_noise_at(head.flags);
                let payload_at = noise_at + noise::PAYLOAD1_AT;
                reopen.open::<C>(envelope.get_mut(noise_at..)?).ok()?;
                let end = envelope.len().checked_sub(TAG_LEN)?;
                let payload = SealPayload::parse(envelope.get(payload_at..end)?).ok()?;
                Some(payload_at + payload.head_len()..end)
            }
            Recover::Data { key, n } => {
                let at = data_sealed_at(head.flags);
                let sid: [u8; 4] = envelope.get(15..19)?.try_into().ok()?;
                let commit: [u8; 8] = envelope.get(21..29)?.try_into().ok()?;
                let commit = head.flags.has_commit().then_some(commit);
                let aad = crypto::data_aad(
                    Kind::Data.vt(),
                    head.flags.byte(),
                    head.expiry,
                    recipient,
                    &sid,
                    *n,
                    commit.as_ref(),
                );
                let end = envelope.len().checked_sub(TAG_LEN)?;
                let (front, tag) = envelope.split_at_mut_checked(end)?;
                let tag: &[u8; TAG_LEN] = (&*tag).try_into().ok()?;
                let body = front.get_mut(at..)?;
                C::aead_open(key.as_bytes(), u64::from(*n), aad.as_bytes(), body, tag).ok()?;
                Some(at..end)
            }
        }
    }
}

fn too_long(scratch: usize, overhead: usize) -> Refusal {
    let max = u32::try_from(scratch.saturating_sub(overhead)).unwrap_or(u32::MAX);
    Refusal::Misuse(Misuse::TooLong { max })
}

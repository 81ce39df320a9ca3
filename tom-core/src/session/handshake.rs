//! Making sessions: the answer to a one-shot, and the answer to ours. Spec: session, "Answer".

use super::keys::{RxChain, TxChain};
use super::{CROSSED, CachedResp, ContactRef, Me, Session, Tables, own_terms};
use crate::config::Config;
use crate::crypto::Suite;
use crate::crypto::noise::{PAYLOAD2_AT, Responder, Split};
use crate::entropy::Draw;
use crate::error::Drop;
use crate::identity::{Keys, PublicKey};
use crate::time::{Instant, Span};
use crate::wire::{NOISE2_LEN, Reference, RespPayload, Sid, Terms};

/// At most one answer per peer in this time.
const ANSWER_EVERY: Span = Span::from_secs(60);

/// What a one-shot offered.
pub(super) struct Offer {
    pub(super) sid: Sid,
    pub(super) peer: Terms,
    pub(super) reference: Reference,
    pub(super) expiry: u32,
}

/// A handshake of ours that was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) contact: ContactRef,
    pub(crate) sid: Sid,
}

impl Tables<'_> {
    /// Makes the session a one-shot offered. `None`: not now; the message itself is not affected.
    /// Spec ENT-4, SES-2.
    pub(super) fn answer<C: Suite>(
        &mut self,
        own: &PublicKey,
        now: Instant,
        config: &Config,
        at: ContactRef,
        responder: &Responder,
        offer: Offer,
    ) -> Option<Sid> {
        // The same offer again: the same answer, as long as it may still be of use.
        let before = self.sessions.iter().find(|(_, session)| {
            session.contact == at && !session.initiator && session.peer_sid == offer.sid
        });
        if let Some((_, session)) = before {
            return session.resp.live.then_some(session.sid);
        }
        let contact = self.contacts.get(at)?;
        let recent = contact
            .answered
            .is_some_and(|last| now.since(last) < ANSWER_EVERY);
        // A session that has carried all it may has to be replaced, however fast that was.
        let idx = contact.send.and_then(|sid| self.sessions.find(&sid.0));
        let worn = idx
            .and_then(|idx| self.sessions.get(idx))
            .is_some_and(|session| session.rx.is_worn());
        if recent && !worn {
            return None;
        }
        self.make_room(at)?;
        let sid = self.fresh_sid();
        let mut noise = [0; NOISE2_LEN];
        if let Some(payload) = noise.get_mut(PAYLOAD2_AT..) {
            let own = RespPayload {
                sid,
                terms: own_terms(config),
            }
            .bytes();
            payload
                .iter_mut()
                .zip(own)
                .for_each(|(to, from)| *to = from);
        }
        let mut e = [0; 32];
        self.state.rng.draw(Draw::Ephemeral, &mut e);
        let split = responder.write2::<C>(&e, &mut noise).ok()?;
        zeroize::Zeroize::zeroize(&mut e);
        crate::crypto::scrub();
        let resp = CachedResp {
            live: true,
            reference: offer.reference,
            expiry: offer.expiry,
            sid: offer.sid,
            noise,
        };
        self.establish(
            own, now, config, at, false, sid, offer.sid, offer.peer, &split, resp,
        )?;
        if let Some(contact) = self.contacts.get_mut(at) {
            contact.answered = Some(now);
        }
        Some(sid)
    }

    /// Reads the answer to a handshake of ours and makes the session.
    ///
    /// A drop leaves the handshake pending: an on-path forger cannot end it.
    #[expect(
        clippy::too_many_arguments,
        reason = "an envelope's parts, parsed once by the caller"
    )]
    pub(crate) fn on_resp<K: Keys, C: Suite>(
        &mut self,
        now: Instant,
        config: &Config,
        me: &Me<'_, K>,
        expiry: u32,
        reference: Reference,
        sid: Sid,
        noise: &[u8; NOISE2_LEN],
    ) -> Result<Answered, Drop> {
        let idx = self.pending.find(&reference.0).ok_or(Drop::RespUnknown)?;
        let pending = self.pending.get(idx).ok_or(Drop::RespUnknown)?;
        if pending.sid != sid || pending.expiry != expiry {
            return Err(Drop::RespMismatch);
        }
        let mut buf = *noise;
        let split = pending
            .initiator
            .read2::<C>(me.keys, &mut buf)
            .map_err(|_| Drop::BadResp)?;
        crate::crypto::scrub();
        let inner = buf
            .get(PAYLOAD2_AT..PAYLOAD2_AT + RespPayload::LEN)
            .ok_or(Drop::BadResp)?;
        let RespPayload {
            sid: peer_sid,
            terms: peer,
        } = RespPayload::parse(inner)?;
        let at = pending.contact;
        self.make_room(at).ok_or(Drop::ContactsFull)?;
        self.pending.discard(idx);
        if let Some(contact) = self.contacts.get_mut(at) {
            contact.pending = contact.pending.saturating_sub(1);
        }
        self.establish(
            me.public,
            now,
            config,
            at,
            true,
            sid,
            peer_sid,
            peer,
            &split,
            CachedResp::NONE,
        )
        .ok_or(Drop::ContactsFull)?;
        Ok(Answered { contact: at, sid })
    }

    /// Makes room for one more session of a contact: its own oldest goes, else the table's oldest
    /// that is not anybody's sending session.
    fn make_room(&mut self, at: ContactRef) -> Option<()> {
        if !self.contacts.may_add_session(at) {
            let sending = self.contacts.get(at)?.send;
            let idx = self
                .sessions
                .iter()
                .find(|(_, session)| session.contact == at && Some(session.sid) != sending)?
                .0;
            self.drop_session(idx);
        }
        if self.sessions.is_full() {
            let spare = self.sessions.iter().find(|(_, session)| {
                let contact = self.contacts.get(session.contact);
                contact.is_none_or(|c| c.send != Some(session.sid) || (!c.chosen && c.held == 0))
            });
            let idx = spare?.0;
            self.drop_session(idx);
        }
        Some(())
    }

    /// Enters a session; a responder may send in it before it is confirmed. Spec SES-35.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a session, each named once"
    )]
    fn establish(
        &mut self,
        own: &PublicKey,
        now: Instant,
        config: &Config,
        at: ContactRef,
        initiator: bool,
        sid: Sid,
        peer_sid: Sid,
        peer: Terms,
        split: &Split,
        resp: CachedResp,
    ) -> Option<()> {
        let (k_tx, k_rx) = if initiator {
            (&split.k_i2r, &split.k_r2i)
        } else {
            (&split.k_r2i, &split.k_i2r)
        };
        let session = Session {
            sid,
            peer_sid,
            contact: at,
            initiator,
            confirmed: initiator,
            created: now,
            aged: Span::ZERO,
            tx: TxChain::new(k_tx.clone()),
            rx: RxChain::new(k_rx.clone()),
            ack_root: split.ack_root.clone(),
            h: split.h,
            unacked: 0,
            floor: 0,
            floor_stored: 0,
            refused: heapless::Vec::new(),
            mute: false,
            peer,
            resp,
            reserved: if config.keeps_records() { 0 } else { u32::MAX },
            reserving: 0,
            version: 0,
            persist_queued: false,
        };
        let crossed = self.crossed_by(own, at, &session);
        self.sessions.insert(session).ok()?;
        let contact = self.contacts.get_mut(at)?;
        contact.sessions += 1;
        contact.renew = false;
        if !crossed {
            contact.send = Some(sid);
        }
        Some(())
    }

    /// Whether the contact's sending session came of a crossed handshake and keeps its place:
    /// both ends send on the one that the node with the lower key started. Spec SES-30, CON-4.
    fn crossed_by(&self, own: &PublicKey, at: ContactRef, new: &Session) -> bool {
        let Some(peer) = self.contacts.get(at).map(|contact| contact.key) else {
            return false;
        };
        let sending = self.contacts.get(at).and_then(|contact| contact.send);
        let Some(old) = sending.and_then(|sid| self.sessions.get(self.sessions.find(&sid.0)?))
        else {
            return false;
        };
        let renewing = self.contacts.get(at).is_some_and(|contact| contact.renew);
        !renewing
            && old.initiator != new.initiator
            && old.age(new.created) < CROSSED
            && (old.initiator == (own < &peer))
    }
}

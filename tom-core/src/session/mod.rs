//! End-to-end sessions: who we talk to, which keys we share, and turning plaintext into envelopes
//! and back. Spec: session.
//!
//! *Theory.* A first message to somebody is a one-shot: Noise IK message 1 with the content as its
//! payload, offering a session id. The answer (message 2) comes back with the first ACK and gives
//! both ends a session whose messages cost no public-key operation. A contact may have several
//! sessions to receive on (crossed handshakes, renewals); it sends on one.
//!
//! This concern never looks at routes, links or deliveries: it is given bytes and gives bytes.

mod contact;
mod handshake;
pub(crate) mod keys;
mod open;
pub(crate) mod record;
mod seal;

pub(crate) use contact::{Contact, ContactRef, Contacts};
pub(crate) use open::{DataRefused, OpenedData};
pub(crate) use seal::{Recover, SealRequest, Sealed};

use crate::bounded::{Entry, Idx, Table};
use crate::config::{Config, MAX_ENVELOPE, Profile};
use crate::crypto::Key;
use crate::crypto::noise::Initiator;
use crate::entropy::{Draw, Drbg};
use crate::identity::{PublicKey, XPublic};
use crate::policy::Bucket;
use crate::time::{Instant, Span};
use crate::wire::{Handle, MaxEnvelope, Reference, Sid, Terms, Window};
use keys::{RxChain, TxChain};

/// A session sends for at most this long, then a new handshake replaces it.
pub(crate) const SESSION_LIFE: Span = Span::from_secs(24 * 3600);
/// A session is still received on this long after it stopped sending.
pub(crate) const SESSION_GRACE: Span = Span::from_secs(24 * 3600);
/// Sessions kept per contact: the sending one and those before it.
pub(crate) const SESSIONS_PER_CONTACT: u8 = 3;
/// Handshakes of the two sides younger than this count as crossed.
pub(crate) const CROSSED: Span = Span::from_secs(120);
/// Epochs with gaps kept per session: as many as memory allows; no wire behaviour hangs on it.
pub(crate) const PARKED: usize = if cfg!(feature = "alloc") { 16 } else { 2 };
/// Counters reserved ahead on durable storage.
pub(crate) const RESERVE: u32 = 256;

/// This node's own identity, with what is derived from it once.
pub(crate) struct Me<'a, K> {
    pub(crate) keys: &'a K,
    pub(crate) public: &'a PublicKey,
    pub(crate) handle: Handle,
    pub(crate) x: &'a XPublic,
}

/// One end of a session.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Session {
    /// Our id: DATA that carries it is for this session.
    pub(crate) sid: Sid,
    /// Their id: what our DATA carries.
    pub(crate) peer_sid: Sid,
    pub(crate) contact: ContactRef,
    pub(crate) initiator: bool,
    /// The peer has shown that it has the keys.
    pub(crate) confirmed: bool,
    /// When this process began to have it, and how old it was then.
    pub(crate) created: Instant,
    pub(crate) aged: Span,
    pub(crate) tx: TxChain,
    pub(crate) rx: RxChain<PARKED>,
    pub(crate) ack_root: Key,
    /// The handshake hash: names the session the same way at both ends.
    pub(crate) h: [u8; 32],
    /// Our messages in it that ask for an ACK and are not settled.
    pub(crate) unacked: u32,
    /// One above the highest counter of ours that was proven.
    pub(crate) floor: u32,
    /// The floor its last record holds.
    pub(crate) floor_stored: u32,
    /// Counters of the peer whose content was not used: their copies are never acknowledged.
    pub(crate) refused: heapless::Vec<u32, 8>,
    /// More than can be remembered were not used: no copy is acknowledged again.
    pub(crate) mute: bool,
    /// What the peer said of itself in the handshake.
    pub(crate) peer: Terms,
    /// The answer to the handshake, kept until the peer has shown that it has it.
    pub(crate) resp: CachedResp,
    /// Counters below this are durable (all of them on a volatile node).
    pub(crate) reserved: u32,
    /// Counters below this are durable once the last record is.
    pub(crate) reserving: u32,
    /// The version of the last record written.
    pub(crate) version: u32,
    pub(crate) persist_queued: bool,
}

impl Entry for Session {
    type Key = [u8; 4];
    fn key(&self) -> [u8; 4] {
        self.sid.0
    }
}

impl Session {
    /// How long ago its handshake ended.
    pub(crate) fn age(&self, now: Instant) -> Span {
        let here = now.since(self.created).as_millis();
        Span::from_millis(self.aged.as_millis().saturating_add(here))
    }

    /// The direction byte of what we send: 0 from the initiator, 1 from the responder.
    pub(crate) fn dir_out(&self) -> u8 {
        u8::from(!self.initiator)
    }

    /// The direction byte of what we receive.
    pub(crate) fn dir_in(&self) -> u8 {
        u8::from(self.initiator)
    }
}

/// The answer to a handshake, to be sent again when the one-shot comes again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CachedResp {
    /// There is one. Not an `Option`, whose unused part could take on what lay on the stack.
    pub(crate) live: bool,
    pub(crate) reference: Reference,
    pub(crate) expiry: u32,
    /// The initiator's id.
    pub(crate) sid: Sid,
    pub(crate) noise: [u8; crate::wire::NOISE2_LEN],
}

impl CachedResp {
    /// No answer is kept.
    pub(crate) const NONE: Self = Self {
        live: false,
        reference: Reference([0; 8]),
        expiry: 0,
        sid: Sid([0; 4]),
        noise: [0; crate::wire::NOISE2_LEN],
    };
}

/// A handshake we started and whose answer is not here yet.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Pending {
    /// The one-shot's reference: the answer names it.
    pub(crate) reference: Reference,
    pub(crate) sid: Sid,
    pub(crate) contact: ContactRef,
    pub(crate) initiator: Initiator,
    pub(crate) expiry: u32,
    pub(crate) created: Instant,
}

impl Entry for Pending {
    type Key = [u8; 8];
    fn key(&self) -> [u8; 8] {
        self.reference.0
    }
}

/// What this node says of itself in a handshake.
pub(crate) fn own_terms(config: &Config) -> Terms {
    Terms {
        persists: config.keeps_records(),
        window: match config.profile {
            Profile::Leaf | Profile::Relay => Window::Narrow,
            Profile::Full => Window::Wide,
        },
        max_envelope: match config.max_envelope {
            ..4_096 => MaxEnvelope::B1200,
            4_096..16_384 => MaxEnvelope::B4096,
            16_384..MAX_ENVELOPE => MaxEnvelope::B16384,
            _ => MaxEnvelope::B65535,
        },
    }
}

/// The concern's small state.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct SessionState {
    pub(crate) rng: Drbg,
    pub(crate) opens: Bucket,
    /// Sessions dropped by this input, whose records are to go too.
    pub(crate) dropped: heapless::Vec<Sid, 16>,
}

/// The concern's tables, lent by the storage for one input.
pub(crate) struct Tables<'a> {
    pub(crate) contacts: Contacts<'a>,
    pub(crate) sessions: Table<'a, Session>,
    pub(crate) pending: Table<'a, Pending>,
    pub(crate) state: &'a mut SessionState,
}

impl Tables<'_> {
    /// A session id neither a session nor a pending handshake uses. Spec SES-12.
    fn fresh_sid(&mut self) -> Sid {
        loop {
            let mut sid = [0; 4];
            self.state.rng.draw(Draw::Sid, &mut sid);
            let taken = self.sessions.find(&sid).is_some()
                || self.pending.iter().any(|(_, pending)| pending.sid.0 == sid);
            if !taken && sid != [0; 4] {
                return Sid(sid);
            }
        }
    }

    /// A message of this session was proven (`proven`), ended or went elsewhere: one more may be
    /// under way.
    ///
    /// True when so much was proven that its record is out of date.
    pub(crate) fn settled(&mut self, sid: Sid, n: Option<u32>, proven: bool) -> bool {
        let idx = self.sessions.find(&sid.0);
        let Some(session) = idx.and_then(|idx| self.sessions.get_mut(idx)) else {
            return false;
        };
        session.unacked = session.unacked.saturating_sub(1);
        if let (Some(n), true) = (n, proven) {
            session.floor = session.floor.max(n.saturating_add(1));
        }
        session.floor.saturating_sub(session.floor_stored) >= RESERVE / 2
    }

    /// The content under this counter was not used: copies of it must not be acknowledged.
    pub(crate) fn refuse(&mut self, sid: Sid, n: u32) {
        if let Some(session) = self
            .sessions
            .find(&sid.0)
            .and_then(|i| self.sessions.get_mut(i))
            && session.refused.push(n).is_err()
        {
            session.mute = true;
        }
    }

    /// The session one more message to this contact may go in, its length aside.
    pub(crate) fn sending(
        &self,
        now: Instant,
        config: &Config,
        at: ContactRef,
    ) -> Option<&Session> {
        let contact = self.contacts.get(at).filter(|contact| !contact.renew)?;
        let session = self.sessions.get(self.sessions.find(&contact.send?.0)?)?;
        let n = session.tx.peek();
        let window = session.peer.window.messages();
        let usable = session.age(now) < SESSION_LIFE
            && !session.tx.is_worn()
            && session.unacked < window
            // What the peer has not seen it cannot follow further than its window.
            && n.saturating_sub(session.floor) < window
            && (!config.keeps_records() || n < session.reserved);
        usable.then_some(session)
    }

    /// Some session with this contact.
    pub(crate) fn session_of(&self, handle: Handle) -> Option<Idx> {
        self.sessions
            .iter()
            .find(|(_, s)| s.contact.handle == handle)
            .map(|(idx, _)| idx)
    }

    /// Some handshake pending with this contact.
    pub(crate) fn pending_of(&self, handle: Handle) -> Option<Idx> {
        self.pending
            .iter()
            .find(|(_, p)| p.contact.handle == handle)
            .map(|(idx, _)| idx)
    }

    /// Gives up on a handshake.
    fn drop_pending(&mut self, idx: Idx) {
        let contact = self.pending.get(idx).map(|entry| entry.contact);
        self.pending.discard(idx);
        if let Some(contact) = contact.and_then(|at| self.contacts.get_mut(at)) {
            contact.pending = contact.pending.saturating_sub(1);
        }
    }

    /// Removes a session and its keys.
    pub(crate) fn drop_session(&mut self, idx: Idx) {
        let Some((sid, contact)) = self.sessions.get(idx).map(|s| (s.sid, s.contact)) else {
            return;
        };
        // Dropped in place, so that the keys in it are wiped where they lie.
        self.sessions.discard(idx);
        // Full only after many at once: a record left behind is read back as one session too many.
        let _full = self.state.dropped.push(sid);
        if let Some(contact) = self.contacts.get_mut(contact) {
            contact.sessions = contact.sessions.saturating_sub(1);
            if contact.send == Some(sid) {
                contact.send = None;
            }
        }
    }

    /// Drops the sessions whose time is over and wipes the keys of gaps that are a day old.
    pub(crate) fn purge(&mut self, now: Instant) {
        let life = SESSION_LIFE.as_millis() + SESSION_GRACE.as_millis();
        let mut next = self.sessions.oldest();
        while let Some(idx) = next {
            next = self.sessions.after(idx);
            let Some(session) = self.sessions.get_mut(idx) else {
                continue;
            };
            session.rx.expire(now);
            if session.age(now).as_millis() > life {
                self.drop_session(idx);
            }
        }
    }

    /// Drops the handshakes that `over` picks: their answers are not understood any more.
    pub(crate) fn purge_pending(&mut self, mut over: impl FnMut(&Pending) -> bool) {
        let mut next = self.pending.oldest();
        while let Some(idx) = next {
            next = self.pending.after(idx);
            if self.pending.get(idx).is_some_and(&mut over) {
                self.drop_pending(idx);
            }
        }
    }
}

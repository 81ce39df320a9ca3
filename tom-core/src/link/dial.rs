//! The outgoing handshake: INIT, its repetitions and what a busy responder asks for.
//! Spec NLK-3, NLK-9, NLK-19.

use super::gate::{mac_key, mac1};
use super::packet::{
    INIT, INIT_LEN, INIT2, INIT2_LEN, LinkSid, MAC_LEN, Mac1, NOISE1_AT, PAYLOAD_LEN, POLL_MAX, put,
};
use super::reject::Reject;
use super::rules;
use super::stamp::Search;
use crate::crypto::Suite;
use crate::crypto::noise::{self, Initiator, NoiseError, OVERHEAD1, PAYLOAD1_AT};
use crate::identity::{PublicKey, SharedSecret, XPublic};
use crate::time::Instant;

/// The peer a link dials, with what is computed once.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) public: PublicKey,
    pub(super) x: XPublic,
    /// The agreement of our key and the peer's, once it was needed.
    pub(super) ss: Option<SharedSecret>,
}

impl Remote {
    pub(super) fn new(public: PublicKey) -> Self {
        Self {
            public,
            x: public.to_x(),
            ss: None,
        }
    }
}

/// What goes out with the handshake.
#[derive(Debug)]
enum Proof {
    /// Nothing was asked for: INIT.
    None,
    /// A COOKIE came; its stamp is looked for and nothing goes out.
    Searching(Search, Instant),
    /// INIT2.
    Found { cookie: [u8; 16], stamp: [u8; 8] },
}

/// A handshake under way.
#[derive(Debug)]
pub(super) struct Dial {
    pub(super) ours: LinkSid,
    pub(super) noise: Initiator,
    pub(super) mac1: Mac1,
    init: [u8; INIT_LEN],
    proof: Proof,
    cookies: u8,
    /// How often it was sent.
    pub(super) sends: u8,
    /// When it is sent again.
    pub(super) next: Instant,
}

/// The secrets and times of one INIT.
pub(super) struct Fresh<'a> {
    pub(super) own: &'a PublicKey,
    pub(super) own_x: &'a XPublic,
    pub(super) ss: &'a SharedSecret,
    pub(super) ours: LinkSid,
    pub(super) e: &'a [u8; 32],
    /// Milliseconds of wall time, 0 when unknown.
    pub(super) t_ms: u64,
}

/// What both ends of a handshake are bound to. Spec NLK-3.
pub(super) fn prologue(from: LinkSid, responder: &PublicKey) -> [u8; 45] {
    let mut out = [0; 45];
    put(&mut out, &[b"ToM1-link", &from.0, responder.as_bytes()]);
    out
}

impl Dial {
    /// Writes a new handshake to `remote`: two key agreements.
    pub(super) fn new<C: Suite>(
        remote: &Remote,
        fresh: &Fresh<'_>,
        now: Instant,
    ) -> Result<Self, NoiseError> {
        let mut init = [0; INIT_LEN];
        put(&mut init, &[&[INIT], &fresh.ours.0]);
        let part = init
            .get_mut(NOISE1_AT..INIT_LEN - MAC_LEN)
            .ok_or(NoiseError::Short)?;
        let payload = part
            .get_mut(PAYLOAD1_AT..PAYLOAD1_AT + PAYLOAD_LEN)
            .ok_or(NoiseError::Short)?;
        // Seven bytes of milliseconds last for two million years.
        let flags = u8::from(fresh.own.sign_bit());
        let time = fresh.t_ms.to_le_bytes();
        put(payload, &[&[flags], &time]);
        const { assert!(OVERHEAD1 + PAYLOAD_LEN == INIT_LEN - MAC_LEN - NOISE1_AT) };
        let bound = prologue(fresh.ours, &remote.public);
        let written = noise::write1::<C>(part, &bound, fresh.e, fresh.own_x, fresh.ss, &remote.x)?;
        let (covered, place) = init
            .split_last_chunk_mut::<MAC_LEN>()
            .ok_or(NoiseError::Short)?;
        let mac1 = mac1::<C>(&mac_key::<C>(&remote.x), &[covered]);
        *place = mac1.0;
        Ok(Self {
            ours: fresh.ours,
            noise: written.initiator,
            mac1,
            init,
            proof: Proof::None,
            cookies: 0,
            sends: 0,
            next: now,
        })
    }

    /// Takes a COOKIE. Spec NLK-9.
    pub(super) fn take_cookie(
        &mut self,
        now: Instant,
        cookie: [u8; 16],
        difficulty: u8,
    ) -> Result<(), Reject> {
        let busy = matches!(self.proof, Proof::Searching(..));
        if busy
            || self.sends == 0
            || difficulty > rules::DIFFICULTY_MAX
            || self.cookies >= rules::COOKIES_PER_HANDSHAKE
        {
            return Err(Reject::BadCookie);
        }
        self.cookies += 1;
        self.proof = Proof::Searching(Search::new(cookie, difficulty), now);
        Ok(())
    }

    /// Looks for the stamp asked for, if any; whether INIT2 became ready.
    pub(super) fn work<C: Suite>(&mut self) -> bool {
        let Proof::Searching(search, _) = &mut self.proof else {
            return false;
        };
        let Some(stamp) = search.run::<C>(self.mac1, rules::TRIES_PER_TICK) else {
            return false;
        };
        self.proof = Proof::Found {
            cookie: search.cookie,
            stamp,
        };
        true
    }

    /// Since when a stamp is looked for.
    pub(super) const fn searching(&self) -> Option<Instant> {
        match &self.proof {
            Proof::Searching(_, since) => Some(*since),
            Proof::None | Proof::Found { .. } => None,
        }
    }

    /// Writes INIT or INIT2; returns its length, or `None` while a stamp is looked for.
    pub(super) fn emit(&self, out: &mut [u8; POLL_MAX]) -> Option<usize> {
        match &self.proof {
            Proof::None => {
                put(out, &[&self.init]);
                Some(INIT_LEN)
            }
            Proof::Searching(..) => None,
            Proof::Found { cookie, stamp } => {
                let body = self.init.get(1..)?;
                put(out, &[&[INIT2], body, cookie, stamp]);
                Some(INIT2_LEN)
            }
        }
    }
}

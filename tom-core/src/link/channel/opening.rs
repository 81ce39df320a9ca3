//! Handshakes: answering, being answered, being asked for a cookie.

use zeroize::Zeroizing;

use super::{Accept, Answered, Dialling, NoiseLink};
use crate::crypto::Suite;
use crate::crypto::noise::{NoiseError, PAYLOAD1_AT, Read1};
use crate::identity::{Keys, PublicKey, XPublic};
use crate::link::dial::prologue;
use crate::link::gate::{mac_key, mac1};
use crate::link::packet::{
    INIT_LEN, LinkSid, MAC_LEN, Mac1, NOISE1_AT, NOISE2_AT, PAYLOAD_LEN, RESP, RESP_LEN, put,
};
use crate::link::reject::Reject;
use crate::link::session::{Parts, Role, Session};
use crate::time::Instant;

/// The payload of an INIT, authenticated.
struct Hello {
    sign: bool,
    /// Milliseconds of wall time; 0: the initiator has none.
    t_ms: u64,
}

impl Hello {
    /// NLK-4.
    fn parse(noise1: &[u8]) -> Result<Self, Reject> {
        let payload = noise1
            .get(PAYLOAD1_AT..)
            .and_then(|rest| rest.first_chunk::<PAYLOAD_LEN>())
            .ok_or(Reject::BadLength)?;
        let word = u64::from_le_bytes(*payload);
        let [flags, ..] = *payload;
        if flags & !1 != 0 {
            return Err(Reject::BadFlags);
        }
        Ok(Self {
            sign: flags == 1,
            t_ms: word >> 8,
        })
    }
}

/// The responder's name for a session: the first bytes of its ephemeral key. Spec NLK-3.
fn sid_r(noise2: &[u8]) -> Option<LinkSid> {
    noise2.first_chunk().map(|bytes| LinkSid(*bytes))
}

const fn reject(error: NoiseError) -> Reject {
    match error {
        NoiseError::Short => Reject::BadLength,
        NoiseError::WeakKey => Reject::WeakKey,
        NoiseError::BadTag => Reject::BadTag,
    }
}

impl<C: Suite> NoiseLink<C> {
    /// Answers an INIT: four key agreements, three when the peer is known. State changes only after
    /// the last check.
    pub(super) fn on_init<K: Keys>(
        &mut self,
        now: Instant,
        keys: &K,
        from: LinkSid,
        init: Mac1,
        bytes: &mut [u8],
    ) -> Result<(), Reject> {
        // NLK-11: a copy of the handshake answered last gets the same answer, without any work.
        if self
            .answered
            .as_ref()
            .is_some_and(|answered| answered.session.init == init)
        {
            self.send_resp = true;
            return Ok(());
        }
        if self.is_copy(init) {
            return Err(Reject::Stale);
        }
        if self.accept == Accept::Nobody {
            return Err(Reject::WrongPeer);
        }
        let noise1 = bytes
            .get_mut(NOISE1_AT..INIT_LEN - MAC_LEN)
            .ok_or(Reject::BadLength)?;
        let bound = prologue(from, &self.own);
        let read = Read1::start::<C>(keys, &self.own_x, &bound, noise1).map_err(reject)?;
        let x = *read.sender_x();
        let known = self.remote.as_ref().filter(|remote| remote.x == x);
        if let (Accept::Only(peer), None) = (self.accept, known)
            && peer.to_x() != x
        {
            return Err(Reject::WrongPeer);
        }
        if known.is_some() && self.insists(&x) {
            return Err(Reject::Crossed);
        }
        let ss = match known.and_then(|remote| remote.ss.clone()) {
            Some(ss) => ss,
            None => keys.agree(&x).map_err(|_| Reject::WeakKey)?,
        };
        let responder = read.finish::<C>(&ss, noise1).map_err(reject)?;
        let hello = Hello::parse(noise1)?;
        let peer = PublicKey::from_x(&x, hello.sign).map_err(|_| Reject::WeakKey)?;
        if matches!(self.accept, Accept::Only(only) if only != peer) {
            return Err(Reject::WrongPeer);
        }
        self.check_newer(&peer, hello.t_ms)?;

        let mut resp = [0; RESP_LEN];
        let (covered, place) = resp
            .split_last_chunk_mut::<MAC_LEN>()
            .ok_or(Reject::BadLength)?;
        let (head, noise2) = covered.split_at_mut(NOISE2_AT);
        let e = Zeroizing::new(self.drbg.array());
        let split = responder.write2::<C>(&e, noise2).map_err(reject)?;
        // NLK-3: a name that the handshake itself authenticates.
        let ours = sid_r(noise2).ok_or(Reject::BadLength)?;
        if self.owns(ours) {
            // One in a thousand million; the repeated INIT gets another one.
            return Err(Reject::Overloaded);
        }
        put(head, &[&[RESP], &ours.0, &from.0]);
        *place = mac1::<C>(&mac_key::<C>(&x), &[covered]).0;
        let parts = Parts {
            role: Role::Responder,
            ours,
            theirs: from,
            peer,
            init,
            split,
        };
        let session = Session::new(parts, now);
        self.answered = Some(Answered {
            session,
            resp,
            since: now,
        });
        self.send_resp = true;
        if hello.t_ms != 0 {
            self.newest = Some((peer, hello.t_ms));
        }
        if let Some(remote) = self.remote.as_mut().filter(|remote| remote.public == peer) {
            remote.ss = Some(ss);
        }
        Ok(())
    }

    /// NLK-20: whether this end's own handshake counts and the peer's does not.
    fn insists(&self, peer: &XPublic) -> bool {
        matches!(&self.dialling, Dialling::Flying(dial) if dial.sends > 0) && self.own_x.0 > peer.0
    }

    /// NLK-11: a handshake with a time must be newer than the newest of that peer.
    fn check_newer(&self, peer: &PublicKey, t_ms: u64) -> Result<(), Reject> {
        match &self.newest {
            Some((who, newest)) if t_ms != 0 && who == peer && t_ms <= *newest => {
                Err(Reject::Stale)
            }
            _ => Ok(()),
        }
    }

    /// The answer to our handshake: two key agreements.
    pub(super) fn on_resp<K: Keys>(
        &mut self,
        now: Instant,
        keys: &K,
        from: LinkSid,
        to: LinkSid,
        bytes: &mut [u8],
    ) -> Result<(), Reject> {
        let Dialling::Flying(dial) = &self.dialling else {
            return Err(Reject::UnknownSid);
        };
        let remote = self.remote.as_ref().ok_or(Reject::UnknownSid)?;
        if dial.ours != to {
            return Err(Reject::UnknownSid);
        }
        let noise2 = bytes
            .get_mut(NOISE2_AT..RESP_LEN - MAC_LEN)
            .ok_or(Reject::BadLength)?;
        if sid_r(noise2) != Some(from) {
            return Err(Reject::UnknownSid);
        }
        let split = dial.noise.read2::<C>(keys, noise2).map_err(reject)?;
        let parts = Parts {
            role: Role::Initiator,
            ours: to,
            theirs: from,
            peer: remote.public,
            init: dial.mac1,
            split,
        };
        self.install(now, Session::new(parts, now));
        self.confirm(now);
        Ok(())
    }

    /// NLK-9: a COOKIE counts for the handshake under way alone.
    pub(super) fn on_cookie(
        &mut self,
        now: Instant,
        to: LinkSid,
        cookie: [u8; 16],
        difficulty: u8,
    ) -> Result<(), Reject> {
        match &mut self.dialling {
            Dialling::Flying(dial) if dial.ours == to => {
                dial.take_cookie(now, cookie, difficulty)?;
                self.send_init = false;
                self.work(now);
                Ok(())
            }
            Dialling::Flying(_) | Dialling::Waiting(_) | Dialling::Idle => Err(Reject::UnknownSid),
        }
    }
}

//! One session of the link: two directions between two names.

use super::cipher::{Rx, Tx, TxError};
use super::packet::{LinkSid, Mac1};
use super::reject::Reject;
use super::rules;
use super::timers::sooner;
use crate::crypto::Suite;
use crate::crypto::noise::Split;
use crate::identity::PublicKey;
use crate::time::{Instant, Span};

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It sent the INIT.
    Initiator,
    /// It answered.
    Responder,
}

/// A session and what its end remembers about it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) role: Role,
    pub(super) ours: LinkSid,
    theirs: LinkSid,
    pub(super) peer: PublicKey,
    /// The INIT it came from: its copies are recognised without a key agreement.
    pub(super) init: Mac1,
    h: [u8; 32],
    tx: Tx,
    rx: Rx,
    pub(super) born: Instant,
    /// When the last packet authenticated.
    pub(super) heard: Instant,
    /// Whether any packet did: the other end has the session too.
    pub(super) confirmed: bool,
    /// Since when packets that call for an answer went without one.
    unanswered: Option<Instant>,
    /// Since when received datagrams went without anything sent back.
    owing: Option<Instant>,
    /// When the initiator says again that it has the session, and the pause after that.
    confirm: Option<(Instant, Span)>,
}

/// The parts a handshake gives.
pub(super) struct Parts {
    pub(super) role: Role,
    pub(super) ours: LinkSid,
    pub(super) theirs: LinkSid,
    pub(super) peer: PublicKey,
    pub(super) init: Mac1,
    pub(super) split: Split,
}

/// A datagram received, and what the session wants sent because of it.
pub(super) struct Opened<'b> {
    pub(super) datagram: &'b mut [u8],
    /// Whether an empty DATA is due at once. Spec NLK-12, NLK-22.
    pub(super) answer: bool,
}

impl Session {
    pub(super) fn new(parts: Parts, now: Instant) -> Self {
        let Split {
            k_i2r,
            k_r2i,
            ack_root: _,
            h,
        } = parts.split;
        let (tx, rx) = match parts.role {
            Role::Initiator => (k_i2r, k_r2i),
            Role::Responder => (k_r2i, k_i2r),
        };
        let initiator = parts.role == Role::Initiator;
        Self {
            role: parts.role,
            ours: parts.ours,
            theirs: parts.theirs,
            peer: parts.peer,
            init: parts.init,
            h,
            tx: Tx::new(tx),
            rx: Rx::new(rx),
            born: now,
            heard: now,
            confirmed: false,
            // NLK-12: the initiator's first packet tells the responder, and calls for an answer.
            unanswered: initiator.then_some(now),
            owing: None,
            confirm: initiator.then_some((now, rules::RETRY_FIRST)),
        }
    }

    /// Of two crossed sessions both ends use the one that comes first here. Spec NLK-21.
    pub(super) fn before(&self, other: &Self) -> bool {
        self.h < other.h
    }

    #[cfg(test)]
    pub(super) const fn id(&self) -> [u8; 32] {
        self.h
    }

    /// Seals the `len` bytes at `buf[DATA_HEAD..]` in place; returns the packet's length.
    pub(super) fn seal<C: Suite>(
        &mut self,
        now: Instant,
        buf: &mut [u8],
        len: usize,
    ) -> Result<usize, TxError> {
        let whole = self.tx.seal::<C>(self.theirs, buf, len)?;
        self.owing = None;
        if len > 0 {
            self.unanswered.get_or_insert(now);
        }
        Ok(whole)
    }

    /// Opens a DATA packet in place.
    pub(super) fn open<'b, C: Suite>(
        &mut self,
        now: Instant,
        n: u32,
        packet: &'b mut [u8],
    ) -> Result<Opened<'b>, Reject> {
        let datagram = self.rx.open::<C>(n, packet)?;
        let first = !self.confirmed;
        self.confirmed = true;
        self.heard = now;
        self.unanswered = None;
        self.confirm = None;
        if !datagram.is_empty() {
            self.owing.get_or_insert(now);
        }
        let answer = self.role == Role::Responder && (first || datagram.is_empty());
        Ok(Opened { datagram, answer })
    }

    /// Whether the session's life is over. Spec NLK-17.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.over_at()
    }

    /// Whether the peer has been silent for so long that it is gone. Spec NLK-22.
    pub(super) fn is_dead(&self, now: Instant) -> bool {
        self.dead_at().is_some_and(|at| now >= at)
    }

    /// Whether this end should make the next session. Spec NLK-18, NLK-22.
    pub(super) fn wants_next(&self, now: Instant) -> bool {
        let packets = match self.role {
            Role::Initiator => rules::RENEW_PACKETS,
            Role::Responder => rules::RENEW_LATE_PACKETS,
        };
        self.tx.count().max(self.rx.count()) >= packets || now >= self.next_at()
    }

    /// Whether an empty DATA is due: a confirmation or a keepalive. Spec NLK-12, NLK-22.
    pub(super) fn wants_empty(&mut self, now: Instant) -> bool {
        if let Some((at, pause)) = self.confirm
            && now >= at
        {
            self.confirm = Some((now.plus(pause), pause.times(2)));
            return true;
        }
        let keepalive = self
            .owing
            .is_some_and(|since| now >= since.plus(rules::KEEPALIVE));
        if keepalive {
            // Also when the counters are used up and nothing can go out: it is due once.
            self.owing = None;
        }
        keepalive
    }

    fn over_at(&self) -> Instant {
        self.born.plus(rules::LIFE)
    }

    fn dead_at(&self) -> Option<Instant> {
        self.unanswered.map(|since| since.plus(rules::DEAD))
    }

    fn next_at(&self) -> Instant {
        let (renew, silence) = match self.role {
            Role::Initiator => (rules::RENEW, rules::SILENCE),
            Role::Responder => (rules::RENEW_LATE, rules::SILENCE_LATE),
        };
        let renew = self.born.plus(renew);
        self.unanswered
            .map_or(renew, |since| since.plus(silence).min(renew))
    }

    /// When the session in use next wants a tick; `next` when this end could make the next session.
    pub(super) fn deadline(&self, next: bool) -> Option<Instant> {
        let renew = next.then(|| self.next_at());
        let confirm = self.confirm.map(|(at, _)| at);
        let keepalive = self.owing.map(|since| since.plus(rules::KEEPALIVE));
        let end = sooner(Some(self.over_at()), self.dead_at());
        sooner(sooner(renew, confirm), sooner(keepalive, end))
    }
}

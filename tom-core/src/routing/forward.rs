//! Envelopes on their way through this node, and the way back of those that went.
//! Spec: routing, "Forwarding" and "Return routes".

use super::Tables;
use crate::bounded::{Chain, Entry};
use crate::egress::LinkRef;
use crate::input::LinkId;
use crate::time::{Instant, Span};
use crate::wire::{Commit, Flags, Handle, Reference};

/// An envelope that is to leave again. It holds the payload only until the frame is out.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Forward {
    pub(crate) serial: u32,
    pub(crate) reference: Reference,
    pub(crate) dst: Handle,
    pub(crate) from: LinkRef,
    pub(crate) attempt: u8,
    pub(crate) expiry: u32,
    pub(crate) flags: Flags,
    /// The envelope, then the trace to go with it.
    pub(crate) bytes: Chain,
    pub(crate) envelope_len: u32,
    /// When it came.
    pub(crate) at: Instant,
    pub(crate) to: Option<LinkRef>,
    /// `to` is the recipient itself.
    pub(crate) direct: bool,
    /// An ACK can come back for it: the sender is told when it is handed on.
    pub(crate) tell: bool,
}

impl Entry for Forward {
    type Key = u32;
    fn key(&self) -> u32 {
        self.serial
    }
}

/// The way back of an envelope that was handed on.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Return {
    pub(crate) reference: Reference,
    pub(crate) commit: Option<Commit>,
    pub(crate) dst: Handle,
    pub(crate) expiry: u32,
    /// Where its first copy came from, and where its latest did.
    pub(crate) first: LinkRef,
    pub(crate) from: LinkRef,
    pub(crate) to: Option<LinkRef>,
    pub(crate) at: Instant,
    /// One bit per attempt handed on.
    pub(crate) attempts: u16,
    /// Proofs passed back: at most one per copy.
    pub(crate) proofs: u8,
    /// NACKs passed back: at most one per copy.
    pub(crate) nacks: u8,
    /// Answers to its handshake passed back: at most one per copy.
    pub(crate) answers: u8,
    pub(crate) passed: bool,
}

impl Entry for Return {
    type Key = [u8; 8];
    fn key(&self) -> [u8; 8] {
        self.reference.0
    }
}

/// What a second copy of an envelope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Copy {
    /// The first of its attempt. The link the attempt before left over, if any.
    Fresh(Option<LinkRef>),
    /// This attempt was handed on already.
    Seen,
}

impl Tables<'_> {
    /// Notes a copy of an envelope. The oldest entry makes room.
    pub(crate) fn note_copy(&mut self, new: Return, attempt: u8) -> Copy {
        let bit = 1u16 << (attempt & 15);
        let hash = self.returns.hash(&new.reference.0);
        if let Some(idx) = self.returns.find_hashed(hash, &new.reference.0)
            && let Some(entry) = self.returns.get_mut(idx)
        {
            if entry.attempts & bit != 0 {
                return Copy::Seen;
            }
            entry.attempts |= bit;
            if !planted!(FirstWayBack) {
                entry.from = new.from;
            }
            return Copy::Fresh(entry.to);
        }
        if self.returns.is_full()
            && let Some(oldest) = self.returns.oldest()
        {
            self.returns.discard(oldest);
        }
        let _full = self.returns.insert_hashed(
            hash,
            Return {
                attempts: bit,
                ..new
            },
        );
        Copy::Fresh(None)
    }

    /// The attempt could not be handed on after all: another copy of it may be.
    pub(crate) fn unnote_copy(&mut self, reference: Reference, attempt: u8) {
        if let Some(entry) = self.returning_mut(reference) {
            entry.attempts &= !(1u16 << (attempt & 15));
        }
    }

    /// The way back for a reference. Spec RTE-12.
    pub(crate) fn returning_mut(&mut self, reference: Reference) -> Option<&mut Return> {
        if cfg!(not(feature = "relay")) {
            return None;
        }
        let idx = self.returns.find(&reference.0)?;
        self.returns.get_mut(idx)
    }

    /// Drops return entries older than `age`. At most `work` entries are looked at.
    pub(crate) fn purge_returns(&mut self, now: Instant, age: Span, work: u32) {
        for _ in 0..work {
            let Some(idx) = self.returns.oldest() else {
                return;
            };
            if self
                .returns
                .get(idx)
                .is_some_and(|entry| now.since(entry.at) <= age)
            {
                return;
            }
            self.returns.discard(idx);
        }
    }

    /// How many copies wait for this link, counted up to `most`.
    pub(crate) fn forwards_to(&self, link: LinkId, most: u32) -> u32 {
        let waiting = self
            .forwards
            .iter()
            .filter(|(_, f)| f.to.is_some_and(|to| to.id == link));
        waiting.take(most as usize).count() as u32
    }
}

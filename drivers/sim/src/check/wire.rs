//! What may not be seen on links: plaintext, and envelopes past their end. And the payloads that make
//! plaintext show.

use memchr::memmem::Finder;
use tom_core::wire::{
    Body, Commit, Envelope, Frame, Frames, Handle, Kind, MAX_HOPS, Reference, message_id,
};

use super::{Invariant, PAYLOAD_LEAST, SKEW};
use crate::draw::mix;
use crate::net::clock::true_wall_ms;
use crate::time::Time;

/// An envelope that its sender sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// Its reference.
    pub reference: Reference,
    /// The commitment a proof of it must open.
    pub commit: Commit,
    /// When it ends, in Unix seconds.
    pub expiry: u32,
    /// Whom it is for.
    pub dst: Handle,
    /// Which attempt it is, from 0.
    pub attempt: u8,
}

/// The marker in every payload of a run, and how far clocks are off.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    marker: [u8; 8],
    finder: Finder<'static>,
    /// The furthest any wall clock has been off, in milliseconds.
    clock_error_ms: u64,
}

impl Wire {
    pub(crate) fn new(seed: u64) -> Self {
        let marker = mix(seed ^ u64::from_le_bytes(*b"payload!")).to_le_bytes();
        Self {
            marker,
            finder: Finder::new(&marker).into_owned(),
            clock_error_ms: 0,
        }
    }

    /// A payload that says which message it is and shows wherever it can be read.
    pub(crate) fn fill(&self, number: u32, out: &mut [u8]) {
        let mut rest = out;
        let mut put = |bytes: &[u8]| {
            let taken = std::mem::take(&mut rest);
            let len = bytes.len().min(taken.len());
            let (head, tail) = taken.split_at_mut(len);
            head.copy_from_slice(bytes.get(..len).unwrap_or_default());
            rest = tail;
            rest.is_empty()
        };
        put(&self.marker);
        put(&number.to_le_bytes());
        let mut word = mix(u64::from_le_bytes(self.marker) ^ u64::from(number));
        put(&(word as u32).to_le_bytes());
        while !put(&word.to_le_bytes()) {
            word = mix(word);
        }
    }

    /// Which message a payload is; `None` for one that `fill` did not make.
    pub(crate) fn number(&self, payload: &[u8]) -> Option<u32> {
        let number = u32::from_le_bytes(*payload.get(8..12)?.first_chunk()?);
        let mut made = vec![0; payload.len().max(PAYLOAD_LEAST)];
        self.fill(number, &mut made);
        (made == payload).then_some(number)
    }

    /// Whether a payload can be read in these bytes.
    pub(crate) fn shows(&self, bytes: &[u8]) -> bool {
        self.finder.find(bytes).is_some()
    }

    pub(crate) fn clock_error(&mut self, ms: u64) {
        self.clock_error_ms = self.clock_error_ms.max(ms);
    }

    /// Later than this nothing of an envelope that ends at `expiry` may be about, clocks being as far
    /// off as they are: one end's error in the expiry, the other's in reading it.
    pub(crate) fn over_after(&self, expiry: u32) -> u64 {
        u64::from(expiry) * 1_000 + SKEW.as_millis() + 2 * self.clock_error_ms + 1_000
    }

    /// Looks at a datagram that leaves a node.
    pub(crate) fn leaves(&self, now: Time, bytes: &[u8]) -> Result<(), (Invariant, String)> {
        if self.shows(bytes) {
            return Err((
                Invariant::NoPlaintext,
                "a payload can be read on a link".into(),
            ));
        }
        for frame in Frames::new(bytes).flatten() {
            let Frame::Envelope { bytes, .. } = frame else {
                continue;
            };
            let Ok(envelope) = Envelope::parse(bytes) else {
                continue;
            };
            let carries = matches!(envelope.body.kind(), Kind::Seal | Kind::Data);
            if carries && true_wall_ms(now) > self.over_after(envelope.head.expiry) {
                let what = format!(
                    "an envelope that ended at {} is sent {} s later",
                    envelope.head.expiry,
                    true_wall_ms(now) / 1_000 - u64::from(envelope.head.expiry)
                );
                return Err((Invariant::Ttl, what));
            }
        }
        Ok(())
    }
}

/// The first envelope in a datagram that comes from its sender itself and asks for a proof.
pub(crate) fn own_envelope(bytes: &[u8]) -> Option<Own> {
    own_envelopes(bytes).next()
}

/// All of them. A relay takes one hop away before it hands on, so all hops left means the sender.
pub(crate) fn own_envelopes(bytes: &[u8]) -> impl Iterator<Item = Own> + '_ {
    Frames::new(bytes).flatten().filter_map(|frame| {
        let Frame::Envelope { bytes, .. } = frame else {
            return None;
        };
        let envelope = Envelope::parse(bytes).ok()?;
        let commit = match envelope.body {
            Body::Seal { commit, .. } | Body::Data { commit, .. } => commit?,
            Body::Resp { .. } | Body::Ack(_) | Body::Nack { .. } => return None,
        };
        if envelope.head.hop != MAX_HOPS {
            return None;
        }
        Some(Own {
            reference: message_id(bytes)?.reference(),
            commit,
            expiry: envelope.head.expiry,
            dst: envelope.head.dst,
            attempt: envelope.head.attempt,
        })
    })
}

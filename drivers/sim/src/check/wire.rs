//! What may not be seen on links: plaintext, and envelopes past their end. And the payloads that make
//! plaintext show.

use std::collections::BTreeMap;

use memchr::memmem::Finder;
use tom_core::wire::{
    Body, Commit, Envelope, Frame, Frames, Handle, Head, Kind, MAX_HOPS, Reference, message_id,
};

use super::{Invariant, PAYLOAD_LEAST, SKEW};
use crate::draw::mix;
use crate::net::clock::true_wall_ms;
use crate::time::{Span, Time};

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
    /// When relays got what they have not handed on: node, reference, attempt.
    held: BTreeMap<(u32, Reference, u8), Time>,
}

/// The core's wall clock is whole seconds plus whole seconds, both rounded down: it lags by up to two,
/// at either end.
const WHOLE_SECONDS_MS: u64 = 4_000;

/// A relay holds a copy for at most two seconds (RTE-6), by a clock that may run a tenth slow, and
/// hands it over with the next input after that.
const HELD_AT_MOST: Span = Span::from_millis(2_400);
/// Copies that relays dropped are forgotten here after this long.
const HELD_KNOWN_FOR: Span = Span::from_secs(120);

impl Wire {
    pub(crate) fn new(seed: u64) -> Self {
        let marker = mix(seed ^ u64::from_le_bytes(*b"payload!")).to_le_bytes();
        Self {
            marker,
            finder: Finder::new(&marker).into_owned(),
            clock_error_ms: 0,
            held: BTreeMap::new(),
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

    /// Which message's payload lies somewhere in these bytes.
    pub(crate) fn number_within(&self, bytes: &[u8]) -> Option<u32> {
        let at = self.finder.find(bytes)? + self.marker.len();
        Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
    }

    pub(crate) const fn clock_error_ms(&self) -> u64 {
        self.clock_error_ms
    }

    /// Looks at a datagram that reaches a node: what it may hand on, it holds from now on.
    pub(crate) fn comes(&mut self, node: u32, now: Time, bytes: &[u8]) {
        for (reference, head) in carried(bytes) {
            // The latest copy counts: one before it may have been dropped, which cannot be seen.
            self.held.insert((node, reference, head.attempt), now);
        }
    }

    /// Forgets copies that were dropped long ago.
    pub(crate) fn forget_held(&mut self, now: Time) {
        self.held
            .retain(|_, since| now.since(*since) < HELD_KNOWN_FOR);
    }

    /// A node is gone, and what it held with it.
    pub(crate) fn released(&mut self, node: u32) {
        self.held.retain(|(holder, _, _), _| *holder != node);
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
        u64::from(expiry) * 1_000 + SKEW.as_millis() + 2 * self.clock_error_ms + WHOLE_SECONDS_MS
    }

    /// Looks at a datagram that leaves a node. What is wrong comes with the envelope it is about.
    pub(crate) fn leaves(
        &mut self,
        node: u32,
        now: Time,
        bytes: &[u8],
    ) -> Result<(), (Invariant, String, Option<Reference>)> {
        if self.shows(bytes) {
            return Err((
                Invariant::NoPlaintext,
                "a payload can be read on a link".into(),
                None,
            ));
        }
        for (reference, head) in carried(bytes) {
            if true_wall_ms(now) > self.over_after(head.expiry) {
                let what = format!(
                    "an envelope that ended at {} is sent {} s later",
                    head.expiry,
                    true_wall_ms(now) / 1_000 - u64::from(head.expiry)
                );
                return Err((Invariant::Ttl, what, Some(reference)));
            }
            let held = self.held.remove(&(node, reference, head.attempt));
            if let Some(long) = held.map(|since| now.since(since))
                && head.hop < MAX_HOPS
                && long > HELD_AT_MOST
            {
                let what = format!(
                    "an envelope is handed on {} ms after it came",
                    long.as_millis()
                );
                return Err((Invariant::RelaysForget, what, Some(reference)));
            }
        }
        Ok(())
    }
}

/// The messages in a datagram, by reference, each with its header.
fn carried(bytes: &[u8]) -> impl Iterator<Item = (Reference, Head)> + '_ {
    Frames::new(bytes).flatten().filter_map(|frame| {
        let Frame::Envelope { bytes, .. } = frame else {
            return None;
        };
        let head = Envelope::parse(bytes).ok()?.head;
        let carries = matches!(head.kind, Kind::Seal | Kind::Data);
        carries.then_some((message_id(bytes)?.reference(), head))
    })
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

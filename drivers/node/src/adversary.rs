//! A relay that misbehaves on purpose, for demonstrations and tests.
//!
//! It is a legitimate neighbour: it proves its own identity, keeps its links and answers questions.
//! What it does wrong it does to the bytes of others, between the socket and an honest engine. No
//! message is delivered wrongly by it; see `tom demo`, steps `failover` and `tamper_refused`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use tom_core::identity::Handle;
use tom_core::wire::{
    ENVELOPE_AT, Envelope, FRAME_HEAD_LEN, Frame, Frames, Kind, TakenWriter, message_id,
};

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mischief {
    /// Nothing wrong.
    None = 0,
    /// Says that it took what it should hand on, and throws it away.
    Swallow = 1,
    /// Changes one byte of each sealed body it hands on.
    Tamper = 2,
}

/// The switch of a misbehaving relay, and what it has done. Clones are one switch.
#[derive(Clone, Debug, Default)]
pub struct Adversary(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    mode: AtomicU8,
    swallowed: AtomicU64,
    tampered: AtomicU64,
}

impl Adversary {
    /// From now on it does this.
    pub fn set(&self, mischief: Mischief) {
        self.0.mode.store(mischief as u8, Ordering::Relaxed);
    }

    /// Envelopes it has swallowed and altered so far.
    #[must_use]
    pub fn done(&self) -> (u64, u64) {
        (
            self.0.swallowed.load(Ordering::Relaxed),
            self.0.tampered.load(Ordering::Relaxed),
        )
    }

    fn is(&self, mischief: Mischief) -> bool {
        self.0.mode.load(Ordering::Relaxed) == mischief as u8
    }

    /// Sees what arrives before the engine does. Leaves in `bytes` what the engine is to see, and
    /// returns what to answer.
    pub(crate) fn incoming(&self, me: Handle, bytes: &mut Vec<u8>) -> Vec<u8> {
        if !self.is(Mischief::Swallow) {
            return Vec::new();
        }
        let whole = std::mem::take(bytes);
        let mut answer = Vec::new();
        let mut frames = Frames::new(&whole);
        loop {
            let before = frames.rest();
            let Some(frame) = frames.next() else { break };
            let raw = before
                .get(..before.len() - frames.rest().len())
                .unwrap_or_default();
            let reference = frame.ok().and_then(|frame| match frame {
                Frame::Envelope { bytes, .. } => {
                    let envelope = Envelope::parse(bytes).ok()?;
                    let sealed = matches!(envelope.body.kind(), Kind::Seal | Kind::Data);
                    (sealed && envelope.head.dst != me).then(|| message_id(bytes))?
                }
                Frame::Hello(_)
                | Frame::Taken(_)
                | Frame::Passed(_)
                | Frame::ReachAsk(_)
                | Frame::ReachAnswer(_)
                | Frame::Candidates(_)
                | Frame::Ping(_) => None,
            });
            let Some(reference) = reference else {
                bytes.extend_from_slice(raw);
                continue;
            };
            let mut taken = [0; 12];
            if let Ok(writer) = TakenWriter::start(&mut taken, reference.reference()) {
                let len = writer.finish();
                answer.extend_from_slice(taken.get(..len).unwrap_or_default());
            }
            self.0.swallowed.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// Sees what leaves after the engine did.
    pub(crate) fn outgoing(&self, bytes: &mut [u8]) {
        if !self.is(Mischief::Tamper) {
            return;
        }
        let mut at = 0;
        while let Some(rest) = bytes.get(at..)
            && let Some([_, l0, l1]) = rest.first_chunk::<FRAME_HEAD_LEN>()
        {
            let next = at + FRAME_HEAD_LEN + usize::from(u16::from_le_bytes([*l0, *l1]));
            let sealed = match Frames::new(rest).next() {
                Some(Ok(Frame::Envelope { bytes, .. })) => Envelope::parse(bytes)
                    .ok()
                    .filter(|envelope| matches!(envelope.body.kind(), Kind::Seal | Kind::Data))
                    .map(|_| bytes.len()),
                Some(_) | None => None,
            };
            // Behind the last byte of the ciphertext stand the 16 of its tag.
            if let Some(len) = sealed
                && let Some(byte) = bytes.get_mut((at + ENVELOPE_AT + len).saturating_sub(17))
            {
                *byte ^= 1;
                self.0.tampered.fetch_add(1, Ordering::Relaxed);
            }
            at = next;
        }
    }
}

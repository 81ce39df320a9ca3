//! Takes what it should hand on, says so, and hands nothing on.

use tom_core::wire::{Reference, TakenWriter, message_id};

use super::frames::split;
use super::{Adversary, Doing, Scene};
use crate::time::Span;

impl Adversary {
    pub(super) fn swallow(&mut self, scene: Scene<'_>, link: u32, bytes: &[u8], doing: &mut Doing) {
        let mut answer = Vec::new();
        for raw in split(bytes) {
            let id = raw
                .for_others(scene.me)
                .and_then(|(bytes, _)| message_id(bytes));
            let Some(id) = id else {
                doing.inward.extend_from_slice(raw.bytes);
                continue;
            };
            put_taken(&mut answer, id.reference());
            self.did.swallowed += 1;
        }
        if !answer.is_empty() {
            doing.outward.push((Span::ZERO, link, answer));
        }
    }
}

/// Says that an envelope was taken. The answer is shorter than the envelope: a datagram of answers
/// fits wherever one of envelopes did.
pub(super) fn put_taken(out: &mut Vec<u8>, reference: Reference) {
    let mut taken = [0; 12];
    if let Ok(writer) = TakenWriter::start(&mut taken, reference) {
        let len = writer.finish();
        out.extend_from_slice(taken.get(..len).unwrap_or_default());
    }
}

//! Damages what it hands on.

use tom_core::wire::ENVELOPE_AT;

use super::frames::split;
use super::{Adversary, Doing, Scene, draws};
use crate::draw::Chance;
use crate::time::Span;

impl Adversary {
    /// Changes one bit of any byte of an envelope that it hands on.
    pub(super) fn damage(
        &mut self,
        scene: Scene<'_>,
        link: u32,
        chance: Chance,
        bytes: &[u8],
        doing: &mut Doing,
    ) {
        let mut out = bytes.to_vec();
        let mut at = 0;
        for raw in split(bytes) {
            let mut draws = draws(scene, link, &mut self.draws);
            if let Some((envelope, _)) = raw.handed_on()
                && draws.happens(chance)
            {
                let place = at + ENVELOPE_AT + draws.below(envelope.len());
                let bit = draws.below(8);
                if let Some(byte) = out.get_mut(place) {
                    *byte ^= 1 << bit;
                    self.did.corrupted += 1;
                }
            }
            at += raw.bytes.len();
        }
        doing.outward.push((Span::ZERO, link, out));
    }
}

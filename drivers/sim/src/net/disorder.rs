//! What else a path does to packets: holds one back, brings one twice, damages one.

use crate::draw::{Chance, happens, mix};
use crate::time::Span;

/// A packet's second copy comes within this time after the first: a retransmission on one hop of
/// the path. A guess.
pub const TWICE_WITHIN: Span = Span::from_millis(20);

/// What happened to a packet's bytes on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Damage {
    /// Nothing.
    #[default]
    None,
    /// This bit of it is flipped, counted from the first byte's lowest.
    Flip(u32),
}

impl Damage {
    /// Does to `bytes` what happened.
    pub fn apply(self, bytes: &mut [u8]) {
        if let Self::Flip(bit) = self
            && let Some(byte) = bytes.get_mut(bit as usize / 8)
        {
            *byte ^= 1 << (bit % 8);
        }
    }
}

/// How much longer than others a packet takes, if it is held back: 1 ns to `most`.
#[must_use]
pub fn held(chance: Chance, most: Span, draw: u64) -> Option<Span> {
    happens(draw, chance).then(|| below(draw, most))
}

/// How long after the first copy a second one comes, if one does: 1 ns to [`TWICE_WITHIN`].
#[must_use]
pub fn twice(chance: Chance, draw: u64) -> Option<Span> {
    happens(draw, chance).then(|| below(draw, TWICE_WITHIN))
}

/// What happens to a packet of so many bytes.
#[must_use]
pub fn damage(chance: Chance, bytes: u32, draw: u64) -> Damage {
    if bytes == 0 || !happens(draw, chance) {
        return Damage::None;
    }
    let bits = u64::from(bytes) * 8;
    Damage::Flip(((u128::from(mix(draw)) * u128::from(bits)) >> 64) as u32)
}

fn below(draw: u64, most: Span) -> Span {
    Span((((u128::from(mix(draw)) * u128::from(most.0)) >> 64) as u64 + 1).min(most.0))
}

#[cfg(test)]
#[path = "disorder_test.rs"]
mod tests;

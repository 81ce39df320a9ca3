//! A random factor or addition on each packet's delay.
//!
//! Each packet draws for itself, so packets sent closer together than the jitter overtake each
//! other.

use crate::net::sample::sample;
use crate::scenario::model::{Dist, Jitter};
use crate::time::Span;

/// The delay of one packet, given the path's usual one and the packet's draw.
///
/// A lognormal factor is at least 1/2: no luck makes a path shorter than its cables.
#[must_use]
pub fn jittered(jitter: Jitter, base: Span, draw: u64) -> Span {
    match jitter {
        Jitter::None => base,
        Jitter::Uniform(most) => {
            let more = (u128::from(draw) * (u128::from(most.0) + 1)) >> 64;
            Span(base.0.saturating_add(more as u64))
        }
        Jitter::Lognormal { sigma } => {
            let factor = sample(Dist::Lognormal(1.0, sigma), draw).max(0.5);
            Span((base.0 as f64 * factor) as u64)
        }
    }
}

/// The least that [`jittered`] makes of a delay.
#[must_use]
pub const fn least(jitter: Jitter, base: Span) -> Span {
    match jitter {
        Jitter::None | Jitter::Uniform(_) => base,
        Jitter::Lognormal { .. } => Span(base.0 / 2),
    }
}

#[cfg(test)]
#[path = "jitter_test.rs"]
mod tests;

//! One number of a distribution from one draw, by inversion: the same bits on every machine.

use crate::scenario::model::Dist;
use crate::time::Span;

/// A draw as a number strictly between 0 and 1: what every inverse below accepts.
#[must_use]
pub fn open(draw: u64) -> f64 {
    ((draw >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0
}

/// A number of this distribution for a draw.
#[must_use]
pub fn sample(dist: Dist, draw: u64) -> f64 {
    dist.quantile(open(draw))
}

/// A span of exponential length with this mean, at least 1 ns.
#[must_use]
pub fn spell(mean: Span, draw: u64) -> Span {
    Span(((mean.0 as f64 * sample(Dist::Exponential(1.0), draw)) as u64).max(1))
}

#[cfg(test)]
#[path = "sample_test.rs"]
mod tests;

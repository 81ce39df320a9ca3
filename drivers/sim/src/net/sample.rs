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
    let u = open(draw);
    match dist {
        Dist::Constant(value) => value,
        Dist::Uniform(low, high) => low + (high - low) * u,
        Dist::Normal(mean, deviation) => mean + deviation * normal(u),
        Dist::Exponential(mean) => mean * exponential(u),
        Dist::Lognormal(median, sigma) => median * libm::exp(sigma * normal(u)),
        Dist::Weibull(scale, shape) => scale * libm::pow(exponential(u), 1.0 / shape),
    }
}

/// A span of exponential length with this mean, at least 1 ns.
#[must_use]
pub fn spell(mean: Span, draw: u64) -> Span {
    Span(((mean.0 as f64 * exponential(open(draw))) as u64).max(1))
}

/// The exponential distribution of mean 1 at `u`, in 0..1 exclusive.
#[must_use]
pub fn exponential(u: f64) -> f64 {
    -libm::log1p(-u)
}

/// The standard normal distribution's quantile of `u`, in 0..1 exclusive.
///
/// P. J. Acklam's rational approximation: relative error below 1.15e-9 everywhere.
#[must_use]
pub fn normal(u: f64) -> f64 {
    const EDGE: f64 = 0.024_25;
    if u < EDGE {
        tail(libm::sqrt(-2.0 * libm::log(u)))
    } else if u > 1.0 - EDGE {
        -tail(libm::sqrt(-2.0 * libm::log1p(-u)))
    } else {
        middle(u - 0.5)
    }
}

fn middle(q: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    let r = q * q;
    horner(&A, r) * q / horner(&B, r)
}

fn tail(q: f64) -> f64 {
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    horner(&C, q) / horner(&D, q)
}

/// A polynomial, highest power first. Never fused: a fused step rounds otherwise.
fn horner(factors: &[f64], x: f64) -> f64 {
    factors.iter().fold(0.0, |sum, factor| sum * x + factor)
}

#[cfg(test)]
#[path = "sample_test.rs"]
mod tests;

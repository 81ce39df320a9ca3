use super::*;
use crate::draw::mix;

#[test]
fn the_ends_of_a_draw_are_finite() {
    for draw in [0, u64::MAX] {
        for dist in [
            Dist::Normal(0.0, 1.0),
            Dist::Exponential(1.0),
            Dist::Lognormal(1.0, 1.0),
            Dist::Weibull(1.0, 0.6),
        ] {
            assert!(sample(dist, draw).is_finite(), "{dist:?}");
        }
    }
}

#[test]
fn means_are_those_of_the_distributions() {
    let mean = |dist| (0..100_000).map(|n| sample(dist, mix(n))).sum::<f64>() / 100_000.0;
    let near = |dist, want: f64| {
        let got = mean(dist);
        assert!((got / want - 1.0).abs() < 0.02, "{dist:?}: {got}");
    };
    near(Dist::Constant(3.0), 3.0);
    near(Dist::Uniform(1.0, 5.0), 3.0);
    near(Dist::Normal(10.0, 2.0), 10.0);
    near(Dist::Exponential(7.0), 7.0);
    near(Dist::Lognormal(2.0, 0.5), 2.0 * libm::exp(0.125));
    near(
        Dist::Weibull(200.0, 0.6),
        200.0 * libm::tgamma(1.0 + 1.0 / 0.6),
    );
}

/// A golden value: another machine or another compiler must give these bits.
#[test]
fn samples_are_these_bits() {
    let bits = |dist| sample(dist, 0x0123_4567_89AB_CDEF).to_bits();
    let got = [
        bits(Dist::Normal(0.0, 1.0)),
        bits(Dist::Exponential(1.0)),
        bits(Dist::Lognormal(1.0, 0.3)),
        bits(Dist::Weibull(1.0, 0.6)),
    ];
    assert_eq!(
        got,
        [
            0xC004_EE2D_C0A9_E007,
            0x3F72_3EB9_9135_4E4B,
            0x3FDD_31E4_2C82_985B,
            0x3F1F_9C95_4F20_7930,
        ]
    );
}

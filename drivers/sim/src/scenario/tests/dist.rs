use crate::draw::Stream;
use crate::scenario::dist::normal_quantile;
use crate::scenario::model::Dist;

/// The mean of many draws.
fn mean(dist: Dist) -> f64 {
    let mut stream = Stream::new(7, "dist");
    let n = 200_000;
    (0..n).map(|_| dist.sample(&mut stream)).sum::<f64>() / f64::from(n)
}

#[track_caller]
fn near(found: f64, want: f64, within: f64) {
    assert!(
        (found - want).abs() <= within * want.abs().max(1e-300),
        "{found} is not within {within} of {want}"
    );
}

#[test]
fn normal_quantiles_are_those_of_the_tables() {
    // Quantiles to 15 digits, as any table gives them.
    for (p, z) in [
        (0.975, 1.959_963_984_540_054),
        (0.95, 1.644_853_626_951_472_2),
        (0.9, 1.281_551_565_544_600_4),
        (0.75, 0.674_489_750_196_081_7),
        (0.999, 3.090_232_306_167_813_5),
        (1e-6, -4.753_424_308_822_899),
    ] {
        near(normal_quantile(p), z, 1e-12);
        near(normal_quantile(1.0 - p), -z, 1e-9);
    }
    assert_eq!(normal_quantile(0.5), 0.0);
    // Deep in the tail: 10^-12.
    near(normal_quantile(1e-12), -7.034_483_825_301_132, 1e-9);
    assert!(normal_quantile(0.0).is_finite() && normal_quantile(1.0).is_finite());
}

#[test]
fn quantiles_are_the_closed_forms() {
    let ln2 = std::f64::consts::LN_2;
    near(Dist::Exponential(300.0).quantile(0.5), 300.0 * ln2, 1e-12);
    near(
        Dist::Exponential(300.0).quantile(0.9),
        300.0 * 10_f64.ln(),
        1e-12,
    );
    let weibull = Dist::Weibull(12_000.0, 0.6);
    near(weibull.quantile(0.5), 12_000.0 * ln2.powf(1.0 / 0.6), 1e-12);
    let p = 1.0 - (-1.0_f64).exp();
    near(weibull.quantile(p), 12_000.0, 1e-12);
    near(Dist::Lognormal(200.0, 1.0).quantile(0.5), 200.0, 1e-12);
    let sigma = Dist::Lognormal(200.0, 1.0).quantile(0.841_344_746_068_542_9);
    near(sigma, 200.0 * std::f64::consts::E, 1e-9);
    near(Dist::Normal(5.0, 2.0).quantile(0.975), 8.919_927_969, 1e-9);
    near(Dist::Uniform(-3.0, 5.0).quantile(0.25), -1.0, 1e-12);
    assert_eq!(Dist::Constant(4.0).quantile(0.9), 4.0);
}

#[test]
fn means_are_the_closed_forms() {
    // Gamma(1 + 1/0.6) = Gamma(8/3) = 1.504575488...
    near(Dist::Weibull(1.0, 0.6).mean(), 1.504_575_488, 1e-9);
    for dist in [
        Dist::Constant(4.0),
        Dist::Uniform(2.0, 6.0),
        Dist::Normal(10.0, 3.0),
        Dist::Exponential(300.0),
        Dist::Lognormal(200.0, 0.8),
        Dist::Weibull(12_000.0, 0.6),
        Dist::Weibull(100.0, 2.0),
    ] {
        near(mean(dist), dist.mean(), 0.02);
    }
}

#[test]
fn draws_are_the_same_bits_everywhere() {
    let mut stream = Stream::new(1, "bits");
    let draws = [
        Dist::Weibull(12_000.0, 0.6),
        Dist::Lognormal(200.0, 1.0),
        Dist::Normal(0.0, 20.0),
        Dist::Exponential(300.0),
    ]
    .map(|d| d.sample(&mut stream).to_bits());
    assert_eq!(draws, BITS);
}

/// Another number is another run.
const BITS: [u64; 4] = [
    4_671_926_379_254_613_510,
    4_651_784_850_964_986_665,
    13_832_321_466_697_670_251,
    4_645_534_131_531_052_843,
];

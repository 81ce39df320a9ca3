use super::*;
use crate::draw::mix;

const BASE: Span = Span::from_millis(100);

#[test]
fn none_changes_nothing() {
    assert_eq!(jittered(Jitter::None, BASE, u64::MAX), BASE);
}

#[test]
fn uniform_adds_up_to_its_span() {
    let jitter = Jitter::Uniform(Span(10));
    assert_eq!(jittered(jitter, BASE, 0), BASE);
    assert_eq!(jittered(jitter, BASE, u64::MAX), Span(BASE.0 + 10));
}

#[test]
fn a_lognormal_factor_has_median_one_and_the_tail_of_its_sigma() {
    let jitter = Jitter::Lognormal { sigma: 0.2 };
    let mut spans: Vec<u64> = (0..100_000)
        .map(|n| jittered(jitter, BASE, mix(n)).0)
        .collect();
    spans.sort_unstable();
    let at = |share: f64| spans[(share * 100_000.0) as usize] as f64 / BASE.0 as f64;
    assert!((at(0.5) - 1.0).abs() < 0.005, "{}", at(0.5));
    // One and two standard deviations up.
    assert!(
        (at(0.841_345) - libm::exp(0.2)).abs() < 0.01,
        "{}",
        at(0.841_345)
    );
    assert!(
        (at(0.977_250) - libm::exp(0.4)).abs() < 0.02,
        "{}",
        at(0.977_250)
    );
}

#[test]
fn nothing_is_below_the_least() {
    for sigma in [0.1, 0.5, 3.0] {
        let jitter = Jitter::Lognormal { sigma };
        for draw in (0..10_000).map(mix).chain([0, u64::MAX]) {
            assert!(jittered(jitter, BASE, draw) >= least(jitter, BASE));
        }
    }
}

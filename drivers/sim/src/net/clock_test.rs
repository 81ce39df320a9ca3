use super::*;
use crate::draw::Chance;
use crate::scenario::model::Dist;
use proptest::prelude::*;

proptest! {
    #[test]
    fn it_never_goes_back(drift in any::<i64>(), a in any::<u64>(), b in any::<u64>()) {
        let clock = Clock::new(drift, None);
        let (early, late) = (Time(a.min(b)), Time(a.max(b)));
        prop_assert!(clock.local_ms(early) <= clock.local_ms(late));
    }

    #[test]
    fn the_inverse_is_the_first_moment(drift in -200_000_000_i64..200_000_000, ms in 0..1_u64 << 43) {
        let clock = Clock::new(drift, None);
        let at = clock.true_time_of(ms);
        prop_assert!(clock.local_ms(at) >= ms);
        if at.0 > 0 {
            prop_assert!(clock.local_ms(Time(at.0 - 1)) < ms);
        }
    }
}

#[test]
fn an_exact_clock_shows_true_time() {
    let clock = Clock::new(0, Some(0));
    let at = Time(1_234_999_999);
    assert_eq!(clock.local_ms(at), 1_234);
    assert_eq!(clock.true_time_of(1_234), Time(1_234_000_000));
    assert_eq!(clock.wall_ms(at), Some(true_wall_ms(at)));
}

#[test]
fn fifty_parts_per_million_are_four_seconds_a_day() {
    let day = Time(86_400_000_000_000);
    assert_eq!(Clock::new(50_000, None).local_ms(day), 86_404_320);
    assert_eq!(Clock::new(-50_000, None).local_ms(day), 86_395_680);
}

#[test]
fn the_time_of_day_steps_and_the_other_clock_does_not() {
    let mut clock = Clock::new(0, Some(-500));
    let at = Time(10_000_000_000);
    assert_eq!(clock.wall_ms(at), Some(DAWN_MS + 9_500));
    clock.step(-3_600_000);
    assert_eq!(clock.wall_ms(at), Some(DAWN_MS + 9_500 - 3_600_000));
    assert_eq!(clock.local_ms(at), 10_000);
    clock.step(i64::MIN);
    assert_eq!(clock.wall_ms(at), Some(0), "not before 1970");
    let mut none = Clock::new(0, None);
    none.step(5);
    assert_eq!(none.wall_ms(at), None);
}

#[test]
fn beyond_all_runs_is_never() {
    assert_eq!(Clock::new(0, None).true_time_of(u64::MAX), Time::NEVER);
}

#[test]
fn nodes_draw_clocks_of_their_own() {
    let model = ClockModel {
        offset_ms: Dist::Normal(0.0, 200.0),
        drift_ppm: Dist::Uniform(-40.0, 40.0),
        without: Chance::from_unit(0.25),
    };
    let clocks: Vec<Clock> = (0..4_000)
        .map(|node| Clock::drawn(&model, 9, node))
        .collect();
    assert_eq!(clocks[7], Clock::drawn(&model, 9, 7));
    let without = clocks.iter().filter(|clock| clock.wall.is_none()).count();
    assert!(without.abs_diff(1_000) < 100, "{without}");
    let rates = clocks.iter().map(|clock| clock.rate);
    assert!(
        rates
            .clone()
            .all(|rate| rate.abs_diff(PPB as u32) <= 40_000)
    );
    assert!(rates.clone().any(|rate| rate.abs_diff(PPB as u32) > 39_000));
}

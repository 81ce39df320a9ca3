use super::*;

const NODES: u32 = 10;

fn burst() -> Loss {
    Loss::Burst {
        good: Chance::from_unit(0.01),
        bad: Chance::from_unit(0.4),
        good_for: Span::from_secs(9),
        bad_for: Span::from_secs(1),
    }
}

fn fresh() -> Losses {
    Losses::new(burst(), NODES, 5)
}

#[test]
fn the_long_run_is_the_closed_form() {
    for model in [Loss::Bernoulli(Chance::from_unit(0.05)), burst()] {
        let mut losses = Losses::new(model, NODES, 3);
        let lost = (0..400_000_u64)
            .filter(|n| losses.lost(1, 2, *n, Time(n * 100_000_000)))
            .count();
        let share = lost as f64 / 400_000.0;
        let want = long_run(model);
        assert!((share / want - 1.0).abs() < 0.05, "{share}, not {want}");
    }
    assert!((long_run(burst()) - 0.049).abs() < 1e-6);
}

/// Spells end when the state changes; the seam of an epoch may cut or join one in a hundred.
#[test]
fn spells_are_exponential() {
    let (mut losses, mut good, mut bad) = (fresh(), vec![], vec![]);
    let (mut state, mut since) = (losses.bad(1, 2, Time::ZERO), 0_u64);
    for ms in (0..200_000_000_u64).step_by(10) {
        let now = losses.bad(1, 2, Time(ms * 1_000_000));
        if now != state {
            if state { &mut bad } else { &mut good }.push((ms - since) as f64);
            (state, since) = (now, ms);
        }
    }
    for (mean, spells) in [(9_000.0, good), (1_000.0, bad)] {
        assert!(spells.len() > 15_000, "{}", spells.len());
        let count = spells.len() as f64;
        let got = spells.iter().sum::<f64>() / count;
        assert!((got / mean - 1.0).abs() < 0.03, "mean {got}, not {mean}");
        for times in [0.5, 1.0, 2.0, 3.0] {
            let longer = spells.iter().filter(|ms| **ms > times * mean).count() as f64 / count;
            let want = libm::exp(-times);
            assert!(
                (longer - want).abs() < 0.015,
                "{longer} over {times} means, not {want}"
            );
        }
    }
}

#[test]
fn an_answer_depends_on_nothing_that_was_asked_before() {
    let times: Vec<Time> = (0..3_000_u64)
        .map(|n| Time(mix(n) % 40_000_000_000_000))
        .collect();
    let mut one = fresh();
    for (n, at) in times.iter().enumerate() {
        let (src, dst) = (n as u32 % 7, n as u32 % 5 + 10);
        let alone = fresh().lost(src, dst, n as u64, *at);
        assert_eq!(one.lost(src, dst, n as u64, *at), alone, "at {at}");
    }
    let mut sorted = times;
    sorted.sort_unstable();
    let mut all = fresh();
    let states: Vec<bool> = sorted.iter().map(|at| all.bad(1, 2, *at)).collect();
    let mut some = fresh();
    for (at, state) in sorted.iter().zip(states).step_by(17) {
        assert_eq!(some.bad(1, 2, *at), state, "skipping changes nothing");
    }
}

#[test]
fn directions_and_paths_have_spells_of_their_own() {
    let mut losses = fresh();
    let mut seen = |src, dst| -> Vec<bool> {
        (0..400)
            .map(|s| losses.bad(src, dst, Time(s * 1_000_000_000)))
            .collect()
    };
    let there = seen(1, 2);
    assert_ne!(there, seen(2, 1));
    assert_ne!(there, seen(1, 3));
    assert_eq!(there, seen(1, 2));
}

#[test]
fn spells_without_length_do_not_alternate() {
    for (good_for, bad_for, bad) in [(0, 1, true), (1, 0, false), (0, 0, false)] {
        let model = Loss::Burst {
            good: Chance::NEVER,
            bad: Chance::ALWAYS,
            good_for: Span(good_for),
            bad_for: Span(bad_for),
        };
        let mut losses = Losses::new(model, NODES, 1);
        assert_eq!(losses.lost(1, 2, 3, Time(4)), bad, "{model:?}");
    }
}

#[test]
fn the_shortest_spells_end() {
    let model = Loss::Burst {
        good: Chance::NEVER,
        bad: Chance::ALWAYS,
        good_for: Span(1),
        bad_for: Span(1),
    };
    let mut losses = Losses::new(model, NODES, 1);
    let _ = losses.lost(1, 2, 3, Time(u64::MAX - 1));
    let _ = losses.lost(1, 2, 3, Time::NEVER);
}

#[test]
fn never_and_always() {
    let mut never = Losses::new(Loss::Bernoulli(Chance::NEVER), NODES, 1);
    let mut always = Losses::new(Loss::Bernoulli(Chance::ALWAYS), NODES, 1);
    for n in 0..1_000 {
        assert!(!never.lost(1, 2, n, Time::ZERO));
        assert!(always.lost(1, 2, n, Time::ZERO));
    }
}

#[test]
fn the_run_begins_as_bad_as_it_goes_on() {
    let mut losses = fresh();
    let bad = (0..20_000)
        .filter(|src| losses.bad(*src, 0, Time::ZERO))
        .count();
    assert!(bad.abs_diff(2_000) < 150, "{bad} of 20,000 paths");
}

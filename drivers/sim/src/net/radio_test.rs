use super::*;

const MS: u64 = 1_000_000;

const fn radio(sf: u8, coding: u8) -> Radio {
    Radio {
        sf,
        bandwidth: 125_000,
        coding,
        duty: Chance(42_949_673),
    }
}

/// What calculators made from AN1200.13 print.
#[test]
fn airtimes_are_the_published_ones() {
    for (sf, coding, bytes, us) in [
        (7, 5, 10, 41_216),
        (7, 5, 20, 56_576),
        (9, 5, 13, 164_864),
        (11, 5, 10, 577_536),
    ] {
        let got = airtime(&radio(sf, coding), bytes);
        assert_eq!(got, Span::from_micros(us), "SF{sf} {bytes} B 4/{coding}");
    }
}

#[test]
fn more_bytes_and_slower_radios_take_longer() {
    for sf in 7..=12 {
        for bytes in 0..LONGEST {
            assert!(airtime(&radio(sf, 5), bytes) <= airtime(&radio(sf, 5), bytes + 1));
            assert!(airtime(&radio(sf, 5), bytes) < airtime(&radio(sf, 8), bytes + 1));
        }
    }
    let fast = Radio {
        bandwidth: 250_000,
        ..radio(9, 5)
    };
    assert_eq!(airtime(&radio(9, 5), 50).0, 2 * airtime(&fast, 50).0);
}

#[test]
fn no_hour_holds_more_than_the_share() {
    let duty = Chance::from_unit(0.01);
    let (mut budget, mut now) = (Budget::default(), Time::ZERO);
    let air = Span(1_700 * MS);
    let mut sent: Vec<Time> = vec![];
    while sent.len() < 200 {
        match budget.take(duty, now, air) {
            Ok(()) => {
                sent.push(now);
                now = now.plus(Span(7_000 * MS));
            }
            Err(until) => {
                assert!(until > now);
                now = until;
            }
        }
    }
    for (n, start) in sent.iter().enumerate() {
        let hour = sent[n..]
            .iter()
            .filter(|at| at.since(*start) < OBSERVED)
            .count();
        assert!(hour as u64 * air.0 <= 36_000 * MS, "{hour} packets");
    }
    let hours = sent[199].0 as f64 / OBSERVED.0 as f64;
    assert!(
        200.0 * 1.7 > 36.0 * hours * 0.9,
        "nine tenths of it can be used: {hours} h"
    );
    assert_eq!(budget.take(duty, now, Span(36_001 * MS)), Err(Time::NEVER));
}

#[test]
fn a_budget_comes_back_when_its_hour_is_over() {
    let duty = Chance::from_unit(0.01);
    let mut budget = Budget::default();
    budget.take(duty, Time::ZERO, Span(35_000 * MS)).unwrap();
    assert_eq!(budget.sent(Time::ZERO), Span(35_000 * MS));
    let until = budget.take(duty, Time(1), Span(2_000 * MS)).unwrap_err();
    assert_eq!(until, Time(61 * MINUTE));
    assert!(
        budget
            .take(duty, Time(until.0 - 1), Span(2_000 * MS))
            .is_err()
    );
    budget.take(duty, until, Span(2_000 * MS)).unwrap();
    assert_eq!(budget.sent(Time(300 * MINUTE)), Span::ZERO);
    for _ in 0..100 {
        budget.take(Chance::ALWAYS, Time::ZERO, OBSERVED).unwrap();
    }
}

//! Every way to a moment leads to the same world.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Blame, MOST, Traveller, blame, describe, knee, show_message, show_node};
use crate::engine::Wheel;
use crate::net::latency::Table;
use crate::run::{QueueKind, run};
use crate::scenario::{Files, expand, parse};
use crate::shrink::Predicate;
use crate::suite::Fast;
use crate::time::{Span, Time};
use crate::world::{Item, Setup};

fn setup(seed: u64) -> Setup {
    let text = "[scenario]\nname = \"a\"\nduration = \"60s\"\n[topology]\nnodes = 10\nloss = 0.1\n\
                [[traffic]]\nkind = \"uniform\"\nper_hour = 1200\n[[churn]]\nkind = \"mass\"\nat = \"20s\"\n\
                fraction = 0.3\nback_after = \"5s\"\n";
    let scenario = parse(text, "a.toml").unwrap();
    let schedule = expand(&scenario, seed, &Files::default()).unwrap();
    Setup::new(
        Arc::new(scenario),
        Arc::new(schedule),
        seed,
        Arc::new(Table::None),
    )
}

/// Everything that is shown of a world.
fn all(traveller: &Traveller<Fast>) -> String {
    let here = traveller.here();
    let mut text = format!("{:016x} {}\n", here.hash().total(), here.events());
    for node in 0..10 {
        text += &show_node(here, node);
    }
    for number in 1..20 {
        text += &show_message(here, number);
    }
    for event in here.upcoming(20) {
        text += &describe(here, &event);
        text.push('\n');
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_way_leads_to_the_same_world(
        seed in 0..4_u64,
        ways in prop::collection::vec((0..60_000_u64, 0..30_usize), 1..8),
    ) {
        let setup = setup(seed);
        let mut wanderer: Traveller<Fast> = Traveller::new(&setup).unwrap();
        for (ms, steps) in ways {
            let to = Time(ms * 1_000_000);
            wanderer.go(to);
            let mut direct: Traveller<Fast> = Traveller::new(&setup).unwrap();
            direct.go(to);
            prop_assert_eq!(all(&wanderer), all(&direct));
            prop_assert!(wanderer.kept() <= MOST);
            for _ in 0..steps {
                wanderer.step();
                direct.step();
            }
            prop_assert_eq!(all(&wanderer), all(&direct));
        }
    }
}

#[test]
fn a_traveller_ends_where_the_run_ends() {
    let setup = setup(1);
    let outcome = crate::run::run(&setup, crate::run::QueueKind::Wheel);
    let mut traveller: Traveller<Fast> = Traveller::new(&setup).unwrap();
    assert_eq!(traveller.find_violation(), None);
    traveller.go(Time(3_000_000_000));
    traveller.go(traveller.end());
    let hash = format!("{:016x}", traveller.here().hash().total());
    assert_eq!(hash, outcome.hash);
    assert!(traveller.kept() > MOST / 2);
}

#[test]
fn other_draws_change_only_what_comes() {
    let setup = setup(1);
    let mut traveller: Traveller<Fast> = Traveller::new(&setup).unwrap();
    let world = traveller.go(Time(10_000_000_000));
    let mut same = world.clone();
    let mut other = world.clone();
    other.reseed(99);
    assert_eq!(other.hash().total(), same.hash().total());
    same.reseed(1);
    for world in [&mut same, &mut other] {
        world.run(Time(60_000_000_000));
    }
    traveller.go(Time(60_000_000_000));
    let end = traveller.here().hash().total();
    assert_eq!(same.hash().total(), end);
    assert_ne!(other.hash().total(), end);
}

fn row(before_s: u64, failed: u32) -> Blame {
    Blame {
        before: Span::from_secs(before_s),
        from: Time(100_000_000_000 - before_s * 1_000_000_000),
        tried: 10,
        failed,
    }
}

#[test]
fn the_knee_is_where_failing_stops_being_certain() {
    let rows = [row(1, 10), row(2, 9), row(5, 2), row(10, 1), row(20, 1)];
    let (near, far) = knee(&rows).unwrap();
    assert_eq!(
        (near.before, far.before),
        (Span::from_secs(2), Span::from_secs(5))
    );
    assert_eq!(knee(&[row(1, 10), row(2, 10)]), None);
    assert_eq!(knee(&[]), None);
}

/// A message goes over two links that lose half of everything: whether it is late is decided when it
/// goes, not before and not long after.
#[test]
fn blame_finds_the_time_in_which_luck_decides() {
    let text = "[scenario]\nname = \"a\"\nduration = \"60s\"\n[topology]\nnodes = 3\n\
                shape = \"line\"\nloss = 0.5\ndial_within = \"1s\"\n\
                [[assert]]\nmetric = \"latency_max\"\nop = \"<\"\nvalue = \"1s\"\n";
    let scenario = Arc::new(parse(text, "a.toml").unwrap());
    let schedule = |seed| {
        let mut schedule = expand(&scenario, seed, &Files::default()).unwrap();
        let line = "25.000 s  send 1 from 0 to 2 100B normal traffic 0";
        schedule.externals = vec![line.parse().unwrap()];
        Arc::new(schedule)
    };
    let setups = (1..50).map(|seed| {
        let table = Arc::new(Table::None);
        Setup::new(Arc::clone(&scenario), schedule(seed), seed, table)
    });
    let failing = setups
        .map(|setup| (run(&setup, QueueKind::Wheel), setup))
        .find(|(outcome, _)| {
            matches!(
                Predicate::of(outcome),
                Some(Predicate::Assertion { measured: true, .. })
            )
        });
    let (outcome, setup) = failing.expect("one of fifty is late");
    let predicate = Predicate::of(&outcome).unwrap();
    let end = Time(60_000_000_000);
    let rows = blame::<Fast, Wheel<Item>>(&setup, &predicate, end, 24, 2).unwrap();
    assert_eq!(rows.first().map(|row| row.failed), Some(24));
    assert!(rows.last().is_some_and(|row| row.failed < 24), "{rows:?}");
    let (near, far) = knee(&rows).unwrap();
    assert!(far.from < Time(26_000_000_000), "{rows:?}");
    assert!(near.from > far.from);
}

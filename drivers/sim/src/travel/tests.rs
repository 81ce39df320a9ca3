//! Every way to a moment leads to the same world.

use std::sync::Arc;

use proptest::prelude::*;

use super::{MOST, Traveller, describe, knee, show_message, show_node};
use crate::net::latency::Table;
use crate::scenario::{Files, expand, parse};
use crate::suite::Fast;
use crate::time::Time;
use crate::world::Setup;

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
    assert_eq!(knee(&[]), None);
}

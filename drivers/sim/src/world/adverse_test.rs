//! Each adversary does what it says, and nothing that must hold breaks.

use std::sync::Arc;

use crate::adversary::Did;
use crate::check::{Checks, Metric};
use crate::draw::Chance;
use crate::engine::Wheel;
use crate::net::latency::Table;
use crate::scenario::model::{AdversaryKind, Priority};
use crate::scenario::{Deed, External, Schedule, parse};
use crate::suite::Fast;
use crate::time::{Span, Time};
use crate::world::{Item, Setup, Stop, World};

const TEXT: &str = r#"
[scenario]
name = "adverse"
duration = "5min"
[topology]
nodes = 12
"#;

type Small = World<Fast, Wheel<Item>>;

/// Four relays that know each other, the first of them an adversary; eight leaves with three relays
/// each, so that whoever has a link to the adversary has two honest ones. Leaves hear relays alone:
/// all that is sent goes over relays to the end.
fn world(kind: AdversaryKind, seed: u64) -> Small {
    let scenario = parse(TEXT, "adverse.toml").expect("a scenario");
    let nodes = scenario.topology.nodes;
    let mut links = Vec::new();
    for a in 0..4 {
        links.extend((a + 1..4).map(|b| (a, b)));
    }
    for node in 4..nodes {
        links.extend((0..3).map(|n| (node, (node + n) % 4)));
    }
    let apart = (4..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b)));
    let apart = apart.map(|(a, b)| External {
        at: Time::ZERO,
        deed: Deed::Break {
            a,
            b,
            one_way: false,
        },
    });
    let turn = External {
        at: Time::ZERO.plus(Span::from_secs(3)),
        deed: Deed::Turn {
            node: 0,
            into: Some(kind),
        },
    };
    let sends = (1..=120).map(|number| External {
        at: Time::ZERO.plus(Span::from_millis(5_000 + 1_000 * u64::from(number))),
        deed: Deed::Send {
            number,
            from: 4 + number % 8,
            to: 4 + (number + 1 + number % 7) % 8,
            len: 40 + number % 900,
            lifetime: Some(Span::from_secs(120)),
            priority: Priority::Normal,
            traffic: 0,
        },
    });
    let schedule = Schedule {
        externals: apart.chain([turn]).chain(sends).collect(),
        links,
        profiles: vec![0; nodes as usize],
        phases: Vec::new(),
    };
    let table = Arc::new(Table::default());
    Setup::new(Arc::new(scenario), Arc::new(schedule), seed, table)
        .build()
        .expect("a world")
}

/// Plays it: no invariant breaks, and all arrive, each once. What the adversary has done.
fn play(kind: AdversaryKind, seed: u64) -> (Did, Small) {
    let mut world = world(kind, seed);
    let stop = world.run(Time::ZERO.plus(Span::from_secs(300)));
    assert_eq!(
        stop,
        Stop::Reached,
        "{kind:?} {:?}",
        world.checks().broken()
    );
    let figures = world.figures();
    let of = |metric| {
        let whole = (Time::ZERO, Time::NEVER);
        world.checks().figure(metric, None, whole, &figures)
    };
    println!("{kind:?}, seed {seed}: {:?}", world.checks().tally);
    assert_eq!(of(Metric::DeliveryRate), Some(1.0), "{kind:?}");
    assert_eq!(of(Metric::FalseDelivered), Some(0.0));
    let once = world.checks().told().all(|told| told.deliveries == 1);
    assert!(once, "{kind:?}: an application got a message twice");
    assert_eq!(of(Metric::ProvenRate), Some(1.0), "{kind:?}");
    let adversary = world.members().first().and_then(|m| m.adversary());
    (adversary.expect("an adversary").did, world)
}

fn dropped(checks: &Checks, reasons: &[tom_core::error::Drop]) -> u64 {
    reasons.iter().map(|reason| checks.drops(*reason)).sum()
}

#[test]
fn a_black_hole_swallows_and_messages_find_another_way() {
    for seed in 0..4 {
        let (did, world) = play(AdversaryKind::BlackHole, seed);
        assert!(did.swallowed > 0, "{did:?}");
        assert!(world.checks().tally.retries > 0);
    }
}

#[test]
fn what_is_handed_on_late_comes_late() {
    for seed in 0..4 {
        let (did, _) = play(AdversaryKind::Delay(Span::from_secs(4)), seed);
        assert!(did.delayed > 0, "{did:?}");
    }
}

#[test]
fn what_is_sent_again_is_dropped() {
    for seed in 0..4 {
        let (did, world) = play(AdversaryKind::Replay(Chance::ALWAYS), seed);
        assert!(did.replayed > 50, "{did:?}");
        use tom_core::error::Drop;
        let reasons = [Drop::Duplicate, Drop::Replay, Drop::AlreadyOpened];
        assert!(dropped(world.checks(), &reasons) > 0);
    }
}

#[test]
fn a_flood_of_rubbish_keeps_nobody_from_talking() {
    for (seed, per_second) in [(0, 5), (1, 20), (2, 200)] {
        let (did, _) = play(AdversaryKind::Spam(per_second), seed);
        assert!(did.spammed > 250 * u64::from(per_second), "{did:?}");
    }
}

#[test]
fn what_is_damaged_on_the_way_is_noticed() {
    for seed in 0..4 {
        let (did, _) = play(AdversaryKind::Corrupt(Chance::ALWAYS), seed);
        assert!(did.corrupted > 0, "{did:?}");
    }
}

#[test]
fn lies_are_not_believed() {
    for seed in 0..4 {
        let (did, world) = play(AdversaryKind::Lie, seed);
        assert!(did.lies > 50 && did.swallowed > 0, "{did:?}");
        use tom_core::error::Drop;
        let reasons = [Drop::BadProof, Drop::BadNack, Drop::NackUnknown];
        assert!(dropped(world.checks(), &reasons) > 0);
    }
}

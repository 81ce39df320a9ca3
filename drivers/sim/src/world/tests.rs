//! The world does what drivers do, and its checks see what they should.

use std::sync::Arc;

use tom_core::storage::Heap as Stored;

use super::{Item, Setup, Stop, World};
use crate::check::{Metric, Situation};
use crate::engine::{Heap, Queue, Wheel};
use crate::net::latency::Table;
use crate::scenario::model::{Priority, Profile};
use crate::scenario::{Deed, External, Schedule, parse};
use crate::suite::{Fast, Memo, Real, SimSuite};
use crate::time::{Span, Time};

const TEXT: &str = r#"
[scenario]
name = "small"
duration = "2min"
[topology]
nodes = 20
"#;

fn setup(text: &str, seed: u64) -> Setup {
    let scenario = parse(text, "small.toml").expect("a scenario");
    let nodes = scenario.topology.nodes;
    // Four relays that know each other; everybody else has two of them.
    let mut links = Vec::new();
    for a in 0..4 {
        for b in a + 1..4 {
            links.push((a, b));
        }
    }
    for node in 4..nodes {
        links.push((node, node % 4));
        links.push((node, (node + 1) % 4));
    }
    let externals = (1..=60)
        .map(|number| External {
            at: Time::ZERO.plus(Span::from_millis(5_000 + 1_000 * u64::from(number))),
            deed: Deed::Send {
                number,
                from: (number * 7) % nodes,
                to: (number * 7 + 1 + number % (nodes - 1)) % nodes,
                len: 100,
                lifetime: None,
                priority: Priority::Normal,
                traffic: 0,
            },
        })
        .collect();
    let schedule = Schedule {
        externals,
        links,
        profiles: vec![0; nodes as usize],
        phases: Vec::new(),
    };
    Setup::new(
        Arc::new(scenario),
        Arc::new(schedule),
        seed,
        Arc::new(Table::default()),
    )
}

fn run<C: SimSuite, Q: Queue<Item>>(setup: &Setup) -> World<C, Q> {
    let mut world: World<C, Q> = setup.build().expect("a world");
    let stop = world.run(Time(setup.scenario.scenario.duration.0));
    assert_eq!(stop, Stop::Reached, "{:?}", world.checks().broken());
    world
}

#[test]
fn everything_sent_is_proven() {
    let mut world = run::<Fast, Wheel<Item>>(&setup(TEXT, 1));
    let figures = world.figures();
    let window = (Time::ZERO, Time::NEVER);
    let proven = world
        .checks()
        .figure(Metric::ProvenRate, None, window, &figures);
    println!(
        "{} events, {} bytes, {:?}",
        world.events(),
        figures.bytes,
        world.checks().tally
    );
    for told in world.checks().told().take(5) {
        println!("{told:?}");
    }
    assert_eq!(proven, Some(1.0));
}

#[test]
fn heap_and_wheel_and_all_suites_give_one_course() {
    let setup = setup(TEXT, 2);
    let a = run::<Fast, Wheel<Item>>(&setup);
    let b = run::<Fast, Heap<Item>>(&setup);
    assert_eq!(a.hash().total(), b.hash().total());
    let c = run::<Real, Wheel<Item>>(&setup);
    let d = run::<Memo, Wheel<Item>>(&setup);
    assert_eq!(c.hash().total(), d.hash().total());
    assert_eq!(a.events(), c.events());
}

/// Two nodes that write to each other at the same moment each begin a session, and both see both.
#[test]
fn handshakes_that_cross_are_seen() {
    let mut setup = setup(TEXT, 5);
    let schedule = Arc::make_mut(&mut setup.schedule);
    schedule.externals.truncate(2);
    for (external, ends) in schedule.externals.iter_mut().zip([(8, 13), (13, 8)]) {
        external.at = Time(20_000_000_000);
        if let Deed::Send { from, to, .. } = &mut external.deed {
            (*from, *to) = ends;
        }
    }
    let mut one_way = setup.clone();
    Arc::make_mut(&mut one_way.schedule).externals.truncate(1);
    let seen = |setup: &Setup| {
        let world = run::<Fast, Wheel<Item>>(setup);
        let tally = &world.checks().tally;
        tally
            .seen(Situation::CrossedHandshakes)
            .map_or(0, |(times, _)| times)
    };
    assert!(seen(&setup) > 0);
    assert_eq!(seen(&one_way), 0);
}

#[test]
fn a_tape_gives_the_same_through_the_world_and_through_a_plain_core() {
    let mut setup = setup(TEXT, 3);
    for node in [0, 7] {
        setup.record = Some(node);
        let world = run::<Real, Wheel<Item>>(&setup);
        let recorder = world.recorder.as_ref().expect("a tape");
        let keys = world.members()[node as usize].keys.clone();
        let limits = super::size::limits(Profile::default().size);
        let (count, hash) = recorder.outputs();
        assert!(count > 50, "{count} outputs");
        let lazily = recorder.play::<_, Real>(Stored::lazy(limits), keys.clone());
        assert_eq!(lazily, Ok((count, hash)));
        let at_once = recorder.play::<_, Real>(Stored::new(limits), keys);
        assert_eq!(at_once, Ok((count, hash)));
    }
}

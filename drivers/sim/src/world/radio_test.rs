//! Radios take turns, disturb each other, and stop when they have had their share.

use std::sync::Arc;

use super::{CELL, LARGEST_FRAME};
use crate::check::{Metric, Situation};
use crate::engine::Wheel;
use crate::net::latency::Table;
use crate::scenario::model::Priority;
use crate::scenario::{Deed, External, Schedule, parse};
use crate::suite::Fast;
use crate::time::{Span, Time};
use crate::world::{Item, Setup, Stop, World};

type Small = World<Fast, Wheel<Item>>;

/// Nodes in a line, of which neighbours write to each other.
fn play(nodes: u32, duty: &str, len: u32, every_s: u64) -> Small {
    let text = format!(
        r#"
[scenario]
name = "cell"
duration = "2h"
[topology]
nodes = {nodes}
transport = "radio"
latency = "1ms"
[[profile]]
class = "radio"
radio = {{ sf = 7, bandwidth = 125000, coding = 5, duty = "{duty}" }}
"#
    );
    let scenario = parse(&text, "cell.toml").expect("a scenario");
    let sends = (1..=60).map(|number| External {
        at: Time::ZERO.plus(Span::from_secs(60 + every_s * u64::from(number))),
        deed: Deed::Send {
            number,
            from: number % nodes,
            to: (number + 1) % nodes,
            len,
            lifetime: None,
            priority: Priority::Normal,
            traffic: 0,
        },
    });
    let links = (0..nodes).map(|node| (node, (node + 1) % nodes));
    let schedule = Schedule {
        externals: sends.collect(),
        links: links.collect(),
        profiles: vec![0; nodes as usize],
        phases: Vec::new(),
    };
    let table = Arc::new(Table::default());
    let mut world: Small = Setup::new(Arc::new(scenario), Arc::new(schedule), 3, table)
        .build()
        .expect("a world");
    let stop = world.run(Time::ZERO.plus(Span::from_secs(6_000)));
    assert_eq!(stop, Stop::Reached, "{:?}", world.checks().broken());
    world
}

fn rate(world: &mut Small, metric: Metric) -> Option<f64> {
    let figures = world.figures();
    let whole = (Time::ZERO, Time::NEVER);
    println!("{:?}", world.checks().tally);
    world.checks().figure(metric, None, whole, &figures)
}

#[test]
fn a_quiet_cell_delivers_and_long_messages_go_in_parts() {
    for len in [20, 900] {
        let mut world = play(4, "100%", len, 30);
        assert!(world.longest() >= LARGEST_FRAME);
        assert_eq!(rate(&mut world, Metric::ProvenRate), Some(1.0), "{len}");
    }
}

#[test]
fn in_a_busy_cell_packets_collide() {
    let mut world = play(12, "100%", 200, 1);
    assert!(rate(&mut world, Metric::DeliveryRate) > Some(0.9));
    assert!(
        world
            .checks()
            .tally
            .seen(Situation::RadioCollision)
            .is_some()
    );
}

#[test]
fn whoever_has_had_its_share_waits() {
    let mut world = play(4, "0.1%", 200, 30);
    assert!(rate(&mut world, Metric::DeliveryRate) < Some(1.0));
    assert!(world.checks().tally.seen(Situation::DutyLimit).is_some());
}

#[test]
fn links_between_cells_are_bridges() {
    let mut world = play(CELL + 4, "100%", 50, 20);
    assert!(rate(&mut world, Metric::DeliveryRate) > Some(0.9));
}

//! Two nodes that speak over relays get a link of their own if, and only if, their NATs let them.

use std::sync::Arc;

use crate::engine::Wheel;
use crate::net::Why;
use crate::net::latency::Table;
use crate::net::nat::punches;
use crate::scenario::model::{Nat, Priority};
use crate::scenario::{Deed, External, Schedule, parse};
use crate::suite::Fast;
use crate::time::{Span, Time};
use crate::world::member::EndState;
use crate::world::{Item, Setup, Stop, World};

type Small = World<Fast, Wheel<Item>>;

const KINDS: [(Nat, &str); 7] = [
    (Nat::None, "none"),
    (Nat::FullCone, "full-cone"),
    (Nat::Restricted, "restricted"),
    (Nat::PortRestricted, "port-restricted"),
    (Nat::Symmetric, "symmetric"),
    (Nat::Cgnat, "cgnat"),
    (Nat::Blocked, "blocked"),
];

/// Two relays with addresses of their own, and two nodes behind NATs with a link to each, that write
/// to each other.
fn world(kinds: [&str; 2], transport: &str) -> Small {
    let text = format!(
        r#"
[scenario]
name = "introduced"
duration = "10min"
[topology]
nodes = 4
transport = "{transport}"
[[profile]]
class = "relay"
share = "50%"
[[profile]]
class = "a"
share = "25%"
nat = "{}"
[[profile]]
class = "b"
share = "25%"
nat = "{}"
"#,
        kinds[0], kinds[1]
    );
    let scenario = parse(&text, "introduced.toml").expect("a scenario");
    let sends = (1..=200).map(|number| External {
        at: Time::ZERO.plus(Span::from_secs(5 + 2 * u64::from(number))),
        deed: Deed::Send {
            number,
            from: 2 + number % 2,
            to: 3 - number % 2,
            len: 50,
            lifetime: None,
            priority: Priority::Normal,
            traffic: 0,
        },
    });
    let schedule = Schedule {
        externals: sends.collect(),
        // The relays would dial: it takes the others to.
        links: vec![(0, 1), (0, 2), (1, 2), (0, 3), (1, 3)],
        profiles: vec![0, 0, 1, 2],
        phases: Vec::new(),
    };
    let table = Arc::new(Table::default());
    Setup::new(Arc::new(scenario), Arc::new(schedule), 5, table)
        .build()
        .expect("a world")
}

fn linked(world: &Small, a: usize, b: u32) -> bool {
    let mut ends = world.members().get(a).into_iter().flat_map(|it| &it.ends);
    ends.any(|end| end.peer == b && end.state == EndState::Up)
}

#[test]
fn introduced_nodes_get_a_link_where_holes_can_be_punched() {
    let mut other = Vec::new();
    for (a, name_a) in KINDS {
        for (b, name_b) in KINDS {
            let mut world = world([name_a, name_b], "quic");
            let stop = world.run(Time::ZERO.plus(Span::from_secs(500)));
            assert_eq!(stop, Stop::Reached);
            let direct = linked(&world, 2, 3) && linked(&world, 3, 2);
            if direct != punches(a, b) {
                other.push((a, b, direct));
            }
            for (node, kind) in [(2, a), (3, b)] {
                let up = (0..2).all(|relay| linked(&world, node, relay));
                assert_eq!(up, kind != Nat::Blocked, "{a:?} {b:?}");
            }
        }
    }
    // A node whose port depends on whom it sends to is seen at another one by each neighbour, so it
    // vouches for none (LNK-28), and the other end never learns the address it should let in.
    let (port_moves, asks_for_ip) = ([Nat::Symmetric, Nat::Cgnat], Nat::Restricted);
    let mut unlearned = Vec::new();
    for moves in port_moves {
        unlearned.extend([(moves, asks_for_ip, false), (asks_for_ip, moves, false)]);
    }
    other.sort_by_key(|pair| format!("{pair:?}"));
    unlearned.sort_by_key(|pair| format!("{pair:?}"));
    assert_eq!(other, unlearned);
}

#[test]
fn what_nats_refuse_is_counted_and_nothing_else_meets_one() {
    let lost = |kinds| {
        let mut world = world(kinds, "quic");
        world.run(Time::ZERO.plus(Span::from_secs(200)));
        world.air.counts().of(Why::Nat)
    };
    assert!(lost(["symmetric", "symmetric"]) > 0);
    assert_eq!(lost(["none", "none"]), 0);
}

#[test]
fn a_silent_noise_link_loses_its_mapping_and_gets_it_back_by_sending() {
    let mut world = world(["none", "port-restricted"], "noise");
    world.run(Time::ZERO.plus(Span::from_secs(60)));
    let link = world.members().get(3).and_then(|it| {
        let mut ends = it.ends.iter();
        ends.find(|end| end.peer == 0)
            .map(|end| (end.link, end.theirs))
    });
    let Some((mine, Some(theirs))) = link else {
        panic!("no link to the relay");
    };
    assert!(world.lets_out(3, mine));
    assert!(world.lets_out(0, theirs) && world.lets_in(0, theirs, 3));
    world.now = world.now.plus(Span::from_secs(31));
    assert!(world.lets_out(0, theirs) && !world.lets_in(0, theirs, 3));
    assert!(world.lets_out(3, mine) && world.lets_in(3, mine, 0));
    assert!(world.lets_out(0, theirs) && world.lets_in(0, theirs, 3));
}

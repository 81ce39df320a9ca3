//! What comes up in a run is seen.

use std::sync::Arc;

use crate::check::Situation;
use crate::engine::Wheel;
use crate::net::latency::Table;
use crate::scenario::model::Priority;
use crate::scenario::{Deed, External, Schedule, parse};
use crate::suite::Fast;
use crate::time::{Span, Time};
use crate::world::{Item, Setup, Stop, World};

const TEXT: &str = r#"
[scenario]
name = "rough"
duration = "10min"
[topology]
nodes = 10
reorder = "5%"
reorder_by = "200ms"
loss = { model = "burst", good = "1%", bad = "60%", good_for = "8s", bad_for = "4s" }
bandwidth = { up = "20kbit/s", down = "100kbit/s", queue = "1500B" }
"#;

#[test]
fn a_rough_run_shows_what_it_went_through() {
    let scenario = parse(TEXT, "rough.toml").expect("a scenario");
    let cut = [
        (
            60,
            Deed::Cut {
                cut: 0,
                side: Arc::new([4, 6, 8]),
                one_way: false,
            },
        ),
        (90, Deed::Mend { cut: 0 }),
        (120, Deed::Crash { node: 5 }),
        (
            130,
            Deed::Start {
                node: 5,
                forget: true,
            },
        ),
    ];
    let sends = (1..=200).map(|number| {
        let deed = Deed::Send {
            number,
            from: number % 10,
            to: (number * 3 + 1) % 10,
            len: 1_000,
            lifetime: None,
            priority: Priority::Normal,
            traffic: 0,
        };
        (5 + u64::from(number), deed)
    });
    let own = |deed: &Deed| matches!(deed, Deed::Send { from, to, .. } if from == to);
    let mut externals: Vec<External> = sends
        .filter(|(_, deed)| !own(deed))
        .chain(cut)
        .map(|(at, deed)| External {
            at: Time::ZERO.plus(Span::from_secs(at)),
            deed,
        })
        .collect();
    externals.sort_by_key(|external| external.at);
    let relays = (0..4_u32).flat_map(|a| (a + 1..4).map(move |b| (a, b)));
    let leaves = (4..10_u32).flat_map(|node| [(node, node % 4), (node, (node + 1) % 4)]);
    let schedule = Schedule {
        externals,
        links: relays.chain(leaves).collect(),
        profiles: vec![0; 10],
        phases: Vec::new(),
    };
    let table = Arc::new(Table::default());
    let setup = Setup::new(Arc::new(scenario), Arc::new(schedule), 1, table);
    let mut world: World<Fast, Wheel<Item>> = setup.build().expect("a world");
    let stop = world.run(Time::ZERO.plus(Span::from_secs(600)));
    assert_eq!(stop, Stop::Reached, "{:?}", world.checks().broken());
    let _figures = world.figures();
    for situation in [
        Situation::Burst,
        Situation::PacketReordered,
        Situation::LinkBlocked,
        Situation::DirectLink,
        Situation::Failover,
        Situation::Retry,
        Situation::SecondRetry,
        Situation::SessionRenewed,
        Situation::PartitionHealed,
        Situation::Asleep,
    ] {
        let seen = world.checks().tally.seen(situation);
        assert!(seen.is_some(), "{situation:?}");
    }
}

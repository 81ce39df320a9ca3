//! Whatever the medium does for a while, afterwards there is one session.

use proptest::prelude::*;

use super::*;

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => (0u64..400).prop_map(Fate::Deliver),
        1 => (0u64..20_000).prop_map(Fate::Deliver),
        3 => Just(Fate::Lose),
        2 => (0u64..400, 0u64..30_000).prop_map(|(a, b)| Fate::Twice(a, b)),
    ]
}

/// What happens between two stretches of time.
#[derive(Clone, Copy, Debug)]
enum Step {
    Dial(usize),
    Send(usize),
    Wait(u64),
    Restart(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0usize..2).prop_map(Step::Dial),
        4 => (0usize..2).prop_map(Step::Send),
        6 => (0u64..9_000).prop_map(Step::Wait),
        1 => (0usize..2).prop_map(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn after_any_trouble_there_is_one_session(
        fates in prop::collection::vec(fate(), 0..60),
        steps in prop::collection::vec(step(), 1..25),
        clocks in any::<[bool; 2]>(),
    ) {
        let accept = |n| Accept::Only(*keys(n).public());
        let mut world = World::new(accept(2), accept(1));
        world.fates = fates.into();
        let mut restarts = 0;
        let wall = |world: &World| 1_700_000_000_000 + world.now.as_millis();
        for (end, clock) in clocks.iter().enumerate() {
            let (now, ms) = (world.now, wall(&world));
            if *clock {
                world.ends[end].link.clock(now, ms);
            }
        }
        world.dial(0);
        let mut sent = 0u32;
        for step in steps {
            match step {
                Step::Dial(end) => world.dial(end),
                Step::Send(end) => {
                    sent += 1;
                    let _ = world.send(end, &sent.to_le_bytes());
                }
                Step::Wait(ms) => world.run(Span::from_millis(ms)),
                Step::Restart(end) => {
                    restarts += 1;
                    let n = if end == 0 { 1 } else { 2 };
                    let (now, ms) = (world.now, wall(&world));
                    world.ends[end] = End::new(n, accept(3 - n), GateConfig::COMPUTER, now);
                    world.ends[end].link.reseed(&Seed::new([100 + restarts; 32]));
                    if clocks[end] {
                        // A clock that lost an hour in the restart.
                        world.ends[end].link.clock(now, ms - 3_600_000);
                    }
                    world.dial(end);
                }
            }
        }
        // The trouble is over; traffic lets both ends notice what they lost.
        world.fates.clear();
        for _ in 0..12 {
            let _ = world.send(0, b"ping");
            let _ = world.send(1, b"pong");
            world.run(Span::from_secs(15));
        }
        prop_assert!(world.is_joined());
        for end in 0..2 {
            world.ends[end].events.clear();
        }
        world.send(0, b"to b").unwrap();
        world.send(1, b"to a").unwrap();
        world.run(Span::from_secs(1));
        prop_assert_eq!(world.datagrams(1), [b"to b"]);
        prop_assert_eq!(world.datagrams(0), [b"to a"]);
    }

    #[test]
    fn no_datagram_is_delivered_twice(fates in prop::collection::vec(fate(), 0..200)) {
        let mut world = World::connected();
        world.fates = fates.into();
        for n in 0..100u32 {
            let _ = world.send(0, &n.to_le_bytes());
            world.run(Span::from_millis(30));
        }
        world.run(Span::from_secs(40));
        let mut seen = world.datagrams(1);
        let all = seen.len();
        seen.sort();
        seen.dedup();
        prop_assert_eq!(seen.len(), all);
    }
}

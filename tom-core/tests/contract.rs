//! The seven clauses of the node's contract, each over random tapes. Spec: driver, "Contract".
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]
#![allow(unreachable_pub, reason = "helpers shared between test binaries")]

#[path = "tape/strategy.rs"]
mod strategy;
mod tape;

use proptest::prelude::*;

use strategy::{disorder, honest, hostile, ops, options};
use tape::op::Op;
use tape::world::{NODES, Options, World, keys};
use tape::{Owned, Tape, Transcript, assert_same, drain, play, tick_off};
use tom_core::Node;
use tom_core::error::{Drop, Refusal};
use tom_core::output::Verdict;
use tom_core::storage::{Heap, RelayMcu, Storage};
use tom_core::time::{Instant, Span};
use tom_core::wire::Frames;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    }
}

/// A tape without its ticks: those are the driver's, and each clause makes its own.
fn without_ticks(tape: &Tape) -> Tape {
    tape.iter()
        .filter(|(_, input)| *input != Owned::Tick)
        .cloned()
        .collect()
}

/// How full each table is.
fn fill<S: Storage>(node: &Node<S>) -> Vec<u32> {
    node.tables().map(|table| table.len).collect()
}

/// Plays a tape with ticks at the moments `wake` names, given the node's deadline and the time.
fn play_waking(
    options: &Options,
    at: usize,
    tape: &Tape,
    wake: impl Fn(Option<Instant>, Instant) -> Instant,
) -> Transcript {
    let mut node = options.node(at);
    let mut transcript = Transcript::new();
    let mut now = Instant::ZERO;
    for (then, input) in tape {
        loop {
            let next = wake(node.deadline().map(|deadline| deadline.at), now);
            if next > *then {
                break;
            }
            now = now.max(next);
            Owned::Tick.feed(&mut node, now);
            drain(&mut node, now, &mut transcript);
            tick_off(&mut node, now, &mut transcript);
        }
        now = now.max(*then);
        input.feed(&mut node, now);
        drain(&mut node, now, &mut transcript);
    }
    transcript
}

/// Plays each node's tape with ticks at its deadlines only, and with ticks every millisecond.
fn compare_waking(options: &Options, world: &World) {
    for (at, house) in world.houses.iter().enumerate() {
        let mut tape = without_ticks(&house.tape);
        tape.push((world.now.plus(Span::from_millis(2_000)), Owned::Tick));
        let sparse = play_waking(options, at, &tape, |deadline, now| {
            deadline.map_or(Instant::from_millis(u64::MAX), |deadline| deadline.max(now))
        });
        let dense = play_waking(options, at, &tape, |deadline, now| {
            let due = deadline.is_some_and(|deadline| deadline <= now);
            if due {
                now
            } else {
                now.plus(Span::from_millis(1))
            }
        });
        assert_same(&sparse, &dense);
    }
}

proptest! {
    #![proptest_config(cases(96))]

    /// DRV-1: inputs before draining are used, or refused whole.
    #[test]
    fn any_order_is_safe(
        options in options(),
        mut script in ops(40),
        extra in proptest::collection::vec((any::<prop::sample::Index>(), disorder()), 0..12),
    ) {
        for (at, op) in extra {
            script.insert(at.index(script.len() + 1), op);
        }
        let mut world = World::run(options, &script);
        world.settle(5_000);
    }

    /// DRV-1, MEM-6: what is turned away for lack of room changes nothing.
    #[test]
    fn any_order_is_safe_and_backpressure_changes_nothing(
        options in options(),
        script in ops(60),
    ) {
        let world = World::run(options, &script);
        for (at, house) in world.houses.iter().enumerate() {
            let mut node = options.node(at);
            for (now, input) in &house.tape {
                let before = fill(&node);
                let verdict = input.feed(&mut node, *now);
                let single = match input {
                    Owned::Datagram(_, bytes) => Frames::new(bytes).take(2).count() < 2,
                    _ => true,
                };
                if single && verdict == Verdict::Dropped(Drop::Backpressure)
                    || verdict == Verdict::Refused(Refusal::Backpressure)
                {
                    prop_assert_eq!(before, fill(&node));
                }
                tape::check_tables(&node);
            }
            // Never drained so far: now everything comes out, and the node goes on.
            let mut transcript = Transcript::new();
            let now = world.now.plus(Span::from_millis(1));
            drain(&mut node, now, &mut transcript);
            tick_off(&mut node, now, &mut transcript);
        }
    }

    /// DRV-2: whatever waits for links that take nothing, a drained node has room for one input.
    #[test]
    fn an_empty_outbox_has_room_for_one_input(options in options(), script in ops(60)) {
        let world = World::run(options, &script);
        prop_assert_eq!(world.crowded, 0);
    }

    /// DRV-3: ticks and drains at one moment come to an end with the deadline later.
    #[test]
    fn progress(options in options(), script in ops(40), late in 0..100_000u64) {
        let world = World::run(options, &script);
        for (at, house) in world.houses.iter().enumerate() {
            let mut node = options.node(at);
            let mut transcript = Transcript::new();
            for (now, input) in &without_ticks(&house.tape) {
                input.feed(&mut node, *now);
                drain(&mut node, *now, &mut transcript);
                tick_off(&mut node, *now, &mut transcript);
            }
            let now = world.now.plus(Span::from_millis(late));
            tick_off(&mut node, now, &mut transcript);
            prop_assert!(node.deadline().is_none_or(|deadline| deadline.at > now));
        }
    }

    /// DRV-5: an earlier `now` counts as the last one, and is counted.
    #[test]
    fn monotone(options in options(), script in ops(40), back in 1..10_000u64) {
        let world = World::run(options, &script);
        let at = 0;
        let mut straight = Tape::new();
        let mut crooked = Tape::new();
        let mut latest = Instant::ZERO;
        let mut steps = 0;
        for (number, (now, input)) in world.houses[at].tape.iter().enumerate() {
            let reached = *now <= latest && number > 0;
            latest = latest.max(*now);
            straight.push((latest, input.clone()));
            let earlier = Instant::from_millis(latest.as_millis().saturating_sub(back));
            let turned = reached && earlier < latest;
            steps += u64::from(turned);
            crooked.push((if turned { earlier } else { latest }, input.clone()));
        }
        let (mut a, mut b) = (options.node(at), options.node(at));
        // What counts is what came out, not the time the driver believed it to be.
        let says = |transcript: Transcript| -> Transcript {
            transcript.into_iter().map(|(_, output)| (Instant::ZERO, output)).collect()
        };
        assert_same(&says(play(&mut a, &straight)), &says(play(&mut b, &crooked)));
        prop_assert_eq!(a.stats().clock_steps_back, 0);
        prop_assert_eq!(b.stats().clock_steps_back, steps);
    }

    /// DRV-6: one input makes a bounded number of outputs, one poll one datagram.
    #[test]
    fn bounded_work(options in options(), script in ops(60)) {
        let world = World::run(options, &script);
        for (at, house) in world.houses.iter().enumerate() {
            let mut node = options.node(at);
            let mut mtu = std::collections::BTreeMap::new();
            for (now, input) in &house.tape {
                match input {
                    Owned::Up { link, mtu: size, .. } => { mtu.insert(link.0, *size); }
                    Owned::Changed(link, size) => { mtu.insert(link.0, (*size).max(64)); }
                    _ => {}
                }
                input.feed(&mut node, *now);
                let mut outputs = Transcript::new();
                let count = drain(&mut node, *now, &mut outputs);
                prop_assert!(count <= options.limits.jobs as usize, "{count} outputs");
                for (_, output) in outputs.iter().filter(|(_, output)| output[0] == b'T') {
                    let link = u32::from_le_bytes(output[1..5].try_into().expect("four bytes"));
                    let bytes = &output[9..];
                    let frames = Frames::new(bytes).count();
                    prop_assert!(frames == 1 || bytes.len() <= mtu[&link] as usize);
                }
            }
        }
    }

    /// DRV-7: storage, seed and tape decide every byte.
    #[test]
    fn purity(seed in any::<u8>(), durable in any::<bool>(), script in ops(40)) {
        let limits = RelayMcu::new().limits();
        let options = Options { limits, durable, ..Options::starved(seed) };
        let world = World::run(options, &script);
        for (at, house) in world.houses.iter().enumerate() {
            let first = play(&mut options.node(at), &house.tape);
            let again = play(&mut options.node(at), &house.tape);
            assert_same(&first, &again);
            let seed = options.node_seed(at);
            let fixed = Node::new(RelayMcu::new(), keys(at), options.config(), seed, Instant::ZERO);
            let fixed = play(&mut fixed.expect("a valid configuration"), &house.tape);
            assert_same(&first, &fixed);
        }
    }

    /// DRV-7: memory taken when entries are first used, and given back, changes no byte.
    #[test]
    fn when_memory_is_taken_shows_nowhere(
        options in options(),
        script in ops(60),
        rests in proptest::collection::vec((any::<prop::sample::Index>(), 20_000..70_000u32), 0..3),
    ) {
        let mut script = script;
        for (at, ms) in rests {
            script.insert(at.index(script.len() + 1), Op::Wait(ms));
        }
        let world = World::run(options, &script);
        for (at, house) in world.houses.iter().enumerate() {
            let mut whole = options.node(at);
            let storage = Heap::lazy(options.limits);
            let seed = options.node_seed(at);
            let mut lazy = Node::new(storage, keys(at), options.config(), seed, Instant::ZERO)
                .expect("a valid configuration");
            assert_same(&play(&mut whole, &house.tape), &play(&mut lazy, &house.tape));
            prop_assert!(whole.tables().eq(lazy.tables()));
        }
    }

    /// What happens to other nodes at the same moment is nothing to a node.
    #[test]
    fn isolation(options in options(), script in ops(40), turn in 1..2 * NODES) {
        let straight = World::run(options, &script);
        let turned = World::run(Options { turn, ..options }, &script);
        for (a, b) in straight.houses.iter().zip(&turned.houses) {
            assert_same(&a.transcript, &b.transcript);
        }
    }
}

#[cfg(feature = "sim-suites")]
proptest! {
    #![proptest_config(cases(32))]

    /// A copy of a node goes on as the node does, and neither touches the other.
    #[test]
    fn a_copy_goes_on_as_the_node_does(
        options in options(),
        script in ops(60),
        lazy in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let world = World::run(options, &script);
        for (at, house) in world.houses.iter().enumerate() {
            let storage = if lazy { Heap::lazy } else { Heap::new };
            let seed = options.node_seed(at);
            let mut node =
                Node::new(storage(options.limits), keys(at), options.config(), seed, Instant::ZERO)
                    .expect("a valid configuration");
            let (before, after) = house.tape.split_at(cut.index(house.tape.len()));
            play(&mut node, before);
            let mut copy = node.clone();
            let deadline = node.deadline();
            let played = play(&mut copy, after);
            prop_assert_eq!(node.deadline(), deadline);
            assert_same(&play(&mut node, after), &played);
            prop_assert!(node.tables().eq(copy.tables()));
        }
    }
}

proptest! {
    #![proptest_config(cases(32))]

    /// DRV-4: waking at deadlines is as good as waking every millisecond.
    #[test]
    fn completeness(
        options in options(),
        script in proptest::collection::vec(prop_oneof![3 => honest(), 1 => hostile()], 1..40),
        rests in proptest::collection::vec((any::<prop::sample::Index>(), 20_000..70_000u32), 0..2),
    ) {
        let mut script = script;
        for (at, ms) in rests {
            script.insert(at.index(script.len() + 1), Op::Wait(ms));
        }
        let world = World::run(options, &script);
        compare_waking(&options, &world);
    }
}

proptest! {
    #![proptest_config(cases(4))]

    /// DRV-4 over the minutes in which tables are purged and short lives end.
    #[test]
    fn completeness_over_minutes(
        options in options(),
        idle in 0..100_000u32,
        script in proptest::collection::vec(honest(), 1..16),
        rest in 250_000..500_000u32,
        more in proptest::collection::vec(honest(), 1..8),
    ) {
        let short = |op: Op| match op {
            Op::Send { from, to, len, class, trace, secs } => {
                Op::Send { from, to, len, class, trace, secs: secs % 20 }
            }
            other => other,
        };
        let mut ops = vec![Op::Wait(idle)];
        ops.extend(script.into_iter().map(short));
        ops.push(Op::Wait(rest));
        ops.extend(more.into_iter().map(short));
        ops.push(Op::Wait(100_000));
        compare_waking(&options, &World::run(options, &ops));
    }
}

/// DRV-4, what random tapes found: a node idle from its start purges in step with one that was
/// woken all the time.
#[test]
fn completeness_after_an_idle_start() {
    let options = Options {
        durable: true,
        ..Options::starved(2)
    };
    let send = Op::Send {
        from: 1,
        to: 0,
        len: 8,
        class: 0,
        trace: false,
        secs: 5,
    };
    let world = World::run(options, &[Op::Wait(90_000), send, Op::Wait(450_000)]);
    let forgets = |at: usize| {
        let outputs = &world.houses[at].transcript;
        outputs
            .iter()
            .filter(|(_, output)| output.starts_with(b"Forget"))
            .count()
    };
    assert!(forgets(0) > 0, "the opened one-shot is purged in this time");
    compare_waking(&options, &world);
}

/// The tapes are worth something: messages go through, in sessions, in most worlds.
#[test]
fn tapes_get_below_the_cryptography() {
    let mut script = Vec::new();
    for round in 0..6 {
        for (from, to) in [(1, 0), (0, 1), (1, 3), (3, 1), (0, 3)] {
            script.push(Op::Send {
                from,
                to,
                len: 40,
                class: round,
                trace: false,
                secs: 60,
            });
            script.push(Op::Wait(700));
        }
    }
    let world = World::run(Options::starved(1), &script);
    assert!(world.sessions() >= 6, "{}", world.sessions());
    assert!(world.in_session() >= 20, "{}", world.in_session());
}

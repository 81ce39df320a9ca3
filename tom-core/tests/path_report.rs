//! On demand: how a message went. Hints are reported as hints.

mod common;

use common::wire::{envelopes, keep_frames};
use common::{Village, Wire};
use tom_core::config::Config;
use tom_core::input::{Input, LinkEvent, Send};
use tom_core::output::State;
use tom_core::time::Span;
use tom_core::wire::{Class, Envelope, Frame, Kind, MessageId};

#[test]
fn report_tells_each_attempt_and_what_neighbours_said() {
    let mut village = Village::of(4, 1);
    for relay in [1, 2] {
        village.link(0, relay, Wire::default());
        village.link(relay, 3, Wire::default());
    }
    village.run(Span::from_millis(100));
    village.houses[3].takes = false;
    let id = village.send(0, 3, b"hello");
    village.run(Span::from_secs(10));
    village.input(0, Input::Tick);
    let relays = [village.key(1).handle(), village.key(2).handle()];
    let report = village.houses[0].node.path(id).expect("known");
    assert_eq!((report.id, report.reference), (id, id.reference()));
    assert_eq!(report.state, State::Passed);
    assert_eq!(report.age, Span::from_secs(10));
    assert!(report.sends >= 3, "{}", report.sends);
    assert!(!report.in_session);
    assert!(report.next_attempt.is_some_and(|at| at > village.now));
    assert_eq!(report.backups.len(), 2);
    assert!(relays.iter().all(|relay| report.backups.contains(relay)));
    for attempt in &report.attempts {
        assert!(relays.contains(&attempt.neighbour) && !attempt.direct);
        assert!(attempt.taken.is_some() && attempt.passed.is_some());
    }
    // Each over another neighbour than the one before, the first and the latest being kept.
    let latest: Vec<_> = report
        .attempts
        .iter()
        .skip(1)
        .map(|a| a.neighbour)
        .collect();
    assert!(
        latest.windows(2).all(|pair| pair[0] != pair[1]),
        "{latest:?}"
    );
    village.take_all(3);
    village.run(Span::from_secs(20));
    let report = village.houses[0].node.path(id).expect("still known");
    assert_eq!(report.state, State::Delivered);
    assert_eq!(report.next_attempt, None);
    assert_eq!(report.reference, id.reference());
}

#[test]
fn report_of_a_direct_message_in_session() {
    let mut village = Village::row(2, 2);
    village.send(0, 1, b"first");
    village.run(Span::from_secs(1));
    let id = village.send(0, 1, b"second");
    village.run(Span::from_secs(1));
    let report = village.houses[0].node.path(id).expect("known");
    assert!(report.in_session && report.sends == 1);
    assert!(report.attempts[0].direct);
    assert_eq!(report.attempts[0].neighbour, village.key(1).handle());
    assert_eq!(report.state, State::Delivered);
    // Five milliseconds there and five back.
    assert_eq!(report.age, Span::from_millis(10));
}

#[test]
fn report_without_any_way_and_for_unknown_messages() {
    let mut village = Village::of(2, 3);
    let id = village.send(0, 1, b"nowhere");
    village.run(Span::from_secs(5));
    let report = village.houses[0].node.path(id).expect("known");
    assert_eq!((report.state, report.sends), (State::Pending, 0));
    assert!(report.attempts.is_empty() && report.backups.is_empty());
    assert!(report.next_attempt.is_some());
    assert_eq!(village.houses[0].node.path(MessageId([7; 16])), None);
    assert_eq!(village.houses[1].node.path(id), None);
}

/// A message that was sealed again is still asked for by its first id.
#[test]
fn report_follows_a_message_sealed_again() {
    let mut village = Village::row(2, 4);
    village.keep_sent = true;
    village.send(0, 1, b"first");
    village.run(Span::from_secs(70));
    village.restart(1, false);
    village.link(0, 1, Wire::default());
    let id = village.send(0, 1, b"again");
    village.run(Span::from_secs(2));
    assert_eq!(village.houses[0].node.stats().resealed, 1);
    let report = village.houses[0]
        .node
        .path(id)
        .expect("known by its first id");
    assert_eq!((report.id, report.state), (id, State::Delivered));
    assert_eq!(report.sends, 2);
    let last = village.carried(0).pop().expect("sent");
    let carried = tom_core::wire::message_id(&last).map(|id| id.reference());
    assert_eq!(Some(report.reference), carried);
    assert_ne!(report.reference, id.reference());
}

/// LNK-15: relays declare themselves when asked to, in order; nobody does unasked.
#[test]
fn trace_lists_the_relays_in_order() {
    let mut village = Village::row(5, 5);
    let send = Send {
        trace: true,
        ..Send::new(village.key(4), b"traced")
    };
    village.send_to(0, send);
    village.run(Span::from_secs(2));
    village.send(0, 4, b"untraced");
    village.run(Span::from_secs(2));
    let path = village.houses[4].received[0].path.clone();
    let handles: Vec<_> = path.chunks(6).map(|entry| entry[..4].to_vec()).collect();
    let expected: Vec<_> = (1..4)
        .map(|relay| village.key(relay).handle().head().to_vec())
        .collect();
    assert_eq!(handles, expected);
    assert_eq!(village.houses[4].received[1].path, []);
}

/// Eight relays fill the trace; the message arrives whole all the same.
#[test]
fn trace_over_eight_relays() {
    let mut village = Village::row(10, 6);
    village.run(Span::from_secs(1));
    let send = Send {
        trace: true,
        ..Send::new(village.key(9), &[7; 900])
    };
    let id = village.send_to(0, send);
    village.run(Span::from_secs(10));
    assert!(village.is_delivered(0, id));
    assert_eq!(village.houses[9].received[0].path.len(), 8 * 6);
    assert_eq!(village.houses[9].received[0].payload, [7; 900]);
}

/// The classes that were waiting for a link, in the order they leave it.
fn order(village: &mut Village, house: usize, from: &[(Class, u8)]) -> Vec<u8> {
    let link = village.links(house, 1)[0];
    village.input(house, Input::Link(LinkEvent::Blocked { link }));
    for (class, n) in from {
        let text = [*n];
        let send = Send {
            class: *class,
            ..Send::new(village.key(1), &text)
        };
        village.send_to(house, send);
    }
    let before = village.houses[1].received.len();
    village.input(house, Input::Link(LinkEvent::Writable { link }));
    village.run(Span::from_millis(200));
    let got = village.houses[1].received.iter().skip(before);
    got.map(|got| got.payload[0]).collect()
}

/// RTE-38: bulk leaves after all else; within a queue the order is that of coming.
#[test]
fn bulk_leaves_last_and_the_rest_in_order() {
    let mut village = Village::row(2, 7);
    village.send(0, 1, b"first");
    village.run(Span::from_secs(1));
    let waiting = [
        (Class::Bulk, 1),
        (Class::Normal, 2),
        (Class::Bulk, 3),
        (Class::Interactive, 4),
        (Class::Normal, 5),
        (Class::Control, 6),
    ];
    assert_eq!(order(&mut village, 0, &waiting), [2, 4, 5, 6, 1, 3]);
}

/// The class is the sender's word and stands in the envelope for relays to follow.
#[test]
fn class_and_trace_stand_in_the_envelope() {
    let mut village = Village::row(3, 8);
    village.keep_sent = true;
    for class in [
        Class::Control,
        Class::Interactive,
        Class::Normal,
        Class::Bulk,
    ] {
        let trace = class == Class::Bulk;
        let send = Send {
            class,
            trace,
            ..Send::new(village.key(2), b"x")
        };
        village.send_to(0, send);
        village.run(Span::from_secs(1));
        let last = village.carried(0).pop().expect("sent");
        let flags = Envelope::parse(&last).expect("an envelope").head.flags;
        assert_eq!((flags.class(), flags.wants_trace()), (class, trace));
    }
}

/// A relay's receipts go before the envelopes that wait there, so that nobody retries for nothing.
#[test]
fn receipts_and_answers_leave_before_envelopes() {
    let mut village = Village::row(3, 9);
    village.send(0, 2, b"first");
    village.send(2, 0, b"first");
    village.run(Span::from_secs(2));
    village.keep_sent = true;
    let link = village.links(1, 0)[0];
    village.input(1, Input::Link(LinkEvent::Blocked { link }));
    // Envelopes for house 0 pile up at the relay, then one of its own needs a receipt.
    for n in 0..20u8 {
        village.send(2, 0, &[n; 600]);
    }
    village.run(Span::from_millis(20));
    village.send(0, 2, b"take this");
    village.run(Span::from_millis(20));
    let before = village.houses[1].sent.len();
    village.input(1, Input::Link(LinkEvent::Writable { link }));
    let sent = village.houses[1].sent[before..].to_vec();
    let (_, first) = sent
        .iter()
        .find(|(over, _)| *over == link)
        .expect("it left");
    let mut copy = first.clone();
    let mut seen = Vec::new();
    keep_frames(&mut copy, |frame| {
        seen.push(matches!(frame, Frame::Envelope { bytes, .. }
            if matches!(common::wire::kind(bytes), Kind::Seal | Kind::Data)));
        true
    });
    assert_eq!(
        seen.first(),
        Some(&false),
        "a receipt or an answer comes first"
    );
    assert!(!envelopes(first).is_empty());
}

/// Settings outside their range are refused when the node is built.
#[test]
fn settings_out_of_range_are_refused() {
    use tom_core::entropy::Seed;
    use tom_core::error::ConfigError;
    use tom_core::identity::SoftKeys;
    use tom_core::storage::Heap;
    use tom_core::time::Instant;
    let build = |config: Config| {
        let keys = SoftKeys::from_seed([1; 32]);
        let seed = Seed::new([2; 32]);
        let storage = Heap::new(common::small());
        tom_core::Node::new(storage, keys, config, seed, Instant::ZERO).map(|_| ())
    };
    let sound = Config::default();
    assert_eq!(build(sound), Ok(()));
    for max_envelope in [0, 1_199, 65_534] {
        let config = Config {
            max_envelope,
            ..sound
        };
        assert_eq!(build(config), Err(ConfigError::MaxFrame));
    }
    for skew in [Span::ZERO, Span::from_secs(3_601)] {
        assert_eq!(build(Config { skew, ..sound }), Err(ConfigError::Time));
    }
    let retry_first = Span::ZERO;
    assert_eq!(
        build(Config {
            retry_first,
            ..sound
        }),
        Err(ConfigError::Time)
    );
    for seal_opens_per_second in [0, 10_001] {
        let config = Config {
            seal_opens_per_second,
            ..sound
        };
        assert!(matches!(build(config), Err(ConfigError::Capacity(_))));
    }
}

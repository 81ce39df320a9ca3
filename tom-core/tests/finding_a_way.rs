//! Nobody knows the map: ways are found by asking, by walking, and by what brought proofs back.

mod common;

use common::wire::{keep_frames, kind, lose_envelopes};
use common::{Village, Wire};
use tom_core::config::{Config, Profile};
use tom_core::error::Drop;
use tom_core::output::State;
use tom_core::time::Span;
use tom_core::wire::{Envelope, Frame, Kind, MAX_HOPS};

/// A has four neighbours, of which one reaches B. A was told of none.
fn four_neighbours(seed: u64) -> (Village, usize) {
    let mut village = Village::of(6, seed);
    let way = 2 + (seed % 4) as usize;
    for neighbour in 2..6 {
        village.link(0, neighbour, Wire::default());
    }
    village.link(way, 1, Wire::default());
    village.run(Span::from_millis(100));
    (village, way)
}

#[test]
fn relay_nobody_named_is_found_by_asking() {
    for seed in 0..4 {
        let (mut village, way) = four_neighbours(seed);
        let id = village.send(0, 1, b"find me");
        let took = village.run_until_delivered(0, id, Span::from_secs(10));
        assert!(
            took.is_some_and(|took| took < Span::from_millis(100)),
            "{took:?}"
        );
        for neighbour in 2..6 {
            let forwarded = village.houses[neighbour].node.stats().forwarded;
            assert_eq!(
                forwarded > 0,
                neighbour == way,
                "only the one that leads there"
            );
        }
    }
}

#[test]
fn it_is_found_though_no_answer_comes() {
    for seed in 0..4 {
        let (mut village, _) = four_neighbours(seed);
        village.meddler = Some(Box::new(|_, to, bytes| {
            keep_frames(bytes, |frame| {
                to != 0 || !matches!(frame, Frame::ReachAnswer(_))
            });
        }));
        let id = village.send(0, 1, b"find me");
        let took = village.run_until_delivered(0, id, Span::from_secs(60));
        assert!(
            took.is_some_and(|took| took < Span::from_secs(10)),
            "{seed}: {took:?}"
        );
        assert_eq!(village.times(1, b"find me"), 1);
    }
}

/// The recipient's relay stands two links away: questions go one neighbour further.
#[test]
fn relay_behind_a_neighbour_is_found_by_asking_too() {
    let mut village = Village::of(7, 5);
    for neighbour in [1, 2, 3] {
        village.link(0, neighbour, Wire::default());
    }
    village.link(3, 4, Wire::default());
    village.link(4, 5, Wire::default());
    village.run(Span::from_millis(100));
    let id = village.send(0, 5, b"two away");
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_millis(200)),
        "{took:?}"
    );
    assert_eq!(village.houses[1].node.stats().forwarded, 0);
    assert_eq!(village.houses[2].node.stats().forwarded, 0);
}

/// RTE-3: three neighbours that all say nothing: the walk tries each of them.
#[test]
fn walk_tries_all_candidates() {
    for way in 2..5 {
        let mut village = Village::of(5, 6);
        for neighbour in 2..5 {
            village.link(0, neighbour, Wire::default());
        }
        village.link(way, 1, Wire::default());
        village.run(Span::from_millis(100));
        // Nobody's answers count, and relays that do not lead there say nothing.
        village.meddler = Some(Box::new(|_, _, bytes| {
            keep_frames(bytes, |frame| !matches!(frame, Frame::ReachAnswer(_)));
            lose_envelopes(bytes, |envelope| kind(envelope) == Kind::Nack);
        }));
        village.keep_sent = true;
        let id = village.send(0, 1, b"walk");
        let took = village.run_until_delivered(0, id, Span::from_secs(60));
        assert!(
            took.is_some_and(|took| took < Span::from_secs(10)),
            "{way}: {took:?}"
        );
        let tried = village.houses[0].node.path(id).expect("known").sends;
        assert!(tried <= 4, "{tried} attempts for three neighbours");
    }
}

/// A row of houses: `relays` between the ends.
fn row(relays: usize, seed: u64) -> Village {
    let mut village = Village::row(relays + 2, seed);
    village.run(Span::from_millis(500));
    village
}

#[test]
fn eight_relays_in_a_row_deliver() {
    let mut village = row(8, 7);
    let id = village.send(0, 9, b"far");
    let took = village.run_until_delivered(0, id, Span::from_secs(60));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(5)),
        "{took:?}"
    );
    for relay in 1..9 {
        assert!(village.houses[relay].node.stats().forwarded > 0);
        assert!(village.houses[relay].node.stats().acks_passed > 0);
    }
    // And back, in session.
    let id = village.send(9, 0, b"back");
    assert!(
        village
            .run_until_delivered(9, id, Span::from_secs(10))
            .is_some()
    );
    let id = village.send(0, 9, b"again");
    assert!(
        village
            .run_until_delivered(0, id, Span::from_secs(10))
            .is_some()
    );
    assert!(
        village.houses[9]
            .received
            .last()
            .is_some_and(|got| got.in_session)
    );
}

/// RTE-5: a copy passes eight relays and no ninth.
#[test]
fn ninth_relay_is_a_counted_drop() {
    let mut village = row(9, 8);
    let id = village.send(0, 10, b"too far");
    village.run(Span::from_secs(30));
    assert_eq!(village.houses[10].received, []);
    assert!(!village.is_delivered(0, id));
    assert!(
        village.drops(9, Drop::NoHops) > 0,
        "the ninth has no hop left"
    );
    for relay in 1..9 {
        assert_eq!(village.drops(relay, Drop::NoHops), 0, "{relay}");
    }
    assert_eq!(village.houses[9].node.stats().forwarded, 0);
}

/// RTE-5, ENV-3: `hop` counts down by one at each relay; nothing else of the envelope changes.
#[test]
fn each_relay_takes_one_hop_and_changes_nothing_else() {
    let mut village = Village::row(5, 9);
    village.keep_sent = true;
    village.send(0, 4, b"bytes");
    village.run(Span::from_secs(1));
    let first = village.carried(0).first().cloned().expect("sent");
    for (relay, hop) in [(1, MAX_HOPS - 1), (2, MAX_HOPS - 2), (3, MAX_HOPS - 3)] {
        let copy = village.carried(relay).first().cloned().expect("handed on");
        assert_eq!(Envelope::parse(&copy).expect("an envelope").head.hop, hop);
        assert_eq!((&copy[..2], &copy[3..]), (&first[..2], &first[3..]));
    }
}

/// Nothing circulates: a ring of relays with the recipient gone.
#[test]
fn ring_without_the_recipient_goes_quiet() {
    let mut village = Village::of(7, 10);
    for at in 1..6 {
        village.link(at, if at == 5 { 1 } else { at + 1 }, Wire::default());
    }
    village.link(0, 1, Wire::default());
    village.run(Span::from_secs(1));
    village.send(0, 6, b"nobody");
    village.run(Span::from_millis(600));
    let before: u64 = (1..6)
        .map(|at| village.houses[at].node.stats().forwarded)
        .sum();
    village.run(Span::from_secs(3_600));
    let after: u64 = (1..6)
        .map(|at| village.houses[at].node.stats().forwarded)
        .sum();
    // Sixteen attempts at most, each over each of five relays at most once (RTE-4).
    assert!(after <= 16 * 5, "{before}, {after}");
    village.assert_sound();
}

#[test]
fn leaf_is_never_asked_to_forward() {
    let mut village = Village::new(11);
    let a = village.add(Config::default());
    let leaf = village.add(Config {
        profile: Profile::Leaf,
        ..Config::default()
    });
    let relay = village.add(Config::default());
    let b = village.add(Config::default());
    village.link(a, leaf, Wire::default());
    village.link(a, relay, Wire::default());
    village.link(leaf, b, Wire::default());
    village.link(relay, b, Wire::default());
    village.run(Span::from_millis(100));
    for _ in 0..5 {
        village.send(a, b, b"round the leaf");
        village.run(Span::from_secs(1));
    }
    assert_eq!(village.houses[b].received.len(), 5);
    assert_eq!(village.houses[leaf].node.stats().forwarded, 0);
    assert!(village.houses[leaf].node.stats().bytes_in > 0);
}

/// RTE-20: an answer that lies ranks a neighbour until the first proof, no longer.
#[test]
fn neighbour_that_lies_is_avoided_after_the_first_failure() {
    let mut village = Village::of(5, 12);
    let (liar, honest, b) = (1, 2, 3);
    for neighbour in [liar, honest] {
        village.link(0, neighbour, Wire::default());
        village.link(neighbour, b, Wire::default());
    }
    village.houses[liar].swallows = true;
    village.run(Span::from_millis(100));
    let id = village.send(0, b, b"truth");
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took <= Span::from_secs(2)),
        "{took:?}"
    );
    for _ in 0..10 {
        let id = village.send(0, b, b"truth");
        let took = village.run_until_delivered(0, id, Span::from_secs(10));
        assert!(
            took.is_some_and(|took| took <= Span::from_millis(100)),
            "{took:?}"
        );
    }
}

/// DLV-12: what has no way yet waits; a link is enough to send it.
#[test]
fn message_without_any_neighbour_goes_when_one_comes() {
    let mut village = Village::of(3, 13);
    village.link(1, 2, Wire::default());
    let id = village.send(0, 2, b"wait");
    village.run(Span::from_secs(300));
    assert_eq!(village.states(0, id), []);
    village.link(0, 1, Wire::default());
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(1)),
        "{took:?}"
    );
    assert_eq!(village.states(0, id).last(), Some(&State::Delivered));
}

/// RTE-18: what a neighbour merely answered is not vouched for to others later.
#[test]
fn cut_recipient_is_not_vouched_for() {
    let mut village = Village::of(4, 14);
    village.link(0, 1, Wire::default());
    village.link(0, 3, Wire::default());
    village.link(1, 2, Wire::default());
    village.run(Span::from_millis(100));
    let id = village.send(0, 2, b"one");
    assert!(
        village
            .run_until_delivered(0, id, Span::from_secs(5))
            .is_some()
    );
    village.part(1, 2);
    let id = village.send(0, 2, b"two");
    village.run(Span::from_secs(20));
    assert!(!village.is_delivered(0, id));
    // B comes back elsewhere, and is found there.
    village.link(3, 2, Wire::default());
    let took = village.run_until_delivered(0, id, Span::from_secs(120));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(60)),
        "{took:?}"
    );
    assert_eq!(village.times(2, b"two"), 1);
}

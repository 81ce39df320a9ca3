//! After talking over a relay two ends meet; when their link goes they go on over the relay.

mod common;

use common::{Village, Wire};
use tom_core::error::Drop;
use tom_core::output::State;
use tom_core::time::Span;

/// A, relay, B; dials succeed after 30 ms.
fn dialling(seed: u64) -> Village {
    let mut village = Village::row(3, seed);
    village.dial = Some(Span::from_millis(30));
    village
}

fn forwarded(village: &Village) -> u64 {
    village.houses[1].node.stats().forwarded
}

/// RTE-27: whoever hears addresses dials them.
#[test]
fn both_ends_dial_after_the_first_round_trip_and_one_link_stays() {
    for seed in 0..8 {
        let mut village = dialling(seed);
        let (a, b) = (village.key(0), village.key(2));
        village.send(0, 2, b"hello");
        village.run(Span::from_secs(5));
        assert_eq!(village.houses[0].dials, [b], "{seed}");
        assert_eq!(village.houses[2].dials, [a], "{seed}");
        assert_eq!(
            village.links(0, 2).len(),
            1,
            "{seed}: exactly one link stays"
        );
        assert_eq!(village.links(2, 0).len(), 1, "{seed}");
    }
}

/// RTE-29 over every order of arrival: both links come up at once, or one before the other.
#[test]
fn one_of_two_links_stays_in_whatever_order_they_come() {
    for seed in 0..8 {
        for (first, second) in [(0, 1), (1, 0)] {
            for apart in [0, 3, 50] {
                let mut village = Village::of(2, seed);
                village.link(first, second, Wire::default());
                village.run(Span::from_millis(apart));
                village.link(second, first, Wire::default());
                village.run(Span::from_secs(1));
                assert_eq!(village.links(0, 1).len(), 1, "{seed} {first} {apart}");
                let id = village.send(0, 1, b"over what is left");
                village.run(Span::from_secs(1));
                assert_eq!(village.state(0, id), Some(State::Delivered));
            }
        }
    }
}

#[test]
fn nobody_dials_before_a_proof_came() {
    let mut village = dialling(10);
    village.houses[2].takes = false;
    village.send(0, 2, b"hello");
    village.run(Span::from_secs(30));
    assert_eq!(village.houses[0].dials, []);
    assert_eq!(village.houses[2].dials, []);
}

/// RTE-32, RTE-33: direct while it lasts, and back.
#[test]
fn relay_rests_while_the_direct_link_is_up_and_carries_when_it_goes() {
    let mut village = dialling(11);
    village.send(0, 2, b"hello");
    village.run(Span::from_secs(5));
    let before = forwarded(&village);
    for n in 0..20u8 {
        let id = village.send(0, 2, &[n]);
        village.run(Span::from_millis(100));
        assert!(village.is_delivered(0, id));
        let id = village.send(2, 0, &[n]);
        village.run(Span::from_millis(100));
        assert!(village.is_delivered(2, id));
    }
    assert_eq!(forwarded(&village), before, "the counter stands still");
    village.dial = None;
    village.part(0, 2);
    let id = village.send(0, 2, b"back over the relay");
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took <= Span::from_millis(500)),
        "{took:?}"
    );
    assert!(forwarded(&village) > before);
    assert!(
        village.houses[2]
            .received
            .last()
            .is_some_and(|got| got.in_session)
    );
    village.assert_sound();
}

/// What was under way over the direct link when it went is delivered over the relay, once.
#[test]
fn message_on_the_lost_link_comes_over_the_relay_once() {
    let mut village = dialling(12);
    village.send(0, 2, b"hello");
    village.run(Span::from_secs(5));
    village.dial = None;
    let id = village.send(0, 2, b"under way");
    village.part(0, 2);
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took <= Span::from_millis(500)),
        "{took:?}"
    );
    assert_eq!(village.times(2, b"under way"), 1);
}

/// A direct link that is deaf without anybody noticing: a relay is tried in time.
#[test]
fn deaf_direct_link_is_passed_over() {
    let mut village = dialling(13);
    village.send(0, 2, b"hello");
    village.run(Span::from_secs(5));
    let link = village.links(0, 2)[0];
    village.deafen(0, link, true);
    let id = village.send(0, 2, b"deaf");
    let came = village.run_until(Span::from_secs(3), |v| v.times(2, b"deaf") == 1);
    assert!(came.is_some());
    // The first proof took the deaf link, the next one goes the way the message came.
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(took.is_some(), "{took:?}");
    assert_eq!(village.times(2, b"deaf"), 1);
}

/// RTE-28: failed dials are repeated while messages flow, after 10 s, doubling; not otherwise.
#[test]
fn failed_dials_are_repeated_while_messages_flow() {
    let mut village = Village::row(3, 14);
    village.send(0, 2, b"hello");
    village.run(Span::from_secs(5));
    assert_eq!(village.houses[0].dials.len(), 1);
    village.run(Span::from_secs(3_600));
    assert_eq!(village.houses[0].dials.len(), 1, "silence: nobody dials");
    for n in 0..200u32 {
        village.send(0, 2, &n.to_le_bytes());
        village.run(Span::from_secs(1));
    }
    let dials = village.houses[0].dials.len();
    assert!((3..=8).contains(&dials), "{dials} dials in 200 s");
}

/// SES-30: both ends send their first message at the same time: two handshakes cross.
#[test]
fn crossed_handshakes_leave_both_able_to_send_in_session() {
    for seed in 0..10 {
        let mut village = Village::of(2, 100 + seed);
        village.link(0, 1, Wire::default());
        village.run(Span::from_millis(100));
        let a = village.send(0, 1, b"from a");
        let b = village.send(1, 0, b"from b");
        village.run(Span::from_secs(2));
        assert!(village.is_delivered(0, a) && village.is_delivered(1, b));
        for n in 0..200u8 {
            let a = village.send(0, 1, &[n]);
            let b = village.send(1, 0, &[n]);
            village.run(Span::from_millis(30));
            assert!(
                village.is_delivered(0, a) && village.is_delivered(1, b),
                "{seed} {n}"
            );
        }
        for house in [0, 1] {
            let last = village.houses[house].received.last().expect("some");
            assert!(last.in_session, "{seed}");
            assert_eq!(village.drops(house, Drop::UnknownSession), 0);
            assert_eq!(village.drops(house, Drop::BadTag), 0);
            assert_eq!(village.houses[house].received.len(), 201);
        }
        village.assert_sound();
    }
}

/// The same over a relay, with introductions going on.
#[test]
fn crossed_handshakes_over_a_relay() {
    for seed in 0..10 {
        let mut village = dialling(200 + seed);
        let a = village.send(0, 2, b"from a");
        let b = village.send(2, 0, b"from b");
        village.run(Span::from_secs(5));
        assert!(village.is_delivered(0, a) && village.is_delivered(2, b));
        assert_eq!(village.links(0, 2).len(), 1, "{seed}");
        for n in 0..20u8 {
            village.send(0, 2, &[n]);
            village.send(2, 0, &[n]);
        }
        village.run(Span::from_secs(5));
        for house in [0, 2] {
            assert_eq!(village.houses[house].received.len(), 21, "{seed}");
            assert!(
                village.houses[house]
                    .received
                    .last()
                    .is_some_and(|got| got.in_session)
            );
        }
    }
}

/// RTE-26: addresses travel inside the session only; a relay never sees them.
#[test]
fn addresses_are_told_inside_the_session_only() {
    let mut village = dialling(15);
    village.keep_sent = true;
    village.send(0, 2, b"hello");
    village.run(Span::from_secs(5));
    // 127.0.0.1 and the port, as every candidate list of this village holds it.
    for house in 0..3 {
        for (_, bytes) in &village.houses[house].sent {
            let seen = bytes.windows(5).any(|w| w[..4] == [127, 0, 0, 1]);
            assert!(!seen, "house {house} sent an address in the clear");
        }
    }
    assert_eq!(village.links(0, 2).len(), 1);
}

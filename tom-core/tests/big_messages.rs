//! Messages of every length, to recipients and over relays that carry more or less.

mod common;

use common::node::Size;
use common::{Village, Wire};
use tom_core::config::{Config, Profile};
use tom_core::error::{Misuse, Refusal};
use tom_core::input::Send;
use tom_core::output::{State, Verdict};
use tom_core::time::Span;

fn filled(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 % 251) as u8).collect()
}

/// CNT-7: every length class, in both directions, over a relay, in session and before there is one.
#[test]
fn every_length_arrives_whole() {
    let mut village = Village::row(3, 1);
    for len in [
        0,
        1,
        200,
        1_050,
        1_100,
        1_101,
        1_102,
        1_200,
        1_201,
        4_096,
        16_384,
        60 * 1_024,
        65_000,
    ] {
        let payload = filled(len);
        let id = village.send(0, 2, &payload);
        let took = village.run_until_delivered(0, id, Span::from_secs(10));
        assert!(took.is_some(), "{len}");
        let got = village.houses[2].received.last().expect("one");
        assert!(got.payload == payload, "{len}");
    }
    assert_eq!(village.houses[2].received.len(), 13);
    village.assert_sound();
}

#[test]
fn lengths_around_what_every_relay_carries_arrive_as_first_messages() {
    for len in [
        1_040, 1_060, 1_061, 1_062, 1_063, 1_064, 1_065, 1_066, 1_070, 1_080, 1_090, 1_100, 1_200,
    ] {
        let mut village = Village::row(3, 2);
        let payload = filled(len);
        let id = village.send(0, 2, &payload);
        village.run(Span::from_secs(2));
        assert_eq!(village.state(0, id), Some(State::Delivered), "{len}");
        assert!(village.payloads(2) == [payload.as_slice()], "{len}");
    }
}

#[test]
fn sixty_kilobytes_in_session_with_losses() {
    let mut village = Village::of(3, 3);
    let wire = Wire {
        loss_percent: 10,
        dup_percent: 10,
        jitter_ms: 20,
        ..Wire::default()
    };
    village.link(0, 1, wire);
    village.link(1, 2, wire);
    village.run(Span::from_secs(2));
    let payload = filled(60 * 1_024);
    let ids: Vec<_> = (0..3)
        .map(|_| {
            let id = village.send(0, 2, &payload);
            village.run(Span::from_secs(20));
            id
        })
        .collect();
    village.run(Span::from_secs(20 * 3_600));
    for id in ids {
        assert!(village.is_delivered(0, id));
    }
    assert_eq!(village.houses[2].received.len(), 3);
}

#[test]
fn longest_payload_is_accepted_and_one_byte_more_is_misuse() {
    let mut village = Village::row(2, 4);
    let max = village.houses[0].node.max_payload();
    let id = village.send(0, 1, &filled(max));
    village.run(Span::from_secs(2));
    assert!(village.is_delivered(0, id));
    let long = filled(max + 1);
    let send = Send::new(village.key(1), &long);
    let verdict = village.try_send(0, send);
    let Verdict::Refused(Refusal::Misuse(Misuse::TooLong { max: told })) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(told as usize, max);
}

/// A small recipient says what it takes in its handshake; more is refused once that is known.
#[test]
fn small_recipient_is_not_sent_more_than_it_takes() {
    let mut village = Village::new(5);
    let a = village.add(Config::default());
    let leaf = village.add_sized(Config::leaf(), Size::Leaf);
    village.link(a, leaf, Wire::default());
    village.run(Span::from_secs(1));
    let id = village.send(a, leaf, b"short");
    village.run(Span::from_secs(2));
    assert!(village.is_delivered(a, id));
    let long = filled(4_000);
    let send = Send::new(village.key(leaf), &long);
    let verdict = village.try_send(a, send);
    let Verdict::Refused(Refusal::Misuse(Misuse::TooLong { max })) = verdict else {
        panic!("{verdict:?}");
    };
    let id = village.send(a, leaf, &filled(max as usize));
    village.run(Span::from_secs(2));
    assert!(village.is_delivered(a, id), "{max} is what it takes");
}

/// Relays whose links are narrow are no choice for what is long; a wide one is.
#[test]
fn long_message_goes_round_a_narrow_relay() {
    let mut village = Village::of(4, 6);
    let narrow = Wire {
        max_frame: 1_280,
        ..Wire::default()
    };
    village.link(0, 1, narrow);
    village.link(1, 3, narrow);
    village.link(0, 2, Wire::default());
    village.link(2, 3, Wire::default());
    village.run(Span::from_secs(1));
    for n in 0..5u8 {
        let mut payload = filled(30_000);
        payload[0] = n;
        let id = village.send(0, 3, &payload);
        let took = village.run_until_delivered(0, id, Span::from_secs(60));
        assert!(took.is_some(), "{n}");
    }
    assert_eq!(village.houses[3].received.len(), 5);
    assert!(
        village.houses[3]
            .received
            .iter()
            .all(|got| got.payload.len() == 30_000)
    );
}

/// Where every way is narrow the state stays truthful, and what is short still passes.
#[test]
fn narrow_way_never_makes_a_long_message_delivered() {
    let mut village = Village::of(3, 7);
    village.link(0, 1, Wire::default());
    village.link(
        1,
        2,
        Wire {
            max_frame: 1_280,
            ..Wire::default()
        },
    );
    village.run(Span::from_secs(1));
    let short = village.send(0, 2, b"short");
    village.run(Span::from_secs(1));
    let long = village.send(0, 2, &filled(30_000));
    village.run(Span::from_secs(300));
    assert!(village.is_delivered(0, short));
    assert!(!village.is_delivered(0, long));
    let id = village.send(0, 2, b"short again");
    village.run(Span::from_secs(2));
    assert!(village.is_delivered(0, id));
    village.assert_sound();
}

/// DLV-24: when no more handshakes may be begun, one that is under way is tried again instead, once a
/// minute, so a message that waits for a session is not held up by attempts long before.
#[test]
fn a_long_message_goes_soon_after_a_long_silence() {
    for minutes in [20, 30, 45, 55] {
        let mut village = Village::new(4);
        village.add(Config {
            profile: Profile::Leaf,
            ..Config::default()
        });
        village.add(Config::default());
        village.link(0, 1, Wire::default());
        village.run(Span::from_secs(2));
        let deaf = Wire {
            loss_percent: 100,
            ..Wire::default()
        };
        let (near, far) = (village.links(0, 1)[0], village.links(1, 0)[0]);
        village.rewire(0, near, deaf);
        village.rewire(1, far, deaf);
        let payload = filled(4_096);
        let id = village.send(0, 1, &payload);
        village.run(Span::from_secs(minutes * 60));
        village.rewire(0, near, Wire::default());
        village.rewire(1, far, Wire::default());
        let took = village.run_until_delivered(0, id, Span::from_secs(65));
        assert!(took.is_some(), "{minutes} min: {:?}", village.state(0, id));
    }
}

//! A first message to somebody reachable over relays only.

mod common;

use common::{Village, Wire};
use tom_core::output::State;
use tom_core::time::Span;

/// Over three links of 60 ms each, with nothing known in advance, within 500 ms.
#[test]
fn is_delivered_over_two_relays_within_half_a_second() {
    let mut village = Village::of(4, 1);
    let wire = Wire {
        delay: Span::from_millis(60),
        ..Wire::default()
    };
    for (a, b) in [(0, 1), (1, 2), (2, 3)] {
        village.link(a, b, wire);
    }
    village.run(Span::from_millis(200));
    let id = village.send(0, 3, b"hello");
    let took = village.run_until(Span::from_secs(5), |v| !v.houses[3].received.is_empty());
    let took = took.expect("delivered");
    assert!(took <= Span::from_millis(500), "{took:?}");
    assert_eq!(village.payloads(3), [b"hello"]);
    village.run(Span::from_secs(1));
    assert_eq!(village.state(0, id), Some(State::Delivered));
}

#[test]
fn direct_message_is_delivered_and_the_next_one_goes_in_session() {
    let mut village = Village::of(2, 2);
    village.link(0, 1, Wire::default());
    let id = village.send(0, 1, b"one");
    village.run(Span::from_secs(1));
    assert_eq!(village.state(0, id), Some(State::Delivered));
    let id = village.send(0, 1, b"two");
    village.run(Span::from_secs(1));
    assert_eq!(village.state(0, id), Some(State::Delivered));
    let id = village.send(1, 0, b"three");
    village.run(Span::from_secs(1));
    assert_eq!(village.state(1, id), Some(State::Delivered));
    assert!(!village.houses[1].received[0].in_session);
    assert!(village.houses[1].received[1].in_session);
    assert!(village.houses[0].received[0].in_session);
}

/// Nobody knows yet what the recipient takes, so a long first message waits for a session, which an
/// empty one-shot asks for.
#[test]
fn too_long_for_a_one_shot_goes_in_the_session_it_waited_for() {
    let mut village = Village::of(3, 3);
    village.link(0, 1, Wire::default());
    village.link(1, 2, Wire::default());
    village.run(Span::from_millis(100));
    let long = vec![7; 60_000];
    let id = village.send(0, 2, &long);
    let took = village.run_until(Span::from_secs(5), |v| !v.houses[2].received.is_empty());
    assert!(
        took.is_some_and(|took| took < Span::from_secs(1)),
        "{took:?}"
    );
    village.run(Span::from_secs(1));
    assert_eq!(village.payloads(2), [long.as_slice()]);
    assert!(village.houses[2].received[0].in_session);
    assert_eq!(village.state(0, id), Some(State::Delivered));
}

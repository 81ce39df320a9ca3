//! A first message to somebody reachable over relays only.

mod common;

use common::{Village, Wire};
use tom_core::output::State;
use tom_core::time::Span;

/// Over three links of 60 ms each, with nothing known in advance, within 500 ms.
#[test]
fn is_delivered_over_two_relays_within_half_a_second() {
    let mut village = Village::of(4, 1);
    let wire = Wire { delay: Span::from_millis(60), ..Wire::default() };
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

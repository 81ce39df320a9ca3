use super::{Event, Node, Outcome, Toy};
use crate::engine::{Heap, Key, Queue, Wheel};
use crate::time::{Span, Time};

const TOY: Toy = Toy {
    nodes: 300,
    ping: Span::from_secs(10),
    flood: Some(Span::from_secs(1)),
    seed: 7,
};

fn outcome<Q: Queue<Event>>(toy: Toy, until: Time) -> Outcome {
    let mut running = toy.start::<Q>();
    running.go_on(until);
    running.outcome()
}

#[test]
fn the_order_is_the_same_in_both_queues() {
    let until = Time(20_500_000_000);
    let wheel = outcome::<Wheel<Event>>(TOY, until);
    assert_eq!(wheel, outcome::<Heap<Event>>(TOY, until));
    assert_ne!(
        wheel.hash,
        outcome::<Heap<Event>>(Toy { seed: 8, ..TOY }, until).hash
    );
    // The same optimised or not, and on every machine.
    assert_eq!(wheel.hash, 0x3684_AFF1_1D9B_895D);
    // Twenty messages to nearly all of the 300 nodes.
    assert!((5_900..=6_000).contains(&wheel.delivered), "{wheel:?}");
}

#[test]
fn a_copy_of_a_run_goes_on_as_the_run_does() {
    let mut running = TOY.start::<Wheel<Event>>();
    running.go_on(Time(3_123_456_789));
    let mut copy = running.clone();
    running.go_on(Time(9_000_000_000));
    copy.go_on(Time(5_000_000_000));
    copy.go_on(Time(9_000_000_000));
    assert_eq!(running.outcome(), copy.outcome());
}

#[test]
fn every_reference_to_a_message_is_given_back() {
    let toy = Toy {
        flood: Some(Span::from_secs(3_600)),
        ..TOY
    };
    let outcome = outcome::<Wheel<Event>>(toy, Time(3_610_000_000_000));
    assert!(outcome.delivered > 290);
    assert_eq!(outcome.under_way, 0);
}

#[test]
fn an_event_takes_one_cache_line_and_a_node_two() {
    assert_eq!(size_of::<(Key, Event)>(), 64);
    assert_eq!(size_of::<Node>(), 128);
}

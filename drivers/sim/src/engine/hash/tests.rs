use super::{RunHash, first_difference, parting};
use crate::draw::mix;
use crate::engine::Key;
use crate::time::{Span, Time};

const WINDOW: Span = Span::from_secs(1);

/// What happens in a run: to whom, when, with which byte.
type Event = (u32, Key, u8);

fn events() -> Vec<Event> {
    let event = |n: u64| {
        let key = Key::new(Time(n * 10_000_000), mix(n) as u32 % 50, n as u32);
        (mix(!n) as u32 % 50, key, mix(n) as u8)
    };
    (0..1_000).map(event).collect()
}

fn run(mut hash: RunHash, events: &[Event]) -> RunHash {
    for (node, key, byte) in events {
        hash.event(*node, *key, 3, &[*byte; 9]);
    }
    hash
}

#[test]
fn the_order_between_nodes_does_not_count_and_at_one_node_does() {
    let events = events();
    let plain = run(RunHash::new(50, WINDOW), &events);
    // Node after node, as a run cut into parts might have it.
    let mut sorted = events.clone();
    sorted.sort_by_key(|(node, ..)| *node);
    let parts = run(RunHash::new(0, WINDOW), &sorted);
    assert_eq!(plain.total(), parts.total());
    assert_eq!(plain.windows(), parts.windows());
    assert_eq!((plain.events(), plain.windows().len()), (1_000, 10));

    let at_one = events.iter().filter(|(node, ..)| *node == 7).count();
    let mut swapped = sorted;
    let first = swapped.iter().position(|(node, ..)| *node == 7).unwrap();
    assert!(at_one > 1);
    swapped.swap(first, first + 1);
    assert_ne!(
        plain.total(),
        run(RunHash::new(50, WINDOW), &swapped).total()
    );
}

#[test]
fn a_difference_is_found_by_window_then_by_node() {
    let events = events();
    let mut other = events.clone();
    other[432].2 ^= 1;
    let (a, b) = (RunHash::new(50, WINDOW), RunHash::new(50, WINDOW));
    let (a, b) = (run(a, &events), run(b, &other));
    assert_ne!(a.total(), b.total());
    assert_eq!(first_difference(&a.windows(), &a.windows()), None);
    let window = first_difference(&a.windows(), &b.windows()).unwrap();
    assert_eq!(window, 4);

    let a = run(RunHash::new(50, WINDOW).watching(window), &events);
    let b = run(RunHash::new(50, WINDOW).watching(window), &other);
    let parts = parting(&a.watched(), &b.watched());
    let (one, two) = parts[0];
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.key, one.node), (events[432].1, events[432].0));
    assert_eq!(two.key, one.key);
    assert_ne!(two.bytes, one.bytes);
    // Whoever was not told the difference goes on alike.
    assert_eq!(parts.len(), 1);
}

#[test]
fn an_event_that_is_missing_is_found() {
    let events = events();
    let mut fewer = events.clone();
    let (node, key, _) = fewer.remove(999);
    let a = run(RunHash::new(50, WINDOW).watching(9), &events);
    let b = run(RunHash::new(50, WINDOW).watching(9), &fewer);
    assert_eq!(first_difference(&a.windows(), &b.windows()), Some(9));
    let parts = parting(&a.watched(), &b.watched());
    assert_eq!(parts.len(), 1);
    assert_eq!(
        parts[0].0.map(|seen| (seen.node, seen.key)),
        Some((node, key))
    );
    assert_eq!(parts[0].1, None);
}

/// The hash is part of what a saved run is checked against: it is the same on every machine and in
/// every version.
#[test]
fn the_hash_of_a_run_stays_what_it_is() {
    assert_eq!(
        run(RunHash::new(50, WINDOW), &events()).total(),
        10_623_750_879_411_213_098
    );
}

//! A bounded trace keeps the newest, and what was so before.

use super::{Fact, Trace};
use crate::time::Time;

#[test]
fn what_made_room_is_still_known_as_a_state() {
    let mut trace = Trace::new(2);
    let facts = [
        (1, Fact::Life { up: true }),
        (2, Fact::Life { up: true }),
        (1, Fact::Link { peer: 2, up: true }),
        (2, Fact::Link { peer: 1, up: true }),
        (2, Fact::Life { up: false }),
        (1, Fact::Deed(7)),
        (1, Fact::Deed(8)),
    ];
    for (at, (node, fact)) in (0..).zip(facts) {
        trace.put(Time(at), node, fact);
    }
    assert_eq!(trace.dropped, 5);
    assert_eq!(trace.entries().len(), 2);
    let before = trace.before();
    assert!(before.up.contains(&1) && !before.up.contains(&2));
    let links: Vec<_> = before.links.keys().copied().collect();
    assert_eq!(links, [(1, 2)], "a node that goes takes its ends along");
}

#[test]
fn a_trace_of_nothing_keeps_nothing() {
    let mut trace = Trace::new(0);
    trace.put(Time(1), 1, Fact::Deed(1));
    assert_eq!(trace.entries().len(), 0);
    assert_eq!(trace.dropped, 1);
}

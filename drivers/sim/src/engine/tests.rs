//! The wheel against the heap, and what a queue promises.

use proptest::prelude::*;

use super::{Heap, Key, Queue, Wheel};
use crate::draw::mix;
use crate::time::Time;

/// What a test does to both queues.
#[derive(Clone, Debug)]
enum Step {
    /// Push so much later than the last event that was popped (or earlier).
    Push { later: i64, source: u32 },
    /// Pop up to so many events.
    Pop(usize),
    /// Pop what comes within so many nanoseconds.
    Until(u64),
    /// Go on with copies.
    Copy,
}

fn step() -> impl Strategy<Value = Step> {
    let later = prop_oneof![
        Just(0),
        -1_000_000_000i64..0,
        0i64..200_000,
        0i64..300_000_000,
        0i64..60_000_000_000,
        0i64..i64::MAX / 2,
        (0u32..62).prop_map(|bit| 1i64 << bit),
    ];
    prop_oneof![
        8 => (later, 0u32..6).prop_map(|(later, source)| Step::Push { later, source }),
        2 => (0usize..20).prop_map(Step::Pop),
        1 => (0u64..1_000_000_000).prop_map(Step::Until),
        1 => Just(Step::Copy),
    ]
}

/// Both queues, which have to agree at every step.
#[derive(Default)]
struct Pair {
    wheel: Wheel<u64>,
    heap: Heap<u64>,
    now: Time,
    pushed: u32,
}

impl Pair {
    fn push(&mut self, time: Time, source: u32) {
        let key = Key::new(time, source, self.pushed);
        self.pushed += 1;
        self.wheel.push(key, mix(u64::from(self.pushed)));
        self.heap.push(key, mix(u64::from(self.pushed)));
    }

    fn pop(&mut self, until: Time) -> bool {
        assert_eq!(self.wheel.next_time(), self.heap.next_time());
        let popped = self.wheel.pop_before(until);
        assert_eq!(popped, self.heap.pop_before(until));
        assert_eq!(self.wheel.len(), self.heap.len());
        if let Some((key, _)) = popped {
            assert!(key.time < until);
            self.now = key.time;
        }
        popped.is_some()
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Push { later, source } => {
                let time = self.now.0.saturating_add_signed(later).min(u64::MAX - 1);
                self.push(Time(time), source);
            }
            Step::Pop(events) => {
                for _ in 0..events {
                    self.pop(Time::NEVER);
                }
            }
            Step::Until(span) => {
                let until = Time(self.now.0.saturating_add(span));
                while self.pop(until) {}
                self.now = until;
            }
            Step::Copy => {
                self.wheel = self.wheel.clone();
                self.heap = self.heap.clone();
            }
        }
    }
}

proptest! {
    #[test]
    fn the_wheel_agrees_with_the_heap(steps in prop::collection::vec(step(), 0..200)) {
        let mut pair = Pair::default();
        for step in &steps {
            pair.take(step);
        }
        while pair.pop(Time::NEVER) {}
        prop_assert!(pair.wheel.is_empty());
    }
}

/// Many pending for long: slots of several chunks, chunks that are used again.
#[test]
fn the_wheel_agrees_with_the_heap_under_load() {
    let mut pair = Pair::default();
    for n in 0..5_000 {
        pair.push(Time(mix(n) % 1_000_000_000), (mix(n) >> 40) as u32 % 100);
    }
    for n in 0..50_000u64 {
        let until = Time::NEVER;
        assert_eq!(pair.wheel.len(), pair.heap.len());
        let popped = pair.wheel.pop_before(until);
        assert_eq!(popped, pair.heap.pop_before(until));
        let (key, _) = popped.unwrap();
        let later = match mix(n) % 8 {
            0 => 0,
            1 => 50_000,
            2 => mix(!n) % 60_000_000_000,
            _ => 5_000_000 + mix(!n) % 300_000_000,
        };
        pair.push(Time(key.time.0 + later), (mix(n) >> 40) as u32 % 100);
    }
}

#[test]
fn equal_times_go_by_source_then_by_count() {
    fn check<Q: Queue<u8>>() {
        let mut queue = Q::default();
        let time = Time(7 << 30);
        for (source, sequence, item) in [(2, 0, 3), (1, 9, 2), (9, 0, 4), (1, 8, 1)] {
            queue.push(Key::new(time, source, sequence), item);
        }
        queue.push(Key::new(Time(1), 50, 50), 0);
        let popped: Vec<u8> = std::iter::from_fn(|| queue.pop())
            .map(|(_, item)| item)
            .collect();
        assert_eq!(popped, [0, 1, 2, 3, 4]);
    }
    check::<Wheel<u8>>();
    check::<Heap<u8>>();
}

/// A bound in the middle of a slot, and one before a slot that is not opened yet.
#[test]
fn nothing_at_or_after_the_bound_comes() {
    let mut wheel = Wheel::default();
    wheel.push(Key::new(Time(1_000_000), 0, 0), 'a');
    wheel.push(Key::new(Time(1_000_001), 0, 1), 'b');
    wheel.push(Key::new(Time(1 << 50), 0, 2), 'c');
    assert_eq!(wheel.pop_before(Time(1_000_000)), None);
    assert_eq!(wheel.pop_before(Time(1_000_001)).unwrap().1, 'a');
    assert_eq!(wheel.pop_before(Time(1_000_001)), None);
    assert_eq!(wheel.pop().unwrap().1, 'b');
    assert_eq!(wheel.pop_before(Time(1 << 50)), None);
    // The wheel did not run ahead: what is pushed now comes first.
    wheel.push(Key::new(Time(1_000_002), 0, 3), 'd');
    assert_eq!(wheel.pop().unwrap().1, 'd');
    assert_eq!(wheel.pop().unwrap().1, 'c');
    assert_eq!(wheel.pop(), None);
}

/// A wheel that was full once and is full again takes no more memory for it.
#[test]
fn chunks_are_used_again() {
    let mut wheel = Wheel::default();
    let mut fill = |round: u32| {
        let start = u64::from(round) << 41;
        for n in 0..10_000 {
            wheel.push(
                Key::new(Time(start + (mix(u64::from(n)) >> 24)), round, n),
                n,
            );
        }
        while wheel.pop().is_some() {}
        wheel.memory()
    };
    let once = fill(0);
    assert_eq!((1..10).map(fill).max(), Some(once));
}

/// A stored event of the design fills one cache line.
#[test]
fn a_key_takes_sixteen_bytes() {
    assert_eq!(size_of::<Key>(), 16);
    assert_eq!(size_of::<(Key, [u64; 6])>(), 64);
}

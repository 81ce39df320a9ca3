use std::vec::Vec;

use proptest::prelude::*;

use super::{Bucket, backoff, smooth};
use crate::time::{Instant, Span};

const fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

#[test]
fn bucket_gives_its_fill_at_once_and_then_its_rate() {
    let mut bucket = Bucket::full(8);
    assert_eq!((0..20).filter(|_| bucket.take(at(0), 8)).count(), 8);
    // Eight a minute: one after 7.5 s, none before.
    assert!(!bucket.take(at(7_499), 8));
    assert!(bucket.take(at(7_500), 8));
    assert!(!bucket.take(at(7_500), 8));
    // Never more than its size, however long it rested.
    let later = at(3_600_000);
    assert_eq!((0..20).filter(|_| bucket.take(later, 8)).count(), 8);
}

#[test]
fn bucket_asked_often_loses_no_time() {
    let mut bucket = Bucket::full(1);
    assert!(bucket.take(at(0), 60));
    let given = (1..=10_000).filter(|ms| bucket.take(at(*ms), 60)).count();
    assert_eq!(given, 10, "one a second for ten seconds");
}

#[test]
fn waits_double_within_their_bounds() {
    let (first, max) = (Span::from_millis(700), Span::from_secs(3_600));
    let waits: Vec<_> = (1..=5)
        .map(|n| backoff(first, max, n).as_millis())
        .collect();
    assert_eq!(waits, [700, 1_400, 2_800, 5_600, 11_200]);
    assert_eq!(backoff(first, max, 0), first);
    assert_eq!(backoff(first, max, 14), max);
    assert_eq!(backoff(first, max, u32::MAX), max);
}

#[test]
fn smoothing_is_the_specified_integer_rule() {
    assert_eq!(smooth(None, Span::from_millis(90)), Span::from_millis(90));
    let old = Some(Span::from_millis(100));
    assert_eq!(smooth(old, Span::from_millis(201)), Span::from_millis(125));
}

proptest! {
    #[test]
    fn bucket_never_gives_more_than_its_fill_and_rate(
        capacity in 1u32..100,
        rate in 1u32..1_000,
        steps in prop::collection::vec(0u64..5_000, 1..200),
    ) {
        let mut bucket = Bucket::full(capacity);
        let mut now = 0;
        let mut given = 0u64;
        for step in steps {
            now += step;
            given += u64::from(bucket.take(at(now), rate));
            prop_assert!(given <= u64::from(capacity) + now * u64::from(rate) / 60_000 + 1);
        }
    }

    #[test]
    fn smoothing_stays_between_old_and_sample(old in 0u64..1 << 40, sample in 0u64..1 << 40) {
        let new = smooth(Some(Span::from_millis(old)), Span::from_millis(sample)).as_millis();
        prop_assert!(old.min(sample).saturating_sub(1) <= new && new <= old.max(sample));
    }

    #[test]
    fn waits_never_shrink(first in 1u64..1 << 32, max in 1u64..1 << 40, n in 0u32..100) {
        let wait = |n| backoff(Span::from_millis(first), Span::from_millis(max), n);
        prop_assert!(wait(n) <= wait(n + 1));
        prop_assert!(wait(n).as_millis() <= max);
    }
}

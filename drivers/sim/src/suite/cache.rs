//! A table of fixed size that forgets: four places per bucket, the oldest of a bucket goes first.

use crate::draw::mix;

/// Places per bucket.
const WAYS: usize = 4;

/// What was computed before, as far as it is remembered.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    slots: Box<[Option<(K, V)>]>,
    /// The place of each bucket that is overwritten next.
    next: Box<[u8]>,
    room: usize,
}

/// What an entry is found by.
pub(super) trait Spread: Eq {
    /// A number that differs for most keys.
    fn spread(&self) -> u64;
}

impl<K: Spread, V> Cache<K, V> {
    /// Empty, with room for up to `room` entries: a power of two, at least four. Nothing is
    /// allocated before the first entry.
    pub(super) fn new(room: usize) -> Self {
        assert!(room.is_power_of_two() && room >= WAYS, "whole buckets");
        Self {
            slots: Box::new([]),
            next: Box::new([]),
            room,
        }
    }

    /// The first place of a key's bucket.
    fn bucket(&self, key: &K) -> usize {
        let buckets = self.room / WAYS;
        (mix(key.spread()) as usize & (buckets - 1)) * WAYS
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        let at = self.bucket(key);
        let bucket = self.slots.get(at..at + WAYS)?;
        let mut entries = bucket.iter().flatten();
        entries
            .find(|(known, _)| known == key)
            .map(|(_, value)| value)
    }

    /// Remembers `value`, and forgets the bucket's oldest entry when it is full.
    pub(super) fn put(&mut self, key: K, value: V) {
        if self.slots.is_empty() {
            self.slots = (0..self.room).map(|_| None).collect();
            self.next = vec![0; self.room / WAYS].into();
        }
        let at = self.bucket(&key);
        let bucket = &mut self.slots[at..at + WAYS];
        let known = bucket
            .iter()
            .position(|slot| slot.as_ref().is_some_and(|(known, _)| *known == key));
        let place = known.unwrap_or_else(|| {
            let next = &mut self.next[at / WAYS];
            let place = usize::from(*next);
            *next = (*next + 1) % WAYS as u8;
            place
        });
        bucket[place] = Some((key, value));
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.slots.iter().flatten().count()
    }
}

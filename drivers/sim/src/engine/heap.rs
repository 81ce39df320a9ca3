//! The plain queue: the standard library's binary heap.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::{Key, Queue};
use crate::time::Time;

/// A binary heap of events: slow when much is pending, too simple to be wrong.
#[derive(Clone, Debug)]
pub struct Heap<T>(BinaryHeap<Reverse<Entry<T>>>);

/// An event that compares by its key alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<T> {
    pub(super) key: Key,
    pub(super) item: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl<T> Default for Heap<T> {
    fn default() -> Self {
        Self(BinaryHeap::new())
    }
}

impl<T> Heap<T> {
    /// The key that comes first.
    pub(super) fn first(&self) -> Option<Key> {
        self.0.peek().map(|Reverse(entry)| entry.key)
    }
}

impl<T: Copy> Queue<T> for Heap<T> {
    fn push(&mut self, key: Key, item: T) {
        self.0.push(Reverse(Entry { key, item }));
    }

    fn pop_before(&mut self, until: Time) -> Option<(Key, T)> {
        if self.first()?.time >= until {
            return None;
        }
        let Reverse(Entry { key, item }) = self.0.pop()?;
        Some((key, item))
    }

    fn next_time(&self) -> Option<Time> {
        self.first().map(|key| key.time)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.0.capacity() * size_of::<Entry<T>>()
    }
}

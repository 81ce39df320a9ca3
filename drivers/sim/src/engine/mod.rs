//! The pending events of a run and the order they happen in.
//!
//! What comes first is said by an event's [`Key`] alone: its time, then who caused it, then that
//! source's own count. It is never the order in which events were put in, so the order is the same
//! however the work is cut up, and two queues can be held against each other: [`Wheel`] is the fast
//! one, [`Heap`] the plain one it has to agree with.
//!
//! A network could so be cut into parts with a queue each, which run side by side for as long as the
//! fastest link between two parts takes ([`run`] stops before a moment) and then hand each other what
//! they sent. Two seeds side by side use two cores better, so nothing does that yet.

pub mod bench;
pub mod hash;
pub mod payload;
pub mod toy;

mod heap;
mod wheel;

use std::cmp::Ordering;

pub use heap::Heap;
pub use wheel::Wheel;

use crate::time::Time;

/// When an event happens and who caused it: the total order of a run.
///
/// Keys are unique: a source counts its events up. Between equal keys no order is promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key {
    /// When it happens.
    pub time: Time,
    /// The node that caused it; the scenario and the checks are sources too.
    pub source: u32,
    /// How many events that source had caused before.
    pub sequence: u32,
}

impl Key {
    /// The key of the event number `sequence` of `source`, due at `time`.
    #[must_use]
    pub const fn new(time: Time, source: u32, sequence: u32) -> Self {
        Self {
            time,
            source,
            sequence,
        }
    }

    /// The three fields as one number that orders the same way.
    #[must_use]
    pub const fn rank(self) -> u128 {
        (self.time.0 as u128) << 64 | (self.source as u128) << 32 | self.sequence as u128
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Pending events, given out in the order of their keys.
///
/// There is no taking out of the middle: who may change their mind about a timer keeps a generation
/// in it and ignores the event when it comes.
pub trait Queue<T: Copy>: Clone + Default {
    /// Adds an event. One that is already late is the next to come.
    fn push(&mut self, key: Key, item: T);

    /// Takes the first event that happens before `until`, if there is one.
    fn pop_before(&mut self, until: Time) -> Option<(Key, T)>;

    /// When the first event happens. May look at many events; a loop wants [`pop_before`] instead.
    ///
    /// [`pop_before`]: Queue::pop_before
    fn next_time(&self) -> Option<Time>;

    /// How many events are pending.
    fn len(&self) -> usize;

    /// The memory it holds, in bytes.
    fn memory(&self) -> usize;

    /// Whether nothing is pending.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the first event. (One at [`Time::NEVER`] never comes.)
    fn pop(&mut self) -> Option<(Key, T)> {
        self.pop_before(Time::NEVER)
    }

    /// The event `ahead` places behind the next one, where the queue happens to know: a hint as to
    /// what memory will be wanted soon, not a promise (what is pushed meanwhile may come first).
    fn glance(&self, ahead: usize) -> Option<&T> {
        let _ = ahead;
        None
    }
}

/// What happens to the events of a run.
pub trait World<T: Copy> {
    /// Lets one event happen; what follows from it goes into `queue`.
    fn handle<Q: Queue<T>>(&mut self, key: Key, item: T, queue: &mut Q);
}

/// Lets everything before `until` happen; how many events that was.
pub fn run<T: Copy, Q: Queue<T>, W: World<T>>(queue: &mut Q, world: &mut W, until: Time) -> u64 {
    let mut events = 0;
    while let Some((key, item)) = queue.pop_before(until) {
        world.handle(key, item, queue);
        events += 1;
    }
    events
}

#[cfg(test)]
mod tests;

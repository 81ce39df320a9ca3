//! The fast queue: a hierarchical timing wheel.
//!
//! Eight levels of 64 slots, in ticks of 131 µs. An event goes to the level of the highest digit (in
//! base 64) in which its tick differs from the present one, so a slot of level 0 holds one tick and
//! is sorted by key when its turn comes; a slot of a higher level is dealt out to the levels below.
//! Whatever happens at the present tick or before it goes to a small heap beside.
//!
//! Events lie in chunks of 32 that all slots share: a slot that was full once keeps nothing.

use super::heap::Heap;
use super::{Key, Queue};
use crate::time::Time;

/// A tick is 2^17 ns: latencies are longer, so an event seldom causes another in its own tick.
const TICK_BITS: u32 = 17;
/// 64 slots a level: one word of occupancy.
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// 8 * 6 bits of ticks and 17 below them: all of [`Time`].
const LEVELS: usize = 8;
/// Events to a chunk.
const CHUNK: usize = 32;
/// No chunk.
const NONE: u32 = u32::MAX;

/// Pending events in a timing wheel: as fast with millions pending as with thousands.
#[derive(Clone, Debug)]
pub struct Wheel<T> {
    /// The tick whose slot was opened last.
    tick: u64,
    /// Which slots of a level hold something.
    occupied: [u64; LEVELS],
    slots: [[Slot; SLOTS]; LEVELS],
    /// Chunk `c` is `pool[c * CHUNK..][..CHUNK]`.
    pool: Vec<(Key, T)>,
    /// The chunk after a chunk, in its slot or among the free ones.
    next: Vec<u32>,
    /// The first free chunk.
    free: u32,
    /// The opened slot, last first: where in `pool` the events are, below their order in the tick.
    open: Vec<u128>,
    /// Its chunks; free once `open` is empty.
    opened: Slot,
    /// What is due at `tick` or before and was not there when it was opened.
    late: Heap<T>,
    len: usize,
}

/// A chain of chunks, all full but the first.
#[derive(Clone, Copy, Debug)]
struct Slot {
    first: u32,
    /// Events in the first chunk.
    filled: u32,
}

const EMPTY: Slot = Slot {
    first: NONE,
    filled: 0,
};

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self {
            tick: 0,
            occupied: [0; LEVELS],
            slots: [[EMPTY; SLOTS]; LEVELS],
            pool: Vec::new(),
            next: Vec::new(),
            free: NONE,
            open: Vec::new(),
            opened: EMPTY,
            late: Heap::default(),
            len: 0,
        }
    }
}

const fn tick_of(time: Time) -> u64 {
    time.0 >> TICK_BITS
}

/// Where an event of `tick` waits while `present` is the opened tick.
const fn place(tick: u64, present: u64) -> (usize, usize) {
    let digit = (63 - ((tick ^ present) | 1).leading_zeros()) / DIGIT_BITS;
    let slot = tick >> (digit * DIGIT_BITS) & (SLOTS as u64 - 1);
    (digit as usize, slot as usize)
}

/// An event's order among those of its tick, with its place in the pool in the low bits.
const fn rank_in_tick(key: Key, at: u32) -> u128 {
    let since_tick = key.time.0 & ((1 << TICK_BITS) - 1);
    (since_tick as u128) << 96
        | (key.source as u128) << 64
        | (key.sequence as u128) << 32
        | at as u128
}

impl<T: Copy> Wheel<T> {
    /// Puts an event into the slot of its tick, which is later than the present one or, while a slot
    /// is being dealt out, equal to it.
    fn store(&mut self, key: Key, item: T) {
        let (level, at) = place(tick_of(key.time), self.tick);
        self.occupied[level] |= 1 << at;
        let mut slot = self.slots[level][at];
        if slot.first == NONE || slot.filled as usize == CHUNK {
            slot = self.grow(slot, (key, item));
        }
        self.pool[slot.first as usize * CHUNK + slot.filled as usize] = (key, item);
        slot.filled += 1;
        self.slots[level][at] = slot;
    }

    /// Chains an empty chunk before a slot's first.
    fn grow(&mut self, slot: Slot, filler: (Key, T)) -> Slot {
        let chunk = if self.free == NONE {
            let fresh = self.next.len() as u32;
            self.next.push(NONE);
            self.pool.resize(self.pool.len() + CHUNK, filler);
            fresh
        } else {
            let chunk = self.free;
            self.free = self.next[chunk as usize];
            chunk
        };
        self.next[chunk as usize] = slot.first;
        Slot {
            first: chunk,
            filled: 0,
        }
    }

    /// Takes everything out of a slot of the wheel.
    fn take(&mut self, level: usize, at: usize) -> Slot {
        self.occupied[level] &= !(1 << at);
        std::mem::replace(&mut self.slots[level][at], EMPTY)
    }

    /// Gives back the first chunk of a chain; the rest of it.
    fn release(&mut self, slot: Slot) -> Slot {
        let chunk = slot.first as usize;
        let rest = Slot {
            first: self.next[chunk],
            filled: CHUNK as u32,
        };
        self.next[chunk] = self.free;
        self.free = slot.first;
        rest
    }

    /// Opens the next slot that holds anything, unless all of it is at `until` or later.
    fn advance(&mut self, until: Time) -> bool {
        while self.opened.first != NONE {
            self.opened = self.release(self.opened);
        }
        while let Some(level) = self.occupied.iter().position(|&slots| slots != 0) {
            let at = self.occupied[level].trailing_zeros() as usize;
            let below = DIGIT_BITS * level as u32;
            let digit = (SLOTS as u64 - 1) << below;
            let start = (self.tick & !digit | (at as u64) << below) >> below << below;
            if start << TICK_BITS >= until.0 {
                return false;
            }
            self.tick = start;
            let slot = self.take(level, at);
            if level == 0 {
                self.sort(slot);
                return true;
            }
            self.deal(slot);
        }
        false
    }

    /// Deals the events of a slot out to the levels below.
    fn deal(&mut self, mut slot: Slot) {
        while slot.first != NONE {
            let from = slot.first as usize * CHUNK;
            for at in from..from + slot.filled as usize {
                let (key, item) = self.pool[at];
                self.store(key, item);
            }
            slot = self.release(slot);
        }
    }

    /// Makes a slot of one tick the opened one.
    fn sort(&mut self, slot: Slot) {
        self.opened = slot;
        let mut rest = slot;
        while rest.first != NONE {
            let from = rest.first as usize * CHUNK;
            let events = &self.pool[from..from + rest.filled as usize];
            self.open.extend(
                (from as u32..)
                    .zip(events)
                    .map(|(at, &(key, _))| rank_in_tick(key, at)),
            );
            rest = Slot {
                first: self.next[rest.first as usize],
                filled: CHUNK as u32,
            };
        }
        self.open.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// The first event of the opened slot.
    fn opened(&self) -> Option<&(Key, T)> {
        self.open
            .last()
            .map(|&rank| &self.pool[rank as u32 as usize])
    }

    /// The first event that is due at the present tick or before.
    fn present(&self) -> Option<Key> {
        let opened = self.opened().map(|&(key, _)| key);
        match (opened, self.late.first()) {
            (Some(opened), Some(late)) => Some(opened.min(late)),
            (opened, late) => opened.or(late),
        }
    }
}

impl<T: Copy> Queue<T> for Wheel<T> {
    fn push(&mut self, key: Key, item: T) {
        self.len += 1;
        if tick_of(key.time) <= self.tick {
            self.late.push(key, item);
        } else {
            self.store(key, item);
        }
    }

    fn pop_before(&mut self, until: Time) -> Option<(Key, T)> {
        if self.open.is_empty() && self.late.is_empty() && !self.advance(until) {
            return None;
        }
        let event = match (self.opened(), self.late.first()) {
            (Some(&(key, item)), late) if late.is_none_or(|late| key < late) => {
                if key.time >= until {
                    return None;
                }
                self.open.pop();
                (key, item)
            }
            _ => self.late.pop_before(until)?,
        };
        self.len -= 1;
        Some(event)
    }

    fn next_time(&self) -> Option<Time> {
        if let Some(key) = self.present() {
            return Some(key.time);
        }
        let level = self.occupied.iter().position(|&slots| slots != 0)?;
        let mut slot = self.slots[level][self.occupied[level].trailing_zeros() as usize];
        let mut first = Time::NEVER;
        while slot.first != NONE {
            let from = slot.first as usize * CHUNK;
            for (key, _) in &self.pool[from..from + slot.filled as usize] {
                first = first.min(key.time);
            }
            slot = Slot {
                first: self.next[slot.first as usize],
                filled: CHUNK as u32,
            };
        }
        Some(first)
    }

    fn len(&self) -> usize {
        self.len
    }

    fn memory(&self) -> usize {
        size_of::<Self>()
            + self.pool.capacity() * size_of::<(Key, T)>()
            + self.next.capacity() * size_of::<u32>()
            + self.open.capacity() * size_of::<u128>()
            + self.late.memory()
    }

    fn glance(&self, ahead: usize) -> Option<&T> {
        let at = self.open.len().checked_sub(ahead + 1)?;
        Some(&self.pool[self.open[at] as u32 as usize].1)
    }
}

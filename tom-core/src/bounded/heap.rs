//! Storage on the heap: its capacity is chosen at run time and fixed from then on. `new` takes the
//! memory at once and never again; `lazy` takes it as cells are first used.
//!
//! Growing moves entries and leaves what they held in memory that was given back: `lazy` is for
//! simulators, whose secrets are nobody's.

use super::{
    Block, Bucket, Cell, Entry, Grown, Meta, Pool, PoolMeta, Seed2, Slab, SlabMeta, Slot, Table,
    TimerCell, Timers, TimersMeta,
};

#[cfg(test)]
mod tests;

/// The storage of a [`Table`], on the heap.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct HeapTable<T> {
    slots: Grown<Slot<T>>,
    buckets: Grown<Bucket>,
    meta: Meta,
}

/// The storage of [`Timers`], on the heap.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct HeapTimers {
    cells: Grown<TimerCell>,
    meta: TimersMeta,
}

/// The storage of a [`Pool`], on the heap.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct HeapPool {
    blocks: Grown<Block>,
    meta: PoolMeta,
}

/// The storage of a [`Slab`], on the heap.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct HeapSlab<T> {
    cells: Grown<Cell<T>>,
    meta: SlabMeta,
}

impl<T> HeapTable<T> {
    /// An empty table of at most `capacity` entries without a hash seed; see
    /// [`HeapTable::set_seed`].
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            slots: Grown::whole(capacity),
            buckets: Grown::whole(capacity),
            meta: Meta::new(),
        }
    }

    /// The same with memory taken as cells are first used.
    #[must_use]
    pub fn lazy(capacity: u32) -> Self {
        Self {
            slots: Grown::lazy(capacity),
            buckets: Grown::lazy(capacity),
            meta: Meta::new(),
        }
    }

    /// Sets the hash seed; refused (`false`) while there are entries.
    pub fn set_seed(&mut self, seed: Seed2) -> bool {
        self.meta.set_seed(seed)
    }

    /// The number of entries now and at most so far.
    #[must_use]
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }
}

impl<T: Entry> HeapTable<T> {
    /// Gives back the memory of slots behind the last entry. What is known of them stays, so that they
    /// are used again in the same order.
    pub fn give_back(&mut self) {
        self.slots.give_back(|slot| !slot.is_vacant());
    }

    /// The table.
    pub fn view(&mut self) -> Table<'_, T> {
        Table::over(self.slots.lend(), self.buckets.lend(), &mut self.meta)
    }
}

impl HeapTimers {
    /// No deadline set, for slots numbered below `capacity`.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            cells: Grown::whole(capacity),
            meta: TimersMeta::new(),
        }
    }

    /// The same with memory taken as cells are first used.
    #[must_use]
    pub fn lazy(capacity: u32) -> Self {
        Self {
            cells: Grown::lazy(capacity),
            meta: TimersMeta::new(),
        }
    }

    /// Gives the memory back when no deadline is set.
    pub fn give_back(&mut self) {
        let set = self.meta.any();
        self.cells.give_back(|_| set);
    }

    /// The timers.
    pub fn view(&mut self) -> Timers<'_> {
        Timers::over(self.cells.lend(), &mut self.meta)
    }
}

impl HeapPool {
    /// `blocks` free blocks.
    #[must_use]
    pub fn new(blocks: u32) -> Self {
        Self {
            blocks: Grown::whole(blocks),
            meta: PoolMeta::new(),
        }
    }

    /// The same with memory taken as cells are first used.
    #[must_use]
    pub fn lazy(blocks: u32) -> Self {
        Self {
            blocks: Grown::lazy(blocks),
            meta: PoolMeta::new(),
        }
    }

    /// The number of blocks in use now and at most so far.
    #[must_use]
    pub const fn meta(&self) -> &PoolMeta {
        &self.meta
    }

    /// Gives the memory back when there is no payload.
    pub fn give_back(&mut self) {
        let used = !self.meta.start_over();
        self.blocks.give_back(|_| used);
    }

    /// The pool.
    pub fn view(&mut self) -> Pool<'_> {
        Pool::over(self.blocks.lend(), &mut self.meta)
    }
}

impl<T> HeapSlab<T> {
    /// `capacity` vacant cells.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            cells: Grown::whole(capacity),
            meta: SlabMeta::new(),
        }
    }

    /// The same with memory taken as cells are first used.
    #[must_use]
    pub fn lazy(capacity: u32) -> Self {
        Self {
            cells: Grown::lazy(capacity),
            meta: SlabMeta::new(),
        }
    }

    /// The number of elements now and at most so far.
    #[must_use]
    pub const fn meta(&self) -> &SlabMeta {
        &self.meta
    }

    /// Gives the memory back when there is no element.
    pub fn give_back(&mut self) {
        let used = !self.meta.start_over();
        self.cells.give_back(|_| used);
    }

    /// The slab.
    pub fn view(&mut self) -> Slab<'_, T> {
        Slab::over(self.cells.lend(), &mut self.meta)
    }
}

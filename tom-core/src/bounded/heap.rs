//! Storage on the heap: sized once at run time, never again.

use alloc::boxed::Box;
use core::iter::repeat_with;

use super::{
    Block, Bucket, Cell, Entry, Meta, Pool, PoolMeta, Seed2, Slab, SlabMeta, Slot, Table,
    TimerCell, Timers, TimersMeta,
};

#[cfg(test)]
mod tests;

/// The storage of a [`Table`], on the heap.
#[derive(Debug)]
pub struct HeapTable<T> {
    slots: Box<[Slot<T>]>,
    buckets: Box<[Bucket]>,
    meta: Meta,
}

/// The storage of [`Timers`], on the heap.
#[derive(Debug)]
pub struct HeapTimers {
    cells: Box<[TimerCell]>,
    meta: TimersMeta,
}

/// The storage of a [`Pool`], on the heap.
#[derive(Debug)]
pub struct HeapPool {
    blocks: Box<[Block]>,
    meta: PoolMeta,
}

/// The storage of a [`Slab`], on the heap.
#[derive(Debug)]
pub struct HeapSlab<T> {
    cells: Box<[Cell<T>]>,
    meta: SlabMeta,
}

fn boxed<C: Default>(capacity: u32) -> Box<[C]> {
    repeat_with(C::default).take(capacity as usize).collect()
}

impl<T> HeapTable<T> {
    /// An empty table of at most `capacity` entries without a hash seed; see
    /// [`HeapTable::set_seed`].
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            slots: boxed(capacity),
            buckets: boxed(capacity),
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
    /// The table.
    pub fn view(&mut self) -> Table<'_, T> {
        Table::new(&mut self.slots, &mut self.buckets, &mut self.meta)
    }
}

impl HeapTimers {
    /// No deadline set, for slots numbered below `capacity`.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            cells: boxed(capacity),
            meta: TimersMeta::new(),
        }
    }

    /// The timers.
    pub fn view(&mut self) -> Timers<'_> {
        Timers::new(&mut self.cells, &mut self.meta)
    }
}

impl HeapPool {
    /// `blocks` free blocks.
    #[must_use]
    pub fn new(blocks: u32) -> Self {
        Self {
            blocks: boxed(blocks),
            meta: PoolMeta::new(),
        }
    }

    /// The number of blocks in use now and at most so far.
    #[must_use]
    pub const fn meta(&self) -> &PoolMeta {
        &self.meta
    }

    /// The pool.
    pub fn view(&mut self) -> Pool<'_> {
        Pool::new(&mut self.blocks, &mut self.meta)
    }
}

impl<T> HeapSlab<T> {
    /// `capacity` vacant cells.
    #[must_use]
    pub fn new(capacity: u32) -> Self {
        Self {
            cells: boxed(capacity),
            meta: SlabMeta::new(),
        }
    }

    /// The number of elements now and at most so far.
    #[must_use]
    pub const fn meta(&self) -> &SlabMeta {
        &self.meta
    }

    /// The slab.
    pub fn view(&mut self) -> Slab<'_, T> {
        Slab::new(&mut self.cells, &mut self.meta)
    }
}

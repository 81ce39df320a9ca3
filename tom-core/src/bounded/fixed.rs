//! Storage in arrays: sizes are part of the type, everything can lie in a static.

use super::{
    Block, Bucket, Cell, Entry, Meta, Pool, PoolMeta, Seed2, Slab, SlabMeta, Slot, Table,
    TimerCell, Timers, TimersMeta,
};

/// The storage of a [`Table`] of at most `N` entries.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct FixedTable<T, const N: usize> {
    slots: [Slot<T>; N],
    buckets: [Bucket; N],
    meta: Meta,
}

/// The storage of [`Timers`] for `N` slots.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct FixedTimers<const N: usize> {
    cells: [TimerCell; N],
    meta: TimersMeta,
}

/// The storage of a [`Pool`] of `N` blocks.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct FixedPool<const N: usize> {
    blocks: [Block; N],
    meta: PoolMeta,
}

/// The storage of a [`Slab`] of `N` cells.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct FixedSlab<T, const N: usize> {
    cells: [Cell<T>; N],
    meta: SlabMeta,
}

impl<T, const N: usize> FixedTable<T, N> {
    /// An empty table without a hash seed; see [`FixedTable::set_seed`].
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [const { Slot::new() }; N],
            buckets: [const { Bucket::new() }; N],
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

impl<T: Entry, const N: usize> FixedTable<T, N> {
    /// The table.
    pub fn view(&mut self) -> Table<'_, T> {
        Table::new(&mut self.slots, &mut self.buckets, &mut self.meta)
    }
}

impl<const N: usize> FixedTimers<N> {
    /// No deadline set.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cells: [const { TimerCell::new() }; N],
            meta: TimersMeta::new(),
        }
    }

    /// The timers.
    pub fn view(&mut self) -> Timers<'_> {
        Timers::new(&mut self.cells, &mut self.meta)
    }
}

impl<const N: usize> FixedPool<N> {
    /// All blocks free.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            blocks: [const { Block::new() }; N],
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

impl<T, const N: usize> FixedSlab<T, N> {
    /// All cells vacant.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cells: [const { Cell::new() }; N],
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

impl<T, const N: usize> Default for FixedTable<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Default for FixedTimers<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Default for FixedPool<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Default for FixedSlab<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

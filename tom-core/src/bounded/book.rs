//! The bookkeeping of a [`Table`](super::Table): which slots are taken, in which order, in which
//! bucket. It knows no entry, so that its code is there once, not once per type.

use super::index::count;
use super::{Hash, Idx, Seed2};

/// One bucket of a table, and all that is known of one slot but its entry.
///
/// Cell `i` carries two unrelated things: where bucket `i` begins, and the hash and neighbours of the
/// entry in slot `i`. So a search walks these small cells, which lie close together, and touches a
/// slot only when the whole hash fits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    head: Idx,
    hash: Hash,
    /// The next entry in the same bucket.
    chain: Idx,
    prev: Idx,
    /// The next entry in insertion order; of a vacant slot the next vacant one.
    next: Idx,
}

impl Bucket {
    /// An unused cell.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            head: Idx::NONE,
            hash: Hash::NONE,
            chain: Idx::NONE,
            prev: Idx::NONE,
            next: Idx::NONE,
        }
    }

    /// The next entry in insertion order.
    pub(super) const fn next(&self) -> Idx {
        self.next
    }
}

/// The counts and ends of one table; stays with its slots and buckets for life.
#[derive(Debug, Default)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct Meta {
    pub(super) seed: Seed2,
    pub(super) len: u32,
    /// Slots used at least once. Vacated slots are used before untouched ones, so this is also the
    /// largest number of entries there ever was.
    pub(super) touched: u32,
    vacated: Idx,
    pub(super) oldest: Idx,
    pub(super) newest: Idx,
}

impl Meta {
    /// The bookkeeping of an empty table without a hash seed; see [`Meta::set_seed`].
    #[must_use]
    pub const fn new() -> Self {
        Self::seeded(Seed2([0; 2]))
    }

    /// The bookkeeping of an empty table.
    #[must_use]
    pub const fn seeded(seed: Seed2) -> Self {
        let none = Idx::NONE;
        Self {
            seed,
            len: 0,
            touched: 0,
            vacated: none,
            oldest: none,
            newest: none,
        }
    }

    /// Sets the hash seed; refused (`false`) while there are entries, since they would be lost.
    pub fn set_seed(&mut self, seed: Seed2) -> bool {
        let empty = self.len == 0;
        if empty {
            self.seed = seed;
        }
        empty
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The largest number of entries there ever was.
    #[must_use]
    pub const fn high_water(&self) -> u32 {
        self.touched
    }

    /// The slot the next entry goes to, if the table has it.
    pub(super) fn vacant(&self) -> Idx {
        if self.vacated.is_none() {
            Idx::new(self.touched)
        } else {
            self.vacated
        }
    }
}

/// A walk along one bucket's chain that stops where the whole hash fits.
pub(super) struct Walk<'b> {
    cells: &'b [Bucket],
    hash: Hash,
    at: Idx,
    /// Bounds the walk even over cells of different tables.
    left: u32,
}

impl<'b> Walk<'b> {
    pub(super) fn new(cells: &'b [Bucket], meta: &Meta, hash: Hash) -> Self {
        let first = cells.get(hash.bucket(count(cells)));
        Self {
            cells,
            hash,
            at: first.map_or(Idx::NONE, |cell| cell.head),
            left: meta.len,
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Idx;

    fn next(&mut self) -> Option<Idx> {
        while let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let at = self.at;
            let cell = self.cells.get(at.at())?;
            self.at = cell.chain;
            if cell.hash == self.hash {
                return Some(at);
            }
        }
        None
    }
}

/// The cells and the counts together, to change them.
pub(super) struct Book<'b> {
    pub(super) cells: &'b mut [Bucket],
    pub(super) meta: &'b mut Meta,
}

impl Book<'_> {
    /// Makes the vacant slot `idx` the newest entry, under this hash; `false` when there is no such
    /// cell.
    pub(super) fn occupy(&mut self, idx: Idx, hash: Hash) -> bool {
        let bucket = hash.bucket(count(self.cells));
        let Some(chain) = self.cells.get(bucket).map(|cell| cell.head) else {
            return false;
        };
        let Some(cell) = self.cells.get_mut(idx.at()) else {
            return false;
        };
        if self.meta.vacated.is_none() {
            self.meta.touched += 1;
        } else {
            self.meta.vacated = cell.next;
        }
        (cell.hash, cell.chain) = (hash, chain);
        if let Some(cell) = self.cells.get_mut(bucket) {
            cell.head = idx;
        }
        self.append(idx);
        self.meta.len += 1;
        true
    }

    /// Chains every entry anew, over as many buckets as there are cells now.
    #[cold]
    #[inline(never)]
    pub(super) fn rechain(&mut self) {
        let buckets = count(self.cells);
        for cell in self.cells.iter_mut() {
            cell.head = Idx::NONE;
        }
        let mut at = self.meta.oldest;
        for _ in 0..self.meta.len {
            let Some((hash, next)) = self.cells.get(at.at()).map(|cell| (cell.hash, cell.next))
            else {
                return;
            };
            let Some(bucket) = self.cells.get_mut(hash.bucket(buckets)) else {
                return;
            };
            let chain = core::mem::replace(&mut bucket.head, at);
            if let Some(cell) = self.cells.get_mut(at.at()) {
                cell.chain = chain;
            }
            at = next;
        }
    }

    /// Takes a slot whose entry is gone out of its bucket and the order, and keeps it for reuse.
    pub(super) fn vacate(&mut self, idx: Idx) {
        self.unchain(idx);
        self.unlink(idx);
        if let Some(cell) = self.cells.get_mut(idx.at()) {
            cell.prev = Idx::NONE;
            cell.next = self.meta.vacated;
            self.meta.vacated = idx;
        }
        self.meta.len = self.meta.len.saturating_sub(1);
    }

    /// Makes an entry the newest one.
    pub(super) fn touch(&mut self, idx: Idx) {
        if self.meta.newest != idx {
            self.unlink(idx);
            self.append(idx);
        }
    }

    /// Puts a slot at the end of the order.
    fn append(&mut self, idx: Idx) {
        let newest = self.meta.newest;
        if let Some(cell) = self.cells.get_mut(idx.at()) {
            cell.prev = newest;
            cell.next = Idx::NONE;
        }
        match self.cells.get_mut(newest.at()) {
            Some(cell) => cell.next = idx,
            None => self.meta.oldest = idx,
        }
        self.meta.newest = idx;
    }

    /// Takes a slot out of the order; its own links stay as they are.
    fn unlink(&mut self, idx: Idx) {
        let Some(cell) = self.cells.get(idx.at()) else {
            return;
        };
        let (prev, next) = (cell.prev, cell.next);
        match self.cells.get_mut(prev.at()) {
            Some(before) => before.next = next,
            None => self.meta.oldest = next,
        }
        match self.cells.get_mut(next.at()) {
            Some(behind) => behind.prev = prev,
            None => self.meta.newest = prev,
        }
    }

    /// Takes a slot out of its bucket's chain.
    fn unchain(&mut self, idx: Idx) {
        let Some(cell) = self.cells.get(idx.at()) else {
            return;
        };
        let (bucket, rest) = (cell.hash.bucket(count(self.cells)), cell.chain);
        let Some(first) = self.cells.get_mut(bucket) else {
            return;
        };
        if first.head == idx {
            first.head = rest;
            return;
        }
        let mut at = first.head;
        for _ in 0..self.meta.len {
            let Some(cell) = self.cells.get_mut(at.at()) else {
                return;
            };
            if cell.chain == idx {
                cell.chain = rest;
                return;
            }
            at = cell.chain;
        }
    }
}

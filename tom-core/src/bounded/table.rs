//! A map of bounded size that remembers the order of insertion.

use super::index::{count, usable};
use super::{Entry, Hash, Idx, Seed2};

#[cfg(test)]
mod tests;

/// Room for one entry of a [`Table`].
#[derive(Debug)]
pub struct Slot<T> {
    value: Option<T>,
    prev: Idx,
    /// The next entry in insertion order; in a vacant slot the next vacant one.
    next: Idx,
}

/// One bucket of a [`Table`], and what a search has to know of one slot.
///
/// Cell `i` carries two unrelated things: where bucket `i` begins, and the hash and successor of the
/// entry in slot `i`. So a search walks these small cells, which lie close together, and touches a
/// slot only when the whole hash fits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    head: Idx,
    hash: Hash,
    /// The next entry in the same bucket.
    chain: Idx,
}

impl Bucket {
    /// An unused cell.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            head: Idx::NONE,
            hash: Hash::NONE,
            chain: Idx::NONE,
        }
    }
}

/// The bookkeeping of one [`Table`]; stays with its slots and buckets for life.
#[derive(Debug, Default)]
pub struct Meta {
    seed: Seed2,
    len: u32,
    /// Slots used at least once. Vacated slots are used before untouched ones, so this is also the
    /// largest number of entries there ever was.
    touched: u32,
    vacated: Idx,
    oldest: Idx,
    newest: Idx,
}

/// A bounded map over borrowed storage: seeded chained hashing, iteration in insertion order.
///
/// Every operation is O(1) expected: bucket chains are as long as the seeded hash makes them, one
/// entry on average in a full table. No chain is longer than the number of entries.
#[derive(Debug)]
pub struct Table<'a, T: Entry> {
    slots: &'a mut [Slot<T>],
    buckets: &'a mut [Bucket],
    meta: &'a mut Meta,
}

impl<T> Slot<T> {
    /// A vacant slot.
    #[must_use]
    pub const fn new() -> Self {
        let none = Idx::NONE;
        Self {
            value: None,
            prev: none,
            next: none,
        }
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self::new()
    }
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
}

impl<'a, T: Entry> Table<'a, T> {
    /// A view over storage that was empty at first and is always used together.
    ///
    /// There are as many entries as there are slots and buckets, whichever are fewer.
    /// Mixing parts of different tables finds wrong entries or none, but never panics or hangs.
    #[must_use]
    pub fn new(slots: &'a mut [Slot<T>], buckets: &'a mut [Bucket], meta: &'a mut Meta) -> Self {
        Self {
            slots: usable(slots),
            buckets: usable(buckets),
            meta,
        }
    }

    /// The same view for a shorter time, to hand to a function.
    pub fn reborrow(&mut self) -> Table<'_, T> {
        Table {
            slots: self.slots,
            buckets: self.buckets,
            meta: self.meta,
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.meta.len
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.meta.len == 0
    }

    /// How many entries fit.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        count(self.slots).min(count(self.buckets))
    }

    /// Whether the next insertion is refused.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.meta.len >= self.capacity()
    }

    /// The largest number of entries there ever was.
    #[must_use]
    pub fn high_water(&self) -> u32 {
        self.meta.touched
    }

    /// The hash of a key, for [`Table::find_hashed`] and [`Table::insert_hashed`].
    #[must_use]
    pub fn hash(&self, key: &T::Key) -> Hash {
        self.meta.seed.hash(key)
    }

    /// The slot of the entry with this key.
    #[must_use]
    pub fn find(&self, key: &T::Key) -> Option<Idx> {
        self.find_hashed(self.hash(key), key)
    }

    /// Like [`Table::find`], with the hash of that same key.
    #[must_use]
    pub fn find_hashed(&self, hash: Hash, key: &T::Key) -> Option<Idx> {
        let mut at = self.buckets.get(self.bucket(hash))?.head;
        for _ in 0..self.meta.len {
            let cell = self.buckets.get(at.at())?;
            if cell.hash == hash && self.get(at).is_some_and(|value| value.key() == *key) {
                return Some(at);
            }
            at = cell.chain;
        }
        None
    }

    /// The entry in a slot.
    #[must_use]
    pub fn get(&self, idx: Idx) -> Option<&T> {
        self.slots.get(idx.at())?.value.as_ref()
    }

    /// The entry in a slot, to change anything but its key.
    #[must_use]
    pub fn get_mut(&mut self, idx: Idx) -> Option<&mut T> {
        self.slots.get_mut(idx.at())?.value.as_mut()
    }

    /// Adds an entry as the newest one.
    ///
    /// # Errors
    /// Hands the entry back when the table is full or already has one with this key.
    pub fn insert(&mut self, value: T) -> Result<Idx, T> {
        self.insert_hashed(self.hash(&value.key()), value)
    }

    /// Like [`Table::insert`], with the hash of the entry's own key. With another hash the entry
    /// is not found by its key, which is the caller's bug; slot number and order still reach it.
    ///
    /// # Errors
    /// Hands the entry back when the table is full or already has one with this key.
    pub fn insert_hashed(&mut self, hash: Hash, value: T) -> Result<Idx, T> {
        if self.is_full() || self.find_hashed(hash, &value.key()).is_some() {
            return Err(value);
        }
        let reused = self.meta.vacated;
        let idx = if reused.is_none() {
            Idx::new(self.meta.touched)
        } else {
            reused
        };
        let newest = self.meta.newest;
        let bucket = self.bucket(hash);
        let Some(chain) = self.buckets.get(bucket).map(|cell| cell.head) else {
            return Err(value);
        };
        let (Some(slot), Some(cell)) =
            (self.slots.get_mut(idx.at()), self.buckets.get_mut(idx.at()))
        else {
            return Err(value);
        };
        if reused.is_none() {
            self.meta.touched += 1;
        } else {
            self.meta.vacated = slot.next;
        }
        *slot = Slot {
            value: Some(value),
            prev: newest,
            next: Idx::NONE,
        };
        (cell.hash, cell.chain) = (hash, chain);
        if let Some(cell) = self.buckets.get_mut(bucket) {
            cell.head = idx;
        }
        self.append(newest, idx);
        self.meta.len += 1;
        Ok(idx)
    }

    /// Takes an entry out. The bytes of a moved value stay in the slot until it is used again:
    /// entries with secrets leave through [`Table::discard`].
    pub fn remove(&mut self, idx: Idx) -> Option<T> {
        let slot = self.slots.get_mut(idx.at())?;
        let value = slot.value.take()?;
        self.vacate(idx);
        Some(value)
    }

    /// Drops an entry where it lies, so that one which wipes itself on drop leaves nothing behind;
    /// `false` when there was none.
    pub fn discard(&mut self, idx: Idx) -> bool {
        let Some(slot) = self.slots.get_mut(idx.at()) else {
            return false;
        };
        if slot.value.is_none() {
            return false;
        }
        slot.value = None;
        self.vacate(idx);
        true
    }

    /// The entry inserted or touched the longest time ago.
    #[must_use]
    pub fn oldest(&self) -> Option<Idx> {
        self.meta.oldest.some()
    }

    /// The entry inserted or touched last.
    #[must_use]
    pub fn newest(&self) -> Option<Idx> {
        self.meta.newest.some()
    }

    /// The next newer entry; none after the newest and after a slot without entry.
    #[must_use]
    pub fn after(&self, idx: Idx) -> Option<Idx> {
        let slot = self.slots.get(idx.at())?;
        slot.value.as_ref()?;
        slot.next.some()
    }

    /// Every entry from the oldest to the newest.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter {
            slots: self.slots,
            at: self.meta.oldest,
            left: self.meta.len,
        }
    }

    /// Makes an entry the newest one; `false` when the slot has none.
    pub fn touch(&mut self, idx: Idx) -> bool {
        if self.get(idx).is_none() {
            return false;
        }
        if self.meta.newest != idx {
            self.unlink(idx);
            let newest = self.meta.newest;
            if let Some(slot) = self.slots.get_mut(idx.at()) {
                slot.prev = newest;
                slot.next = Idx::NONE;
            }
            self.append(newest, idx);
        }
        true
    }

    /// Drops every entry where it lies. O(entries).
    pub fn clear(&mut self) {
        while let Some(oldest) = self.oldest() {
            if !self.discard(oldest) {
                break;
            }
        }
    }

    fn bucket(&self, hash: Hash) -> usize {
        hash.bucket(count(self.buckets))
    }

    /// Makes `idx`, whose own links are set, the end of the order behind `newest`.
    fn append(&mut self, newest: Idx, idx: Idx) {
        match self.slots.get_mut(newest.at()) {
            Some(slot) => slot.next = idx,
            None => self.meta.oldest = idx,
        }
        self.meta.newest = idx;
    }

    /// Takes a slot out of the order; its own links stay as they are.
    fn unlink(&mut self, idx: Idx) {
        let Some(slot) = self.slots.get(idx.at()) else {
            return;
        };
        let (prev, next) = (slot.prev, slot.next);
        match self.slots.get_mut(prev.at()) {
            Some(before) => before.next = next,
            None => self.meta.oldest = next,
        }
        match self.slots.get_mut(next.at()) {
            Some(behind) => behind.prev = prev,
            None => self.meta.newest = prev,
        }
    }

    /// Takes a slot whose value is gone out of its bucket and the order, and keeps it for reuse.
    fn vacate(&mut self, idx: Idx) {
        self.unchain(idx);
        self.unlink(idx);
        if let Some(slot) = self.slots.get_mut(idx.at()) {
            slot.prev = Idx::NONE;
            slot.next = self.meta.vacated;
            self.meta.vacated = idx;
        }
        self.meta.len = self.meta.len.saturating_sub(1);
    }

    /// Takes a slot out of its bucket's chain.
    fn unchain(&mut self, idx: Idx) {
        let Some(cell) = self.buckets.get(idx.at()) else {
            return;
        };
        let (bucket, rest) = (self.bucket(cell.hash), cell.chain);
        let Some(first) = self.buckets.get_mut(bucket) else {
            return;
        };
        if first.head == idx {
            first.head = rest;
            return;
        }
        let mut at = first.head;
        for _ in 0..self.meta.len {
            let Some(cell) = self.buckets.get_mut(at.at()) else {
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

/// The entries of a table from the oldest to the newest; see [`Table::iter`].
#[derive(Debug)]
pub struct Iter<'a, T> {
    slots: &'a [Slot<T>],
    at: Idx,
    /// Bounds the walk even over storage of different tables.
    left: u32,
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self {
            slots: self.slots,
            at: self.at,
            left: self.left,
        }
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (Idx, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let idx = self.at;
        let slot = self.slots.get(idx.at())?;
        self.at = slot.next;
        Some((idx, slot.value.as_ref()?))
    }
}

//! A map of bounded size that remembers the order of insertion.

use super::book::{Book, Bucket, Meta, Walk};
use super::{Entry, Hash, Idx, Lent};

#[cfg(test)]
mod tests;

/// Room for one entry of a [`Table`].
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct Slot<T>(Option<T>);

/// A bounded map over borrowed storage: seeded chained hashing, iteration in insertion order.
/// Spec MEM-4.
///
/// Every operation is O(1) expected: bucket chains are as long as the seeded hash makes them, one
/// entry on average in a full table. No chain is longer than the number of entries.
#[derive(Debug)]
pub struct Table<'a, T: Entry> {
    slots: Lent<'a, Slot<T>>,
    buckets: Lent<'a, Bucket>,
    meta: &'a mut Meta,
}

impl<T> Slot<T> {
    /// A vacant slot.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    #[cfg(feature = "alloc")]
    pub(super) const fn is_vacant(&self) -> bool {
        self.0.is_none()
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, T: Entry> Table<'a, T> {
    /// A view over storage that was empty at first and is always used together.
    ///
    /// There are as many entries as there are slots and buckets, whichever are fewer.
    /// Mixing parts of different tables finds wrong entries or none, but never panics or hangs.
    #[must_use]
    pub fn new(slots: &'a mut [Slot<T>], buckets: &'a mut [Bucket], meta: &'a mut Meta) -> Self {
        Self::over(Lent::whole(slots), Lent::whole(buckets), meta)
    }

    pub(super) fn over(
        slots: Lent<'a, Slot<T>>,
        buckets: Lent<'a, Bucket>,
        meta: &'a mut Meta,
    ) -> Self {
        Self {
            slots,
            buckets,
            meta,
        }
    }

    /// The same view for a shorter time, to hand to a function.
    pub fn reborrow(&mut self) -> Table<'_, T> {
        Table {
            slots: self.slots.reborrow(),
            buckets: self.buckets.reborrow(),
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
        self.slots.limit().min(self.buckets.limit())
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
        let fits = |idx: &Idx| self.get(*idx).is_some_and(|value| value.key() == *key);
        Walk::new(&self.buckets, self.meta, hash).find(fits)
    }

    /// The entry in a slot.
    #[must_use]
    pub fn get(&self, idx: Idx) -> Option<&T> {
        self.slots.get(idx.at())?.0.as_ref()
    }

    /// The entry in a slot, to change anything but its key.
    #[must_use]
    pub fn get_mut(&mut self, idx: Idx) -> Option<&mut T> {
        self.slots.get_mut(idx.at())?.0.as_mut()
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
        // Where there are fewer buckets than slots, none is found for the entry below.
        let full = self.meta.len >= self.slots.limit();
        if full || self.find_hashed(hash, &value.key()).is_some() {
            return Err(value);
        }
        let idx = self.meta.vacant();
        let Some(slot) = self.slots.reach(idx).0.get_mut(idx.at()) else {
            return Err(value);
        };
        let (cells, more) = self.buckets.reach(idx);
        let meta = &mut *self.meta;
        let mut book = Book { cells, meta };
        if more {
            // The same entries over more buckets. Nothing else shows how they are spread.
            book.rechain();
        }
        if !book.occupy(idx, hash) {
            return Err(value);
        }
        slot.0 = Some(value);
        Ok(idx)
    }

    /// Takes an entry out. The bytes of a moved value stay in the slot until it is used again:
    /// entries with secrets leave through [`Table::discard`].
    pub fn remove(&mut self, idx: Idx) -> Option<T> {
        let value = self.slots.get_mut(idx.at())?.0.take()?;
        self.book().vacate(idx);
        Some(value)
    }

    /// Drops an entry where it lies, so that one which wipes itself on drop leaves nothing behind;
    /// `false` when there was none.
    pub fn discard(&mut self, idx: Idx) -> bool {
        let Some(slot) = self.slots.get_mut(idx.at()) else {
            return false;
        };
        if slot.0.is_none() {
            return false;
        }
        slot.0 = None;
        self.book().vacate(idx);
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
        self.get(idx)?;
        self.buckets.get(idx.at())?.next().some()
    }

    /// Every entry from the oldest to the newest.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter {
            slots: &self.slots,
            cells: &self.buckets,
            at: self.meta.oldest,
            left: self.meta.len,
        }
    }

    /// Makes an entry the newest one; `false` when the slot has none.
    pub fn touch(&mut self, idx: Idx) -> bool {
        if self.get(idx).is_none() {
            return false;
        }
        self.book().touch(idx);
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

    fn book(&mut self) -> Book<'_> {
        Book {
            cells: &mut self.buckets,
            meta: self.meta,
        }
    }
}

/// The entries of a table from the oldest to the newest; see [`Table::iter`].
#[derive(Debug)]
pub struct Iter<'a, T> {
    slots: &'a [Slot<T>],
    cells: &'a [Bucket],
    at: Idx,
    /// Bounds the walk even over storage of different tables.
    left: u32,
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self {
            slots: self.slots,
            cells: self.cells,
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
        self.at = self.cells.get(idx.at())?.next();
        Some((idx, self.slots.get(idx.at())?.0.as_ref()?))
    }
}

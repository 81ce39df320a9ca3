//! First-in-first-out lists that share one stock of slots.

use super::{Idx, Lent};

#[cfg(test)]
mod tests;

/// Room for one element of any list of a [`Slab`].
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct Cell<T> {
    value: Option<T>,
    /// The next element of the same list, or the next vacant cell.
    next: Idx,
}

/// The bookkeeping of one [`Slab`]; stays with its cells for life.
#[derive(Debug, Default)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct SlabMeta {
    used: u32,
    /// Cells used at least once; also the most elements there ever were.
    touched: u32,
    vacated: Idx,
    /// The same before the memory was last given back.
    #[cfg(feature = "alloc")]
    touched_before: u32,
}

/// One list of a [`Slab`]. It must be emptied there: a list that is dropped keeps its cells.
#[derive(Debug, Default)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct List {
    head: Idx,
    tail: Idx,
    len: u32,
}

/// The elements of many lists in borrowed cells.
///
/// A list given to another slab than its own finds wrong elements or none, but never panics or
/// hangs.
#[derive(Debug)]
pub struct Slab<'a, T> {
    cells: Lent<'a, Cell<T>>,
    meta: &'a mut SlabMeta,
}

impl<T> Cell<T> {
    /// A vacant cell.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            value: None,
            next: Idx::NONE,
        }
    }
}

impl<T> Default for Cell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl SlabMeta {
    /// The bookkeeping of a slab without elements.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            used: 0,
            touched: 0,
            vacated: Idx::NONE,
            #[cfg(feature = "alloc")]
            touched_before: 0,
        }
    }

    /// How many elements there are in all lists.
    #[must_use]
    pub const fn used(&self) -> u32 {
        self.used
    }

    /// The most elements there ever were.
    #[must_use]
    pub const fn high_water(&self) -> u32 {
        #[cfg(feature = "alloc")]
        if self.touched < self.touched_before {
            return self.touched_before;
        }
        self.touched
    }

    /// Forgets the vacated ones when there is no element: the next one goes to the first of them.
    #[cfg(feature = "alloc")]
    pub(super) fn start_over(&mut self) -> bool {
        let unused = self.used == 0;
        if unused {
            *self = Self {
                touched_before: self.high_water(),
                ..Self::new()
            };
        }
        unused
    }
}

impl List {
    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            head: Idx::NONE,
            tail: Idx::NONE,
            len: 0,
        }
    }

    /// How many elements the list has.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Whether the list has no element.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<'a, T> Slab<'a, T> {
    /// A view over cells that were vacant at first and always go with this bookkeeping.
    #[must_use]
    pub fn new(cells: &'a mut [Cell<T>], meta: &'a mut SlabMeta) -> Self {
        Self::over(Lent::whole(cells), meta)
    }

    pub(super) fn over(cells: Lent<'a, Cell<T>>, meta: &'a mut SlabMeta) -> Self {
        Self { cells, meta }
    }

    /// The same view for a shorter time, to hand to a function.
    pub fn reborrow(&mut self) -> Slab<'_, T> {
        Slab {
            cells: self.cells.reborrow(),
            meta: self.meta,
        }
    }

    /// How many elements fit in all lists together.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.cells.limit()
    }

    /// How many more elements fit.
    #[must_use]
    pub fn free(&self) -> u32 {
        self.capacity().saturating_sub(self.meta.used)
    }

    /// The most elements there ever were.
    #[must_use]
    pub fn high_water(&self) -> u32 {
        self.meta.high_water()
    }

    /// Adds an element behind the last one.
    ///
    /// # Errors
    /// Hands the element back when no cell is free.
    pub fn push_back(&mut self, list: &mut List, value: T) -> Result<(), T> {
        let reused = self.meta.vacated;
        let idx = if reused.is_none() {
            Idx::new(self.meta.touched)
        } else {
            reused
        };
        let (cells, _) = self.cells.reach(idx);
        let Some(cell) = cells.get_mut(idx.at()) else {
            return Err(value);
        };
        if reused.is_none() {
            self.meta.touched += 1;
        } else {
            self.meta.vacated = cell.next;
        }
        *cell = Cell {
            value: Some(value),
            next: Idx::NONE,
        };
        match cells.get_mut(list.tail.at()) {
            Some(last) => last.next = idx,
            None => list.head = idx,
        }
        list.tail = idx;
        list.len = list.len.saturating_add(1);
        self.meta.used = self.meta.used.saturating_add(1);
        Ok(())
    }

    /// Takes the first element. The bytes of a moved value stay in the cell until it is used
    /// again; [`Slab::retain`] and [`Slab::clear`] drop elements where they lie.
    pub fn pop_front(&mut self, list: &mut List) -> Option<T> {
        let idx = list.head;
        let cell = self.cells.get_mut(idx.at())?;
        let value = cell.value.take()?;
        let next = core::mem::replace(&mut cell.next, self.meta.vacated);
        self.meta.vacated = idx;
        self.meta.used = self.meta.used.saturating_sub(1);
        list.head = next;
        if next.is_none() {
            list.tail = Idx::NONE;
        }
        list.len = list.len.saturating_sub(1);
        Some(value)
    }

    /// The first element.
    #[must_use]
    pub fn peek_front(&self, list: &List) -> Option<&T> {
        self.cells.get(list.head.at())?.value.as_ref()
    }

    /// The first element, to change.
    #[must_use]
    pub fn peek_front_mut(&mut self, list: &List) -> Option<&mut T> {
        self.cells.get_mut(list.head.at())?.value.as_mut()
    }

    /// Every element from the first to the last.
    pub fn iter(&self, list: &List) -> impl Iterator<Item = &T> + Clone {
        let mut at = list.head;
        let cells = &*self.cells;
        (0..list.len).map_while(move |_| {
            let cell = cells.get(at.at())?;
            at = cell.next;
            cell.value.as_ref()
        })
    }

    /// Keeps the elements `keep` answers `true` for, in their order, and drops the others where
    /// they lie. `keep` may change what it is shown. O(length of the list).
    pub fn retain(&mut self, list: &mut List, mut keep: impl FnMut(&mut T) -> bool) {
        let mut at = core::mem::take(&mut list.head);
        let mut kept = Idx::NONE;
        for _ in 0..core::mem::take(&mut list.len) {
            let Some(cell) = self.cells.get_mut(at.at()) else {
                break;
            };
            let next = cell.next;
            if cell.value.as_mut().is_some_and(&mut keep) {
                match self.cells.get_mut(kept.at()) {
                    Some(last) => last.next = at,
                    None => list.head = at,
                }
                kept = at;
                list.len = list.len.saturating_add(1);
            } else {
                cell.value = None;
                cell.next = self.meta.vacated;
                self.meta.vacated = at;
                self.meta.used = self.meta.used.saturating_sub(1);
            }
            at = next;
        }
        list.tail = kept;
        if let Some(last) = self.cells.get_mut(kept.at()) {
            last.next = Idx::NONE;
        }
    }

    /// Drops every element of a list where it lies.
    pub fn clear(&mut self, list: &mut List) {
        self.retain(list, |_| false);
    }
}

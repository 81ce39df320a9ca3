//! One deadline per slot of a table, the earliest always at hand.

use super::{Idx, Lent};
use crate::time::Instant;

#[cfg(test)]
mod tests;

/// Room for one deadline of [`Timers`].
///
/// Cell `i` carries two unrelated things: the heap's `i`-th element, and where in the heap the
/// deadline of slot `i` stands. Together they are 16 bytes and need one slice.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimerCell {
    /// `None` in an unused cell, so that those are all zero.
    at: Option<Instant>,
    owner: Idx,
    place: Idx,
}

/// The bookkeeping of one [`Timers`]; stays with its cells for life.
#[derive(Debug, Default)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct TimersMeta {
    len: u32,
}

/// An indexed binary heap over borrowed cells: at most one deadline per slot number.
///
/// Equal deadlines are due in the order of their slot numbers.
#[derive(Debug)]
pub struct Timers<'a> {
    cells: Lent<'a, TimerCell>,
    meta: &'a mut TimersMeta,
}

/// What the heap is ordered by, so that no two elements are equal.
type Order = (Instant, Idx);

impl TimerCell {
    /// An unused cell.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            at: None,
            owner: Idx::NONE,
            place: Idx::NONE,
        }
    }
}

impl TimersMeta {
    /// The bookkeeping of timers none of which is set.
    #[must_use]
    pub const fn new() -> Self {
        Self { len: 0 }
    }

    /// Whether a deadline is set.
    #[cfg(feature = "alloc")]
    pub(super) const fn any(&self) -> bool {
        self.len > 0
    }
}

impl<'a> Timers<'a> {
    /// A view over cells that were unused at first and always go with this bookkeeping.
    #[must_use]
    pub fn new(cells: &'a mut [TimerCell], meta: &'a mut TimersMeta) -> Self {
        Self::over(Lent::whole(cells), meta)
    }

    pub(super) fn over(cells: Lent<'a, TimerCell>, meta: &'a mut TimersMeta) -> Self {
        Self { cells, meta }
    }

    /// The same view for a shorter time, to hand to a function.
    pub fn reborrow(&mut self) -> Timers<'_> {
        Timers {
            cells: self.cells.reborrow(),
            meta: self.meta,
        }
    }

    /// How many deadlines are set.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.meta.len
    }

    /// Whether no deadline is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.meta.len == 0
    }

    /// How many slots can have a deadline: those numbered below this.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.cells.limit()
    }

    /// Sets or moves the deadline of a slot; `false` when the slot number is out of range.
    pub fn set(&mut self, idx: Idx, at: Instant) -> bool {
        let (cells, _) = self.cells.reach(idx);
        let Some(cell) = cells.get(idx.at()) else {
            return false;
        };
        let place = match cell.place.get() {
            Some(place) => place,
            None => {
                let end = self.meta.len;
                if end as usize >= cells.len() {
                    return false;
                }
                self.meta.len = end + 1;
                end
            }
        };
        let len = self.meta.len;
        let mut heap = Heap { cells, len };
        let place = heap.sift_up(place, (at, idx));
        heap.sift_down(place, (at, idx));
        true
    }

    /// The deadline of a slot.
    #[must_use]
    pub fn get(&self, idx: Idx) -> Option<Instant> {
        let place = self.cells.get(idx.at())?.place.get()?;
        let (at, _) = element(&self.cells, self.meta.len, place)?;
        Some(at)
    }

    /// Takes the deadline of a slot away; `false` when it had none.
    pub fn clear(&mut self, idx: Idx) -> bool {
        let cells = &mut *self.cells;
        let Some(cell) = cells.get_mut(idx.at()) else {
            return false;
        };
        let Some(place) = core::mem::take(&mut cell.place).get() else {
            return false;
        };
        let last = self.meta.len.saturating_sub(1);
        let moved = element(cells, self.meta.len, last);
        self.meta.len = last;
        if let Some(moved) = moved.filter(|_| place < last) {
            let mut heap = Heap { cells, len: last };
            let place = heap.sift_up(place, moved);
            heap.sift_down(place, moved);
        }
        true
    }

    /// The earliest deadline and its slot.
    #[must_use]
    pub fn next(&self) -> Option<(Instant, Idx)> {
        element(&self.cells, self.meta.len, 0)
    }

    /// The slot of the earliest deadline if that is not later than `now`. It stays set: the caller
    /// sets it anew or clears it, or is told again.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<Idx> {
        self.next().filter(|(at, _)| *at <= now).map(|(_, idx)| idx)
    }

    /// Takes every deadline away. O(capacity).
    pub fn clear_all(&mut self) {
        self.cells.fill(TimerCell::new());
        self.meta.len = 0;
    }
}

/// The element at a place of the heap, which has `len` of them.
fn element(cells: &[TimerCell], len: u32, place: u32) -> Option<Order> {
    if place >= len {
        return None;
    }
    let cell = cells.get(place as usize)?;
    Some((cell.at?, cell.owner))
}

/// The elements of the heap, to move them.
struct Heap<'h> {
    cells: &'h mut [TimerCell],
    len: u32,
}

impl Heap<'_> {
    /// Writes an element and tells its owner where it stands.
    fn put(&mut self, place: u32, (at, owner): Order) {
        if let Some(cell) = self.cells.get_mut(place as usize) {
            cell.at = Some(at);
            cell.owner = owner;
        }
        if let Some(cell) = self.cells.get_mut(owner.at()) {
            cell.place = Idx::new(place);
        }
    }

    /// Moves the hole at `place` towards the root until `order` fits, and fills it.
    fn sift_up(&mut self, mut place: u32, order: Order) -> u32 {
        while place > 0 {
            let above = (place - 1) / 2;
            let Some(parent) =
                element(self.cells, self.len, above).filter(|parent| order < *parent)
            else {
                break;
            };
            self.put(place, parent);
            place = above;
        }
        self.put(place, order);
        place
    }

    /// Moves the hole at `place` towards the leaves until `order` fits, and fills it.
    fn sift_down(&mut self, start: u32, order: Order) {
        let mut place = start;
        while let Some((child, below)) = self.lesser_child(place).filter(|(_, c)| *c < order) {
            self.put(place, below);
            place = child;
        }
        if place != start {
            self.put(place, order);
        }
    }

    fn lesser_child(&self, place: u32) -> Option<(u32, Order)> {
        let left = place.checked_mul(2)?.checked_add(1)?;
        let first = element(self.cells, self.len, left)?;
        match left
            .checked_add(1)
            .and_then(|right| Some((right, element(self.cells, self.len, right)?)))
        {
            Some((right, second)) if second < first => Some((right, second)),
            _ => Some((left, first)),
        }
    }
}

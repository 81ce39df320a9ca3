//! Cells lent to a view: all there will ever be, or (feature `alloc`) those there are so far.
//!
//! A view hands out fresh cells in the order of their numbers and asks for each before it uses it,
//! so it cannot tell the two apart. Without an allocator this is a slice and nothing else.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::ops::{Deref, DerefMut};

use super::Idx;
use super::index::{count, usable};

/// The cells of one view.
#[derive(Debug)]
pub(crate) enum Lent<'a, C> {
    /// They are all there.
    Whole(&'a mut [C]),
    /// More come when they are asked for.
    #[cfg(feature = "alloc")]
    Growing(&'a mut Grown<C>),
}

/// Cells on the heap, and how many there may be.
#[cfg(feature = "alloc")]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
#[derive(Debug)]
pub(crate) struct Grown<C> {
    cells: Box<[C]>,
    limit: u32,
}

impl<'a, C> Lent<'a, C> {
    /// Cells that are all there.
    pub(crate) fn whole(cells: &'a mut [C]) -> Self {
        Self::Whole(usable(cells))
    }

    /// The same cells for a shorter time.
    #[inline]
    pub(super) fn reborrow(&mut self) -> Lent<'_, C> {
        match self {
            Self::Whole(cells) => Lent::Whole(cells),
            #[cfg(feature = "alloc")]
            Self::Growing(grown) => Lent::Growing(grown),
        }
    }

    /// How many cells there may be.
    #[inline]
    pub(crate) fn limit(&self) -> u32 {
        match self {
            Self::Whole(cells) => count(cells),
            #[cfg(feature = "alloc")]
            Self::Growing(grown) => grown.limit,
        }
    }
}

impl<C: Default> Lent<'_, C> {
    /// The cells with cell `idx` among them, if there may be one. True: they are more than before.
    #[inline]
    pub(super) fn reach(&mut self, idx: Idx) -> (&mut [C], bool) {
        match self {
            Self::Whole(cells) => {
                let _all_there = idx;
                (cells, false)
            }
            #[cfg(feature = "alloc")]
            Self::Growing(grown) => {
                let more = grown.reach(idx);
                (&mut grown.cells, more)
            }
        }
    }

    /// Makes all cells be there.
    #[inline]
    pub(crate) fn complete(&mut self) {
        match self {
            Self::Whole(_) => {}
            #[cfg(feature = "alloc")]
            Self::Growing(grown) => grown.grow(grown.limit),
        }
    }
}

impl<C> Deref for Lent<'_, C> {
    type Target = [C];

    #[inline]
    fn deref(&self) -> &[C] {
        match self {
            Self::Whole(cells) => cells,
            #[cfg(feature = "alloc")]
            Self::Growing(grown) => {
                seldom();
                &grown.cells
            }
        }
    }
}

impl<C> DerefMut for Lent<'_, C> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [C] {
        match self {
            Self::Whole(cells) => cells,
            #[cfg(feature = "alloc")]
            Self::Growing(grown) => {
                seldom();
                &mut grown.cells
            }
        }
    }
}

/// Tells the compiler which of two ways is to be the straight one.
#[cfg(feature = "alloc")]
#[cold]
const fn seldom() {}

/// Small cells come in steps of about this many bytes, so that the allocator is not asked for each.
#[cfg(feature = "alloc")]
const STEP: usize = 64;

#[cfg(feature = "alloc")]
impl<C: Default> Grown<C> {
    /// All the cells at once: nothing is allocated afterwards.
    pub(crate) fn whole(limit: u32) -> Self {
        let mut grown = Self::lazy(limit);
        grown.grow(grown.limit);
        grown
    }

    /// No cell yet.
    pub(crate) fn lazy(limit: u32) -> Self {
        Self {
            cells: Box::default(),
            limit: limit.min(Idx::MAX_SLOTS),
        }
    }

    /// Gives back the memory of all cells but those up to the last that is `used`. The others become
    /// fresh cells, which is what they must be already.
    pub(crate) fn give_back(&mut self, used: impl FnMut(&C) -> bool) {
        let keep = self.cells.iter().rposition(used).map_or(0, |last| last + 1);
        if keep < self.cells.len() {
            let mut all = core::mem::take(&mut self.cells).into_vec();
            all.truncate(keep);
            self.cells = all.into_boxed_slice();
        }
    }

    /// Lends the cells. Those that are all there are lent as any others are.
    #[inline]
    pub(crate) fn lend(&mut self) -> Lent<'_, C> {
        if self.cells.len() == self.limit as usize {
            Lent::Whole(&mut self.cells)
        } else {
            Lent::Growing(self)
        }
    }

    /// Takes as much memory as cell `at` needs, half as much again as there was, or the step.
    /// Not inlined, so that where all cells are there the code is as short as without.
    #[cold]
    #[inline(never)]
    fn reach(&mut self, idx: Idx) -> bool {
        let Some(at) = idx.get().filter(|at| *at < self.limit) else {
            return false;
        };
        let have = count(&self.cells);
        if at < have {
            return false;
        }
        let step = u32::try_from(STEP / size_of::<C>().max(1)).unwrap_or(1);
        let next = have.saturating_add((have / 2).max(step).max(1));
        self.grow(next.max(at + 1));
        true
    }

    fn grow(&mut self, cells: u32) {
        let cells = cells.min(self.limit) as usize;
        let mut all = core::mem::take(&mut self.cells).into_vec();
        // Exactly: what follows neither reallocates nor leaves spare room.
        all.reserve_exact(cells.saturating_sub(all.len()));
        all.resize_with(cells.max(all.len()), C::default);
        self.cells = all.into_boxed_slice();
    }
}

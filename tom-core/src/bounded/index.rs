//! The number of a slot.

/// Two bytes where there is no allocator and so no large table: an entry carries half a dozen.
#[cfg(feature = "alloc")]
type Raw = u32;
#[cfg(not(feature = "alloc"))]
type Raw = u16;

/// The number of a slot in one container, or [`Idx::NONE`]; all zero when none. Four bytes with
/// feature `alloc`, else two.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Idx(Raw);

impl Idx {
    /// No slot: every container answers it with nothing.
    pub const NONE: Self = Self(0);

    /// The most slots a container uses; storage beyond it stays unused.
    #[cfg_attr(
        feature = "alloc",
        expect(clippy::unnecessary_cast, reason = "narrower without alloc")
    )]
    pub const MAX_SLOTS: u32 = Raw::MAX as u32 - 1;

    /// The slot number `slot`, counted from 0; [`Idx::NONE`] from [`Idx::MAX_SLOTS`] on.
    #[must_use]
    pub const fn new(slot: u32) -> Self {
        if slot < Self::MAX_SLOTS {
            Self((slot + 1) as Raw)
        } else {
            Self::NONE
        }
    }

    /// The slot number counted from 0, for arrays that run beside a container.
    #[cfg_attr(
        feature = "alloc",
        expect(clippy::unnecessary_cast, reason = "narrower without alloc")
    )]
    #[must_use]
    pub const fn get(self) -> Option<u32> {
        (self.0 as u32).checked_sub(1)
    }

    /// Whether this names no slot.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// This number, unless it is [`Idx::NONE`].
    #[must_use]
    pub const fn some(self) -> Option<Self> {
        if self.is_none() { None } else { Some(self) }
    }

    /// The position in a slice. NONE wraps to one that no container's storage has, so that it
    /// needs no branch of its own.
    pub(super) const fn at(self) -> usize {
        (self.0 as usize).wrapping_sub(1)
    }
}

impl core::fmt::Debug for Idx {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.get() {
            Some(slot) => write!(f, "#{slot}"),
            None => f.write_str("#none"),
        }
    }
}

/// The cells a container uses; more than [`Idx`] can number stay unused.
pub(super) fn usable<C>(cells: &mut [C]) -> &mut [C] {
    let most = usize::try_from(Idx::MAX_SLOTS).unwrap_or(usize::MAX);
    // Asked for each table at each input, so the one case there is in practice comes first.
    if cells.len() <= most {
        return cells;
    }
    cells
        .split_at_mut_checked(most)
        .map_or(&mut [], |(used, _)| used)
}

/// The length of cells that went through [`usable`].
pub(super) fn count<C>(cells: &[C]) -> u32 {
    u32::try_from(cells.len()).unwrap_or(Idx::MAX_SLOTS)
}

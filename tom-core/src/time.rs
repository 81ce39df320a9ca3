//! Time as the core sees it: whole milliseconds of a clock the driver owns.
//!
//! The clock behind [`Instant`] must be monotonic *including suspend*. Wall time is another type,
//! [`UnixTime`], and never converts into an `Instant` silently. Spec: conventions, "Time".

use core::num::{NonZeroU32, NonZeroU64};

#[cfg(test)]
mod tests;

/// A moment on the driver's monotonic clock, in milliseconds since an arbitrary start.
///
/// Kept as one more than the milliseconds, so that an `Option` of it takes no more room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// Wall time in whole seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl Instant {
    /// The start of the clock.
    pub const ZERO: Self = Self(NonZeroU64::MIN);

    /// A moment `ms` milliseconds after the start of the clock, which ends after 2^64 - 2.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(ms))
    }

    /// Milliseconds since the start of the clock.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0.get() - 1
    }

    /// This moment plus `span`; saturates at the end of the clock.
    #[must_use]
    #[cfg_attr(not(feature = "alloc"), inline(never))]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The time from `earlier` to this moment; zero when `earlier` is later.
    #[must_use]
    #[cfg_attr(not(feature = "alloc"), inline(never))]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.get().saturating_sub(earlier.0.get()))
    }
}

impl Default for Instant {
    fn default() -> Self {
        Self::ZERO
    }
}

impl core::fmt::Debug for Instant {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Instant({})", self.as_millis())
    }
}

/// A span of at most 49 days in four bytes, also as an `Option`: for entries there are many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short(NonZeroU32);

impl Short {
    /// The span, or the longest there is.
    pub(crate) fn new(span: Span) -> Self {
        Self(NonZeroU32::MIN.saturating_add(u32::try_from(span.0).unwrap_or(u32::MAX)))
    }

    /// The span in full width.
    pub(crate) const fn span(self) -> Span {
        Span((self.0.get() - 1) as u64)
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `ms` milliseconds.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// A span of `s` seconds.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s.saturating_mul(1_000))
    }

    /// The span in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The span in whole seconds, rounded down.
    #[must_use]
    #[cfg_attr(not(feature = "alloc"), inline(never))]
    pub const fn as_secs(self) -> u64 {
        if cfg!(target_pointer_width = "64") {
            self.0 / 1_000
        } else {
            by_thousand(self.0)
        }
    }

    /// This span times `factor`, saturating.
    #[must_use]
    #[cfg_attr(not(feature = "alloc"), inline(never))]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl UnixTime {
    /// Wall time `s` seconds after the Unix epoch.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s)
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// This time plus whole seconds of `span`, saturating.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.as_secs()))
    }
}

/// `ms` / 1,000 by parts of 16 bits, rounded down: a 32-bit processor divides those by itself, while a
/// 64-bit division takes 900 bytes of flash.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a part is cut out of the number"
)]
const fn by_thousand(ms: u64) -> u64 {
    let (mut secs, mut rest, mut shift) = (0, 0, 64);
    while shift > 0 {
        shift -= 16;
        let part = rest << 16 | (ms >> shift) as u32 & 0xFFFF;
        secs = secs << 16 | (part / 1_000) as u64;
        rest = part % 1_000;
    }
    secs
}

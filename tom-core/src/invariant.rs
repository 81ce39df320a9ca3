//! Rules that hold unless this crate has a bug: they panic in debug builds and tests, and in release
//! builds drop the input, count it and say so with `Event::Bug`.

/// Which internal rule did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Bug {
    /// An entry named by a queue was gone.
    StaleEntry,
    /// A table refused an entry after its room was checked.
    RoomVanished,
    /// An encoder refused a value the core made itself.
    Encode,
}

/// Panics with `bug` in debug builds; in release builds does nothing but return it.
#[must_use]
pub(crate) fn broken(bug: Bug) -> Bug {
    debug_assert!(false, "invariant broken: {bug:?}");
    bug
}

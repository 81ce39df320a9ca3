//! Combining optional deadlines.

use crate::time::Instant;

/// The sooner of two optional deadlines. `Option::min` would lose one: `None` is the smallest there.
pub(super) fn sooner(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, None) => a,
        (None, b) => b,
    }
}

//! Wall time inside a node: what the driver or an authenticated neighbour said, carried forward by
//! the monotonic clock. Spec: conventions, "Time".

use crate::time::{Instant, UnixTime};

/// What the node believes wall time to be.
/// No timer runs on it: ends are told by it, as moments of the monotonic clock. Spec CON-10.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    set: Option<(Instant, UnixTime)>,
    /// The driver said so; a neighbour's word no longer counts.
    by_driver: bool,
}

impl Clock {
    /// Takes the driver's word.
    pub(crate) fn set(&mut self, now: Instant, unix: UnixTime) {
        self.set = Some((now, unix));
        self.by_driver = true;
    }

    /// Takes an authenticated neighbour's word when there is nothing better. Spec CON-12, LNK-12.
    pub(crate) fn hint(&mut self, now: Instant, unix: UnixTime) {
        if self.set.is_none() {
            self.set = Some((now, unix));
        }
    }

    /// Wall time at `now`, if known.
    pub(crate) fn unix(&self, now: Instant) -> Option<u64> {
        let (at, unix) = self.set?;
        Some(unix.as_secs().saturating_add(now.since(at).as_secs()))
    }

    /// The moment when wall time reaches `unix` seconds, if wall time is known.
    pub(crate) fn when(&self, unix: u64) -> Option<Instant> {
        let (at, base) = self.set?;
        let ahead = unix.saturating_sub(base.as_secs());
        Some(at.plus(crate::time::Span::from_secs(ahead)))
    }
}

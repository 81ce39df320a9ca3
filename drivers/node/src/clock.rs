//! The two clocks of this driver; nothing else in the crate reads one.
//!
//! Time for the engine is monotonic and goes on while the machine sleeps: retries that were due
//! during the night are due in the morning. Wall time is another thing, may step, and is only
//! handed on.

use tom_core::time::{Instant, UnixTime};

/// Milliseconds since an arbitrary start, suspend included. Spec DRV-11.
pub(crate) fn now() -> Instant {
    Instant::from_millis(nanos() / 1_000_000)
}

/// Nanoseconds since an arbitrary start, suspend included.
#[cfg(unix)]
fn nanos() -> u64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let id = rustix::time::ClockId::Boottime;
    // Elsewhere the monotonic clock counts suspend, or there is no better one.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let id = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(id);
    let secs = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    secs.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// Nanoseconds since the first call; the system's clock counts suspend.
#[cfg(not(unix))]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the monotonic clock is read"
)]
fn nanos() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(std::time::Instant::now);
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Wall time; 1970 when the system has none.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where wall time is read"
)]
pub(crate) fn unix() -> UnixTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    UnixTime::from_secs(since.map_or(0, |since| since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_forward_and_the_wall_clock_is_set() {
        let (a, b) = (nanos(), nanos());
        assert!(b >= a);
        assert!(
            unix().as_secs() > 1_700_000_000,
            "the system's clock is wrong"
        );
    }
}

//! Small integer rules used by several concerns, as pure functions. Spec: delivery, "Retry schedule".

use crate::time::{Instant, Span};

/// A token bucket: at most `capacity` at once, refilled at a steady rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// Thousandths of a token.
    milli: u32,
    capacity: u32,
    at: Instant,
}

impl Bucket {
    /// A bucket that starts full.
    pub(crate) const fn full(capacity: u32) -> Self {
        Self {
            milli: capacity.saturating_mul(1_000),
            capacity,
            at: Instant::ZERO,
        }
    }

    /// Takes one token when there is one, after refilling `per_minute` tokens a minute.
    pub(crate) fn take(&mut self, now: Instant, per_minute: u32) -> bool {
        let passed = now.since(self.at).as_millis();
        let gained = passed.saturating_mul(u64::from(per_minute)) / 60;
        if gained > 0 {
            let gained = u32::try_from(gained).unwrap_or(u32::MAX);
            let most = self.capacity.saturating_mul(1_000);
            self.milli = self.milli.saturating_add(gained).min(most);
            self.at = now;
        }
        if self.milli < 1_000 {
            return false;
        }
        self.milli -= 1_000;
        true
    }
}

/// One step of an exponential average with weight 1/4.
pub(crate) fn smooth(old: Option<Span>, sample: Span) -> Span {
    match old {
        None => sample,
        Some(old) => {
            Span::from_millis((old.as_millis().saturating_mul(3) + sample.as_millis()) / 4)
        }
    }
}

/// The wait before attempt `sends + 1`, `sends` counting those made: doubled each time, within bounds.
pub(crate) fn backoff(first: Span, max: Span, sends: u32) -> Span {
    let factor = 1u64 << sends.saturating_sub(1).min(20);
    let wait = first.times(factor);
    if wait > max { max } else { wait }
}

//! One direction of an access link: a first-in first-out queue, all of it one moment in time.

use crate::time::{Span, Time};

/// There is no room for the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// When there is, if nothing else comes.
    pub room_at: Time,
}

/// How fast a line is and how much waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Bits per second; 0 is unlimited.
    pub bits_per_second: u64,
    /// Bytes that wait at most, the packet being sent included.
    pub queue: u32,
}

impl Rate {
    /// How long so many bytes take, rounded up.
    #[must_use]
    pub const fn takes(self, bytes: u32) -> Span {
        if self.bits_per_second == 0 {
            return Span::ZERO;
        }
        let bits = bytes as u128 * 8 * 1_000_000_000;
        let ns = bits.div_ceil(self.bits_per_second as u128);
        Span(if ns > u64::MAX as u128 {
            u64::MAX
        } else {
            ns as u64
        })
    }
}

/// The state of one direction of an access link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// All it has taken is through by then.
    pub busy_until: Time,
}

impl Queue {
    /// When a packet that comes now is through; it is queued. Calls are in the order of time.
    pub const fn depart(&mut self, rate: Rate, now: Time, bytes: u32) -> Result<Time, Full> {
        if rate.bits_per_second == 0 {
            return Ok(now);
        }
        let room_at = self.room_at(rate, now, bytes);
        if room_at.0 > now.0 {
            return Err(Full { room_at });
        }
        let from = if self.busy_until.0 > now.0 {
            self.busy_until
        } else {
            now
        };
        self.busy_until = from.plus(rate.takes(bytes));
        Ok(self.busy_until)
    }

    /// When there is room for so many bytes: `now` or later. An idle line takes any packet, however
    /// small its queue.
    #[must_use]
    pub const fn room_at(&self, rate: Rate, now: Time, bytes: u32) -> Time {
        let before = rate.takes(rate.queue.saturating_sub(bytes));
        let at = Time(self.busy_until.0.saturating_sub(before.0));
        if at.0 > now.0 { at } else { now }
    }

    /// How many bytes wait now.
    #[must_use]
    pub const fn waiting(&self, rate: Rate, now: Time) -> u64 {
        let left = self.busy_until.since(now).0 as u128;
        (left * rate.bits_per_second as u128 / 8_000_000_000) as u64
    }
}

#[cfg(test)]
#[path = "queue_test.rs"]
mod tests;

//! A node's clocks: one that only goes forward, at a speed of its own, and one that says the time of
//! day, which may be wrong, step, or be missing.

use crate::draw::{Purpose, draw, happens};
use crate::net::nth;
use crate::net::sample::sample;
use crate::scenario::model::ClockModel;
use crate::time::Time;

/// The time of day at the start of every run, in milliseconds since 1970: 2026-01-01 00:00 UTC.
pub const DAWN_MS: u64 = 1_767_225_600_000;

/// No clock is further off its speed, in parts per billion: a tenth.
pub const MOST_DRIFT_PPB: i64 = 100_000_000;

const PPB: u64 = 1_000_000_000;
/// Nanoseconds per millisecond, in parts per billion.
const STEP: u128 = 1_000_000 * PPB as u128;

/// A node's clocks, as functions of true time. Neither stops while the node stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Parts per billion of true time that pass on it.
    rate: u32,
    /// What to add to local milliseconds for the time of day.
    wall: Option<i64>,
}

impl Clock {
    /// A clock that runs so many parts per billion faster than true time, and whose time of day is
    /// so many milliseconds ahead; without any for `None`.
    #[must_use]
    pub fn new(drift_ppb: i64, offset_ms: Option<i64>) -> Self {
        let drift = drift_ppb.clamp(-MOST_DRIFT_PPB, MOST_DRIFT_PPB);
        Self {
            rate: (PPB as i64 + drift) as u32,
            wall: offset_ms.map(|offset| offset.saturating_add(DAWN_MS as i64)),
        }
    }

    /// The clock of a node in the run with this seed.
    #[must_use]
    pub fn drawn(model: &ClockModel, seed: u64, node: u32) -> Self {
        let place = |number| draw(seed, node, node, number, Purpose::Place);
        let drift = sample(model.drift_ppm, place(nth::DRIFT)) * 1_000.0;
        let offset = sample(model.offset_ms, place(nth::OFFSET)) as i64;
        let without = happens(place(nth::WALL), model.without);
        Self::new(drift as i64, (!without).then_some(offset))
    }

    /// What the clock that only goes forward shows, in milliseconds since the start of the run.
    #[must_use]
    pub const fn local_ms(&self, at: Time) -> u64 {
        (at.0 as u128 * self.rate as u128 / STEP) as u64
    }

    /// The first moment at which it shows `local_ms` or more; [`Time::NEVER`] beyond all runs.
    #[must_use]
    pub const fn true_time_of(&self, local_ms: u64) -> Time {
        let at = (local_ms as u128 * STEP).div_ceil(self.rate as u128);
        if at > u64::MAX as u128 {
            Time::NEVER
        } else {
            Time(at as u64)
        }
    }

    /// The time of day it shows, in milliseconds since 1970, never less than 0; `None`: it has none.
    #[must_use]
    pub fn wall_ms(&self, at: Time) -> Option<u64> {
        let wall = i128::from(self.wall?) + i128::from(self.local_ms(at));
        Some(wall.clamp(0, i128::from(u64::MAX)) as u64)
    }

    /// The time of day steps by so many milliseconds; nothing happens to one that has none.
    pub const fn step(&mut self, by_ms: i64) {
        if let Some(wall) = &mut self.wall {
            *wall = wall.saturating_add(by_ms);
        }
    }
}

/// The time of day without any error, in milliseconds since 1970.
#[must_use]
pub const fn true_wall_ms(at: Time) -> u64 {
    DAWN_MS + at.as_millis()
}

#[cfg(test)]
#[path = "clock_test.rs"]
mod tests;

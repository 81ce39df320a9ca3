//! LoRa: how long a packet is on the air, how much of it a node may send, and who hears it.

pub mod air;

use crate::draw::Chance;
use crate::scenario::model::Radio;
use crate::time::{Span, Time};

pub use air::{Air, AirSlot, Deferred, Ground};

/// Bytes of the longest packet.
pub const LONGEST: u32 = 255;

/// Symbols of the preamble that are sent before the sync word; LoRaWAN's and the radios' default.
pub const PREAMBLE: u32 = 8;

/// The time over which a share of airtime counts: an hour (ETSI EN 300 220-1).
pub const OBSERVED: Span = Span::from_secs(3_600);

/// How long one symbol takes: 2^sf / bandwidth.
#[must_use]
pub const fn symbol(radio: &Radio) -> Span {
    symbols(radio, 4)
}

/// How long a packet of so many bytes is on the air: Semtech AN1200.13, explicit header, checksum,
/// low-data-rate optimisation for symbols of 16 ms and more.
#[must_use]
pub const fn airtime(radio: &Radio, bytes: u32) -> Span {
    let sf = radio.sf as i64;
    let slow = if symbol(radio).0 >= 16_000_000 { 2 } else { 0 };
    let bits = 8 * bytes as i64 - 4 * sf + 28 + 16;
    let blocks = if bits > 0 {
        (bits as u64).div_ceil(4 * (sf - slow) as u64)
    } else {
        0
    };
    let payload = 8 + blocks as u32 * radio.coding as u32;
    symbols(radio, 4 * (PREAMBLE + payload) + 17)
}

/// So many quarters of a symbol.
const fn symbols(radio: &Radio, quarters: u32) -> Span {
    let ns = (quarters as u128 * 1_000_000_000) << radio.sf;
    Span((ns / (4 * radio.bandwidth as u128)) as u64)
}

/// How much a node has sent in the last hour, by the minute.
#[derive(Clone, Debug)]
pub struct Budget {
    /// The minute of the run the newest bin is of.
    minute: u64,
    /// Airtime in microseconds, by the minute modulo their number.
    bins: [u32; BINS],
}

/// The minute that has begun and sixty before it.
const BINS: usize = 61;
const MINUTE: u64 = 60_000_000_000;

impl Default for Budget {
    fn default() -> Self {
        Self {
            minute: 0,
            bins: [0; BINS],
        }
    }
}

impl Budget {
    /// Takes `air` out of the share `duty` of an hour, or says when there is enough of it. In no hour
    /// more is sent than the share; minutes count whole.
    pub fn take(&mut self, duty: Chance, now: Time, air: Span) -> Result<(), Time> {
        let most = ((OBSERVED.0 as u128 * duty.0 as u128) >> 32) as u64 / 1_000;
        let air = air.0.div_ceil(1_000);
        if duty >= Chance::ALWAYS {
            return Ok(());
        }
        if air > most {
            return Err(Time::NEVER);
        }
        self.roll(now.0 / MINUTE);
        let mut sum: u64 = self.bins.iter().map(|bin| u64::from(*bin)).sum();
        if sum + air <= most {
            self.bins[(self.minute % BINS as u64) as usize] += air as u32;
            return Ok(());
        }
        let oldest = self.minute + 1;
        for minute in oldest..=oldest + BINS as u64 {
            sum -= u64::from(self.bins[(minute % BINS as u64) as usize]).min(sum);
            if sum + air <= most {
                return Err(Time(minute * MINUTE));
            }
        }
        Err(Time((oldest + BINS as u64) * MINUTE))
    }

    /// What was sent in the last hour.
    #[must_use]
    pub fn sent(&mut self, now: Time) -> Span {
        self.roll(now.0 / MINUTE);
        Span::from_micros(self.bins.iter().map(|bin| u64::from(*bin)).sum())
    }

    fn roll(&mut self, minute: u64) {
        let steps = minute.saturating_sub(self.minute).min(BINS as u64);
        for step in 0..steps {
            self.bins[((minute - step) % BINS as u64) as usize] = 0;
        }
        self.minute = self.minute.max(minute);
    }
}

#[cfg(test)]
#[path = "radio_test.rs"]
mod tests;

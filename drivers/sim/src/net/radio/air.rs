//! The shared channel: who hears whom, what destroys what.

use std::collections::BTreeMap;

use crate::draw::{Chance, Purpose, draw, happens};
use crate::net::nth;
use crate::scenario::model::Radio;
use crate::time::{Span, Time};

use super::{Budget, LONGEST, PREAMBLE, airtime, symbol};

/// Packets remembered per cell at most; while there are so many, nobody else sends.
pub const CELL: usize = 1_024;

/// What all cells are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The side of a cell's square, in metres, at most 10^6; nodes stand evenly in it.
    pub side_m: u32,
    /// How far a packet is heard, in metres.
    pub range_m: u32,
    /// The chance that listening before sending does not notice a packet in range.
    pub miss: Chance,
}

impl Default for Ground {
    /// A town: everybody hears almost everybody. The chance of a miss is a guess.
    fn default() -> Self {
        Self {
            side_m: 2_000,
            range_m: 2_000,
            miss: Chance(1 << 27),
        }
    }
}

/// A packet on the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AirSlot {
    /// Where.
    pub cell: u32,
    /// Who sends.
    pub node: u32,
    /// From when.
    pub from: Time,
    /// Until when: it is received, or not, at this moment.
    pub until: Time,
    /// From here on it must not be disturbed: the last five symbols of the preamble are enough to
    /// lock onto it (Bor et al., MSWiM 2016, section 4).
    pub locks: Time,
    /// Its spreading factor; others are not heard and do not disturb.
    pub sf: u8,
    /// Its bandwidth in Hz.
    pub bandwidth: u32,
}

/// It cannot be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// When to try again; [`Time::NEVER`]: it is too long ever to be sent.
    pub until: Time,
    /// The node has used up its share of time, or would by this packet alone.
    pub spent: bool,
}

/// All cells of a run.
#[derive(Clone, Debug)]
pub struct Air {
    ground: Ground,
    seed: u64,
    cells: BTreeMap<u32, Vec<AirSlot>>,
    budgets: BTreeMap<u32, Budget>,
}

impl Air {
    /// The air of the run with this seed.
    #[must_use]
    pub const fn new(ground: Ground, seed: u64) -> Self {
        Self {
            ground,
            seed,
            cells: BTreeMap::new(),
            budgets: BTreeMap::new(),
        }
    }

    /// Sends so many bytes from now on, if the channel sounds free and the node may.
    ///
    /// Calls are in the order of time. `sequence` is the node's own counting, for its draws.
    pub fn transmit(
        &mut self,
        radio: &Radio,
        cell: u32,
        node: u32,
        sequence: u64,
        now: Time,
        bytes: u32,
    ) -> Result<AirSlot, Deferred> {
        if bytes > LONGEST {
            return Err(Deferred {
                until: Time::NEVER,
                spent: false,
            });
        }
        if let Some(busy) = self.sounds_busy(radio, cell, node, sequence, now) {
            return Err(Deferred {
                until: busy.plus(self.backoff(radio, node, sequence)),
                spent: false,
            });
        }
        let air = airtime(radio, bytes);
        let budget = self.budgets.entry(node).or_default();
        budget
            .take(radio.duty, now, air)
            .map_err(|until| Deferred { until, spent: true })?;
        let locks = Span(symbol(radio).0 * u64::from(PREAMBLE - 5));
        let slot = AirSlot {
            cell,
            node,
            from: now,
            until: now.plus(air),
            locks: now.plus(locks),
            sf: radio.sf,
            bandwidth: radio.bandwidth,
        };
        let slots = self.cells.entry(cell).or_default();
        forget(slots, now);
        slots.push(slot);
        Ok(slot)
    }

    /// Whether `receiver` has the packet; asked at its end, in the order of time.
    ///
    /// It has not if it is out of range or was sending itself, or if another packet in range
    /// overlapped from `locks` on and is not at least 6 dB weaker: twice as far, in free space.
    #[must_use]
    pub fn received(&self, slot: &AirSlot, receiver: u32) -> bool {
        if receiver == slot.node || !self.hears(slot.cell, receiver, slot.node) {
            return false;
        }
        let near = self.square(slot.cell, receiver, slot.node);
        let others = self.cells.get(&slot.cell).map_or(&[][..], |slots| slots);
        others
            .iter()
            .filter(|other| other.node != slot.node)
            .all(|other| {
                let overlaps = other.from < slot.until && other.until > slot.from;
                if other.node == receiver {
                    return !overlaps;
                }
                let disturbs = overlaps
                    && other.until > slot.locks
                    && (other.sf, other.bandwidth) == (slot.sf, slot.bandwidth)
                    && self.hears(slot.cell, receiver, other.node);
                !disturbs || self.square(slot.cell, receiver, other.node) >= 4 * near
            })
    }

    /// Whether another packet destroyed this one for `receiver`, which was listening in range.
    #[must_use]
    pub fn collided(&self, slot: &AirSlot, receiver: u32) -> bool {
        let slots = self.cells.get(&slot.cell).map_or(&[][..], |slots| slots);
        let talked = slots.iter().any(|other| {
            other.node == receiver && other.from < slot.until && other.until > slot.from
        });
        let listened = receiver != slot.node && !talked;
        listened && self.hears(slot.cell, receiver, slot.node) && !self.received(slot, receiver)
    }

    /// Whether two nodes of a cell are in range of each other.
    #[must_use]
    pub fn hears(&self, cell: u32, a: u32, b: u32) -> bool {
        self.square(cell, a, b) <= u64::from(self.ground.range_m).pow(2)
    }

    /// What a node has sent in the last hour.
    pub fn sent(&mut self, node: u32, now: Time) -> Span {
        self.budgets
            .get_mut(&node)
            .map_or(Span::ZERO, |budget| budget.sent(now))
    }

    /// Until when the channel is busy, as far as the node can tell: what it sends itself, always;
    /// what others in range send, unless it misses it.
    fn sounds_busy(
        &self,
        radio: &Radio,
        cell: u32,
        node: u32,
        sequence: u64,
        now: Time,
    ) -> Option<Time> {
        let slots = self.cells.get(&cell)?;
        let full = slots.iter().filter(|slot| slot.until > now).count() >= CELL;
        let missed = |slot: &AirSlot| {
            let drawn = draw(self.seed, node, slot.node, sequence, Purpose::Collide);
            happens(drawn, self.ground.miss)
        };
        let noticed = |slot: &&AirSlot| {
            let same = (slot.sf, slot.bandwidth) == (radio.sf, radio.bandwidth);
            slot.until > now
                && (full
                    || slot.node == node
                    || same && self.hears(cell, node, slot.node) && !missed(slot))
        };
        slots.iter().filter(noticed).map(|slot| slot.until).max()
    }

    /// One to sixteen times the shortest packet's time, drawn evenly.
    fn backoff(&self, radio: &Radio, node: u32, sequence: u64) -> Span {
        let drawn = draw(self.seed, node, node, sequence, Purpose::Backoff);
        let unit = u128::from(airtime(radio, 0).0);
        Span((unit + ((u128::from(drawn) * unit * 15) >> 64)) as u64)
    }

    /// The square of two nodes' distance in metres.
    fn square(&self, cell: u32, a: u32, b: u32) -> u64 {
        let at = |node| {
            let drawn = draw(self.seed, node, cell, nth::MAST, Purpose::Place);
            let side = u64::from(self.ground.side_m.min(1_000_000));
            [drawn >> 32, drawn << 32 >> 32].map(|half| (half * side) >> 32)
        };
        let (one, other) = (at(a), at(b));
        let [dx, dy] = [0, 1].map(|axis| one[axis].abs_diff(other[axis]));
        dx * dx + dy * dy
    }
}

/// Forgets the packets that no packet overlaps whose end is still to come.
fn forget(slots: &mut Vec<AirSlot>, now: Time) {
    let oldest = slots
        .iter()
        .filter(|slot| slot.until >= now)
        .map(|slot| slot.from)
        .min();
    let needed = oldest.unwrap_or(now);
    slots.retain(|slot| slot.until > needed || slot.until >= now);
}

#[cfg(test)]
#[path = "air_test.rs"]
mod tests;

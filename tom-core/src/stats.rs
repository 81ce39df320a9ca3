//! What a node counts. All counters saturate; none influences a decision.

use crate::error::Drop;

/// Half as wide where memory is short: there are many of them.
#[cfg(feature = "alloc")]
type Count = u64;
#[cfg(not(feature = "alloc"))]
type Count = u32;

/// A counter in full width.
#[cfg_attr(
    feature = "alloc",
    expect(clippy::unnecessary_cast, reason = "narrower without alloc")
)]
const fn wide(n: Count) -> u64 {
    n as u64
}

/// A node's counters since it started.
#[derive(Clone, Debug)]
pub struct Stats {
    /// Drops, one counter per reason, indexed by the reason's number.
    drops: [Count; 80],
    /// Envelopes handed on for others.
    pub forwarded: u64,
    /// ACK references handed back for others.
    pub acks_passed: u64,
    /// Messages this node accepted to send.
    pub sent: u64,
    /// Messages of this node that were proven delivered.
    pub delivered: u64,
    /// Messages of this node that ended unproven.
    pub expired: u64,
    /// Proofs that came after the end and settled the message all the same.
    pub late: u64,
    /// Attempts beyond each message's first.
    pub retries: u64,
    /// Messages sealed again under a new counter or key.
    pub resealed: u64,
    /// Messages delivered to the application.
    pub received: u64,
    /// Messages that arrived again and were acknowledged again.
    pub duplicates: u64,
    /// One-shots opened.
    pub seals_opened: u64,
    /// Sessions that became usable.
    pub sessions: u64,
    /// Bytes given out to transmit.
    pub bytes_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Inputs whose `now` was earlier than the one before.
    pub clock_steps_back: u64,
    /// Internal rules that did not hold.
    pub bugs: u64,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            drops: [0; 80],
            forwarded: 0,
            acks_passed: 0,
            sent: 0,
            delivered: 0,
            expired: 0,
            late: 0,
            retries: 0,
            resealed: 0,
            received: 0,
            duplicates: 0,
            seals_opened: 0,
            sessions: 0,
            bytes_out: 0,
            bytes_in: 0,
            clock_steps_back: 0,
            bugs: 0,
        }
    }
}

impl Stats {
    /// How often `reason` was counted.
    #[must_use]
    pub fn drops(&self, reason: Drop) -> u64 {
        self.drops
            .get(usize::from(reason.code()))
            .map_or(0, |n| wide(*n))
    }

    /// All drops together.
    #[must_use]
    pub fn drops_total(&self) -> u64 {
        self.drops
            .iter()
            .fold(0, |sum, n| sum.saturating_add(wide(*n)))
    }

    pub(crate) fn count(&mut self, reason: Drop) {
        if let Some(n) = self.drops.get_mut(usize::from(reason.code())) {
            *n = n.saturating_add(1);
        }
    }
}

//! The key chains of a session: which key belongs to which counter, and which counters were used.
//! Spec: session, "Transport".
//!
//! Counter `n` belongs to epoch `n / 64`; the key of the next epoch is the Noise `REKEY` of this
//! one's. A chain only moves forward: what was wiped cannot be derived again.

mod record;
mod rx;

#[cfg(test)]
pub(crate) use rx::Seen;
pub(crate) use rx::{Located, RxChain, Unusable};

use crate::crypto::{Key, Suite};
use crate::time::Span;

/// Messages per epoch.
pub(crate) const EPOCH_LEN: u32 = 64;

/// How many epochs ahead of the newest one a message may be.
pub(crate) const MAX_AHEAD: u32 = 16;

/// How many epochs behind the newest one everything is forgotten.
pub(crate) const MAX_BEHIND: u32 = 512;

/// From this counter on the sender asks for a new handshake.
pub(crate) const RENEW_AT: u32 = 1 << 20;

/// How long the key of an epoch with gaps is kept.
pub(crate) const GAP_LIFE: Span = Span::from_secs(24 * 60 * 60);

/// The sending side: the next counter and the key of its epoch.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct TxChain {
    next: u32,
    key: Key,
}

impl TxChain {
    /// The length of the exported state in bytes.
    pub(crate) const EXPORT_LEN: usize = 36;

    /// A chain that begins with counter 0 under the handshake's key.
    pub(crate) const fn new(key: Key) -> Self {
        Self { next: 0, key }
    }

    /// The counter the next message gets.
    pub(crate) const fn peek(&self) -> u32 {
        self.next
    }

    /// Whether the chain is long enough to be replaced.
    pub(crate) const fn is_worn(&self) -> bool {
        self.next >= RENEW_AT
    }

    /// Spends a counter: it belongs to one complete envelope, whose sender may keep the key to
    /// open it again. None when all counters are spent. Spec SES-17, SES-18.
    pub(crate) fn take<C: Suite>(&mut self) -> Option<(u32, Key)> {
        let n = self.next;
        self.next = n.checked_add(1)?;
        let key = self.key.clone();
        if self.next.is_multiple_of(EPOCH_LEN) {
            // At once, not with the next message: an idle session holds no spent key.
            self.key = self.key.next::<C>();
        }
        Some((n, key))
    }

    /// Jumps over counters that may have been used before a restart. False, and no change, when
    /// `n` lies behind or further ahead than a receiver follows.
    pub(crate) fn skip_to<C: Suite>(&mut self, n: u32) -> bool {
        let ahead = (n / EPOCH_LEN).saturating_sub(self.next / EPOCH_LEN);
        if n < self.next || ahead > MAX_AHEAD {
            return false;
        }
        for _ in 0..ahead {
            self.key = self.key.next::<C>();
        }
        self.next = n;
        true
    }

    /// Writes the state to keep it: `next u32 | key 32`. Secret.
    pub(crate) fn export(&self, out: &mut [u8; Self::EXPORT_LEN]) {
        let next = self.next.to_le_bytes();
        let fields = next.iter().chain(self.key.as_bytes());
        out.iter_mut()
            .zip(fields)
            .for_each(|(to, from)| *to = *from);
    }

    /// Reads a state written by [`export`](Self::export).
    pub(crate) fn import(bytes: &[u8; Self::EXPORT_LEN]) -> Self {
        let (next, key) = bytes.split_at(4);
        Self {
            next: u32::from_le_bytes(next.first_chunk().copied().unwrap_or_default()),
            key: Key::new(key.first_chunk().copied().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests;

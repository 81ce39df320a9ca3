//! The receiving side: keys and bitmaps of the epochs that can still be received.
//!
//! The newest epoch is the one of the highest authenticated counter, or the one after it when that
//! is complete. Older epochs with gaps keep their key for at most 24 h; complete ones lose it at
//! once and leave one bit behind, so that a repeated message is still known as such.

use super::{EPOCH_LEN, GAP_LIFE, MAX_AHEAD, MAX_BEHIND, RENEW_AT};
use crate::crypto::{Key, Suite};
use crate::error::Drop;
use crate::time::Instant;

/// Ahead keys are kept for every fourth epoch, so that any epoch in reach is at most three
/// derivations away; on a small machine for every eighth.
const STRIDE: u32 = if cfg!(feature = "alloc") { 4 } else { 8 };

/// Checkpoints within reach ahead.
const CHECKPOINTS: usize = (MAX_AHEAD / STRIDE) as usize;

/// Words of the ring of complete epochs.
pub(super) const DONE_WORDS: usize = (MAX_BEHIND / 64) as usize;

/// An older epoch with gaps.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) epoch: u32,
    /// Bit `n % 64` is set when `n` was received; never all of them.
    pub(super) bits: u64,
    pub(super) key: Key,
    /// When the gaps are given up.
    pub(super) drop_at: Instant,
}

/// A counter that was not received yet, and its key. The tag decides whether it is real.
#[derive(Debug)]
pub(crate) struct Located {
    /// The whole counter.
    pub(crate) n: u32,
    /// The key of its epoch; wiped when dropped.
    pub(crate) key: Key,
}

/// A counter that cannot be received. The number is what the 16 bits on the wire stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// Received before; its ACK may be sent again.
    Replay(u32),
    /// Its epoch's key is gone, and with it the knowledge whether it was received.
    TooOld(u32),
    /// Its epoch is out of reach.
    TooFarAhead(u32),
}

impl Unusable {
    /// The numbered reason.
    pub(crate) const fn reason(self) -> Drop {
        match self {
            Self::Replay(_) => Drop::Replay,
            Self::TooOld(_) => Drop::TooOld,
            Self::TooFarAhead(_) => Drop::TooFarAhead,
        }
    }
}

/// What the chain knows about a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Not received, and it still can be.
    New,
    /// Received.
    Received,
    /// Its epoch is forgotten.
    TooOld,
    /// Its epoch is out of reach.
    TooFarAhead,
}

/// The receiving chain with room for `P` epochs with gaps besides the newest two.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct RxChain<const P: usize = 16> {
    /// The highest authenticated counter.
    pub(super) highest: Option<u32>,
    pub(super) epoch: u32,
    pub(super) bits: u64,
    pub(super) key: Key,
    /// The epoch before the newest, when it has gaps.
    pub(super) previous: Option<Window>,
    pub(super) parked: [Option<Window>; P],
    /// One bit per epoch, at `epoch % 512`: complete. Valid for the 511 epochs before the newest.
    pub(super) done: [u64; DONE_WORDS],
    /// Keys of epochs ahead that are multiples of the stride: derived, so not part of the record,
    /// and wiped when their epoch is reached.
    pub(super) ahead: [Option<(u32, Key)>; CHECKPOINTS],
}

/// The word and bit of an epoch in the ring of complete epochs.
pub(super) const fn done_place(epoch: u32) -> (usize, u64) {
    let place = epoch % MAX_BEHIND;
    ((place / 64) as usize, 1 << (place % 64))
}

/// The bit of a counter in its epoch's bitmap.
const fn bit(n: u32) -> u64 {
    1 << (n % EPOCH_LEN)
}

impl<const P: usize> RxChain<P> {
    /// A chain that has received nothing, under the handshake's key.
    pub(crate) const fn new(key: Key) -> Self {
        Self::at(0, key)
    }

    pub(super) const fn at(epoch: u32, key: Key) -> Self {
        Self {
            highest: None,
            epoch,
            bits: 0,
            key,
            previous: None,
            parked: [const { None }; P],
            done: [0; DONE_WORDS],
            ahead: [const { None }; CHECKPOINTS],
        }
    }

    /// The highest authenticated counter.
    pub(crate) const fn highest(&self) -> Option<u32> {
        self.highest
    }

    /// The counter that 16 bits on the wire stand for: of those with these low bits, the nearest
    /// to the highest authenticated one; the lower at equal distance. Spec SES-22.
    pub(crate) fn widen(&self, n16: u16) -> u32 {
        let base = self.highest.unwrap_or(0);
        let [low, high, ..] = base.to_le_bytes();
        let delta = n16
            .wrapping_sub(u16::from_le_bytes([low, high]))
            .cast_signed();
        let n = i64::from(base) + i64::from(delta);
        // Counters end at both sides; there the other candidate is the only one.
        u32::try_from(n).unwrap_or_else(|_| {
            let other = if n < 0 { n + 65_536 } else { n - 65_536 };
            u32::try_from(other).unwrap_or(0)
        })
    }

    /// What is known about counter `n`. Spec SES-23.
    pub(crate) fn seen(&self, n: u32) -> Seen {
        let epoch = n / EPOCH_LEN;
        let bits = if epoch == self.epoch {
            self.bits
        } else if epoch > self.epoch {
            return if epoch - self.epoch > MAX_AHEAD {
                Seen::TooFarAhead
            } else {
                Seen::New
            };
        } else if let Some(window) = self.old().find(|window| window.epoch == epoch) {
            window.bits
        } else if self.is_done(epoch) {
            return Seen::Received;
        } else {
            return Seen::TooOld;
        };
        if bits & bit(n) == 0 {
            Seen::New
        } else {
            Seen::Received
        }
    }

    /// Finds the counter and the key for a message on the wire. Nothing is received by this: call
    /// [`commit`](Self::commit) once the tag has verified. A forgery far ahead costs at most 16
    /// derivations once, three from then on (seven on a small machine).
    ///
    /// # Errors
    /// [`Unusable`]; nothing changed.
    pub(crate) fn locate<C: Suite>(&mut self, n16: u16) -> Result<Located, Unusable> {
        let n = self.widen(n16);
        match self.seen(n) {
            Seen::New => {}
            Seen::Received => return Err(Unusable::Replay(n)),
            Seen::TooOld => return Err(Unusable::TooOld(n)),
            Seen::TooFarAhead => return Err(Unusable::TooFarAhead(n)),
        }
        let epoch = n / EPOCH_LEN;
        let key = if epoch >= self.epoch {
            self.key_ahead::<C>(epoch)
        } else {
            let window = self.old().find(|window| window.epoch == epoch);
            window.ok_or(Unusable::TooOld(n))?.key.clone()
        };
        Ok(Located { n, key })
    }

    /// Receives counter `n`, whose message has authenticated under the key given for it. False,
    /// and no change, when it was received before or its epoch is gone or out of reach.
    /// Spec SES-24, SES-25.
    pub(crate) fn commit<C: Suite>(&mut self, n: u32, now: Instant) -> bool {
        if self.seen(n) != Seen::New {
            return false;
        }
        let epoch = n / EPOCH_LEN;
        // Bounded: `seen` refuses what is more than 16 epochs ahead.
        while self.epoch < epoch {
            self.advance::<C>(now);
        }
        if epoch == self.epoch {
            self.bits |= bit(n);
            if self.bits == u64::MAX && self.epoch < u32::MAX / EPOCH_LEN {
                self.advance::<C>(now);
            }
        } else {
            self.fill_gap(epoch, n);
        }
        self.highest = self.highest.max(Some(n));
        true
    }

    /// Whether the sender is at the end of what it may send in this session.
    pub(crate) fn is_worn(&self) -> bool {
        self.highest
            .is_some_and(|n| n >= RENEW_AT - MAX_AHEAD * EPOCH_LEN)
    }

    /// Gives up epochs whose gaps stayed open for 24 h.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.retain(|window| window.drop_at > now);
    }

    /// When [`expire`](Self::expire) next has something to do.
    #[cfg(test)]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.old().map(|window| window.drop_at).min()
    }

    /// The older epochs that can still be received.
    pub(super) fn old(&self) -> impl Iterator<Item = &Window> {
        self.previous.iter().chain(self.parked.iter().flatten())
    }

    fn is_done(&self, epoch: u32) -> bool {
        let (word, mask) = done_place(epoch);
        epoch < self.epoch
            && self.epoch - epoch < MAX_BEHIND
            && self.done.get(word).is_some_and(|word| word & mask != 0)
    }

    fn set_done(&mut self, epoch: u32, to: bool) {
        let (word, mask) = done_place(epoch);
        if let Some(word) = self.done.get_mut(word) {
            *word = if to { *word | mask } else { *word & !mask };
        }
    }

    /// Drops, and so wipes, the older epochs that `keep` does not want.
    fn retain(&mut self, keep: impl Fn(&Window) -> bool) {
        for slot in core::iter::once(&mut self.previous).chain(&mut self.parked) {
            if slot.as_ref().is_some_and(|window| !keep(window)) {
                *slot = None;
            }
        }
    }

    fn fill_gap(&mut self, epoch: u32, n: u32) {
        let mut slots = core::iter::once(&mut self.previous).chain(&mut self.parked);
        let Some(slot) = slots.find(|slot| slot.as_ref().is_some_and(|w| w.epoch == epoch)) else {
            return;
        };
        let Some(window) = slot else { return };
        window.bits |= bit(n);
        if window.bits == u64::MAX {
            *slot = None;
            self.set_done(epoch, true);
        }
    }

    /// The key of an epoch from the newest to 16 ahead of it.
    fn key_ahead<C: Suite>(&mut self, epoch: u32) -> Key {
        let nearest = (self.ahead.iter().flatten())
            .filter(|(at, _)| *at <= epoch)
            .max_by_key(|(at, _)| *at);
        let (mut at, mut key) = match nearest {
            Some((at, key)) => (*at, key.clone()),
            None => (self.epoch, self.key.clone()),
        };
        while at < epoch {
            at += 1;
            key = key.next::<C>();
            if at.is_multiple_of(STRIDE) {
                let place = (at / STRIDE) as usize % CHECKPOINTS;
                if let Some(slot) = self.ahead.get_mut(place) {
                    *slot = Some((at, key.clone()));
                }
            }
        }
        key
    }

    /// Makes the next epoch the newest one.
    fn advance<C: Suite>(&mut self, now: Instant) {
        let key = self.key_ahead::<C>(self.epoch + 1);
        let last = Window {
            epoch: self.epoch,
            bits: core::mem::take(&mut self.bits),
            key: core::mem::replace(&mut self.key, key),
            drop_at: now.plus(GAP_LIFE),
        };
        self.epoch += 1;
        let epoch = self.epoch;
        // The ring's place for this epoch still tells of the one 512 before it.
        self.set_done(epoch, false);
        self.retain(|window| epoch - window.epoch < MAX_BEHIND);
        for slot in &mut self.ahead {
            if slot.as_ref().is_some_and(|(at, _)| *at <= epoch) {
                *slot = None;
            }
        }
        // Copied and then dropped in place: a move would leave the key in the place it left.
        if let Some(window) = self.previous.clone() {
            self.park(window);
            self.previous = None;
        }
        if last.bits == u64::MAX {
            self.set_done(last.epoch, true);
        } else {
            self.previous = Some(last);
        }
    }

    /// Keeps an epoch with gaps, in place of the oldest one when there is no room.
    fn park(&mut self, window: Window) {
        // A free place sorts below every epoch.
        let place = (self.parked.iter_mut()).min_by_key(|slot| slot.as_ref().map(|w| w.epoch));
        if let Some(slot) = place {
            *slot = Some(window);
        }
    }
}

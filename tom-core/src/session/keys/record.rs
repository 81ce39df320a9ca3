//! A receiving chain as bytes, to keep it across a restart. Secret. Spec: driver, "Records".
//!
//! ```text
//! version 1 (= 1) | received u8 (0, 1) | highest u32 (0 when none) | done 64
//!   | newest: epoch u32 | bits u64 | key 32
//!   | count u8 | { epoch u32 | bits u64 | left u32 ms | key 32 } * count, newest first
//! ```

use super::rx::{DONE_WORDS, RxChain, Window, done_place};
use super::{EPOCH_LEN, GAP_LIFE, MAX_BEHIND};
use crate::crypto::Key;
use crate::time::{Instant, Span};

const VERSION: u8 = 1;
const HEAD_LEN: usize = 1 + 1 + 4 + 8 * DONE_WORDS + 44 + 1;
const WINDOW_LEN: usize = 4 + 8 + 4 + 32;

/// Writes fields one after another.
struct Writer<'a>(&'a mut [u8]);

impl Writer<'_> {
    fn put(&mut self, field: &[u8]) -> Option<()> {
        let (here, rest) = core::mem::take(&mut self.0).split_at_mut_checked(field.len())?;
        here.copy_from_slice(field);
        self.0 = rest;
        Some(())
    }
}

/// Reads fields one after another.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }
}

impl<const P: usize> RxChain<P> {
    /// The longest record in bytes.
    pub(crate) const EXPORT_MAX: usize = HEAD_LEN + (P + 1) * WINDOW_LEN;

    /// Writes the chain and says how many bytes it took; None when `out` is too short.
    pub(crate) fn export(&self, now: Instant, out: &mut [u8]) -> Option<usize> {
        let len = HEAD_LEN + self.old().count() * WINDOW_LEN;
        let mut out = Writer(out.get_mut(..len)?);
        out.put(&[VERSION, u8::from(self.highest.is_some())])?;
        out.put(&self.highest.unwrap_or(0).to_le_bytes())?;
        for word in self.done {
            out.put(&word.to_le_bytes())?;
        }
        out.put(&self.epoch.to_le_bytes())?;
        out.put(&self.bits.to_le_bytes())?;
        out.put(self.key.as_bytes())?;
        out.put(&[u8::try_from(self.old().count()).ok()?])?;
        let mut below = u32::MAX;
        let older = |below| {
            let older = self.old().filter(move |window| window.epoch < below);
            older.max_by_key(|window| window.epoch)
        };
        while let Some(window) = older(below) {
            below = window.epoch;
            let left = window.drop_at.since(now).as_millis();
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            out.put(&window.epoch.to_le_bytes())?;
            out.put(&window.bits.to_le_bytes())?;
            out.put(&left.to_le_bytes())?;
            out.put(window.key.as_bytes())?;
        }
        Some(len)
    }

    /// Reads a chain written by [`export`](Self::export), also by one with another `P`. The 24 h
    /// of epochs with gaps go on from where they stood. None when the bytes are no valid record
    /// or hold more epochs than `P` allows.
    pub(crate) fn import(bytes: &[u8], now: Instant) -> Option<Self> {
        let mut bytes = Reader(bytes);
        if bytes.u8()? != VERSION {
            return None;
        }
        let highest = match (bytes.u8()?, bytes.u32()?) {
            (0, 0) => None,
            (1, highest) => Some(highest),
            _ => return None,
        };
        let mut done = [0; DONE_WORDS];
        for word in &mut done {
            *word = bytes.u64()?;
        }
        let epoch = bytes.u32()?;
        let bits = bytes.u64()?;
        let newest = highest.map_or(0, |n| n / EPOCH_LEN);
        let complete = newest + 1 == epoch && bits == 0 && highest.is_some();
        if epoch > u32::MAX / EPOCH_LEN || (epoch != newest && !complete) {
            return None;
        }
        let mut chain = Self::at(epoch, Key::new(bytes.take()?));
        chain.highest = highest;
        chain.bits = bits;
        chain.done = done;
        chain.read_old(&mut bytes, now)?;
        bytes.0.is_empty().then_some(chain)
    }

    fn read_old(&mut self, bytes: &mut Reader<'_>, now: Instant) -> Option<()> {
        let mut below = self.epoch;
        let count = bytes.u8()?;
        let mut parked = self.parked.iter_mut();
        for _ in 0..count {
            let (epoch, bits, left) = (bytes.u32()?, bytes.u64()?, bytes.u32()?);
            let (word, mask) = done_place(epoch);
            let is_done = self.done.get(word)? & mask != 0;
            if epoch >= below || self.epoch - epoch >= MAX_BEHIND || bits == u64::MAX || is_done {
                return None;
            }
            below = epoch;
            let life = Span::from_millis(u64::from(left)).min(GAP_LIFE);
            let slot = if epoch + 1 == self.epoch {
                &mut self.previous
            } else {
                parked.next()?
            };
            *slot = Some(Window {
                epoch,
                bits,
                key: Key::new(bytes.take()?),
                drop_at: now.plus(life),
            });
        }
        Some(())
    }
}

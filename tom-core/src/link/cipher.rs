//! The two directions of a session: counters, keys and the replay window. Spec NLK-13 to NLK-17.

use super::packet::{DATA, DATA_HEAD, DATA_OVERHEAD, LinkSid, put};
use super::reject::Reject;
use super::rules::{KEY_PACKETS, LIFE_PACKETS, WINDOW};
use crate::crypto::{Key, Suite, TAG_LEN};

/// The sending direction. Spec NLK-13, NLK-14.
#[derive(Debug)]
pub(super) struct Tx {
    key: Key,
    n: u32,
}

/// Why a datagram was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TxError {
    /// Every counter of the session is used.
    Spent,
    /// The buffer does not hold the datagram and what is added to it.
    Short,
}

impl Tx {
    pub(super) const fn new(key: Key) -> Self {
        Self { key, n: 0 }
    }

    /// Packets sent so far.
    pub(super) const fn count(&self) -> u32 {
        self.n
    }

    /// Seals the `len` bytes at `buf[DATA_HEAD..]` in place; returns the packet's length.
    pub(super) fn seal<C: Suite>(
        &mut self,
        to: LinkSid,
        buf: &mut [u8],
        len: usize,
    ) -> Result<usize, TxError> {
        if self.n >= LIFE_PACKETS {
            return Err(TxError::Spent);
        }
        let whole = len.checked_add(DATA_OVERHEAD).ok_or(TxError::Short)?;
        let packet = buf.get_mut(..whole).ok_or(TxError::Short)?;
        let (head, rest) = packet
            .split_first_chunk_mut::<DATA_HEAD>()
            .ok_or(TxError::Short)?;
        let (text, tag) = rest
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(TxError::Short)?;
        if self.n > 0 && self.n.is_multiple_of(KEY_PACKETS) {
            self.key = self.key.next::<C>();
        }
        put(head, &[&[DATA], &to.0, &self.n.to_le_bytes()]);
        *tag = C::aead_seal(self.key.as_bytes(), u64::from(self.n), head, text);
        self.n += 1;
        Ok(whole)
    }
}

/// The receiving direction. Nothing but a key derived ahead changes before a packet authenticated.
/// Spec NLK-15, NLK-16.
#[derive(Debug)]
pub(super) struct Rx {
    /// The key before the current one, while the window reaches back to it.
    previous: Option<Key>,
    current: Key,
    /// Derived once when a packet first claims to be under it, so that forgeries cost no more.
    next: Option<Key>,
    /// `n / KEY_PACKETS` of the current key.
    epoch: u32,
    /// One above the newest counter received; 0 when none was.
    upto: u32,
    /// Bit i: the counter `upto - 1 - i` was received.
    seen: u64,
}

impl Rx {
    pub(super) const fn new(key: Key) -> Self {
        Self {
            previous: None,
            current: key,
            next: None,
            epoch: 0,
            upto: 0,
            seen: 0,
        }
    }

    /// One above the newest counter received.
    pub(super) const fn count(&self) -> u32 {
        self.upto
    }

    /// Opens a DATA packet in place and returns its datagram; the counter is spent with it.
    pub(super) fn open<'b, C: Suite>(
        &mut self,
        n: u32,
        packet: &'b mut [u8],
    ) -> Result<&'b mut [u8], Reject> {
        self.fresh(n)?;
        let (head, rest) = packet
            .split_first_chunk_mut::<DATA_HEAD>()
            .ok_or(Reject::BadLength)?;
        let (text, tag) = rest
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(Reject::BadLength)?;
        let key = self.key_for::<C>(n)?;
        C::aead_open(key.as_bytes(), u64::from(n), head, text, tag).map_err(|_| Reject::BadTag)?;
        self.spend(n);
        Ok(text)
    }

    fn fresh(&self, n: u32) -> Result<(), Reject> {
        if n >= LIFE_PACKETS {
            return Err(Reject::TooFar);
        }
        match self.upto.checked_sub(n) {
            // Newer than everything so far.
            None | Some(0) => Ok(()),
            Some(back) if back > WINDOW => Err(Reject::Replay),
            Some(back) if self.seen >> (back - 1) & 1 == 1 => Err(Reject::Replay),
            Some(_) => Ok(()),
        }
    }

    fn key_for<C: Suite>(&mut self, n: u32) -> Result<&Key, Reject> {
        let epoch = n / KEY_PACKETS;
        if epoch == self.epoch {
            Ok(&self.current)
        } else if epoch == self.epoch + 1 {
            Ok(self.next.get_or_insert_with(|| self.current.next::<C>()))
        } else if epoch > self.epoch {
            Err(Reject::TooFar)
        } else {
            // Only the window lets an older counter come here, and it keeps the key alive.
            self.previous.as_ref().ok_or(Reject::Replay)
        }
    }

    fn spend(&mut self, n: u32) {
        match self.upto.checked_sub(n) {
            Some(back) if back > 0 => self.seen |= 1u64.checked_shl(back - 1).unwrap_or(0),
            _ => {
                // 0 for the counter that was due, more when some are missing.
                let ahead = n - self.upto;
                self.seen = self.seen.checked_shl(ahead + 1).unwrap_or(0) | 1;
                self.upto = n + 1;
            }
        }
        if n / KEY_PACKETS > self.epoch
            && let Some(next) = self.next.take()
        {
            self.previous = Some(core::mem::replace(&mut self.current, next));
            self.epoch += 1;
        }
        if self.upto >= self.epoch * KEY_PACKETS + WINDOW {
            self.previous = None;
        }
    }
}

#[cfg(test)]
mod tests;

//! Thin doors for the fuzz targets to what is private. Only with the feature `fuzzing`; not part of
//! the crate's promises.

use crate::crypto::{Key, Tom1};
use crate::error::Drop;
use crate::session::keys::{RxChain, TxChain};
use crate::time::Instant;

/// The receiving side of a session's keys, as small as on a microcontroller.
#[derive(Debug)]
pub struct Receiver(RxChain<2>);

impl Receiver {
    /// A chain that has received nothing.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(RxChain::new(Key::new(key)))
    }

    /// The counter these 16 bits stand for and the key of its epoch.
    ///
    /// # Errors
    /// Why the counter cannot be received.
    pub fn locate(&mut self, n16: u16) -> Result<(u32, [u8; 32]), Drop> {
        match self.0.locate::<Tom1>(n16) {
            Ok(located) => Ok((located.n, *located.key.as_bytes())),
            Err(unusable) => Err(unusable.reason()),
        }
    }

    /// The counter these 16 bits stand for.
    #[must_use]
    pub fn widen(&self, n16: u16) -> u32 {
        self.0.widen(n16)
    }

    /// Receives a counter whose message authenticated; false when it cannot be.
    pub fn commit(&mut self, n: u32, now: Instant) -> bool {
        self.0.commit::<Tom1>(n, now)
    }

    /// Gives up what stayed open too long.
    pub fn expire(&mut self, now: Instant) {
        self.0.expire(now);
    }

    /// Writes the chain; its length.
    pub fn export(&self, now: Instant, out: &mut [u8]) -> Option<usize> {
        self.0.export(now, out)
    }

    /// Reads a chain; `None` when the bytes are no record of one.
    #[must_use]
    pub fn import(bytes: &[u8], now: Instant) -> Option<Self> {
        RxChain::import(bytes, now).map(Self)
    }
}

/// The sending side of a session's keys.
#[derive(Debug)]
pub struct Sender(TxChain);

impl Sender {
    /// A chain that has sent nothing.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(TxChain::new(Key::new(key)))
    }

    /// Spends a counter: its number and its epoch's key.
    pub fn take(&mut self) -> Option<(u32, [u8; 32])> {
        self.0.take::<Tom1>().map(|(n, key)| (n, *key.as_bytes()))
    }

    /// Jumps ahead; false when that is too far.
    pub fn skip_to(&mut self, n: u32) -> bool {
        self.0.skip_to::<Tom1>(n)
    }
}

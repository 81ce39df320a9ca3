//! Where random bytes come from: one seed per start of the node, one labelled stream per concern,
//! so that a new draw in one concern shifts no other. Spec: entropy.
//!
//! A stream is a fast-key-erasure generator, specified byte for byte:
//!
//! * start: `key = HMAC-SHA256(seed, "tom-drbg" | label)`
//! * a draw of `n <= 65536` bytes: the ChaCha20 keystream (RFC 8439) under `key` with an all-zero
//!   nonce from block 0; its first 32 bytes become the new `key`, the next `n` are the draw.
//!   A longer draw is several draws, all but the last of 65536 bytes.
//! * reseed: `key = HMAC-SHA256(key, "tom-reseed" | seed)`
//!
//! So neither a stolen state nor a bad later seed reveals bytes drawn before.

use core::fmt;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use zeroize::ZeroizeOnDrop;

use crate::crypto::{Suite, Tom1, wipe};

#[cfg(feature = "named-draws")]
mod named;
#[cfg(feature = "named-draws")]
pub use named::Named;

/// The longest draw that is one piece of keystream, in bytes.
const DRAW_MAX: usize = 65_536;

/// 32 bytes from the platform's generator. A restart demands a fresh one: never keep a seed.
/// Spec ENT-1.
pub struct Seed([u8; 32]);

impl Drop for Seed {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl ZeroizeOnDrop for Seed {}

impl Seed {
    /// Takes 32 bytes that nobody can predict.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Tells seeds apart without saying anything about them.
    #[cfg(feature = "driver-check")]
    pub(crate) fn print(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = Tom1::hmac(&self.0, &[b"tom-driver-check"]);
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// What random bytes are for. Spec: conformance, "step".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Draw {
    /// The secret of an ephemeral key, 32 bytes.
    Ephemeral,
    /// A session id, 4 bytes.
    Sid,
    /// The id of a message that is held, 16 bytes.
    Id,
    /// The nonce of a question, 4 bytes.
    Nonce,
}

/// One stream of random bytes. Not `Clone`: a copy would draw the same secrets twice. The simulator
/// wants just that of its snapshots, hence its feature.
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct Drbg {
    key: [u8; 32],
    #[cfg(feature = "named-draws")]
    named: Option<Named>,
}

impl Drop for Drbg {
    fn drop(&mut self) {
        wipe(&mut self.key);
    }
}

impl ZeroizeOnDrop for Drbg {}

impl Drbg {
    /// The stream named `label` of this seed; streams with different labels are independent.
    #[must_use]
    pub fn new(seed: &Seed, label: &str) -> Self {
        let key = Tom1::hmac(&seed.0, &[b"tom-drbg", label.as_bytes()]);
        Self {
            key,
            #[cfg(feature = "named-draws")]
            named: None,
        }
    }

    /// A stream to be replaced before anything is drawn: all zero, so that a static takes no flash.
    pub(crate) const fn unseeded() -> Self {
        Self {
            key: [0; 32],
            #[cfg(feature = "named-draws")]
            named: None,
        }
    }

    /// Mixes fresh entropy in; what was there stays mixed in too. Spec ENT-2.
    pub fn reseed(&mut self, seed: &Seed) {
        self.key = Tom1::hmac(&self.key, &[b"tom-reseed", &seed.0]);
    }

    /// Fills `out` with random bytes. Spec ENT-3.
    pub fn fill(&mut self, out: &mut [u8]) {
        for draw in out.chunks_mut(DRAW_MAX) {
            let mut stream = ChaCha20::new(&self.key.into(), &[0; 12].into());
            self.key = [0; 32];
            stream.apply_keystream(&mut self.key);
            draw.fill(0);
            stream.apply_keystream(draw);
        }
    }

    /// Fills `out` for a purpose. Whoever replays a case gives the values himself.
    #[inline]
    pub(crate) fn draw(&mut self, what: Draw, out: &mut [u8]) {
        #[cfg(feature = "named-draws")]
        if let Some(named) = &mut self.named
            && named.take(what, out)
        {
            return;
        }
        let _ = what;
        self.fill(out);
    }

    /// `N` random bytes.
    #[must_use]
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// A random number: eight bytes, little endian.
    #[must_use]
    pub fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// A random number below `bound`; 0 when `bound` is 0.
    ///
    /// The high half of a 64 by 64 bit product: one draw always, and a bias under `bound / 2^64`.
    #[must_use]
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.next_u64()) * u128::from(bound);
        // The high half of a 128-bit product fits in 64 bits.
        (product >> 64) as u64
    }
}

impl fmt::Debug for Drbg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drbg(..)")
    }
}

#[cfg(test)]
mod tests;

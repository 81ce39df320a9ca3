//! The cryptography of ToM: one suite, the Noise IK handshake and the values derived around it.
//!
//! Every secret a function needs is an argument, ephemerals included: nothing here draws
//! randomness, so every output can be reproduced from a vector. Spec: session, "Handshake"; conventions, "Functions".

use zeroize::{Zeroize, ZeroizeOnDrop};

mod aad;
pub mod noise;
mod proof;
mod scrub;
mod tom1;

pub use aad::{DataAad, SEAL_PROLOGUE_LEN, data_aad, seal_prologue};
pub use proof::{ack_secret_data, ack_secret_seal, commit, verify_proof};
pub(crate) use scrub::scrub;
pub use tom1::Tom1;

#[cfg(feature = "sim-suites")]
pub use sealed::Sealed;

/// Whether suites without secrecy can be built in: a program that talks to people asserts that it is
/// false. Features of a workspace's members add up when they are built together.
pub const SIM_SUITES: bool = cfg!(feature = "sim-suites");

/// Bytes an AEAD adds to its plaintext.
pub const TAG_LEN: usize = 16;

pub(crate) mod sealed {
    /// Keeps foreign suites out: two suites would be two incompatible networks.
    pub trait Sealed {}
}

/// The primitives of one cipher suite. All functions are total and deterministic.
///
/// Sealed; [`Tom1`] is the one suite of the protocol. Spec: conventions, "Functions".
pub trait Suite: sealed::Sealed + Copy + 'static {
    /// X25519 of a secret scalar (clamped here) and a public u coordinate; all zero for a weak key.
    fn x25519(secret: &[u8; 32], public: &[u8; 32]) -> [u8; 32];

    /// The X25519 public key of a secret scalar.
    fn x25519_base(secret: &[u8; 32]) -> [u8; 32];

    /// Encrypts `buf` in place under nonce `n` and returns the tag over it and `ad`.
    fn aead_seal(key: &[u8; 32], n: u64, ad: &[u8], buf: &mut [u8]) -> [u8; TAG_LEN];

    /// Decrypts `buf` in place.
    ///
    /// # Errors
    /// [`BadTag`] when the tag does not fit; `buf` is then unchanged.
    fn aead_open(
        key: &[u8; 32],
        n: u64,
        ad: &[u8],
        buf: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), BadTag>;

    /// The suite's hash of the concatenation of `parts`.
    fn sha256(parts: &[&[u8]]) -> [u8; 32];

    /// HMAC with the suite's hash over the concatenation of `parts`.
    fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32];
}

/// A ciphertext that does not authenticate under the key, nonce and associated data given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTag;

/// Overwrites a secret. One function for all of them, since a copy of it stands at every end of a
/// key's life otherwise. Spec CON-9.
#[inline(never)]
pub(crate) fn wipe(secret: &mut [u8]) {
    secret.zeroize();
}

/// A 32-byte symmetric key, wiped when dropped and never printed.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Drop for Key {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl ZeroizeOnDrop for Key {}

impl Zeroize for Key {
    fn zeroize(&mut self) {
        wipe(&mut self.0);
    }
}

impl Key {
    /// Wraps raw key bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw key bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key after this one: Noise `REKEY`, the first 32 bytes of 32 zeros sealed at n = 2^64 - 1.
    #[must_use]
    pub fn next<C: Suite>(&self) -> Self {
        let mut next = [0; 32];
        // Noise throws the tag away: the ciphertext of zeros is the new key.
        let _tag = C::aead_seal(&self.0, u64::MAX, &[], &mut next);
        Self(next)
    }
}

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests;

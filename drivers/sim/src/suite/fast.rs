//! A suite without secrecy: what it gives has the right length, changes with every bit of what it is
//! made of, and costs nanoseconds.
//!
//! * An ephemeral public key is an invertible map of its secret, and an agreement is a function of
//!   the two public halves, so both ends find the same value. Whoever sees two public keys could
//!   compute it too; no code of the simulator does, but for the ends.
//! * A ciphertext is the plaintext under a keystream, so that nothing can read an unopened packet by
//!   mistake; its tag is SipHash-1-3 with 128 bits over all there is.
//! * Hashes are SipHash-1-3 with 128 bits, stretched to 256.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};
use tom_core::crypto::{BadTag, Sealed, Suite, TAG_LEN};
use tom_core::identity::{SharedSecret, SoftKeys, WeakKey, XPublic};

use super::{SimKeys, SimSuite, SuiteKind};
use crate::draw::mix;

/// The suite for great numbers: the lengths and identities of the real one, and no secrecy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fast;

/// Keeps what one function hashes apart from what another does.
#[derive(Clone, Copy)]
#[repr(u64)]
enum Domain {
    Agree = 0x746f_6d2d_6167_7265,
    Hash = 0x746f_6d2d_6861_7368,
    Hmac = 0x746f_6d2d_686d_6163,
    Tag = 0x746f_6d2d_7461_6721,
}

/// The golden ratio in 64 bits: steps through all words without a pattern.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

type Lanes = [u64; 4];

fn lanes(bytes: &[u8; 32]) -> Lanes {
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|at| u64::from_le_bytes(words[at]))
}

fn bytes(lanes: Lanes) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (words, _) = bytes.as_chunks_mut::<8>();
    for (word, lane) in words.iter_mut().zip(lanes) {
        *word = lane.to_le_bytes();
    }
    bytes
}

/// Hashes under all 256 bits of a key: two of its words key the hash, two are hashed first.
fn keyed(domain: Domain, [a, b, c, d]: Lanes) -> SipHasher13 {
    let mut hasher = SipHasher13::new_with_keys(a ^ domain as u64, b);
    hasher.write_u64(c);
    hasher.write_u64(d);
    hasher
}

/// 256 bits of a hash of 128.
fn stretch(hasher: &SipHasher13) -> Lanes {
    let hash = hasher.finish128();
    let (a, b) = (hash.h1, hash.h2);
    [a, b, mix(a ^ b.rotate_left(32)), mix(b ^ STEP)]
}

/// The bits of an X25519 public key that count: all but the highest.
const FIELD: u64 = u64::MAX >> 1;

/// Whether a key agrees on nothing: the points of small order, in all their encodings.
fn is_weak(public: Lanes) -> bool {
    let [a, b, c, d] = public;
    matches!(
        [a, b, c, d & FIELD],
        [0 | 1, 0, 0, 0]
            | [
                0xFFFF_FFFF_FFFF_FFEC..=0xFFFF_FFFF_FFFF_FFEE,
                u64::MAX,
                u64::MAX,
                FIELD
            ]
            | [
                0xAEB8_413B_7C7A_EBE0,
                0x6AC4_9FF1_FAE3_5616,
                0xFDB1_329C_EB8D_09DA,
                0x00B8_495F_1605_6286
            ]
            | [
                0x248C_50A3_BC95_9C5F,
                0x5BEF_839C_55B1_D0B1,
                0x868E_1C58_C45C_4404,
                0x5711_9FD0_DD4E_22D8
            ]
    )
}

/// The public half of an ephemeral secret. As with X25519, five bits of the secret do not count;
/// secrets that differ elsewhere have different public halves. Three high bits of those are fixed
/// so that none is weak.
fn public_of(secret: &[u8; 32]) -> Lanes {
    const LOW: u64 = u64::MAX >> 3;
    let [a, b, c, d] = lanes(secret);
    let a = a & !7 | d >> 61 & 1;
    // An odd factor and a shift by more than half: each can be undone in 61 bits.
    let d = (d & LOW).wrapping_mul(STEP) & LOW;
    [mix(a), mix(b), mix(c), d ^ d >> 31 | 1 << 61]
}

/// What the holders of two keys agree on.
fn agreed(own: Lanes, their: Lanes) -> [u8; 32] {
    let [a, b, c, d] = their;
    let their = [a, b, c, d & FIELD];
    if is_weak(their) {
        return [0; 32];
    }
    let (low, high) = if own < their {
        (own, their)
    } else {
        (their, own)
    };
    let mut hasher = keyed(Domain::Agree, low);
    hasher.write(&bytes(high));
    let [a, b, c, d] = stretch(&hasher);
    // Never zero, which would say that a key is weak.
    bytes([a, b, c, d | 1])
}

/// Applies the keystream of a key and a nonce; twice is not at all.
fn cover(key: Lanes, n: u64, buf: &mut [u8]) {
    let starts: Lanes =
        std::array::from_fn(|lane| mix(key[lane] ^ mix(n ^ STEP.wrapping_mul(lane as u64))));
    let word = |at: usize| mix(starts[at & 3].wrapping_add(STEP.wrapping_mul(at as u64)));
    let (words, rest) = buf.as_chunks_mut::<8>();
    let end = words.len();
    for (at, bytes) in words.iter_mut().enumerate() {
        *bytes = (u64::from_le_bytes(*bytes) ^ word(at)).to_le_bytes();
    }
    for (byte, cover) in rest.iter_mut().zip(word(end).to_le_bytes()) {
        *byte ^= cover;
    }
}

fn tag(key: Lanes, n: u64, ad: &[u8], text: &[u8]) -> [u8; TAG_LEN] {
    let mut hasher = keyed(Domain::Tag, key);
    hasher.write_u64(n);
    hasher.write_u64(ad.len() as u64);
    hasher.write(ad);
    hasher.write(text);
    hasher.finish128().as_bytes()
}

impl Sealed for Fast {}

impl Suite for Fast {
    fn x25519(secret: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
        agreed(public_of(secret), lanes(public))
    }

    fn x25519_base(secret: &[u8; 32]) -> [u8; 32] {
        bytes(public_of(secret))
    }

    fn aead_seal(key: &[u8; 32], n: u64, ad: &[u8], buf: &mut [u8]) -> [u8; TAG_LEN] {
        let key = lanes(key);
        cover(key, n, buf);
        tag(key, n, ad, buf)
    }

    fn aead_open(
        key: &[u8; 32],
        n: u64,
        ad: &[u8],
        buf: &mut [u8],
        expected: &[u8; TAG_LEN],
    ) -> Result<(), BadTag> {
        let key = lanes(key);
        if tag(key, n, ad, buf) != *expected {
            return Err(BadTag);
        }
        cover(key, n, buf);
        Ok(())
    }

    fn sha256(parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = SipHasher13::new_with_keys(Domain::Hash as u64, 0);
        for part in parts {
            hasher.write(part);
        }
        bytes(stretch(&hasher))
    }

    fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = keyed(Domain::Hmac, lanes(key));
        for part in parts {
            hasher.write(part);
        }
        bytes(stretch(&hasher))
    }
}

impl SimSuite for Fast {
    type Keys = SimKeys<Self>;

    const KIND: SuiteKind = SuiteKind::SimFast;

    fn keys(seed: [u8; 32]) -> Self::Keys {
        SimKeys::from_seed(seed)
    }

    fn agree(_keys: &SoftKeys, own: &XPublic, their: &XPublic) -> Result<SharedSecret, WeakKey> {
        SharedSecret::new(agreed(lanes(&own.0), lanes(&their.0)))
    }
}

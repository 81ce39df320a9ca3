//! Identities on a link: raw Ed25519 public keys, checked before they are believed.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::error::KeyRefusal;

/// A peer's identity: its Ed25519 public key.
pub type PeerId = [u8; 32];

/// The keys of this node, as a transport needs them; the secret stays behind the trait.
pub trait LinkKeys: Send + Sync {
    /// This node's Ed25519 public key.
    fn public(&self) -> [u8; 32];

    /// An Ed25519 signature (RFC 8032) over `message`.
    ///
    /// The transport signs TLS handshakes (each begins with 64 spaces and a context string) and
    /// one label of its own; nothing it signs can be mistaken for another protocol's message.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// The fixed beginning of an Ed25519 SubjectPublicKeyInfo (RFC 8410); 32 bytes of key follow.
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The SubjectPublicKeyInfo of a key.
pub(crate) fn spki(key: &PeerId) -> Vec<u8> {
    [SPKI_PREFIX.as_slice(), key.as_slice()].concat()
}

/// The key in a SubjectPublicKeyInfo: exactly the one form, canonical, of large order.
pub(crate) fn from_spki(der: &[u8]) -> Result<VerifyingKey, KeyRefusal> {
    let key = der
        .strip_prefix(&SPKI_PREFIX)
        .and_then(|key| PeerId::try_from(key).ok())
        .ok_or(KeyRefusal::NotEd25519)?;
    check(&key)
}

/// The key if it is usable as an identity.
pub(crate) fn check(key: &PeerId) -> Result<VerifyingKey, KeyRefusal> {
    let verifying = VerifyingKey::from_bytes(key).map_err(|_| KeyRefusal::NotAPoint)?;
    // Decoding accepts a few second spellings of one point; an identity must have one.
    if verifying.to_edwards().compress().as_bytes() != key {
        return Err(KeyRefusal::NotAPoint);
    }
    if verifying.is_weak() {
        return Err(KeyRefusal::SmallOrder);
    }
    Ok(verifying)
}

/// Whether `signature` over `message` is `key`'s, by the strict rule that has one answer everywhere.
pub(crate) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The base point: a key nobody knows is unneeded, any point of large order will do.
    const GOOD: PeerId = [
        0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
        0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
        0x66, 0x66,
    ];

    #[test]
    fn spki_carries_a_key_there_and_back() {
        assert_eq!(from_spki(&spki(&GOOD)).unwrap().to_bytes(), GOOD);
    }

    #[test]
    fn every_other_shape_of_spki_is_refused() {
        let good = spki(&GOOD);
        for cut in 0..good.len() {
            assert_eq!(from_spki(&good[..cut]), Err(KeyRefusal::NotEd25519));
        }
        let longer = [good.as_slice(), &[0]].concat();
        assert_eq!(from_spki(&longer), Err(KeyRefusal::NotEd25519));
        for at in 0..SPKI_PREFIX.len() {
            let mut bent = good.clone();
            bent[at] ^= 1;
            assert_eq!(from_spki(&bent), Err(KeyRefusal::NotEd25519));
        }
    }

    #[test]
    fn small_order_and_second_spellings_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(check(&identity), Err(KeyRefusal::SmallOrder));
        assert_eq!(check(&[0; 32]), Err(KeyRefusal::SmallOrder));
        // p + 1 spells the identity element a second time.
        let mut second = [0xff; 32];
        second[0] = 0xee;
        second[31] = 0x7f;
        assert_eq!(check(&second), Err(KeyRefusal::NotAPoint));
        // y = 2 is on no point of the curve.
        let mut off = [0; 32];
        off[0] = 2;
        assert_eq!(check(&off), Err(KeyRefusal::NotAPoint));
    }
}

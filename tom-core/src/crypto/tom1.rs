//! Suite 1: X25519, ChaCha20-Poly1305, SHA-256, HMAC-SHA256. Spec: conventions, "Functions".

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use curve25519_dalek::montgomery::MontgomeryPoint;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::{BadTag, Suite, TAG_LEN, sealed};

/// The suite of protocol version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tom1;

impl sealed::Sealed for Tom1 {}

/// Noise's nonce for ChaCha20-Poly1305: four zero bytes, then `n` little endian.
fn nonce(n: u64) -> [u8; 12] {
    let [a, b, c, d, e, f, g, h] = n.to_le_bytes();
    [0, 0, 0, 0, a, b, c, d, e, f, g, h]
}

impl Suite for Tom1 {
    fn x25519(secret: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
        MontgomeryPoint(*public).mul_clamped(*secret).to_bytes()
    }

    fn x25519_base(secret: &[u8; 32]) -> [u8; 32] {
        MontgomeryPoint::mul_base_clamped(*secret).to_bytes()
    }

    fn aead_seal(key: &[u8; 32], n: u64, ad: &[u8], buf: &mut [u8]) -> [u8; TAG_LEN] {
        let cipher = ChaCha20Poly1305::new(key.into());
        match cipher.encrypt_inout_detached(&nonce(n).into(), ad, (&mut *buf).into()) {
            Ok(tag) => tag.into(),
            // Over 256 GB only. Plaintext must not leave under any tag, so none of it stays.
            Err(_) => {
                buf.fill(0);
                [0; TAG_LEN]
            }
        }
    }

    fn aead_open(
        key: &[u8; 32],
        n: u64,
        ad: &[u8],
        buf: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), BadTag> {
        ChaCha20Poly1305::new(key.into())
            .decrypt_inout_detached(&nonce(n).into(), ad, buf.into(), tag.into())
            .map_err(|_| BadTag)
    }

    fn sha256(parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
        // HMAC pads a short key with zeros to its block; doing it here leaves no error to handle.
        let mut block = [0; 64];
        block
            .iter_mut()
            .zip(key)
            .for_each(|(slot, byte)| *slot = *byte);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        zeroize::Zeroize::zeroize(&mut block);
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

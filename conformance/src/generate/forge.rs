//! The first handshake message, written from the book, with any 32 bytes as the sender's key. Only the
//! primitives are the reference's, which Wycheproof's vectors check: no node would send such a key.

use anyhow::Context;
use serde_json::{Value, json};
use tom_core::crypto::{Suite, Tom1};
use tom_core::identity::{Keys, SoftKeys, XPublic};

use super::build::{Head, SEAL, hex};
use super::node::unhex;
use super::sheet::Sheet;

/// A SEAL of which whoever opens it learns this key of its sender.
pub(super) struct Forged {
    pub(super) ask: Value,
    pub(super) secret: [u8; 16],
}

/// A CipherState of one message, and the hash of all so far.
struct Symmetric {
    h: [u8; 32],
    ck: [u8; 32],
    key: [u8; 32],
}

impl Symmetric {
    fn new() -> Self {
        let name = *b"Noise_IK_25519_ChaChaPoly_SHA256";
        Self {
            h: name,
            ck: name,
            key: [0; 32],
        }
    }

    fn hash(&mut self, bytes: &[u8]) {
        self.h = Tom1::sha256(&[&self.h, bytes]);
    }

    /// HKDF with two outputs, as in Noise.
    fn mix(&mut self, shared: &[u8; 32]) {
        let temp = Tom1::hmac(&self.ck, &[shared]);
        self.ck = Tom1::hmac(&temp, &[&[1]]);
        self.key = Tom1::hmac(&temp, &[&self.ck, &[2]]);
    }

    /// Each key encrypts once here, under nonce 0.
    fn encrypt(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut bytes = plain.to_vec();
        let tag = Tom1::aead_seal(&self.key, 0, &self.h, &mut bytes);
        bytes.extend(tag);
        self.hash(&bytes);
        bytes
    }
}

/// Seals a content that asks for nothing to a new identity; `sign` is bit 0 of `pflags`.
pub(super) fn forged(sheet: &mut Sheet, x: [u8; 32], sign: bool) -> anyhow::Result<Forged> {
    let (seed, ephemeral): ([u8; 32], [u8; 32]) = (sheet.array(), sheet.array());
    let me = sheet.is("identity", &json!({ "seed": hex(&seed) }))?;
    let (pk, handle) = (unhex(&me["pk"])?, unhex(&me["handle"])?);
    let their: [u8; 32] = unhex(&me["xPk"])?
        .as_slice()
        .try_into()
        .context("a short key")?;
    let head = Head {
        kind: SEAL,
        flags: 0x20,
        attempt: 0,
        hop: 8,
        expiry: 1_800_000_600,
        dst: handle.as_slice().try_into().context("a short handle")?,
    };
    let prologue = [
        b"ToM1-seal",
        &[0x10 | SEAL, head.flags][..],
        &head.expiry.to_le_bytes(),
        &[0],
        &pk,
    ];
    let mut noise = Symmetric::new();
    noise.hash(&prologue.concat());
    noise.hash(&their);
    let e = Tom1::x25519_base(&ephemeral);
    noise.hash(&e);
    noise.mix(&Tom1::x25519(&ephemeral, &their));
    let sealed_key = noise.encrypt(&x);
    // Of a weak key there is no agreement; what stands behind it is not looked at.
    let agreed = SoftKeys::from_seed(seed).agree(&XPublic(x));
    let agreed = agreed.map_or([0; 32], |secret| *secret.as_bytes());
    noise.mix(&agreed);
    let sealed = noise.encrypt(&[u8::from(sign), 0x00]);
    let bytes = [&head.bytes()[..], &[0], &e, &sealed_key, &sealed].concat();
    let proof = Tom1::hmac(&noise.ck, &[b"tom-ack"]);
    Ok(Forged {
        ask: json!({ "seed": hex(&seed), "bytes": hex(&bytes) }),
        secret: *proof.first_chunk().context("a short secret")?,
    })
}

//! Proof of delivery: a secret only the two ends can derive, and the commitment to it that stands
//! in the header. Who shows the secret proves that the message was opened. Spec: session, "One-shot" and "Transport".

use subtle::ConstantTimeEq;

use super::Suite;
use crate::identity::Handle;

/// The secret of a SEAL, from the chaining key after the handshake's first message.
#[must_use]
pub fn ack_secret_seal<C: Suite>(ck: &[u8; 32]) -> [u8; 16] {
    first(&C::hmac(ck, &[b"tom-ack"]))
}

/// The secret of DATA envelope `n`; `dir` is 0 from initiator to responder, 1 the other way.
#[must_use]
pub fn ack_secret_data<C: Suite>(ack_root: &[u8; 32], dir: u8, n: u32) -> [u8; 16] {
    first(&C::hmac(ack_root, &[&[dir], &n.to_le_bytes()]))
}

/// The commitment to `secret` for a message to `recipient` that ends at `expiry` (Unix seconds).
#[must_use]
pub fn commit<C: Suite>(expiry: u32, recipient: &Handle, secret: &[u8; 16]) -> [u8; 8] {
    first(&C::sha256(&[
        b"tom-ackc",
        &expiry.to_le_bytes(),
        &recipient.0,
        secret,
    ]))
}

/// Whether `secret` opens `commitment`; takes the same time for every secret. Spec ENV-21, CON-8.
#[must_use]
pub fn verify_proof<C: Suite>(
    commitment: &[u8; 8],
    expiry: u32,
    recipient: &Handle,
    secret: &[u8; 16],
) -> bool {
    commit::<C>(expiry, recipient, secret)
        .ct_eq(commitment)
        .into()
}

/// The first `N <= 32` bytes of a hash.
fn first<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    const { assert!(N <= 32) };
    hash.first_chunk().copied().unwrap_or([0; N])
}

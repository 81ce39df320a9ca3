//! The work a busy responder asks for. Spec NLK-10.
//!
//! `stamp` is any 8 bytes with which `SHA-256("tom-pow" | cookie | mac1 | stamp)` begins with as many
//! zero bits as the COOKIE asked for. It is one block of the hash, bound to the sender's address by
//! the cookie and to this very handshake by its first MAC.

use super::packet::Mac1;
use crate::crypto::Suite;

/// How many zero bits the stamp's hash begins with.
pub(super) fn bits<C: Suite>(cookie: &[u8; 16], mac1: Mac1, stamp: &[u8; 8]) -> u8 {
    let hash = C::sha256(&[b"tom-pow", cookie, &mac1.0, stamp]);
    let mut bits = 0;
    for byte in hash {
        let zeros = byte.leading_zeros();
        bits += zeros;
        if zeros < 8 {
            break;
        }
    }
    u8::try_from(bits).unwrap_or(u8::MAX)
}

/// A search for a stamp that can be left and taken up again.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) cookie: [u8; 16],
    pub(super) difficulty: u8,
    next: u64,
}

impl Search {
    /// A search from the first stamp.
    pub(super) const fn new(cookie: [u8; 16], difficulty: u8) -> Self {
        Self {
            cookie,
            difficulty,
            next: 0,
        }
    }

    /// Tries up to `tries` stamps.
    pub(super) fn run<C: Suite>(&mut self, mac1: Mac1, tries: u32) -> Option<[u8; 8]> {
        for _ in 0..tries {
            let stamp = self.next.to_le_bytes();
            self.next = self.next.wrapping_add(1);
            if bits::<C>(&self.cookie, mac1, &stamp) >= self.difficulty {
                return Some(stamp);
            }
        }
        None
    }
}

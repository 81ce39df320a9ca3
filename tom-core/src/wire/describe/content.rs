//! The fields of a plaintext and of a candidate list.

use super::Value;
use super::walk::{Walk, Walked};
use crate::wire::candidates::{KIND_V4, KIND_V6, MAX_CANDIDATES};
use crate::wire::content::{ASKS_ACK, ContentKind, HAS_ORIG, KIND};

/// Walks a whole plaintext.
pub(super) fn walk(w: &mut Walk<'_, '_>) -> Walked {
    let (place, byte) = w.take(1)?;
    let byte = byte.first().copied().unwrap_or_default();
    let flag = |bit| Value::Int(u64::from(byte & bit != 0));
    w.tell("asks_ack", place.clone(), flag(ASKS_ACK));
    w.tell("has_orig", place.clone(), flag(HAS_ORIG));
    w.tell("type", place.clone(), Value::Int(u64::from(byte & KIND)));
    let kind = ContentKind::from_code(byte & KIND).ok_or(place)?;
    if byte & HAS_ORIG != 0 {
        w.bytes("orig", 8)?;
    }
    match kind {
        ContentKind::Pad => w.bytes("padding", w.left()).map(|_| ()),
        ContentKind::Bytes => w.bytes("bytes", w.left()).map(|_| ()),
        ContentKind::Read => {
            w.bytes("ref", 8)?;
            while w.left() > 0 {
                w.bytes("ref", 8)?;
            }
            Ok(())
        }
        ContentKind::Candidates => candidates(w),
    }
}

/// Walks a candidate list to the end.
pub(super) fn candidates(w: &mut Walk<'_, '_>) -> Walked {
    let (count, place) = w.int("count", 1)?;
    if count > MAX_CANDIDATES as u64 {
        return Err(place);
    }
    for _ in 0..count {
        let (kind, _) = w.int("kind", 1)?;
        let (len, place) = w.int("len", 1)?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let address = match u8::try_from(kind) {
            Ok(KIND_V4) => Some(4),
            Ok(KIND_V6) => Some(16),
            Ok(_) | Err(_) => None,
        };
        if len > w.left() || address.is_some_and(|address| len != address + 2) {
            return Err(place);
        }
        match address {
            Some(address) => {
                w.bytes("address", address)?;
                w.int("port", 2)?;
            }
            None => {
                w.bytes("unknown", len)?;
            }
        }
    }
    w.end()
}

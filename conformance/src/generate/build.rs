//! Bytes of layouts, written from the book. Nothing here is shared with the reference.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

pub(super) const SEAL: u8 = 1;
pub(super) const RESP: u8 = 2;
pub(super) const DATA: u8 = 3;
pub(super) const ACK: u8 = 4;
pub(super) const NACK: u8 = 5;

pub(super) const TRUNCATED: u8 = 1;
pub(super) const BAD_LENGTH: u8 = 2;
pub(super) const UNKNOWN_FRAME: u8 = 3;
pub(super) const NOT_CANONICAL: u8 = 4;
pub(super) const BAD_VERSION: u8 = 5;
pub(super) const BAD_FLAGS: u8 = 6;
pub(super) const BAD_KIND: u8 = 7;
pub(super) const TOO_BIG: u8 = 8;
pub(super) const BAD_COUNT: u8 = 9;
pub(super) const BAD_HOP: u8 = 10;
pub(super) const BAD_DST: u8 = 11;
pub(super) const BAD_CONTENT: u8 = 12;
pub(super) const BAD_SEAL: u8 = 40;
pub(super) const BAD_COMMIT: u8 = 41;
pub(super) const BAD_TAG: u8 = 42;
pub(super) const TOO_FAR_AHEAD: u8 = 46;
pub(super) const WEAK_KEY: u8 = 52;
pub(super) const UNKNOWN_CONTENT: u8 = 55;
pub(super) const RESP_UNKNOWN: u8 = 60;
pub(super) const RESP_MISMATCH: u8 = 61;
pub(super) const BAD_RESP: u8 = 62;
pub(super) const BAD_NACK: u8 = 67;

/// Flag bits of a header.
pub(super) const P: u8 = 0x02;
pub(super) const TRACE: u8 = 0x04;

pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Only the bytes are asked with.
pub(super) fn of(bytes: &[u8]) -> Value {
    json!({ "bytes": hex(bytes) })
}

/// A header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) attempt: u8,
    pub(super) hop: u8,
    pub(super) expiry: u32,
    pub(super) dst: [u8; 8],
}

impl Head {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = vec![0x10 | self.kind, self.flags, self.attempt << 4 | self.hop];
        out.extend(self.expiry.to_le_bytes());
        out.extend(self.dst);
        out
    }

    /// The fields every envelope has, but for its `msgId`.
    pub(super) fn fields(&self) -> Value {
        const NAMES: [&str; 6] = ["", "SEAL", "RESP", "DATA", "ACK", "NACK"];
        json!({
            "kind": NAMES[usize::from(self.kind)],
            "class": self.flags >> 4 & 3,
            "trace": self.flags & TRACE != 0,
            "attempt": self.attempt,
            "hop": self.hop,
            "expiry": self.expiry,
            "dst": hex(&self.dst),
        })
    }
}

/// A value with more fields.
pub(super) fn with(mut value: Value, more: Value) -> Value {
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

/// A number as postcard writes it.
pub(super) fn varint(mut number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = (number & 0x7F) as u8;
        number >>= 7;
        if number == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}

/// A link frame.
pub(super) fn frame(ftype: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap_or(u16::MAX);
    [&[ftype][..], &len.to_le_bytes(), body].concat()
}

/// The byte in this place with some of its bits changed.
pub(super) fn flipped(bytes: &[u8], at: usize, bits: u8) -> Vec<u8> {
    let mut out = bytes.to_vec();
    if let Some(byte) = out.get_mut(at) {
        *byte ^= bits;
    }
    out
}

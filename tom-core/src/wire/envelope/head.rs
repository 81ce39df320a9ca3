//! The 15 bytes every envelope begins with. Spec: envelope, "Header".

use super::{HEAD_LEN, MAX_ATTEMPT, MAX_HOPS};
use crate::error::Drop;
use crate::wire::flags::{Flags, Kind, VERSION};
use crate::wire::ids::Handle;

/// The header of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What the envelope carries.
    pub kind: Kind,
    /// The end-to-end flags; zero for RESP, ACK and NACK.
    pub flags: Flags,
    /// Which attempt of the sender this copy belongs to, 0..=15.
    pub attempt: u8,
    /// How many more times it may be forwarded, 0..=8.
    pub hop: u8,
    /// When it ends, in seconds of Unix time.
    pub expiry: u32,
    /// Whom it is for; [`Handle::NONE`] for RESP, ACK and NACK, which go back by their reference.
    pub dst: Handle,
}

impl Head {
    /// The header of an answer (RESP, ACK or NACK): no flags, no destination, attempt 0.
    /// Spec ENV-4, ENV-5.
    #[must_use]
    pub const fn answer(kind: Kind, expiry: u32) -> Self {
        Self {
            kind,
            flags: Flags::NONE,
            attempt: 0,
            hop: MAX_HOPS,
            expiry,
            dst: Handle::NONE,
        }
    }

    /// Reads and checks a header, the way [`super::Envelope::parse`] does, and returns the bytes
    /// behind it. The checks run in the order of the fields; the first that fails names the drop.
    /// Spec ENV-1, ENV-2, ENV-4, ENV-5.
    ///
    /// # Errors
    /// `Truncated`, `BadVersion`, `BadKind`, `BadFlags`, `BadHop`, `BadDst`.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Drop> {
        let (fixed, rest) = bytes
            .split_first_chunk::<HEAD_LEN>()
            .ok_or(Drop::Truncated)?;
        let [vt, flags, path, e0, e1, e2, e3, dst @ ..] = *fixed;
        if vt >> 4 != VERSION {
            return Err(Drop::BadVersion);
        }
        let kind = Kind::from_code(vt & 0x0F).ok_or(Drop::BadKind)?;
        let flags = Flags::from_byte(flags).ok_or(Drop::BadFlags)?;
        if kind.is_answer() && flags != Flags::NONE {
            return Err(Drop::BadFlags);
        }
        let (attempt, hop) = (path >> 4, path & 0x0F);
        if hop > MAX_HOPS {
            return Err(Drop::BadHop);
        }
        let dst = Handle(dst);
        if kind.is_answer() != dst.is_none() {
            return Err(Drop::BadDst);
        }
        let head = Self {
            kind,
            flags,
            attempt,
            hop,
            expiry: u32::from_le_bytes([e0, e1, e2, e3]),
            dst,
        };
        Ok((head, rest))
    }

    /// The header's bytes.
    pub(super) fn bytes(&self) -> [u8; HEAD_LEN] {
        let [e0, e1, e2, e3] = self.expiry.to_le_bytes();
        let [d0, d1, d2, d3, d4, d5, d6, d7] = self.dst.0;
        let path = path_byte(self.attempt, self.hop);
        let flags = self.flags.byte();
        [
            self.kind.vt(),
            flags,
            path,
            e0,
            e1,
            e2,
            e3,
            d0,
            d1,
            d2,
            d3,
            d4,
            d5,
            d6,
            d7,
        ]
    }
}

/// The path byte; values over their range become the highest allowed.
pub(super) fn path_byte(attempt: u8, hop: u8) -> u8 {
    (attempt.min(MAX_ATTEMPT) << 4) | hop.min(MAX_HOPS)
}

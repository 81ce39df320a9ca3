//! The plaintext inside handshake messages: what each side offers its session. Spec: envelope,
//! sections "SEAL" and "RESP".

#[cfg(test)]
mod tests;

use super::bytes::{Reader, TooShort, Writer};
use super::ids::Sid;
use crate::error::Drop;

const SIGN: u8 = 0x01;
const SID: u8 = 0x02;
const PERSISTS: u8 = 0x04;
const WIDE: u8 = 0x08;
const MAX_ENVELOPE: u8 = 0x30;
const RESERVED: u8 = 0xC0;

/// How many unacknowledged messages a side accepts in a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// 128 messages.
    #[default]
    Narrow,
    /// 1,024 messages.
    Wide,
}

impl Window {
    /// The window in messages.
    #[must_use]
    pub const fn messages(self) -> u32 {
        match self {
            Self::Narrow => 128,
            Self::Wide => 1_024,
        }
    }
}

/// The longest envelope a side takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MaxEnvelope {
    /// 1,200 bytes: what every relay carries.
    #[default]
    B1200,
    /// 4,096 bytes.
    B4096,
    /// 16,384 bytes.
    B16384,
    /// 65,535 bytes: the format's bound.
    B65535,
}

impl MaxEnvelope {
    /// The length in bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::B1200 => 1_200,
            Self::B4096 => 4_096,
            Self::B16384 => 16_384,
            Self::B65535 => 65_535,
        }
    }

    const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::B1200,
            1 => Self::B4096,
            2 => Self::B16384,
            _ => Self::B65535,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::B1200 => 0,
            Self::B4096 => 1,
            Self::B16384 => 2,
            Self::B65535 => 3,
        }
    }
}

/// What a side says about its end of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Whether its sessions survive a restart, so that a message for custody may be DATA.
    pub persists: bool,
    /// How many unacknowledged messages it accepts.
    pub window: Window,
    /// The longest envelope it takes.
    pub max_envelope: MaxEnvelope,
}

impl Terms {
    const fn from_byte(byte: u8) -> Self {
        Self {
            persists: byte & PERSISTS != 0,
            window: if byte & WIDE != 0 {
                Window::Wide
            } else {
                Window::Narrow
            },
            max_envelope: MaxEnvelope::from_bits((byte & MAX_ENVELOPE) >> 4),
        }
    }

    const fn byte(self) -> u8 {
        let persists = if self.persists { PERSISTS } else { 0 };
        let wide = match self.window {
            Window::Narrow => 0,
            Window::Wide => WIDE,
        };
        persists | wide | (self.max_envelope.bits() << 4)
    }
}

/// The payload of a SEAL's handshake message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealPayload<'a> {
    /// The sign bit of the sender's Ed25519 public key, which the handshake's key has not.
    pub sign: bool,
    /// The id under which the sender would keep a session.
    pub sid: Option<Sid>,
    /// The sender's end of that session.
    pub terms: Terms,
    /// The content, at least one byte.
    pub content: &'a [u8],
}

impl<'a> SealPayload<'a> {
    /// Checks a payload and lends a view of it. The content is not looked at. Spec ENV-12.
    ///
    /// # Errors
    /// `BadContent` when a reserved bit is set, it is cut off, or there is no content.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Drop> {
        let mut reader = Reader::new(bytes);
        let byte = reader.u8().map_err(|_| Drop::BadContent)?;
        if byte & RESERVED != 0 {
            return Err(Drop::BadContent);
        }
        let mut sid = None;
        if byte & SID != 0 {
            sid = Some(Sid(reader.array().map_err(|_| Drop::BadContent)?));
        }
        if reader.is_empty() {
            return Err(Drop::BadContent);
        }
        Ok(Self {
            sign: byte & SIGN != 0,
            sid,
            terms: Terms::from_byte(byte),
            content: reader.rest(),
        })
    }

    /// How many bytes stand before the content: 1 or 5.
    #[must_use]
    pub const fn head_len(&self) -> usize {
        if self.sid.is_some() { 1 + Sid::LEN } else { 1 }
    }

    /// Writes what stands before the content and returns its length; the content follows there.
    ///
    /// # Errors
    /// [`TooShort`] when `out` does not hold it.
    pub fn emit_head(&self, out: &mut [u8]) -> Result<usize, TooShort> {
        let mut w = Writer::new(out);
        self.write_head(&mut w)?;
        Ok(w.len())
    }

    /// Writes the payload and returns its length.
    ///
    /// # Errors
    /// [`TooShort`] when `out` does not hold it.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, TooShort> {
        let mut w = Writer::new(out);
        self.write_head(&mut w)?;
        w.put(self.content)?;
        Ok(w.len())
    }

    fn write_head(&self, w: &mut Writer<'_>) -> Result<(), TooShort> {
        let sign = if self.sign { SIGN } else { 0 };
        let offered = if self.sid.is_some() { SID } else { 0 };
        w.u8(self.terms.byte() | sign | offered)?;
        match self.sid {
            Some(sid) => w.put(&sid.0),
            None => Ok(()),
        }
    }
}

/// The payload of a RESP's handshake message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RespPayload {
    /// The id under which the responder keeps the session.
    pub sid: Sid,
    /// The responder's end of it.
    pub terms: Terms,
}

impl RespPayload {
    /// The payload's length in bytes.
    pub const LEN: usize = 1 + Sid::LEN;

    /// Reads a payload. Spec ENV-12.
    ///
    /// # Errors
    /// `BadContent` when it is not 5 bytes or a bit is set that a RESP has not.
    pub fn parse(bytes: &[u8]) -> Result<Self, Drop> {
        let &[flags, ref sid @ ..] = bytes.as_array::<{ Self::LEN }>().ok_or(Drop::BadContent)?;
        if flags & (RESERVED | SIGN | SID) != 0 {
            return Err(Drop::BadContent);
        }
        Ok(Self {
            sid: Sid(*sid),
            terms: Terms::from_byte(flags),
        })
    }

    /// The payload's bytes.
    #[must_use]
    pub const fn bytes(&self) -> [u8; Self::LEN] {
        let [a, b, c, d] = self.sid.0;
        [self.terms.byte(), a, b, c, d]
    }
}

//! The plaintext of SEAL and DATA: `type | orig? | body`. Spec: content.

#[cfg(test)]
mod tests;

use super::bytes::{TooShort, Writer};
use super::candidates::{self, Candidates};
use super::ids::Reference;
use crate::error::Drop;

pub(super) const ASKS_ACK: u8 = 0x80;
pub(super) const HAS_ORIG: u8 = 0x40;
pub(super) const KIND: u8 = 0x3F;

/// What a content is. Numbers 4 (PREKEY) and 5 (ACKMAP) are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ContentKind {
    /// Nothing; any bytes, for length alone.
    Pad = 0,
    /// Bytes of the application.
    Bytes = 1,
    /// References of messages the application has read.
    Read = 2,
    /// Where the sender may be reached.
    Candidates = 3,
}

impl ContentKind {
    /// The kind with this number; `None` for unknown and reserved ones.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Pad),
            1 => Some(Self::Bytes),
            2 => Some(Self::Read),
            3 => Some(Self::Candidates),
            _ => None,
        }
    }

    /// The kind's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// What stands before a content's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentHead {
    /// What the body is.
    pub kind: ContentKind,
    /// Whether the recipient is asked for an ACK.
    pub asks_ack: bool,
    /// The first envelope of a message that was sealed again.
    pub orig: Option<Reference>,
}

impl ContentHead {
    /// The head's length in bytes: 1 or 9.
    #[must_use]
    pub const fn len(&self) -> usize {
        if self.orig.is_some() {
            1 + Reference::LEN
        } else {
            1
        }
    }

    /// Never: a head has at least its type byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Writes the head and returns its length; the body follows there.
    ///
    /// # Errors
    /// [`TooShort`] when `out` does not hold it.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, TooShort> {
        let mut w = Writer::new(out);
        self.write(&mut w)?;
        Ok(w.len())
    }

    fn write(&self, w: &mut Writer<'_>) -> Result<(), TooShort> {
        let mut byte = self.kind.code();
        if self.asks_ack {
            byte |= ASKS_ACK;
        }
        if self.orig.is_some() {
            byte |= HAS_ORIG;
        }
        w.u8(byte)?;
        match self.orig {
            Some(orig) => w.put(&orig.0),
            None => Ok(()),
        }
    }

    /// Reads a head and returns the body behind it.
    ///
    /// # Errors
    /// `BadContent` when it is cut off, `UnknownContent` for an unknown type.
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Drop> {
        let (&byte, mut rest) = bytes.split_first().ok_or(Drop::BadContent)?;
        let kind = ContentKind::from_code(byte & KIND).ok_or(Drop::UnknownContent)?;
        let mut orig = None;
        if byte & HAS_ORIG != 0 {
            let (reference, behind) = rest.split_first_chunk().ok_or(Drop::BadContent)?;
            orig = Some(Reference(*reference));
            rest = behind;
        }
        let asks_ack = byte & ASKS_ACK != 0;
        Ok((
            Self {
                kind,
                asks_ack,
                orig,
            },
            rest,
        ))
    }
}

/// A checked view of one content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// Whether the recipient is asked for an ACK.
    pub asks_ack: bool,
    /// The first envelope of a message that was sealed again.
    pub orig: Option<Reference>,
    /// The body.
    pub body: ContentBody<'a>,
}

/// A content's body, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentBody<'a> {
    /// Nothing; any bytes, for length alone.
    Pad(&'a [u8]),
    /// Bytes of the application, possibly none.
    Bytes(&'a [u8]),
    /// Messages the application has read, at least one.
    Read(References<'a>),
    /// Where the sender may be reached.
    Candidates(Candidates<'a>),
}

impl<'a> Content<'a> {
    /// Checks a plaintext and lends a view of it. Spec CNT-1, CNT-2.
    ///
    /// # Errors
    /// `UnknownContent` for an unknown type, `BadContent` for whatever else is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Drop> {
        let (head, rest) = ContentHead::parse(bytes)?;
        let body = match head.kind {
            ContentKind::Pad => ContentBody::Pad(rest),
            ContentKind::Bytes => ContentBody::Bytes(rest),
            ContentKind::Read => {
                ContentBody::Read(References::exactly(rest).ok_or(Drop::BadContent)?)
            }
            ContentKind::Candidates => {
                ContentBody::Candidates(Candidates::parse(rest).map_err(|_| Drop::BadContent)?)
            }
        };
        Ok(Self {
            asks_ack: head.asks_ack,
            orig: head.orig,
            body,
        })
    }

    /// What stands before the body.
    #[must_use]
    pub const fn head(&self) -> ContentHead {
        ContentHead {
            kind: match self.body {
                ContentBody::Pad(_) => ContentKind::Pad,
                ContentBody::Bytes(_) => ContentKind::Bytes,
                ContentBody::Read(_) => ContentKind::Read,
                ContentBody::Candidates(_) => ContentKind::Candidates,
            },
            asks_ack: self.asks_ack,
            orig: self.orig,
        }
    }

    /// Writes the content and returns its length. Candidates of unknown kinds are left out.
    ///
    /// # Errors
    /// [`TooShort`] when `out` does not hold it.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, TooShort> {
        let mut w = Writer::new(out);
        self.head().write(&mut w)?;
        match self.body {
            ContentBody::Pad(bytes) | ContentBody::Bytes(bytes) => w.put(bytes)?,
            ContentBody::Read(references) => w.put(references.as_bytes())?,
            ContentBody::Candidates(list) => candidates::emit(&mut w, list)?,
        }
        Ok(w.len())
    }
}

/// One or more references in the order they stand on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct References<'a> {
    entries: &'a [[u8; Reference::LEN]],
}

impl<'a> References<'a> {
    /// All of `bytes` as references; `None` when there are none or bytes are left over.
    #[must_use]
    pub const fn exactly(bytes: &'a [u8]) -> Option<Self> {
        let (entries, rest) = bytes.as_chunks();
        if entries.is_empty() || !rest.is_empty() {
            return None;
        }
        Some(Self { entries })
    }

    /// The references' bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.entries.as_flattened()
    }
}

impl Iterator for References<'_> {
    type Item = Reference;

    fn next(&mut self) -> Option<Reference> {
        let (entry, rest) = self.entries.split_first()?;
        self.entries = rest;
        Some(Reference(*entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.entries.len(), Some(self.entries.len()))
    }
}

impl ExactSizeIterator for References<'_> {}

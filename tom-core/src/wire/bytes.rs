//! Reading from a borrowed slice and writing into the caller's: the two cursors every codec uses.

use core::fmt;

use crate::error::Drop;

/// The buffer, or a length field of the format, is too short for what was to be written.
///
/// What the buffer holds afterwards is unspecified and must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort;

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the buffer is too short")
    }
}

impl core::error::Error for TooShort {}

/// What is left to read. Integers are little endian. Spec CON-3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `N` bytes, or [`Drop::Truncated`].
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Drop> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(Drop::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Drop> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Drop> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Drop> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// The next `len` bytes that a length field announced, or [`Drop::BadLength`].
    pub(super) fn announced(&mut self, len: usize) -> Result<&'a [u8], Drop> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(Drop::BadLength)?;
        self.rest = rest;
        Ok(head)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Refuses bytes behind the last field. Spec CON-5.
    pub(super) const fn end(self) -> Result<(), Drop> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Drop::BadLength)
        }
    }
}

/// Writes from the front of a buffer.
pub(super) struct Writer<'a> {
    buffer: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, at: 0 }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), TooShort> {
        let end = self.at.checked_add(bytes.len()).ok_or(TooShort)?;
        self.buffer
            .get_mut(self.at..end)
            .ok_or(TooShort)?
            .copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    pub(super) fn u8(&mut self, value: u8) -> Result<(), TooShort> {
        self.put(&[value])
    }

    pub(super) fn u16(&mut self, value: u16) -> Result<(), TooShort> {
        self.put(&value.to_le_bytes())
    }

    pub(super) fn u32(&mut self, value: u32) -> Result<(), TooShort> {
        self.put(&value.to_le_bytes())
    }

    /// Leaves `len` bytes as they are.
    pub(super) fn skip(&mut self, len: usize) -> Result<(), TooShort> {
        let end = self.at.checked_add(len).ok_or(TooShort)?;
        if end > self.buffer.len() {
            return Err(TooShort);
        }
        self.at = end;
        Ok(())
    }

    /// Overwrites bytes written before.
    pub(super) fn patch(&mut self, at: usize, bytes: &[u8]) -> Result<(), TooShort> {
        let end = at.checked_add(bytes.len()).ok_or(TooShort)?;
        self.buffer
            .get_mut(..self.at)
            .and_then(|written| written.get_mut(at..end))
            .ok_or(TooShort)?
            .copy_from_slice(bytes);
        Ok(())
    }

    /// How many bytes were written.
    pub(super) const fn len(&self) -> usize {
        self.at
    }
}

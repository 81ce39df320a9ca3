//! Reading and writing the bytes of records. Spec: driver, "Records".

use crate::wire::TooShort;

/// The layout version every record begins with.
pub(crate) const RECORD_VERSION: u8 = 1;

/// Writes fields one after the other.
pub(crate) struct RecordWriter<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl<'a> RecordWriter<'a> {
    pub(crate) fn new(out: &'a mut [u8]) -> Result<Self, TooShort> {
        let mut this = Self { out, at: 0 };
        this.put(&[RECORD_VERSION])?;
        Ok(this)
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<&mut Self, TooShort> {
        self.space(bytes.len())?.copy_from_slice(bytes);
        Ok(self)
    }

    /// The next `len` bytes, to be filled by somebody else.
    pub(crate) fn space(&mut self, len: usize) -> Result<&mut [u8], TooShort> {
        let end = self.at.checked_add(len).ok_or(TooShort)?;
        let space = self.out.get_mut(self.at..end).ok_or(TooShort)?;
        self.at = end;
        Ok(space)
    }

    /// The space not yet used.
    pub(crate) fn remaining(&mut self) -> &mut [u8] {
        self.out.get_mut(self.at..).unwrap_or_default()
    }

    pub(crate) fn finish(self) -> usize {
        self.at
    }
}

/// Reads fields one after the other.
pub(crate) struct RecordReader<'a>(&'a [u8]);

impl<'a> RecordReader<'a> {
    /// `None`: another version wrote it.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        (*version == RECORD_VERSION).then_some(Self(rest))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}

//! The cursor that reads a field, tells it and says where something is wrong.

use core::ops::Range;

use super::{Value, Visit};

/// `Err` is the first bad place.
pub(super) type Walked<T = ()> = Result<T, Range<usize>>;

pub(super) struct Walk<'a, 'v> {
    bytes: &'a [u8],
    at: usize,
    start: usize,
    end: usize,
    visit: &'a mut Visit<'v>,
}

impl<'a, 'v> Walk<'a, 'v> {
    pub(super) fn new(bytes: &'a [u8], visit: &'a mut Visit<'v>) -> Self {
        Self {
            bytes,
            at: 0,
            start: 0,
            end: bytes.len(),
            visit,
        }
    }

    /// A walk over the next `len` bytes alone, with positions counted as here; this one goes on
    /// behind them.
    pub(super) fn part(&mut self, len: usize) -> Walk<'_, 'v> {
        let start = self.at;
        self.at = self.end.min(start.saturating_add(len));
        Walk {
            bytes: self.bytes,
            at: start,
            start,
            end: self.at,
            visit: &mut *self.visit,
        }
    }

    pub(super) fn tell(&mut self, name: &'static str, at: Range<usize>, value: Value<'_>) {
        (self.visit)(name, at, value);
    }

    /// Where the next field begins.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(super) const fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// The whole range walked.
    pub(super) const fn all(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The bytes of the whole range.
    pub(super) fn slice(&self) -> &'a [u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The place where bytes are missing.
    pub(super) const fn missing(&self) -> Range<usize> {
        self.end..self.end
    }

    /// The next `len` bytes, told as bytes.
    pub(super) fn bytes(&mut self, name: &'static str, len: usize) -> Walked<Range<usize>> {
        let (place, value) = self.take(len)?;
        self.tell(name, place.clone(), Value::Bytes(value));
        Ok(place)
    }

    /// The next `len` bytes, at most 8, told as a little-endian number.
    pub(super) fn int(&mut self, name: &'static str, len: usize) -> Walked<(u64, Range<usize>)> {
        let (place, value) = self.take(len)?;
        let number = little_endian(value);
        self.tell(name, place.clone(), Value::Int(number));
        Ok((number, place))
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Walked {
        if self.left() == 0 {
            Ok(())
        } else {
            Err(self.at..self.end)
        }
    }

    /// Takes bytes without telling them.
    pub(super) fn take(&mut self, len: usize) -> Walked<(Range<usize>, &'a [u8])> {
        let place = self.at..self.at.saturating_add(len);
        if place.end > self.end {
            return Err(self.missing());
        }
        let value = self.bytes.get(place.clone()).ok_or(self.missing())?;
        self.at = place.end;
        Ok((place, value))
    }
}

pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, &byte| (number << 8) | u64::from(byte))
}

//! What may stand behind an envelope in its frame: `tag 1 | len 1 | value`. Spec: link,
//! section "Trailers".
//!
//! Tags ascend strictly, so that no tag comes twice and one set of trailers has one form. Unknown
//! tags are skipped and not forwarded: what a frame writes again is the bytes received without the
//! trailers of unknown tags.

use crate::error::Drop;
use crate::wire::bytes::{Reader, TooShort, Writer};
use crate::wire::ids::{Handle, Stamp};

/// The most entries of a trace.
pub const MAX_TRACE: usize = 8;
/// The longest trace in bytes.
pub const MAX_TRACE_LEN: usize = MAX_TRACE * ENTRY_LEN;

pub(in crate::wire) const TAG_TRACE: u8 = 1;
pub(in crate::wire) const TAG_STAMP: u8 = 2;
const ENTRY_LEN: usize = 6;

/// The trailers known here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trailers<'a> {
    /// The relays passed, by their own word.
    pub trace: Option<Trace<'a>>,
    /// The proof of work the neighbour asked for.
    pub stamp: Option<Stamp>,
}

impl<'a> Trailers<'a> {
    /// No trailers.
    pub const NONE: Self = Self {
        trace: None,
        stamp: None,
    };

    /// Checks trailers up to the end of `bytes`. Spec LNK-13, LNK-14.
    ///
    /// # Errors
    /// `Truncated` when a tag has no length, `BadLength` when a length leaves the frame or is not
    /// its tag's, `BadCount` for a trace of none or more than 8, `NotCanonical` when tags do not
    /// ascend.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Drop> {
        let mut reader = Reader::new(bytes);
        let mut trailers = Self::NONE;
        let mut last = None;
        while !reader.is_empty() {
            let tag = reader.u8()?;
            let len = reader.u8()?;
            let value = reader.announced(usize::from(len))?;
            if last.is_some_and(|last| last >= tag) {
                return Err(Drop::NotCanonical);
            }
            last = Some(tag);
            match tag {
                TAG_TRACE => trailers.trace = Some(Trace::parse(value)?),
                TAG_STAMP => {
                    let nonce = value.as_array().ok_or(Drop::BadLength)?;
                    trailers.stamp = Some(Stamp(*nonce));
                }
                _ => {}
            }
        }
        Ok(trailers)
    }

    pub(super) fn write(&self, w: &mut Writer<'_>) -> Result<(), TooShort> {
        if let Some(trace) = self.trace {
            let bytes = trace.as_bytes();
            w.u8(TAG_TRACE)?;
            w.u8(u8::try_from(bytes.len()).map_err(|_| TooShort)?)?;
            w.put(bytes)?;
        }
        if let Some(stamp) = self.stamp {
            w.put(&[TAG_STAMP, 8])?;
            w.put(&stamp.0)?;
        }
        Ok(())
    }
}

/// One relay of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    /// The first four bytes of the relay's handle.
    pub handle: [u8; 4],
    /// How long it held the envelope, in milliseconds, 65,535 for that or more.
    pub ms: u16,
}

/// The relays an envelope passed, first one first; 1..=8 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace<'a> {
    entries: &'a [[u8; ENTRY_LEN]],
}

impl<'a> Trace<'a> {
    /// Checks a trace.
    ///
    /// # Errors
    /// `BadLength` when an entry is cut off, `BadCount` for none or more than 8.
    pub const fn parse(bytes: &'a [u8]) -> Result<Self, Drop> {
        let (entries, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            return Err(Drop::BadLength);
        }
        if entries.is_empty() || entries.len() > MAX_TRACE {
            return Err(Drop::BadCount);
        }
        Ok(Self { entries })
    }

    /// The trace's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.entries.as_flattened()
    }

    /// The entries, first relay first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = TraceEntry> + 'a {
        self.entries.iter().map(|&[a, b, c, d, m0, m1]| TraceEntry {
            handle: [a, b, c, d],
            ms: u16::from_le_bytes([m0, m1]),
        })
    }

    /// The trace `before` with this relay added, in `buffer`. A full trace stays as it is: the
    /// relays nearest to the sender are the ones worth knowing. Spec LNK-15.
    #[must_use]
    pub fn extended(
        before: Option<Trace<'_>>,
        relay: Handle,
        ms: u16,
        buffer: &'a mut [u8; MAX_TRACE_LEN],
    ) -> Self {
        let (entries, _) = buffer.as_chunks_mut::<ENTRY_LEN>();
        let old = before.map_or(&[][..], |trace| trace.entries);
        let mut filled = 0;
        for (to, from) in entries.iter_mut().zip(old) {
            *to = *from;
            filled += 1;
        }
        if let Some(to) = entries.get_mut(filled) {
            let ([a, b, c, d], [m0, m1]) = (relay.head(), ms.to_le_bytes());
            *to = [a, b, c, d, m0, m1];
            filled += 1;
        }
        let entries: &'a [[u8; ENTRY_LEN]] = entries;
        Self {
            entries: entries.get(..filled).unwrap_or_default(),
        }
    }
}

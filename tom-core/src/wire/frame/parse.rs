//! Reading frames.

use super::{FRAME_HEAD_LEN, Frame, FrameType, Trailers};
use crate::error::Drop;
use crate::wire::bytes::Reader;
use crate::wire::candidates::Candidates;
use crate::wire::content::References;
use crate::wire::control::{Hello, Ping, ReachAnswer, ReachAsk};
use crate::wire::ids::Reference;

/// The frames of a datagram, in order. Spec LNK-3, LNK-4.
///
/// A frame that is not used is an `Err` in its place and the reading goes on behind it; only a
/// header that is cut off, or a length that leaves the datagram, ends the reading.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    rest: &'a [u8],
}

impl<'a> Frames<'a> {
    /// The frames of `datagram`.
    #[must_use]
    pub const fn new(datagram: &'a [u8]) -> Self {
        Self { rest: datagram }
    }

    /// The bytes not read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<Frame<'a>, Drop>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = core::mem::take(&mut self.rest);
        let Some((&[ftype, l0, l1], behind)) = bytes.split_first_chunk::<FRAME_HEAD_LEN>() else {
            return Some(Err(Drop::Truncated));
        };
        let len = usize::from(u16::from_le_bytes([l0, l1]));
        let Some((body, rest)) = behind.split_at_checked(len) else {
            return Some(Err(Drop::BadLength));
        };
        self.rest = rest;
        Some(Frame::parse(ftype, body))
    }
}

impl<'a> Frame<'a> {
    /// Checks the body of a frame of type `ftype`. The envelope inside an ENVELOPE frame is not
    /// looked at. Spec LNK-5.
    ///
    /// # Errors
    /// `UnknownFrame` for unknown and reserved types; `Truncated`, `BadLength`, `BadCount`,
    /// `BadVersion`, `BadHop` or `NotCanonical` for a bad body.
    pub fn parse(ftype: u8, body: &'a [u8]) -> Result<Self, Drop> {
        match FrameType::from_code(ftype).ok_or(Drop::UnknownFrame)? {
            FrameType::Envelope => envelope(body),
            FrameType::Taken => taken(body),
            FrameType::Passed => passed(body),
            FrameType::Hello => Hello::parse(body).map(Self::Hello),
            FrameType::ReachAsk => ReachAsk::parse(body).map(Self::ReachAsk),
            FrameType::ReachAnswer => ReachAnswer::parse(body).map(Self::ReachAnswer),
            FrameType::Candidates => Candidates::parse(body).map(Self::Candidates),
            FrameType::Ping => Ping::parse(body).map(Self::Ping),
        }
    }
}

fn envelope(body: &[u8]) -> Result<Frame<'_>, Drop> {
    let mut reader = Reader::new(body);
    let len = reader.u16()?;
    let bytes = reader.announced(usize::from(len))?;
    let trailers = Trailers::parse(reader.rest())?;
    Ok(Frame::Envelope { bytes, trailers })
}

/// A TAKEN says how many references it has. Spec LNK-22.
fn taken(body: &[u8]) -> Result<Frame<'_>, Drop> {
    let mut reader = Reader::new(body);
    let count = usize::from(reader.u8()?);
    if count == 0 {
        return Err(Drop::BadCount);
    }
    let references = References::exactly(reader.rest()).ok_or(Drop::BadLength)?;
    if references.len() != count {
        return Err(Drop::BadLength);
    }
    Ok(Frame::Taken(references))
}

fn passed(body: &[u8]) -> Result<Frame<'_>, Drop> {
    let mut reader = Reader::new(body);
    let reference = Reference(reader.array()?);
    reader.end()?;
    Ok(Frame::Passed(reference))
}

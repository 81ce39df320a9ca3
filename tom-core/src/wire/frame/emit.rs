//! Writing frames into the caller's buffer.

use super::{FRAME_HEAD_LEN, Frame, FrameType, Trailers};
use crate::wire::bytes::{TooShort, Writer};
use crate::wire::candidates;
use crate::wire::control;
use crate::wire::ids::Reference;

impl Frame<'_> {
    /// Writes the frame and returns its length. Trailers and candidates of unknown kinds are left
    /// out.
    ///
    /// # Errors
    /// [`TooShort`] when `out` does not hold it, or the body is longer than 65,535 bytes.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, TooShort> {
        let mut w = open(out, self.frame_type())?;
        match self {
            Self::Hello(hello) => control::write_hello(hello, &mut w)?,
            Self::Envelope { bytes, trailers } => {
                w.u16(u16::try_from(bytes.len()).map_err(|_| TooShort)?)?;
                w.put(bytes)?;
                trailers.write(&mut w)?;
            }
            Self::Taken(references) => {
                w.u8(u8::try_from(references.len()).map_err(|_| TooShort)?)?;
                w.put(references.as_bytes())?;
            }
            Self::Passed(reference) => w.put(&reference.0)?,
            Self::ReachAsk(ask) => control::write_ask(ask, &mut w)?,
            Self::ReachAnswer(answer) => control::write_answer(answer, &mut w)?,
            Self::Candidates(list) => candidates::emit(&mut w, *list)?,
            Self::Ping(ping) => control::write_ping(ping, &mut w)?,
        }
        close(w)
    }
}

fn open(out: &mut [u8], ftype: FrameType) -> Result<Writer<'_>, TooShort> {
    let mut w = Writer::new(out);
    w.u8(ftype.code())?;
    w.u16(0)?;
    Ok(w)
}

fn close(mut w: Writer<'_>) -> Result<usize, TooShort> {
    let body = w.len().checked_sub(FRAME_HEAD_LEN).ok_or(TooShort)?;
    let body = u16::try_from(body).map_err(|_| TooShort)?;
    w.patch(1, &body.to_le_bytes())?;
    Ok(w.len())
}

/// Makes a frame around an envelope that already stands at `out[5..][..len]` (see
/// [`super::ENVELOPE_AT`]), and returns
/// the frame's length. So an envelope is built, or copied out of a queue, in the buffer that is
/// sent.
///
/// # Errors
/// [`TooShort`] when `out` does not hold it, or the body is longer than 65,535 bytes.
pub fn wrap_envelope(
    out: &mut [u8],
    len: usize,
    trailers: &Trailers<'_>,
) -> Result<usize, TooShort> {
    let mut w = open(out, FrameType::Envelope)?;
    w.u16(u16::try_from(len).map_err(|_| TooShort)?)?;
    w.skip(len)?;
    trailers.write(&mut w)?;
    close(w)
}

/// Writes a TAKEN frame reference by reference.
pub struct TakenWriter<'a> {
    out: Writer<'a>,
    count: u8,
}

impl<'a> TakenWriter<'a> {
    /// Begins a TAKEN with its first reference.
    ///
    /// # Errors
    /// [`TooShort`] when `out` does not hold 12 bytes.
    pub fn start(out: &'a mut [u8], first: Reference) -> Result<Self, TooShort> {
        let mut out = open(out, FrameType::Taken)?;
        out.u8(0)?;
        let mut this = Self { out, count: 0 };
        if this.push(first) {
            Ok(this)
        } else {
            Err(TooShort)
        }
    }

    /// Adds a reference; `false`, and nothing changed, when the frame or the buffer is full.
    #[must_use]
    pub fn push(&mut self, reference: Reference) -> bool {
        let Some(count) = self.count.checked_add(1) else {
            return false;
        };
        if self.out.put(&reference.0).is_err() {
            return false;
        }
        self.count = count;
        // The header was written by `start`, so that this always succeeds.
        let body = 1 + Reference::LEN as u16 * u16::from(count);
        let [l0, l1] = body.to_le_bytes();
        self.out.patch(1, &[l0, l1, count]).is_ok()
    }

    /// The length of the frame written.
    #[must_use]
    pub const fn finish(self) -> usize {
        self.out.len()
    }
}

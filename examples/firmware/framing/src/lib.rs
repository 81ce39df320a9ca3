//! COBS frames on a byte stream: each frame is followed by a zero byte, and none contains one, so
//! that a reader that lost bytes is back in step after the next zero.
//!
//! There is no checksum: the link above authenticates every frame.
#![no_std]

#[cfg(test)]
mod tests;

use cobs::{DecodeResult, DecoderState};

/// What a byte led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'b> {
    /// The frame is not complete yet.
    More,
    /// A frame was broken off or is longer than the buffer; it is skipped to its end.
    Bad,
    /// A complete frame, at the start of the buffer.
    Frame(&'b mut [u8]),
}

/// Takes frames out of a byte stream.
#[derive(Debug, Default)]
pub struct Deframer {
    state: DecoderState,
    len: usize,
    skipping: bool,
}

impl Deframer {
    /// A reader at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: DecoderState::Idle,
            len: 0,
            skipping: false,
        }
    }

    /// Takes the next byte of the stream. `buf` is the same on every call and bounds the frame.
    pub fn feed<'b>(&mut self, byte: u8, buf: &'b mut [u8]) -> Step<'b> {
        if self.skipping {
            // The rest of a bad frame says nothing; the zero ends it.
            if byte == 0 {
                *self = Self::new();
            }
            return Step::More;
        }
        match self.state.feed(byte) {
            Ok(DecodeResult::NoData) => Step::More,
            Ok(DecodeResult::DataStart) => {
                self.len = 0;
                Step::More
            }
            Ok(DecodeResult::DataContinue(value)) => match buf.get_mut(self.len) {
                Some(place) => {
                    *place = value;
                    self.len += 1;
                    Step::More
                }
                None => {
                    self.skipping = true;
                    Step::Bad
                }
            },
            Ok(DecodeResult::DataComplete) => {
                buf.get_mut(..self.len).map_or(Step::Bad, Step::Frame)
            }
            // Only a zero too early is an error, so the stream is already at a frame's end.
            Err(_) => Step::Bad,
        }
    }
}

/// The bytes of `frame` on the line, with the closing zero.
pub fn encoded(frame: &[u8]) -> impl Iterator<Item = u8> + '_ {
    Encoded {
        rest: frame,
        run: 0,
        state: Next::Code,
    }
}

struct Encoded<'f> {
    rest: &'f [u8],
    /// Bytes of the run still to come.
    run: u8,
    state: Next,
}

enum Next {
    Code,
    /// In a run; afterwards a zero is due (`true`) or the run was of full length (`false`).
    Run(bool),
    End,
    Done,
}

impl Iterator for Encoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        loop {
            match self.state {
                Next::Code => {
                    // A run of 254 bytes stands without a zero after it.
                    let run = self
                        .rest
                        .iter()
                        .take(254)
                        .take_while(|byte| **byte != 0)
                        .count();
                    self.run = u8::try_from(run).unwrap_or(254);
                    self.state = Next::Run(run < 254);
                    return Some(self.run + 1);
                }
                Next::Run(zero) => {
                    if self.run > 0 {
                        self.run -= 1;
                        let (first, rest) = self.rest.split_first()?;
                        self.rest = rest;
                        return Some(*first);
                    }
                    self.state = match (self.rest.split_first(), zero) {
                        (None, _) => Next::End,
                        (Some((_, rest)), true) => {
                            self.rest = rest;
                            Next::Code
                        }
                        (Some(_), false) => Next::Code,
                    };
                }
                Next::End => {
                    self.state = Next::Done;
                    return Some(0);
                }
                Next::Done => return None,
            }
        }
    }
}

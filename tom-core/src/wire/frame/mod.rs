//! What neighbours exchange: frames, one behind the other in a datagram. Spec: link, "Frame".
//!
//! `ftype 1 | len u16 | body`. ENVELOPE, TAKEN and PASSED are fixed layouts, since every message
//! passes through them; the control bodies are postcard.

mod emit;
mod parse;
#[cfg(test)]
mod tests;
mod trailers;

pub use emit::{TakenWriter, wrap_envelope};
pub use parse::Frames;
pub use trailers::{MAX_TRACE, MAX_TRACE_LEN, Trace, TraceEntry, Trailers};
pub(super) use trailers::{TAG_STAMP, TAG_TRACE};

use super::candidates::Candidates;
use super::content::References;
use super::control::{Hello, Ping, ReachAnswer, ReachAsk};
use super::ids::Reference;

/// The length of a frame's header: type and body length.
pub const FRAME_HEAD_LEN: usize = 3;
/// Where the envelope begins in an ENVELOPE frame.
pub const ENVELOPE_AT: usize = FRAME_HEAD_LEN + 2;
/// The longest envelope that fits an ENVELOPE frame with no trailers, in bytes. Spec ENV-6.
pub const MAX_FRAMED_ENVELOPE: usize = 65_533;
/// The most references one TAKEN names.
pub const MAX_TAKEN: usize = 255;

/// The type of a frame. Numbers 9 (FRAG) and 10 (BUNDLE) are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum FrameType {
    /// The first frame from each side.
    Hello = 1,
    /// An envelope with optional trailers.
    Envelope = 2,
    /// Envelopes the neighbour takes care of from now on.
    Taken = 3,
    /// An envelope the neighbour handed to the recipient's link.
    Passed = 4,
    /// A question for a route.
    ReachAsk = 5,
    /// The answer to one.
    ReachAnswer = 6,
    /// The receiver's own addresses as the sender sees them.
    Candidates = 7,
    /// A sign of life.
    Ping = 8,
}

impl FrameType {
    /// The type with this number; `None` for unknown and reserved ones.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Hello),
            2 => Some(Self::Envelope),
            3 => Some(Self::Taken),
            4 => Some(Self::Passed),
            5 => Some(Self::ReachAsk),
            6 => Some(Self::ReachAnswer),
            7 => Some(Self::Candidates),
            8 => Some(Self::Ping),
            _ => None,
        }
    }

    /// The type's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// A checked view of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The first frame from each side.
    Hello(Hello),
    /// An envelope with optional trailers.
    Envelope {
        /// The envelope's bytes, for [`super::Envelope::parse`].
        bytes: &'a [u8],
        /// What stands behind it.
        trailers: Trailers<'a>,
    },
    /// Envelopes the neighbour takes care of from now on, 1..=255.
    Taken(References<'a>),
    /// An envelope the neighbour handed to the recipient's link.
    Passed(Reference),
    /// A question for a route.
    ReachAsk(ReachAsk),
    /// The answer to one.
    ReachAnswer(ReachAnswer),
    /// The receiver's own addresses as the sender sees them.
    Candidates(Candidates<'a>),
    /// A sign of life.
    Ping(Ping),
}

impl Frame<'_> {
    /// The frame's type.
    #[must_use]
    pub const fn frame_type(&self) -> FrameType {
        match self {
            Self::Hello(_) => FrameType::Hello,
            Self::Envelope { .. } => FrameType::Envelope,
            Self::Taken(_) => FrameType::Taken,
            Self::Passed(_) => FrameType::Passed,
            Self::ReachAsk(_) => FrameType::ReachAsk,
            Self::ReachAnswer(_) => FrameType::ReachAnswer,
            Self::Candidates(_) => FrameType::Candidates,
            Self::Ping(_) => FrameType::Ping,
        }
    }
}

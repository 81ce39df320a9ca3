//! The bytes: codecs of envelopes, contents and link frames.
//!
//! Parsing checks a slice once and lends a view of it; writing goes into the caller's buffer.
//! Nothing is copied or allocated on the way, everything multi-byte is little endian, and what was
//! parsed is written back as exactly the same bytes. A refusal is a numbered [`crate::error::Drop`].

mod bytes;
mod candidates;
mod content;
mod control;
mod describe;
mod envelope;
mod flags;
mod frame;
mod ids;
mod payload;
#[cfg(test)]
mod testing;

pub use bytes::TooShort;
pub use candidates::{Candidate, CandidateList, Candidates, MAX_CANDIDATES};
pub use content::{Content, ContentBody, ContentHead, ContentKind, References};
pub use control::{Hello, MAX_REACH_TTL, Ping, Profile, REACH_UNKNOWN, ReachAnswer, ReachAsk};
pub use describe::{Value, Visit, describe_content, describe_datagram, describe_envelope};
pub use envelope::*;
pub use flags::{Class, Flags, Kind, VERSION};
pub use frame::*;
pub use ids::{Commit, Handle, MessageId, Reference, Secret, Sid, Stamp};
pub use payload::{MaxEnvelope, RespPayload, SealPayload, Terms, Window};

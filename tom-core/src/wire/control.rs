//! The control bodies between neighbours, in postcard. Spec: link, "Frame".
//!
//! Postcard reads integers that are longer than they need to be; a body is refused unless it
//! encodes again to the very bytes received, so that one meaning has one form.

#[cfg(test)]
mod tests;

use postcard::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::bytes::{TooShort, Writer};
use super::flags::VERSION;
use super::ids::Handle;
use crate::error::Drop;

/// The most hops a question for a route travels.
pub const MAX_REACH_TTL: u8 = 2;
/// The distance in a REACH! that stands for "no way known".
pub const REACH_UNKNOWN: u8 = 255;

/// Longer than any control body: 18 bytes is the longest HELLO.
const MAX_BODY: usize = 24;

/// What a node is to its neighbours. Numbers not known here are kept: a neighbour of an unknown
/// profile is still a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Profile(pub u8);

impl Profile {
    /// Sends and receives for itself only.
    pub const LEAF: Self = Self(1);
    /// Also forwards.
    pub const RELAY: Self = Self(2);
    /// Also does everything else a node can do for others.
    pub const FULL: Self = Self(3);

    /// Whether a neighbour of this profile forwards envelopes.
    #[must_use]
    pub fn forwards(self) -> bool {
        self == Self::RELAY || self == Self::FULL
    }
}

/// The first frame on a link, from each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    version: u8,
    /// What the node is.
    pub profile: Profile,
    /// The longest frame it takes, in bytes.
    pub max_frame: u32,
    /// Its wall time in seconds of Unix time, if it has any.
    pub unix: Option<u32>,
    /// Features by bit; unknown ones are not looked at.
    pub features: u32,
}

impl Hello {
    /// A HELLO of this version of the protocol.
    #[must_use]
    pub const fn new(profile: Profile, max_frame: u32, unix: Option<u32>, features: u32) -> Self {
        Self {
            version: VERSION,
            profile,
            max_frame,
            unix,
            features,
        }
    }

    pub(super) fn parse(body: &[u8]) -> Result<Self, Drop> {
        // Another version may have another layout, so its number is looked at first.
        match body.first() {
            Some(&VERSION) => canonical(body),
            Some(_) => Err(Drop::BadVersion),
            None => Err(Drop::Truncated),
        }
    }
}

/// A question: how far is this handle from you? Spec LNK-23.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachAsk {
    /// Who is looked for.
    pub handle: Handle,
    /// The asker's number for the question.
    pub nonce: u32,
    /// How many more times it may be passed on, 0..=2.
    pub ttl: u8,
}

#[derive(Serialize, Deserialize)]
struct ReachAskWire([u8; 8], u32, u8);

impl ReachAsk {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Drop> {
        let ReachAskWire(handle, nonce, ttl) = canonical(body)?;
        if ttl > MAX_REACH_TTL {
            return Err(Drop::BadHop);
        }
        Ok(Self {
            handle: Handle(handle),
            nonce,
            ttl,
        })
    }
}

/// The answer to a [`ReachAsk`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachAnswer {
    /// Who was looked for.
    pub handle: Handle,
    /// The asker's number for the question.
    pub nonce: u32,
    /// 0 it is me, 1 my neighbour, and so on; 255 no way known.
    pub distance: u8,
}

#[derive(Serialize, Deserialize)]
struct ReachAnswerWire([u8; 8], u32, u8);

impl ReachAnswer {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Drop> {
        let ReachAnswerWire(handle, nonce, distance) = canonical(body)?;
        Ok(Self {
            handle: Handle(handle),
            nonce,
            distance,
        })
    }
}

/// A sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// The asker's number, sent back in the reply.
    pub nonce: u32,
    /// Whether this is the reply.
    pub reply: bool,
}

impl Ping {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Drop> {
        canonical(body)
    }
}

/// Reads a body and refuses every form but the one `T` is written in. Spec LNK-7, CON-5.
fn canonical<T: Serialize + DeserializeOwned>(body: &[u8]) -> Result<T, Drop> {
    let (value, rest) = postcard::take_from_bytes::<T>(body).map_err(|error| {
        if error == Error::DeserializeUnexpectedEnd {
            Drop::Truncated
        } else {
            Drop::NotCanonical
        }
    })?;
    let read = body.strip_suffix(rest).ok_or(Drop::BadLength)?;
    let mut again = [0; MAX_BODY];
    let again = postcard::to_slice(&value, &mut again).map_err(|_| Drop::NotCanonical)?;
    if again != read {
        return Err(Drop::NotCanonical);
    }
    if !rest.is_empty() {
        return Err(Drop::BadLength);
    }
    Ok(value)
}

fn write<T: Serialize>(value: &T, w: &mut Writer<'_>) -> Result<(), TooShort> {
    let mut body = [0; MAX_BODY];
    let body = postcard::to_slice(value, &mut body).map_err(|_| TooShort)?;
    w.put(body)
}

pub(super) fn write_hello(hello: &Hello, w: &mut Writer<'_>) -> Result<(), TooShort> {
    write(hello, w)
}

pub(super) fn write_ask(ask: &ReachAsk, w: &mut Writer<'_>) -> Result<(), TooShort> {
    let ttl = ask.ttl.min(MAX_REACH_TTL);
    write(&ReachAskWire(ask.handle.0, ask.nonce, ttl), w)
}

pub(super) fn write_answer(answer: &ReachAnswer, w: &mut Writer<'_>) -> Result<(), TooShort> {
    let wire = ReachAnswerWire(answer.handle.0, answer.nonce, answer.distance);
    write(&wire, w)
}

pub(super) fn write_ping(ping: &Ping, w: &mut Writer<'_>) -> Result<(), TooShort> {
    write(ping, w)
}

//! The envelope: what travels end to end, byte for byte. Spec: envelope.
//!
//! [`Envelope::parse`] checks every field once and lends a view; nothing is copied. Encryption
//! works in place: an `emit_*_head` function writes the header and says where the ciphertext
//! begins, and [`seal_noise_at`], [`RESP_NOISE_AT`] and [`data_sealed_at`] say the same of an
//! envelope that was received.

mod emit;
mod head;
mod parse;
#[cfg(test)]
mod tests;

pub use emit::{
    AckWriter, emit_data_head, emit_nack, emit_resp_head, emit_seal_head, set_commit, set_path,
};
pub use head::Head;

use sha2::{Digest, Sha256};

use super::flags::{Flags, Kind};
use super::ids::{Commit, MessageId, Reference, Secret, Sid};

/// The header's length in bytes; the body begins here.
pub const HEAD_LEN: usize = 15;
/// Where the path byte stands: the only byte a relay changes.
pub const PATH_AT: usize = 2;
/// The most hops an envelope may have left.
pub const MAX_HOPS: u8 = 8;
/// The highest attempt number.
pub const MAX_ATTEMPT: u8 = 15;
/// The longest envelope the format allows, in bytes. Spec ENV-6.
pub const MAX_ENVELOPE: usize = 65_535;
/// The envelope length that every relay carries, in bytes.
pub const MIN_CARRIED: usize = 1_200;
/// The most proofs one ACK carries.
pub const MAX_PROOFS: usize = 49;
/// The length of every RESP, in bytes.
pub const RESP_LEN: usize = 80;
/// The length of every NACK, in bytes.
pub const NACK_LEN: usize = 28;
/// What the first handshake message adds to its payload: an ephemeral key, a sealed static key, a
/// tag.
pub const NOISE1_OVERHEAD: usize = 96;
/// The length of the second handshake message with its fixed 5-byte payload.
pub const NOISE2_LEN: usize = 53;
/// The length of an authentication tag.
pub const TAG_LEN: usize = 16;
/// Where the handshake message begins in a RESP.
pub const RESP_NOISE_AT: usize = 27;

const SEAL_COMMIT_AT: usize = 16;
const DATA_COMMIT_AT: usize = 21;
const PROOF_LEN: usize = Reference::LEN + Secret::LEN;

/// Where the handshake message begins in a SEAL with these flags: 16 or 24.
#[must_use]
pub const fn seal_noise_at(flags: Flags) -> usize {
    if flags.has_commit() {
        SEAL_COMMIT_AT + Commit::LEN
    } else {
        SEAL_COMMIT_AT
    }
}

/// Where the ciphertext begins in a DATA envelope with these flags: 21 or 29.
#[must_use]
pub const fn data_sealed_at(flags: Flags) -> usize {
    if flags.has_commit() {
        DATA_COMMIT_AT + Commit::LEN
    } else {
        DATA_COMMIT_AT
    }
}

/// The identity of an envelope: a hash of all its bytes but the path. `None` when there is no
/// complete header. Spec ENV-3, ENV-19, CON-6.
#[must_use]
pub fn message_id(envelope: &[u8]) -> Option<MessageId> {
    if envelope.len() < HEAD_LEN {
        return None;
    }
    let (before, from_path) = envelope.split_at_checked(PATH_AT)?;
    let (_, after) = from_path.split_first()?;
    let digest: [u8; 32] = Sha256::new()
        .chain_update(b"tom-id")
        .chain_update(before)
        .chain_update(after)
        .finalize()
        .into();
    digest.first_chunk().copied().map(MessageId)
}

/// A checked view of one envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The header.
    pub head: Head,
    /// What stands behind it.
    pub body: Body<'a>,
}

/// What stands behind the header, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// A message sealed to a public key.
    Seal {
        /// Which of the recipient's keys it is sealed to; 0 is the identity key.
        kid: u8,
        /// What the ACK secret hashes to, when the header says so.
        commit: Option<Commit>,
        /// The first handshake message with its payload, at least 98 bytes.
        noise: &'a [u8],
    },
    /// The answer to a SEAL that offered a session.
    Resp {
        /// The SEAL.
        reference: Reference,
        /// The session id the SEAL offered.
        sid: Sid,
        /// The second handshake message.
        noise: &'a [u8; NOISE2_LEN],
    },
    /// A message in a session.
    Data {
        /// The session, by the recipient's id for it.
        sid: Sid,
        /// The low half of the message counter.
        n16: u16,
        /// What the ACK secret hashes to, when the header says so.
        commit: Option<Commit>,
        /// The ciphertext with its tag, at least 17 bytes.
        sealed: &'a [u8],
    },
    /// Proofs of delivery.
    Ack(Acks<'a>),
    /// A hint that an envelope got no further.
    Nack {
        /// That envelope.
        reference: Reference,
        /// Why.
        code: NackCode,
        /// For [`NackCode::TooBig`] the longest envelope that fits, in bytes; else sent as zero
        /// and not looked at.
        arg: u32,
    },
}

impl Body<'_> {
    /// The kind of envelope this is the body of.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Seal { .. } => Kind::Seal,
            Self::Resp { .. } => Kind::Resp,
            Self::Data { .. } => Kind::Data,
            Self::Ack(_) => Kind::Ack,
            Self::Nack { .. } => Kind::Nack,
        }
    }

    /// The commit in the header, of SEAL and DATA only.
    #[must_use]
    pub const fn commit(&self) -> Option<Commit> {
        match self {
            Self::Seal { commit, .. } | Self::Data { commit, .. } => *commit,
            Self::Resp { .. } | Self::Ack(_) | Self::Nack { .. } => None,
        }
    }
}

/// Why an envelope got no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum NackCode {
    /// The recipient has no key for it: an unknown session or prekey.
    NoKey = 1,
    /// It is longer than the next link carries.
    TooBig = 2,
    /// There was no room.
    Full = 3,
    /// No way towards the destination is known.
    NoRoute = 4,
}

impl NackCode {
    /// The code with this number; `None` for unknown ones.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::NoKey),
            2 => Some(Self::TooBig),
            3 => Some(Self::Full),
            4 => Some(Self::NoRoute),
            _ => None,
        }
    }

    /// The code's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// One entry of an ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The envelope that was delivered.
    pub reference: Reference,
    /// What its commit is the hash of.
    pub secret: Secret,
}

/// The proofs of one ACK, in the order they stand there; 1..=49 of them to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acks<'a> {
    entries: &'a [[u8; PROOF_LEN]],
}

impl Iterator for Acks<'_> {
    type Item = Proof;

    fn next(&mut self) -> Option<Proof> {
        let (entry, rest) = self.entries.split_first()?;
        self.entries = rest;
        let (reference, rest) = entry.split_first_chunk()?;
        Some(Proof {
            reference: Reference(*reference),
            secret: Secret(*rest.first_chunk()?),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.entries.len(), Some(self.entries.len()))
    }
}

impl ExactSizeIterator for Acks<'_> {}

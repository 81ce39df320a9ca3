//! Reading envelopes. Every length and field check of the format is here and in [`Head::parse`].

use super::{
    Acks, Body, Envelope, Head, MAX_ENVELOPE, MAX_PROOFS, NOISE1_OVERHEAD, NackCode, PROOF_LEN,
    TAG_LEN,
};
use crate::error::Drop;
use crate::wire::bytes::Reader;
use crate::wire::flags::{Flags, Kind};
use crate::wire::ids::{Commit, Reference, Sid};

/// Flags of the payload and the content type: the shortest payload a SEAL can hold.
const MIN_NOISE1: usize = NOISE1_OVERHEAD + 2;
/// The content type: the shortest plaintext DATA can hold.
const MIN_SEALED: usize = TAG_LEN + 1;

impl<'a> Envelope<'a> {
    /// Checks an envelope and lends a view of it.
    ///
    /// # Errors
    /// `TooBig` over 65,535 bytes; the header's drops; `Truncated` when a field is cut off;
    /// `BadLength` when bytes trail or an ACK's count does not match; `BadCount` for an ACK of none
    /// or more than 49; `BadNack` for an unknown code.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Drop> {
        if bytes.len() > MAX_ENVELOPE {
            return Err(Drop::TooBig);
        }
        let (head, rest) = Head::parse(bytes)?;
        let rest = Reader::new(rest);
        let body = match head.kind {
            Kind::Seal => seal(head.flags, rest)?,
            Kind::Resp => resp(rest)?,
            Kind::Data => data(head.flags, rest)?,
            Kind::Ack => ack(rest)?,
            Kind::Nack => nack(rest)?,
        };
        Ok(Self { head, body })
    }
}

fn commit(flags: Flags, bytes: &mut Reader<'_>) -> Result<Option<Commit>, Drop> {
    if flags.has_commit() {
        Ok(Some(Commit(bytes.array()?)))
    } else {
        Ok(None)
    }
}

/// A SEAL holds at least a payload of two bytes. Spec ENV-11.
fn seal<'a>(flags: Flags, mut bytes: Reader<'a>) -> Result<Body<'a>, Drop> {
    let kid = bytes.u8()?;
    let commit = commit(flags, &mut bytes)?;
    let noise = bytes.rest();
    if noise.len() < MIN_NOISE1 {
        return Err(Drop::Truncated);
    }
    Ok(Body::Seal { kid, commit, noise })
}

/// A RESP has one length. Spec ENV-13.
fn resp(mut bytes: Reader<'_>) -> Result<Body<'_>, Drop> {
    let reference = Reference(bytes.array()?);
    let sid = Sid(bytes.array()?);
    let (noise, rest) = bytes.rest().split_first_chunk().ok_or(Drop::Truncated)?;
    Reader::new(rest).end()?;
    Ok(Body::Resp {
        reference,
        sid,
        noise,
    })
}

/// A DATA holds at least one sealed byte. Spec ENV-14.
fn data<'a>(flags: Flags, mut bytes: Reader<'a>) -> Result<Body<'a>, Drop> {
    let sid = Sid(bytes.array()?);
    let n16 = bytes.u16()?;
    let commit = commit(flags, &mut bytes)?;
    let sealed = bytes.rest();
    if sealed.len() < MIN_SEALED {
        return Err(Drop::Truncated);
    }
    Ok(Body::Data {
        sid,
        n16,
        commit,
        sealed,
    })
}

/// An ACK says how many proofs it has. Spec ENV-15.
fn ack(mut bytes: Reader<'_>) -> Result<Body<'_>, Drop> {
    let count = usize::from(bytes.u8()?);
    if count == 0 || count > MAX_PROOFS {
        return Err(Drop::BadCount);
    }
    let (entries, rest) = bytes.rest().as_chunks::<PROOF_LEN>();
    if entries.len() != count || !rest.is_empty() {
        return Err(Drop::BadLength);
    }
    Ok(Body::Ack(Acks { entries }))
}

/// A NACK has one length and a known code. Spec ENV-17, ENV-9.
fn nack(mut bytes: Reader<'_>) -> Result<Body<'_>, Drop> {
    let reference = Reference(bytes.array()?);
    let code = bytes.u8()?;
    let arg = bytes.u32()?;
    bytes.end()?;
    let code = NackCode::from_code(code).ok_or(Drop::BadNack)?;
    Ok(Body::Nack {
        reference,
        code,
        arg,
    })
}

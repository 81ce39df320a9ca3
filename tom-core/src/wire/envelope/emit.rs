//! Writing envelopes into the caller's buffer.
//!
//! The kind, the commit flag and an answer's empty fields follow from the function called, not
//! from the [`Head`] passed: what these functions write parses, as long as a SEAL or DATA names its
//! destination.

use super::head::path_byte;
use super::{Acks, Body, DATA_COMMIT_AT, Envelope, Head, MAX_PROOFS, NackCode, PATH_AT};
use super::{HEAD_LEN, Proof, SEAL_COMMIT_AT};
use crate::wire::bytes::{TooShort, Writer};
use crate::wire::flags::{Flags, Kind};
use crate::wire::ids::{Commit, Handle, Reference, Sid};

impl Envelope<'_> {
    /// Writes the whole envelope and returns its length.
    ///
    /// # Errors
    /// [`TooShort`] when `out` does not hold it.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, TooShort> {
        let head = &self.head;
        match self.body {
            Body::Seal { kid, commit, noise } => {
                let head = Head {
                    flags: head.flags.with_commit(commit.is_some()),
                    ..*head
                };
                let at = emit_seal_head(out, &head, kid)?;
                if let Some(commit) = commit {
                    set_commit(out, Kind::Seal, commit)?;
                }
                append(out, at, noise)
            }
            Body::Resp {
                reference,
                sid,
                noise,
            } => {
                let at = emit_resp_head(out, head, reference, sid)?;
                append(out, at, noise)
            }
            Body::Data {
                sid,
                n16,
                commit,
                sealed,
            } => {
                let at = emit_data_head(out, head, sid, n16, commit)?;
                append(out, at, sealed)
            }
            Body::Ack(acks) => emit_acks(out, head, acks),
            Body::Nack {
                reference,
                code,
                arg,
            } => emit_nack(out, head, reference, code, arg),
        }
    }
}

fn append(out: &mut [u8], at: usize, bytes: &[u8]) -> Result<usize, TooShort> {
    let mut w = Writer::new(out);
    w.skip(at)?;
    w.put(bytes)?;
    Ok(w.len())
}

fn answer_head(head: &Head, kind: Kind) -> [u8; HEAD_LEN] {
    Head {
        kind,
        flags: Flags::NONE,
        dst: Handle::NONE,
        ..*head
    }
    .bytes()
}

/// Writes the header of a SEAL up to the handshake message and returns where that begins.
///
/// With the commit flag set the commit is written as zeros: it is known only once the handshake
/// message is, and [`set_commit`] then fills it in.
///
/// # Errors
/// [`TooShort`] when `out` does not hold it.
pub fn emit_seal_head(out: &mut [u8], head: &Head, kid: u8) -> Result<usize, TooShort> {
    let kind = Kind::Seal;
    let mut w = Writer::new(out);
    w.put(&Head { kind, ..*head }.bytes())?;
    w.u8(kid)?;
    if head.flags.has_commit() {
        w.put(&[0; Commit::LEN])?;
    }
    Ok(w.len())
}

/// Writes the header of a RESP up to the handshake message and returns where that begins.
///
/// # Errors
/// [`TooShort`] when `out` does not hold it.
pub fn emit_resp_head(
    out: &mut [u8],
    head: &Head,
    reference: Reference,
    sid: Sid,
) -> Result<usize, TooShort> {
    let mut w = Writer::new(out);
    w.put(&answer_head(head, Kind::Resp))?;
    w.put(&reference.0)?;
    w.put(&sid.0)?;
    Ok(w.len())
}

/// Writes the header of a DATA envelope up to the ciphertext and returns where that begins. The
/// commit flag is set exactly when there is a commit.
///
/// # Errors
/// [`TooShort`] when `out` does not hold it.
pub fn emit_data_head(
    out: &mut [u8],
    head: &Head,
    sid: Sid,
    n16: u16,
    commit: Option<Commit>,
) -> Result<usize, TooShort> {
    let head = Head {
        kind: Kind::Data,
        flags: head.flags.with_commit(commit.is_some()),
        ..*head
    };
    let mut w = Writer::new(out);
    w.put(&head.bytes())?;
    w.put(&sid.0)?;
    w.u16(n16)?;
    if let Some(commit) = commit {
        w.put(&commit.0)?;
    }
    Ok(w.len())
}

/// Writes a NACK and returns its length, 28.
///
/// # Errors
/// [`TooShort`] when `out` does not hold it.
pub fn emit_nack(
    out: &mut [u8],
    head: &Head,
    reference: Reference,
    code: NackCode,
    arg: u32,
) -> Result<usize, TooShort> {
    let mut w = Writer::new(out);
    w.put(&answer_head(head, Kind::Nack))?;
    w.put(&reference.0)?;
    w.u8(code.code())?;
    w.u32(arg)?;
    Ok(w.len())
}

fn emit_acks(out: &mut [u8], head: &Head, mut acks: Acks<'_>) -> Result<usize, TooShort> {
    // A view that was iterated to its end has nothing left to say.
    let first = acks.next().ok_or(TooShort)?;
    let mut w = AckWriter::start(out, head, first)?;
    for proof in acks {
        if !w.push(proof) {
            return Err(TooShort);
        }
    }
    Ok(w.finish())
}

/// Writes an ACK proof by proof.
pub struct AckWriter<'a> {
    out: Writer<'a>,
    count: u8,
}

impl<'a> AckWriter<'a> {
    /// Begins an ACK with its first proof.
    ///
    /// # Errors
    /// [`TooShort`] when `out` does not hold 40 bytes.
    pub fn start(out: &'a mut [u8], head: &Head, first: Proof) -> Result<Self, TooShort> {
        let mut out = Writer::new(out);
        out.put(&answer_head(head, Kind::Ack))?;
        out.u8(0)?;
        let mut this = Self { out, count: 0 };
        if this.push(first) {
            Ok(this)
        } else {
            Err(TooShort)
        }
    }

    /// Adds a proof; `false`, and nothing changed, when the ACK or the buffer is full.
    #[must_use]
    pub fn push(&mut self, proof: Proof) -> bool {
        if usize::from(self.count) >= MAX_PROOFS {
            return false;
        }
        let mut entry = [0; super::PROOF_LEN];
        let (reference, secret) = entry.split_at_mut(Reference::LEN);
        reference.copy_from_slice(&proof.reference.0);
        secret.copy_from_slice(&proof.secret.0);
        if self.out.put(&entry).is_err() {
            return false;
        }
        self.count += 1;
        // The count byte was written by `start`, so that this always succeeds.
        self.out.patch(HEAD_LEN, &[self.count]).is_ok()
    }

    /// The length of the ACK written.
    #[must_use]
    pub const fn finish(self) -> usize {
        self.out.len()
    }
}

/// Overwrites the path byte; values over their range become the highest allowed. A slice that
/// ends before it is left alone.
pub fn set_path(envelope: &mut [u8], attempt: u8, hop: u8) {
    if let Some(byte) = envelope.get_mut(PATH_AT) {
        *byte = path_byte(attempt, hop);
    }
}

/// Fills in the commit of a SEAL or DATA envelope whose header has room for one.
///
/// # Errors
/// [`TooShort`] when the envelope ends before the field, or its kind has none.
pub fn set_commit(envelope: &mut [u8], kind: Kind, commit: Commit) -> Result<(), TooShort> {
    let at = match kind {
        Kind::Seal => SEAL_COMMIT_AT,
        Kind::Data => DATA_COMMIT_AT,
        Kind::Resp | Kind::Ack | Kind::Nack => return Err(TooShort),
    };
    envelope
        .get_mut(at..at + Commit::LEN)
        .ok_or(TooShort)?
        .copy_from_slice(&commit.0);
    Ok(())
}

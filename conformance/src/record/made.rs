//! Bytes of frames and envelopes, made by hand and looked for in outputs.

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::Value;

use crate::transcript::Outputs;

pub(super) const SEAL: u8 = 1;
pub(super) const RESP: u8 = 2;
pub(super) const DATA: u8 = 3;
pub(super) const ACK: u8 = 4;
pub(super) const NACK: u8 = 5;

pub(super) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

pub(super) fn unhex(value: &Value) -> anyhow::Result<Vec<u8>> {
    let text = value
        .as_str()
        .with_context(|| format!("no bytes: {value}"))?;
    Ok(HEXLOWER.decode(text.as_bytes())?)
}

/// A link frame.
pub(super) fn frame(ftype: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap_or(u16::MAX);
    [&[ftype][..], &len.to_le_bytes(), body].concat()
}

/// An envelope in its frame.
pub(super) fn framed(envelope: &[u8]) -> Vec<u8> {
    let len = u16::try_from(envelope.len()).unwrap_or(u16::MAX);
    frame(2, &[&len.to_le_bytes()[..], envelope].concat())
}

/// The same envelope as another attempt.
pub(super) fn attempt(envelope: &[u8], number: u8) -> Vec<u8> {
    let mut out = envelope.to_vec();
    if let Some(path) = out.get_mut(2) {
        *path = number << 4 | *path & 15;
    }
    out
}

/// An answer: RESP, ACK or NACK.
fn answer(kind: u8, expiry: u32, body: &[u8]) -> Vec<u8> {
    let head = [&[0x10 | kind, 0, 8][..], &expiry.to_le_bytes(), &[0; 8]].concat();
    [head, body.to_vec()].concat()
}

/// An ACK of one pair.
pub(super) fn ack(expiry: u32, reference: &[u8], secret: &[u8]) -> Vec<u8> {
    answer(ACK, expiry, &[&[1], reference, secret].concat())
}

pub(super) fn nack(expiry: u32, reference: &[u8], code: u8) -> Vec<u8> {
    answer(NACK, expiry, &[reference, &[code, 0, 0, 0, 0]].concat())
}

/// The expiry in an envelope's header.
pub(super) fn expiry(envelope: &[u8]) -> anyhow::Result<u32> {
    let bytes = envelope.get(3..7).context("a short envelope")?;
    Ok(u32::from_le_bytes(bytes.try_into()?))
}

/// The bodies of frames of a type over a link.
pub(super) fn bodies(out: &Outputs, link: u32, ftype: u8) -> Vec<Vec<u8>> {
    let start = format!("{link}:{ftype:02x} ");
    let of = out.frames.iter().filter_map(|it| it.strip_prefix(&start));
    of.filter_map(|it| HEXLOWER.decode(it.as_bytes()).ok())
        .collect()
}

/// The envelopes of a kind over a link.
pub(super) fn envelopes(out: &Outputs, link: u32, kind: u8) -> Vec<Vec<u8>> {
    let all = bodies(out, link, 2);
    let inside = all.iter().filter_map(|body| {
        let (len, rest) = body.split_first_chunk::<2>()?;
        Some(rest.get(..usize::from(u16::from_le_bytes(*len)))?.to_vec())
    });
    let of = |it: &Vec<u8>| it.first().is_some_and(|vt| vt & 15 == kind);
    inside.filter(of).collect()
}

/// Version and kind, no flags, attempt 0 with hop 8, no destination (ENV-2, ENV-4, ENV-5, RTE-13).
const ACK_HEAD: &str = "1400080000000000000000";

/// The pair that proves an envelope, as outputs name it.
pub(super) fn pair(link: u32, reference: &[u8], secret: &[u8]) -> String {
    format!("{link}:{ACK_HEAD}:{}:{}", hex(reference), hex(secret))
}

//! DATA, without a node. Spec: session, "Transport".

use serde_json::{Value, json};
use tom_core::crypto::{Key, Suite, TAG_LEN, Tom1, ack_secret_data, commit, data_aad};
use tom_core::error::Drop;
use tom_core::wire::{Body, Commit, Envelope, Kind, Sid, emit_data_head};

use super::keys::public;
use super::oneshot::{head, sent};
use crate::Not;
use crate::ask::{Ask, hex};
use crate::encode::written;

/// Messages under one key.
const EPOCH: u32 = 64;
/// Epochs a receiver looks ahead.
const AHEAD: u32 = 16;

/// The key of the epoch `n` is in.
fn epoch_key(first: [u8; 32], n: u32) -> Key {
    (0..n / EPOCH).fold(Key::new(first), |key, _| key.next::<Tom1>())
}

pub(super) fn data(ask: Ask<'_>) -> Result<Value, Not> {
    let to = public(ask, "to")?;
    let head = head(ask, Kind::Data, &to)?;
    let (n, sid) = (ask.number::<u32>("n")?, Sid(ask.array("sid")?));
    let secret = ack_secret_data::<Tom1>(&ask.array("ackRoot")?, ask.number("dir")?, n);
    let commit = commit::<Tom1>(head.expiry, &head.dst, &secret);
    let said = head.flags.has_commit().then_some(commit);
    let n16 = (n & 0xFFFF) as u16;
    let mut bytes = written(|out| emit_data_head(out, &head, sid, n16, said.map(Commit)))?;
    let flags = head.flags.byte();
    let aad = data_aad(
        Kind::Data.vt(),
        flags,
        head.expiry,
        &to,
        &sid.0,
        n,
        said.as_ref(),
    );
    let key = epoch_key(ask.array("key")?, n);
    let mut content = ask.bytes("content")?;
    let tag = Tom1::aead_seal(key.as_bytes(), u64::from(n), aad.as_bytes(), &mut content);
    bytes.extend(content);
    bytes.extend(tag);
    Ok(sent(&bytes, &secret))
}

pub(super) fn open_data(ask: Ask<'_>) -> Result<Value, Not> {
    let to = public(ask, "to")?;
    let bytes = ask.bytes("bytes")?;
    let envelope = Envelope::parse(&bytes)?;
    let Body::Data {
        sid,
        n16,
        commit: said,
        sealed,
    } = envelope.body
    else {
        return Err(Not::Refused);
    };
    let head = envelope.head;
    let top = ask.maybe_number::<u32>("top")?.unwrap_or(0);
    let n = nearest(top, n16);
    if n / EPOCH > top / EPOCH + AHEAD {
        return Err(Drop::TooFarAhead.into());
    }
    let said_bytes = said.map(|said| said.0);
    let (flags, expiry) = (head.flags.byte(), head.expiry);
    let aad = data_aad(
        Kind::Data.vt(),
        flags,
        expiry,
        &to,
        &sid.0,
        n,
        said_bytes.as_ref(),
    );
    let key = epoch_key(ask.array("key")?, n);
    let (content, tag) = sealed
        .split_last_chunk::<TAG_LEN>()
        .ok_or(Drop::Truncated)?;
    let mut content = content.to_vec();
    Tom1::aead_open(
        key.as_bytes(),
        u64::from(n),
        aad.as_bytes(),
        &mut content,
        tag,
    )
    .map_err(|_| Drop::BadTag)?;
    let secret = ack_secret_data::<Tom1>(&ask.array("ackRoot")?, ask.number("dir")?, n);
    if said_bytes.is_some_and(|said| said != commit::<Tom1>(expiry, &to.handle(), &secret)) {
        return Err(Drop::BadCommit.into());
    }
    Ok(json!({ "n": n, "content": hex(&content), "ackSecret": hex(&secret) }))
}

/// The number congruent to `n16` that is nearest to `top`, the lower of two. Spec SES-22.
fn nearest(top: u32, n16: u16) -> u32 {
    let behind = (top as u16).wrapping_sub(n16);
    let below = top.checked_sub(u32::from(behind));
    let above = below.map_or_else(|| Some(u32::from(n16)), |below| below.checked_add(0x1_0000));
    match (below, above) {
        (Some(below), Some(above)) if above - top < top - below => above,
        (Some(below), _) => below,
        (None, above) => above.unwrap_or(top),
    }
}

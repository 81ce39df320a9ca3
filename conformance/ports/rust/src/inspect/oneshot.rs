//! SEAL and RESP, without a node. Spec: session, "Handshake" and "One-shot".

use serde_json::{Value, json};
use tom_core::crypto::noise::{
    Initiator, NoiseError, PAYLOAD1_AT, PAYLOAD2_AT, Read1, Responder, Split, write1,
};
use tom_core::crypto::{TAG_LEN, Tom1, ack_secret_seal, commit, seal_prologue};
use tom_core::error::Drop;
use tom_core::identity::{Keys, PublicKey, SharedSecret, SoftKeys, WeakKey};
use tom_core::wire::{
    Body, Commit, Envelope, Flags, Head, Kind, Reference, Sid, emit_resp_head, emit_seal_head,
    message_id, seal_noise_at, set_commit,
};

use super::keys::public;
use crate::ask::{Ask, hex, unclear};
use crate::encode::{class, resp_payload, seal_payload, written};
use crate::{Not, fields};

/// The fields of a header a request has.
pub(super) fn head(ask: Ask<'_>, kind: Kind, to: &PublicKey) -> Result<Head, Not> {
    let flags = Flags::new(class(ask.number("class")?)?)
        .with_commit(ask.truth("prove")?)
        .with_trace(ask.truth("trace")?);
    Ok(Head {
        kind,
        flags,
        attempt: ask.number("attempt")?,
        hop: ask.number("hop")?,
        expiry: ask.number("expiry")?,
        dst: to.handle(),
    })
}

pub(super) fn seal(ask: Ask<'_>) -> Result<Value, Not> {
    let keys = SoftKeys::from_seed(ask.array("seed")?);
    let to = public(ask, "to")?;
    let head = head(ask, Kind::Seal, &to)?;
    let payload = seal_payload(ask.object("fields")?, Some(keys.public().sign_bit()))?;
    let prologue = seal_prologue(Kind::Seal.vt(), head.flags.byte(), head.expiry, 0, &to);
    let mut noise = [&[0; PAYLOAD1_AT][..], &payload, &[0; TAG_LEN]].concat();
    let ss = agree(&keys, &to)?;
    let (e, own) = (ask.array("ephemeral")?, keys.public().to_x());
    let sealed = write1::<Tom1>(&mut noise, &prologue, &e, &own, &ss, &to.to_x())
        .map_err(|_| Not::Refused)?;
    let secret = ack_secret_seal::<Tom1>(sealed.initiator.ck());
    let mut bytes = written(|out| emit_seal_head(out, &head, 0))?;
    bytes.extend(noise);
    if head.flags.has_commit() {
        let commit = commit::<Tom1>(head.expiry, &head.dst, &secret);
        set_commit(&mut bytes, Kind::Seal, Commit(commit))
            .map_err(|_| unclear("fields", "are too short"))?;
    }
    Ok(sent(&bytes, &secret))
}

/// An envelope that was made.
pub(super) fn sent(bytes: &[u8], secret: &[u8; 16]) -> Value {
    json!({
        "bytes": hex(bytes),
        "ackSecret": hex(secret),
        "msgId": message_id(bytes).map(|id| hex(&id.0)),
    })
}

fn agree(keys: &SoftKeys, to: &PublicKey) -> Result<SharedSecret, Not> {
    keys.agree(&to.to_x()).map_err(|_| Not::Refused)
}

/// A SEAL whose first handshake message was read.
struct Opened {
    responder: Responder,
    secret: [u8; 16],
    payload: Vec<u8>,
    from: PublicKey,
    head: Head,
    reference: Reference,
}

/// The way of every SEAL: fields, handshake, commitment, sender's key.
fn opened(keys: &SoftKeys, bytes: &[u8]) -> Result<Opened, Not> {
    let envelope = Envelope::parse(bytes)?;
    let Body::Seal {
        kid, commit: said, ..
    } = envelope.body
    else {
        return Err(Not::Refused);
    };
    let head = envelope.head;
    let own = keys.public();
    let flags = head.flags;
    let prologue = seal_prologue(Kind::Seal.vt(), flags.byte(), head.expiry, kid, own);
    let mut noise = bytes
        .get(seal_noise_at(flags)..)
        .unwrap_or_default()
        .to_vec();
    let read = Read1::start::<Tom1>(keys, &own.to_x(), &prologue, &noise).map_err(bad_seal)?;
    let x = *read.sender_x();
    let ss = keys.agree(&x).map_err(|WeakKey| Drop::WeakKey)?;
    let responder = read.finish::<Tom1>(&ss, &mut noise).map_err(bad_seal)?;
    let secret = ack_secret_seal::<Tom1>(responder.ck());
    if said.is_some_and(|said| said.0 != commit::<Tom1>(head.expiry, &own.handle(), &secret)) {
        return Err(Drop::BadCommit.into());
    }
    let end = noise.len().saturating_sub(TAG_LEN);
    let payload = noise.get(PAYLOAD1_AT..end).unwrap_or_default().to_vec();
    let sign = payload.first().is_some_and(|flags| flags & 1 == 1);
    let from = PublicKey::from_x(&x, sign).map_err(|WeakKey| Drop::WeakKey)?;
    let id = message_id(bytes).ok_or(Drop::Truncated)?;
    Ok(Opened {
        responder,
        secret,
        payload,
        from,
        head,
        reference: id.reference(),
    })
}

fn bad_seal(error: NoiseError) -> Not {
    match error {
        NoiseError::WeakKey => Drop::WeakKey.into(),
        NoiseError::Short | NoiseError::BadTag => Drop::BadSeal.into(),
    }
}

pub(super) fn open(ask: Ask<'_>) -> Result<Value, Not> {
    let keys = SoftKeys::from_seed(ask.array("seed")?);
    let opened = opened(&keys, &ask.bytes("bytes")?)?;
    Ok(json!({
        "from": hex(opened.from.as_bytes()),
        "payload": fields::seal_payload(&opened.payload)?,
        "ackSecret": hex(&opened.secret),
    }))
}

pub(super) fn answer(ask: Ask<'_>) -> Result<Value, Not> {
    let keys = SoftKeys::from_seed(ask.array("seed")?);
    let opened = opened(&keys, &ask.bytes("bytes")?)?;
    let asked = tom_core::wire::SealPayload::parse(&opened.payload)?;
    let sid = asked.sid.ok_or(Not::Refused)?;
    let payload = resp_payload(ask.object("fields")?)?;
    let mut noise = [&[0; PAYLOAD2_AT][..], &payload, &[0; TAG_LEN]].concat();
    let split = opened
        .responder
        .write2::<Tom1>(&ask.array("ephemeral")?, &mut noise);
    let split = split.map_err(|_| Not::Refused)?;
    let head = Head::answer(Kind::Resp, opened.head.expiry);
    let mut bytes = written(|out| emit_resp_head(out, &head, opened.reference, sid))?;
    bytes.extend(noise);
    let mut answer = keyed(&split);
    answer["bytes"] = hex(&bytes).into();
    Ok(answer)
}

/// What both ends hold afterwards.
fn keyed(split: &Split) -> Value {
    json!({
        "kI2r": hex(split.k_i2r.as_bytes()),
        "kR2i": hex(split.k_r2i.as_bytes()),
        "ackRoot": hex(split.ack_root.as_bytes()),
        "hash": hex(&split.h),
    })
}

pub(super) fn answered(ask: Ask<'_>) -> Result<Value, Not> {
    let keys = SoftKeys::from_seed(ask.array("seed")?);
    let to = public(ask, "to")?;
    let seal = ask.bytes("seal")?;
    let (pending, sid, expiry) = pending(ask, &keys, &to, &seal)?;
    let mut bytes = ask.bytes("bytes")?;
    let envelope = Envelope::parse(&bytes)?;
    let Body::Resp {
        reference,
        sid: said,
        ..
    } = envelope.body
    else {
        return Err(Not::Refused);
    };
    if message_id(&seal).is_none_or(|id| id.reference() != reference) {
        return Err(Drop::RespUnknown.into());
    }
    if said != sid || envelope.head.expiry != expiry {
        return Err(Drop::RespMismatch.into());
    }
    let noise = bytes.get_mut(RESP_NOISE_AT..).unwrap_or_default();
    let split = pending
        .read2::<Tom1>(&keys, noise)
        .map_err(|error| match error {
            NoiseError::WeakKey => Drop::WeakKey,
            NoiseError::Short | NoiseError::BadTag => Drop::BadResp,
        })?;
    let end = noise.len().saturating_sub(TAG_LEN);
    let mut answer = keyed(&split);
    let payload = noise.get(PAYLOAD2_AT..end).unwrap_or_default();
    answer["payload"] = fields::resp_payload(payload)?;
    Ok(answer)
}

/// Where message 2 begins in a RESP.
const RESP_NOISE_AT: usize = 15 + 8 + 4;

/// The handshake of a SEAL that these keys made with this ephemeral: what waits for the RESP.
fn pending(
    ask: Ask<'_>,
    keys: &SoftKeys,
    to: &PublicKey,
    seal: &[u8],
) -> Result<(Initiator, Sid, u32), Not> {
    let envelope = Envelope::parse(seal)?;
    let head = envelope.head;
    let noise = seal.get(seal_noise_at(head.flags)..).unwrap_or_default();
    let prologue = seal_prologue(Kind::Seal.vt(), head.flags.byte(), head.expiry, 0, to);
    let (e, own, ss) = (
        ask.array("ephemeral")?,
        keys.public().to_x(),
        agree(keys, to)?,
    );
    // Written once over nothing, for the key that opens the payload; then over the payload.
    let mut payload = noise.to_vec();
    let first = write1::<Tom1>(&mut payload, &prologue, &e, &own, &ss, &to.to_x());
    let mut text = noise.to_vec();
    first
        .map_err(|_| Not::Refused)?
        .reopen
        .open::<Tom1>(&mut text)
        .map_err(|_| Not::Refused)?;
    let again = write1::<Tom1>(&mut text.clone(), &prologue, &e, &own, &ss, &to.to_x());
    let again = again.map_err(|_| Not::Refused)?;
    let end = text.len().saturating_sub(TAG_LEN);
    let payload = text.get(PAYLOAD1_AT..end).unwrap_or_default();
    let sid = tom_core::wire::SealPayload::parse(payload)?.sid;
    Ok((again.initiator, sid.ok_or(Not::Refused)?, head.expiry))
}

//! The fields of an envelope.

use super::Value;
use super::walk::{Walk, Walked};
use crate::wire::envelope::{
    HEAD_LEN, MAX_ENVELOPE, MAX_HOPS, MAX_PROOFS, NOISE1_OVERHEAD, NackCode, TAG_LEN,
};
use crate::wire::flags::{Flags, Kind, VERSION};

/// Walks a whole envelope.
pub(super) fn walk(w: &mut Walk<'_, '_>) -> Walked {
    let all = w.all();
    if all.len() > MAX_ENVELOPE {
        return Err(all.start + MAX_ENVELOPE..all.end);
    }
    let (kind, flags) = head(w)?;
    match kind {
        Kind::Seal => seal(w, flags),
        Kind::Resp => resp(w),
        Kind::Data => data(w, flags),
        Kind::Ack => ack(w),
        Kind::Nack => nack(w),
    }
}

fn head(w: &mut Walk<'_, '_>) -> Walked<(Kind, Flags)> {
    // A header that is cut off is refused for that, whatever its first fields say.
    let cut = w.left() < HEAD_LEN;
    let (place, vt) = w.take(1)?;
    let vt = vt.first().copied().unwrap_or_default();
    w.tell("version", place.clone(), Value::Int(u64::from(vt >> 4)));
    w.tell("kind", place.clone(), Value::Int(u64::from(vt & 0x0F)));
    let kind = Kind::from_code(vt & 0x0F).filter(|_| vt >> 4 == VERSION);
    if kind.is_none() && !cut {
        return Err(place);
    }
    let answer = kind.is_some_and(Kind::is_answer);
    let (byte, place) = w.int("flags", 1)?;
    let byte = u8::try_from(byte).unwrap_or_default();
    let flags = Flags::from_byte(byte).filter(|&flags| !answer || flags == Flags::NONE);
    if flags.is_none() && !cut {
        return Err(place);
    }
    let (place, path) = w.take(1)?;
    let path = path.first().copied().unwrap_or_default();
    w.tell("attempt", place.clone(), Value::Int(u64::from(path >> 4)));
    w.tell("hop", place.clone(), Value::Int(u64::from(path & 0x0F)));
    if path & 0x0F > MAX_HOPS && !cut {
        return Err(place);
    }
    w.int("expiry", 4)?;
    let (place, dst) = w.take(8)?;
    w.tell("dst", place.clone(), Value::Bytes(dst));
    if answer != dst.iter().all(|&byte| byte == 0) {
        return Err(place);
    }
    kind.zip(flags).ok_or(w.missing())
}

fn commit(w: &mut Walk<'_, '_>, flags: Flags) -> Walked {
    if flags.has_commit() {
        w.bytes("commit", 8)?;
    }
    Ok(())
}

fn seal(w: &mut Walk<'_, '_>, flags: Flags) -> Walked {
    w.int("kid", 1)?;
    commit(w, flags)?;
    w.bytes("e", 32)?;
    w.bytes("sealed_s", 48)?;
    // Everything but the tag, and that is at least the payload's flags and a content type.
    if w.left() < NOISE1_OVERHEAD + 2 - 80 {
        return Err(w.missing());
    }
    w.bytes("sealed_payload", w.left() - TAG_LEN)?;
    w.bytes("tag", TAG_LEN)?;
    Ok(())
}

fn resp(w: &mut Walk<'_, '_>) -> Walked {
    w.bytes("ref", 8)?;
    w.bytes("sid", 4)?;
    w.bytes("e", 32)?;
    w.bytes("sealed_payload", 5)?;
    w.bytes("tag", TAG_LEN)?;
    w.end()
}

fn data(w: &mut Walk<'_, '_>, flags: Flags) -> Walked {
    w.bytes("sid", 4)?;
    w.int("n16", 2)?;
    commit(w, flags)?;
    if w.left() < TAG_LEN + 1 {
        return Err(w.missing());
    }
    w.bytes("sealed_content", w.left() - TAG_LEN)?;
    w.bytes("tag", TAG_LEN)?;
    Ok(())
}

fn ack(w: &mut Walk<'_, '_>) -> Walked {
    let (count, place) = w.int("count", 1)?;
    if count == 0 || count > MAX_PROOFS as u64 {
        return Err(place);
    }
    for _ in 0..count {
        w.bytes("ref", 8)?;
        w.bytes("secret", 16)?;
    }
    w.end()
}

fn nack(w: &mut Walk<'_, '_>) -> Walked {
    w.bytes("ref", 8)?;
    let (code, place) = w.int("code", 1)?;
    let known = u8::try_from(code).ok().and_then(NackCode::from_code);
    if known.is_none() {
        return Err(place);
    }
    w.int("arg", 4)?;
    w.end()
}

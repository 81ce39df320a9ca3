//! The fields of frames.

use super::walk::{Walk, Walked, little_endian};
use super::{Value, content, envelope, report};
use crate::error::Drop;
use crate::wire::control::MAX_REACH_TTL;
use crate::wire::envelope::Envelope;
use crate::wire::flags::VERSION;
use crate::wire::frame::{FRAME_HEAD_LEN, Frame, FrameType, MAX_TRACE, TAG_STAMP, TAG_TRACE};

/// Walks every frame of a datagram.
pub(super) fn walk_all(w: &mut Walk<'_, '_>) {
    while w.left() > 0 {
        if let Err((drop, place)) = walk_one(w) {
            w.tell("bad", place, Value::Bad(drop));
            return;
        }
    }
}

/// Walks one frame; `Err` ends the datagram.
fn walk_one(w: &mut Walk<'_, '_>) -> Result<(), (Drop, core::ops::Range<usize>)> {
    let start = w.at();
    if w.left() < FRAME_HEAD_LEN {
        return Err((Drop::Truncated, w.missing()));
    }
    let truncated = |place| (Drop::Truncated, place);
    let (type_place, ftype) = w.take(1).map_err(truncated)?;
    let ftype = ftype.first().copied().unwrap_or_default();
    let (len_place, len) = w.take(2).map_err(truncated)?;
    let len = usize::try_from(little_endian(len)).unwrap_or(usize::MAX);
    let end = w.at().saturating_add(len.min(w.left()));
    let kind = FrameType::from_code(ftype);
    w.tell(title(kind), start..end, Value::Part);
    w.tell("ftype", type_place.clone(), Value::Int(u64::from(ftype)));
    w.tell("len", len_place.clone(), Value::Int(len as u64));
    if len > w.left() {
        return Err((Drop::BadLength, len_place));
    }
    let mut part = w.part(len);
    let drop = Frame::parse(ftype, part.slice()).err();
    let noticed = match kind {
        Some(kind) => body(&mut part, kind),
        None => Err(type_place),
    };
    report(&mut part, drop, noticed);
    Ok(())
}

const fn title(kind: Option<FrameType>) -> &'static str {
    match kind {
        Some(FrameType::Hello) => "HELLO",
        Some(FrameType::Envelope) => "ENVELOPE",
        Some(FrameType::Taken) => "TAKEN",
        Some(FrameType::Passed) => "PASSED",
        Some(FrameType::ReachAsk) => "REACH?",
        Some(FrameType::ReachAnswer) => "REACH!",
        Some(FrameType::Candidates) => "CANDIDATES",
        Some(FrameType::Ping) => "PING",
        None => "unknown frame",
    }
}

pub(super) fn body(w: &mut Walk<'_, '_>, kind: FrameType) -> Walked {
    match kind {
        FrameType::Hello => hello(w),
        FrameType::Envelope => wrapped(w),
        FrameType::Taken => taken(w),
        FrameType::Passed => {
            w.bytes("ref", 8)?;
            w.end()
        }
        FrameType::ReachAsk => reach_ask(w),
        FrameType::ReachAnswer => {
            w.bytes("handle", 8)?;
            let overlong = varint(w, "nonce")?;
            w.int("distance", 1)?;
            finish(w, [overlong])
        }
        FrameType::Candidates => content::candidates(w),
        FrameType::Ping => {
            let overlong = varint(w, "nonce")?;
            one_or_zero(w, "reply")?;
            finish(w, [overlong])
        }
    }
}

fn wrapped(w: &mut Walk<'_, '_>) -> Walked {
    let (len, place) = w.int("elen", 2)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > w.left() {
        return Err(place);
    }
    // Behind a bad trailer nobody looks at the envelope, so that no drop of its own is counted.
    let frame_used = Frame::parse(FrameType::Envelope.code(), w.slice()).is_ok();
    let mut part = w.part(len);
    let noticed = envelope::walk(&mut part);
    let drop = Envelope::parse(part.slice()).err();
    report(&mut part, drop.filter(|_| frame_used), noticed);
    let mut last = None;
    while w.left() > 0 {
        trailer(w, &mut last)?;
    }
    Ok(())
}

fn trailer(w: &mut Walk<'_, '_>, last: &mut Option<u64>) -> Walked {
    let (tag, tag_place) = w.int("tag", 1)?;
    let (len, len_place) = w.int("len", 1)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > w.left() {
        return Err(len_place);
    }
    if last.is_some_and(|last| last >= tag) {
        return Err(tag_place);
    }
    *last = Some(tag);
    match u8::try_from(tag) {
        Ok(TAG_TRACE) => {
            if len % 6 != 0 || len == 0 || len > 6 * MAX_TRACE {
                return Err(len_place);
            }
            for _ in 0..len / 6 {
                w.bytes("relay", 4)?;
                w.int("ms", 2)?;
            }
        }
        Ok(TAG_STAMP) => {
            if len != 8 {
                return Err(len_place);
            }
            w.bytes("stamp", 8)?;
        }
        Ok(_) | Err(_) => {
            w.bytes("unknown", len)?;
        }
    }
    Ok(())
}

fn taken(w: &mut Walk<'_, '_>) -> Walked {
    let (count, place) = w.int("count", 1)?;
    if count == 0 {
        return Err(place);
    }
    for _ in 0..count {
        w.bytes("ref", 8)?;
    }
    w.end()
}

fn hello(w: &mut Walk<'_, '_>) -> Walked {
    let (version, place) = w.int("version", 1)?;
    if version != u64::from(VERSION) {
        return Err(place);
    }
    w.int("profile", 1)?;
    let max_frame = varint(w, "max_frame")?;
    let mut unix = None;
    if one_or_zero(w, "has_unix")? {
        unix = varint(w, "unix")?;
    }
    let features = varint(w, "features")?;
    finish(w, [max_frame, unix, features])
}

fn reach_ask(w: &mut Walk<'_, '_>) -> Walked {
    w.bytes("handle", 8)?;
    let overlong = varint(w, "nonce")?;
    let (ttl, place) = w.int("ttl", 1)?;
    finish(w, [overlong])?;
    if ttl > u64::from(MAX_REACH_TTL) {
        return Err(place);
    }
    Ok(())
}

/// A number in postcard's form. `Err` when it is cut off or does not fit 32 bits; the place when it
/// is longer than it needs to be, which is refused only after the other fields could be read.
fn varint(w: &mut Walk<'_, '_>, name: &'static str) -> Walked<Option<core::ops::Range<usize>>> {
    let start = w.at();
    let mut number = 0_u64;
    for index in 0..5_u32 {
        let (place, byte) = w.take(1)?;
        let byte = byte.first().copied().unwrap_or_default();
        number |= u64::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 != 0 {
            continue;
        }
        let place = start..place.end;
        if number > u64::from(u32::MAX) {
            return Err(place);
        }
        w.tell(name, place.clone(), Value::Int(number));
        return Ok((index > 0 && byte == 0).then_some(place));
    }
    Err(start..w.at())
}

/// A byte that says yes or no.
fn one_or_zero(w: &mut Walk<'_, '_>, name: &'static str) -> Walked<bool> {
    let (value, place) = w.int(name, 1)?;
    if value > 1 {
        return Err(place);
    }
    Ok(value == 1)
}

/// The end of a postcard body: the first number that was too long, else bytes left over.
fn finish<const N: usize>(
    w: &Walk<'_, '_>,
    overlong: [Option<core::ops::Range<usize>>; N],
) -> Walked {
    match overlong.into_iter().flatten().next() {
        Some(place) => Err(place),
        None => w.end(),
    }
}

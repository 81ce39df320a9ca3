//! Datagrams: frames in their places.

use serde_json::{Value, json};

use super::build::{
    BAD_COUNT, BAD_HOP, BAD_LENGTH, BAD_VERSION, NOT_CANONICAL, TRUNCATED, UNKNOWN_FRAME, frame,
    hex, of, varint, with,
};
use super::content::candidates;
use super::hand;
use super::sheet::Sheet;
use crate::cases::{Expected, File};

const NOTES: &[(&str, &str)] = &[
    ("BadCount", "a count of none or of too many"),
    ("BadHop", "a question that would go too far"),
    ("BadLength", "a length that is not that of the bytes there"),
    ("BadList", "a candidate list that is none"),
    ("BadTrailer", "trailers that are none"),
    ("BadVersion", "a HELLO of another version"),
    ("Cut", "ends early"),
    ("Edge", "at the edge of what is allowed"),
    (
        "Hand",
        "from the script beside tom-core, not from this tool",
    ),
    ("Middle", "a bad frame between good ones, which count"),
    (
        "NotCanonical",
        "a number or an option that is not written the one way",
    ),
    ("Trailing", "bytes behind the end"),
    ("UnknownFrame", "a type nobody knows, skipped by its length"),
];

/// A frame of a type, with its fields.
fn made(sheet: &mut Sheet, ftype: u8) -> (Vec<u8>, Value) {
    let (body, fields) = match ftype {
        1 => {
            let profile = 1 + sheet.below(3) as u8;
            let max_frame = 1_205 + sheet.below(64_334);
            let unix = (sheet.below(2) == 1).then(|| 1_800_000_000 + sheet.below(1_000_000));
            let features = sheet.below(4) * sheet.below(100_000);
            let said = unix.map_or(vec![0], |unix| [vec![1], varint(unix)].concat());
            let body = [vec![1, profile], varint(max_frame), said, varint(features)].concat();
            let fields = json!({
                "version": 1, "profile": profile, "maxFrame": max_frame,
                "unix": unix, "features": features,
            });
            (body, fields)
        }
        2 => enveloped(sheet),
        3 => {
            let refs: Vec<[u8; 8]> = (0..1 + sheet.below(5)).map(|_| sheet.array()).collect();
            let body = [vec![refs.len() as u8], refs.concat()].concat();
            (
                body,
                json!({ "refs": refs.iter().map(|r| hex(r)).collect::<Vec<_>>() }),
            )
        }
        4 => {
            let reference = sheet.bytes(8);
            let fields = json!({ "ref": hex(&reference) });
            (reference, fields)
        }
        5 | 6 => {
            let handle = sheet.bytes(8);
            let nonce = sheet.below(u32::MAX) >> sheet.below(32);
            let last = sheet.below(3) as u8;
            let name = if ftype == 5 { "ttl" } else { "distance" };
            let fields = json!({ "handle": hex(&handle), "nonce": nonce, name: last });
            ([handle, varint(nonce), vec![last]].concat(), fields)
        }
        7 => {
            let count = sheet.below(9) as u8;
            let (body, list) = candidates(sheet, count);
            (body, json!({ "candidates": list }))
        }
        _ => {
            let nonce = sheet.below(u32::MAX) >> sheet.below(32);
            let reply = sheet.below(2) == 1;
            let body = [varint(nonce), vec![u8::from(reply)]].concat();
            (body, json!({ "nonce": nonce, "reply": reply }))
        }
    };
    (frame(ftype, &body), with(json!({ "ftype": ftype }), fields))
}

/// An ENVELOPE's body: the bytes in it are not looked at.
fn enveloped(sheet: &mut Sheet) -> (Vec<u8>, Value) {
    let len = sheet.below(60) as usize;
    let inner = sheet.bytes(len);
    let mut body = (inner.len() as u16).to_le_bytes().to_vec();
    body.extend(&inner);
    let mut trace = Value::Null;
    if sheet.below(2) == 1 {
        let count = 1 + sheet.below(8) as u8;
        body.extend([1, count * 6]);
        let mut entries = Vec::new();
        for _ in 0..count {
            let (handle, ms) = (sheet.bytes(4), sheet.below(65_536) as u16);
            body.extend(&handle);
            body.extend(ms.to_le_bytes());
            entries.push(json!({ "handle": hex(&handle), "ms": ms }));
        }
        trace = entries.into();
    }
    let mut stamp = Value::Null;
    if sheet.below(3) == 1 {
        let nonce = sheet.bytes(8);
        body.extend([2, 8]);
        body.extend(&nonce);
        stamp = hex(&nonce).into();
    }
    let fields = json!({ "envelope": hex(&inner), "trace": trace, "stamp": stamp });
    (body, fields)
}

const PLACES: [&str; 9] = [
    "frame",
    "hello",
    "envelope",
    "taken-and-passed",
    "taken-and-passed",
    "reach-and-reach",
    "reach-and-reach",
    "candidates",
    "ping",
];

fn place(ftype: u8) -> String {
    format!("link.md#{}", PLACES[usize::from(ftype)])
}

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM link frames", NOTES);
    sheet.group("datagram");
    hand::take(&mut sheet, "datagram")?;
    for ftype in 1..=8_u8 {
        for number in 1..=8 {
            sheet.at(&place(ftype), &["LNK-3"]);
            let (bytes, fields) = made(&mut sheet, ftype);
            let comment = format!("type {ftype}, drawn, {number}");
            sheet.valid(&comment, &[], of(&bytes), json!({ "frames": [fields] }))?;
        }
    }
    for number in 1..=20 {
        sheet.at("link.md#frame", &["LNK-3"]);
        let (mut bytes, mut frames) = (Vec::new(), Vec::new());
        for _ in 0..2 + sheet.below(4) {
            let ftype = 1 + sheet.below(8) as u8;
            let (frame, fields) = made(&mut sheet, ftype);
            bytes.extend(frame);
            frames.push(fields);
        }
        let comment = format!("{} frames together, {number}", frames.len());
        sheet.valid(&comment, &[], of(&bytes), json!({ "frames": frames }))?;
    }
    bad_frames(&mut sheet)?;
    in_the_middle(&mut sheet)?;
    sheet.group("encode");
    for ftype in 1..=8_u8 {
        for number in 1..=4 {
            sheet.at(&place(ftype), &["LNK-3", "LNK-7"]);
            let (bytes, fields) = made(&mut sheet, ftype);
            let comment = format!("type {ftype}, written, {number}");
            let ask = json!({ "as": "datagram", "fields": { "frames": [fields] } });
            // What is read may be more than what was written: HELLO's frames grow to what is usable.
            if sheet.is("encode", &ask)?["bytes"] == hex(&bytes) {
                sheet.valid(&comment, &[], ask, json!({ "bytes": hex(&bytes) }))?;
            }
        }
    }
    Ok(sheet.done())
}

/// A datagram of which each frame is told or dropped.
fn bad(
    sheet: &mut Sheet,
    comment: &str,
    flag: &str,
    bytes: &[u8],
    frames: Value,
) -> anyhow::Result<()> {
    let expect = json!({ "is": { "frames": frames } });
    sheet.put(comment, &[flag], Expected::Invalid, of(bytes), expect)
}

/// Bodies that are not their type's, each as the only frame.
fn bad_bodies(sheet: &mut Sheet) -> Vec<(u8, &'static str, &'static str, Vec<u8>, u8)> {
    let handle = sheet.bytes(8);
    let reach = |rest: &[u8]| [&handle[..], rest].concat();
    let hello = |rest: &[u8]| [&[1, 3][..], rest].concat();
    let size = varint(65_538);
    let entry: Vec<u8> = sheet.bytes(6);
    let trailed = |rest: &[u8]| [&[0, 0][..], rest].concat();
    vec![
        (1, "nothing", "Cut", Vec::new(), TRUNCATED),
        (
            1,
            "version 0",
            "BadVersion",
            [&[0, 3][..], &size, &[0, 0]].concat(),
            BAD_VERSION,
        ),
        (
            1,
            "version 2",
            "BadVersion",
            [&[2, 3][..], &size, &[0, 0]].concat(),
            BAD_VERSION,
        ),
        (
            1,
            "version 255 and no more",
            "BadVersion",
            vec![255],
            BAD_VERSION,
        ),
        (1, "no profile", "Cut", vec![1], TRUNCATED),
        (1, "half a number", "Cut", hello(&[0x82]), TRUNCATED),
        (
            1,
            "no features",
            "Cut",
            hello(&[&size[..], &[0]].concat()),
            TRUNCATED,
        ),
        (
            1,
            "a zero too many",
            "NotCanonical",
            hello(&[0x82, 0x80, 0x84, 0x00, 0, 0]),
            NOT_CANONICAL,
        ),
        (
            1,
            "an option of 2",
            "NotCanonical",
            hello(&[&size[..], &[2, 5, 0]].concat()),
            NOT_CANONICAL,
        ),
        (
            1,
            "a byte behind it",
            "Trailing",
            hello(&[&size[..], &[0, 0, 0]].concat()),
            BAD_LENGTH,
        ),
        (2, "no length", "Cut", Vec::new(), TRUNCATED),
        (2, "half a length", "Cut", vec![3], TRUNCATED),
        (
            2,
            "an envelope that leaves the frame",
            "BadLength",
            vec![5, 0, 1, 2],
            BAD_LENGTH,
        ),
        (
            2,
            "a tag without a length",
            "BadTrailer",
            trailed(&[2]),
            TRUNCATED,
        ),
        (
            2,
            "a trailer that leaves the frame",
            "BadTrailer",
            trailed(&[2, 8, 1]),
            BAD_LENGTH,
        ),
        (
            2,
            "a tag twice",
            "BadTrailer",
            trailed(&[3, 0, 3, 0]),
            NOT_CANONICAL,
        ),
        (
            2,
            "tags that descend",
            "BadTrailer",
            trailed(&[9, 0, 3, 0]),
            NOT_CANONICAL,
        ),
        (
            2,
            "a trace of 5 bytes",
            "BadTrailer",
            trailed(&[&[1, 5][..], &entry[..5]].concat()),
            BAD_LENGTH,
        ),
        (
            2,
            "a trace of none",
            "BadTrailer",
            trailed(&[1, 0]),
            BAD_COUNT,
        ),
        (
            2,
            "a trace of nine",
            "BadTrailer",
            trailed(&[&[1, 54][..], &entry.repeat(9)].concat()),
            BAD_COUNT,
        ),
        (
            2,
            "a stamp of 7 bytes",
            "BadTrailer",
            trailed(&[2, 7, 1, 2, 3, 4, 5, 6, 7]),
            BAD_LENGTH,
        ),
        (3, "nothing", "Cut", Vec::new(), TRUNCATED),
        (3, "none", "BadCount", vec![0], BAD_COUNT),
        (
            3,
            "two, and one there",
            "BadLength",
            [&[2][..], &handle].concat(),
            BAD_LENGTH,
        ),
        (
            3,
            "one, and a byte behind it",
            "Trailing",
            [&[1][..], &handle, &[0]].concat(),
            BAD_LENGTH,
        ),
        (4, "7 bytes", "Cut", handle[..7].to_vec(), TRUNCATED),
        (4, "9 bytes", "Trailing", reach(&[0]), BAD_LENGTH),
        (5, "half a handle", "Cut", handle[..5].to_vec(), TRUNCATED),
        (5, "no ttl", "Cut", reach(&[7]), TRUNCATED),
        (5, "a ttl of 3", "BadHop", reach(&[7, 3]), BAD_HOP),
        (5, "a ttl of 255", "BadHop", reach(&[7, 255]), BAD_HOP),
        (
            5,
            "a nonce too long",
            "NotCanonical",
            reach(&[0x87, 0x00, 1]),
            NOT_CANONICAL,
        ),
        (
            5,
            "a byte behind it",
            "Trailing",
            reach(&[7, 1, 0]),
            BAD_LENGTH,
        ),
        (6, "no distance", "Cut", reach(&[0x87, 0x01]), TRUNCATED),
        (
            6,
            "a nonce too long",
            "NotCanonical",
            reach(&[0x80, 0x80, 0x00, 1]),
            NOT_CANONICAL,
        ),
        (
            6,
            "a byte behind it",
            "Trailing",
            reach(&[7, 1, 9]),
            BAD_LENGTH,
        ),
        (7, "nothing", "Cut", Vec::new(), TRUNCATED),
        (7, "nine", "BadCount", vec![9], BAD_COUNT),
        (7, "one without a length", "BadList", vec![1, 4], TRUNCATED),
        (
            7,
            "one that leaves the list",
            "BadList",
            vec![1, 4, 6, 1, 2],
            BAD_LENGTH,
        ),
        (
            7,
            "an IPv4 of 7 bytes",
            "BadList",
            vec![1, 4, 7, 1, 2, 3, 4, 5, 6, 7],
            BAD_LENGTH,
        ),
        (7, "a byte behind it", "Trailing", vec![0, 0], BAD_LENGTH),
        (8, "nothing", "Cut", Vec::new(), TRUNCATED),
        (8, "no answer", "Cut", vec![7], TRUNCATED),
        (
            8,
            "an answer of 2",
            "NotCanonical",
            vec![7, 2],
            NOT_CANONICAL,
        ),
        (
            8,
            "a nonce too long",
            "NotCanonical",
            vec![0x87, 0x80, 0x00, 1],
            NOT_CANONICAL,
        ),
        (8, "a byte behind it", "Trailing", vec![7, 1, 1], BAD_LENGTH),
    ]
}

fn bad_frames(sheet: &mut Sheet) -> anyhow::Result<()> {
    for (ftype, comment, flag, body, drop) in bad_bodies(sheet) {
        sheet.at(&place(ftype), &["LNK-7"]);
        let comment = format!("type {ftype}: {comment}");
        bad(
            sheet,
            &comment,
            flag,
            &frame(ftype, &body),
            json!([{ "drop": drop }]),
        )?;
    }
    sheet.at("link.md#frame", &["LNK-4"]);
    for cut in [1_usize, 2] {
        let bytes = sheet.bytes(cut);
        let comment = format!("{cut} bytes of a frame's head");
        bad(
            sheet,
            &comment,
            "Cut",
            &bytes,
            json!([{ "drop": TRUNCATED }]),
        )?;
    }
    for (announced, there) in [(1_u8, 0_usize), (9, 8), (255, 100)] {
        let bytes = [&[8, announced, 0][..], &sheet.bytes(there)].concat();
        let comment = format!("{announced} bytes announced, {there} there");
        bad(
            sheet,
            &comment,
            "BadLength",
            &bytes,
            json!([{ "drop": BAD_LENGTH }]),
        )?;
    }
    sheet.at("link.md#frame", &["LNK-5"]);
    for ftype in [0_u8, 9, 10, 11, 64, 127, 128, 255] {
        let body = sheet.bytes(usize::from(ftype) % 7);
        let comment = format!("type {ftype}");
        let frames = json!([{ "drop": UNKNOWN_FRAME }]);
        bad(
            sheet,
            &comment,
            "UnknownFrame",
            &frame(ftype, &body),
            frames,
        )?;
    }
    Ok(())
}

/// A bad frame ends nothing but itself; a head that is cut ends the datagram.
fn in_the_middle(sheet: &mut Sheet) -> anyhow::Result<()> {
    for (ftype, comment, _, body, drop) in bad_bodies(sheet).into_iter().step_by(2) {
        let (first, last) = (1 + sheet.below(8) as u8, 1 + sheet.below(8) as u8);
        let ((before, told), (after, later)) = (made(sheet, first), made(sheet, last));
        let bytes = [before, frame(ftype, &body), after].concat();
        sheet.at("link.md#frame", &["LNK-3"]);
        let comment = format!("between two: type {ftype}: {comment}");
        bad(
            sheet,
            &comment,
            "Middle",
            &bytes,
            json!([told, { "drop": drop }, later]),
        )?;
    }
    let (before, told) = made(sheet, 8);
    let bytes = [&before[..], &[3, 200, 0, 1]].concat();
    sheet.at("link.md#frame", &["LNK-4"]);
    let frames = json!([told, { "drop": BAD_LENGTH }]);
    bad(
        sheet,
        "one, then a length that leaves the datagram",
        "Middle",
        &bytes,
        frames,
    )
}

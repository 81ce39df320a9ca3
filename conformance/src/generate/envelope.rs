//! Envelopes: header and bodies.

use serde_json::{Value, json};

use super::build::{
    ACK, BAD_COUNT, BAD_DST, BAD_FLAGS, BAD_HOP, BAD_KIND, BAD_LENGTH, BAD_NACK, BAD_VERSION, DATA,
    Head, NACK, P, RESP, SEAL, TOO_BIG, TRACE, TRUNCATED, flipped, hex, of, with,
};
use super::hand;
use super::sheet::Sheet;
use crate::cases::File;

const NOTES: &[(&str, &str)] = &[
    ("BadCount", "an ACK of none or of too many"),
    (
        "BadDst",
        "a destination where none may be, or none where one must be",
    ),
    ("BadFlags", "a reserved flag, or flags on an answer"),
    ("BadHop", "more hops left than there may be"),
    ("BadKind", "a kind nobody knows"),
    ("BadNack", "a code nobody knows"),
    ("BadVersion", "another version"),
    ("CutBody", "the body ends early"),
    ("CutHead", "the header ends early"),
    ("Edge", "at the edge of what is allowed"),
    (
        "Hand",
        "from the script beside tom-core, not from this tool",
    ),
    ("Order", "wrong in two ways: the one checked first counts"),
    ("TooBig", "longer than an envelope can be"),
    ("Trailing", "bytes behind the end"),
];

/// An envelope of a kind, whole, with its fields.
struct Made {
    bytes: Vec<u8>,
    fields: Value,
}

fn made(sheet: &mut Sheet, kind: u8) -> Made {
    let answers = matches!(kind, RESP | ACK | NACK);
    let expiry = 1_800_000_000 + sheet.below(100_000_000);
    let class = sheet.below(4) as u8;
    let flags = match (answers, sheet.below(4)) {
        (true, _) => 0,
        (false, more) => {
            class << 4 | if more & 1 == 1 { P } else { 0 } | if more & 2 == 2 { TRACE } else { 0 }
        }
    };
    let head = Head {
        kind,
        flags,
        attempt: sheet.below(16) as u8,
        hop: sheet.below(9) as u8,
        expiry,
        dst: if answers { [0; 8] } else { sheet.array() },
    };
    let mut bytes = head.bytes();
    let commit: Option<[u8; 8]> = (flags & P != 0).then(|| sheet.array());
    let said = commit.map(|commit| hex(&commit));
    let more = match kind {
        SEAL => {
            let len = 98 + sheet.below(40) as usize;
            let (kid, noise) = (sheet.below(2) as u8 * 7, sheet.bytes(len));
            bytes.push(kid);
            bytes.extend(commit.iter().flatten());
            bytes.extend(&noise);
            json!({ "kid": kid, "commit": said, "noise": hex(&noise) })
        }
        RESP => {
            let (reference, sid, noise) = (sheet.bytes(8), sheet.bytes(4), sheet.bytes(53));
            bytes.extend([&reference[..], &sid, &noise].concat());
            json!({ "ref": hex(&reference), "sid": hex(&sid), "noise": hex(&noise) })
        }
        DATA => {
            let len = 17 + sheet.below(60) as usize;
            let (sid, n16, sealed) = (sheet.bytes(4), sheet.below(65_536) as u16, sheet.bytes(len));
            bytes.extend(&sid);
            bytes.extend(n16.to_le_bytes());
            bytes.extend(commit.iter().flatten());
            bytes.extend(&sealed);
            json!({ "sid": hex(&sid), "n16": n16, "commit": said, "sealed": hex(&sealed) })
        }
        ACK => {
            let count = 1 + sheet.below(5) as u8;
            bytes.push(count);
            let mut proofs = Vec::new();
            for _ in 0..count {
                let (reference, secret) = (sheet.bytes(8), sheet.bytes(16));
                bytes.extend([&reference[..], &secret].concat());
                proofs.push(json!({ "ref": hex(&reference), "secret": hex(&secret) }));
            }
            json!({ "proofs": proofs })
        }
        _ => {
            let (reference, code) = (sheet.bytes(8), 1 + sheet.below(4) as u8);
            let arg = if code == 2 { sheet.below(60_000) } else { 0 };
            bytes.extend(&reference);
            bytes.push(code);
            bytes.extend(arg.to_le_bytes());
            json!({ "ref": hex(&reference), "code": code, "arg": arg })
        }
    };
    Made {
        bytes,
        fields: with(head.fields(), more),
    }
}

/// Chapter headings of the bodies.
const PLACES: [&str; 6] = ["header", "seal", "resp", "data", "ack", "nack"];

fn place(kind: u8) -> String {
    format!("envelope.md#{}", PLACES[usize::from(kind)])
}

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM envelope", NOTES);
    sheet.group("envelope");
    hand::take(&mut sheet, "envelope")?;
    for kind in [SEAL, RESP, DATA, ACK, NACK] {
        sheet.at(&place(kind), &["ENV-9", "ENV-19"]);
        for number in 1..=12 {
            let made = made(&mut sheet, kind);
            // The id is a hash: the reference's, which the worked example and every port check.
            let id = sheet.is("envelope", &of(&made.bytes))?["msgId"].clone();
            let is = with(made.fields, json!({ "msgId": id }));
            sheet.valid(
                &format!("kind {kind}, drawn, {number}"),
                &[],
                of(&made.bytes),
                is,
            )?;
        }
    }
    bad_heads(&mut sheet)?;
    bad_bodies(&mut sheet)?;
    sheet.group("encode");
    for kind in [SEAL, RESP, DATA, ACK, NACK] {
        sheet.at(&place(kind), &["CON-3", "CON-5"]);
        for number in 1..=6 {
            let made = made(&mut sheet, kind);
            let ask = json!({ "as": "envelope", "fields": made.fields });
            let comment = format!("kind {kind}, written, {number}");
            sheet.valid(&comment, &[], ask, json!({ "bytes": hex(&made.bytes) }))?;
        }
    }
    Ok(sheet.done())
}

fn bad_heads(sheet: &mut Sheet) -> anyhow::Result<()> {
    for kind in [SEAL, RESP, DATA, ACK, NACK] {
        let good = made(sheet, kind).bytes;
        let mut bad = |place: &str, rules: &[&str], what: String, flag, bytes: Vec<u8>, drop| {
            sheet.at(place, rules);
            sheet.dropped(&format!("kind {kind}: {what}"), &[flag], of(&bytes), drop)
        };
        for cut in [1, 3, 7, 14] {
            let cut_off = good.get(..cut).unwrap_or_default().to_vec();
            let what = format!("{cut} bytes of the header");
            bad(
                "envelope.md#header",
                &["ENV-9"],
                what,
                "CutHead",
                cut_off,
                TRUNCATED,
            )?;
        }
        for version in [0_u8, 2, 15] {
            let mut bytes = good.clone();
            bytes[0] = version << 4 | kind;
            let what = format!("version {version}");
            bad(
                "envelope.md#header",
                &["ENV-1"],
                what,
                "BadVersion",
                bytes,
                BAD_VERSION,
            )?;
        }
        for reserved in [0x01, 0x08, 0x40, 0x80] {
            let mut bytes = good.clone();
            bytes[1] |= reserved;
            let what = format!("flag {reserved:#04x}");
            bad(
                "envelope.md#header",
                &["ENV-2"],
                what,
                "BadFlags",
                bytes,
                BAD_FLAGS,
            )?;
        }
        for hop in [9, 15] {
            let mut bytes = good.clone();
            bytes[2] = bytes[2] & 0xF0 | hop;
            let what = format!("{hop} hops left");
            bad(
                "envelope.md#header",
                &["ENV-4"],
                what,
                "BadHop",
                bytes,
                BAD_HOP,
            )?;
        }
        let mut bytes = good.clone();
        let answers = matches!(kind, RESP | ACK | NACK);
        bytes[7..15].fill(0);
        if answers {
            bytes[14] = 1;
        }
        let what = "the other kind of destination".to_owned();
        bad(
            "envelope.md#header",
            &["ENV-5"],
            what,
            "BadDst",
            bytes,
            BAD_DST,
        )?;
        if answers {
            for flags in [P, TRACE, 0x10, 0x30] {
                let mut bytes = good.clone();
                bytes[1] = flags;
                let what = format!("flags {flags:#04x} on an answer");
                bad(
                    "envelope.md#header",
                    &["ENV-2"],
                    what,
                    "BadFlags",
                    bytes,
                    BAD_FLAGS,
                )?;
            }
        }
        // Two faults at once: the one that is checked first names the drop.
        let mut both = good.clone();
        both[0] = 0x20 | kind;
        both[1] |= 0x80;
        let what = "version and flags".to_owned();
        bad(
            "envelope.md#header",
            &["ENV-9"],
            what,
            "Order",
            both,
            BAD_VERSION,
        )?;
        let mut both = good.clone();
        both[1] |= 0x40;
        both[2] |= 0x0F;
        let what = "flags and hops".to_owned();
        bad(
            "envelope.md#header",
            &["ENV-9"],
            what,
            "Order",
            both,
            BAD_FLAGS,
        )?;
    }
    for kind in [0_u8, 6, 7, 8, 9, 10, 15] {
        let mut bytes = made(sheet, SEAL).bytes;
        bytes[0] = 0x10 | kind;
        sheet.at("envelope.md#header", &["ENV-1"]);
        sheet.dropped(&format!("kind {kind}"), &["BadKind"], of(&bytes), BAD_KIND)?;
    }
    let mut long = made(sheet, DATA).bytes;
    long.resize(65_536, 0xAB);
    sheet.at("envelope.md#header", &["ENV-6"]);
    sheet.dropped("65,536 bytes", &["TooBig"], of(&long), TOO_BIG)
}

fn bad_bodies(sheet: &mut Sheet) -> anyhow::Result<()> {
    for kind in [SEAL, RESP, DATA, ACK, NACK] {
        let good = made(sheet, kind).bytes;
        sheet.at(&place(kind), &["ENV-9"]);
        // Where the fixed part of each kind ends, commitment included.
        let commit = if good[1] & P != 0 { 8 } else { 0 };
        let fixed = match kind {
            SEAL => 16 + commit + 98,
            DATA => 21 + commit + 17,
            ACK => 16,
            _ => good.len(),
        };
        for cut in [15, 16, fixed - 1] {
            // An ACK that is cut behind its count has a wrong length and is not cut.
            if cut < fixed {
                let bytes = of(good.get(..cut).unwrap_or_default());
                let comment = format!("kind {kind}: {cut} bytes of it");
                sheet.dropped(&comment, &["CutBody"], bytes, TRUNCATED)?;
            }
        }
        if matches!(kind, RESP | ACK | NACK) {
            for more in [1, 24] {
                let mut bytes = good.clone();
                bytes.resize(good.len() + more, 0x5A);
                let comment = format!("kind {kind}: {more} bytes behind it");
                sheet.dropped(&comment, &["Trailing"], of(&bytes), BAD_LENGTH)?;
            }
        }
    }
    let ack = made(sheet, ACK).bytes;
    sheet.at("envelope.md#ack", &["ENV-15"]);
    for count in [0_u8, 50, 255] {
        let mut bytes = ack.clone();
        bytes[15] = count;
        sheet.dropped(
            &format!("an ACK of {count}"),
            &["BadCount"],
            of(&bytes),
            BAD_COUNT,
        )?;
    }
    for count in [1_usize, 48, 49] {
        let mut bytes = ack.get(..15).unwrap_or_default().to_vec();
        bytes.push(count as u8);
        bytes.extend(sheet.bytes(24 * count));
        sheet.computed(&format!("an ACK of {count}"), &["Edge"], of(&bytes))?;
        bytes.pop();
        let comment = format!("an ACK of {count}, a byte short");
        sheet.dropped(&comment, &["Trailing"], of(&bytes), BAD_LENGTH)?;
    }
    let nack = made(sheet, NACK).bytes;
    sheet.at("envelope.md#nack", &["ENV-17"]);
    for code in [0_u8, 5, 6, 255] {
        let mut bytes = nack.clone();
        bytes[23] = code;
        sheet.dropped(
            &format!("a NACK of code {code}"),
            &["BadNack"],
            of(&bytes),
            BAD_NACK,
        )?;
    }
    let both = flipped(&[&nack[..], &[0]].concat(), 23, 0xF0);
    sheet.dropped(
        "a NACK too long and of no code",
        &["Order"],
        of(&both),
        BAD_LENGTH,
    )
}

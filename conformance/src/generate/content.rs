//! Contents, and what the two handshake messages carry.

use serde_json::{Value, json};

use super::build::{BAD_CONTENT, UNKNOWN_CONTENT, hex, of, with};
use super::hand;
use super::sheet::Sheet;
use crate::cases::File;

const NOTES: &[(&str, &str)] = &[
    ("BadList", "a candidate list that is none"),
    ("BadRefs", "references that are none, or not whole"),
    ("CutOrig", "orig is announced and not all there"),
    ("CutPayload", "shorter than its fixed part"),
    ("Edge", "at the edge of what is allowed"),
    ("Empty", "nothing at all"),
    (
        "Hand",
        "from the script beside tom-core, not from this tool",
    ),
    ("ReservedBit", "a bit that has no meaning"),
    ("Trailing", "bytes behind the end"),
    ("UnknownType", "a type nobody knows, or a reserved one"),
];

/// A candidate list with what it says.
pub(super) fn candidates(sheet: &mut Sheet, count: u8) -> (Vec<u8>, Value) {
    let mut bytes = vec![count];
    let mut said = Vec::new();
    for _ in 0..count {
        let port = sheet.below(65_536) as u16;
        let ip = if sheet.below(2) == 0 {
            let address: [u8; 4] = sheet.array();
            bytes.extend([4, 6]);
            bytes.extend(address);
            std::net::IpAddr::from(address)
        } else {
            let address: [u8; 16] = sheet.array();
            bytes.extend([6, 18]);
            bytes.extend(address);
            std::net::IpAddr::from(address)
        };
        bytes.extend(port.to_le_bytes());
        said.push(json!({ "ip": ip.to_string(), "port": port }));
    }
    (bytes, said.into())
}

/// A content of a type, with its fields.
fn made(sheet: &mut Sheet, kind: u8) -> (Vec<u8>, Value) {
    let (asks, orig) = (sheet.below(2) == 1, sheet.below(2) == 1);
    let orig: Option<Vec<u8>> = orig.then(|| sheet.bytes(8));
    let mut bytes = vec![kind | u8::from(asks) << 7 | u8::from(orig.is_some()) << 6];
    bytes.extend(orig.iter().flatten());
    let head = json!({ "type": kind, "asksAck": asks, "orig": orig.map(|orig| hex(&orig)) });
    let body = match kind {
        0 | 1 => {
            let len = sheet.below(40) as usize;
            let body = sheet.bytes(len);
            bytes.extend(&body);
            json!({ "bytes": hex(&body) })
        }
        2 => {
            let refs: Vec<[u8; 8]> = (0..1 + sheet.below(4)).map(|_| sheet.array()).collect();
            bytes.extend(refs.concat());
            json!({ "refs": refs.iter().map(|r| hex(r)).collect::<Vec<_>>() })
        }
        _ => {
            let count = sheet.below(4) as u8;
            let (list, said) = candidates(sheet, count);
            bytes.extend(list);
            json!({ "candidates": said })
        }
    };
    (bytes, with(head, body))
}

const PLACES: [&str; 4] = ["content", "bytes", "read", "candidates"];

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM content", NOTES);
    sheet.group("content");
    hand::take(&mut sheet, "content")?;
    for kind in 0..4_u8 {
        let place = format!("content.md#{}", PLACES[usize::from(kind)]);
        for number in 1..=10 {
            sheet.at(&place, &["CNT-1"]);
            let (bytes, fields) = made(&mut sheet, kind);
            sheet.valid(
                &format!("type {kind}, drawn, {number}"),
                &[],
                of(&bytes),
                fields,
            )?;
        }
    }
    bad_contents(&mut sheet)?;
    sheet.group("encode");
    for kind in 0..4_u8 {
        for number in 1..=5 {
            sheet.at(
                &format!("content.md#{}", PLACES[usize::from(kind)]),
                &["CON-5"],
            );
            let (bytes, fields) = made(&mut sheet, kind);
            let ask = json!({ "as": "content", "fields": fields });
            let comment = format!("type {kind}, written, {number}");
            sheet.valid(&comment, &[], ask, json!({ "bytes": hex(&bytes) }))?;
        }
    }
    payloads(&mut sheet)?;
    Ok(sheet.done())
}

fn bad_contents(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.at("content.md#content", &["CNT-1"]);
    sheet.dropped("nothing", &["Empty"], of(&[]), BAD_CONTENT)?;
    for kind in 0..4_u8 {
        for len in [0_usize, 3, 7] {
            let bytes = [&[kind | 0x40][..], &sheet.bytes(len)].concat();
            let comment = format!("type {kind}: {len} bytes of orig");
            sheet.at("content.md#orig", &["CNT-1"]);
            sheet.dropped(&comment, &["CutOrig"], of(&bytes), BAD_CONTENT)?;
        }
    }
    sheet.at("content.md#read", &["CNT-1"]);
    for len in [0_usize, 1, 7, 9, 15, 17] {
        let bytes = [&[0x82][..], &sheet.bytes(len)].concat();
        let comment = format!("READ of {len} bytes");
        sheet.dropped(&comment, &["BadRefs"], of(&bytes), BAD_CONTENT)?;
    }
    sheet.at("content.md#content", &["CNT-2"]);
    for kind in [4_u8, 5, 6, 9, 31, 62, 63] {
        for head in [kind, kind | 0x80] {
            let bytes = [&[head][..], &sheet.bytes(9)].concat();
            let comment = format!("type {kind}, head {head:#04x}");
            sheet.dropped(&comment, &["UnknownType"], of(&bytes), UNKNOWN_CONTENT)?;
        }
    }
    sheet.at("content.md#candidates", &["LNK-26", "CNT-1"]);
    let (good, _) = candidates(sheet, 2);
    let listed = |list: &[u8]| of(&[&[0x83][..], list].concat());
    let bad: [(&str, &str, Vec<u8>); 7] = [
        ("no count", "BadList", Vec::new()),
        ("nine announced", "BadList", [&[9][..], &good[1..]].concat()),
        (
            "an entry less than announced",
            "BadList",
            [&[3][..], &good[1..]].concat(),
        ),
        (
            "a byte behind the list",
            "Trailing",
            [&good[..], &[0]].concat(),
        ),
        (
            "IPv4 of 18 bytes",
            "BadList",
            vec![1, 4, 18].into_iter().chain([7; 18]).collect(),
        ),
        (
            "IPv6 of 6 bytes",
            "BadList",
            vec![1, 6, 6, 1, 2, 3, 4, 5, 6],
        ),
        (
            "a length that leaves the list",
            "BadList",
            vec![1, 9, 200, 1, 2, 3],
        ),
    ];
    for (comment, flag, list) in bad {
        sheet.dropped(comment, &[flag], listed(&list), BAD_CONTENT)?;
    }
    Ok(())
}

const WINDOWS: [u32; 2] = [128, 1_024];
const LONGEST: [u32; 4] = [1_200, 4_096, 16_384, 65_535];

/// The bits of terms with what they say.
fn terms(bits: u8) -> Value {
    json!({
        "persists": bits & 4 != 0,
        "window": WINDOWS[usize::from(bits >> 3 & 1)],
        "maxEnvelope": LONGEST[usize::from(bits >> 4 & 3)],
    })
}

fn payloads(sheet: &mut Sheet) -> anyhow::Result<()> {
    let mut made: Vec<(&str, Vec<u8>, Value)> = Vec::new();
    for bits in (0..0x40_u8).step_by(3) {
        let sid: [u8; 4] = sheet.array();
        let len = 1 + sheet.below(20) as usize;
        let content = sheet.bytes(len);
        let offered: &[u8] = if bits & 2 == 2 { &sid } else { &[] };
        let fields = json!({
            "sign": bits & 1 == 1,
            "sid": (bits & 2 == 2).then(|| hex(&sid)),
            "content": hex(&content),
        });
        let bytes = [&[bits][..], offered, &content].concat();
        made.push(("sealPayload", bytes, with(fields, terms(bits))));
    }
    for bits in (0..0x40_u8).step_by(4) {
        let sid: [u8; 4] = sheet.array();
        let bytes = [&[bits][..], &sid].concat();
        made.push((
            "respPayload",
            bytes,
            with(json!({ "sid": hex(&sid) }), terms(bits)),
        ));
    }
    for what in ["sealPayload", "respPayload"] {
        sheet.group(what);
        hand::take(sheet, what)?;
        sheet.at("envelope.md#pflags", &["ENV-12"]);
        for (_, bytes, fields) in made.iter().filter(|(kind, _, _)| *kind == what) {
            let comment = format!("flags {:#04x}", bytes[0]);
            sheet.valid(&comment, &[], of(bytes), fields.clone())?;
        }
        bad_payloads(sheet, what)?;
    }
    sheet.group("encode");
    sheet.at("envelope.md#pflags", &["ENV-12"]);
    for (what, bytes, fields) in made.into_iter().step_by(2) {
        let comment = format!("{what} of flags {:#04x}", bytes[0]);
        let ask = json!({ "as": what, "fields": fields });
        sheet.valid(&comment, &[], ask, json!({ "bytes": hex(&bytes) }))?;
    }
    Ok(())
}

fn bad_payloads(sheet: &mut Sheet, what: &str) -> anyhow::Result<()> {
    let seal = what == "sealPayload";
    for reserved in [0x40, 0x80, 0xC0] {
        let bytes = [&[reserved][..], &sheet.bytes(4)].concat();
        let comment = format!("flags {reserved:#04x}");
        sheet.dropped(&comment, &["ReservedBit"], of(&bytes), BAD_CONTENT)?;
    }
    if !seal {
        for bits in [1, 2, 3] {
            let bytes = [&[bits][..], &sheet.bytes(4)].concat();
            let comment = format!("flags {bits:#04x}, a SEAL's");
            sheet.dropped(&comment, &["ReservedBit"], of(&bytes), BAD_CONTENT)?;
        }
        let bytes = [&[4][..], &sheet.bytes(5)].concat();
        sheet.dropped("a byte behind it", &["Trailing"], of(&bytes), BAD_CONTENT)?;
    }
    sheet.dropped("nothing", &["Empty"], of(&[]), BAD_CONTENT)?;
    let head = if seal { 2 } else { 0 };
    for len in [0_usize, 2, 3] {
        let bytes = [&[head][..], &sheet.bytes(len)].concat();
        let comment = format!("{len} bytes of the sid");
        sheet.dropped(&comment, &["CutPayload"], of(&bytes), BAD_CONTENT)?;
    }
    if seal {
        let bytes = [&[2][..], &sheet.bytes(4)].concat();
        sheet.dropped("no content", &["CutPayload"], of(&bytes), BAD_CONTENT)?;
        sheet.dropped(
            "no content and no sid",
            &["CutPayload"],
            of(&[0]),
            BAD_CONTENT,
        )?;
    }
    Ok(())
}

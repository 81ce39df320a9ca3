//! Identities, addresses, commitments, entropy.

use serde_json::json;

use super::build::hex;
use super::sheet::Sheet;
use crate::cases::File;

const NOTES: &[(&str, &str)] = &[
    (
        "BadChecksum",
        "a checksum that is not that of the characters",
    ),
    ("Bech32", "the checksum of bech32, which is not bech32m's"),
    ("Case", "upper case, which is read and never written"),
    ("Edge", "at the edge of what is allowed"),
    ("MixedCase", "both cases in one address"),
    ("NoAddress", "nothing like an address"),
    ("OtherPart", "another human-readable part"),
    ("OtherVersion", "another version of address"),
    ("Padding", "padding bits that are not 0"),
    ("Reseed", "with fresh entropy mixed in after the first draw"),
    ("SmallOrder", "a key of small order"),
    (
        "NotOnCurve",
        "bytes that are no point; drawn, and the reference says so",
    ),
    ("WrongLength", "a key that has not 32 bytes"),
];

/// Points of small order, canonical and not: the eight of the curve, with either sign bit.
const SMALL_ORDER: [&str; 10] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BECH32: u32 = 1;
const BECH32M: u32 = 0x2BC8_30A3;

/// Five bits at a time; `pad` fills the last one.
fn digits(bytes: &[u8], pad: u8) -> Vec<u8> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xFFF;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push((held >> bits & 31) as u8);
        }
    }
    if bits > 0 {
        let mask = (1_u32 << (5 - bits)) - 1;
        out.push((held << (5 - bits) & 31 | u32::from(pad) & mask) as u8);
    }
    out
}

/// BIP 350's code over digits, with the given constant.
fn coded(part: &str, digits: &[u8], constant: u32) -> String {
    const GENERATOR: [u32; 5] = [
        0x3B6A_57B2,
        0x2650_8E6D,
        0x1EA1_19FA,
        0x3D42_33DD,
        0x2A14_62B3,
    ];
    let step = |check: u32, digit: u8| {
        let top = check >> 25;
        let shifted = (check & 0x1FF_FFFF) << 5 ^ u32::from(digit);
        let on = (0..5).filter(|bit| top >> bit & 1 == 1);
        on.fold(shifted, |check, bit| check ^ GENERATOR[bit])
    };
    let high = part.bytes().map(|byte| byte >> 5);
    let low = part.bytes().map(|byte| byte & 31);
    let all = high.chain([0]).chain(low).chain(digits.iter().copied());
    let check = all.chain([0; 6]).fold(1, step) ^ constant;
    let tail = (0..6).map(|place| (check >> (5 * (5 - place)) & 31) as u8);
    let letter = |digit: u8| char::from(LETTERS[usize::from(digit)]);
    let letters: String = digits.iter().copied().chain(tail).map(letter).collect();
    format!("{part}1{letters}")
}

/// The address of these bytes, as the book says.
fn address(bytes: &[u8]) -> String {
    coded("tom", &digits(bytes, 0), BECH32M)
}

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM keys", NOTES);
    sheet.group("identity");
    sheet.at("identity.md#identity", &["IDN-2"]);
    let mut keys = Vec::new();
    for number in 1..=20 {
        let seed = sheet.bytes(32);
        let ask = json!({ "seed": hex(&seed) });
        let is = sheet.computed(&format!("drawn, {number}"), &[], ask)?;
        let pk = is["pk"].as_str().map(str::as_bytes).unwrap_or_default();
        keys.push(data_encoding::HEXLOWER.decode(pk)?);
    }
    addresses(&mut sheet, &keys)?;
    public_keys(&mut sheet, &keys)?;
    sheet.group("commit");
    sheet.at("envelope.md#commitment", &["ENV-20"]);
    for number in 1..=15 {
        let expiry = if number < 3 {
            0_u32.wrapping_sub(number - 1)
        } else {
            sheet.below(u32::MAX)
        };
        let (dst, secret) = (sheet.bytes(8), sheet.bytes(16));
        let ask = json!({ "expiry": expiry, "dst": hex(&dst), "secret": hex(&secret) });
        sheet.computed(&format!("drawn, {number}"), &[], ask)?;
    }
    draws(&mut sheet)?;
    Ok(sheet.done())
}

fn addresses(sheet: &mut Sheet, keys: &[Vec<u8>]) -> anyhow::Result<()> {
    sheet.group("address");
    for (number, key) in keys.iter().take(12).enumerate() {
        let text = address(&[&[0][..], key].concat());
        let handle = sheet.is("key", &json!({ "pk": hex(key) }))?["handle"].clone();
        let is = json!({ "pk": hex(key), "handle": handle });
        sheet.at("identity.md#address", &["IDN-7", "IDN-8"]);
        let comment = format!("drawn, {}", number + 1);
        sheet.valid(&comment, &[], json!({ "text": text }), is.clone())?;
        if number < 6 {
            let upper = json!({ "text": text.to_uppercase() });
            sheet.valid(&format!("{comment}, in upper case"), &["Case"], upper, is)?;
        }
    }
    let key = |place: usize| keys.get(place).cloned().unwrap_or_default();
    let mut bad = |comment: String, flag: &str, text: String| {
        sheet.refused(&comment, &[flag], json!({ "text": text }))
    };
    let good = address(&[&[0][..], &key(0)].concat());
    for place in [4, 5, 20, 40, 56, 57, 62] {
        let mut letters: Vec<u8> = good.clone().into_bytes();
        letters[place] = if letters[place] == b'q' { b'p' } else { b'q' };
        let text = String::from_utf8(letters)?;
        bad(
            format!("another letter in place {place}"),
            "BadChecksum",
            text,
        )?;
    }
    for place in 1..4 {
        let bytes = [&[0][..], &key(place)].concat();
        bad(
            format!("bech32, {place}"),
            "Bech32",
            coded("tom", &digits(&bytes, 0), BECH32),
        )?;
    }
    for part in ["tor", "to", "tomm", "bc"] {
        let bytes = [&[0][..], &key(4)].concat();
        bad(
            format!("`{part}`"),
            "OtherPart",
            coded(part, &digits(&bytes, 0), BECH32M),
        )?;
    }
    for version in [1_u8, 2, 16, 128, 255] {
        let bytes = [&[version][..], &key(5)].concat();
        bad(
            format!("version {version}"),
            "OtherVersion",
            address(&bytes),
        )?;
    }
    for len in [0_usize, 1, 16, 31, 33, 40] {
        let mut bytes = [&[0][..], &key(6)].concat();
        bytes.resize(1 + len, 0x77);
        bad(
            format!("{len} bytes of key"),
            "WrongLength",
            address(&bytes),
        )?;
    }
    let bytes = [&[0][..], &key(7)].concat();
    let text = coded("tom", &digits(&bytes, 1), BECH32M);
    bad("a padding of 1".to_owned(), "Padding", text)?;
    for place in [0, 4, 30, 45] {
        let mut letters = good.clone().into_bytes();
        let letter = (place..letters.len()).find(|at| letters[*at].is_ascii_lowercase());
        if let Some(at) = letter {
            letters[at] = letters[at].to_ascii_uppercase();
        }
        let text = String::from_utf8(letters)?;
        bad(
            format!("one capital, from place {place} on"),
            "MixedCase",
            text,
        )?;
    }
    let longer = format!("{good}q");
    let spaced = format!(" {good}");
    for text in [
        "",
        "tom",
        "tom1",
        "1",
        &longer,
        &spaced,
        &good[1..],
        &good[..62],
        "tom1b",
        "hello world",
    ] {
        bad(format!("`{text}`"), "NoAddress", text.to_owned())?;
    }
    for small in SMALL_ORDER.iter().step_by(3) {
        let key = data_encoding::HEXLOWER.decode(small.as_bytes())?;
        let text = address(&[&[0][..], &key].concat());
        bad(format!("of the key {small}"), "SmallOrder", text)?;
    }
    Ok(())
}

fn public_keys(sheet: &mut Sheet, keys: &[Vec<u8>]) -> anyhow::Result<()> {
    sheet.group("key");
    sheet.at("identity.md#identity", &["IDN-1", "IDN-2"]);
    for (number, key) in keys.iter().take(15).enumerate() {
        sheet.computed(
            &format!("drawn, {}", number + 1),
            &[],
            json!({ "pk": hex(key) }),
        )?;
    }
    for small in SMALL_ORDER {
        sheet.refused(small, &["SmallOrder"], json!({ "pk": small }))?;
    }
    let mut found = 0;
    while found < 14 {
        let ask = json!({ "pk": hex(&sheet.bytes(32)) });
        if sheet.answer(&ask)?.contains_key("refused") {
            found += 1;
            sheet.refused(&format!("no point, {found}"), &["NotOnCurve"], ask)?;
        }
    }
    Ok(())
}

fn draws(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.group("draw");
    sheet.at("entropy.md#entropy", &["ENT-2", "ENT-3"]);
    let sizes: [&[u32]; 8] = [
        &[1],
        &[32],
        &[0, 4],
        &[31, 32, 33],
        &[64, 64],
        &[4, 4, 4, 4],
        &[200],
        &[8, 0, 8],
    ];
    for (number, sizes) in sizes.into_iter().enumerate() {
        let label = ["session", "delivery", "routing", ""][number % 4];
        let seed = sheet.bytes(32);
        let ask = json!({ "seed": hex(&seed), "label": label, "sizes": sizes });
        sheet.computed(&format!("of `{label}`: {sizes:?}"), &[], ask)?;
        if sizes.len() > 1 {
            let reseed = sheet.bytes(32);
            let ask = json!({
                "seed": hex(&seed), "label": label, "sizes": sizes, "reseed": hex(&reseed),
            });
            let comment = format!("of `{label}`, mixed: {sizes:?}");
            sheet.computed(&comment, &["Reseed"], ask)?;
        }
    }
    Ok(())
}

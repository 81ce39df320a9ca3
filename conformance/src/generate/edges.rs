//! Edges: keys at the ends of the field, which are read in one form only, and messages as long as can be.

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use tom_core::crypto::{Suite, Tom1};

use super::build::{WEAK_KEY, hex};
use super::forge::forged;
use super::sheet::Sheet;
use crate::cases::File;

const NOTES: &[(&str, &str)] = &[
    (
        "Canonical",
        "at an end of the field, and in the one form it has",
    ),
    ("Longest", "a length or life that is just allowed"),
    (
        "NonCanonical",
        "a number of 2^255 - 19 or more, or with its top bit set",
    ),
    ("NotOnCurve", "a number that no point of the curve has"),
    ("SmallOrder", "a key of small order"),
    ("TooLong", "a length or life that is just not allowed"),
    ("TooShort", "a life that is none in whole seconds"),
];

/// Points with y near an end of the field, and their u: (1 + y) / (1 - y), computed with integers.
const POINTS: &[(&str, &str)] = &[
    (
        "03",
        "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ),
    (
        "04",
        "4755555555555555555555555555555555555555555555555555555555555555",
    ),
    (
        "05",
        "f5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3f",
    ),
    (
        "06",
        "c0cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc4c",
    ),
    (
        "09",
        "faffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff1f",
    ),
    (
        "12",
        "3f4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b",
    ),
    (
        "eaffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3f",
    ),
    (
        "e9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "2b33333333333333333333333333333333333333333333333333333333333333",
    ),
    (
        "e8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "4855555555555555555555555555555555555555555555555555555555555555",
    ),
    // The base point, whose u is 9.
    (
        "5866666666666666666666666666666666666666666666666666666666666666",
        "09",
    ),
];

/// Numbers near the ends that are no y of the curve: 2, 7, 8, p - 2, p - 7, p - 8.
const NO_POINTS: [&str; 6] = [
    "02",
    "07",
    "08",
    "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// u near the ends, of points of the curve, and their y: (u - 1) / (u + 1).
const SENDERS: &[(&str, &str)] = &[
    (
        "04",
        "c2cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc4c",
    ),
    (
        "06",
        "d4b66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddbb66ddb36",
    ),
    (
        "09",
        "5866666666666666666666666666666666666666666666666666666666666666",
    ),
    (
        "ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "03",
    ),
    (
        "e9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "a6aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2a",
    ),
];

/// u of no point of the curve, all on its twist: 2, 3, 5, p - 3, p - 5, p - 6.
const TWIST: [&str; 6] = [
    "02",
    "03",
    "05",
    "eaffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// u of small order: 0, 1, p - 1, where y is not even defined, and the two of order 8.
const WEAK: [&str; 5] = [
    "00",
    "01",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
];

/// 32 bytes of which the first are given.
fn number(text: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = HEXLOWER.decode(text.as_bytes())?;
    let mut number = [0; 32];
    let there = number.get_mut(..bytes.len()).context("a long number")?;
    there.copy_from_slice(&bytes);
    Ok(number)
}

/// 2^255 - 19 and a little more.
fn over(more: u8) -> [u8; 32] {
    let mut number = [0xFF; 32];
    number[0] = 0xED + more;
    number[31] = 0x7F;
    number
}

/// With the bit that is the sign of a key, and of no u.
fn topped(mut number: [u8; 32]) -> [u8; 32] {
    number[31] |= 0x80;
    number
}

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM edges", NOTES);
    keys(&mut sheet)?;
    senders(&mut sheet)?;
    super::lengths::stories(&mut sheet)?;
    Ok(sheet.done())
}

fn keys(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.group("key");
    for (y, u) in POINTS {
        for sign in [false, true] {
            let y = number(y)?;
            let pk = if sign { topped(y) } else { y };
            let handle = Tom1::sha256(&[b"tom-hdl", &pk]);
            let is = json!({ "xPk": hex(&number(u)?), "handle": hex(&handle[..8]) });
            sheet.at("identity.md#identity", &["IDN-1", "IDN-2"]);
            let comment = format!("y = {}, sign {}", hex(&y), u8::from(sign));
            sheet.valid(&comment, &["Canonical"], json!({ "pk": hex(&pk) }), is)?;
        }
    }
    sheet.at("identity.md#identity", &["IDN-1"]);
    for more in 0..=18 {
        // With either sign in turn; some of them would be points if they were reduced.
        let pk = if more % 3 == 1 {
            topped(over(more))
        } else {
            over(more)
        };
        let comment = format!("y = 2^255 - 19 + {more}");
        sheet.refused(&comment, &["NonCanonical"], json!({ "pk": hex(&pk) }))?;
    }
    for y in NO_POINTS {
        let pk = hex(&number(y)?);
        let comment = format!("y = {pk}");
        sheet.refused(&comment, &["NotOnCurve"], json!({ "pk": pk }))?;
    }
    Ok(())
}

fn senders(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.group("open");
    for (u, y) in SENDERS {
        for sign in [false, true] {
            let made = forged(sheet, number(u)?, sign)?;
            let y = number(y)?;
            let from = if sign { topped(y) } else { y };
            let payload = json!({
                "sign": sign, "sid": null, "persists": false, "window": 128,
                "maxEnvelope": 1_200, "content": "00",
            });
            let is = json!({
                "from": hex(&from), "payload": payload, "ackSecret": hex(&made.secret),
            });
            sheet.at("identity.md#identity", &["IDN-5", "SES-3"]);
            let comment = format!("a sender's u of {u}, sign {}", u8::from(sign));
            sheet.valid(&comment, &["Canonical"], made.ask, is)?;
        }
    }
    let mut weak: Vec<(String, &str, [u8; 32])> = Vec::new();
    for more in [2, 4, 6, 9, 18] {
        weak.push((format!("2^255 - 19 + {more}"), "NonCanonical", over(more)));
    }
    for (u, _) in SENDERS {
        let comment = format!("{u} with the top bit set");
        weak.push((comment, "NonCanonical", topped(number(u)?)));
    }
    for u in TWIST {
        weak.push((u.to_owned(), "NotOnCurve", number(u)?));
    }
    for u in WEAK {
        weak.push((u.to_owned(), "SmallOrder", number(u)?));
    }
    for more in [0, 1] {
        weak.push((format!("2^255 - 19 + {more}"), "SmallOrder", over(more)));
    }
    for (comment, flag, x) in weak {
        sheet.at("identity.md#identity", &["IDN-5", "SES-3", "SES-4"]);
        let made = forged(sheet, x, comment.len() % 2 == 0)?;
        let comment = format!("a sender's u of {comment}");
        sheet.dropped(&comment, &[flag], made.ask, WEAK_KEY)?;
    }
    Ok(())
}

/// A message to this key.
pub(super) fn send(to: &Value, len: usize, lifetime: Option<u64>) -> Value {
    json!({
        "is": "send", "to": to, "payload": hex(&vec![0x61; len]), "lifetime": lifetime, "class": 2,
    })
}

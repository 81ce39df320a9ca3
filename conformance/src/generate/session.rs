//! DATA: made, opened, and what cannot be opened.

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::build::{
    BAD_COMMIT, BAD_FLAGS, BAD_TAG, BAD_VERSION, P, TOO_FAR_AHEAD, TRUNCATED, flipped, hex, with,
};
use super::sheet::Sheet;
use crate::cases::File;

const NOTES: &[(&str, &str)] = &[
    ("BadCommit", "authentic, and the commitment is another one"),
    ("Cut", "ends early"),
    ("Edge", "at the edge of an epoch or of what is looked ahead"),
    (
        "OtherCounter",
        "the counter is another one, and with it nonce and key",
    ),
    ("OtherEnd", "for another recipient or another session"),
    ("OtherKind", "an envelope of another kind"),
    ("Rebuilt", "the counter is rebuilt from its low half"),
    ("TamperedContent", "the sealed content is changed"),
    (
        "TamperedHeader",
        "a header field is changed that the content is bound to",
    ),
    ("TamperedTag", "the tag is changed"),
    ("TooFarAhead", "more than 16 epochs ahead"),
    ("BadHeader", "a header that is none"),
];

/// One DATA, with what it takes to open it.
struct Made {
    ask: Value,
    bytes: Vec<u8>,
    keys: Value,
    sealed: usize,
}

fn made(sheet: &mut Sheet, n: u32, proves: bool) -> anyhow::Result<Made> {
    let recipient = sheet.bytes(32);
    let to = sheet.is("identity", &json!({ "seed": hex(&recipient) }))?["pk"].clone();
    let keys = json!({
        "key": hex(&sheet.bytes(32)), "ackRoot": hex(&sheet.bytes(32)), "dir": sheet.below(2), "to": to,
    });
    let len = 1 + sheet.below(60) as usize;
    let content = sheet.bytes(len);
    let more = json!({
        "n": n, "sid": hex(&sheet.bytes(4)), "class": sheet.below(4), "trace": sheet.below(2) == 1,
        "prove": proves, "expiry": 1_800_000_000 + sheet.below(100_000_000),
        "hop": sheet.below(9), "attempt": sheet.below(16), "content": hex(&content),
    });
    let ask = with(keys.clone(), more);
    let bytes = sheet.is("data", &ask)?["bytes"].clone();
    let bytes = HEXLOWER.decode(bytes.as_str().context("no bytes")?.as_bytes())?;
    let sealed = 21 + if bytes[1] & P != 0 { 8 } else { 0 };
    Ok(Made {
        ask,
        bytes,
        keys,
        sealed,
    })
}

impl Made {
    fn opened(&self, top: Option<u32>, bytes: &[u8]) -> Value {
        with(
            self.keys.clone(),
            json!({ "top": top, "bytes": hex(bytes) }),
        )
    }
}

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM sessions", NOTES);
    sheet.group("data");
    let counters = [
        0, 1, 2, 62, 63, 64, 65, 127, 128, 191, 192, 1_000, 1_023, 1_024, 4_095, 4_096, 10_000,
        32_768, 65_534, 65_535, 65_536, 65_599, 65_600, 70_000, 100_000,
    ];
    for (number, n) in counters.into_iter().enumerate() {
        let made = made(&mut sheet, n, number % 3 != 1)?;
        sheet.at("session.md#transport", &["SES-18", "SES-19"]);
        let edge: &[&str] = if n % 64 == 0 || n % 64 == 63 {
            &["Edge"]
        } else {
            &[]
        };
        sheet.computed(&format!("n = {n}"), edge, made.ask)?;
    }
    good(&mut sheet)?;
    for round in 1..=5 {
        bad(&mut sheet, round)?;
    }
    Ok(sheet.done())
}

fn good(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.group("openData");
    let seen: [(u32, Option<u32>); 22] = [
        (0, None),
        (1, None),
        (63, None),
        (64, None),
        (1_087, None),
        (1, Some(0)),
        (0, Some(5)),
        (64, Some(63)),
        (63, Some(64)),
        (1_000, Some(100)),
        (100, Some(1_000)),
        (1_151, Some(127)),
        (65_535, Some(65_000)),
        (65_536, Some(65_535)),
        (65_537, Some(65_000)),
        (65_000, Some(65_540)),
        (65_536, Some(66_000)),
        (70_000, Some(69_000)),
        (69_000, Some(70_000)),
        (100_000, Some(99_999)),
        (99_000, Some(100_000)),
        (131_072, Some(131_071)),
    ];
    for (number, (n, top)) in seen.into_iter().enumerate() {
        let made = made(sheet, n, number % 3 != 1)?;
        sheet.at("session.md#receiving-window", &["SES-22"]);
        let comment = format!("n = {n}, the highest so far {top:?}");
        let is = sheet.computed(&comment, &["Rebuilt"], made.opened(top, &made.bytes))?;
        anyhow::ensure!(is["n"] == n, "{comment}: {is}");
    }
    Ok(())
}

fn bad(sheet: &mut Sheet, round: u32) -> anyhow::Result<()> {
    let n = sheet.below(500);
    let made = made(sheet, n, true)?;
    let bits = 1_u8 << sheet.below(8);
    let len = made.bytes.len();
    let content = made.sealed + sheet.below((len - 16 - made.sealed) as u32) as usize;
    let tag = len - 16 + sheet.below(16) as usize;
    let places = [
        (
            "the expiry",
            "TamperedHeader",
            3 + sheet.below(4) as usize,
            bits,
        ),
        ("the class", "TamperedHeader", 1, 0x20),
        ("the sid", "OtherEnd", 15 + sheet.below(4) as usize, bits),
        ("the counter", "OtherCounter", 19, bits),
        (
            "the commitment",
            "TamperedHeader",
            21 + sheet.below(8) as usize,
            bits,
        ),
        ("the content", "TamperedContent", content, bits),
        ("the tag", "TamperedTag", tag, bits),
    ];
    sheet.at("session.md#transport", &["SES-19", "ENV-3"]);
    for (what, flag, place, bits) in places {
        let ask = made.opened(Some(n), &flipped(&made.bytes, place, bits));
        let comment = format!("{what} changed in byte {place}, {round}");
        sheet.dropped(&comment, &[flag], ask, BAD_TAG)?;
    }
    let seed = sheet.bytes(32);
    let other = sheet.is("identity", &json!({ "seed": hex(&seed) }))?["pk"].clone();
    let ask = with(made.opened(Some(n), &made.bytes), json!({ "to": other }));
    sheet.dropped(
        &format!("for somebody else, {round}"),
        &["OtherEnd"],
        ask,
        BAD_TAG,
    )?;
    sheet.at("envelope.md#commitment", &["ENV-20"]);
    let root = hex(&sheet.bytes(32));
    let ask = with(
        made.opened(Some(n), &made.bytes),
        json!({ "ackRoot": root }),
    );
    sheet.dropped(
        &format!("another root, {round}"),
        &["BadCommit"],
        ask,
        BAD_COMMIT,
    )?;
    let dir = 1 - made.keys["dir"].as_u64().unwrap_or(0);
    let ask = with(made.opened(Some(n), &made.bytes), json!({ "dir": dir }));
    sheet.dropped(
        &format!("the other direction, {round}"),
        &["BadCommit"],
        ask,
        BAD_COMMIT,
    )?;
    too_far(sheet, round)?;
    sheet.at("envelope.md#data", &["ENV-14"]);
    for cut in [made.sealed + 16, made.sealed, 20] {
        let ask = made.opened(Some(n), made.bytes.get(..cut).unwrap_or_default());
        sheet.dropped(
            &format!("{cut} bytes of it, {round}"),
            &["Cut"],
            ask,
            TRUNCATED,
        )?;
    }
    sheet.at("envelope.md#header", &["ENV-9"]);
    let ask = made.opened(Some(n), &flipped(&made.bytes, 0, 0x20));
    sheet.dropped(
        &format!("another version, {round}"),
        &["BadHeader"],
        ask,
        BAD_VERSION,
    )?;
    let ask = made.opened(Some(n), &flipped(&made.bytes, 1, 0x40));
    sheet.dropped(
        &format!("a reserved flag, {round}"),
        &["BadHeader"],
        ask,
        BAD_FLAGS,
    )
}

/// The first counter of the 17th epoch ahead, and the last one before it.
fn too_far(sheet: &mut Sheet, round: u32) -> anyhow::Result<()> {
    let top = 64 * round + sheet.below(64);
    let first = (top / 64 + 17) * 64;
    let far = made(sheet, first, true)?;
    let near = made(sheet, first - 1, true)?;
    sheet.at("session.md#receiving-window", &["SES-23"]);
    let comment = format!("n = {first} after {top}");
    sheet.dropped(
        &comment,
        &["TooFarAhead"],
        far.opened(Some(top), &far.bytes),
        TOO_FAR_AHEAD,
    )?;
    let comment = format!("n = {} after {top}", first - 1);
    sheet.computed(&comment, &["Edge"], near.opened(Some(top), &near.bytes))?;
    Ok(())
}

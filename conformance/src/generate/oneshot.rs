//! SEAL and RESP: made, opened, answered, and what cannot be opened.

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::build::{
    BAD_COMMIT, BAD_RESP, BAD_SEAL, P, RESP_MISMATCH, RESP_UNKNOWN, TRUNCATED, WEAK_KEY, flipped,
    hex, with,
};
use super::sheet::Sheet;
use crate::cases::File;

const NOTES: &[(&str, &str)] = &[
    ("BadCommit", "authentic, and the commitment is another one"),
    ("Cut", "ends early"),
    ("NoOffer", "a SEAL that offers no session"),
    (
        "OtherEnd",
        "sealed to somebody else, or by another ephemeral",
    ),
    ("OtherExpiry", "of another expiry than the SEAL's"),
    ("OtherKind", "an envelope of another kind"),
    ("OtherRef", "an answer to another SEAL"),
    ("OtherSid", "of another session than the one offered"),
    ("TamperedEphemeral", "the ephemeral key is changed"),
    (
        "TamperedHeader",
        "a header field is changed that the handshake is bound to",
    ),
    ("TamperedPayload", "the sealed payload is changed"),
    ("TamperedStatic", "the sealed static key is changed"),
    ("TamperedTag", "a tag is changed"),
    ("WeakKey", "a key of small order"),
];

/// Two ends and a SEAL between them.
struct Made {
    sender: Vec<u8>,
    recipient: Vec<u8>,
    /// The recipient's key.
    to: Value,
    ephemeral: Vec<u8>,
    ask: Value,
    bytes: Vec<u8>,
    commit: usize,
}

const WINDOWS: [u32; 2] = [128, 1_024];
const LONGEST: [u32; 4] = [1_200, 4_096, 16_384, 65_535];

fn terms(sheet: &mut Sheet) -> Value {
    json!({
        "persists": sheet.below(2) == 1,
        "window": WINDOWS[sheet.below(2) as usize],
        "maxEnvelope": LONGEST[sheet.below(4) as usize],
    })
}

fn unhex(value: &Value) -> anyhow::Result<Vec<u8>> {
    let text = value.as_str().context("no bytes")?;
    Ok(HEXLOWER.decode(text.as_bytes())?)
}

/// Draws a question for a SEAL and has it made.
fn made(sheet: &mut Sheet, offers: bool, proves: bool) -> anyhow::Result<Made> {
    let (sender, recipient, ephemeral) = (sheet.bytes(32), sheet.bytes(32), sheet.bytes(32));
    let to = sheet.is("identity", &json!({ "seed": hex(&recipient) }))?["pk"].clone();
    let sid = offers.then(|| hex(&sheet.bytes(4)));
    let len = 1 + sheet.below(80) as usize;
    let content = sheet.bytes(len);
    let fields = with(
        terms(sheet),
        json!({ "sid": sid, "content": hex(&content) }),
    );
    let ask = json!({
        "seed": hex(&sender), "to": to, "ephemeral": hex(&ephemeral),
        "class": sheet.below(4), "trace": sheet.below(2) == 1, "prove": proves,
        "expiry": 1_800_000_000 + sheet.below(100_000_000), "hop": sheet.below(9),
        "attempt": sheet.below(16), "fields": fields,
    });
    let bytes = unhex(&sheet.is("seal", &ask)?["bytes"])?;
    let commit = if bytes[1] & P != 0 { 8 } else { 0 };
    Ok(Made {
        sender,
        recipient,
        to,
        ephemeral,
        ask,
        bytes,
        commit,
    })
}

impl Made {
    /// Where the parts of the handshake begin: e, its sealed key, the tag of that, the payload.
    fn parts(&self) -> [usize; 4] {
        let e = 16 + self.commit;
        [e, e + 32, e + 64, e + 80]
    }

    fn opened(&self, bytes: &[u8]) -> Value {
        json!({ "seed": hex(&self.recipient), "bytes": hex(bytes) })
    }

    fn waiting(&self, bytes: &[u8]) -> Value {
        json!({
            "seed": hex(&self.sender), "to": self.to, "ephemeral": hex(&self.ephemeral),
            "seal": hex(&self.bytes), "bytes": hex(bytes),
        })
    }
}

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM one-shots and handshakes", NOTES);
    sheet.group("seal");
    for number in 1..=30_u32 {
        let made = made(&mut sheet, number % 2 == 0, number % 3 != 0)?;
        sheet.at("session.md#one-shot", &["SES-1", "SES-2", "ENV-20"]);
        sheet.computed(&format!("drawn, {number}"), &[], made.ask)?;
    }
    sheet.group("open");
    for number in 1..=25_u32 {
        let made = made(&mut sheet, number % 2 == 0, number % 3 != 0)?;
        sheet.at("session.md#handshake", &["SES-1", "SES-3"]);
        let comment = format!("drawn, {number}");
        sheet.computed(&comment, &[], made.opened(&made.bytes))?;
    }
    for round in 1..=4 {
        bad_seals(&mut sheet, round)?;
    }
    sheet.group("answer");
    for number in 1..=12 {
        let made = made(&mut sheet, true, true)?;
        let ask = answer(&mut sheet, &made);
        sheet.at("session.md#answer", &["SES-1", "SES-13"]);
        sheet.computed(&format!("drawn, {number}"), &[], ask)?;
    }
    for number in 1..=4 {
        let made = made(&mut sheet, false, true)?;
        let ask = answer(&mut sheet, &made);
        sheet.at("session.md#answer", &["SES-13"]);
        sheet.refused(&format!("no session offered, {number}"), &["NoOffer"], ask)?;
    }
    sheet.group("answered");
    for number in 1..=12 {
        let (made, resp) = answered(&mut sheet)?;
        sheet.at("session.md#transport", &["SES-1", "SES-17"]);
        sheet.computed(&format!("drawn, {number}"), &[], made.waiting(&resp))?;
    }
    for round in 1..=4 {
        bad_answers(&mut sheet, round)?;
    }
    Ok(sheet.done())
}

fn answer(sheet: &mut Sheet, made: &Made) -> Value {
    let fields = with(terms(sheet), json!({ "sid": hex(&sheet.bytes(4)) }));
    let ephemeral = hex(&sheet.bytes(32));
    let more = json!({ "ephemeral": ephemeral, "fields": fields });
    with(made.opened(&made.bytes), more)
}

/// A SEAL and the RESP to it.
fn answered(sheet: &mut Sheet) -> anyhow::Result<(Made, Vec<u8>)> {
    let made = made(sheet, true, true)?;
    let ask = answer(sheet, &made);
    let resp = unhex(&sheet.is("answer", &ask)?["bytes"])?;
    Ok((made, resp))
}

fn bad_seals(sheet: &mut Sheet, round: u32) -> anyhow::Result<()> {
    let made = made(sheet, round.is_multiple_of(2), true)?;
    let [e, s, tag, payload] = made.parts();
    let len = made.bytes.len();
    let bits = 1_u8 << sheet.below(8);
    let at =
        |sheet: &mut Sheet, from: usize, to: usize| from + sheet.below((to - from) as u32) as usize;
    let places = [
        ("the ephemeral", "TamperedEphemeral", at(sheet, e, s - 1)),
        ("the static key", "TamperedStatic", at(sheet, s, tag)),
        (
            "the static key's tag",
            "TamperedTag",
            at(sheet, tag, payload),
        ),
        (
            "the payload",
            "TamperedPayload",
            at(sheet, payload, len - 16),
        ),
        ("the payload's tag", "TamperedTag", at(sheet, len - 16, len)),
        ("the expiry", "TamperedHeader", at(sheet, 3, 7)),
        ("the kid", "TamperedHeader", 15),
    ];
    sheet.at("session.md#handshake", &["SES-1", "SES-4"]);
    for (what, flag, place) in places {
        let ask = made.opened(&flipped(&made.bytes, place, bits));
        let comment = format!("{what} changed in byte {place}, {round}");
        sheet.dropped(&comment, &[flag], ask, BAD_SEAL)?;
    }
    let ask = made.opened(&flipped(&made.bytes, 1, 0x10));
    let comment = format!("another class, {round}");
    sheet.dropped(&comment, &["TamperedHeader"], ask, BAD_SEAL)?;
    let stranger = json!({ "seed": hex(&sheet.bytes(32)), "bytes": hex(&made.bytes) });
    sheet.dropped(
        &format!("for somebody else, {round}"),
        &["OtherEnd"],
        stranger,
        BAD_SEAL,
    )?;
    sheet.at("envelope.md#commitment", &["ENV-20"]);
    let place = at(sheet, 16, 24);
    let ask = made.opened(&flipped(&made.bytes, place, bits));
    let comment = format!("the commitment changed in byte {place}, {round}");
    sheet.dropped(&comment, &["BadCommit"], ask, BAD_COMMIT)?;
    sheet.at("session.md#handshake", &["SES-4"]);
    let mut weak = made.bytes.clone();
    weak[e..s].fill(0);
    if round.is_multiple_of(2) {
        weak[e] = 1;
    }
    let comment = format!("a weak ephemeral, {round}");
    sheet.dropped(&comment, &["WeakKey"], made.opened(&weak), WEAK_KEY)?;
    sheet.at("envelope.md#seal", &["ENV-11"]);
    let cut = made.opened(made.bytes.get(..payload + 10).unwrap_or_default());
    sheet.dropped(&format!("cut off, {round}"), &["Cut"], cut, TRUNCATED)?;
    let (other, resp) = answered(sheet)?;
    let ask = other.opened(&resp);
    sheet.at("session.md#handshake", &["SES-1"]);
    sheet.refused(&format!("a RESP, {round}"), &["OtherKind"], ask)
}

fn bad_answers(sheet: &mut Sheet, round: u32) -> anyhow::Result<()> {
    let (made, resp) = answered(sheet)?;
    let bits = 1_u8 << sheet.below(8);
    let mut bad = |place: &str, rules: &[&str], what: &str, flag, bytes: Vec<u8>, drop| {
        sheet.at(place, rules);
        let comment = format!("{what}, {round}");
        sheet.dropped(&comment, &[flag], made.waiting(&bytes), drop)
    };
    let answer = "session.md#answer";
    bad(
        answer,
        &["SES-15"],
        "another ref",
        "OtherRef",
        flipped(&resp, 15, bits),
        RESP_UNKNOWN,
    )?;
    bad(
        answer,
        &["SES-15"],
        "another sid",
        "OtherSid",
        flipped(&resp, 24, bits),
        RESP_MISMATCH,
    )?;
    bad(
        answer,
        &["SES-15"],
        "another expiry",
        "OtherExpiry",
        flipped(&resp, 4, bits),
        RESP_MISMATCH,
    )?;
    let e = usize::try_from(27 + 7 * round)?;
    let changed = flipped(&resp, e.min(57), bits);
    bad(
        answer,
        &["SES-16"],
        "another ephemeral",
        "TamperedEphemeral",
        changed,
        BAD_RESP,
    )?;
    let changed = flipped(&resp, 59 + usize::try_from(round)?, bits);
    bad(
        answer,
        &["SES-16"],
        "another payload",
        "TamperedPayload",
        changed,
        BAD_RESP,
    )?;
    let changed = flipped(&resp, 64 + 3 * usize::try_from(round)?, bits);
    bad(
        answer,
        &["SES-16"],
        "another tag",
        "TamperedTag",
        changed,
        BAD_RESP,
    )?;
    let mut weak = resp.clone();
    weak[27..59].fill(0);
    bad(
        "session.md#handshake",
        &["SES-4"],
        "a weak ephemeral",
        "WeakKey",
        weak,
        WEAK_KEY,
    )?;
    let short = resp[..79].to_vec();
    bad(
        "envelope.md#resp",
        &["ENV-13"],
        "a byte short",
        "Cut",
        short,
        TRUNCATED,
    )?;
    let swapped = with(
        made.waiting(&resp),
        json!({ "ephemeral": hex(&sheet.bytes(32)) }),
    );
    sheet.at("session.md#answer", &["SES-11"]);
    sheet.refused(
        &format!("of another ephemeral, {round}"),
        &["OtherEnd"],
        swapped,
    )?;
    sheet.at("session.md#handshake", &["SES-1"]);
    let ask = made.waiting(&made.bytes);
    sheet.refused(&format!("a SEAL, {round}"), &["OtherKind"], ask)
}

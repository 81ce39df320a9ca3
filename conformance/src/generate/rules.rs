//! Cases for rules that no case of the other files shows.

use anyhow::Context;
use serde_json::json;

use super::build::{ACK, Head, frame, hex};
use super::node::{Story, UNIX, enveloped, unhex};
use super::sheet::Sheet;
use crate::cases::{Expected, File};
use crate::profile::Profile;
use crate::record::rules_open;

const NOTES: &[(&str, &str)] = &[
    ("Halfway", "two counters are equally near"),
    ("Exact", "the whole of what is put out"),
    (
        "LastReply",
        "the book leaves open what comes before, and says what comes last",
    ),
    (
        "NotCanonical",
        "a y of 2^255 - 19 or more, of a point of large order",
    ),
    ("Trace", "a trace is wanted, and everything is bound to it"),
];

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM rules", NOTES);
    keys(&mut sheet)?;
    traced(&mut sheet)?;
    counters(&mut sheet)?;
    acks(&mut sheet)?;
    traced_here(&mut sheet)?;
    for open in rules_open::all()? {
        sheet.node("open on the way", open.profile);
        sheet.at(open.place, open.rules);
        let flags = &["LastReply"];
        sheet.put(open.comment, flags, Expected::Valid, open.ask, open.expect)?;
    }
    Ok(sheet.done())
}

/// 2^255 - 19 + k is another writing of k; these are on the curve and not of small order.
fn keys(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.group("key");
    sheet.at("identity.md#identity", &["IDN-1"]);
    for k in [3_u8, 4, 5, 6, 9, 10] {
        for sign in [0x7F_u8, 0xFF] {
            let mut pk = [0xFF; 32];
            pk[0] = 0xED + k;
            pk[31] = sign;
            let comment = format!("y = 2^255 - 19 + {k}, sign bit {}", sign >> 7);
            sheet.refused(&comment, &["NotCanonical"], json!({ "pk": hex(&pk) }))?;
        }
    }
    Ok(())
}

fn traced(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.group("open");
    sheet.at("session.md#handshake", &["SES-1", "CON-6"]);
    for number in 0..3_u8 {
        let (seed, to) = (sheet.bytes(32), sheet.bytes(32));
        let recipient = sheet.is("identity", &json!({ "seed": hex(&to) }))?;
        let fields = json!({
            "sid": null, "persists": false, "window": 128, "maxEnvelope": 1_200,
            "content": hex(&[0x81, number]),
        });
        let ask = json!({
            "seed": hex(&seed), "to": recipient["pk"], "ephemeral": hex(&sheet.bytes(32)), "class": number,
            "trace": true, "prove": true, "expiry": UNIX, "hop": 8, "attempt": 0, "fields": fields,
        });
        let made = sheet.is("seal", &ask)?;
        let open = json!({ "seed": hex(&to), "bytes": made["bytes"] });
        let from = sheet.is("identity", &json!({ "seed": hex(&seed) }))?;
        let is = sheet.computed(
            &format!("a SEAL that wants a trace, class {number}"),
            &["Trace"],
            open,
        )?;
        anyhow::ensure!(is["from"] == from["pk"] && is["ackSecret"] == made["ackSecret"]);
    }
    Ok(())
}

/// Two counters are equally near: the lower one is meant.
fn counters(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.group("openData");
    sheet.at("session.md#receiving-window", &["SES-22"]);
    for top in [32_768_u32, 40_000] {
        let to = sheet.bytes(32);
        let to = sheet.is("identity", &json!({ "seed": hex(&to) }))?;
        let (key, root) = (hex(&sheet.bytes(32)), hex(&sheet.bytes(32)));
        let n = top - 32_768;
        let ask = json!({
            "key": key, "ackRoot": root, "dir": 0, "to": to["pk"], "n": n, "sid": hex(&sheet.bytes(4)),
            "class": 2, "trace": false, "prove": true, "expiry": UNIX, "hop": 8, "attempt": 0, "content": "8107",
        });
        let made = sheet.is("data", &ask)?;
        let open = json!({
            "key": key, "ackRoot": root, "dir": 0, "to": to["pk"], "top": top, "bytes": made["bytes"],
        });
        let is = json!({ "n": n, "content": "8107", "ackSecret": made["ackSecret"] });
        let comment = format!("n = {n} where {top} was the highest");
        sheet.valid(&comment, &["Halfway"], open, is)?;
    }
    Ok(())
}

/// The same at a node.
fn traced_here(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.node("traced", Profile::Leaf);
    sheet.at("session.md#handshake", &["SES-1", "CON-6"]);
    for number in 0..2_u8 {
        let mut story = Story::new(sheet, Profile::Leaf)?;
        let (mut ask, _) = story.seal(sheet, UNIX + 600, &[0x81, number], None)?;
        ask["trace"] = true.into();
        let seal = unhex(&sheet.is("seal", &ask)?["bytes"])?;
        story.then(sheet, enveloped(&seal));
        sheet.put(
            &format!("a SEAL that wants a trace is opened, {number}"),
            &["Trace"],
            Expected::Valid,
            story.ask(),
            json!({ "verdict": "accepted" }),
        )?;
    }
    Ok(())
}

/// The ACK of a message as an envelope: its life is that of the SEAL, and it starts with all its hops.
fn acks(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.node("acks", Profile::Leaf);
    for number in 1..=3_u8 {
        let mut story = Story::new(sheet, Profile::Leaf)?;
        let expiry = UNIX + 600 * u32::from(number);
        let (asked, seal) = story.seal(sheet, expiry, &[0x81, number], None)?;
        story.then(sheet, enveloped(&seal));
        let made = sheet.is("seal", &asked)?;
        let id = unhex(&made["msgId"])?;
        let reference = id.get(..8).context("a short id")?;
        let peer = sheet.is("identity", &json!({ "seed": asked["seed"] }))?;
        story.then(
            sheet,
            json!({ "is": "taken", "from": peer["pk"], "message": hex(reference) }),
        );
        let head = Head {
            kind: ACK,
            flags: 0,
            attempt: 0,
            hop: 8,
            expiry,
            dst: [0; 8],
        };
        let secret = unhex(&made["ackSecret"])?;
        let ack = [&head.bytes()[..], &[1], reference, &secret].concat();
        let len = u16::try_from(ack.len())?;
        let bytes = frame(2, &[&len.to_le_bytes()[..], &ack].concat());
        sheet.at("envelope.md#ack", &["ENV-16", "ENV-4", "RTE-13"]);
        let expect = json!({
            "verdict": "accepted", "out": [{ "is": "transmit", "link": 1, "bytes": hex(&bytes) }],
        });
        sheet.put(
            &format!("the ACK of a message, {number}"),
            &["Exact"],
            Expected::Valid,
            story.ask(),
            expect,
        )?;
    }
    Ok(())
}

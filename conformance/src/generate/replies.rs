//! Stories in which the node has sent something itself, or has handed something on: what comes back and
//! is dropped.

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::build::{ACK, BAD_RESP, Head, RESP, RESP_MISMATCH, frame, hex};
use super::node::{Story, UNIX, dropped, enveloped, of, unhex};
use super::sheet::Sheet;
use crate::profile::Profile;

const DUPLICATE: u8 = 23;
const NO_ROUTE: u8 = 24;
const RATE_LIMITED: u8 = 29;
const ALREADY_DELIVERED: u8 = 54;
const ACK_UNKNOWN: u8 = 63;
const BAD_PROOF: u8 = 64;
const ACK_REPEAT: u8 = 65;

pub(super) fn stories(sheet: &mut Sheet) -> anyhow::Result<()> {
    forwarded(sheet)?;
    sheet.node("replies", Profile::Leaf);
    for number in 1..=3 {
        proofs(sheet, number)?;
        handshakes(sheet, number)?;
        sealed_again(sheet, number)?;
    }
    limits(sheet)
}

/// What the node sent to its neighbour, and what the neighbour reads in it.
pub(super) struct Sent {
    pub(super) story: Story,
    pub(super) reference: Vec<u8>,
    pub(super) expiry: u32,
    pub(super) secret: Value,
    pub(super) sid: Value,
    /// The SEAL itself.
    pub(super) seal: Vec<u8>,
}

pub(super) fn sent(sheet: &mut Sheet) -> anyhow::Result<Sent> {
    let story = Story::new(sheet, Profile::Leaf)?;
    sent_by(sheet, story)
}

pub(super) fn sent_by(sheet: &mut Sheet, mut story: Story) -> anyhow::Result<Sent> {
    let peer = sheet.is("identity", &json!({ "seed": hex(&story.peer) }))?;
    let payload = hex(&sheet.bytes(9));
    let send = json!({
        "is": "send", "to": peer["pk"], "payload": payload, "lifetime": null, "class": 2,
    });
    story.then(sheet, send);
    let last = sheet.play(&story.ask())?;
    let out = last["out"].as_array().context("no outputs")?;
    let bytes = out.iter().find_map(|output| output["bytes"].as_str());
    let bytes = HEXLOWER.decode(bytes.context("nothing sent")?.as_bytes())?;
    // Behind the frame's head and the envelope's length.
    let seal = bytes.get(5..).context("a short frame")?;
    let asked = json!({ "seed": hex(&story.peer), "bytes": hex(seal) });
    let opened = sheet.is("open", &asked)?;
    let fields = sheet.is("envelope", &json!({ "bytes": hex(seal) }))?;
    let id = unhex(&fields["msgId"])?;
    Ok(Sent {
        story,
        reference: id.get(..8).context("a short id")?.to_vec(),
        expiry: u32::try_from(fields["expiry"].as_u64().context("no expiry")?)?,
        secret: opened["ackSecret"].clone(),
        sid: opened["payload"]["sid"].clone(),
        seal: seal.to_vec(),
    })
}

pub(super) fn answer(kind: u8, expiry: u32, body: &[u8]) -> Vec<u8> {
    let head = Head {
        kind,
        flags: 0,
        attempt: 0,
        hop: 8,
        expiry,
        dst: [0; 8],
    };
    [head.bytes(), body.to_vec()].concat()
}

pub(super) fn ack(expiry: u32, reference: &[u8], secret: &[u8]) -> Value {
    let body = [&[1], reference, secret].concat();
    enveloped(&answer(ACK, expiry, &body))
}

fn proofs(sheet: &mut Sheet, number: u32) -> anyhow::Result<()> {
    let made = sent(sheet)?;
    let wrong = sheet.bytes(16);
    sheet.at("envelope.md#commitment", &["ENV-21", "DLV-1"]);
    let input = ack(made.expiry, &made.reference, &wrong);
    let comment = format!("an ACK whose secret is another one, {number}");
    dropped(sheet, made.story, &comment, "Answer", input, BAD_PROOF)?;

    let made = sent(sheet)?;
    let mut close = unhex(&made.secret)?;
    if let Some(byte) = close.get_mut(5 * number as usize) {
        *byte ^= 1;
    }
    sheet.at("envelope.md#commitment", &["ENV-21", "DLV-1"]);
    let input = ack(made.expiry, &made.reference, &close);
    let comment = format!("an ACK whose secret is wrong in one bit, {number}");
    dropped(sheet, made.story, &comment, "Answer", input, BAD_PROOF)?;

    let mut made = sent(sheet)?;
    let input = ack(made.expiry, &made.reference, &unhex(&made.secret)?);
    made.story.then(sheet, input.clone());
    sheet.at("drops.md#answers", &["DRP-1"]);
    let comment = format!("an ACK for the second time, {number}");
    dropped(sheet, made.story, &comment, "Twice", input, ACK_REPEAT)
}

fn handshakes(sheet: &mut Sheet, number: u32) -> anyhow::Result<()> {
    let made = sent(sheet)?;
    let mut sid = unhex(&made.sid)?;
    if let Some(byte) = sid.get_mut(number as usize) {
        *byte ^= 0x40;
    }
    let noise = sheet.bytes(53);
    let body = [&made.reference, &sid, &noise].map(Vec::as_slice).concat();
    sheet.at("session.md#answer", &["SES-15"]);
    let input = enveloped(&answer(RESP, made.expiry, &body));
    let comment = format!("a RESP for another sid, {number}");
    dropped(sheet, made.story, &comment, "Answer", input, RESP_MISMATCH)?;

    let made = sent(sheet)?;
    let (sid, noise) = (unhex(&made.sid)?, sheet.bytes(53));
    let body = [&made.reference, &sid, &noise].map(Vec::as_slice).concat();
    sheet.at("session.md#answer", &["SES-16"]);
    let input = enveloped(&answer(RESP, made.expiry, &body));
    let comment = format!("a RESP that does not authenticate, {number}");
    dropped(sheet, made.story, &comment, "Answer", input, BAD_RESP)
}

/// Delivered before under another envelope.
fn sealed_again(sheet: &mut Sheet, number: u32) -> anyhow::Result<()> {
    let mut story = Story::new(sheet, Profile::Leaf)?;
    let payload = sheet.bytes(3 + number as usize);
    let first = [&[0x01], payload.as_slice()].concat();
    let (_, seal) = story.seal(sheet, UNIX + 600, &first, None)?;
    story.then(sheet, enveloped(&seal));
    let fields = sheet.is("envelope", &json!({ "bytes": hex(&seal) }))?;
    let id = unhex(&fields["msgId"])?;
    let orig = id.get(..8).context("a short id")?;
    let peer = sheet.is("identity", &json!({ "seed": hex(&story.peer) }))?;
    story.then(
        sheet,
        json!({ "is": "taken", "from": peer["pk"], "message": hex(orig) }),
    );
    let again = [&[0x41], orig, &payload].concat();
    let (_, seal) = story.seal(sheet, UNIX + 600, &again, None)?;
    sheet.at("content.md#orig", &["CNT-6", "DLV-17"]);
    let comment = format!("a message sealed again after it was delivered, {number}");
    dropped(
        sheet,
        story,
        &comment,
        "Twice",
        enveloped(&seal),
        ALREADY_DELIVERED,
    )
}

fn limits(sheet: &mut Sheet) -> anyhow::Result<()> {
    for (comment, rule, ftype, body) in [
        ("the ninth PING of a minute", "LNK-29", 8, vec![7, 0]),
        (
            "the ninth REACH? of a minute",
            "LNK-24",
            5,
            [&[9; 8][..], &[1, 1]].concat(),
        ),
    ] {
        let mut story = Story::new(sheet, Profile::Leaf)?;
        for _ in 0..8 {
            story.then(sheet, of(&frame(ftype, &body)));
        }
        sheet.at("link.md#ping", &[rule]);
        dropped(
            sheet,
            story,
            comment,
            "Twice",
            of(&frame(ftype, &body)),
            RATE_LIMITED,
        )?;
    }
    Ok(())
}

/// At a relay: proofs for nothing, copies that came before, and ways that lead nowhere.
fn forwarded(sheet: &mut Sheet) -> anyhow::Result<()> {
    for number in 1..=3 {
        let story = Story::new(sheet, Profile::Relay)?;
        let (reference, secret) = (sheet.bytes(8), sheet.bytes(16));
        sheet.at("drops.md#answers", &["RTE-11"]);
        let input = ack(UNIX + 600, &reference, &secret);
        let comment = format!("an ACK for what was never handed on, {number}");
        dropped(sheet, story, &comment, "Answer", input, ACK_UNKNOWN)?;

        let story = Story::new(sheet, Profile::Relay)?;
        let envelope = foreign(sheet);
        sheet.at("routing.md#forwarding", &["RTE-6"]);
        let comment = format!("an envelope for somebody else, and no other link, {number}");
        dropped(
            sheet,
            story,
            &comment,
            "Way",
            enveloped(&envelope),
            NO_ROUTE,
        )?;

        let mut story = Story::new(sheet, Profile::Relay)?;
        let seed = sheet.bytes(32);
        let other = sheet.is("identity", &json!({ "seed": hex(&seed) }))?;
        let up = json!({
            "is": "up", "link": 2, "pk": other["pk"], "mtu": 1_200, "maxFrame": 65_538, "dialed": false,
        });
        story.then(sheet, up);
        let mut envelope = foreign(sheet);
        // For the node behind the second link, so that nobody has to be asked.
        let handle = unhex(&other["handle"])?;
        envelope
            .get_mut(7..15)
            .context("a short head")?
            .copy_from_slice(&handle);
        story.then(sheet, enveloped(&envelope));
        sheet.at("routing.md#forwarding", &["RTE-4"]);
        let comment = format!("a copy for the second time, {number}");
        dropped(
            sheet,
            story,
            &comment,
            "Twice",
            enveloped(&envelope),
            DUPLICATE,
        )?;
    }
    Ok(())
}

/// A DATA for somebody who is not there.
pub(super) fn foreign(sheet: &mut Sheet) -> Vec<u8> {
    let head = Head {
        kind: super::build::DATA,
        flags: 0x20,
        attempt: 0,
        hop: 5,
        expiry: UNIX + 600,
        dst: sheet.array(),
    };
    let body = sheet.bytes(60);
    [head.bytes(), body].concat()
}

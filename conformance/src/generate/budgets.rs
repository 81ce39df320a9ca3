//! Stories of nodes that are asked for more than they do for anybody: one-shots at one moment, renewals
//! within a minute, and counters of epochs that are gone.

use anyhow::Context;
use serde_json::{Value, json};

use super::build::{Head, NACK, SEAL, frame, hex};
use super::node::{Story, UNIX, dropped, enveloped, of, unhex};
use super::opening::in_session;
use super::replies::{answer, sent};
use super::scene::{SHORTEST_SEAL, together, used};
use super::sheet::Sheet;
use super::tables::PAD;
use crate::profile::Profile;

const RATE_LIMITED: u8 = 29;
const TOO_OLD: u8 = 45;
const SEAL_BUDGET: u8 = 47;
const ALREADY_OPENED: u8 = 53;
const NACK_LIMITED: u8 = 68;

/// One-shots of one moment that use up any budget: conformance, "step".
const MANY: usize = 512;
const NO_KEY: u8 = 1;
const DAY: u64 = 24 * 3_600_000;

pub(super) fn stories(sheet: &mut Sheet) -> anyhow::Result<()> {
    one_shots(sheet)?;
    beside_the_budget(sheet)?;
    pings(sheet)?;
    sheet.node("gone epochs", Profile::Leaf);
    epochs(sheet)?;
    sheet.node("renewals", Profile::Leaf);
    for number in 1..=3 {
        renewals(sheet, number)?;
    }
    in_the_session_used(sheet)
}

/// A SEAL that does not open; its bytes may come again, since nothing of it is remembered.
fn useless(story: &Story, kid: u8, ephemeral: [u8; 32]) -> Vec<u8> {
    let head = Head {
        kind: SEAL,
        flags: 0x20,
        attempt: 0,
        hop: 8,
        expiry: UNIX + 600,
        dst: story.handle,
    };
    let mut seal = [&head.bytes()[..], &[kid], &ephemeral].concat();
    seal.resize(SHORTEST_SEAL, 0x5A);
    seal
}

/// A node that was asked to open so many at this moment; the next input comes at the same one.
fn exhausted(sheet: &mut Sheet, story: &mut Story, useless: Vec<u8>) {
    story.then(sheet, together(&vec![useless; MANY]));
    story.now -= 10;
}

fn one_shots(sheet: &mut Sheet) -> anyhow::Result<()> {
    let ephemeral: [u8; 32] = sheet.array();
    for (comment, kid, ephemeral) in [
        ("that do not open", 0, ephemeral),
        ("to a kid that is not there", 9, ephemeral),
        ("of a weak key", 0, [0; 32]),
    ] {
        sheet.at("session.md#opening", &["SES-6", "SES-9"]);
        let mut story = Story::new(sheet, Profile::Leaf)?;
        let many = useless(&story, kid, ephemeral);
        exhausted(sheet, &mut story, many);
        let seal = story.shot(sheet, &story.peer, PAD)?;
        let comment = format!("a good one-shot after {MANY} {comment}, at the same moment");
        dropped(
            sheet,
            story,
            &comment,
            "Budget",
            enveloped(&seal),
            SEAL_BUDGET,
        )?;
    }
    Ok(())
}

/// What costs no opening goes on.
fn beside_the_budget(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.at("session.md#opening", &["SES-6", "SES-9"]);
    let mut story = Story::new(sheet, Profile::Leaf)?;
    let seal = story.shot(sheet, &story.peer, PAD)?;
    story.then(sheet, enveloped(&seal));
    let many = useless(&story, 0, [7; 32]);
    exhausted(sheet, &mut story, many);
    let comment = "a one-shot once more while the budget is used up";
    dropped(
        sheet,
        story,
        comment,
        "Order",
        enveloped(&seal),
        ALREADY_OPENED,
    )?;

    sheet.at("session.md#opening", &["SES-9"]);
    let story = Story::new(sheet, Profile::Leaf)?;
    let mut inside = in_session(sheet, story)?;
    let many = useless(&inside.story, 0, [7; 32]);
    exhausted(sheet, &mut inside.story, many);
    let data = inside.data(sheet, 0, PAD)?;
    let comment = "a DATA while the budget for one-shots is used up";
    let input = enveloped(&data);
    used(sheet, inside.story, comment, "Budget", input, &[])?;

    sheet.at("session.md#opening", &["SES-9"]);
    let mut story = Story::new(sheet, Profile::Leaf)?;
    let many = useless(&story, 0, [7; 32]);
    exhausted(sheet, &mut story, many);
    story.now += 60_000;
    let seal = story.shot(sheet, &story.peer, PAD)?;
    let comment = format!("a one-shot a minute after {MANY} that do not open");
    used(sheet, story, &comment, "Budget", enveloped(&seal), &[])
}

fn pings(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.at("link.md#ping", &["LNK-29"]);
    let ping = |nonce: u8| frame(8, &[nonce, 0]);
    let mut story = Story::new(sheet, Profile::Leaf)?;
    let eight: Vec<Vec<u8>> = (1..=8).map(ping).collect();
    story.then(sheet, of(&eight.concat()));
    let comment = "a PING right after eight in one datagram";
    dropped(sheet, story, comment, "Budget", of(&ping(9)), RATE_LIMITED)
}

fn epochs(sheet: &mut Sheet) -> anyhow::Result<()> {
    for n in [1, 64 + 1, 2 * 64 + 63] {
        sheet.at("session.md#receiving-window", &["SES-23", "SES-25"]);
        let story = Story::new(sheet, Profile::Leaf)?;
        let mut inside = in_session(sheet, story)?;
        let mut first = Vec::new();
        // More epochs with gaps than any profile keeps, beside the newest two.
        for epoch in 0..24 {
            first.push(inside.data(sheet, 64 * epoch, PAD)?);
        }
        inside.story.then(sheet, together(&first));
        let late = inside.data(sheet, n, PAD)?;
        let comment = format!("the DATA of n = {n} after one of each of 24 epochs");
        let input = enveloped(&late);
        dropped(sheet, inside.story, &comment, "Window", input, TOO_OLD)?;
    }
    for epochs in [1, 2] {
        sheet.at("session.md#receiving-window", &["SES-23", "SES-25"]);
        let story = Story::new(sheet, Profile::Leaf)?;
        let mut inside = in_session(sheet, story)?;
        for n in 0..=epochs {
            let data = inside.data(sheet, 64 * n, PAD)?;
            inside.story.then(sheet, enveloped(&data));
        }
        inside.story.now += DAY;
        inside.story.then(sheet, json!({ "is": "tick" }));
        let late = inside.data_until(sheet, 1, PAD, UNIX + 86_400 + 600)?;
        let comment = format!("the DATA of n = 1 a day after its epoch was left, {epochs} behind");
        let input = enveloped(&late);
        dropped(sheet, inside.story, &comment, "Window", input, TOO_OLD)?;
    }
    sheet.at("session.md#receiving-window", &["SES-22", "SES-23"]);
    let story = Story::new(sheet, Profile::Leaf)?;
    let mut inside = in_session(sheet, story)?;
    let mut first = Vec::new();
    for step in 0..=32 {
        first.push(inside.data(sheet, 16 * 64 * step, PAD)?);
    }
    inside.story.then(sheet, together(&first));
    let late = inside.data(sheet, 1, PAD)?;
    let comment = "the DATA of n = 1 after that of n = 32,768: 512 epochs behind";
    let input = enveloped(&late);
    dropped(sheet, inside.story, comment, "Window", input, TOO_OLD)
}

fn no_key(expiry: u32, reference: &[u8]) -> Value {
    let body = [reference, &[NO_KEY], &[0; 4]].concat();
    enveloped(&answer(NACK, expiry, &body))
}

/// Reference and expiry of an envelope.
fn named(sheet: &mut Sheet, envelope: &[u8]) -> anyhow::Result<(Vec<u8>, u32)> {
    let fields = sheet.is("envelope", &json!({ "bytes": hex(envelope) }))?;
    let id = unhex(&fields["msgId"])?;
    let expiry = fields["expiry"].as_u64().context("no expiry")?;
    Ok((
        id.get(..8).context("a short id")?.to_vec(),
        u32::try_from(expiry)?,
    ))
}

/// Sends one more message to the neighbour; its envelope.
fn another(sheet: &mut Sheet, story: &mut Story) -> anyhow::Result<Vec<u8>> {
    let peer = sheet.is("identity", &json!({ "seed": hex(&story.peer) }))?;
    let payload = hex(&sheet.bytes(5));
    let send = json!({
        "is": "send", "to": peer["pk"], "payload": payload, "lifetime": null, "class": 2,
    });
    story.then(sheet, send);
    let mut out = story.put_out(sheet)?;
    out.pop().context("nothing was sent")
}

/// A second message is answered NO_KEY within a minute of the first.
fn renewals(sheet: &mut Sheet, number: u32) -> anyhow::Result<()> {
    sheet.at("session.md#no_key", &["SES-32"]);
    let mut made = sent(sheet)?;
    let first = no_key(made.expiry, &made.reference);
    made.story.then(sheet, first);
    made.story.now += [0, 10_000, 59_000][number as usize - 1];
    let second = another(sheet, &mut made.story)?;
    let (reference, expiry) = named(sheet, &second)?;
    let comment = format!("a second NO_KEY for a one-shot within a minute, {number}");
    let input = no_key(expiry, &reference);
    dropped(sheet, made.story, &comment, "TooSoon", input, NACK_LIMITED)
}

/// A NO_KEY for a message of the session that a renewal within the minute made.
fn in_the_session_used(sheet: &mut Sheet) -> anyhow::Result<()> {
    for pause in [0_u64, 30_000] {
        sheet.at("session.md#no_key", &["SES-32"]);
        let mut made = sent(sheet)?;
        let seal = made.seal.clone();
        answered(sheet, &mut made.story, &seal)?;
        let data = another(sheet, &mut made.story)?;
        let (reference, expiry) = named(sheet, &data)?;
        made.story.then(sheet, no_key(expiry, &reference));
        made.story.tick_again();
        let again = made.story.put_out(sheet)?;
        let again = again
            .iter()
            .find(|one| one.first() == Some(&(0x10 | SEAL)))
            .context("it was not sealed again")?;
        answered(sheet, &mut made.story, again)?;
        made.story.now += pause;
        let data = another(sheet, &mut made.story)?;
        let (reference, expiry) = named(sheet, &data)?;
        let comment = format!("a NO_KEY for the session now used, {pause} ms after a renewal");
        let input = no_key(expiry, &reference);
        dropped(sheet, made.story, &comment, "TooSoon", input, NACK_LIMITED)?;
    }
    Ok(())
}

/// The neighbour answers a SEAL of the node's.
pub(super) fn answered(sheet: &mut Sheet, story: &mut Story, seal: &[u8]) -> anyhow::Result<()> {
    let fields = json!({
        "sid": hex(&sheet.bytes(4)), "persists": false, "window": 128, "maxEnvelope": 1_200,
    });
    let ask = json!({
        "seed": hex(&story.peer), "bytes": hex(seal), "ephemeral": hex(&sheet.bytes(32)),
        "fields": fields,
    });
    let resp = unhex(&sheet.is("answer", &ask)?["bytes"])?;
    story.then(sheet, enveloped(&resp));
    Ok(())
}

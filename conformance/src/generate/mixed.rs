//! Datagrams of which a part is used and a part is not: one bad frame costs itself alone.

use anyhow::Context;
use serde_json::{Value, json};

use super::build::{ACK, BAD_LENGTH, BAD_SEAL, TRUNCATED, UNKNOWN_FRAME, flipped, frame};
use super::node::{Story, UNIX, enveloped, of, unhex};
use super::replies::{answer, sent};
use super::scene::{together, used};
use super::sheet::Sheet;
use super::tables::PAD;
use crate::cases::{Expected, File};
use crate::profile::Profile;

const ALREADY_OPENED: u8 = 53;
const ACK_UNKNOWN: u8 = 63;
const RECEIPT_UNKNOWN: u8 = 69;

const NOTES: &[(&str, &str)] = &[
    (
        "Mixed",
        "a part of the datagram is used, and another is not",
    ),
    ("AllBad", "no part of the datagram is used"),
    (
        "AllGood",
        "every part of the datagram is used, if there is one",
    ),
];

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM mixed datagrams", NOTES);
    sheet.node("mixed datagrams", Profile::Leaf);
    frames(&mut sheet)?;
    one_shots(&mut sheet)?;
    for number in 0..2 {
        pairs(&mut sheet, number)?;
    }
    receipts(&mut sheet)?;
    Ok(sheet.done())
}

/// No part of the last input is used.
fn unused(
    sheet: &mut Sheet,
    mut story: Story,
    comment: &str,
    input: Value,
    drops: &[u8],
) -> anyhow::Result<()> {
    story.then(sheet, input);
    let expect = json!({ "verdict": "dropped", "drops": drops });
    sheet.put(comment, &["AllBad"], Expected::Invalid, story.ask(), expect)
}

fn frames(sheet: &mut Sheet) -> anyhow::Result<()> {
    let (ping, unknown) = (frame(8, &[7, 0]), frame(9, &[1, 2, 3]));
    let (long, cut) = (vec![8, 9, 0, 1], vec![8, 1]);
    let parts = |parts: &[&Vec<u8>]| -> Vec<u8> {
        let parts = parts.iter().map(|part| part.as_slice());
        parts.collect::<Vec<_>>().concat()
    };
    for (comment, bytes, drops) in [
        (
            "a PING, and a frame nobody knows",
            parts(&[&ping, &unknown]),
            vec![UNKNOWN_FRAME],
        ),
        (
            "a frame nobody knows, and a PING",
            parts(&[&unknown, &ping]),
            vec![UNKNOWN_FRAME],
        ),
        (
            "a PING between two frames nobody knows",
            parts(&[&unknown, &ping, &unknown]),
            vec![UNKNOWN_FRAME, UNKNOWN_FRAME],
        ),
        (
            "a PING, and a frame longer than what is left",
            parts(&[&ping, &long]),
            vec![BAD_LENGTH],
        ),
        (
            "two PINGs, and a head that is cut",
            parts(&[&ping, &ping, &cut]),
            vec![TRUNCATED],
        ),
    ] {
        sheet.at("link.md#frame", &["LNK-3", "LNK-4", "LNK-5", "DRP-4"]);
        let story = Story::new(sheet, Profile::Leaf)?;
        used(sheet, story, comment, "Mixed", of(&bytes), &drops)?;
    }
    sheet.at("link.md#frame", &["LNK-3"]);
    for (comment, bytes) in [("no frames", vec![]), ("two PINGs", parts(&[&ping, &ping]))] {
        let story = Story::new(sheet, Profile::Leaf)?;
        used(sheet, story, comment, "AllGood", of(&bytes), &[])?;
    }
    sheet.at("link.md#frame", &["LNK-4", "LNK-5"]);
    let story = Story::new(sheet, Profile::Leaf)?;
    let bytes = parts(&[&unknown, &unknown, &long]);
    let drops = [BAD_LENGTH, UNKNOWN_FRAME, UNKNOWN_FRAME];
    let comment = "two frames nobody knows, and one longer than what is left";
    unused(sheet, story, comment, of(&bytes), &drops)
}

fn one_shots(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.at("link.md#frame", &["LNK-3", "DRP-4"]);
    let story = Story::new(sheet, Profile::Leaf)?;
    let seal = story.shot(sheet, &story.peer, PAD)?;
    let comment = "a one-shot twice in one datagram";
    let twice = together(&[seal.clone(), seal]);
    used(sheet, story, comment, "Mixed", twice, &[ALREADY_OPENED])?;

    let story = Story::new(sheet, Profile::Leaf)?;
    let bad = flipped(&story.shot(sheet, &story.peer, PAD)?, 60, 4);
    let good = story.shot(sheet, &story.peer, PAD)?;
    let comment = "a one-shot behind one that does not open";
    used(
        sheet,
        story,
        comment,
        "Mixed",
        together(&[bad, good]),
        &[BAD_SEAL],
    )?;

    let story = Story::new(sheet, Profile::Leaf)?;
    let mut bad = Vec::new();
    for place in [60, 110] {
        bad.push(flipped(&story.shot(sheet, &story.peer, PAD)?, place, 4));
    }
    let comment = "two one-shots that do not open";
    unused(sheet, story, comment, together(&bad), &[BAD_SEAL, BAD_SEAL])
}

/// An ACK is a list: each pair stands for itself.
fn pairs(sheet: &mut Sheet, number: usize) -> anyhow::Result<()> {
    sheet.at("envelope.md#ack", &["ENV-15", "DRP-4"]);
    let made = sent(sheet)?;
    let mine = [made.reference.clone(), unhex(&made.secret)?].concat();
    let other = sheet.bytes(24);
    let mut both = [mine.clone(), other.clone()];
    both.rotate_left(number);
    let body = [&[2][..], &both.concat()].concat();
    let comment = format!("a proof in place {number} of two, and one of nothing");
    let input = enveloped(&answer(ACK, made.expiry, &body));
    used(sheet, made.story, &comment, "Mixed", input, &[ACK_UNKNOWN])?;

    let made = sent(sheet)?;
    let body = [&[2][..], &other, &sheet.bytes(24)].concat();
    let input = enveloped(&answer(ACK, UNIX + 600 + number as u32, &body));
    let comment = format!("two proofs of nothing, {number}");
    unused(
        sheet,
        made.story,
        &comment,
        input,
        &[ACK_UNKNOWN, ACK_UNKNOWN],
    )
}

/// A TAKEN for what is not one's own is ignored without a count.
fn receipts(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.at("link.md#taken-and-passed", &["LNK-21"]);
    let made = sent(sheet)?;
    let body = [&[2][..], &made.reference, &sheet.bytes(8)].concat();
    let comment = "a TAKEN for a message and for what is not the node's own";
    let input = of(&frame(3, &body));
    used(sheet, made.story, comment, "AllGood", input, &[])?;

    let made = sent(sheet)?;
    let passed = frame(4, made.reference.get(..8).context("a reference")?);
    let input = of(&[passed, frame(4, &sheet.bytes(8))].concat());
    let comment = "a PASSED for a message, and one for nothing";
    used(
        sheet,
        made.story,
        comment,
        "Mixed",
        input,
        &[RECEIPT_UNKNOWN],
    )
}

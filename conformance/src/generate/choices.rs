//! Stories in which the book leaves a choice: one answer is what it advises or what most nodes do, and a
//! port that gives another of those it allows is not strict, and not wrong.

use anyhow::Context;
use serde_json::{Value, json};

use super::build::{DATA, Head, P, flipped, frame, hex};
use super::node::{Story, UNIX, enveloped, of, unhex};
use super::opening::in_session;
use super::replies::ack;
use super::scene::{framed, over, stranger, together};
use super::sheet::Sheet;
use super::tables::PAD;
use crate::cases::File;
use crate::profile::Profile;

const FORWARD_FULL: u8 = 25;
const BACKPRESSURE: u8 = 26;
const RATE_LIMITED: u8 = 29;
const CONTACTS_FULL: u8 = 49;
const ALREADY_DELIVERED: u8 = 54;
const ACK_UNKNOWN: u8 = 63;

const NOTES: &[(&str, &str)] = &[
    ("Allowed", "the book says MAY"),
    (
        "Bound",
        "the book gives a bound and no moment, or a table and no size of its entries",
    ),
    (
        "Due",
        "a timer is due: it runs before the input, after it or at the next tick",
    ),
    ("Undefined", "the book does not say which of two it is"),
];

/// The last input of a story, what is expected of it, and what is allowed beside.
fn either(
    sheet: &mut Sheet,
    mut story: Story,
    comment: &str,
    flag: &str,
    input: Value,
    answers: [Value; 2],
) -> anyhow::Result<()> {
    story.then(sheet, input);
    sheet.either(comment, &[flag], story.ask(), answers.to_vec())
}

fn accepted() -> Value {
    json!({ "verdict": "accepted", "drops": null })
}

fn counted(drop: u8) -> Value {
    json!({ "verdict": "accepted", "drops": [drop] })
}

fn dropped(drop: u8) -> Value {
    json!({ "verdict": "dropped", "drops": [drop] })
}

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM choices", NOTES);
    sheet.node("choices", Profile::Leaf);
    for number in 1..=3 {
        third_envelope(&mut sheet, number)?;
    }
    for unix in [UNIX, UNIX + 7_777_777] {
        clock_of_a_neighbour(&mut sheet, unix)?;
    }
    gone_with_the_tick(&mut sheet)?;
    strangers(&mut sheet)?;
    for jobs in [200, 250, 300] {
        backpressure(&mut sheet, jobs)?;
    }
    parked(&mut sheet, Profile::Leaf)?;
    sheet.node("choices of relays", Profile::Relay);
    parked(&mut sheet, Profile::Relay)?;
    held(&mut sheet)?;
    Ok(sheet.done())
}

/// Of a message that waits for the application two envelopes are acknowledged, and a third may be dropped.
fn third_envelope(sheet: &mut Sheet, number: u8) -> anyhow::Result<()> {
    sheet.at("delivery.md#held-and-doubled", &["DLV-26"]);
    let story = Story::new(sheet, Profile::Leaf)?;
    let mut inside = in_session(sheet, story)?;
    let seed = inside.story.peer.clone();
    let first = inside.story.shot(sheet, &seed, &[0x81, number])?;
    inside.story.then(sheet, enveloped(&first));
    let fields = sheet.is("envelope", &json!({ "bytes": hex(&first) }))?;
    let id = unhex(&fields["msgId"])?;
    let again = [&[0xC1], id.get(..8).context("a short id")?, &[number]].concat();
    let second = inside.story.shot(sheet, &seed, &again)?;
    inside.story.then(sheet, enveloped(&second));
    let third = if number == 3 {
        inside.data(sheet, 0, &again)?
    } else {
        inside.story.shot(sheet, &seed, &again)?
    };
    let comment = format!("a third envelope of a message that waits to be taken, {number}");
    let answers = [dropped(RATE_LIMITED), dropped(ALREADY_DELIVERED)];
    either(
        sheet,
        inside.story,
        &comment,
        "Allowed",
        enveloped(&third),
        answers,
    )
}

/// A node without wall time may take it from a neighbour; then it can seal.
fn clock_of_a_neighbour(sheet: &mut Sheet, unix: u32) -> anyhow::Result<()> {
    sheet.at("conventions.md#time", &["CON-11", "CON-12"]);
    let mut story = Story::new(sheet, Profile::Leaf)?;
    story.reset["unix"] = Value::Null;
    let hello = [
        &[1, 3, 0x82, 0x80, 4, 1][..],
        &super::build::varint(unix),
        &[0],
    ];
    story.then(sheet, of(&frame(1, &hello.concat())));
    let to = stranger(sheet)?.pk;
    let send = json!({ "is": "send", "to": to, "payload": "", "lifetime": null, "class": 1 });
    let comment = format!("a message after a neighbour's HELLO said that it is {unix}");
    let answers = [
        json!({ "verdict": "accepted" }),
        json!({ "verdict": "refused" }),
    ];
    either(sheet, story, &comment, "Allowed", send, answers)
}

/// What fills a table has ended, and no tick has run since.
fn gone_with_the_tick(sheet: &mut Sheet) -> anyhow::Result<()> {
    const OPENED_FULL: u8 = 48;
    sheet.at("conformance.md#step", &["SES-7", "CNF-5"]);
    let mut story = Story::new(sheet, Profile::Leaf)?.limited(json!({ "opened": 64 }));
    for _ in 0..4 {
        let mut batch = Vec::new();
        for _ in 0..16 {
            let seed = sheet.bytes(32);
            batch.push(story.shot_until(sheet, &seed, PAD, UNIX + 60)?);
        }
        story.then(sheet, together(&batch));
        story.now += 10_000;
    }
    story.now = 1_000 + 1_000 * (60 + 300 + 1);
    let seed = sheet.bytes(32);
    let seal = story.shot(sheet, &seed, PAD)?;
    let comment = "a one-shot when those that fill the table have just ended";
    let answers = [dropped(OPENED_FULL), accepted()];
    either(sheet, story, comment, "Due", enveloped(&seal), answers)
}

/// Whether somebody this node wrote to is a stranger again once nothing is under way.
fn strangers(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.at("memory.md#tables", &["MEM-1"]);
    let mut story = super::tables::talking(sheet, 16, 60_000.into())?;
    story.now += 1_000 * (60 + 300 + 2);
    story.then(sheet, json!({ "is": "tick" }));
    let (_, seal) = story.seal(sheet, UNIX + 900, PAD, None)?;
    let comment = "a stranger's one-shot after the messages to all contacts ended";
    let answers = [dropped(CONTACTS_FULL), accepted()];
    either(
        sheet,
        story,
        comment,
        "Undefined",
        enveloped(&seal),
        answers,
    )
}

/// More frames in one datagram than outputs can wait; how many outputs they make is the node's own affair,
/// since one TAKEN and one ACK may name many. They come over a relay, so each is acknowledged over two links.
fn backpressure(sheet: &mut Sheet, jobs: u32) -> anyhow::Result<()> {
    const ASKS_ACK: &[u8] = &[0x80];
    sheet.at("driver.md#contract", &["DRV-1", "MEM-6"]);
    let limits = json!({
        "jobs": jobs, "links": 4, "outbox": 8, "proofs": 16, "inbox": 4, "forwards": 2,
    });
    let story = Story::new(sheet, Profile::Leaf)?.limited(limits);
    let mut inside = in_session(sheet, story)?;
    inside.story.joined(sheet, 2, 65_538)?;
    let mut many = Vec::new();
    for n in 0..400 {
        many.push(framed(&inside.data(sheet, n, ASKS_ACK)?));
    }
    let comment = format!("400 messages in one datagram, and room for {jobs} outputs");
    either(
        sheet,
        inside.story,
        &comment,
        "Bound",
        over(2, &many.concat()),
        [counted(BACKPRESSURE), accepted()],
    )
}

/// The book gives a leaf and a small relay two parked epochs, and says beside that only a node without an
/// allocator keeps fewer than others.
fn parked(sheet: &mut Sheet, profile: Profile) -> anyhow::Result<()> {
    const TOO_OLD: u8 = 45;
    sheet.at("memory.md#profiles", &["SES-23", "SES-25"]);
    let story = Story::new(sheet, profile)?;
    let mut inside = in_session(sheet, story)?;
    for epoch in 0..5 {
        let data = inside.data(sheet, 64 * epoch, PAD)?;
        inside.story.then(sheet, enveloped(&data));
    }
    let late = inside.data(sheet, 1, PAD)?;
    let comment = "the DATA of n = 1 with three epochs with gaps behind the newest two";
    let answers = [dropped(TOO_OLD), accepted()];
    let input = enveloped(&late);
    either(sheet, inside.story, comment, "Undefined", input, answers)
}

/// A relay that holds a copy for link 2, which takes nothing; the secret that proves it.
fn holding(sheet: &mut Sheet) -> anyhow::Result<(Story, Vec<u8>, [u8; 16])> {
    let mut story = Story::new(sheet, Profile::Relay)?;
    let far = story.joined(sheet, 2, 65_538)?;
    story.joined(sheet, 3, 65_538)?;
    story.then(sheet, json!({ "is": "blocked", "link": 2 }));
    let (secret, expiry): ([u8; 16], u32) = (sheet.array(), UNIX + 600);
    let ask = json!({ "expiry": expiry, "dst": hex(&far.handle), "secret": hex(&secret) });
    let commit = unhex(&sheet.is("commit", &ask)?["commit"])?;
    let head = Head {
        kind: DATA,
        flags: P | 0x20,
        attempt: 0,
        hop: 5,
        expiry,
        dst: far.handle.as_slice().try_into().context("a handle")?,
    };
    let rest = sheet.bytes(40);
    let copy = [head.bytes(), sheet.bytes(6), commit, rest].concat();
    story.then(sheet, enveloped(&copy));
    let fields = sheet.is("envelope", &json!({ "bytes": hex(&copy) }))?;
    let id = unhex(&fields["msgId"])?;
    let reference = id.get(..8).context("a short id")?.to_vec();
    Ok((story, reference, secret))
}

/// A copy is held two seconds at most.
fn held(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.at("routing.md#forwarding", &["RTE-6"]);
    let (mut story, ..) = holding(sheet)?;
    story.now += 1_000;
    let comment = "a tick after a link took no copy for a second";
    let tick = json!({ "is": "tick" });
    either(
        sheet,
        story,
        comment,
        "Bound",
        tick,
        [accepted(), counted(FORWARD_FULL)],
    )?;

    sheet.at("conformance.md#step", &["RTE-6", "CNF-5"]);
    let (mut story, ..) = holding(sheet)?;
    story.now += 2_500;
    let comment = "a PING when a copy was held for over two seconds";
    let ping = of(&frame(8, &[7, 0]));
    either(
        sheet,
        story,
        comment,
        "Due",
        ping,
        [accepted(), counted(FORWARD_FULL)],
    )?;

    sheet.at("conformance.md#step", &["RTE-6", "CNF-5"]);
    let (mut story, reference, secret) = holding(sheet)?;
    story.now += 2_500;
    let other = flipped(&reference, 0, 1);
    let comment = "an ACK for nothing when a copy was held for over two seconds";
    let both = json!({ "verdict": "dropped", "drops": [FORWARD_FULL, ACK_UNKNOWN] });
    either(
        sheet,
        story,
        comment,
        "Due",
        ack(UNIX + 600, &other, &secret),
        [dropped(ACK_UNKNOWN), both],
    )
}

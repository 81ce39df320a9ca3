//! Stories of nodes whose tables are full. How much a node holds by itself is its own affair, so the
//! runner asks for small tables.

use serde_json::{Value, json};

use super::node::{Story, UNIX, dropped, enveloped};
use super::opening::in_session;
use super::scene::{framed, over, stranger, together, towards, used};
use super::sheet::Sheet;
use crate::cases::File;
use crate::profile::Profile;

const FORWARD_FULL: u8 = 25;
const OPENED_FULL: u8 = 48;
const CONTACTS_FULL: u8 = 49;
const INBOX_FULL: u8 = 50;
const ALREADY_OPENED: u8 = 53;

const NOTES: &[(&str, &str)] = &[
    ("Budget", "more work than is done for anybody at once"),
    ("Full", "a table has no room for it"),
    ("Order", "a check that comes earlier decides"),
    ("RoomAgain", "the table was full, and has room again"),
    ("TooSoon", "asked for again before its time"),
    (
        "Window",
        "a counter whose epoch's key the receiver has no more",
    ),
    ("WrongLink", "over another link than the book lets it come"),
    ("TooLong", "longer than the next link carries"),
];

/// Content that nobody has to take: a PAD that asks for no ACK.
pub(super) const PAD: &[u8] = &[0x00];
/// The application's bytes; they ask for an ACK and wait for it to take them.
const BYTES: &[u8] = &[0x81, 5, 6];
/// One-shots that come together, fewer than any budget.
const BATCH: usize = 16;

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM shortage", NOTES);
    sheet.node("full tables", Profile::Leaf);
    for room in [4, 5, 8] {
        inbox(&mut sheet, room)?;
    }
    for room in [64, 65, 80] {
        opened(&mut sheet, room)?;
    }
    opened_again(&mut sheet)?;
    for room in [16, 17, 20] {
        contacts(&mut sheet, room)?;
    }
    contact_ends(&mut sheet)?;
    super::budgets::stories(&mut sheet)?;
    sheet.node("full queues", Profile::Relay);
    for room in [4, 8] {
        forwards(&mut sheet, room)?;
    }
    held_too_long(&mut sheet)?;
    super::ways::stories(&mut sheet)?;
    Ok(sheet.done())
}

/// A node that holds as many messages for its application as it can.
fn waiting(sheet: &mut Sheet, room: u32) -> anyhow::Result<Story> {
    let mut story = Story::new(sheet, Profile::Leaf)?.limited(json!({ "inbox": room }));
    for _ in 0..room {
        let seal = story.shot(sheet, &story.peer.clone(), BYTES)?;
        story.then(sheet, enveloped(&seal));
    }
    Ok(story)
}

fn inbox(sheet: &mut Sheet, room: u32) -> anyhow::Result<()> {
    sheet.at("session.md#opening", &["SES-6", "MEM-1"]);
    let story = waiting(sheet, room)?;
    let seal = story.shot(sheet, &story.peer, BYTES)?;
    let comment = format!("a one-shot while {room} messages of at most {room} wait");
    dropped(sheet, story, &comment, "Full", enveloped(&seal), INBOX_FULL)?;

    sheet.at("session.md#receiving-window", &["SES-26", "MEM-1"]);
    let story = Story::new(sheet, Profile::Leaf)?.limited(json!({ "inbox": room }));
    let mut inside = in_session(sheet, story)?;
    // The one-shot that opened the session waits too.
    for n in 1..room {
        let data = inside.data(sheet, n, BYTES)?;
        inside.story.then(sheet, enveloped(&data));
    }
    let data = inside.data(sheet, room, BYTES)?;
    let comment = format!("a DATA while {room} messages of at most {room} wait");
    dropped(
        sheet,
        inside.story,
        &comment,
        "Full",
        enveloped(&data),
        INBOX_FULL,
    )?;

    sheet.at("session.md#opening", &["SES-6", "DLV-15"]);
    let mut story = waiting(sheet, room)?;
    let peer = sheet.is(
        "identity",
        &json!({ "seed": super::build::hex(&story.peer) }),
    )?;
    let last = sheet.play(&story.ask())?;
    let delivered = last["out"].as_array().into_iter().flatten();
    let message = delivered
        .filter(|output| output["is"] == "deliver")
        .map(|output| output["message"].clone())
        .next_back();
    let taken = json!({ "is": "taken", "from": peer["pk"], "message": message });
    story.then(sheet, taken);
    let seal = story.shot(sheet, &story.peer, BYTES)?;
    let comment = format!("a one-shot after one of {room} messages was taken");
    used(sheet, story, &comment, "RoomAgain", enveloped(&seal), &[])
}

/// A node that has opened as many one-shots as it can remember, each sender's or all of one.
fn remembering(
    sheet: &mut Sheet,
    room: usize,
    senders: usize,
    expiry: u32,
) -> anyhow::Result<(Story, Vec<u8>)> {
    let mut story = Story::new(sheet, Profile::Leaf)?.limited(json!({ "opened": room }));
    let seeds: Vec<Vec<u8>> = (0..senders).map(|_| sheet.bytes(32)).collect();
    let mut seals = Vec::new();
    for seed in seeds.iter().cycle().take(room) {
        seals.push(story.shot_until(sheet, seed, PAD, expiry)?);
    }
    for batch in seals.chunks(BATCH) {
        story.then(sheet, together(batch));
        // Long enough for the budget to be whole again.
        story.now += 10_000;
    }
    Ok((story, seals.pop().unwrap_or_default()))
}

fn opened(sheet: &mut Sheet, room: usize) -> anyhow::Result<()> {
    sheet.at("session.md#opening", &["SES-6", "SES-7", "SES-8", "MEM-7"]);
    let (story, _) = remembering(sheet, room, room, UNIX + 600)?;
    let seed = sheet.bytes(32);
    let seal = story.shot(sheet, &seed, PAD)?;
    let comment = format!("a one-shot after those of {room} senders, with room for {room}");
    dropped(
        sheet,
        story,
        &comment,
        "Full",
        enveloped(&seal),
        OPENED_FULL,
    )?;

    // Whatever share of the table a sender has, it is no more than all of it.
    sheet.at("session.md#opening", &["SES-7", "SES-8"]);
    let mut story = Story::new(sheet, Profile::Leaf)?.limited(json!({ "opened": room }));
    let seed = sheet.bytes(32);
    for _ in 0..room.div_ceil(BATCH) {
        let mut batch = Vec::new();
        for _ in 0..BATCH {
            batch.push(story.shot(sheet, &seed, PAD)?);
        }
        story.then(sheet, together(&batch));
        story.now += 10_000;
    }
    let seal = story.shot(sheet, &seed, PAD)?;
    let comment = format!("a one-shot of one sender alone after {room}, with room for {room}");
    dropped(
        sheet,
        story,
        &comment,
        "Full",
        enveloped(&seal),
        OPENED_FULL,
    )
}

/// What a full table of one-shots leaves alone, and what gives it room again.
fn opened_again(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.at("session.md#opening", &["SES-6", "SES-7"]);
    let (story, last) = remembering(sheet, 64, 64, UNIX + 600)?;
    dropped(
        sheet,
        story,
        "a one-shot once more while the table of opened ones is full",
        "Order",
        enveloped(&last),
        ALREADY_OPENED,
    )?;
    for (comment, pause, drops) in [
        ("a second before", 60 + 300 - 1, vec![OPENED_FULL]),
        ("a second after", 60 + 300 + 1, vec![]),
    ] {
        sheet.at("session.md#opening", &["SES-7", "MEM-7"]);
        let (mut story, _) = remembering(sheet, 64, 64, UNIX + 60)?;
        story.now = 1_000 + 1_000 * pause;
        story.then(sheet, json!({ "is": "tick" }));
        let seed = sheet.bytes(32);
        let seal = story.shot(sheet, &seed, PAD)?;
        let comment = format!("a one-shot {comment} those that fill the table end");
        let input = enveloped(&seal);
        match drops.first() {
            Some(drop) => dropped(sheet, story, &comment, "Full", input, *drop)?,
            None => used(sheet, story, &comment, "RoomAgain", input, &[])?,
        }
    }
    Ok(())
}

/// A node that has a message under way to everybody it has room for.
pub(super) fn talking(sheet: &mut Sheet, room: u32, lifetime: Value) -> anyhow::Result<Story> {
    let mut story = Story::new(sheet, Profile::Leaf)?.limited(json!({ "contacts": room }));
    for _ in 0..room {
        let to = stranger(sheet)?.pk;
        let send = json!({
            "is": "send", "to": to, "payload": "01", "lifetime": lifetime, "class": 2,
        });
        story.then(sheet, send);
    }
    Ok(story)
}

fn contacts(sheet: &mut Sheet, room: u32) -> anyhow::Result<()> {
    sheet.at("memory.md#tables", &["SES-6", "MEM-1"]);
    let story = talking(sheet, room, Value::Null)?;
    let (_, seal) = story.seal(sheet, UNIX + 600, PAD, (room == 17).then_some([1, 2, 3, 4]))?;
    let comment = format!("a stranger's one-shot while {room} contacts have open messages");
    dropped(
        sheet,
        story,
        &comment,
        "Full",
        enveloped(&seal),
        CONTACTS_FULL,
    )
}

/// The messages ended, so any of their recipients makes room for another.
fn contact_ends(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.at("memory.md#tables", &["DLV-3", "MEM-1"]);
    let mut story = talking(sheet, 16, 60_000.into())?;
    story.now += 1_000 * (60 + 300 + 2);
    story.then(sheet, json!({ "is": "tick" }));
    let to = stranger(sheet)?.pk;
    let send = json!({
        "is": "send", "to": to, "payload": "02", "lifetime": null, "class": 2,
    });
    let comment = "a message to somebody else after those to all contacts ended";
    used(sheet, story, comment, "RoomAgain", send, &[])
}

/// A relay between link 1 and two others.
fn relay(sheet: &mut Sheet, room: u32) -> anyhow::Result<(Story, Vec<u8>)> {
    let mut story = Story::new(sheet, Profile::Relay)?.limited(json!({ "forwards": room }));
    let far = story.joined(sheet, 2, 65_538)?;
    story.joined(sheet, 3, 65_538)?;
    Ok((story, far.handle))
}

fn forwards(sheet: &mut Sheet, room: u32) -> anyhow::Result<()> {
    sheet.at("memory.md#memory", &["MEM-3"]);
    let (mut story, far) = relay(sheet, room)?;
    story.then(sheet, json!({ "is": "blocked", "link": 2 }));
    for _ in 0..room / 4 {
        let copy = towards(sheet, &far)?;
        story.then(sheet, enveloped(&copy));
    }
    let copy = towards(sheet, &far)?;
    let comment = format!("over a quarter of {room} copies for a link that takes nothing");
    dropped(
        sheet,
        story,
        &comment,
        "Full",
        enveloped(&copy),
        FORWARD_FULL,
    )?;

    // All wait for the answer to one question.
    let (mut story, _) = relay(sheet, room)?;
    let nobody = sheet.bytes(8);
    for _ in 0..room / 4 * 3 {
        let copy = towards(sheet, &nobody)?;
        story.then(sheet, enveloped(&copy));
    }
    let copy = towards(sheet, &nobody)?;
    let comment = format!("over three quarters of {room} copies from one link");
    dropped(
        sheet,
        story,
        &comment,
        "Full",
        enveloped(&copy),
        FORWARD_FULL,
    )?;

    sheet.at("memory.md#tables", &["MEM-1"]);
    let (mut story, _) = relay(sheet, room)?;
    for (link, copies) in [(1, room / 4 * 3), (2, room - room / 4 * 3)] {
        for _ in 0..copies {
            let copy = towards(sheet, &nobody)?;
            story.then(sheet, over(link, &framed(&copy)));
        }
    }
    let copy = towards(sheet, &nobody)?;
    let comment = format!("over {room} copies from three links");
    let input = over(3, &framed(&copy));
    dropped(sheet, story, &comment, "Full", input, FORWARD_FULL)
}

/// A copy that no link took within two seconds.
fn held_too_long(sheet: &mut Sheet) -> anyhow::Result<()> {
    for (number, pause) in [(1_u8, 2_000), (2, 2_500), (3, 60_000)] {
        sheet.at("routing.md#forwarding", &["RTE-6", "DLV-22"]);
        let (mut story, far) = relay(sheet, 8)?;
        story.then(sheet, json!({ "is": "blocked", "link": 2 }));
        let copy = towards(sheet, &far)?;
        story.then(sheet, enveloped(&copy));
        story.now += pause;
        let comment = format!("a tick after a link took no copy for two seconds, {number}");
        let tick = json!({ "is": "tick" });
        used(sheet, story, &comment, "Full", tick, &[FORWARD_FULL])?;
    }
    Ok(())
}

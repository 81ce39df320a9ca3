//! Sessions: handshakes, windows, what is kept and for how long.

use anyhow::{Context, ensure};
use serde_json::json;

use super::made::{DATA, NACK, RESP, SEAL, ack, attempt, expiry};
use super::rules::Story;
use super::script::{START, Script, UNIX};
use crate::profile::Profile::{Full, Leaf};

pub(super) const STORIES: &[Story] = &[
    (
        "one-shot-after-its-expiry",
        "session.md#opening",
        &["SES-7", "ENV-24"],
        Leaf,
        "{}",
        after_its_expiry,
    ),
    (
        "forged-one-shot-first",
        "session.md#opening",
        &["SES-10", "SES-15", "SES-16"],
        Leaf,
        "{}",
        forged_first,
    ),
    (
        "one-handshake-of-a-leaf",
        "session.md#answer",
        &["SES-11"],
        Leaf,
        "{}",
        one_handshake,
    ),
    (
        "ended-handshake-gives-way",
        "session.md#answer",
        &["SES-11"],
        Leaf,
        "{}",
        ended_handshake,
    ),
    (
        "answer-after-the-end",
        "session.md#answer",
        &["SES-11", "SES-15"],
        Leaf,
        "{}",
        answer_after_the_end,
    ),
    (
        "a-sid-that-is-in-use",
        "session.md#answer",
        &["SES-12"],
        Full,
        "{}",
        sid_in_use,
    ),
    (
        "one-answer-a-minute",
        "session.md#answer",
        &["SES-13", "SES-14"],
        Leaf,
        "{}",
        one_answer,
    ),
    (
        "sending-window",
        "session.md#sending-window",
        &["SES-21"],
        Full,
        "{}",
        sending_window,
    ),
    (
        "gap-of-two-hours",
        "session.md#receiving-window",
        &["SES-25"],
        Leaf,
        "{}",
        gap,
    ),
    (
        "after-a-day",
        "session.md#renewal",
        &["SES-27", "SES-28"],
        Leaf,
        "{}",
        after_a_day,
    ),
    (
        "three-sessions-per-peer",
        "session.md#renewal",
        &["SES-29", "SES-28"],
        Leaf,
        "{}",
        three_sessions,
    ),
    (
        "newer-session-is-sent-in",
        "session.md#crossed-handshakes",
        &["SES-28", "SES-30"],
        Leaf,
        "{}",
        newer_session,
    ),
    (
        "data-of-another-answer",
        "session.md#no_key",
        &["SES-31"],
        Leaf,
        "{}",
        another_answer,
    ),
    (
        "recipient-opens-little",
        "envelope.md#header",
        &["ENV-8", "DLV-24"],
        Full,
        "{}",
        opens_little,
    ),
    (
        "changed-data-first",
        "session.md#receiving-window",
        &["SES-24", "SES-26"],
        Leaf,
        "{}",
        changed_first,
    ),
    (
        "data-before-the-resp",
        "session.md#before-it-is-confirmed",
        &["SES-35", "SES-31"],
        Leaf,
        "{}",
        before_the_resp,
    ),
    (
        "unknown-kid-is-told",
        "envelope.md#seal",
        &["ENV-10"],
        Leaf,
        "{}",
        unknown_kid,
    ),
    (
        "empty-message",
        "content.md#bytes",
        &["CNT-7"],
        Leaf,
        "{}",
        empty_message,
    ),
    (
        "id-of-another-sender",
        "content.md#orig",
        &["CNT-6"],
        Leaf,
        "{}",
        id_of_another,
    ),
];

/// Between its expiry and the end of the grace a one-shot is still known.
fn after_its_expiry(script: &mut Script) -> anyhow::Result<()> {
    let sender = script.peer()?;
    script.up(1, &sender)?;
    let seal = script.seal(&sender, &[0x01, 4], None)?;
    script.arrives(1, &seal.bytes)?;
    ensure!(script.has("deliver"));
    script.taken(&sender, &seal.reference)?;
    script.run(80_200_000)?;
    script.arrives(1, &attempt(&seal.bytes, 1))?;
    ensure!(script.drops == [53], "{:?}", script.drops);
    script.run(400_000)?;
    script.arrives(1, &attempt(&seal.bytes, 2))?;
    ensure!(script.drops == [20], "{:?}", script.drops);
    Ok(())
}

/// What does not open leaves nothing, neither of a SEAL nor of a RESP.
fn forged_first(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let seal = script.seal(&peer, &[0x81, 4], None)?;
    let changed = |bytes: &[u8]| {
        let mut out = bytes.to_vec();
        if let Some(last) = out.last_mut() {
            *last ^= 1;
        }
        out
    };
    // Its reference is its own; the true one's is forged by an attempt number.
    for number in 0..2 {
        script.arrives(1, &attempt(&changed(&seal.bytes), number))?;
        ensure!(script.drops == [40], "{:?}", script.drops);
    }
    script.arrives(1, &seal.bytes)?;
    ensure!(script.has("deliver"));
    script.send(&peer, b"an offer")?;
    let (mine, ..) = script.sent_seal(1, &peer)?;
    let (resp, _) = script.resp(&peer, &mine, 1_200)?;
    script.arrives(1, &changed(&resp))?;
    ensure!(script.drops == [62], "{:?}", script.drops);
    let mut later = resp.clone();
    if let Some(expiry) = later.get_mut(3) {
        *expiry ^= 1;
    }
    script.arrives(1, &later)?;
    ensure!(script.drops == [61], "{:?}", script.drops);
    script.arrives(1, &resp)?;
    ensure!(script.has("session"));
    Ok(())
}

fn one_handshake(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    for offers in [true, false] {
        script.send(&peer, b"hello")?;
        let (seal, ..) = script.sent_seal(1, &peer)?;
        let opened = script.open(&peer, &seal)?;
        ensure!(opened["payload"]["sid"].is_null() != offers);
    }
    Ok(())
}

/// What offered a sid is proven; a minute after it was made, and no sooner, another may be offered.
fn ended_handshake(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.run(25_000)?;
    let begun = script.now;
    for (at, offers) in [(0, true), (59_900, false), (60_000, true)] {
        script.run(at - (script.now - begun))?;
        script.send(&peer, b"hello")?;
        let (seal, reference, secret) = script.sent_seal(1, &peer)?;
        let opened = script.open(&peer, &seal)?;
        ensure!(opened["payload"]["sid"].is_null() != offers);
        script.arrives(1, &ack(expiry(&seal)?, &reference, &secret))?;
    }
    Ok(())
}

/// The recipient of what is under way may answer until its expiry + `SKEW`; that of what is proven, a minute.
fn answer_after_the_end(script: &mut Script) -> anyhow::Result<()> {
    script.run(25_000)?;
    for (link, proven) in [(1, false), (2, true)] {
        let peer = script.peer()?;
        script.up(link, &peer)?;
        let send = json!({
            "is": "send", "to": peer.pk, "payload": "00", "lifetime": 20_000, "class": 2,
        });
        script.input(send)?;
        let (seal, reference, secret) = script.sent_seal(link, &peer)?;
        let (resp, _) = script.resp(&peer, &seal, 1_200)?;
        let end = u64::from(expiry(&seal)?) + 300 - u64::from(UNIX);
        if proven {
            script.arrives(link, &ack(expiry(&seal)?, &reference, &secret))?;
            script.run(60_000)?;
        } else {
            script.run(START + end * 1_000 - script.now)?;
        }
        script.arrives(link, &resp)?;
        ensure!(script.has("session") != proven, "{:?}", script.drops);
    }
    Ok(())
}

fn sid_in_use(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, met) = (script.peer()?, script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    script.up(3, &met)?;
    let live = script.met(3, &met)?.sid;
    script.send(&one, b"first")?;
    let (seal, ..) = script.sent_seal(1, &one)?;
    let offered = script.open(&one, &seal)?["payload"]["sid"].clone();
    script.now += 1;
    let entropy = json!({
        "e": ["11".repeat(32)], "sid": [offered, live, "a1b2c3d4"], "id": [], "nonce": [],
    });
    let send = json!({
        "is": "send", "to": other.pk, "payload": "00", "lifetime": null, "class": 2,
    });
    script.input_with(send, entropy)?;
    let (seal, ..) = script.sent_seal(2, &other)?;
    let opened = script.open(&other, &seal)?;
    ensure!(opened["payload"]["sid"] == "a1b2c3d4", "{opened}");
    Ok(())
}

fn one_answer(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let first = script.seal(&peer, &[0x01, 1], Some([1; 4]))?;
    script.arrives(1, &first.bytes)?;
    let resp = script.sent(1, RESP).pop().context("no RESP")?;
    let second = script.seal(&peer, &[0x01, 2], Some([2; 4]))?;
    script.arrives(1, &second.bytes)?;
    ensure!(script.has("deliver") && script.sent(1, RESP).is_empty());
    script.arrives(1, &attempt(&first.bytes, 1))?;
    ensure!(script.sent(1, RESP) == [resp], "the same bytes again");
    script.run(61_000)?;
    let third = script.seal(&peer, &[0x01, 3], Some([3; 4]))?;
    script.arrives(1, &third.bytes)?;
    ensure!(!script.sent(1, RESP).is_empty());
    Ok(())
}

/// 128 unsettled, the newest of them proven: one more goes in the session, and then none.
fn sending_window(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let session = script.met(1, &peer)?;
    let confirms = script.data(&session, 0, &[0x01, 3])?;
    script.arrives(1, &confirms)?;
    let mut last = Vec::new();
    for number in 0..128 {
        script.send(&peer, &[number])?;
        last = script.sent(1, DATA).pop().context("no DATA")?;
    }
    // Opened as the first of its session the counter would be too far ahead: by its number it is not.
    let reference = script.reference(&last)?;
    let ask = script.open_data_at(&session, &peer, &last, 126)?;
    let secret = super::made::unhex(&ask["ackSecret"])?;
    script.arrives(1, &ack(expiry(&last)?, &reference, &secret))?;
    ensure!(script.says("delivered"));
    script.send(&peer, b"one more")?;
    ensure!(script.sent(1, DATA).len() == 1);
    script.send(&peer, b"one too many")?;
    ensure!(script.sent(1, DATA).is_empty() && script.sent(1, SEAL).len() == 1);
    Ok(())
}

fn gap(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let session = script.met(1, &peer)?;
    for n in [0, 70] {
        let data = script.data(&session, n, &[0x01, 3])?;
        script.arrives(1, &data)?;
        ensure!(script.has("deliver"));
    }
    let late = script.data(&session, 1, &[0x01, 4])?;
    script.run(7_200_000)?;
    script.arrives(1, &late)?;
    ensure!(script.has("deliver"), "{:?}", script.drops);
    Ok(())
}

/// 25 hours later: nothing new is sent in the session, and what comes in it is read.
fn after_a_day(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let session = script.met(1, &peer)?;
    let confirms = script.data(&session, 0, &[0x01, 3])?;
    script.arrives(1, &confirms)?;
    script.run(25 * 3_600_000)?;
    let data = script.data(&session, 1, &[0x01, 4])?;
    script.arrives(1, &data)?;
    ensure!(script.has("deliver"), "{:?}", script.drops);
    script.send(&peer, b"a new one, please")?;
    ensure!(script.sent(1, SEAL).len() == 1 && script.sent(1, DATA).is_empty());
    Ok(())
}

fn three_sessions(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let mut sessions = Vec::new();
    for round in 0..4 {
        let session = script.met(1, &peer)?;
        let confirms = script.data(&session, 0, &[0x01, 3])?;
        script.arrives(1, &confirms)?;
        sessions.push(session);
        if round == 2 {
            let first = sessions.first().context("none")?;
            let data = script.data(first, 1, &[0x01, 4])?;
            script.arrives(1, &data)?;
            ensure!(script.has("deliver"), "three are kept: {:?}", script.drops);
        }
        script.run(61_000)?;
    }
    for (session, known) in sessions.iter().zip([false, true, true, true]) {
        let data = script.data(session, 2, &[0x01, 5])?;
        script.arrives(1, &data)?;
        ensure!(script.has("deliver") == known, "{:?}", script.drops);
        ensure!(known || script.drops == [43]);
    }
    Ok(())
}

/// Of two sessions that are not crossed the newer is sent in.
fn newer_session(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    for _ in 0..2 {
        let session = script.met(1, &peer)?;
        let confirms = script.data(&session, 0, &[0x01, 3])?;
        script.arrives(1, &confirms)?;
        script.send(&peer, b"in which?")?;
        let (data, reference, secret) = script.sent_data(1, &session, &peer)?;
        script.arrives(1, &ack(expiry(&data)?, &reference, &secret))?;
        ensure!(script.says("delivered"));
        script.run(200_000)?;
    }
    Ok(())
}

/// Nothing of the session ever came: its sender may mean another answer to the same SEAL.
fn another_answer(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let session = script.met(1, &peer)?;
    let mut data = script.data(&session, 0, &[0x81, 3])?;
    if let Some(last) = data.last_mut() {
        *last ^= 1;
    }
    script.arrives(1, &data)?;
    ensure!(
        script.drops == [43] && script.sent(1, NACK).len() == 1,
        "{:?}",
        script.drops
    );
    Ok(())
}

fn unknown_kid(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let mut seal = script.seal(&peer, &[0x81, 3], None)?.bytes;
    if let Some(kid) = seal.get_mut(15) {
        *kid = 5;
    }
    script.arrives(1, &seal)?;
    let told = script.sent(1, NACK).pop().context("no NACK")?;
    ensure!(script.drops == [51] && told.get(23) == Some(&1));
    ensure!(expiry(&told)? == expiry(&seal)?);
    Ok(())
}

fn empty_message(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let seal = script.seal(&peer, &[0x81], None)?;
    script.arrives(1, &seal.bytes)?;
    ensure!(script.out.events.iter().any(|it| it["payload"] == ""));
    Ok(())
}

/// A sender chooses `orig`: another's id does not stand in the way of its own message.
fn id_of_another(script: &mut Script) -> anyhow::Result<()> {
    let (one, other) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    let seal = script.seal(&one, &[0x81, 3], None)?;
    script.arrives(1, &seal.bytes)?;
    script.taken(&one, &seal.reference)?;
    let again = script.seal(&other, &[&[0xC1], &seal.reference[..], &[4]].concat(), None)?;
    script.arrives(2, &again.bytes)?;
    ensure!(script.has("deliver"), "{:?}", script.drops);
    Ok(())
}

/// The message waited for a session, and its recipient opens 1,200 bytes: it goes on waiting.
fn opens_little(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.send(&peer, &[0x5A; 3_000])?;
    let (seal, reference, secret) = script.sent_seal(1, &peer)?;
    let (resp, _) = script.resp(&peer, &seal, 1_200)?;
    script.arrives(1, &resp)?;
    ensure!(script.has("session") && script.sent(1, DATA).is_empty());
    script.arrives(1, &ack(expiry(&seal)?, &reference, &secret))?;
    let all = script.run(130_000)?;
    ensure!(all.is_empty(), "it went, or asked again");
    script.send(&peer, &[0x5A; 1_100])?;
    ensure!(script.has("refused"));
    script.send(&peer, &[0x5A; 1_000])?;
    ensure!(script.sent(1, DATA).len() == 1);
    Ok(())
}

/// What does not authenticate moves no window, however far ahead it says it is.
fn changed_first(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let session = script.met(1, &peer)?;
    let confirms = script.data(&session, 0, &[0x01, 3])?;
    script.arrives(1, &confirms)?;
    for n in [1, 1_000, 3] {
        let data = script.data(&session, n, &[0x01, 3, 4])?;
        let mut changed = data.clone();
        if let Some(last) = changed.last_mut() {
            *last ^= 1;
        }
        script.arrives(1, &changed)?;
        ensure!(script.drops == [42], "{:?}", script.drops);
        if n != 1_000 {
            script.arrives(1, &data)?;
            ensure!(script.has("deliver"), "{:?}", script.drops);
        }
    }
    Ok(())
}

/// The responder sends in its session at once, and the RESP was lost.
fn before_the_resp(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.send(&peer, b"answer me")?;
    let (seal, ..) = script.sent_seal(1, &peer)?;
    let (resp, session) = script.resp(&peer, &seal, 1_200)?;
    let data = script.data(&session, 0, &[0x81, 9])?;
    script.arrives(1, &data)?;
    ensure!(script.drops == [43], "{:?}", script.drops);
    let told = script.sent(1, NACK).concat();
    ensure!(told.get(23) == Some(&1), "no NACK NO_KEY");
    script.arrives(1, &resp)?;
    let again = script.data(&session, 1, &[0x81, 9])?;
    script.arrives(1, &again)?;
    ensure!(script.has("deliver"), "{:?}", script.drops);
    Ok(())
}

//! Links: frames, HELLO, receipts.

use anyhow::ensure;

use super::made::{DATA, SEAL, ack, expiry, frame, framed};
use super::rules::Story;
use super::script::Script;
use crate::profile::Profile::{Full, Leaf, Relay};

pub(super) const STORIES: &[Story] = &[
    (
        "bad-frame-between-good-ones",
        "link.md#frame",
        &["LNK-3", "LNK-5", "DRP-1", "DRP-4"],
        Leaf,
        "{}",
        bad_frame_between,
    ),
    (
        "narrow-neighbour",
        "link.md#frame",
        &["LNK-6", "LNK-8", "ENV-8"],
        Full,
        "{}",
        narrow_neighbour,
    ),
    (
        "before-its-hello",
        "link.md#hello",
        &["LNK-9"],
        Full,
        "{}",
        before_hello,
    ),
    (
        "hello-of-another-version",
        "link.md#hello",
        &["LNK-10"],
        Leaf,
        "{}",
        another_version,
    ),
    (
        "profile-of-another-time",
        "link.md#hello",
        &["LNK-11"],
        Relay,
        "{}",
        unknown_profile,
    ),
    (
        "max-frame-too-short",
        "link.md#hello",
        &["LNK-11"],
        Leaf,
        "{}",
        short_max_frame,
    ),
    (
        "time-of-a-neighbour",
        "conventions.md#time",
        &["CON-11", "CON-12"],
        Leaf,
        r#"{"unix": null}"#,
        time_of_a_neighbour,
    ),
    (
        "time-of-its-own",
        "link.md#hello",
        &["LNK-12", "CON-12"],
        Leaf,
        "{}",
        time_of_its_own,
    ),
    (
        "ping-and-its-answer",
        "link.md#ping",
        &["LNK-29"],
        Leaf,
        "{}",
        ping,
    ),
    (
        "receipts-over-another-link",
        "link.md#taken-and-passed",
        &["LNK-21", "RTE-37"],
        Leaf,
        "{}",
        another_link,
    ),
    (
        "answers-to-a-question",
        "link.md#reach-and-reach",
        &["LNK-25"],
        Leaf,
        "{}",
        answers_to_a_question,
    ),
    (
        "relay-carries-1200",
        "envelope.md#header",
        &["ENV-7"],
        Relay,
        "{}",
        carries_1200,
    ),
    (
        "trace-on-demand",
        "link.md#trailers",
        &["LNK-14", "LNK-15", "LNK-16"],
        Relay,
        "{}",
        trace,
    ),
    (
        "candidates-in-a-one-shot",
        "content.md#candidates",
        &["CNT-9"],
        Leaf,
        "{}",
        candidates_in_a_one_shot,
    ),
];

const PING: &[u8] = &[8, 2, 0, 7, 0];

fn bad_frame_between(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    for (bad, drop) in [
        (frame(3, &[0]), 9),
        (frame(200, &[1, 2, 3]), 3),
        (frame(8, &[7, 2]), 4),
        (framed(&[0x21; 40]), 5),
    ] {
        script.datagram(1, &[PING, &bad, PING].concat())?;
        ensure!(script.drops == [drop], "{:?}", script.drops);
        ensure!(!script.frames(1, 8).is_empty());
        script.datagram(1, &[&bad, PING].concat())?;
        ensure!(script.drops == [drop] && !script.frames(1, 8).is_empty());
        script.run(60_000)?;
    }
    script.datagram(1, &[PING, &[9]].concat())?;
    ensure!(script.drops == [1] && !script.frames(1, 8).is_empty());
    Ok(())
}

/// What the neighbour takes never grows on a link; another link to the same node may be wider.
fn narrow_neighbour(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up_as(1, &peer, 3, 1_255)?;
    let session = script.met(1, &peer)?;
    let confirms = script.data(&session, 0, &[0x01, 3])?;
    script.arrives(1, &confirms)?;
    script.send(&peer, &[0x5A; 3_000])?;
    ensure!(script.has("accepted") && script.sent(1, DATA).is_empty());
    script.hello(1, 3, 65_538)?;
    let later = script.run(40_000)?;
    ensure!(
        later.iter().all(|(_, out)| out.frames.is_empty()),
        "it went all the same"
    );
    script.send(&peer, b"short")?;
    ensure!(script.sent(1, DATA).len() == 1);
    Ok(())
}

/// Until its HELLO a neighbour forwards, and takes 1,255 bytes.
fn before_hello(script: &mut Script) -> anyhow::Result<()> {
    let (relay, peer) = (script.peer()?, script.peer()?);
    script.link(1, &relay, true)?;
    script.send(&peer, b"pass it on")?;
    ensure!(script.sent(1, SEAL).len() == 1);
    script.link(2, &peer, true)?;
    let session = script.met(2, &peer)?;
    let confirms = script.data(&session, 0, &[0x01, 3])?;
    script.arrives(2, &confirms)?;
    script.send(&peer, &[0x5A; 3_000])?;
    ensure!(script.sent(1, DATA).is_empty() && script.sent(2, DATA).is_empty());
    Ok(())
}

fn another_version(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.link(1, &peer, true)?;
    script.datagram(1, &frame(1, &[2, 3, 0x82, 0x80, 4, 0, 0]))?;
    ensure!(script.drops == [5] && script.has("close"));
    Ok(())
}

/// A neighbour of a profile nobody knows is handed nothing to forward.
fn unknown_profile(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, to) = (script.peer()?, script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up_as(2, &other, 9, 65_538)?;
    let (envelope, _) = script.foreign(&to, 90)?;
    script.arrives(1, &envelope)?;
    ensure!(
        script.drops == [24] && script.sent(2, DATA).is_empty(),
        "{:?}",
        script.drops
    );
    Ok(())
}

fn short_max_frame(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up_as(1, &peer, 3, 100)?;
    script.send(&peer, &[0x5A; 1_000])?;
    ensure!(script.sent(1, SEAL).len() == 1);
    Ok(())
}

/// HELLO with a wall time.
fn hello_at(unix: u32) -> Vec<u8> {
    let mut body = vec![1, 3, 0x82, 0x80, 4, 1];
    let mut left = unix;
    while left > 0x7F {
        body.push((left & 0x7F) as u8 | 0x80);
        left >>= 7;
    }
    body.extend([left as u8, 0]);
    frame(1, &body)
}

fn time_of_a_neighbour(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.send(&peer, b"what time is it?")?;
    ensure!(script.has("refused"));
    script.datagram(1, &hello_at(super::script::UNIX + 77))?;
    script.send(&peer, b"thank you")?;
    ensure!(script.has("accepted"));
    let (seal, ..) = script.sent_seal(1, &peer)?;
    ensure!(expiry(&seal)? == super::script::UNIX + 77 + 86_400 - 300);
    Ok(())
}

/// A node that knows the time is told another one, and goes by its own.
fn time_of_its_own(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.datagram(1, &hello_at(super::script::UNIX + 90_000))?;
    let seal = script.seal(&peer, &[0x81, 3], None)?;
    script.arrives(1, &seal.bytes)?;
    ensure!(script.has("deliver"), "{:?}", script.drops);
    Ok(())
}

fn ping(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.datagram(1, &frame(8, &[7, 1]))?;
    ensure!(script.quiet());
    script.datagram(1, PING)?;
    ensure!(script.frames(1, 8) == [vec![7, 1]]);
    Ok(())
}

/// What is under way over one link is neither taken nor passed nor refused over another.
fn another_link(script: &mut Script) -> anyhow::Result<()> {
    let (relay, other, peer) = (script.peer()?, script.peer()?, script.peer()?);
    script.up(1, &relay)?;
    script.up_as(2, &other, 1, 65_538)?;
    script.send(&peer, b"over the relay")?;
    let (seal, reference, secret) = script.sent_seal(1, &peer)?;
    let taken = frame(3, &[&[1], &reference[..]].concat());
    for (bytes, drop) in [
        (taken.clone(), 69),
        (frame(4, &reference), 69),
        (
            framed(&super::made::nack(expiry(&seal)?, &reference, 4)),
            67,
        ),
    ] {
        script.datagram(2, &bytes)?;
        ensure!(
            script.drops == [drop] && script.out.events.is_empty(),
            "{:?}",
            script.drops
        );
    }
    script.datagram(1, &taken)?;
    ensure!(script.says("relayed"));
    script.datagram(1, &frame(4, &reference))?;
    ensure!(script.says("passed"));
    // A proof may come over any link.
    script.arrives(2, &ack(expiry(&seal)?, &reference, &secret))?;
    ensure!(script.says("delivered"));
    Ok(())
}

fn answers_to_a_question(script: &mut Script) -> anyhow::Result<()> {
    let (one, two, leaf, peer) = (
        script.peer()?,
        script.peer()?,
        script.peer()?,
        script.peer()?,
    );
    script.up(1, &one)?;
    script.up(2, &two)?;
    script.up_as(3, &leaf, 1, 65_538)?;
    script.send(&peer, b"who knows?")?;
    let asked = script.frames(1, 5);
    ensure!(asked.len() == 1 && script.frames(2, 5) == asked && script.frames(3, 5).is_empty());
    let question = asked.concat();
    let (last, front) = question
        .split_last()
        .ok_or_else(|| anyhow::anyhow!("no question"))?;
    ensure!(*last == 2, "the question crosses two links");
    let answer = |distance: u8| [front, &[distance]].concat();
    let mut other = answer(1);
    if let Some(first) = other.first_mut() {
        *first ^= 1;
    }
    script.datagram(1, &frame(6, &other))?;
    ensure!(script.drops == [70]);
    script.datagram(3, &frame(6, &answer(1)))?;
    ensure!(script.drops == [70] && script.out.frames.is_empty());
    script.datagram(1, &frame(6, &answer(255)))?;
    ensure!(script.drops.is_empty());
    script.datagram(1, &frame(6, &answer(1)))?;
    ensure!(script.drops == [70], "one answer each");
    script.datagram(2, &frame(6, &answer(1)))?;
    ensure!(script.sent(2, SEAL).len() == 1);
    Ok(())
}

fn carries_1200(script: &mut Script) -> anyhow::Result<()> {
    let (one, other) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up_as(2, &other, 3, 1_255)?;
    let (envelope, _) = script.foreign(&other, 1_200)?;
    script.arrives(1, &envelope)?;
    ensure!(script.sent(2, DATA).len() == 1);
    Ok(())
}

/// A relay names itself where that is wanted, no more than eight do, and no other trailer goes on.
fn trace(script: &mut Script) -> anyhow::Result<()> {
    let (one, other) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    let me = script.is("key", &serde_json::json!({ "pk": script.pk }))?;
    let me = super::made::unhex(&me["handle"])?;
    let stamp = [2, 8, 1, 2, 3, 4, 5, 6, 7, 8, 77, 1, 9];
    for (wanted, before, after) in [(true, 0, 1), (true, 3, 4), (true, 8, 8), (false, 0, 0)] {
        let (mut envelope, _) = script.foreign(&other, 90)?;
        if let Some(flags) = envelope.get_mut(1).filter(|_| wanted) {
            *flags |= 0x04;
        }
        let entries: Vec<u8> = script.bytes(6 * before);
        let mut body = [&90_u16.to_le_bytes()[..], &envelope].concat();
        if before > 0 {
            body.extend([1, u8::try_from(entries.len())?]);
            body.extend(&entries);
        }
        body.extend(stamp);
        script.datagram(1, &frame(2, &body))?;
        let sent = script.frames(2, 2).concat();
        let trailers = sent.get(92..).unwrap_or_default();
        ensure!(
            trailers.len() == after * 6 + if after > 0 { 2 } else { 0 },
            "{trailers:?}"
        );
        if after > 0 {
            ensure!(trailers.get(2..).is_some_and(|it| it.starts_with(&entries)));
        }
        if after > before {
            let mine = trailers.get(2 + entries.len()..).unwrap_or_default();
            ensure!(Some(mine) == me.get(..4).map(|it| [it, &[0, 0]].concat()).as_deref());
        }
    }
    Ok(())
}

/// Acknowledged, and nothing more.
fn candidates_in_a_one_shot(script: &mut Script) -> anyhow::Result<()> {
    let (relay, peer) = (script.peer()?, script.peer()?);
    script.up(1, &relay)?;
    let list = [0x83, 1, 4, 6, 192, 0, 2, 7, 0x39, 0x30];
    let seal = script.seal(&peer, &list, None)?;
    script.arrives(1, &seal.bytes)?;
    ensure!(!script.has("dial") && script.out.proofs.len() == 1);
    Ok(())
}

//! The behaviours that are recorded. Each says what has to come of it, so that a change of the reference
//! that breaks it is no new recording.

use anyhow::ensure;

use super::village::Village;
use crate::profile::Profile::{Full, Leaf, Relay};
use crate::transcript::Transcript;

/// A course, its place in the book, and the seats that are written down.
type Course = fn(&mut Village) -> anyhow::Result<Seats>;
type Seats = &'static [(usize, &'static str)];

const ENDS: Seats = &[(0, "sender"), (1, "recipient")];
const SENDER: Seats = &[(0, "sender")];
const RECIPIENT: Seats = &[(1, "recipient")];
const ALL: Seats = &[(0, "sender"), (1, "relay"), (2, "recipient")];

const COURSES: &[(&str, &str, &[&str], Course)] = &[
    (
        "first-contact",
        "delivery.md#states",
        &["DLV-1", "SES-5"],
        first_contact,
    ),
    (
        "session-both-ways",
        "session.md#transport",
        &["SES-5", "SES-18", "SES-35"],
        session_both_ways,
    ),
    (
        "many-in-one-session",
        "session.md#sending-window",
        &["SES-21", "SES-17"],
        many_in_one_session,
    ),
    (
        "crossed-handshakes",
        "session.md#crossed-handshakes",
        &["SES-30"],
        crossed_handshakes,
    ),
    (
        "no-link-at-first",
        "delivery.md#retry-schedule",
        &["DLV-9"],
        no_link_at_first,
    ),
    (
        "lost-first-copy",
        "delivery.md#retry-schedule",
        &["DLV-8"],
        lost_first_copy,
    ),
    ("lost-ack", "delivery.md#receiving", &["DLV-17"], lost_ack),
    (
        "late-taken",
        "delivery.md#receiving",
        &["DLV-15"],
        late_taken,
    ),
    (
        "expires-unproven",
        "delivery.md#states",
        &["DLV-3"],
        expires_unproven,
    ),
    (
        "proof-after-the-end",
        "delivery.md#states",
        &["DLV-4"],
        proof_after_the_end,
    ),
    ("read-receipt", "content.md#read", &["CNT-8"], read_receipt),
    (
        "long-message-waits",
        "delivery.md#held-and-doubled",
        &["DLV-24"],
        long_message_waits,
    ),
    (
        "over-a-relay",
        "routing.md#forwarding",
        &["RTE-5", "RTE-10"],
        over_a_relay,
    ),
    (
        "relay-hands-back-late-ack",
        "routing.md#return-routes",
        &["RTE-10"],
        late_ack_over_a_relay,
    ),
    (
        "relay-knows-no-way",
        "routing.md#nacks",
        &["RTE-6", "RTE-34"],
        relay_knows_no_way,
    ),
    (
        "recipient-forgets-its-session",
        "session.md#no_key",
        &["SES-31", "SES-32"],
        forgets_its_session,
    ),
    (
        "sender-restarts",
        "driver.md#records",
        &["DRV-16", "DRV-19"],
        sender_restarts,
    ),
    (
        "recipient-restarts-before-taking",
        "driver.md#records",
        &["DRV-16"],
        recipient_restarts,
    ),
    (
        "every-datagram-twice",
        "link.md#taken-and-passed",
        &["LNK-17", "SES-7", "DLV-17"],
        every_datagram_twice,
    ),
    ("lost-answer", "session.md#answer", &["SES-14"], lost_answer),
    (
        "lost-taken",
        "delivery.md#retry-schedule",
        &["DLV-8"],
        lost_taken,
    ),
    (
        "five-at-once",
        "session.md#answer",
        &["SES-11", "SES-13"],
        five_at_once,
    ),
    (
        "long-message-in-session",
        "envelope.md#header",
        &["ENV-8"],
        long_in_session,
    ),
    (
        "link-comes-back",
        "delivery.md#retry-schedule",
        &["DLV-12"],
        link_comes_back,
    ),
    (
        "session-survives-restarts",
        "session.md#transport",
        &["SES-20"],
        session_survives,
    ),
    (
        "over-two-relays",
        "routing.md#asking",
        &["RTE-15", "RTE-5"],
        over_two_relays,
    ),
    (
        "other-relay-after-silence",
        "routing.md#failover",
        &["RTE-22"],
        other_relay,
    ),
    (
        "relay-goes-away",
        "routing.md#failover",
        &["RTE-32"],
        relay_goes_away,
    ),
    (
        "clock-steps",
        "conventions.md#time",
        &["CON-10"],
        clock_steps,
    ),
];

pub(super) fn all() -> anyhow::Result<Vec<(String, Transcript)>> {
    let mut all = Vec::new();
    for (name, place, rules, course) in COURSES {
        let mut village = Village::new(name);
        let seats = course(&mut village).map_err(|error| error.context(*name))?;
        let words = name.replace('-', " ");
        for transcript in village.courses(&words, (place, rules), seats)? {
            let seat = transcript.seat.replace(' ', "-");
            all.push((format!("{name}.{seat}"), transcript));
        }
    }
    Ok(all)
}

/// Two full nodes with a link.
fn pair(village: &mut Village) -> anyhow::Result<()> {
    village.add(Full, false)?;
    village.add(Full, false)?;
    village.join(0, 1)
}

fn ends_in(village: &mut Village, message: &str, state: &str) -> anyhow::Result<()> {
    let states = village.states(0, message)?;
    ensure!(
        states.last().is_some_and(|last| last == state),
        "{states:?}"
    );
    Ok(())
}

/// A first message that arrives, with the answer to its handshake.
fn met(village: &mut Village) -> anyhow::Result<()> {
    pair(village)?;
    let message = village.send(0, 1, b"hello", None)?;
    village.run(2_000)?;
    ends_in(village, &message, "delivered")
}

fn first_contact(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    ensure!(village.delivered(1)? == 1);
    Ok(ENDS)
}

fn session_both_ways(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let there = village.send(0, 1, b"in session", None)?;
    village.run(500)?;
    village.send(1, 0, b"and back", None)?;
    village.run(2_000)?;
    ends_in(village, &there, "delivered")?;
    ensure!(village.delivered(0)? == 1 && village.delivered(1)? == 2);
    Ok(ENDS)
}

/// More than an epoch of 64.
fn many_in_one_session(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    for number in 0..70_u8 {
        let message = village.send(0, 1, &[number; 9], None)?;
        village.run(150)?;
        ends_in(village, &message, "delivered")?;
    }
    Ok(ENDS)
}

fn crossed_handshakes(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    let there = village.send(0, 1, b"you first", None)?;
    village.send(1, 0, b"no, you", None)?;
    village.run(2_000)?;
    ends_in(village, &there, "delivered")?;
    let more = village.send(0, 1, b"which session?", None)?;
    village.send(1, 0, b"that of the lower key", None)?;
    village.run(2_000)?;
    ends_in(village, &more, "delivered")?;
    ensure!(village.delivered(0)? == 2 && village.delivered(1)? == 2);
    Ok(ENDS)
}

fn no_link_at_first(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Full, false)?;
    village.add(Full, false)?;
    let message = village.send(0, 1, b"anybody there?", None)?;
    village.run(5_000)?;
    ensure!(village.states(0, &message)?.is_empty());
    village.join(0, 1)?;
    village.run(2_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ENDS)
}

/// Whether a datagram has an envelope of this kind in its first frame.
fn is_kind(bytes: &[u8], kind: u8) -> bool {
    bytes.first() == Some(&2) && bytes.get(5).is_some_and(|vt| vt & 15 == kind)
}

/// Loses the first `count` datagrams with an envelope of a kind.
fn lose_first(village: &mut Village, kind: u8, count: u32) {
    let mut left = count;
    village.lose(move |_, _, bytes| {
        let hit = left > 0 && is_kind(bytes, kind);
        left -= u32::from(hit);
        hit
    });
}

fn lost_first_copy(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    lose_first(village, 1, 2);
    let message = village.send(0, 1, b"third time lucky", None)?;
    village.run(30_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ENDS)
}

fn lost_ack(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    lose_first(village, 4, 1);
    let message = village.send(0, 1, b"did you get it?", None)?;
    village.run(30_000)?;
    ends_in(village, &message, "delivered")?;
    ensure!(village.delivered(1)? == 1, "twice");
    Ok(ENDS)
}

fn late_taken(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    village.takes(1, false)?;
    let message = village.send(0, 1, b"take your time", None)?;
    village.run(20_000)?;
    ends_in(village, &message, "sent")?;
    village.take(1)?;
    village.run(10_000)?;
    ends_in(village, &message, "delivered")?;
    ensure!(village.delivered(1)? == 1, "twice");
    Ok(ENDS)
}

fn expires_unproven(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    village.lose(|_, _, _| true);
    let message = village.send(0, 1, b"into the void", Some(60_000))?;
    village.run(420_000)?;
    ends_in(village, &message, "expired")?;
    Ok(SENDER)
}

fn proof_after_the_end(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    village.takes(1, false)?;
    let message = village.send(0, 1, b"better late", Some(60_000))?;
    village.run(5_000)?;
    village.lose(|_, _, _| true);
    village.run(415_000)?;
    ends_in(village, &message, "expired")?;
    village.lose_nothing();
    village.take(1)?;
    village.run(2_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(SENDER)
}

fn read_receipt(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    let message = village.send(0, 1, b"read me", None)?;
    village.run(2_000)?;
    village.read(1)?;
    village.run(2_000)?;
    ends_in(village, &message, "read")?;
    Ok(ENDS)
}

fn long_message_waits(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    let message = village.send(0, 1, &[0x5A; 3_000], None)?;
    village.run(5_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ENDS)
}

/// A leaf, a relay, another leaf.
fn chain(village: &mut Village) -> anyhow::Result<()> {
    village.add(Leaf, false)?;
    village.add(Relay, false)?;
    village.add(Leaf, false)?;
    village.join(0, 1)?;
    village.join(2, 1)?;
    village.run(200)
}

fn over_a_relay(village: &mut Village) -> anyhow::Result<Seats> {
    chain(village)?;
    let message = village.send(0, 2, b"pass it on", None)?;
    village.run(3_000)?;
    ends_in(village, &message, "delivered")?;
    let more = village.send(0, 2, b"and this, in session", None)?;
    village.run(3_000)?;
    ends_in(village, &more, "delivered")?;
    Ok(ALL)
}

fn late_ack_over_a_relay(village: &mut Village) -> anyhow::Result<Seats> {
    chain(village)?;
    village.takes(2, false)?;
    let message = village.send(0, 2, b"when you can", None)?;
    village.run(25_000)?;
    ends_in(village, &message, "passed")?;
    village.take(2)?;
    village.run(20_000)?;
    ends_in(village, &message, "delivered")?;
    ensure!(village.delivered(2)? == 1, "twice");
    Ok(ALL)
}

fn relay_knows_no_way(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Leaf, false)?;
    village.add(Relay, false)?;
    village.add(Leaf, false)?;
    village.join(0, 1)?;
    village.run(200)?;
    let message = village.send(0, 2, b"who?", None)?;
    village.run(20_000)?;
    let states = village.states(0, &message)?;
    ensure!(
        !states.iter().any(|state| state == "delivered"),
        "{states:?}"
    );
    village.join(2, 1)?;
    village.run(60_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ALL)
}

fn forgets_its_session(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let before = village.send(0, 1, b"in session", None)?;
    village.run(1_000)?;
    ends_in(village, &before, "delivered")?;
    village.run(90_000)?;
    village.restart(1)?;
    village.run(1_000)?;
    village.join(0, 1)?;
    village.run(200)?;
    let after = village.send(0, 1, b"do you know me?", None)?;
    village.run(10_000)?;
    ends_in(village, &after, "delivered")?;
    Ok(ENDS)
}

fn sender_restarts(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Full, true)?;
    village.add(Full, false)?;
    village.join(0, 1)?;
    village.run(200)?;
    village.lose(|_, _, _| true);
    let message = village.send(0, 1, b"not lost", None)?;
    village.run(1_000)?;
    village.restart(0)?;
    village.run(1_000)?;
    village.lose_nothing();
    village.join(0, 1)?;
    village.run(5_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ENDS)
}

fn recipient_restarts(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Full, false)?;
    village.add(Full, true)?;
    village.join(0, 1)?;
    village.run(200)?;
    village.takes(1, false)?;
    let message = village.send(0, 1, b"kept for you", None)?;
    village.run(1_000)?;
    village.takes(1, true)?;
    village.restart(1)?;
    village.run(1_000)?;
    village.join(0, 1)?;
    village.run(20_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(RECIPIENT)
}

fn clock_steps(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    lose_first(village, 1, 1);
    let message = village.send(0, 1, b"timers do not move", None)?;
    village.clock(0, 1_800_003_600)?;
    village.run(10_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(SENDER)
}

fn every_datagram_twice(village: &mut Village) -> anyhow::Result<Seats> {
    village.twice();
    met(village)?;
    let more = village.send(0, 1, b"once is enough", None)?;
    village.run(2_000)?;
    ends_in(village, &more, "delivered")?;
    ensure!(village.delivered(1)? == 2, "handed out twice");
    Ok(ENDS)
}

fn lost_answer(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    lose_first(village, 2, 1);
    let message = village.send(0, 1, b"no session yet", None)?;
    village.run(5_000)?;
    ends_in(village, &message, "delivered")?;
    let more = village.send(0, 1, b"and now?", None)?;
    village.run(5_000)?;
    ends_in(village, &more, "delivered")?;
    Ok(ENDS)
}

/// The neighbour has it, and its word is lost.
fn lost_taken(village: &mut Village) -> anyhow::Result<Seats> {
    chain(village)?;
    village.takes(2, false)?;
    let mut left = 1;
    village.lose(move |from, to, bytes| {
        let hit = left > 0 && (from, to) == (1, 0) && bytes.first() == Some(&3);
        left -= u32::from(hit);
        hit
    });
    let message = village.send(0, 2, b"have you got it?", None)?;
    village.run(10_000)?;
    village.take(2)?;
    village.run(10_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ALL)
}

fn five_at_once(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    let mut last = String::new();
    for number in 0..5_u8 {
        last = village.send(0, 1, &[number; 20], None)?;
    }
    village.run(5_000)?;
    ends_in(village, &last, "delivered")?;
    ensure!(village.delivered(1)? == 5);
    Ok(ENDS)
}

fn long_in_session(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let message = village.send(0, 1, &[0xA7; 9_000], None)?;
    village.run(2_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ENDS)
}

fn link_comes_back(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    village.part(0, 1)?;
    let message = village.send(0, 1, b"when you are back", None)?;
    village.run(300_000)?;
    village.join(0, 1)?;
    village.run(5_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ENDS)
}

fn session_survives(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Full, true)?;
    village.add(Full, true)?;
    village.join(0, 1)?;
    let first = village.send(0, 1, b"before", None)?;
    village.run(2_000)?;
    ends_in(village, &first, "delivered")?;
    let second = village.send(0, 1, b"in session", None)?;
    village.run(2_000)?;
    ends_in(village, &second, "delivered")?;
    for node in [1, 0] {
        village.restart(node)?;
        village.run(1_000)?;
        village.join(0, 1)?;
        village.run(1_000)?;
        let after = village.send(0, 1, b"after", None)?;
        village.run(5_000)?;
        ends_in(village, &after, "delivered")?;
    }
    Ok(ENDS)
}

/// The first relay asks the second one.
fn over_two_relays(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Leaf, false)?;
    village.add(Relay, false)?;
    village.add(Relay, false)?;
    village.add(Leaf, false)?;
    village.join(0, 1)?;
    village.join(1, 2)?;
    village.join(3, 2)?;
    village.run(500)?;
    for text in [&b"far away"[..], b"and again"] {
        let message = village.send(0, 3, text, None)?;
        village.run(5_000)?;
        ends_in(village, &message, "delivered")?;
    }
    Ok(&[
        (0, "sender"),
        (1, "first relay"),
        (2, "second relay"),
        (3, "recipient"),
    ])
}

/// Two relays, both with a link to the recipient.
fn two_ways(village: &mut Village) -> anyhow::Result<()> {
    village.add(Leaf, false)?;
    village.add(Relay, false)?;
    village.add(Leaf, false)?;
    village.add(Relay, false)?;
    for relay in [1, 3] {
        village.join(0, relay)?;
        village.join(2, relay)?;
    }
    village.run(500)
}

fn other_relay(village: &mut Village) -> anyhow::Result<Seats> {
    two_ways(village)?;
    village.lose(|from, to, _| (from, to) == (1, 2));
    let message = village.send(0, 2, b"one of you will do", None)?;
    village.run(30_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(&[
        (0, "sender"),
        (1, "silent relay"),
        (2, "recipient"),
        (3, "other relay"),
    ])
}

fn relay_goes_away(village: &mut Village) -> anyhow::Result<Seats> {
    two_ways(village)?;
    village.lose(|from, to, _| (from, to) == (1, 2));
    let message = village.send(0, 2, b"and then there was one", None)?;
    village.run(50)?;
    village.part(0, 1)?;
    village.part(2, 1)?;
    village.run(20_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(&[(0, "sender"), (2, "recipient"), (3, "other relay")])
}

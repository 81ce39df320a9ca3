//! Handshakes and sessions.

use anyhow::ensure;

use super::{Course, ENDS, Seats, ends_in, lose_first, met, pair};
use crate::record::village::Village;

pub(super) const COURSES: &[Course] = &[
    Course {
        name: "session-both-ways",
        place: "session.md#transport",
        rules: &["SES-5", "SES-18", "SES-35"],
        run: session_both_ways,
    },
    Course {
        name: "many-in-one-session",
        place: "session.md#sending-window",
        rules: &["SES-21", "SES-17"],
        run: many_in_one_session,
    },
    Course {
        name: "crossed-handshakes",
        place: "session.md#crossed-handshakes",
        rules: &["SES-30"],
        run: crossed_handshakes,
    },
    Course {
        name: "long-message-waits",
        place: "delivery.md#held-and-doubled",
        rules: &["DLV-24"],
        run: long_message_waits,
    },
    Course {
        name: "long-message-in-session",
        place: "envelope.md#header",
        rules: &["ENV-8"],
        run: long_in_session,
    },
    Course {
        name: "lost-answer",
        place: "session.md#answer",
        rules: &["SES-14"],
        run: lost_answer,
    },
    Course {
        name: "recipient-forgets-its-session",
        place: "session.md#no_key",
        rules: &["SES-31", "SES-32"],
        run: forgets_its_session,
    },
    Course {
        name: "out-of-order",
        place: "session.md#receiving-window",
        rules: &["SES-22", "SES-24"],
        run: out_of_order,
    },
    Course {
        name: "late-by-an-epoch",
        place: "session.md#receiving-window",
        rules: &["SES-23", "SES-25"],
        run: late_by_an_epoch,
    },
    Course {
        name: "recipient-forgets-twice",
        place: "session.md#no_key",
        rules: &["SES-31", "SES-32"],
        run: forgets_twice,
    },
    Course {
        name: "sealed-again",
        place: "session.md#sealing-again",
        rules: &["SES-33", "SES-34", "DLV-10"],
        run: sealed_again,
    },
    Course {
        name: "answered-twice",
        place: "session.md#no_key",
        rules: &["SES-31", "SES-32"],
        run: answered_twice,
    },
];

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

fn long_message_waits(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    let message = village.send(0, 1, &[0x5A; 3_000], None)?;
    village.run(5_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ENDS)
}

fn long_in_session(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let message = village.send(0, 1, &[0xA7; 9_000], None)?;
    village.run(2_000)?;
    ends_in(village, &message, "delivered")?;
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

/// Every third datagram takes a quarter of a second.
fn out_of_order(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let mut number = 0_u64;
    village.weather(move |_, _, _| {
        number += 1;
        Some(if number.is_multiple_of(3) { 250 } else { 20 })
    });
    let mut last = String::new();
    for number in 0..12_u8 {
        last = village.send(0, 1, &[number; 9], None)?;
        village.run(30)?;
    }
    village.run(10_000)?;
    ends_in(village, &last, "delivered")?;
    ensure!(village.delivered(1)? == 13);
    Ok(ENDS)
}

/// One message of an epoch comes when the next epoch is half over.
fn late_by_an_epoch(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let mut held = Some(6_000);
    village.weather(move |from, _, bytes| {
        let long = from == 0 && bytes.len() > 300;
        Some(held.take_if(|_| long).unwrap_or(20))
    });
    let late = village.send(0, 1, &[0xEE; 400], None)?;
    for number in 0..90_u8 {
        village.send(0, 1, &[number; 3], None)?;
        village.run(25)?;
    }
    village.run(10_000)?;
    ends_in(village, &late, "delivered")?;
    ensure!(village.delivered(1)? == 92);
    Ok(ENDS)
}

/// The recipient forgets everything twice within a minute: only one new handshake a minute is made for
/// that, and every message arrives.
fn forgets_twice(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let before = village.send(0, 1, b"in session", None)?;
    village.run(70_000)?;
    ends_in(village, &before, "delivered")?;
    let mut sent = Vec::new();
    for _ in 0..2 {
        village.restart(1)?;
        village.run(500)?;
        village.join(0, 1)?;
        village.run(200)?;
        sent.push(village.send(0, 1, b"do you know me?", None)?);
        village.run(5_000)?;
    }
    ensure!(village.dropped(0, 68)? > 0, "a handshake for each");
    village.run(120_000)?;
    for message in &sent {
        ends_in(village, message, "delivered")?;
    }
    Ok(ENDS)
}

/// Sixteen attempts without a proof: the message is sealed again, and arrives under its first id.
fn sealed_again(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    village.lose(|from, to, _| (from, to) == (0, 1));
    let message = village.send(0, 1, b"again and again", None)?;
    village.run(40_000_000)?;
    ensure!(village.delivered(1)? == 1, "one came through");
    village.lose_nothing();
    village.run(7_200_000)?;
    ends_in(village, &message, "delivered")?;
    ensure!(village.delivered(1)? == 2);
    Ok(ENDS)
}

/// The recipient restarts and answers the same one-shot again, which its sender does not take: they mean
/// two sessions by one name, until one of them says so.
fn answered_twice(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    // The first message stays unproven, so that it comes again after the restart.
    village.lose(|from, _, bytes| from == 1 && super::has_kind(bytes, 4));
    let first = village.send(0, 1, b"hello", None)?;
    village.run(500)?;
    village.send(1, 0, b"in the first session", None)?;
    village.run(500)?;
    ensure!(village.delivered(0)? == 1);
    village.restart(1)?;
    village.lose_nothing();
    village.join(0, 1)?;
    village.run(3_000)?;
    ends_in(village, &first, "delivered")?;
    ensure!(village.dropped(0, 60)? > 0, "answered once");
    village.send(1, 0, b"in the second session", None)?;
    village.run(5_000)?;
    ensure!(village.delivered(0)? == 2, "lost between two sessions");
    Ok(ENDS)
}

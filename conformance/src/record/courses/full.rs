//! Tables at their capacity: shortage delays or refuses, and nothing is lost that was accepted.

use anyhow::ensure;

use super::{ALL, Course, ENDS, RECIPIENT, SENDER, Seats, chain_over, ends_in};
use crate::profile::Profile::{Full, Leaf, Relay};
use crate::record::village::{Kind, Village};

pub(super) const COURSES: &[Course] = &[
    Course {
        name: "inbox-full",
        place: "memory.md#tables",
        rules: &["MEM-1", "MEM-2", "SES-26"],
        run: inbox_full,
    },
    Course {
        name: "outbox-full",
        place: "memory.md#tables",
        rules: &["MEM-1"],
        run: outbox_full,
    },
    Course {
        name: "forwards-full",
        place: "routing.md#forwarding",
        rules: &["MEM-3", "RTE-6", "RTE-36"],
        run: forwards_full,
    },
    Course {
        name: "returns-full",
        place: "routing.md#return-routes",
        rules: &["RTE-9", "RTE-12", "MEM-8"],
        run: returns_full,
    },
    Course {
        name: "opened-full",
        place: "session.md#opening",
        rules: &["SES-7", "SES-8", "MEM-7"],
        run: opened_full,
    },
    Course {
        name: "no-room-for-a-third-link",
        place: "memory.md#tables",
        rules: &["MEM-1"],
        run: third_link,
    },
    Course {
        name: "window-full",
        place: "session.md#sending-window",
        rules: &["SES-21", "SES-5"],
        run: window_full,
    },
];

/// The application takes nothing; what found no room comes again when there is some.
fn inbox_full(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Full, false)?;
    village.settle(Kind::small(Full, &[("inbox", 4)]))?;
    village.join(0, 1)?;
    let first = village.send(0, 1, b"hello", None)?;
    village.run(2_000)?;
    ends_in(village, &first, "delivered")?;
    village.takes(1, false)?;
    let mut sent = Vec::new();
    for number in 0..5_u8 {
        sent.push(village.send(0, 1, &[number; 12], None)?);
        village.run(100)?;
    }
    ensure!(village.dropped(1, 50)? > 0, "there was room");
    ensure!(village.delivered(1)? == 5);
    village.take(1)?;
    village.run(60_000)?;
    for message in &sent {
        ends_in(village, message, "delivered")?;
    }
    ensure!(village.delivered(1)? == 6);
    Ok(ENDS)
}

fn outbox_full(village: &mut Village) -> anyhow::Result<Seats> {
    village.settle(Kind::small(Full, &[("outbox", 8)]))?;
    village.add(Full, false)?;
    let mut sent = Vec::new();
    for number in 0..8_u8 {
        sent.push(village.send(0, 1, &[number; 12], None)?);
        village.run(100)?;
    }
    ensure!(
        village.try_send(0, 1, b"one too many", None)?.is_none(),
        "there was room"
    );
    village.join(0, 1)?;
    village.run(5_000)?;
    for message in &sent {
        ends_in(village, message, "delivered")?;
    }
    let more = village.send(0, 1, b"room again", None)?;
    village.run(2_000)?;
    ends_in(village, &more, "delivered")?;
    Ok(SENDER)
}

/// The relay holds copies whose next link takes nothing, as many as it has room for.
fn forwards_full(village: &mut Village) -> anyhow::Result<Seats> {
    chain_over(village, Kind::small(Relay, &[("forwards", 2)]))?;
    village.flow(1, 2, "blocked")?;
    let mut sent = Vec::new();
    for number in 0..3_u8 {
        sent.push(village.send(0, 2, &[number; 12], None)?);
        village.run(100)?;
    }
    ensure!(village.dropped(1, 25)? > 0, "there was room");
    village.run(500)?;
    village.flow(1, 2, "writable")?;
    village.run(60_000)?;
    for message in &sent {
        ends_in(village, message, "delivered")?;
    }
    ensure!(village.delivered(2)? == 3);
    Ok(ALL)
}

/// The relay forgets the way back of the first message before its proof comes; the sender's next attempt
/// lays a new one.
fn returns_full(village: &mut Village) -> anyhow::Result<Seats> {
    chain_over(
        village,
        Kind::small(Relay, &[("forwards", 16), ("returns", 16)]),
    )?;
    village.takes(2, false)?;
    let mut sent = Vec::new();
    for number in 0..18_u8 {
        sent.push(village.send(0, 2, &[number; 12], None)?);
        village.run(20)?;
    }
    village.take(2)?;
    village.run(60_000)?;
    ensure!(village.dropped(1, 63)? > 0, "there was room");
    for message in &sent {
        ends_in(village, message, "delivered")?;
    }
    ensure!(village.delivered(2)? == 18);
    Ok(ALL)
}

/// A node without session takes one-shots of one sender until they have their share of the table; in
/// session there is room all the same.
fn opened_full(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Full, false)?;
    village.settle(Kind::small(Full, &[("opened", 64)]))?;
    village.join(0, 1)?;
    village.run(100)?;
    // Every answer is lost: no session comes about.
    village.lose(|_, _, bytes| super::has_kind(bytes, 2));
    for number in 0..36_u8 {
        village.send(0, 1, &[number; 12], Some(20_000))?;
        village.run(300)?;
    }
    ensure!(village.dropped(1, 48)? > 0, "there was room");
    village.lose_nothing();
    village.run(120_000)?;
    let message = village.send(0, 1, b"in session there is room", None)?;
    village.run(2_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(RECIPIENT)
}

fn third_link(village: &mut Village) -> anyhow::Result<Seats> {
    village.settle(Kind::small(Relay, &[("links", 2)]))?;
    for _ in 0..3 {
        village.add(Leaf, false)?;
    }
    for other in 1..3 {
        village.join(0, other)?;
    }
    let pk = village.pk(3)?;
    let up = serde_json::json!({
        "is": "up", "link": 9, "pk": pk, "mtu": 1_200, "maxFrame": 65_538, "dialed": false,
    });
    let reply = village.input(0, up)?;
    ensure!(reply["verdict"] == "refused", "{reply}");
    let message = village.send(1, 2, b"the two there are work", None)?;
    village.run(5_000)?;
    let states = village.states(1, &message)?;
    ensure!(states.last().is_some_and(|it| it == "delivered"));
    Ok(&[(0, "relay")])
}

/// A leaf is sent no more than it can tell apart; the rest waits or goes as one-shots.
fn window_full(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Full, false)?;
    village.add(Leaf, false)?;
    village.join(0, 1)?;
    let first = village.send(0, 1, b"hello", None)?;
    village.run(2_000)?;
    ends_in(village, &first, "delivered")?;
    village.takes(1, false)?;
    let mut sent = Vec::new();
    for number in 0..131_u8 {
        sent.push(village.send(0, 1, &[number; 2], None)?);
        village.run(40)?;
    }
    village.take(1)?;
    village.run(60_000)?;
    for message in &sent {
        ends_in(village, message, "delivered")?;
    }
    ensure!(village.delivered(1)? == 132);
    Ok(SENDER)
}

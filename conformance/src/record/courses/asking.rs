//! Which way: neighbours are asked, and tried in turn when nobody knows.

use anyhow::ensure;

use super::{Course, Seats, ends_in};
use crate::profile::Profile::{Full, Leaf, Relay};
use crate::record::village::Village;

const SEATS: Seats = &[
    (0, "sender"),
    (1, "first relay"),
    (2, "second relay"),
    (3, "third relay"),
    (4, "recipient"),
];

pub(super) const COURSES: &[Course] = &[
    Course {
        name: "one-of-three-knows",
        place: "routing.md#asking",
        rules: &["RTE-15", "RTE-16", "RTE-20"],
        run: one_knows,
    },
    Course {
        name: "nobody-knows",
        place: "routing.md#asking",
        rules: &["RTE-1", "RTE-3", "RTE-15"],
        run: nobody_knows,
    },
    Course {
        name: "round-in-a-circle",
        place: "routing.md#forwarding",
        rules: &["RTE-2", "RTE-4", "RTE-5"],
        run: in_a_circle,
    },
    Course {
        name: "too-long-for-a-relay",
        place: "routing.md#nacks",
        rules: &["RTE-34", "RTE-36"],
        run: too_long,
    },
    Course {
        name: "link-takes-nothing",
        place: "routing.md#order",
        rules: &["RTE-38"],
        run: takes_nothing,
    },
    Course {
        name: "proven-way-first",
        place: "routing.md#learning",
        rules: &["RTE-21", "RTE-22", "RTE-23"],
        run: proven_first,
    },
];

/// A sender with three relays.
fn three_relays(village: &mut Village) -> anyhow::Result<()> {
    village.add(Leaf, false)?;
    for relay in 1..4 {
        village.add(Relay, false)?;
        village.join(0, relay)?;
    }
    village.add(Leaf, false)?;
    village.run(500)
}

fn one_knows(village: &mut Village) -> anyhow::Result<Seats> {
    three_relays(village)?;
    village.join(4, 2)?;
    village.run(500)?;
    let message = village.send(0, 4, b"who knows her?", None)?;
    village.run(1_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(SEATS)
}

/// Nobody has a link to the recipient; each is tried in turn until one does.
fn nobody_knows(village: &mut Village) -> anyhow::Result<Seats> {
    three_relays(village)?;
    let message = village.send(0, 4, b"anybody?", None)?;
    village.run(30_000)?;
    village.join(4, 3)?;
    village.run(120_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(SEATS)
}

/// Three relays with links among themselves, and a recipient that is away for a while.
fn in_a_circle(village: &mut Village) -> anyhow::Result<Seats> {
    three_relays(village)?;
    village.join(1, 2)?;
    village.join(2, 3)?;
    village.join(3, 1)?;
    village.join(4, 3)?;
    village.run(500)?;
    let first = village.send(0, 4, b"here", None)?;
    village.run(3_000)?;
    ends_in(village, &first, "delivered")?;
    village.part(4, 3)?;
    let message = village.send(0, 4, b"gone for a while", None)?;
    village.run(30_000)?;
    village.join(4, 1)?;
    village.run(120_000)?;
    ends_in(village, &message, "delivered")?;
    ensure!(village.delivered(4)? == 2, "twice");
    Ok(SEATS)
}

/// Two full nodes have a session over a relay whose second link carries short frames only.
fn too_long(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Full, false)?;
    village.add(Relay, false)?;
    village.add(Full, false)?;
    village.join(0, 1)?;
    village.frames(1_300);
    village.join(2, 1)?;
    village.run(200)?;
    let short = village.send(0, 2, b"short", None)?;
    village.run(2_000)?;
    ends_in(village, &short, "delivered")?;
    let long = village.send(0, 2, &[0x77; 4_000], Some(600_000))?;
    village.run(5_000)?;
    let states = village.states(0, &long)?;
    ensure!(!states.iter().any(|it| it == "delivered"), "{states:?}");
    village.frames(65_538);
    village.join(0, 2)?;
    village.run(60_000)?;
    ends_in(village, &long, "delivered")?;
    Ok(super::ALL)
}

/// What waits for a link leaves by class, in the order it came.
fn takes_nothing(village: &mut Village) -> anyhow::Result<Seats> {
    super::met(village)?;
    village.flow(0, 1, "blocked")?;
    for (number, class) in [3, 2, 1, 0, 3, 2].into_iter().enumerate() {
        village.send_as((0, 1), &[number as u8; 5], class)?;
        village.run(10)?;
    }
    village.flow(0, 1, "writable")?;
    village.run(3_000)?;
    ensure!(village.delivered(1)? == 7);
    Ok(super::ENDS)
}

/// The relay that brought a proof is taken again; one that swallows copies comes last.
fn proven_first(village: &mut Village) -> anyhow::Result<Seats> {
    three_relays(village)?;
    for relay in 1..4 {
        village.join(4, relay)?;
    }
    village.run(500)?;
    for number in 0..3_u8 {
        let message = village.send(0, 4, &[number; 7], None)?;
        village.run(2_000)?;
        ends_in(village, &message, "delivered")?;
    }
    let mut swallowed = 0;
    village.lose(move |from, to, _| {
        let hit = (from, to) == (1, 4) && swallowed < 40;
        swallowed += u32::from(hit);
        hit
    });
    for number in 3..9_u8 {
        let message = village.send(0, 4, &[number; 7], None)?;
        village.run(4_000)?;
        ends_in(village, &message, "delivered")?;
    }
    Ok(SEATS)
}

//! Messages over relays.

use anyhow::ensure;

use super::{ALL, Course, SENDER, Seats, chain, ends_in, two_ways};
use crate::profile::Profile::{Leaf, Relay};
use crate::record::village::Village;

pub(super) const COURSES: &[Course] = &[
    Course {
        name: "over-a-relay",
        place: "routing.md#forwarding",
        rules: &["RTE-5", "RTE-10"],
        run: over_a_relay,
    },
    Course {
        name: "relay-hands-back-late-ack",
        place: "routing.md#return-routes",
        rules: &["RTE-10"],
        run: late_ack_over_a_relay,
    },
    Course {
        name: "relay-knows-no-way",
        place: "routing.md#nacks",
        rules: &["RTE-6", "RTE-34"],
        run: relay_knows_no_way,
    },
    Course {
        name: "lost-taken",
        place: "delivery.md#retry-schedule",
        rules: &["DLV-8"],
        run: lost_taken,
    },
    Course {
        name: "over-two-relays",
        place: "routing.md#asking",
        rules: &["RTE-15", "RTE-5"],
        run: over_two_relays,
    },
    Course {
        name: "other-relay-after-silence",
        place: "routing.md#failover",
        rules: &["RTE-22"],
        run: other_relay,
    },
    Course {
        name: "relay-goes-away",
        place: "routing.md#failover",
        rules: &["RTE-32"],
        run: relay_goes_away,
    },
    Course {
        name: "taken-after-a-new-way",
        place: "delivery.md#retry-schedule",
        rules: &["DLV-12", "DLV-13"],
        run: taken_after_a_new_way,
    },
    Course {
        name: "beside-a-leaf",
        place: "delivery.md#retry-schedule",
        rules: &["DLV-28", "LNK-9"],
        run: beside_a_leaf,
    },
];

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

/// The relay's TAKEN for the last attempt comes when a direct link has hastened the next one: that stays
/// as it is.
fn taken_after_a_new_way(village: &mut Village) -> anyhow::Result<Seats> {
    chain(village)?;
    village.takes(2, false)?;
    village.weather(|from, to, _| Some(if (from, to) == (1, 0) { 140 } else { 20 }));
    let message = village.send(0, 2, b"which way?", None)?;
    village.run(5_420)?;
    village.join(0, 2)?;
    village.run(2_000)?;
    village.take(2)?;
    village.run(500)?;
    ends_in(village, &message, "delivered")?;
    Ok(SENDER)
}

/// The only neighbour turns out to forward nothing; the next one is tried as soon as it is there.
fn beside_a_leaf(village: &mut Village) -> anyhow::Result<Seats> {
    village.add(Leaf, false)?;
    village.add(Leaf, false)?;
    village.add(Relay, false)?;
    village.add(Leaf, false)?;
    village.join(2, 3)?;
    village.run(200)?;
    village.join(0, 1)?;
    let message = village.send(0, 3, b"can you pass it on?", None)?;
    village.run(2_500)?;
    village.join(0, 2)?;
    village.run(2_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(SENDER)
}

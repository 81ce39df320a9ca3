//! Two nodes and what becomes of a message between them.

use anyhow::ensure;

use super::{Course, ENDS, SENDER, Seats, ends_in, lose_first, met, pair};
use crate::profile::Profile::Full;
use crate::record::village::Village;

pub(super) const COURSES: &[Course] = &[
    Course {
        name: "first-contact",
        place: "delivery.md#states",
        rules: &["DLV-1", "SES-5"],
        run: first_contact,
    },
    Course {
        name: "no-link-at-first",
        place: "delivery.md#retry-schedule",
        rules: &["DLV-9"],
        run: no_link_at_first,
    },
    Course {
        name: "lost-first-copy",
        place: "delivery.md#retry-schedule",
        rules: &["DLV-8"],
        run: lost_first_copy,
    },
    Course {
        name: "lost-ack",
        place: "delivery.md#receiving",
        rules: &["DLV-17"],
        run: lost_ack,
    },
    Course {
        name: "late-taken",
        place: "delivery.md#receiving",
        rules: &["DLV-15"],
        run: late_taken,
    },
    Course {
        name: "expires-unproven",
        place: "delivery.md#states",
        rules: &["DLV-3"],
        run: expires_unproven,
    },
    Course {
        name: "proof-after-the-end",
        place: "delivery.md#states",
        rules: &["DLV-4"],
        run: proof_after_the_end,
    },
    Course {
        name: "read-receipt",
        place: "content.md#read",
        rules: &["CNT-8"],
        run: read_receipt,
    },
    Course {
        name: "every-datagram-twice",
        place: "link.md#taken-and-passed",
        rules: &["LNK-17", "SES-7", "DLV-17"],
        run: every_datagram_twice,
    },
    Course {
        name: "five-at-once",
        place: "session.md#answer",
        rules: &["SES-11", "SES-13"],
        run: five_at_once,
    },
    Course {
        name: "link-comes-back",
        place: "delivery.md#retry-schedule",
        rules: &["DLV-12"],
        run: link_comes_back,
    },
];

fn first_contact(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    ensure!(village.delivered(1)? == 1);
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

fn every_datagram_twice(village: &mut Village) -> anyhow::Result<Seats> {
    village.twice();
    met(village)?;
    let more = village.send(0, 1, b"once is enough", None)?;
    village.run(2_000)?;
    ends_in(village, &more, "delivered")?;
    ensure!(village.delivered(1)? == 2, "handed out twice");
    Ok(ENDS)
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

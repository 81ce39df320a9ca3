//! Nodes that restart with what their disks hold.

use super::{Course, ENDS, RECIPIENT, Seats, ends_in};
use crate::profile::Profile::Full;
use crate::record::village::Village;

pub(super) const COURSES: &[Course] = &[
    Course {
        name: "sender-restarts",
        place: "driver.md#records",
        rules: &["DRV-16", "DRV-19"],
        run: sender_restarts,
    },
    Course {
        name: "recipient-restarts-before-taking",
        place: "driver.md#records",
        rules: &["DRV-16"],
        run: recipient_restarts,
    },
    Course {
        name: "session-survives-restarts",
        place: "session.md#transport",
        rules: &["SES-20"],
        run: session_survives,
    },
];

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

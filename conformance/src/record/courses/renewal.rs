//! New sessions for old ones.

use anyhow::ensure;

use super::{Course, ENDS, Seats, ends_in, met};
use crate::record::village::Village;

/// One hour, in milliseconds.
const HOUR: u64 = 3_600_000;

pub(super) const COURSES: &[Course] = &[
    Course {
        name: "renewal-after-a-day",
        place: "session.md#renewal",
        rules: &["SES-27", "SES-28"],
        run: after_a_day,
    },
    Course {
        name: "old-session-still-receives",
        place: "session.md#renewal",
        rules: &["SES-28", "SES-30"],
        run: old_receives,
    },
    Course {
        name: "old-session-receives-an-hour-later",
        place: "session.md#renewal",
        rules: &["SES-28"],
        run: old_receives_later,
    },
    Course {
        name: "both-renew-at-once",
        place: "session.md#crossed-handshakes",
        rules: &["SES-27", "SES-29", "SES-30"],
        run: both_renew,
    },
    Course {
        name: "four-days",
        place: "session.md#renewal",
        rules: &["SES-27", "SES-28", "SES-29"],
        run: four_days,
    },
];

fn after_a_day(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let young = village.send(0, 1, b"in session", None)?;
    village.run(2_000)?;
    ends_in(village, &young, "delivered")?;
    let sessions = village.saw(0, "session")?;
    village.run(24 * HOUR)?;
    let old = village.send(0, 1, b"a day later", None)?;
    village.run(2_000)?;
    ends_in(village, &old, "delivered")?;
    ensure!(
        village.saw(0, "session")? == sessions + 1,
        "the same session"
    );
    let new = village.send(0, 1, b"in the new one", None)?;
    village.run(2_000)?;
    ends_in(village, &new, "delivered")?;
    Ok(ENDS)
}

/// While one end renews, the other still sends in the old session.
fn old_receives(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let first = village.send(0, 1, b"in session", None)?;
    village.run(2_000)?;
    ends_in(village, &first, "delivered")?;
    village.run(24 * HOUR - 6_000)?;
    village.send(1, 0, b"in the old session", None)?;
    village.run(10)?;
    village.part(0, 1)?;
    village.run(20_000)?;
    village.send(0, 1, b"the new one begins", None)?;
    village.join(0, 1)?;
    village.run(10_000)?;
    ensure!(village.delivered(0)? == 1 && village.delivered(1)? == 3);
    Ok(ENDS)
}

/// A message sealed in the old session is lost for an hour, in which both have long had a new one.
fn old_receives_later(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    let first = village.send(0, 1, b"in session", None)?;
    village.run(24 * HOUR - 6_000)?;
    ends_in(village, &first, "delivered")?;
    village.lose(|from, _, bytes| from == 1 && bytes.len() > 300);
    village.send(1, 0, &[0x01; 400], None)?;
    village.run(20_000)?;
    let sessions = village.saw(0, "session")?;
    village.send(0, 1, b"the new one begins", None)?;
    village.run(2_000)?;
    ensure!(village.saw(0, "session")? == sessions + 1, "no new session");
    village.run(HOUR)?;
    ensure!(village.delivered(0)? == 0);
    village.lose_nothing();
    village.run(2 * HOUR)?;
    ensure!(village.delivered(0)? == 1);
    ensure!(
        village.dropped(0, 43)? == 0,
        "the old session was forgotten"
    );
    Ok(ENDS)
}

fn both_renew(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    village.send(1, 0, b"both ways", None)?;
    village.run(24 * HOUR)?;
    let there = village.send(0, 1, b"you first", None)?;
    village.send(1, 0, b"no, you", None)?;
    village.run(3_000)?;
    ends_in(village, &there, "delivered")?;
    let more = village.send(0, 1, b"which one?", None)?;
    village.send(1, 0, b"that of the lower key", None)?;
    village.run(3_000)?;
    ends_in(village, &more, "delivered")?;
    ensure!(village.delivered(0)? == 3 && village.delivered(1)? == 3);
    Ok(ENDS)
}

/// A message every nine hours: sessions come and go, and none is missed.
fn four_days(village: &mut Village) -> anyhow::Result<Seats> {
    met(village)?;
    for number in 0..11_u8 {
        village.run(9 * HOUR)?;
        let message = village.send(0, 1, &[number; 8], None)?;
        village.run(3_000)?;
        ends_in(village, &message, "delivered")?;
    }
    ensure!(village.saw(0, "session")? > 3);
    Ok(ENDS)
}

//! Wall clocks that step, or are not there.

use anyhow::ensure;

use super::{Course, ENDS, SENDER, Seats, ends_in, lose_first, pair};
use crate::profile::Profile::Full;
use crate::record::village::{Kind, UNIX, Village};

pub(super) const COURSES: &[Course] = &[
    Course {
        name: "clock-steps",
        place: "conventions.md#time",
        rules: &["CON-10"],
        run: clock_steps,
    },
    Course {
        name: "clock-goes-back",
        place: "conventions.md#time",
        rules: &["CON-10", "DLV-3"],
        run: clock_goes_back,
    },
    Course {
        name: "recipient-is-ahead",
        place: "conventions.md#time",
        rules: &["CON-10"],
        run: recipient_is_ahead,
    },
    Course {
        name: "recipient-has-no-clock",
        place: "conventions.md#time",
        rules: &["CON-11"],
        run: recipient_has_no_clock,
    },
];

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

/// Back by an hour: what is under way ends by the new time, and timers do not move.
fn clock_goes_back(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    village.lose(|_, _, _| true);
    let message = village.send(0, 1, b"an hour ago", Some(60_000))?;
    village.run(1_000)?;
    village.clock(0, UNIX - 3_600)?;
    village.run(500_000)?;
    ensure!(
        village
            .states(0, &message)?
            .last()
            .is_some_and(|it| it == "sent"),
        "ended early"
    );
    village.lose_nothing();
    village.run(3_700_000)?;
    ends_in(village, &message, "expired")?;
    Ok(SENDER)
}

/// The recipient believes it is two days later: what comes has expired there, until its clock is right.
fn recipient_is_ahead(village: &mut Village) -> anyhow::Result<Seats> {
    pair(village)?;
    village.run(100)?;
    village.clock(1, UNIX + 2 * 86_400)?;
    let message = village.send(0, 1, b"are you from the future?", None)?;
    village.run(5_000)?;
    ensure!(village.delivered(1)? == 0 && village.dropped(1, 20)? > 0);
    village.clock(1, UNIX + 5)?;
    village.run(60_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(ENDS)
}

/// The recipient does not know the time: it takes what comes, and sends once it does.
fn recipient_has_no_clock(village: &mut Village) -> anyhow::Result<Seats> {
    for _ in 0..2 {
        village.settle(Kind {
            clock: false,
            ..Kind::of(Full)
        })?;
    }
    // They greet each other before either knows, so that nobody learns it from a HELLO (CON-12).
    village.join(0, 1)?;
    village.run(100)?;
    village.clock(0, UNIX)?;
    let message = village.send(0, 1, b"what time is it?", None)?;
    village.run(2_000)?;
    ends_in(village, &message, "delivered")?;
    ensure!(
        village.try_send(1, 0, b"no idea", None)?.is_none(),
        "sent without a clock"
    );
    village.clock(1, UNIX + 2)?;
    ensure!(village.try_send(1, 0, b"two seconds past", None)?.is_some());
    village.run(2_000)?;
    ensure!(village.delivered(0)? == 1);
    Ok(ENDS)
}

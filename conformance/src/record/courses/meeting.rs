//! Ends that meet after they talked over a relay, and what happens when they cannot.

use anyhow::ensure;

use super::{Course, Seats, chain, ends_in, two_ways};
use crate::record::village::Village;

const ALL: Seats = super::ALL;

pub(super) const COURSES: &[Course] = &[
    Course {
        name: "introduction",
        place: "routing.md#introduction",
        rules: &["RTE-26", "RTE-27", "RTE-29", "RTE-32"],
        run: introduction,
    },
    Course {
        name: "seen-at-an-address",
        place: "link.md#candidates",
        rules: &["LNK-28", "RTE-26"],
        run: seen_at_an_address,
    },
    Course {
        name: "dial-fails",
        place: "routing.md#introduction",
        rules: &["RTE-28", "RTE-31"],
        run: dial_fails,
    },
    Course {
        name: "back-over-the-relay",
        place: "routing.md#direct-and-back",
        rules: &["RTE-33", "DLV-11"],
        run: back_over_the_relay,
    },
    Course {
        name: "two-links-one-stays",
        place: "routing.md#introduction",
        rules: &["RTE-29"],
        run: two_links,
    },
];

/// A leaf, a relay, another leaf; the ends know where they can be dialled.
fn addressed(village: &mut Village, dials: bool) -> anyhow::Result<()> {
    village.dials(dials);
    chain(village)?;
    village.knows_its_address(0)?;
    village.knows_its_address(2)
}

fn introduction(village: &mut Village) -> anyhow::Result<Seats> {
    addressed(village, true)?;
    let message = village.send(0, 2, b"over the relay", None)?;
    village.run(5_000)?;
    ends_in(village, &message, "delivered")?;
    ensure!(
        village.saw(0, "dial")? + village.saw(2, "dial")? > 0,
        "nobody dialled"
    );
    ensure!(village.joined(0, 2)? == 1, "{}", village.joined(0, 2)?);
    let more = village.send(0, 2, b"and now directly", None)?;
    village.run(1_000)?;
    ends_in(village, &more, "delivered")?;
    ensure!(
        !village.states(0, &more)?.iter().any(|it| it == "relayed"),
        "went over the relay"
    );
    Ok(ALL)
}

/// Two neighbours see an end at the same address: that is what it tells the other end.
fn seen_at_an_address(village: &mut Village) -> anyhow::Result<Seats> {
    village.dials(true);
    two_ways(village)?;
    let message = village.send(0, 2, b"where am I?", None)?;
    village.run(5_000)?;
    ends_in(village, &message, "delivered")?;
    ensure!(village.joined(0, 2)? == 1, "{}", village.joined(0, 2)?);
    Ok(&[
        (0, "sender"),
        (1, "relay"),
        (2, "recipient"),
        (3, "other relay"),
    ])
}

/// Every dial fails: they are repeated, ever later, while messages flow.
fn dial_fails(village: &mut Village) -> anyhow::Result<Seats> {
    addressed(village, false)?;
    for _ in 0..12 {
        let message = village.send(0, 2, b"over the relay", None)?;
        village.run(5_000)?;
        ends_in(village, &message, "delivered")?;
    }
    let dials = village.saw(0, "dial")?;
    ensure!((2..8).contains(&dials), "{dials} dials in a minute");
    village.run(600_000)?;
    ensure!(village.saw(0, "dial")? == dials, "dials without messages");
    Ok(ALL)
}

/// The direct link goes: what waits for its proof leaves over the relay at once.
fn back_over_the_relay(village: &mut Village) -> anyhow::Result<Seats> {
    addressed(village, true)?;
    let message = village.send(0, 2, b"over the relay", None)?;
    village.run(5_000)?;
    ends_in(village, &message, "delivered")?;
    ensure!(village.joined(0, 2)? == 1);
    village.dials(false);
    village.lose(|from, to, _| (from, to) == (0, 2));
    let direct = village.send(0, 2, b"directly, and lost", None)?;
    village.run(100)?;
    village.part(0, 2)?;
    village.run(3_000)?;
    ends_in(village, &direct, "delivered")?;
    let states = village.states(0, &direct)?;
    ensure!(
        states.iter().any(|it| it == "relayed" || it == "passed"),
        "{states:?}"
    );
    Ok(ALL)
}

/// Both ends dial at once: the link that the lower key dialled stays, and the other one is closed by
/// who dialled it.
fn two_links(village: &mut Village) -> anyhow::Result<Seats> {
    super::pair(village)?;
    village.join(1, 0)?;
    village.run(1_000)?;
    ensure!(village.joined(0, 1)? == 1 && village.joined(1, 0)? == 1);
    ensure!(village.saw(0, "close")? + village.saw(1, "close")? == 1);
    let message = village.send(0, 1, b"over what is left", None)?;
    village.run(2_000)?;
    ends_in(village, &message, "delivered")?;
    Ok(super::ENDS)
}

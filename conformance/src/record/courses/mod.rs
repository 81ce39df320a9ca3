//! The behaviours that are recorded. Each says what has to come of it, so that a change of the reference
//! that breaks it is no new recording.
//!
//! | file | subject |
//! |---|---|
//! | `ends.rs` | two nodes and what becomes of a message between them |
//! | `sessions.rs`, `renewal.rs` | handshakes and sessions; new ones for old ones |
//! | `relays.rs`, `asking.rs` | over relays; which way |
//! | `meeting.rs` | ends that meet after they talked over a relay |
//! | `full.rs` | tables at their capacity |
//! | `restarts.rs`, `clocks.rs` | restarts, wall clocks |

mod asking;
mod clocks;
mod ends;
mod full;
mod meeting;
mod relays;
mod renewal;
mod restarts;
mod sessions;

use anyhow::ensure;

use super::village::{Kind, Village};
use crate::profile::Profile::{Full, Leaf, Relay};
use crate::transcript::{Transcript, without_idle_ticks};

/// The seats that are written down.
type Seats = &'static [(usize, &'static str)];

const ENDS: Seats = &[(0, "sender"), (1, "recipient")];
const SENDER: Seats = &[(0, "sender")];
const RECIPIENT: Seats = &[(1, "recipient")];
const ALL: Seats = &[(0, "sender"), (1, "relay"), (2, "recipient")];

/// A behaviour.
struct Course {
    name: &'static str,
    /// Chapter and heading.
    place: &'static str,
    rules: &'static [&'static str],
    run: fn(&mut Village) -> anyhow::Result<Seats>,
}

pub(super) fn all() -> anyhow::Result<Vec<(String, Transcript)>> {
    let files = [
        ends::COURSES,
        sessions::COURSES,
        renewal::COURSES,
        relays::COURSES,
        asking::COURSES,
        meeting::COURSES,
        full::COURSES,
        restarts::COURSES,
        clocks::COURSES,
    ];
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for course in files.into_iter().flatten() {
        match record(course) {
            Ok(recorded) => all.extend(recorded),
            Err(error) => wrong.push(format!("{}: {error:#}", course.name)),
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(all)
}

/// All seats of one course, by file name.
fn record(course: &Course) -> anyhow::Result<Vec<(String, Transcript)>> {
    let mut village = Village::new(course.name);
    let seats = (course.run)(&mut village)?;
    let words = course.name.replace('-', " ");
    let courses = village.courses(&words, (course.place, course.rules), seats)?;
    let named = courses.into_iter().map(|transcript| {
        let seat = transcript.seat.replace(' ', "-");
        let name = format!("{}.{seat}", course.name);
        (name, without_idle_ticks(transcript))
    });
    Ok(named.collect())
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

/// Whether a datagram has an envelope of this kind in its first frame.
fn is_kind(bytes: &[u8], kind: u8) -> bool {
    bytes.first() == Some(&2) && bytes.get(5).is_some_and(|vt| vt & 15 == kind)
}

/// Whether a datagram has an envelope of this kind anywhere.
fn has_kind(bytes: &[u8], kind: u8) -> bool {
    let mut rest = bytes;
    while let Some(([_, low, high], more)) = rest.split_first_chunk::<3>() {
        if is_kind(rest, kind) {
            return true;
        }
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        rest = more.get(len..).unwrap_or_default();
    }
    false
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

/// A leaf, a relay, another leaf.
fn chain(village: &mut Village) -> anyhow::Result<()> {
    chain_over(village, Kind::of(Relay))
}

/// The same, over a relay of this kind.
fn chain_over(village: &mut Village, relay: Kind) -> anyhow::Result<()> {
    village.add(Leaf, false)?;
    village.settle(relay)?;
    village.add(Leaf, false)?;
    village.join(0, 1)?;
    village.join(2, 1)?;
    village.run(200)
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

//! External events, reasons and frames in words.

use tom_core::error::Drop;
use tom_core::output::State;

use crate::check::Fate;
use crate::scenario::Deed;
use crate::trace::Seen;

/// What can be in a packet, by the number [`frame`] gives.
pub(super) const FRAMES: [&str; 13] = [
    "SEAL", "RESP", "DATA", "ACK", "NACK", "TAKEN", "PASSED", "HELLO", "REACH?", "REACH!", "CAND",
    "PING", "?",
];

/// What became of messages, by the number [`fate`] gives.
pub(super) const FATES: [&str; 4] = ["proven", "unproven", "lost", "under way"];

/// The place in [`FRAMES`] of what was seen.
pub(super) const fn frame(seen: &Seen) -> u8 {
    match (seen.frame, seen.kind) {
        (2, kind @ 1..=5) => kind - 1,
        (3, _) => 5,
        (4, _) => 6,
        (1, _) => 7,
        (5, _) => 8,
        (6, _) => 9,
        (7, _) => 10,
        (8, _) => 11,
        _ => 12,
    }
}

/// The place in [`State::ALL`] of a state.
pub(super) const fn state(state: State) -> u8 {
    state as u8
}

/// The place in [`FATES`] of a fate.
pub(super) const fn fate(fate: Fate) -> u8 {
    match fate {
        Fate::Proven => 0,
        Fate::Unproven => 1,
        Fate::Lost => 2,
        Fate::UnderWay => 3,
    }
}

/// `NoRoute` as `no route`.
pub(super) fn reason(reason: Drop) -> String {
    let mut words = String::new();
    for c in format!("{reason:?}").chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

/// An external event: its kind, whom it is about, and a sentence. Sending is none to show: messages
/// have their own list.
pub(super) fn deed(deed: &Deed) -> Option<(&'static str, Option<u32>, String)> {
    Some(match deed {
        Deed::Send { .. } => return None,
        Deed::Crash { node } => ("crash", Some(*node), format!("node {node} crashes")),
        Deed::Start { node, forget } => {
            let how = if *forget { " with an empty disk" } else { "" };
            ("start", Some(*node), format!("node {node} starts{how}"))
        }
        Deed::Cut { cut, side, one_way } => {
            let way = if *one_way { ", one way" } else { "" };
            let side = side.len();
            ("cut", None, format!("cut {cut}: {side} nodes apart{way}"))
        }
        Deed::Mend { cut } => ("mend", None, format!("cut {cut} is over")),
        Deed::Break { a, b, one_way } => {
            let arrow = if *one_way { "from" } else { "between" };
            let and = if *one_way { "to" } else { "and" };
            let text = format!("nothing passes {arrow} {a} {and} {b}");
            ("break", Some(*a), text)
        }
        Deed::Repair { a, b } => ("repair", Some(*a), format!("{a} and {b} are whole again")),
        Deed::Meet { a, b } => ("meet", Some(*a), format!("{a} and {b} meet")),
        Deed::Part { a, b } => ("part", Some(*a), format!("{a} and {b} part")),
        Deed::Weather(Some(loss)) => ("weather", None, format!("loss is {loss:?}")),
        Deed::Weather(None) => ("weather", None, "loss is as usual again".to_owned()),
        Deed::ClockStep { node, by_ms } => {
            let text = format!("the clock of node {node} steps by {by_ms} ms");
            ("clock", Some(*node), text)
        }
        Deed::Suspend { node, lasts } => {
            let text = format!("node {node} stands still for {} s", lasts.as_secs());
            ("suspend", Some(*node), text)
        }
        Deed::Mtu(mtu) => ("mtu", None, format!("packets of at most {mtu} bytes pass")),
        Deed::Disk { node, fails } => {
            let text = if *fails { "fails" } else { "works again" };
            (
                "disk",
                Some(*node),
                format!("the disk of node {node} {text}"),
            )
        }
        Deed::Turn { node, into } => match into {
            Some(kind) => ("turn", Some(*node), format!("node {node} turns: {kind:?}")),
            None => (
                "honest",
                Some(*node),
                format!("node {node} is honest again"),
            ),
        },
        Deed::Calm => ("calm", None, "all faults are over".to_owned()),
    })
}

//! How external events belong together.

use std::collections::BTreeMap;

use crate::scenario::{Deed, External};

/// The nodes an external event names.
#[must_use]
pub fn nodes_of(deed: &Deed) -> Vec<u32> {
    match deed {
        Deed::Send { from, to, .. } => vec![*from, *to],
        Deed::Crash { node }
        | Deed::Start { node, .. }
        | Deed::ClockStep { node, .. }
        | Deed::Suspend { node, .. }
        | Deed::Disk { node, .. }
        | Deed::Turn { node, .. } => vec![*node],
        Deed::Cut { side, .. } => side.to_vec(),
        Deed::Break { a, b, .. }
        | Deed::Repair { a, b }
        | Deed::Meet { a, b }
        | Deed::Part { a, b } => vec![*a, *b],
        Deed::Mend { .. } | Deed::Weather(_) | Deed::Mtu(_) | Deed::Calm => Vec::new(),
    }
}

/// Nodes that have to be there for an event to be what it is. A side of a cut may lose nodes.
#[must_use]
pub(super) fn needed_by(deed: &Deed) -> Vec<u32> {
    if matches!(deed, Deed::Cut { .. }) {
        return Vec::new();
    }
    nodes_of(deed)
}

/// What something begins and what ends it have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Down(u32),
    Cut(u32),
    Broken(u32, u32),
    Contact(u32, u32),
    Weather,
    Disk(u32),
    Turned(u32),
}

/// What an event begins (`true`) or ends.
fn fault(deed: &Deed) -> Option<(Fault, bool)> {
    Some(match deed {
        Deed::Crash { node } => (Fault::Down(*node), true),
        Deed::Start { node, .. } => (Fault::Down(*node), false),
        Deed::Cut { cut, .. } => (Fault::Cut(*cut), true),
        Deed::Mend { cut } => (Fault::Cut(*cut), false),
        Deed::Break { a, b, .. } => (Fault::Broken(*a, *b), true),
        Deed::Repair { a, b } => (Fault::Broken(*a, *b), false),
        Deed::Meet { a, b } => (Fault::Contact(*a, *b), true),
        Deed::Part { a, b } => (Fault::Contact(*a, *b), false),
        Deed::Weather(loss) => (Fault::Weather, loss.is_some()),
        Deed::Disk { node, fails } => (Fault::Disk(*node), *fails),
        Deed::Turn { node, into } => (Fault::Turned(*node), into.is_some()),
        Deed::Send { .. }
        | Deed::ClockStep { .. }
        | Deed::Suspend { .. }
        | Deed::Mtu(_)
        | Deed::Calm => return None,
    })
}

/// External events, by their places, of which one makes no sense without the others: a fault and its
/// end. Every place is in one unit.
#[must_use]
pub fn units(externals: &[External]) -> Vec<Vec<usize>> {
    let mut units: Vec<Vec<usize>> = Vec::new();
    let mut open: BTreeMap<Fault, usize> = BTreeMap::new();
    for (at, external) in externals.iter().enumerate() {
        let fault = fault(&external.deed);
        if let Some((fault, false)) = fault
            && let Some(unit) = open.remove(&fault).and_then(|unit| units.get_mut(unit))
        {
            unit.push(at);
            continue;
        }
        if let Some((fault, true)) = fault {
            open.insert(fault, units.len());
        }
        units.push(vec![at]);
    }
    units
}

/// How units are put together for the first, coarse cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    /// By what happens, the end of a fault apart from its beginning: faults may stay.
    Word,
    /// By what happens.
    Kind,
    /// By the first node that is named.
    Node,
    /// By time, in so many spans.
    Time(usize),
    /// Each unit for itself.
    Unit,
    /// Each event for itself: a fault may lose its end.
    Single,
}

/// The external events in groups, each a list of places; every place is in one group.
pub(super) fn groups(externals: &[External], by: Grouping) -> Vec<Vec<usize>> {
    if by == Grouping::Single {
        return (0..externals.len()).map(|at| vec![at]).collect();
    }
    let units = match by {
        Grouping::Word => (0..externals.len()).map(|at| vec![at]).collect(),
        Grouping::Kind | Grouping::Node | Grouping::Time(_) | Grouping::Unit | Grouping::Single => {
            units(externals)
        }
    };
    let first = |unit: &[usize]| unit.first().and_then(|at| externals.get(*at));
    let key = |unit: &[usize]| -> Option<u64> {
        let external = first(unit)?;
        Some(match by {
            Grouping::Word | Grouping::Kind => {
                external.deed.word().bytes().fold(0, |sum: u64, byte| {
                    sum.wrapping_mul(257).wrapping_add(u64::from(byte))
                })
            }
            Grouping::Node => nodes_of(&external.deed)
                .first()
                .map_or(u64::MAX, |node| u64::from(*node)),
            Grouping::Time(spans) => {
                let last = externals.last().map_or(1, |last| last.at.0.max(1));
                let part = u128::from(external.at.0) * spans as u128 / (u128::from(last) + 1);
                u64::try_from(part).unwrap_or(u64::MAX)
            }
            Grouping::Unit | Grouping::Single => unit.first().map_or(0, |at| *at as u64),
        })
    };
    let mut groups: BTreeMap<Option<u64>, Vec<usize>> = BTreeMap::new();
    for unit in units {
        groups.entry(key(&unit)).or_default().extend(unit);
    }
    groups.into_values().collect()
}

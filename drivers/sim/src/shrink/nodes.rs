//! Nodes and links away.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cone::cone;
use super::hunt::Hunt;
use super::units::needed_by;
use super::{Predicate, with_scenario, with_schedule};
use crate::scenario::model::Shape;
use crate::scenario::{Deed, External, Schedule};
use crate::world::Setup;

impl Hunt<'_> {
    /// At once everything away that is not in the causal cone: nodes, and what is done to them.
    pub(super) fn slice(&mut self) {
        if matches!(self.predicate, Predicate::Panic(_)) {
            return;
        }
        let wrong = self.outcome.wrong.first().cloned();
        let Some(cone) = wrong.and_then(|wrong| cone(&self.best, &wrong)) else {
            return;
        };
        let gone: Vec<u32> = present(&self.best)
            .into_iter()
            .filter(|node| !cone.contains(node))
            .collect();
        let base = self.best.clone();
        self.one(Some(without_nodes(&base, &gone)));
    }

    /// Nodes that nothing needs go; then links.
    pub(super) fn fewer_nodes(&mut self) {
        let mut needed: BTreeSet<u32> = BTreeSet::new();
        for external in &self.best.schedule.externals {
            needed.extend(needed_by(&external.deed));
        }
        let base = self.best.clone();
        let (kept, free): (Vec<u32>, Vec<u32>) = present(&base)
            .into_iter()
            .partition(|node| needed.contains(node));
        let _ = kept;
        self.ddmin(free.clone(), &|left| {
            let left: BTreeSet<u32> = left.iter().copied().collect();
            let gone: Vec<u32> = free.iter().copied().filter(|n| !left.contains(n)).collect();
            Some(without_nodes(&base, &gone))
        });
        let base = self.best.clone();
        self.ddmin(base.schedule.links.clone(), &|left| {
            let schedule = Schedule {
                links: left.to_vec(),
                ..(*base.schedule).clone()
            };
            Some(with_schedule(&base, schedule))
        });
    }

    /// All nodes that are left get numbers from 0 on. They draw otherwise then, so this is kept only if
    /// the failure is still there.
    pub(super) fn new_names(&mut self) {
        if self.best.absent.is_empty() {
            return;
        }
        let renamed = renamed(&self.best);
        self.one(renamed);
    }
}

/// Whether links lead from the sender of each message to its recipient. Of contacts nobody can say.
pub(super) fn joined(setup: &Setup) -> bool {
    let externals = &setup.schedule.externals;
    if externals
        .iter()
        .any(|external| matches!(external.deed, Deed::Meet { .. }))
    {
        return true;
    }
    // Each node points at another one of its part, the last one at itself.
    let mut next: Vec<u32> = (0..setup.scenario.topology.nodes).collect();
    for (a, b) in &setup.schedule.links {
        let (a, b) = (last(&next, *a), last(&next, *b));
        if let Some(end) = next.get_mut(a as usize) {
            *end = b;
        }
    }
    externals.iter().all(|external| {
        let Deed::Send { from, to, .. } = external.deed else {
            return true;
        };
        last(&next, from) == last(&next, to)
    })
}

fn last(next: &[u32], mut node: u32) -> u32 {
    while let Some(further) = next.get(node as usize).filter(|further| **further != node) {
        node = *further;
    }
    node
}

/// The nodes that take part.
fn present(setup: &Setup) -> Vec<u32> {
    (0..setup.scenario.topology.nodes)
        .filter(|node| setup.absent.binary_search(node).is_err())
        .collect()
}

/// A setup in which these nodes are absent too, with no link to them and nothing done to them.
fn without_nodes(setup: &Setup, gone: &[u32]) -> Setup {
    let mut absent: Vec<u32> = setup.absent.iter().chain(gone).copied().collect();
    absent.sort_unstable();
    absent.dedup();
    let there = |node: u32| absent.binary_search(&node).is_err();
    let mut externals = Vec::new();
    for external in &setup.schedule.externals {
        let mut external = external.clone();
        if let Deed::Cut { side, .. } = &mut external.deed {
            *side = side.iter().copied().filter(|node| there(*node)).collect();
        }
        if needed_by(&external.deed).into_iter().all(there) {
            externals.push(external);
        }
    }
    let mut links = setup.schedule.links.clone();
    links.retain(|(a, b)| there(*a) && there(*b));
    let schedule = Schedule {
        externals,
        links,
        ..(*setup.schedule).clone()
    };
    let mut less = with_schedule(setup, schedule);
    less.absent = absent.into();
    less
}

/// The same with nodes numbered from 0 on and none absent.
pub(super) fn renamed(setup: &Setup) -> Option<Setup> {
    let nodes = present(setup);
    let name = |node: u32| {
        let at = nodes.binary_search(&node).ok()?;
        u32::try_from(at).ok()
    };
    let old = &setup.schedule;
    let externals: Option<Vec<External>> = old
        .externals
        .iter()
        .map(|external| rename(external, &name))
        .collect();
    let links: Option<Vec<(u32, u32)>> = old
        .links
        .iter()
        .map(|(a, b)| Some((name(*a)?, name(*b)?)))
        .collect();
    let per_node = |node: &u32| *node as usize;
    let profile = |at: usize| old.profiles.get(at).copied().unwrap_or(0);
    let phase = |at: usize| old.phases.get(at).copied().unwrap_or_default();
    let schedule = Schedule {
        externals: externals?,
        links: links?,
        profiles: nodes.iter().map(per_node).map(profile).collect(),
        phases: nodes.iter().map(per_node).map(phase).collect(),
    };
    let mut scenario = (*setup.scenario).clone();
    scenario.topology.nodes = u32::try_from(nodes.len()).ok()?;
    scenario.topology.shape = Shape::Pairs(schedule.links.clone());
    let named = with_scenario(setup, scenario.clone()).or_else(|| {
        scenario.topology.shape = Shape::None;
        with_scenario(setup, scenario)
    })?;
    let mut named = with_schedule(&named, schedule);
    named.absent = Arc::default();
    Some(named)
}

fn rename(external: &External, name: &dyn Fn(u32) -> Option<u32>) -> Option<External> {
    let mut external = external.clone();
    match &mut external.deed {
        Deed::Send { from, to, .. } => {
            *from = name(*from)?;
            *to = name(*to)?;
        }
        Deed::Crash { node }
        | Deed::Start { node, .. }
        | Deed::ClockStep { node, .. }
        | Deed::Suspend { node, .. }
        | Deed::Disk { node, .. }
        | Deed::Turn { node, .. } => *node = name(*node)?,
        Deed::Cut { side, .. } => *side = side.iter().filter_map(|node| name(*node)).collect(),
        Deed::Break { a, b, .. }
        | Deed::Repair { a, b }
        | Deed::Meet { a, b }
        | Deed::Part { a, b } => {
            *a = name(*a)?;
            *b = name(*b)?;
        }
        Deed::Mend { .. } | Deed::Weather(_) | Deed::Mtu(_) | Deed::Calm => {}
    }
    Some(external)
}

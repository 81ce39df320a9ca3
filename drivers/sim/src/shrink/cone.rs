//! Which nodes can have had a part in a failure: its causal cone, walked back through whatever
//! arrived.

use std::collections::BTreeSet;

use crate::engine::Wheel;
use crate::run::Wrong;
use crate::suite::{SimSuite, UnderSuite};
use crate::time::Time;
use crate::trace::Fact;
use crate::world::{Item, Setup, World};

use super::units::needed_by;

/// How much of the end of a run is looked at.
const FACTS: usize = 4_000_000;

/// The nodes from which envelopes can have reached where the failure was, the ends of the message it
/// is about included; `None` when that cannot be known.
pub(super) fn cone(setup: &Setup, wrong: &Wrong) -> Option<BTreeSet<u32>> {
    struct Job<'a>(&'a Setup, Time);
    impl UnderSuite for Job<'_> {
        type Out = Option<Vec<(u32, u32)>>;
        fn run<C: SimSuite>(self) -> Self::Out {
            let mut world: World<C, Wheel<Item>> = self.0.build().ok()?;
            world.run(self.1);
            let entries = world.trace()?.entries();
            let mut arrivals = Vec::new();
            for entry in entries {
                if let Fact::Arrived { from, frames, .. } = &entry.fact
                    && frames.iter().any(|frame| frame.kind != 0)
                {
                    arrivals.push((*from, entry.node));
                }
            }
            Some(arrivals)
        }
    }
    let mut nodes: BTreeSet<u32> = wrong.node.into_iter().collect();
    for external in &setup.schedule.externals {
        if let crate::scenario::Deed::Send { number, .. } = external.deed
            && Some(number) == wrong.message
        {
            nodes.extend(needed_by(&external.deed));
        }
    }
    if nodes.is_empty() {
        return None;
    }
    let mut traced = setup.clone();
    traced.trace = Some(FACTS);
    let end = crate::repro::moment(wrong)?;
    let suite = setup.scenario.scenario.suite;
    let arrivals = suite.run(Job(&traced, end))?;
    for (from, to) in arrivals.into_iter().rev() {
        if nodes.contains(&to) {
            nodes.insert(from);
        }
    }
    Some(nodes)
}

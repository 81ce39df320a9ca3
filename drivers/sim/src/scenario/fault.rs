//! What breaks.

use std::collections::BTreeMap;

use super::deed::Deed;
use super::expand::{Draft, side};
use super::graph::choose;
use super::model::{Dist, Fault, Pick};
use crate::draw::Stream;
use crate::time::{Span, Time};

pub(super) fn draw(draft: &mut Draft<'_>) {
    for (at, fault) in (0_u32..).zip(&draft.scenario.fault) {
        let mut stream = draft.stream("fault", at as usize);
        one(draft, at, fault, &mut stream);
    }
}

fn one(draft: &mut Draft<'_>, cut: u32, fault: &Fault, stream: &mut Stream) {
    match fault {
        Fault::Partition {
            at,
            lasts,
            side: share,
            pick,
            one_way,
        } => {
            let side = side(draft.pick(pick, draft.count(*share), stream));
            let (at, one_way) = (Time(at.0), *one_way);
            draft.add_fault(at, Deed::Cut { cut, side, one_way });
            draft.add_fault(at.plus(*lasts), Deed::Mend { cut });
        }
        Fault::Links {
            at,
            lasts,
            per_minute,
            gone_s,
            one_way,
        } => {
            let from = Time(at.0);
            let spell = (from, from.plus(*lasts).min(draft.calm));
            links(draft, spell, *per_minute, gone_s, *one_way, stream);
        }
        Fault::Weather { at, lasts, loss } => {
            let at = Time(at.0);
            draft.add_fault(at, Deed::Weather(Some(*loss)));
            draft.add_fault(at.plus(*lasts), Deed::Weather(None));
        }
        Fault::ClockStep {
            at,
            fraction,
            by_ms,
        } => {
            for node in draft.pick(&Pick::Uniform, draft.count(*fraction), stream) {
                let by_ms = libm::round(by_ms.sample(stream)) as i64;
                draft.add_fault(Time(at.0), Deed::ClockStep { node, by_ms });
            }
        }
        Fault::Suspend {
            at,
            fraction,
            for_s,
        } => {
            let at = Time(at.0);
            for node in draft.pick(&Pick::Uniform, draft.count(*fraction), stream) {
                let lasts = for_s.sample_span(stream).min(draft.calm.since(at));
                draft.add_fault(at, Deed::Suspend { node, lasts });
            }
        }
        Fault::Mtu { at, mtu } => draft.add_fault(Time(at.0), Deed::Mtu(*mtu)),
        Fault::Disk {
            at,
            lasts,
            fraction,
        } => {
            let at = Time(at.0);
            let durable: Vec<u32> = (0..)
                .zip(&draft.kinds)
                .filter(|(_, kind)| kind.durable)
                .map(|(node, _)| node)
                .collect();
            for node in choose(&durable, draft.count(*fraction), stream) {
                draft.add_fault(at, Deed::Disk { node, fails: true });
                draft.add_fault(at.plus(*lasts), Deed::Disk { node, fails: false });
            }
        }
    }
}

/// Links of the shape go and come back; one that is gone does not go again.
fn links(
    draft: &mut Draft<'_>,
    spell: (Time, Time),
    per_minute: f64,
    gone_s: &Dist,
    one_way: bool,
    stream: &mut Stream,
) {
    let mut gone_until: BTreeMap<(u32, u32), Time> = BTreeMap::new();
    for at in draft.poisson(per_minute / 60.0, spell, stream) {
        let nth = stream.below(draft.links.len() as u64) as usize;
        let turned = stream.below(2) == 1;
        let gone: Span = gone_s.sample_span(stream);
        let Some(link @ (a, b)) = draft.links.get(nth).copied() else {
            return;
        };
        if gone_until.get(&link).is_some_and(|until| *until >= at) {
            continue;
        }
        gone_until.insert(link, at.plus(gone));
        let (a, b) = if turned { (b, a) } else { (a, b) };
        draft.add_fault(at, Deed::Break { a, b, one_way });
        draft.add_fault(at.plus(gone), Deed::Repair { a, b });
    }
}

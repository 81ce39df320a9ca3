//! Who writes to whom.

use std::collections::BTreeSet;

use super::deed::{Deed, External};
use super::dist::span_of_seconds;
use super::error::ScenarioError;
use super::expand::Draft;
use super::model::{Pattern, Traffic};
use crate::draw::Stream;
use crate::time::Time;

/// A payload begins with a tag of so many bytes.
const LEAST: f64 = 16.0;
/// The longest payload that is drawn: what a node with the largest tables takes.
const MOST: f64 = 60_000.0;

/// One entry of traffic.
struct Writer<'a> {
    entry: &'a Traffic,
    number: u16,
    from: Time,
    until: Time,
}

pub(super) fn draw(draft: &mut Draft<'_>) -> Result<(), ScenarioError> {
    for (number, entry) in (0_u16..).zip(&draft.scenario.traffic) {
        let writer = Writer {
            entry,
            number,
            from: Time(entry.from.0),
            until: entry.until.map_or(draft.end, |s| Time(s.0)).min(draft.end),
        };
        let mut stream = draft.stream("traffic", usize::from(number));
        writer.draw(draft, &mut stream)?;
    }
    Ok(())
}

/// Names messages by the order of time, from 1 on.
pub(super) fn number(externals: &mut [External]) {
    let mut last = 0;
    for external in externals {
        if let Deed::Send { number, .. } = &mut external.deed {
            last += 1;
            *number = last;
        }
    }
}

impl Writer<'_> {
    fn send(&self, draft: &mut Draft<'_>, at: Time, from: u32, to: u32, stream: &mut Stream) {
        // Drawn in any case: another window shifts no later draw.
        let len = self.entry.size.sample(stream).clamp(LEAST, MOST) as u32;
        if at < self.from || at >= self.until {
            return;
        }
        let deed = Deed::Send {
            number: 0,
            from,
            to,
            len,
            lifetime: self.entry.lifetime,
            priority: self.entry.priority,
            traffic: self.number,
        };
        draft.add(at, deed);
    }

    fn draw(&self, draft: &mut Draft<'_>, stream: &mut Stream) -> Result<(), ScenarioError> {
        let nodes = draft.scenario.topology.nodes;
        let spell = (self.from, self.until);
        match &self.entry.pattern {
            Pattern::Uniform { per_hour } => {
                let rate = per_hour * f64::from(nodes) / 3_600.0;
                for at in draft.poisson(rate, spell, stream) {
                    let (a, b) = two(nodes, stream);
                    self.send(draft, at, a, b, stream);
                }
            }
            Pattern::Conversations { pairs, per_hour } => {
                for (a, b) in different_pairs(nodes, *pairs, stream) {
                    let moments = draft.poisson(per_hour / 3_600.0, spell, stream);
                    for (nth, at) in moments.into_iter().enumerate() {
                        let (a, b) = if nth % 2 == 0 { (a, b) } else { (b, a) };
                        self.send(draft, at, a, b, stream);
                    }
                }
            }
            Pattern::Broadcast { source, per_hour } => {
                for at in draft.poisson(per_hour / 3_600.0, spell, stream) {
                    for to in (0..nodes).filter(|to| to != source) {
                        self.send(draft, at, *source, to, stream);
                    }
                }
            }
            Pattern::List(messages) => {
                for (at, a, b) in messages {
                    self.send(draft, Time(at.0), *a, *b, stream);
                }
            }
            Pattern::Trace { file, speedup } => {
                for write in draft.files.writes(file)?.iter() {
                    let (a, mut b) = (write.from % nodes, write.to % nodes);
                    if a == b {
                        b = (b + 1) % nodes;
                    }
                    let at = self.from.plus(span_of_seconds(write.at_s / speedup));
                    self.send(draft, at, a, b, stream);
                }
            }
        }
        Ok(())
    }
}

/// Two different nodes.
fn two(nodes: u32, stream: &mut Stream) -> (u32, u32) {
    let a = stream.below(u64::from(nodes)) as u32;
    let b = stream.below(u64::from(nodes.saturating_sub(1))) as u32;
    (a, if b >= a { b + 1 } else { b })
}

/// So many different pairs, the first to write first.
fn different_pairs(nodes: u32, pairs: u32, stream: &mut Stream) -> Vec<(u32, u32)> {
    let all = u64::from(nodes) * u64::from(nodes.saturating_sub(1)) / 2;
    let want = u64::from(pairs).min(all);
    let mut seen = BTreeSet::new();
    if want * 2 > all {
        // Most of all pairs: draw among the listed ones.
        let listed: Vec<_> = (0..nodes)
            .flat_map(|a| (a + 1..nodes).map(move |b| (a, b)))
            .collect();
        return super::graph::choose(&listed, want as usize, stream);
    }
    let mut drawn = Vec::new();
    while (drawn.len() as u64) < want {
        let (a, b) = two(nodes, stream);
        if seen.insert((a.min(b), a.max(b))) {
            drawn.push((a, b));
        }
    }
    drawn
}

//! Who comes and goes.

use std::collections::BTreeSet;

use super::deed::Deed;
use super::dist::span_of_seconds;
use super::error::{Bad, ScenarioError};
use super::expand::Draft;
use super::model::{Churn, Pick};
use crate::draw::Stream;
use crate::time::{Span, Time};

/// No node is up, or down, for less than this: a distribution of zeros ends, too.
const LEAST: Span = Span::from_millis(10);

pub(super) fn draw(draft: &mut Draft<'_>) -> Result<(), ScenarioError> {
    for (at, churn) in draft.scenario.churn.iter().enumerate() {
        let mut stream = draft.stream("churn", at);
        one(draft, churn, &mut stream)?;
    }
    Ok(())
}

fn one(draft: &mut Draft<'_>, churn: &Churn, stream: &mut Stream) -> Result<(), ScenarioError> {
    match churn {
        Churn::Sessions {
            up_s,
            down_s,
            share,
            forget,
        } => {
            let mut who = draft.pick(&Pick::Uniform, draft.count(*share), stream);
            who.sort_unstable();
            for node in who {
                let mut at = Time::ZERO;
                loop {
                    at = at.plus(up_s.sample_span(stream).max(LEAST));
                    if at >= draft.calm || draft.is_full() {
                        break;
                    }
                    draft.add_fault(at, Deed::Crash { node });
                    at = at.plus(down_s.sample_span(stream).max(LEAST));
                    let forget = *forget;
                    draft.add_fault(at, Deed::Start { node, forget });
                }
            }
        }
        Churn::Mass {
            at,
            fraction,
            pick,
            back_after,
            forget,
        } => {
            let at = Time(at.0);
            for node in draft.pick(pick, draft.count(*fraction), stream) {
                draft.add_fault(at, Deed::Crash { node });
                if let Some(after) = back_after {
                    let forget = *forget;
                    draft.add_fault(at.plus(*after), Deed::Start { node, forget });
                }
            }
        }
        // They are there from the start and go at once: nothing else has to know of them.
        Churn::FlashCrowd {
            at,
            within,
            fraction,
        } => {
            let who = draft.pick(&Pick::Uniform, draft.count(*fraction), stream);
            for node in who {
                let after = span_of_seconds(within.0 as f64 / 1e9 * stream.unit());
                let forget = true;
                draft.add_fault(Time::ZERO, Deed::Crash { node });
                draft.add_fault(Time(at.0).plus(after), Deed::Start { node, forget });
            }
        }
        Churn::Trace { file } => trace(draft, file)?,
    }
    Ok(())
}

/// Those whose first event is that they come are down until then.
fn trace(draft: &mut Draft<'_>, file: &str) -> Result<(), ScenarioError> {
    let nodes = draft.scenario.topology.nodes;
    let mut seen = BTreeSet::new();
    for event in draft.files.up_downs(file)?.iter() {
        let node = event.node;
        if node >= nodes {
            let problem = format!("this trace has a node {node}");
            let remedy = format!("write more than topology.nodes = {nodes}");
            return Err(Bad::new(problem, remedy).at(file, event.line));
        }
        let first = seen.insert(node);
        if first && event.up && event.at > Span::ZERO {
            draft.add_fault(Time::ZERO, Deed::Crash { node });
        }
        let deed = match event.up {
            true => Deed::Start {
                node,
                forget: false,
            },
            false => Deed::Crash { node },
        };
        draft.add_fault(Time(event.at.0), deed);
    }
    Ok(())
}

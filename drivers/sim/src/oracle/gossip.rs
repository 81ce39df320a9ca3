//! Infect and die: who hears a message for the first time tells `f` others at random, once.
//!
//! Known: it comes to a share `p = 1 - e^(-f p)` of all, and to every one of `n` nodes with a chance
//! of `e^(-e^(-(f - ln n)))`.

use super::{Effort, Row, mean};
use crate::draw::{Purpose, draw};
use crate::engine::{Key, Queue, Wheel, World, run};
use crate::time::{Span, Time};

/// Per fanout: the share of 10,000 nodes reached, and how far that may be off by its last digit and
/// the runs it is the mean of.
const COVERAGE: [(u32, f64, f64); 7] = [
    (2, 0.797, 0.006),
    (3, 0.9406, 0.002),
    (4, 0.9802, 0.001),
    (5, 0.9928, 0.000_8),
    (8, 0.9996, 0.000_2),
    (10, 0.999_96, 0.000_05),
    (12, 0.999_99, 0.000_05),
];
/// Per fanout: the share of runs in which all of them were, and three standard deviations of it over
/// the runs here and a hundred there.
const ALL: [(u32, f64, f64); 2] = [(10, 0.67, 0.15), (12, 0.95, 0.08)];

/// The rows of this oracle.
pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let (nodes, few, many) = match effort {
        Effort::Small => (10_000, 3, 10),
        Effort::Whole => (10_000, 20, 600),
    };
    let mut rows = Vec::new();
    for (fanout, published, band) in COVERAGE {
        let all = ALL.iter().find(|all| all.0 == fanout);
        let runs = if all.is_some() { many } else { few };
        let reached: Vec<u32> = (0..runs).map(|seed| spread(nodes, fanout, seed)).collect();
        let share = mean(
            reached
                .iter()
                .map(|&reached| f64::from(reached) / f64::from(nodes)),
        );
        let case = format!("n={nodes} fanout {fanout}: reached");
        let band = if effort == Effort::Small {
            3.0 * band
        } else {
            band
        };
        rows.push(Row::new(
            "push gossip",
            case.clone(),
            published,
            share,
            band,
        ));
        rows.push(Row::new(
            "push gossip theory",
            case,
            coverage(fanout),
            share,
            band,
        ));
        if let Some(&(_, published, band)) = all
            && effort == Effort::Whole
        {
            let complete = mean(
                reached
                    .iter()
                    .map(|&reached| f64::from(u8::from(reached == nodes))),
            );
            let case = format!("n={nodes} fanout {fanout}: all reached");
            let theory = all_reached(nodes, fanout);
            rows.push(Row::new(
                "push gossip",
                case.clone(),
                published,
                complete,
                band,
            ));
            let band = 3.0 * (theory * (1.0 - theory) / many as f64).sqrt();
            rows.push(Row::new("push gossip theory", case, theory, complete, band));
        }
    }
    rows
}

/// The share reached.
fn coverage(fanout: u32) -> f64 {
    let mut share = 1.0;
    for _ in 0..1_000 {
        share = 1.0 - libm::exp(-f64::from(fanout) * share);
    }
    share
}

/// The chance that all are reached.
fn all_reached(nodes: u32, fanout: u32) -> f64 {
    libm::exp(-libm::exp(
        -(f64::from(fanout) - libm::log(f64::from(nodes))),
    ))
}

/// How many of `nodes` hear of what node 0 tells.
fn spread(nodes: u32, fanout: u32, seed: u64) -> u32 {
    let mut network = Network {
        fanout,
        seed,
        heard: vec![false; nodes as usize],
        reached: 0,
    };
    let mut queue = Wheel::default();
    queue.push(Key::new(Time::ZERO, u32::MAX, 0), 0);
    run(&mut queue, &mut network, Time::NEVER);
    network.reached
}

/// Nodes that tell others once; an event is the node that is told.
struct Network {
    fanout: u32,
    seed: u64,
    heard: Vec<bool>,
    reached: u32,
}

impl World<u32> for Network {
    fn handle<Q: Queue<u32>>(&mut self, key: Key, node: u32, queue: &mut Q) {
        if std::mem::replace(&mut self.heard[node as usize], true) {
            return;
        }
        self.reached += 1;
        let others = self.heard.len() as u64 - 1;
        for sequence in 0..self.fanout {
            let drawn = draw(
                self.seed,
                node,
                u32::MAX,
                sequence.into(),
                Purpose::Application,
            );
            // Anyone but itself.
            let other = ((u128::from(drawn) * u128::from(others)) >> 64) as u32;
            let to = other + u32::from(other >= node);
            let takes = Span(1_000_000 + (drawn & 0xFFF_FFFF));
            queue.push(Key::new(key.time.plus(takes), node, sequence), to);
        }
    }
}

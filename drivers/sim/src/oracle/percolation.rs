//! A message floods a random regular graph of which a part was removed, and nothing repairs it.
//!
//! Known: who survives is reached if they and the source are in the giant component, whose share is
//! `1 - u^d` where `u = f + (1-f) u^(d-1)`; above `f = 1 - 1/(d-1)` there is none, and whoever is
//! reached is one of `1 + d (1-f) / (1 - (d-1)(1-f))` on average.

use std::collections::BTreeSet;

use super::{Effort, Row, mean};
use crate::draw::Stream;
use crate::engine::{Key, Queue, Wheel, World, run};
use crate::time::{Span, Time};

/// How long a link takes: all the same, so that a message comes by the shortest way first.
const LINK: Span = Span::from_millis(1);

/// Per degree: the percentage removed, and the share of survivors reached with 10,000 nodes, mean of
/// 20 runs.
const PUBLISHED: [(usize, &[(u32, f64)]); 2] = [
    (
        5,
        &[
            (0, 1.0),
            (10, 1.0),
            (30, 0.9976),
            (50, 0.9534),
            (60, 0.715),
            (70, 0.197),
            (80, 0.002),
        ],
    ),
    (
        8,
        &[
            (30, 0.9999),
            (50, 0.9957),
            (60, 0.980),
            (70, 0.825),
            (80, 0.419),
            (90, 0.006),
        ],
    ),
];
/// Hops to the last node when nothing is removed, degree 5.
const PUBLISHED_HOPS: f64 = 8.2;
/// How many runs the published means are of.
const PUBLISHED_RUNS: f64 = 20.0;

/// What one flood came to.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    share: f64,
    hops: u64,
}

/// The rows of this oracle.
pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let (nodes, runs) = match effort {
        Effort::Small => (1_000, 10),
        Effort::Whole => (10_000, 40),
    };
    let mut rows = Vec::new();
    for (degree, cases) in PUBLISHED {
        let mut outcomes = vec![Vec::new(); cases.len()];
        for number in 0..runs {
            let mut stream = Stream::new(number, &format!("percolation {degree}"));
            let graph = regular_graph(nodes, degree, &mut stream);
            for ((percent, _), outcomes) in cases.iter().zip(&mut outcomes) {
                // Where no giant component is, a flood is short and the next quite another.
                let giant = giant_share(degree, f64::from(*percent) / 100.0);
                for _ in 0..if giant > 0.0 { 1 } else { 25 } {
                    outcomes.push(flood(&graph, degree, *percent, &mut stream));
                }
            }
        }
        for (&(percent, share), outcomes) in cases.iter().zip(&outcomes) {
            rows.extend(compare(nodes, degree, percent, share, outcomes));
        }
    }
    rows
}

/// The rows of one degree and one percentage.
fn compare(nodes: u32, degree: usize, percent: u32, share: f64, outcomes: &[Outcome]) -> Vec<Row> {
    let case = |what: &str| format!("n={nodes} d={degree}, {percent} % removed: {what}");
    let kept = 1.0 - f64::from(percent) / 100.0;
    let giant = giant_share(degree, 1.0 - kept);
    let runs = outcomes.len() as f64;
    let reached = mean(outcomes.iter().map(|outcome| outcome.share));
    let (theory, deviation, least) = if giant > 0.0 {
        // A source outside the giant component reaches next to nobody: that is the chance in a run.
        let deviation = giant * (giant * (1.0 - giant)).sqrt();
        (giant * giant, deviation, 0.002)
    } else {
        // The source and those around it, as many as a branching process has that dies out.
        let children = (degree - 1) as f64 * kept;
        let around = 1.0 + degree as f64 * kept / (1.0 - children);
        let survivors = f64::from(nodes) * kept;
        let branch = children * (1.0 - kept) / (1.0 - children).powi(3);
        let first = degree as f64 * kept;
        let variance = first * branch + first * (1.0 - kept) / (1.0 - children).powi(2);
        // The theory is of endless graphs: in these a long flood meets itself.
        let share = around / survivors;
        (share, variance.sqrt() / survivors, 20.0 / survivors * share)
    };
    let band = |others: f64| 3.0 * deviation * (1.0 / runs + others).sqrt() + least;
    let (to_known, to_theory) = (band(1.0 / PUBLISHED_RUNS), band(0.0));
    let mut rows = Vec::new();
    // Known with so many nodes; only a giant component has the same share of fewer.
    if giant > 0.0 || nodes == 10_000 {
        rows.push(Row::new(
            "percolation",
            case("reached"),
            share,
            reached,
            to_known,
        ));
    }
    let reach = case("reached");
    rows.push(Row::new(
        "percolation theory",
        reach,
        theory,
        reached,
        to_theory,
    ));
    if giant > 0.0 {
        let shares = || {
            let shares = outcomes.iter().map(|outcome| outcome.share);
            shares.filter(|share| *share > giant / 2.0)
        };
        let component = mean(shares());
        let variance = mean(shares().map(|share| (share - component).powi(2)));
        // The theory is of endless graphs: what is missing of it falls with their size.
        let band = 3.0 * (variance / runs).sqrt() + 5.0 / f64::from(nodes);
        let case = case("giant component");
        rows.push(Row::new("percolation theory", case, giant, component, band));
    }
    if percent == 0 && degree == 5 && nodes == 10_000 {
        let hops = mean(outcomes.iter().map(|outcome| outcome.hops as f64));
        rows.push(Row::new(
            "percolation",
            case("hops to the last"),
            PUBLISHED_HOPS,
            hops,
            0.3,
        ));
    }
    rows
}

/// The share of the survivors that are in the giant component.
fn giant_share(degree: usize, removed: f64) -> f64 {
    // The chance that a link leads to nobody who goes on for ever; from below, the least solution.
    let mut dead_end = 0.0f64;
    for _ in 0..100_000 {
        dead_end = removed + (1.0 - removed) * dead_end.powi(degree as i32 - 1);
    }
    let share = 1.0 - dead_end.powi(degree as i32);
    if share < 1e-3 { 0.0 } else { share }
}

/// A random graph in which each node has `degree` neighbours: those of node `n` at `n * degree`.
///
/// Ends of links are paired at random; a loop or a second link between two nodes swaps ends with
/// another link.
fn regular_graph(nodes: u32, degree: usize, stream: &mut Stream) -> Vec<u32> {
    let mut ends: Vec<u32> = (0..nodes)
        .flat_map(|node| std::iter::repeat_n(node, degree))
        .collect();
    for at in (1..ends.len()).rev() {
        ends.swap(at, stream.below(at as u64 + 1) as usize);
    }
    let mut links: Vec<[u32; 2]> = ends.as_chunks().0.to_vec();
    let sorted = |[a, b]: [u32; 2]| [a.min(b), a.max(b)];
    let mut there = BTreeSet::new();
    let mut bad: Vec<usize> = Vec::new();
    for (at, &link) in links.iter().enumerate() {
        if link[0] == link[1] || !there.insert(sorted(link)) {
            bad.push(at);
        }
    }
    while let Some(&at) = bad.last() {
        let other = stream.below(links.len() as u64) as usize;
        let ([a, b], [c, d]) = (links[at], links[other]);
        let (one, two) = (sorted([a, c]), sorted([b, d]));
        let new = a != c && b != d && one != two && !there.contains(&one) && !there.contains(&two);
        if new && !bad.contains(&other) {
            there.remove(&sorted([c, d]));
            there.extend([one, two]);
            (links[at], links[other]) = (one, two);
            bad.pop();
        }
    }
    let mut graph = vec![u32::MAX; nodes as usize * degree];
    let mut filled = vec![0; nodes as usize];
    for [a, b] in links {
        for (from, to) in [(a, b), (b, a)] {
            let from = from as usize;
            graph[from * degree + filled[from]] = to;
            filled[from] += 1;
        }
    }
    graph
}

/// Removes some nodes and floods the rest from one of them.
fn flood(graph: &[u32], degree: usize, percent: u32, stream: &mut Stream) -> Outcome {
    let nodes = graph.len() / degree;
    let removed = nodes * percent as usize / 100;
    let mut order: Vec<u32> = (0..nodes as u32).collect();
    for at in 0..=removed.min(nodes - 1) {
        order.swap(at, at + stream.below((nodes - at) as u64) as usize);
    }
    let mut network = Network {
        graph,
        degree,
        closed: vec![false; nodes],
        reached: 0,
        last: Time::ZERO,
    };
    for &node in &order[..removed] {
        network.closed[node as usize] = true;
    }
    let mut queue = Wheel::default();
    queue.push(Key::new(Time::ZERO, u32::MAX, 0), order[removed]);
    run(&mut queue, &mut network, Time::NEVER);
    Outcome {
        share: f64::from(network.reached) / (nodes - removed) as f64,
        hops: network.last.0 / LINK.0,
    }
}

/// Nodes that pass a message on once; an event is the node it comes to.
struct Network<'a> {
    graph: &'a [u32],
    degree: usize,
    /// Removed, or reached.
    closed: Vec<bool>,
    reached: u32,
    last: Time,
}

impl World<u32> for Network<'_> {
    fn handle<Q: Queue<u32>>(&mut self, key: Key, node: u32, queue: &mut Q) {
        if std::mem::replace(&mut self.closed[node as usize], true) {
            return;
        }
        self.reached += 1;
        self.last = key.time;
        let known = &self.graph[node as usize * self.degree..][..self.degree];
        for (sequence, &to) in (0..).zip(known) {
            queue.push(Key::new(key.time.plus(LINK), node, sequence), to);
        }
    }
}

#[cfg(test)]
mod tests;

//! Greedy lookups in full, static Kademlia tables: how many hops to a node that is there.

use super::{Effort, Row, mean};
use crate::draw::{Purpose, Stream, draw};
use crate::engine::{Key, Queue, Wheel, World, run};
use crate::time::{Span, Time};

/// Nodes, entries to a bucket, mean hops.
const PUBLISHED: [(u32, u32, f64); 9] = [
    (1_000, 1, 4.91),
    (1_000, 8, 2.46),
    (1_000, 20, 1.97),
    (10_000, 1, 6.59),
    (10_000, 8, 3.19),
    (10_000, 20, 2.57),
    (100_000, 1, 8.25),
    (100_000, 8, 3.93),
    (100_000, 20, 3.16),
];
/// How long a hop takes.
const LINK: Span = Span::from_millis(1);

/// The rows of this oracle.
pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let (most, lookups, band) = match effort {
        Effort::Small => (10_000, 1_000, 0.25),
        Effort::Whole => (100_000, 10_000, 0.1),
    };
    let cases = PUBLISHED.iter().filter(|case| case.0 <= most);
    let row = |&(nodes, bucket, published): &(u32, u32, f64)| {
        let hops = mean_hops(nodes, bucket, lookups);
        let case = format!("n={nodes} k={bucket}: mean hops");
        Row::new("kademlia", case, published, hops, band)
    };
    cases.map(row).collect()
}

/// The mean hops of so many lookups from a node for another.
fn mean_hops(nodes: u32, bucket: u32, lookups: u32) -> f64 {
    let mut stream = Stream::new(1, &format!("kademlia {nodes} {bucket}"));
    let mut ids: Vec<u64> = (0..nodes).map(|_| stream.bits()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut any = || stream.below(ids.len() as u64) as u32;
    let mut queue = Wheel::default();
    for number in 0..lookups {
        let (at, target) = (any(), any());
        let lookup = Lookup {
            at,
            target,
            hops: 0,
        };
        queue.push(Key::new(Time::ZERO, number, 0), lookup);
    }
    let mut network = Network {
        ids,
        bucket,
        hops: Vec::new(),
    };
    run(&mut queue, &mut network, Time::NEVER);
    mean(network.hops.iter().map(|&hops| f64::from(hops)))
}

/// A lookup that has come to a node.
#[derive(Clone, Copy, Debug)]
struct Lookup {
    at: u32,
    target: u32,
    hops: u32,
}

/// Nodes by rank of their ids. What is in a bucket is drawn when it is looked at: always the same.
struct Network {
    ids: Vec<u64>,
    bucket: u32,
    hops: Vec<u32>,
}

impl World<Lookup> for Network {
    fn handle<Q: Queue<Lookup>>(&mut self, key: Key, lookup: Lookup, queue: &mut Q) {
        if lookup.at == lookup.target {
            self.hops.push(lookup.hops);
            return;
        }
        let next = Lookup {
            at: self.closest(lookup.at, lookup.target),
            hops: lookup.hops + 1,
            ..lookup
        };
        let again = Key::new(key.time.plus(LINK), key.source, key.sequence + 1);
        queue.push(again, next);
    }
}

impl Network {
    /// Whom of those in its bucket for the target a node knows that is closest to it.
    fn closest(&self, at: u32, target: u32) -> u32 {
        let target = self.ids[target as usize];
        // The bucket is all ids that begin as the target's, one bit further than the node's own.
        let same = (self.ids[at as usize] ^ target).leading_zeros();
        let beyond = u64::MAX.checked_shr(same + 1).unwrap_or(0);
        let first = self.ids.partition_point(|&id| id < target & !beyond);
        let end = self.ids.partition_point(|&id| id <= target | beyond);
        let known = Drawn::new(at, same, (end - first) as u32, self.bucket);
        known
            .map(|place| first as u32 + place)
            .min_by_key(|&node| self.ids[node as usize] ^ target)
            .unwrap_or(at)
    }
}

/// So many different places of a bucket, always the same for one node and one bucket.
struct Drawn {
    node: u32,
    bucket: u32,
    all: u32,
    wanted: u32,
    tries: u64,
    taken: Vec<u32>,
}

impl Drawn {
    fn new(node: u32, bucket: u32, all: u32, wanted: u32) -> Self {
        Self {
            node,
            bucket,
            all,
            wanted: wanted.min(all),
            tries: 0,
            taken: Vec::new(),
        }
    }
}

impl Iterator for Drawn {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        while self.taken.len() < self.wanted as usize {
            let place = if self.wanted == self.all {
                self.taken.len() as u32
            } else {
                let drawn = draw(1, self.node, self.bucket, self.tries, Purpose::Application);
                self.tries += 1;
                ((u128::from(drawn) * u128::from(self.all)) >> 64) as u32
            };
            if !self.taken.contains(&place) {
                self.taken.push(place);
                return Some(place);
            }
        }
        None
    }
}

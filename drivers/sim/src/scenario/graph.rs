//! The links of a shape.

use std::collections::BTreeSet;

use super::model::Shape;
use crate::draw::Stream;

/// A link, the lesser end first.
type Link = (u32, u32);

/// The links a shape keeps, sorted, each once, the lesser end first; drawn from the stream `shape`.
#[must_use]
pub fn links(shape: &Shape, nodes: u32, stream: &mut Stream) -> Vec<Link> {
    let mut links: Vec<Link> = match shape {
        Shape::None | Shape::Contacts { .. } => Vec::new(),
        Shape::Line => (1..nodes).map(|b| (b - 1, b)).collect(),
        Shape::Ring => (0..nodes).map(|a| (a, (a + 1) % nodes)).collect(),
        Shape::Star => (1..nodes).map(|b| (0, b)).collect(),
        Shape::Tree { children } => (1..nodes).map(|b| ((b - 1) / children, b)).collect(),
        Shape::Grid { width } => (0..nodes)
            .flat_map(|a| {
                let right = ((a + 1) % width != 0).then_some((a, a + 1));
                [right, Some((a, a.saturating_add(*width)))]
            })
            .flatten()
            .filter(|(_, b)| *b < nodes)
            .collect(),
        Shape::Complete => complete(nodes),
        Shape::Regular { degree } => regular(nodes, *degree, stream),
        Shape::Core {
            relays,
            degree,
            uplinks,
        } => {
            let mut links = regular(*relays, *degree, stream);
            let all: Vec<u32> = (0..*relays).collect();
            for leaf in *relays..nodes {
                let up = choose(&all, *uplinks as usize, stream);
                links.extend(up.into_iter().map(|relay| (relay, leaf)));
            }
            links
        }
        Shape::Pairs(links) => links.clone(),
    };
    for (a, b) in &mut links {
        if a > b {
            std::mem::swap(a, b);
        }
    }
    links.retain(|(a, b)| a != b);
    links.sort_unstable();
    links.dedup();
    links
}

fn complete(nodes: u32) -> Vec<Link> {
    (0..nodes)
        .flat_map(|a| (a + 1..nodes).map(move |b| (a, b)))
        .collect()
}

/// `count` different ones of `all`, in random order; all when there are fewer.
pub(super) fn choose<T: Copy>(all: &[T], count: usize, stream: &mut Stream) -> Vec<T> {
    let mut rest = all.to_vec();
    let count = count.min(rest.len());
    for at in 0..count {
        let other = at + stream.below((rest.len() - at) as u64) as usize;
        rest.swap(at, other);
    }
    rest.truncate(count);
    rest
}

/// All of them in random order.
pub(super) fn shuffle<T>(all: &mut [T], stream: &mut Stream) {
    for at in (1..all.len()).rev() {
        all.swap(at, stream.below(at as u64 + 1) as usize);
    }
}

/// How often a whole graph is drawn anew before a plain one is taken.
const TRIES: u32 = 64;

/// A random graph in which every node has `degree` links; connected when the degree is 2 or more.
///
/// Ends are paired at random; a pair that is a loop or there already is exchanged with a random other
/// one. A graph in parts is drawn anew, and with degree 2, where almost all are in parts, parts are
/// joined by exchanging one link of each. A dense one is what a sparse one leaves out.
fn regular(nodes: u32, degree: u32, stream: &mut Stream) -> Vec<Link> {
    if degree == 0 || nodes < 2 {
        return Vec::new();
    }
    let missing = (nodes - 1).saturating_sub(degree);
    if missing == 0 {
        return complete(nodes);
    }
    if degree > missing {
        // Each has half of the others or more: such a graph is connected.
        let without: BTreeSet<Link> = pair_any(nodes, missing, stream).into_iter().collect();
        let mut links = complete(nodes);
        links.retain(|link| !without.contains(link));
        return links;
    }
    for _ in 0..TRIES {
        let Some(links) = pair(nodes, degree, stream) else {
            continue;
        };
        if degree == 1 || is_connected(nodes, &links) {
            return links;
        }
        if let Some(links) = join(nodes, links, stream) {
            return links;
        }
    }
    circulant(nodes, degree)
}

/// One that need not be connected.
fn pair_any(nodes: u32, degree: u32, stream: &mut Stream) -> Vec<Link> {
    for _ in 0..TRIES {
        if let Some(links) = pair(nodes, degree, stream) {
            return links;
        }
    }
    circulant(nodes, degree)
}

fn ordered(a: u32, b: u32) -> Link {
    (a.min(b), a.max(b))
}

/// Pairs ends at random, and mends loops and doubles; `None` when that does not come to an end.
fn pair(nodes: u32, degree: u32, stream: &mut Stream) -> Option<Vec<Link>> {
    let mut ends: Vec<u32> = (0..nodes)
        .flat_map(|node| std::iter::repeat_n(node, degree as usize))
        .collect();
    shuffle(&mut ends, stream);
    let (mut there, mut links, mut bad) = (BTreeSet::new(), Vec::new(), Vec::new());
    for two in ends.chunks_exact(2) {
        let [a, b] = two else { continue };
        let link = ordered(*a, *b);
        if a != b && there.insert(link) {
            links.push(link);
        } else {
            bad.push(link);
        }
    }
    let mut patience = 1_000 + 100 * bad.len();
    while let Some((a, b)) = bad.last().copied() {
        patience = patience.checked_sub(1)?;
        let at = stream.below(links.len() as u64) as usize;
        let old @ (c, d) = *links.get(at)?;
        let (one, two) = if stream.below(2) == 0 {
            (ordered(a, c), ordered(b, d))
        } else {
            (ordered(a, d), ordered(b, c))
        };
        let free = |link: Link| link.0 != link.1 && !there.contains(&link);
        if one != two && free(one) && free(two) {
            there.remove(&old);
            there.extend([one, two]);
            *links.get_mut(at)? = one;
            links.push(two);
            bad.pop();
        }
    }
    Some(links)
}

/// The name of each node's part: the least node in it.
fn parts(nodes: u32, links: &[Link]) -> Vec<u32> {
    fn root(part: &mut [u32], mut node: u32) -> u32 {
        while let Some(up) = part.get(node as usize).copied()
            && up != node
        {
            let above = part.get(up as usize).copied().unwrap_or(up);
            if let Some(slot) = part.get_mut(node as usize) {
                *slot = above;
            }
            node = above;
        }
        node
    }
    let mut part: Vec<u32> = (0..nodes).collect();
    for (a, b) in links {
        let (a, b) = (root(&mut part, *a), root(&mut part, *b));
        if let Some(slot) = part.get_mut(a.max(b) as usize) {
            *slot = a.min(b);
        }
    }
    (0..nodes).map(|node| root(&mut part, node)).collect()
}

/// Whether there is a way from each node to each.
#[must_use]
pub fn is_connected(nodes: u32, links: &[Link]) -> bool {
    parts(nodes, links).iter().all(|part| *part == 0)
}

/// Joins parts: a link of the first part and a link of another exchange ends.
fn join(nodes: u32, mut links: Vec<Link>, stream: &mut Stream) -> Option<Vec<Link>> {
    for _ in 0..nodes {
        let part = parts(nodes, &links);
        let of = |link: &Link| part.get(link.0 as usize).copied().unwrap_or(0);
        let (first, other): (Vec<usize>, Vec<usize>) =
            (0..links.len()).partition(|at| links.get(*at).is_some_and(|link| of(link) == 0));
        if other.is_empty() {
            return Some(links);
        }
        let one = *first.get(stream.below(first.len() as u64) as usize)?;
        let two = *other.get(stream.below(other.len() as u64) as usize)?;
        let ((a, b), (c, d)) = (*links.get(one)?, *links.get(two)?);
        *links.get_mut(one)? = ordered(a, c);
        *links.get_mut(two)? = ordered(b, d);
    }
    None
}

/// Each node to those next to it on a ring, and for odd degrees to the one opposite.
fn circulant(nodes: u32, degree: u32) -> Vec<Link> {
    let near =
        (1..=degree / 2).flat_map(|by| (0..nodes).map(move |a| ordered(a, (a + by) % nodes)));
    let across = (0..nodes / 2 * (degree % 2)).map(|a| (a, a + nodes / 2));
    near.chain(across).collect()
}

//! Where nodes are drawn: the same on every machine.

use std::f64::consts::TAU;

use super::film::Film;
use crate::scenario::model::Shape;

/// The map is a square of this side.
pub const SIDE: u32 = 10_000;
/// Room between the nodes and the square's sides.
const RIM: f64 = 300.0;
/// So many nodes fit on a ring before another one is drawn around it.
const RING: usize = 160;

/// A place on the map for each node.
#[must_use]
pub fn places(film: &Film) -> Vec<(u32, u32)> {
    let given: Option<Vec<(f64, f64)>> = film
        .nodes
        .iter()
        .map(|node| node.point.map(|(x, y)| (x as f64, y as f64)))
        .collect();
    let points = match (given, &film.scenario.topology.shape) {
        (Some(points), _) => points,
        (None, Shape::Grid { width }) => grid(film.nodes.len(), *width),
        (None, _) => rings(film),
    };
    fitted(&points)
}

fn grid(nodes: usize, width: u32) -> Vec<(f64, f64)> {
    let width = (width as usize).max(1);
    (0..nodes)
        .map(|node| ((node % width) as f64, (node / width) as f64))
        .collect()
}

/// Relays on inner rings, everybody else on outer ones, near the relays they keep links to.
fn rings(film: &Film) -> Vec<(f64, f64)> {
    let nodes = film.nodes.len();
    let inner = core(film);
    let mut at = vec![(0.0, 0.0); nodes];
    let relays: Vec<usize> = (0..nodes)
        .filter(|n| inner.get(*n) == Some(&true))
        .collect();
    let mut radius = 1.0;
    if relays.len() == 1 {
        radius = 0.0;
    }
    radius = seat(&relays, radius, &mut at);
    let mut others: Vec<(i64, usize)> = (0..nodes)
        .filter(|n| inner.get(*n) != Some(&true))
        .map(|n| (angle_of(film, n, &inner, &at), n))
        .collect();
    others.sort_unstable();
    let others: Vec<usize> = others.into_iter().map(|(_, n)| n).collect();
    seat(
        &others,
        if relays.is_empty() { 1.0 } else { radius + 0.6 },
        &mut at,
    );
    at
}

/// Who belongs inside: relays, where there is somebody who is not one.
fn core(film: &Film) -> Vec<bool> {
    let nodes = film.nodes.len();
    if let Shape::Core { relays, .. } = film.scenario.topology.shape {
        return (0..nodes).map(|n| n < relays as usize).collect();
    }
    if film.scenario.topology.shape == Shape::Star {
        return (0..nodes).map(|n| n == 0).collect();
    }
    let relays: Vec<bool> = film.nodes.iter().map(|node| node.relays).collect();
    if relays.iter().all(|relay| *relay) {
        return vec![false; nodes];
    }
    relays
}

/// Seats nodes evenly on rings from this radius on; says the last radius.
fn seat(nodes: &[usize], from: f64, at: &mut [(f64, f64)]) -> f64 {
    let rings = nodes.len().div_ceil(RING).max(1);
    for (place, node) in nodes.iter().enumerate() {
        // Neighbours in the order sit next to each other, whatever the ring.
        let ring = place % rings;
        let radius = from + 0.12 * ring as f64;
        let angle = TAU * place as f64 / nodes.len().max(1) as f64 - TAU / 4.0;
        if let Some(at) = at.get_mut(*node) {
            *at = (radius * libm::cos(angle), radius * libm::sin(angle));
        }
    }
    from + 0.12 * (rings - 1) as f64
}

/// In which direction the relays of a node are, in millionths of a radian.
fn angle_of(film: &Film, node: usize, inner: &[bool], at: &[(f64, f64)]) -> i64 {
    let (mut x, mut y) = (0.0, 0.0);
    for (a, b) in &film.schedule.links {
        let (a, b) = (*a as usize, *b as usize);
        let other = if a == node {
            b
        } else if b == node {
            a
        } else {
            continue;
        };
        if let (Some(true), Some(place)) = (inner.get(other), at.get(other)) {
            x += place.0;
            y += place.1;
        }
    }
    if x == 0.0 && y == 0.0 {
        return node as i64;
    }
    // Seats begin at the top: so does the order.
    let angle = libm::atan2(y, x) + TAU / 4.0;
    let angle = if angle < 0.0 { angle + TAU } else { angle };
    (angle * 1e6) as i64
}

/// Points moved and scaled, all alike, into the square.
fn fitted(points: &[(f64, f64)]) -> Vec<(u32, u32)> {
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        let low = points.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        (low, high)
    };
    let ((left, right), (top, bottom)) = (bounds(|p| p.0), bounds(|p| p.1));
    let side = f64::from(SIDE);
    let extent = (right - left).max(bottom - top);
    let scale = if extent > 0.0 {
        (side - 2.0 * RIM) / extent
    } else {
        0.0
    };
    let place = |value: f64, low: f64, high: f64| {
        (side / 2.0 + (value - f64::midpoint(low, high)) * scale) as u32
    };
    points
        .iter()
        .map(|(x, y)| (place(*x, left, right), place(*y, top, bottom)))
        .collect()
}

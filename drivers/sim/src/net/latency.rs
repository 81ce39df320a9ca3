//! How long a packet takes from one node to another, before jitter.

use std::sync::Arc;

use crate::draw::{Purpose, draw, mix};
use crate::net::nth;
use crate::scenario::model::Latency;
use crate::time::Span;

/// The least delay between two nodes whose places come from a file; two may draw the same place. A
/// guess at what a city's own network takes.
pub const SAME_PLACE: Span = Span::from_micros(500);

/// What a latency that names a file needs, parsed.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Table {
    /// Nothing: the latency names no file.
    #[default]
    None,
    /// Coordinates whose distance is milliseconds one way.
    Coordinates(Vec<(f64, f64)>),
    /// A square matrix of round-trip times in milliseconds, row to column.
    Matrix(Vec<Vec<Option<f32>>>),
}

/// A latency without the table it needs, or with an empty one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the latency names a file of which no line can be used")]
pub struct NoTable;

/// One-way delays between all pairs of nodes: no memory per node, whatever the model.
#[derive(Clone, Debug)]
pub struct Distances {
    model: Model,
    /// The slower direction takes up to this many percent of the faster.
    slant: u64,
    seed: u64,
    least: Span,
}

#[derive(Clone, Debug)]
enum Model {
    Constant(Span),
    Uniform(Span, Span),
    Plane {
        across: Span,
        least: Span,
    },
    /// In tenths of microseconds.
    Points(Arc<[(i64, i64)]>),
    /// Nanoseconds, row by row.
    Matrix {
        side: u32,
        cells: Arc<[u64]>,
    },
}

impl Distances {
    /// The delays of a latency in the run with this seed.
    ///
    /// `asymmetry` is in percent: each path has one direction that takes between 100 and so many
    /// percent of the other, drawn evenly; at most 100 is none.
    pub fn new(
        latency: &Latency,
        asymmetry: u32,
        seed: u64,
        table: &Table,
    ) -> Result<Self, NoTable> {
        let (model, least) = match (latency, table) {
            (Latency::Constant(span), _) => (Model::Constant(*span), *span),
            (Latency::Uniform(a, b), _) => {
                let (low, high) = (*a.min(b), *a.max(b));
                (Model::Uniform(low, high), low)
            }
            (Latency::Plane { across, least }, _) => {
                let (across, least) = (*across, *least);
                (Model::Plane { across, least }, least)
            }
            (Latency::Coordinates { .. }, Table::Coordinates(points)) if !points.is_empty() => {
                let points = points.iter().map(|&(x, y)| (tenths(x), tenths(y)));
                (Model::Points(points.collect()), SAME_PLACE)
            }
            (Latency::Matrix { .. }, Table::Matrix(rows)) if !rows.is_empty() => {
                let side = rows.len() as u32;
                let cells = repaired(rows);
                let least = cells.iter().min().copied().unwrap_or_default();
                (Model::Matrix { side, cells }, Span(least))
            }
            (Latency::Coordinates { .. } | Latency::Matrix { .. }, _) => return Err(NoTable),
        };
        Ok(Self {
            model,
            slant: u64::from(asymmetry.max(100)),
            seed,
            least,
        })
    }

    /// The delay from `a` to `b`.
    #[must_use]
    pub fn one_way(&self, a: u32, b: u32) -> Span {
        let base = match &self.model {
            Model::Constant(span) => *span,
            Model::Uniform(low, high) => {
                let drawn = draw(self.seed, a.min(b), a.max(b), nth::PAIR, Purpose::Place);
                Span(low.0 + scale(drawn, high.0 - low.0))
            }
            Model::Plane { across, least } => {
                plane(self.place(a), self.place(b), *across).max(*least)
            }
            Model::Points(points) => {
                let [one, other] = [a, b].map(|node| points[self.row(node, points.len())]);
                let (dx, dy) = (one.0.abs_diff(other.0), one.1.abs_diff(other.1));
                Span((dx * dx + dy * dy).isqrt() * 100).max(SAME_PLACE)
            }
            Model::Matrix { side, cells } => {
                let side = *side as usize;
                let (row, column) = (self.row(a, side), self.row(b, side));
                Span(cells[row * side + column])
            }
        };
        self.slanted(a, b, base)
    }

    /// No path between two nodes is shorter.
    #[must_use]
    pub const fn least(&self) -> Span {
        self.least
    }

    /// Where a node is, for a map: in a plane of no particular unit. `None`: only distances are known.
    #[must_use]
    pub fn point(&self, node: u32) -> Option<(i64, i64)> {
        match &self.model {
            Model::Plane { .. } => {
                let place = self.place(node);
                Some(((place >> 33) as i64, (place << 32 >> 33) as i64))
            }
            Model::Points(points) => Some(points[self.row(node, points.len())]),
            Model::Constant(_) | Model::Uniform(..) | Model::Matrix { .. } => None,
        }
    }

    fn place(&self, node: u32) -> u64 {
        draw(self.seed, node, node, nth::POINT, Purpose::Place)
    }

    /// The line of a file that a node drew.
    fn row(&self, node: u32, rows: usize) -> usize {
        scale(self.place(node), rows as u64) as usize
    }

    fn slanted(&self, a: u32, b: u32, base: Span) -> Span {
        if self.slant == 100 {
            return base;
        }
        let drawn = draw(self.seed, a.min(b), a.max(b), nth::SLANT, Purpose::Place);
        if (drawn & 1 == 0) == (a < b) {
            return base;
        }
        let percent = 100 + scale(mix(drawn), self.slant - 99);
        Span((u128::from(base.0) * u128::from(percent) / 100) as u64)
    }
}

/// Evenly a number below `bound`; 0 when `bound` is 0.
fn scale(draw: u64, bound: u64) -> u64 {
    ((u128::from(draw) * u128::from(bound)) >> 64) as u64
}

/// The distance of two points of a square of side 2^31, its diagonal being `across`.
fn plane(one: u64, other: u64, across: Span) -> Span {
    /// sqrt(2) * 2^31.
    const DIAGONAL: u128 = 3_037_000_499;
    let dx = (one >> 33).abs_diff(other >> 33);
    let dy = (one << 32 >> 33).abs_diff(other << 32 >> 33);
    let distance = (dx * dx + dy * dy).isqrt();
    Span((u128::from(distance) * u128::from(across.0) / DIAGONAL) as u64)
}

/// Milliseconds as tenths of microseconds, at most 100 s either way.
fn tenths(ms: f64) -> i64 {
    (ms * 10_000.0).clamp(-1e9, 1e9) as i64
}

/// Half of each round-trip time in nanoseconds. What is missing is what the other way takes, or the
/// median of what is known of its row and column, or of all.
fn repaired(rows: &[Vec<Option<f32>>]) -> Arc<[u64]> {
    let side = rows.len();
    let known = |row: usize, column: usize| -> Option<u64> {
        let ms = (*rows.get(row)?.get(column)?)?;
        (ms.is_finite() && ms > 0.0).then(|| ((f64::from(ms) * 500_000.0) as u64).max(SAME_PLACE.0))
    };
    let all = median(
        (0..side * side)
            .filter_map(|at| known(at / side, at % side))
            .collect(),
    );
    let mut cells = Vec::with_capacity(side * side);
    for row in 0..side {
        for column in 0..side {
            let cell = known(row, column)
                .or_else(|| known(column, row))
                .or_else(|| (row == column).then_some(SAME_PLACE.0))
                .or_else(|| {
                    let cross = (0..side).flat_map(|at| [known(row, at), known(at, column)]);
                    median(cross.flatten().collect())
                })
                .or(all);
            cells.push(cell.unwrap_or(SAME_PLACE.0));
        }
    }
    cells.into()
}

fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
#[path = "latency_test.rs"]
mod tests;

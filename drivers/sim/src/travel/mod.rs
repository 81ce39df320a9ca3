//! To any moment of a run and back.
//!
//! A [`Traveller`] keeps whole worlds: the first one, and up to [`MOST`] more, close together near where
//! it is and further and further apart behind. To go back it takes the nearest of them and plays on
//! from there. Every world is a function of setup and moment, so the way taken makes no difference.

mod blame;
mod show;

use crate::check::Violation;
use crate::engine::{Key, Queue, Wheel};
use crate::net::latency::NoTable;
use crate::suite::SimSuite;
use crate::time::{Span, Time};
use crate::world::{Item, Setup, World};

pub use blame::{Blame, blame, knee};
pub use show::{describe, show_message, show_node};

/// The most worlds that are kept beside the first.
pub const MOST: usize = 16;

/// The run is cut into so many parts, of which worlds are kept at the seams.
const PARTS: u64 = 128;

/// A run that can be gone through in both directions.
pub struct Traveller<C: SimSuite, Q = Wheel<Item>> {
    first: World<C, Q>,
    /// Worlds before the present one, in the order of time.
    kept: Vec<World<C, Q>>,
    here: World<C, Q>,
    end: Time,
    every: Span,
}

impl<C: SimSuite + Clone, Q: Queue<Item>> Traveller<C, Q> {
    /// At the first moment of a run.
    ///
    /// # Errors
    /// The scenario names a latency file and there is no table.
    pub fn new(setup: &Setup) -> Result<Self, NoTable> {
        let first: World<C, Q> = setup.build()?;
        let end = Time(setup.scenario.scenario.duration.0);
        Ok(Self {
            here: first.clone(),
            first,
            kept: Vec::new(),
            end,
            every: Span((end.0 / PARTS).max(1_000_000)),
        })
    }

    /// The world as it is at this moment.
    #[must_use]
    pub const fn here(&self) -> &World<C, Q> {
        &self.here
    }

    /// The moment.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.here.now()
    }

    /// The last moment of the run.
    #[must_use]
    pub const fn end(&self) -> Time {
        self.end
    }

    /// How many worlds are kept beside the first and the present one.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Goes to just after everything that happens up to and including `to`, but not past the first
    /// violation or the end.
    pub fn go(&mut self, to: Time) -> &World<C, Q> {
        let to = to.min(self.end);
        if to < self.here.now() {
            self.kept.retain(|world| world.now() <= to);
            self.here = self.kept.last().unwrap_or(&self.first).clone();
        }
        while self.here.checks().broken().is_none() {
            let Some(next) = self.here.next_time().filter(|next| *next <= to) else {
                self.here.rest_until(to);
                break;
            };
            let last = self.kept.last().unwrap_or(&self.first).now();
            if next.since(last) >= self.every && self.here.now() > last {
                self.keep();
            }
            self.here.step();
        }
        &self.here
    }

    /// Goes back by so much.
    pub fn back(&mut self, by: Span) -> &World<C, Q> {
        self.go(Time(self.now().0.saturating_sub(by.0)))
    }

    /// What happens next. `None`: the run is over.
    pub fn coming(&mut self) -> Option<(Key, Item)> {
        let next = self.here.peek()?;
        let over = next.0.time > self.end || self.here.checks().broken().is_some();
        (!over).then_some(next)
    }

    /// Plays one event; `false` when the run is over.
    pub fn step(&mut self) -> bool {
        self.coming().is_some() && self.here.step()
    }

    /// Goes to the first violation, if the run has one; else it is at its end.
    pub fn find_violation(&mut self) -> Option<&Violation> {
        self.go(self.end);
        self.here.checks().broken()
    }

    /// Keeps the present world. When there are too many, one goes that leaves the smallest gap for how
    /// long ago it is.
    fn keep(&mut self) {
        self.kept.push(self.here.clone());
        if self.kept.len() <= MOST {
            return;
        }
        let now = self.here.now();
        let time = |at: usize| self.kept.get(at).map_or(now, World::now);
        let spared = (0..self.kept.len() - 1).min_by(|a, b| {
            let gap = |at: usize| {
                let before = at.checked_sub(1).map_or(Time::ZERO, time);
                let width = time(at + 1).since(before).0 as f64;
                width / (now.since(time(at)).0 as f64 + 1.0)
            };
            gap(*a).total_cmp(&gap(*b))
        });
        if let Some(spared) = spared {
            self.kept.remove(spared);
        }
    }
}

#[cfg(test)]
mod tests;

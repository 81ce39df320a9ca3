//! A failure becomes small: fewer external events, fewer nodes, simpler models, rounder numbers, and
//! at each step the same failure still.
//!
//! | file | subject |
//! |---|---|
//! | `mod.rs` | the order of things |
//! | `predicate.rs` | what the same failure is |
//! | `hunt.rs` | probes side by side, and delta debugging (Zeller and Hildebrandt, 2002) |
//! | `story.rs` | one certain fault instead of many lucky ones |
//! | `units.rs` | which external events belong together |
//! | `cone.rs` | which nodes can have had a part in it |
//! | `nodes.rs` | nodes and links away |
//! | `models.rs` | the simplest network |
//! | `numbers.rs` | round times and sizes |
//!
//! A node that is taken away leaves its number behind: it is absent, and all others are who they were.
//! Every draw of a link hangs on the numbers of its ends, so what is left behaves as before: that is
//! what makes nodes go by the hundred. Only at the very end all nodes get new numbers from 0 on, and
//! that is kept if the failure happens to survive it.

mod cone;
mod hunt;
mod models;
mod nodes;
mod numbers;
mod predicate;
mod story;
mod units;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::repro::{moment, normal};
use crate::run::Outcome;
use crate::scenario::parse::parse_text;
use crate::scenario::{Deed, External, Scenario, Schedule};
use crate::time::{Span, Time};
use crate::world::Setup;
use hunt::Hunt;
pub use predicate::{Predicate, compare_queues};
use units::{Grouping, groups};
pub use units::{nodes_of, units};

/// So few external events are tried one by one at once, and their failure comes when it comes.
const FEW: usize = 16;
/// How far all of it is repeated while it still helps.
const ROUNDS: usize = 4;

/// Who is told of a smaller setup and what its run came to.
pub type Better<'a> = dyn Fn(&Setup, &Outcome) + Sync + 'a;
/// Who is told how far it is.
pub type Watch<'a> = dyn Fn(&Progress) + Sync + 'a;

/// Who knows whether a failing setup fails for another reason than the one that is looked for.
pub type Another<'a> = dyn Fn(&Setup) -> bool + Sync + 'a;

/// How to shrink.
pub struct Options<'a> {
    /// How long, in real time.
    pub budget: Duration,
    /// Runs at a time. What comes of it is the same for any number, unless the budget ends it.
    pub jobs: usize,
    /// What has to come again; `None`: what the setup's own run ends in.
    pub predicate: Option<Predicate>,
    /// Says of a smaller setup that fails the same way that it does so for another reason, so that it
    /// is not taken: as when a program without the bug fails too. Never asked while a probe runs.
    pub another: Option<&'a Another<'a>>,
    /// Somebody wants to stop.
    pub stop: Option<&'a AtomicBool>,
    /// Told of each probe.
    pub progress: Option<&'a Watch<'a>>,
    /// Told of each setup that is smaller than all before.
    pub better: Option<&'a Better<'a>>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(600),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            predicate: None,
            another: None,
            stop: None,
            progress: None,
            better: None,
        }
    }
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("budget", &self.budget)
            .field("jobs", &self.jobs)
            .field("predicate", &self.predicate)
            .finish_non_exhaustive()
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is tried.
    pub stage: &'static str,
    /// Runs before the ones under way.
    pub probes: u64,
    /// External events of the smallest failure so far.
    pub externals: usize,
    /// Its nodes.
    pub nodes: usize,
    /// Real seconds so far.
    pub seconds: f64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest setup that fails the same way.
    pub setup: Setup,
    /// What its run came to.
    pub outcome: Outcome,
    /// Its external events.
    pub externals: Vec<External>,
    /// Nodes that take part.
    pub nodes: usize,
    /// Runs it took.
    pub probes: u64,
    /// Real seconds it took.
    pub seconds: f64,
    /// Nothing more could be taken away; else the budget was over.
    pub done: bool,
}

/// There is nothing to shrink.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFailure {
    /// The run passes.
    #[error("the run passes: there is nothing to shrink")]
    Passed,
    /// It fails in another way.
    #[error("the run does not fail in the way that was asked for, but {0}")]
    Other(String),
}

/// Shrinks a failure.
///
/// # Errors
/// The setup's run does not fail, or not in the way the options ask for.
pub fn shrink(setup: &Setup, options: &Options<'_>) -> Result<Shrunk, NoFailure> {
    let setup = normal(setup);
    let predicate = options.predicate.clone();
    let twice = predicate.clone().unwrap_or(Predicate::Parting);
    let outcome = match predicate {
        Some(_) => twice.play(&setup),
        None => crate::run::run(&setup, crate::run::QueueKind::Wheel),
    };
    let found = Predicate::of(&outcome);
    let predicate = predicate
        .or_else(|| found.clone())
        .ok_or(NoFailure::Passed)?;
    if !predicate.holds(&outcome) {
        return Err(match outcome.wrong.first() {
            Some(wrong) => NoFailure::Other(format!("in `{}`: {}", wrong.what, wrong.detail)),
            None => NoFailure::Passed,
        });
    }
    let mut hunt = Hunt::new(setup, outcome, predicate, options);
    hunt.all();
    let mut setup = normal(&hunt.best);
    setup.trace = None;
    Ok(Shrunk {
        externals: setup.schedule.externals.clone(),
        nodes: setup.scenario.topology.nodes as usize - setup.absent.len(),
        outcome: hunt.outcome.clone(),
        probes: hunt.probes,
        seconds: hunt.seconds(),
        done: !hunt.over(),
        setup,
    })
}

impl Hunt<'_> {
    fn all(&mut self) {
        self.stage = "head";
        self.bare();
        self.cut_end();
        if self.predicate.bears_open_faults() {
            // Whatever waits for luck to end fails surely once it never ends.
            self.stage = "open";
            self.events_by(Grouping::Word);
            self.cut_end();
        }
        self.stage = "focus";
        self.focus();
        self.cut_end();
        self.stage = "story";
        self.stories();
        self.cut_end();
        self.stage = "cone";
        self.slice();
        for round in 0..ROUNDS {
            let before = self.size();
            self.stage = "events";
            self.fewer_events();
            self.cut_end();
            self.stage = "nodes";
            self.fewer_nodes();
            self.cut_end();
            self.stage = "models";
            self.simpler_models();
            self.stage = "numbers";
            self.rounder_numbers();
            self.cut_end();
            if self.over() || (round > 0 && self.size() == before) {
                break;
            }
        }
        self.stage = "names";
        self.new_names();
        if let (true, Some(at)) = (
            self.predicate.stops(),
            self.outcome.wrong.first().and_then(moment),
        ) {
            self.one(until(&self.best, at, whole_second(at)));
        }
    }

    /// What is made smaller.
    fn size(&self) -> (usize, usize, usize) {
        let best = &self.best;
        let nodes = best.scenario.topology.nodes as usize - best.absent.len();
        (
            best.schedule.externals.len(),
            nodes,
            best.schedule.links.len(),
        )
    }

    /// The scenario without what only made the schedule, which is there already.
    fn bare(&mut self) {
        let mut scenario = (*self.best.scenario).clone();
        scenario.churn.clear();
        scenario.fault.clear();
        scenario.adversary.clear();
        scenario.scenario.xfail = None;
        if !matches!(self.predicate, Predicate::Assertion { .. }) {
            scenario.assert.clear();
            scenario.scenario.warmup = Span::ZERO;
        }
        let mut less = scenario.clone();
        less.traffic.clear();
        // An assertion may be about a class of traffic.
        for scenario in [less, scenario] {
            if self.one(self.with_scenario(scenario)) {
                break;
            }
        }
    }

    /// Guesses that leave little at once: the message the failure is about, or those of the node where
    /// it was, with what was done to their ends, or to everybody.
    fn focus(&mut self) {
        let Some(wrong) = self.outcome.wrong.first() else {
            return;
        };
        let all = self.best.schedule.externals.clone();
        let about = |deed: &Deed| matches!(deed, Deed::Send { number, .. } if Some(*number) == wrong.message);
        let mut ends: BTreeSet<u32> = wrong.node.into_iter().collect();
        for external in all.iter().filter(|external| about(&external.deed)) {
            ends.extend(nodes_of(&external.deed));
        }
        let near = |deed: &Deed| {
            let nodes = nodes_of(deed);
            nodes.is_empty() || nodes.iter().any(|node| ends.contains(node))
        };
        let sends = |deed: &Deed| matches!(deed, Deed::Send { .. });
        let guesses: [&dyn Fn(&Deed) -> bool; 4] = [
            &|deed| about(deed) || (!sends(deed) && near(deed)),
            &|deed| near(deed),
            &|deed| about(deed) || !sends(deed),
            &|deed| near(deed) || !sends(deed),
        ];
        let kept: Vec<Vec<External>> = guesses
            .iter()
            .map(|keeps| all.iter().filter(|e| keeps(&e.deed)).cloned().collect())
            .collect();
        for externals in kept {
            if externals.len() < all.len() && self.one(Some(with_externals(&self.best, externals)))
            {
                break;
            }
        }
    }

    /// The best setup with another scenario, if that can be written and read.
    fn with_scenario(&self, scenario: Scenario) -> Option<Setup> {
        with_scenario(&self.best, scenario)
    }

    /// The run ends with the failure; of figures, as early as it still fails.
    fn cut_end(&mut self) {
        if self.predicate.stops() {
            let Some(at) = self.outcome.wrong.first().and_then(moment) else {
                return;
            };
            // With less in it the failure may come later: with many events left by the wait for the
            // next retry, which is as long as all before it.
            let less = self.best.schedule.externals.len() <= FEW;
            let slack = Span((if less { at.0 / 8 } else { at.0 }).max(5_000_000_000));
            let end = whole_second(at.plus(slack));
            self.one(until(&self.best, at, end));
            return;
        }
        let mut step = self.best.scenario.scenario.duration.0 / 2;
        while step >= 1_000_000_000 && !self.over() {
            let end = Time(self.best.scenario.scenario.duration.0.saturating_sub(step));
            if !self.one(until(&self.best, end, end)) {
                step /= 2;
            }
        }
    }

    /// Takes away external events: first in large groups, then one by one.
    fn fewer_events(&mut self) {
        let coarse = [Grouping::Kind, Grouping::Node, Grouping::Time(64)];
        for by in coarse {
            if self.best.schedule.externals.len() > FEW {
                self.events_by(by);
            }
        }
        self.events_by(Grouping::Unit);
        if self.predicate.bears_open_faults() {
            self.events_by(Grouping::Single);
        }
    }

    fn events_by(&mut self, by: Grouping) {
        let base = self.best.clone();
        let items = groups(&base.schedule.externals, by);
        self.ddmin(items, &|kept| {
            let mut places: Vec<usize> = kept.concat();
            places.sort_unstable();
            let all = &base.schedule.externals;
            let externals = places.iter().filter_map(|at| all.get(*at).cloned());
            Some(with_externals(&base, externals.collect()))
        });
    }
}

/// A setup with other external events.
pub(crate) fn with_externals(setup: &Setup, externals: Vec<External>) -> Setup {
    with_schedule(
        setup,
        Schedule {
            externals,
            ..(*setup.schedule).clone()
        },
    )
}

fn with_schedule(setup: &Setup, schedule: Schedule) -> Setup {
    Setup {
        schedule: Arc::new(schedule),
        ..setup.clone()
    }
}

/// A setup with another scenario; `None`: no file could say it.
fn with_scenario(setup: &Setup, scenario: Scenario) -> Option<Setup> {
    let (read, _) = parse_text(&scenario.to_toml(), "shrunk").ok()?;
    (read == scenario && scenario != *setup.scenario).then(|| Setup {
        scenario: Arc::new(scenario),
        ..setup.clone()
    })
}

/// A setup with no external event after `last`, that ends at `end`; `None`: that is nothing new.
fn until(setup: &Setup, last: Time, end: Time) -> Option<Setup> {
    let mut externals = setup.schedule.externals.clone();
    externals.retain(|external| external.at <= last);
    let fewer = externals.len() < setup.schedule.externals.len();
    let mut scenario = (*setup.scenario).clone();
    let end = Span(end.0.max(1)).min(scenario.scenario.duration);
    scenario.scenario.duration = end;
    let shorter = with_scenario(setup, scenario);
    if !fewer && shorter.is_none() {
        return None;
    }
    let base = shorter.as_ref().unwrap_or(setup);
    Some(with_externals(base, externals))
}

/// The next moment that is a whole second.
fn whole_second(at: Time) -> Time {
    Time(at.0.div_ceil(1_000_000_000).saturating_mul(1_000_000_000))
}

#[cfg(test)]
mod tests;

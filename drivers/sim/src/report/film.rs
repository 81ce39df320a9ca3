//! A run played with everything kept that is shown.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::check::Told;
use crate::engine::{Heap, Queue, Wheel};
use crate::run::{Outcome, QueueKind, conclude, run};
use crate::scenario::{Scenario, Schedule};
use crate::suite::{SimSuite, UnderSuite};
use crate::time::Time;
use crate::trace::Trace;
use crate::world::{Item, Setup, World};

/// A run that can be looked at.
#[derive(Clone, Debug)]
pub struct Film {
    /// What it came to.
    pub outcome: Outcome,
    /// What was simulated.
    pub scenario: Arc<Scenario>,
    /// What was done to it.
    pub schedule: Arc<Schedule>,
    /// Its last moment.
    pub end: Time,
    /// The nodes.
    pub nodes: Vec<FilmNode>,
    /// The facts.
    pub trace: Trace,
    /// The messages, in the order of their numbers.
    pub told: Vec<Told>,
}

/// One node of a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilmNode {
    /// Its profile's class.
    pub class: String,
    /// It forwards for others.
    pub relays: bool,
    /// Where it is, where the latency says so.
    pub point: Option<(i64, i64)>,
}

/// Plays a setup to its end and keeps at most so many facts, the latest ones. The film is there even
/// when the run panics, and not when the world could not be built.
#[must_use]
pub fn watch(setup: &Setup, queue: QueueKind, most: usize) -> (Outcome, Option<Film>) {
    struct Job(Setup, QueueKind);
    impl UnderSuite for Job {
        type Out = (Outcome, Option<Film>);
        fn run<C: SimSuite>(self) -> Self::Out {
            match self.1 {
                QueueKind::Wheel => play::<C, Wheel<Item>>(&self.0, self.1),
                QueueKind::Heap => play::<C, Heap<Item>>(&self.0, self.1),
            }
        }
    }
    let mut setup = setup.clone();
    setup.trace = Some(most);
    let suite = setup.scenario.scenario.suite;
    suite.run(Job(setup, queue))
}

fn play<C: SimSuite, Q: Queue<Item>>(setup: &Setup, queue: QueueKind) -> (Outcome, Option<Film>) {
    let started = crate::suite::cpu_ns();
    let built = catch_unwind(AssertUnwindSafe(|| setup.build::<C, Q>()));
    let Ok(Ok(mut world)) = built else {
        return (run(setup, queue), None);
    };
    let mut outcome = Outcome::blank(setup, C::KIND);
    let until = Time(setup.scenario.scenario.duration.0);
    let played = catch_unwind(AssertUnwindSafe(|| {
        let stop = world.run(until);
        conclude(&mut outcome, &setup.scenario, &mut world, &stop);
    }));
    if let Err(panic) = played {
        outcome.crashed(panic.as_ref(), Some(world.now()));
        outcome.events = world.events();
        outcome.simulated_s = world.now().0 as f64 / 1e9;
    }
    outcome.cpu_s = crate::suite::cpu_ns().saturating_sub(started) as f64 / 1e9;
    let film = film(setup, &outcome, world);
    (outcome, Some(film))
}

fn film<C: SimSuite, Q: Queue<Item>>(setup: &Setup, outcome: &Outcome, world: World<C, Q>) -> Film {
    let profiles = setup.scenario.profiles();
    let node = |(node, place): (u32, &u16)| {
        let profile = profiles.get(usize::from(*place));
        FilmNode {
            class: profile.map(|p| p.class.clone()).unwrap_or_default(),
            relays: profile.is_some_and(|p| p.relays),
            point: world.point(node),
        }
    };
    Film {
        outcome: outcome.clone(),
        scenario: Arc::clone(&setup.scenario),
        schedule: Arc::clone(&setup.schedule),
        end: world.now(),
        nodes: (0..).zip(&setup.schedule.profiles).map(node).collect(),
        told: world.checks().told().cloned().collect(),
        trace: world.into_trace().unwrap_or_else(|| Trace::new(0)),
    }
}

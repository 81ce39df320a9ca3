//! One run: a scenario, a seed, and what came of it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};

use crate::check::{Failed, Invariant, Metric, Situation, Violation, judge};
use crate::engine::{Heap, Queue, Wheel};
use crate::net::Why;
use crate::scenario::Scenario;
use crate::scenario::model::{Assert, SuiteKind};
use crate::suite::{SimSuite, UnderSuite};
use crate::time::Time;
use crate::world::{Item, Setup, Stop, World};

/// Which queue orders the events. Both give the same run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueKind {
    /// The timing wheel.
    #[default]
    Wheel,
    /// The binary heap it answers to.
    Heap,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The cryptography.
    pub suite: String,
    /// The fingerprint of everything that happened, in hex: the same on every machine.
    pub hash: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What is wrong, in words; empty when nothing is.
    pub wrong: Vec<Wrong>,
    /// Nodes.
    pub nodes: u32,
    /// Simulated seconds.
    pub simulated_s: f64,
    /// Inputs handled.
    pub events: u64,
    /// Processor time, in seconds.
    pub cpu_s: f64,
    /// Every figure that could be measured, over the whole run less its warm-up and tail.
    pub metrics: BTreeMap<String, f64>,
    /// How often each situation came up.
    pub situations: BTreeMap<String, u64>,
    /// Packets that did not arrive, by reason.
    pub lost: BTreeMap<String, u64>,
    /// External events that were played.
    pub externals: usize,
    /// What the scenario asserts, in words: `metric overhead <= 20`, `sometimes failover`.
    #[serde(default)]
    pub asserts: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything held.
    Passed,
    /// A figure is not what the scenario asserts.
    Failed,
    /// After the last fault not everything was proven in time.
    Liveness,
    /// An invariant did not hold.
    Safety,
    /// The program panicked.
    Crash,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wrong {
    /// The invariant, or the assertion.
    pub what: String,
    /// When, in simulated seconds, where it has a moment.
    pub at_s: Option<f64>,
    /// At which node.
    pub node: Option<u32>,
    /// In words.
    pub detail: String,
    /// The message it is about.
    pub message: Option<u32>,
}

impl From<&Violation> for Wrong {
    fn from(violation: &Violation) -> Self {
        Self {
            what: violation.invariant.name().to_owned(),
            at_s: Some(violation.at.0 as f64 / 1e9),
            node: Some(violation.node),
            detail: violation.what.clone(),
            message: violation.number,
        }
    }
}

impl From<&Failed> for Wrong {
    fn from(failed: &Failed) -> Self {
        let detail = failed.measured.map_or_else(
            || "there was nothing to measure".to_owned(),
            |measured| format!("measured {measured:.6}"),
        );
        Self {
            what: failed.assert.clone(),
            at_s: None,
            node: None,
            detail,
            message: None,
        }
    }
}

impl Verdict {
    /// What a violation means: its invariant says whether it is one of safety or of liveness.
    #[must_use]
    pub fn of(violation: &Violation) -> Self {
        match violation.invariant {
            Invariant::Converges
            | Invariant::NoLivelock
            | Invariant::DeadlinesComplete
            | Invariant::EveryMessageEnds => Self::Liveness,
            Invariant::NoDuplicateDelivery
            | Invariant::NoFalseDelivered
            | Invariant::NoFalseExpired
            | Invariant::Ttl
            | Invariant::NoPlaintext
            | Invariant::TablesInCapacity
            | Invariant::NoBug
            | Invariant::RelaysForget
            | Invariant::NothingForged => Self::Safety,
        }
    }
}

/// Plays a setup to its end, with the suite the scenario names.
#[must_use]
pub fn run(setup: &Setup, queue: QueueKind) -> Outcome {
    run_under(setup, queue, setup.scenario.scenario.suite)
}

/// Plays a setup to its end, with this suite.
#[must_use]
pub fn run_under(setup: &Setup, queue: QueueKind, suite: SuiteKind) -> Outcome {
    struct Job<'a>(&'a Setup, QueueKind);
    impl UnderSuite for Job<'_> {
        type Out = Outcome;
        fn run<C: SimSuite>(self) -> Outcome {
            match self.1 {
                QueueKind::Wheel => guarded::<C, Wheel<Item>>(self.0),
                QueueKind::Heap => guarded::<C, Heap<Item>>(self.0),
            }
        }
    }
    suite.run(Job(setup, queue))
}

/// A panic in a run is an outcome like any other: with its seed it can be played again.
fn guarded<C: SimSuite, Q: Queue<Item>>(setup: &Setup) -> Outcome {
    let started = crate::suite::cpu_ns();
    let played = catch_unwind(AssertUnwindSafe(|| play::<C, Q>(setup)));
    let mut outcome = played.unwrap_or_else(|panic| {
        let mut outcome = Outcome::blank(setup, C::KIND);
        outcome.crashed(panic.as_ref(), None);
        outcome
    });
    outcome.cpu_s = crate::suite::cpu_ns().saturating_sub(started) as f64 / 1e9;
    outcome
}

impl Outcome {
    /// Of a run of which nothing is known yet.
    #[must_use]
    pub fn blank(setup: &Setup, suite: SuiteKind) -> Self {
        Self {
            scenario: setup.scenario.scenario.name.clone(),
            seed: setup.seed,
            suite: suite_name(suite).to_owned(),
            hash: String::new(),
            verdict: Verdict::Passed,
            wrong: Vec::new(),
            nodes: setup.scenario.topology.nodes,
            simulated_s: 0.0,
            events: 0,
            cpu_s: 0.0,
            metrics: BTreeMap::new(),
            situations: BTreeMap::new(),
            lost: BTreeMap::new(),
            externals: setup.schedule.externals.len(),
            asserts: setup.scenario.assert.iter().map(words).collect(),
        }
    }

    /// A panic, at the moment of the event it came of where that is known.
    pub fn crashed(&mut self, panic: &(dyn std::any::Any + Send), at: Option<Time>) {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        self.verdict = Verdict::Crash;
        self.wrong.push(Wrong {
            what: "panic".to_owned(),
            at_s: at.map(|at| at.0 as f64 / 1e9),
            node: None,
            detail: text.unwrap_or_else(|| "without a message".to_owned()),
            message: None,
        });
    }
}

/// An assertion in words that begin with its kind and its name.
fn words(assert: &Assert) -> String {
    match assert {
        Assert::Always(name) => format!("always {name}"),
        Assert::Sometimes(name) => format!("sometimes {name}"),
        Assert::Metric {
            metric,
            class,
            window,
            op,
            value,
        } => {
            let class = class.as_ref().map(|class| format!(" of {class}"));
            let window =
                window.map(|(from, to)| format!(" in {}..{} s", from.as_secs(), to.as_secs()));
            let (class, window) = (class.unwrap_or_default(), window.unwrap_or_default());
            format!("metric {metric} {} {value}{class}{window}", op.sign())
        }
    }
}

/// The name of a suite in scenarios.
#[must_use]
pub const fn suite_name(kind: SuiteKind) -> &'static str {
    match kind {
        SuiteKind::Real => "real",
        SuiteKind::RealMemo => "real-memo",
        SuiteKind::SimFast => "sim-fast",
    }
}

fn play<C: SimSuite, Q: Queue<Item>>(setup: &Setup) -> Outcome {
    let mut outcome = Outcome::blank(setup, C::KIND);
    let mut world: World<C, Q> = match setup.build() {
        Ok(world) => world,
        Err(missing) => {
            outcome.verdict = Verdict::Crash;
            outcome.wrong.push(Wrong {
                what: "latency".to_owned(),
                at_s: None,
                node: None,
                detail: format!("{missing:?}: the scenario's latency file was not read"),
                message: None,
            });
            return outcome;
        }
    };
    let until = Time(setup.scenario.scenario.duration.0);
    let ran = catch_unwind(AssertUnwindSafe(|| world.run(until)));
    let stop = match ran {
        Ok(stop) => stop,
        Err(panic) => {
            outcome.hash = format!("{:016x}", world.hash().total());
            outcome.events = world.events();
            outcome.simulated_s = world.now().0 as f64 / 1e9;
            outcome.crashed(panic.as_ref(), Some(world.now()));
            return outcome;
        }
    };
    conclude(&mut outcome, &setup.scenario, &mut world, &stop);
    outcome
}

/// Fills in what a finished world came to.
pub fn conclude<C: SimSuite, Q: Queue<Item>>(
    outcome: &mut Outcome,
    scenario: &Scenario,
    world: &mut World<C, Q>,
    stop: &Stop,
) {
    let figures = world.figures();
    outcome.hash = format!("{:016x}", world.hash().total());
    outcome.events = world.events();
    outcome.simulated_s = world.now().0 as f64 / 1e9;
    let checks = world.checks();
    let whole = crate::check::window_of(scenario, None);
    for metric in Metric::ALL {
        if let Some(value) = checks.figure(*metric, None, whole, &figures) {
            outcome.metrics.insert(metric.name().to_owned(), value);
        }
    }
    for situation in Situation::ALL {
        let times = checks.tally.seen(*situation).map_or(0, |(times, _)| times);
        outcome
            .situations
            .insert(situation.name().to_owned(), times);
    }
    for why in Why::ALL {
        let times = checks.tally.lost.of(why);
        outcome.lost.insert(why.name().to_owned(), times);
    }
    // A panic of the checks at the very end counts too.
    let violation = match stop {
        Stop::Violated(violation) => Some(violation.as_ref()),
        Stop::Reached => checks.broken(),
    };
    match violation {
        Some(violation) => {
            outcome.verdict = Verdict::of(violation);
            outcome.wrong.push(violation.into());
        }
        None => {
            let failed = judge(scenario, checks, &figures);
            if !failed.is_empty() {
                outcome.verdict = Verdict::Failed;
            }
            outcome.wrong.extend(failed.iter().map(Wrong::from));
        }
    }
    debug_assert_eq!(figures.nodes, outcome.nodes, "figures are of this run");
}

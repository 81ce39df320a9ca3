//! How fast whole nodes run, and what they take: each figure of a run whose result was checked.

use std::fmt;
use std::sync::Arc;

use super::{Item, Setup, Stop, World};
use crate::check::Metric;
use crate::engine::Wheel;
use crate::net::latency::Table;
use crate::scenario::model::{Latency, Profile, Shape, Size, SuiteKind};
use crate::scenario::{Files, Scenario, ScenarioError, expand};
use crate::suite::{SimSuite, UnderSuite, cpu_ns};
use crate::time::{Span, Time};

/// Relays of a network of full nodes.
const RELAYS: u32 = 32;

/// One run that was measured.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// The cryptography.
    pub suite: SuiteKind,
    /// Nodes.
    pub nodes: u32,
    /// Inputs handled in the measured part.
    pub events: u64,
    /// Inputs per second of processor time, with all checks.
    pub checked: f64,
    /// The same without looking at every envelope.
    pub bare: f64,
    /// Simulated seconds per second of processor time, without.
    pub speed: f64,
    /// Inputs per node and simulated second.
    pub pace: f64,
}

/// What idle nodes take.
#[derive(Clone, Debug)]
pub struct IdleRow {
    /// Their tables.
    pub size: Size,
    /// How many.
    pub nodes: u32,
    /// Resident memory per node, in bytes, where the system tells.
    pub bytes: Option<u64>,
    /// Resident memory of the whole program, in bytes.
    pub resident: Option<u64>,
    /// Simulated seconds per second of processor time.
    pub speed: f64,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// The bench's own scenario is not one.
    #[error("{0}")]
    Scenario(#[from] ScenarioError),
    /// A run came to something else than it must.
    #[error("{nodes} nodes under {suite}: {what}")]
    Result {
        /// Nodes.
        nodes: u32,
        /// The cryptography.
        suite: &'static str,
        /// What is wrong.
        what: String,
    },
}

/// Everybody writes so often that each node handles about one input a second.
fn busy(nodes: u32, suite: SuiteKind, simulated: Span) -> Result<Scenario, ScenarioError> {
    let relays = RELAYS.min(nodes / 4);
    let profile = |class: &str, share: f64, size, relays| Profile {
        class: class.to_owned(),
        share,
        size,
        relays,
        ..Profile::default()
    };
    let share = f64::from(relays) / f64::from(nodes);
    Scenario::builder("bench")
        .duration(Span(WARM.0 + simulated.0))
        .nodes(nodes)
        .suite(suite)
        .latency(Latency::Uniform(
            Span::from_millis(5),
            Span::from_millis(80),
        ))
        .shape(Shape::Core {
            relays,
            degree: relays - 1,
            uplinks: 2,
        })
        .profile(profile("relay", share, Size::Server, true))
        .profile(profile("full", 1.0 - share, Size::SimFull, false))
        .conversations(nodes * 2, 110.0)
        .build()
}

/// Links come up, and everybody has written once, before anything is measured.
const WARM: Span = Span::from_secs(60);

struct Measure {
    nodes: u32,
    simulated: Span,
}

impl UnderSuite for Measure {
    type Out = Result<RunRow, Wrong>;

    fn run<C: SimSuite>(self) -> Self::Out {
        let scenario = Arc::new(busy(self.nodes, C::KIND, self.simulated)?);
        let schedule = Arc::new(expand(&scenario, 1, &Files::of("bench"))?);
        let mut setup = Setup::new(scenario, schedule, 1, Arc::new(Table::None));
        let (events, checked, world) = timed::<C>(&setup, self.simulated)?;
        drop(world);
        setup.checked = false;
        let (again, bare, mut world) = timed::<C>(&setup, self.simulated)?;
        let figures = world.figures();
        let window = (
            Time::ZERO.plus(WARM),
            Time(setup.scenario.scenario.duration.0 * 9 / 10),
        );
        let proven = world
            .checks()
            .figure(Metric::ProvenRate, None, window, &figures);
        if proven.is_none_or(|proven| proven < 0.999) {
            return Err(wrong::<C>(
                self.nodes,
                format!("{proven:?} of the messages proven"),
            ));
        }
        let seconds = self.simulated.0 as f64 / 1e9;
        Ok(RunRow {
            suite: C::KIND,
            nodes: self.nodes,
            events,
            checked: events as f64 / checked,
            bare: again as f64 / bare,
            speed: seconds / bare,
            pace: again as f64 / seconds / f64::from(self.nodes),
        })
    }
}

fn wrong<C: SimSuite>(nodes: u32, what: String) -> Wrong {
    Wrong::Result {
        nodes,
        suite: crate::run::suite_name(C::KIND),
        what,
    }
}

/// Events, processor seconds, the world at its end.
type Timed<C> = (u64, f64, World<C, Wheel<Item>>);

/// Runs past the warm-up, then measures: events, processor seconds, the world at its end.
fn timed<C: SimSuite>(setup: &Setup, simulated: Span) -> Result<Timed<C>, Wrong> {
    let nodes = setup.scenario.topology.nodes;
    let mut world: World<C, Wheel<Item>> = setup
        .build()
        .map_err(|missing| wrong::<C>(nodes, missing.to_string()))?;
    let mut until = Time::ZERO.plus(WARM);
    for measured in [false, true] {
        let (before, started) = (world.events(), cpu_ns());
        if let Stop::Violated(violation) = world.run(until) {
            return Err(wrong::<C>(nodes, format!("{violation:?}")));
        }
        let seconds = (cpu_ns() - started) as f64 / 1e9;
        if measured {
            return Ok((world.events() - before, seconds.max(1e-9), world));
        }
        until = until.plus(simulated);
    }
    Err(wrong::<C>(nodes, "nothing was measured".to_owned()))
}

/// Measures whole nodes under all suites.
///
/// # Errors
/// A run came to something else than it must; there is no figure then.
pub fn runs(quick: bool) -> Result<Vec<RunRow>, Wrong> {
    let sizes: &[(u32, u64)] = if quick {
        &[(200, 20)]
    } else {
        &[(1_000, 300), (10_000, 60)]
    };
    let mut rows = Vec::new();
    for (nodes, seconds) in sizes {
        for suite in [SuiteKind::SimFast, SuiteKind::RealMemo, SuiteKind::Real] {
            let measure = Measure {
                nodes: *nodes,
                simulated: Span::from_secs(*seconds),
            };
            rows.push(suite.run(measure)?);
        }
    }
    Ok(rows)
}

/// Nodes with four links each and nothing to say, after ten minutes.
///
/// # Errors
/// The run came to something else than it must.
pub fn idle(size: Size, nodes: u32) -> Result<IdleRow, Wrong> {
    let scenario = Scenario::builder("idle")
        .duration(Span::from_secs(660))
        .nodes(nodes)
        .latency(Latency::Constant(Span::from_millis(30)))
        .shape(Shape::Regular { degree: 4 })
        .profile(Profile {
            size,
            ..Profile::default()
        })
        .build()?;
    let schedule = Arc::new(expand(&scenario, 1, &Files::of("idle"))?);
    let mut setup = Setup::new(Arc::new(scenario), schedule, 1, Arc::new(Table::None));
    setup.checked = false;
    let before = resident();
    let mut world: World<crate::suite::Fast, Wheel<Item>> = setup
        .build()
        .map_err(|missing| wrong::<crate::suite::Fast>(nodes, missing.to_string()))?;
    world.run(Time::ZERO.plus(Span::from_secs(60)));
    let started = cpu_ns();
    world.run(Time::ZERO.plus(Span::from_secs(660)));
    let seconds = (cpu_ns() - started) as f64 / 1e9;
    let linked = world.members().iter().all(|member| member.links() >= 4);
    if !linked {
        let what = "not everybody has its links".to_owned();
        return Err(wrong::<crate::suite::Fast>(nodes, what));
    }
    let resident = resident();
    let grown = before
        .zip(resident)
        .map(|(before, after)| after.saturating_sub(before));
    Ok(IdleRow {
        size,
        nodes,
        bytes: grown.map(|grown| grown / u64::from(nodes)),
        resident,
        speed: 600.0 / seconds.max(1e-9),
    })
}

/// Resident memory of this process, in bytes.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1_024)
}

impl fmt::Display for RunRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "| {:9} | {:>7} | {:>9} | {:>10.0} | {:>10.0} | {:>7.1} | {:>5.2} |",
            crate::run::suite_name(self.suite),
            self.nodes,
            self.events,
            self.checked,
            self.bare,
            self.speed,
            self.pace
        )
    }
}

impl fmt::Display for IdleRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| format!("{:.0}", bytes as f64 / 1e6);
        write!(
            f,
            "| {:9} | {:>7} | {:>12} | {:>11} | {:>9.0} |",
            format!("{:?}", self.size),
            self.nodes,
            self.bytes
                .map_or_else(|| "?".to_owned(), |bytes| bytes.to_string()),
            self.resident.map_or_else(|| "?".to_owned(), megabytes),
            self.speed
        )
    }
}

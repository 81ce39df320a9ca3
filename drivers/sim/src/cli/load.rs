//! Scenario files become setups.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use crate::net::latency::Table;
use crate::scenario::model::{Latency, SuiteKind};
use crate::scenario::{Files, Scenario, Schedule, expand, parse};
use crate::world::Setup;

/// A scenario file, read once, for any number of seeds.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) files: Files,
    table: Arc<Table>,
}

impl Loaded {
    /// Reads and checks a scenario file, and the files it names.
    pub(crate) fn new(path: &Path, suite: Option<SuiteKind>) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        let mut scenario = parse(&text, &path.display().to_string())?;
        if let Some(suite) = suite {
            scenario.scenario.suite = suite;
        }
        let files = Files::of(path);
        let table = table(&scenario, &files)?;
        Ok(Self {
            scenario: Arc::new(scenario),
            files,
            table: Arc::new(table),
        })
    }

    /// What this seed makes of it.
    pub(crate) fn setup(&self, seed: u64) -> anyhow::Result<Setup> {
        let schedule = expand(&self.scenario, seed, &self.files)?;
        Ok(self.setup_of(seed, schedule))
    }

    /// A run of a given schedule.
    pub(crate) fn setup_of(&self, seed: u64, schedule: Schedule) -> Setup {
        Setup::new(
            Arc::clone(&self.scenario),
            Arc::new(schedule),
            seed,
            Arc::clone(&self.table),
        )
    }
}

/// The content of the latency file a scenario names.
pub(crate) fn table(scenario: &Scenario, files: &Files) -> anyhow::Result<Table> {
    Ok(match &scenario.topology.latency {
        Latency::Constant(_) | Latency::Uniform(..) | Latency::Plane { .. } => Table::None,
        Latency::Coordinates { file } => Table::Coordinates(files.points(file)?.to_vec()),
        Latency::Matrix { file } => {
            let matrix = files.matrix(file)?;
            let row = |from: usize| {
                let cell = |to| Some(matrix.rtt(from, to) as f32);
                (0..matrix.size).map(cell).collect()
            };
            Table::Matrix((0..matrix.size).map(row).collect())
        }
    })
}

/// The suite of this name.
pub(crate) fn suite(name: &str) -> Result<SuiteKind, String> {
    match name {
        "real" => Ok(SuiteKind::Real),
        "realmemo" => Ok(SuiteKind::RealMemo),
        "simfast" => Ok(SuiteKind::SimFast),
        _ => Err("one of real, realmemo, simfast".to_owned()),
    }
}

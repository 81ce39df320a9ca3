//! Scenarios become setups: from a file, or from a text and a seed. What the command and the bindings
//! to other languages share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use crate::net::latency::Table;
use crate::scenario::model::{Latency, SuiteKind};
use crate::scenario::{Files, Scenario, ScenarioError, Schedule, expand, parse};
use crate::world::Setup;

/// A scenario, read once, for any number of seeds.
#[derive(Debug)]
pub struct Loaded {
    /// What it says.
    pub scenario: Arc<Scenario>,
    /// The data files it names.
    pub files: Files,
    table: Arc<Table>,
}

impl Loaded {
    /// Reads and checks a scenario file, and the files it names; `suite` instead of its own.
    ///
    /// # Errors
    /// A file cannot be read, or is wrong.
    pub fn new(path: &Path, suite: Option<SuiteKind>) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        Ok(Self::of_text(
            &text,
            &path.display().to_string(),
            None,
            suite,
        )?)
    }

    /// Checks a scenario's text; errors call it `name`. The files it names are looked for in `data`,
    /// else beside `name`; then in the directory `TOM_SIM_DATA`.
    ///
    /// # Errors
    /// The text is wrong, or a file it names.
    pub fn of_text(
        text: &str,
        name: &str,
        data: Option<&Path>,
        suite: Option<SuiteKind>,
    ) -> Result<Self, ScenarioError> {
        // Files stand beside the scenario: in another directory it counts as standing there.
        let place = data.map_or_else(|| PathBuf::from(name), |dir| dir.join("scenario.toml"));
        let called = place.display().to_string();
        let renamed = |mut error: ScenarioError| {
            if error.file == called {
                name.clone_into(&mut error.file);
            }
            error
        };
        let mut scenario = parse(text, &called).map_err(renamed)?;
        if let Some(suite) = suite {
            scenario.scenario.suite = suite;
        }
        let files = Files::of(&place);
        let table = table(&scenario, &files)?;
        Ok(Self {
            scenario: Arc::new(scenario),
            files,
            table: Arc::new(table),
        })
    }

    /// What this seed makes of it.
    ///
    /// # Errors
    /// A data file cannot be read, or there are too many events.
    pub fn setup(&self, seed: u64) -> Result<Setup, ScenarioError> {
        let schedule = expand(&self.scenario, seed, &self.files)?;
        Ok(self.setup_of(seed, schedule))
    }

    /// A run of a given schedule.
    #[must_use]
    pub fn setup_of(&self, seed: u64, schedule: Schedule) -> Setup {
        Setup::new(
            Arc::clone(&self.scenario),
            Arc::new(schedule),
            seed,
            Arc::clone(&self.table),
        )
    }
}

/// The content of the latency file a scenario names.
pub(crate) fn table(scenario: &Scenario, files: &Files) -> Result<Table, ScenarioError> {
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
///
/// # Errors
/// The names there are.
pub fn suite(name: &str) -> Result<SuiteKind, String> {
    match name {
        "real" => Ok(SuiteKind::Real),
        "real-memo" => Ok(SuiteKind::RealMemo),
        "sim-fast" => Ok(SuiteKind::SimFast),
        _ => Err("one of real, real-memo, sim-fast".to_owned()),
    }
}

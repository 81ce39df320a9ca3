//! The Python module `tom_sim`: a scenario's text and a seed become an outcome, without the GIL.
//!
//! Outcomes cross as JSON, as `tom-sim run --json` prints them: there is one description of them.

use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::import_exception;
use pyo3::prelude::*;
use tom_sim::load::{self, Loaded};
use tom_sim::run::{QueueKind, run as play, suite_name};
use tom_sim::scenario::model::Assert;
use tom_sim::scenario::{self, ScenarioError as Wrong, Schedule};

import_exception!(tom_sim._errors, ScenarioError);

/// What a run is made of, apart from its seed.
struct Asked<'a> {
    text: &'a str,
    suite: Option<&'a str>,
    data: Option<PathBuf>,
    name: &'a str,
}

impl Asked<'_> {
    fn load(&self, py: Python<'_>) -> PyResult<Loaded> {
        let suite = self.suite.map(load::suite).transpose();
        let suite = suite.map_err(|known| PyValueError::new_err(format!("suite: {known}")))?;
        py.detach(|| Loaded::of_text(self.text, self.name, self.data.as_deref(), suite))
            .map_err(raised)
    }
}

fn raised(wrong: Wrong) -> PyErr {
    ScenarioError::new_err((wrong.file, wrong.line, wrong.problem, wrong.remedy))
}

fn queue_of(name: Option<&str>) -> PyResult<QueueKind> {
    match name {
        None | Some("wheel") => Ok(QueueKind::Wheel),
        Some("heap") => Ok(QueueKind::Heap),
        Some(_) => Err(PyValueError::new_err("queue: one of wheel, heap")),
    }
}

/// Plays one seed; the GIL is held only to hear of Ctrl-C first.
fn one(py: Python<'_>, loaded: &Loaded, seed: u64, queue: QueueKind) -> PyResult<String> {
    py.check_signals()?;
    py.detach(|| {
        let setup = loaded.setup(seed).map_err(raised)?;
        serde_json::to_string(&play(&setup, queue))
            .map_err(|error| PyValueError::new_err(error.to_string()))
    })
}

/// The outcomes of the seeds from `first` to `last`, both included, each as JSON.
#[pyfunction]
#[pyo3(signature = (text, first, last, suite, queue, data, name))]
#[expect(
    clippy::too_many_arguments,
    reason = "the public signature, which has defaults, is in Python"
)]
fn outcomes(
    py: Python<'_>,
    text: &str,
    first: u64,
    last: u64,
    suite: Option<&str>,
    queue: Option<&str>,
    data: Option<PathBuf>,
    name: &str,
) -> PyResult<Vec<String>> {
    let queue = queue_of(queue)?;
    if first > last {
        return Err(PyValueError::new_err(format!(
            "seeds: {first} is after {last}"
        )));
    }
    let asked = Asked {
        text,
        suite,
        data,
        name,
    };
    let loaded = asked.load(py)?;
    (first..=last)
        .map(|seed| one(py, &loaded, seed, queue))
        .collect()
}

/// The scenario in full, and as comments what the seed makes of it.
#[pyfunction]
#[pyo3(signature = (text, seed, all, suite, data, name))]
fn explain(
    py: Python<'_>,
    text: &str,
    seed: u64,
    all: bool,
    suite: Option<&str>,
    data: Option<PathBuf>,
    name: &str,
) -> PyResult<String> {
    let loaded = Asked {
        text,
        suite,
        data,
        name,
    }
    .load(py)?;
    py.detach(|| scenario::explain(&loaded.scenario, seed, &loaded.files, all))
        .map_err(raised)
}

/// Per node its class; the links; the external events as lines.
type Expanded = (Vec<String>, Vec<(u32, u32)>, Vec<String>);

/// What the seed makes of the scenario.
#[pyfunction]
#[pyo3(signature = (text, seed, data, name))]
fn expand(
    py: Python<'_>,
    text: &str,
    seed: u64,
    data: Option<PathBuf>,
    name: &str,
) -> PyResult<Expanded> {
    let loaded = Asked {
        text,
        suite: None,
        data,
        name,
    }
    .load(py)?;
    py.detach(|| {
        let scenario = &loaded.scenario;
        let drawn: Schedule = scenario::expand(scenario, seed, &loaded.files)?;
        let all = scenario.profiles();
        let class = |at: &u16| {
            all.get(usize::from(*at))
                .map(|profile| profile.class.clone())
        };
        let classes = drawn.profiles.iter().filter_map(class).collect();
        let externals = drawn.externals.iter().map(ToString::to_string).collect();
        Ok((classes, drawn.links, externals))
    })
    .map_err(raised)
}

/// Name, nodes, simulated seconds, suite, what it waits for, situations that are to come up.
type Head = (String, u32, f64, &'static str, Option<String>, Vec<String>);

/// What a scenario says of itself, once it is checked.
#[pyfunction]
#[pyo3(signature = (text, suite, data, name))]
fn head(
    py: Python<'_>,
    text: &str,
    suite: Option<&str>,
    data: Option<PathBuf>,
    name: &str,
) -> PyResult<Head> {
    let loaded = Asked {
        text,
        suite,
        data,
        name,
    }
    .load(py)?;
    let scenario = &loaded.scenario;
    let sometimes = scenario.assert.iter().filter_map(|assert| match assert {
        Assert::Sometimes(name) => Some(name.clone()),
        Assert::Always(_) | Assert::Metric { .. } => None,
    });
    let head = &scenario.scenario;
    Ok((
        head.name.clone(),
        scenario.topology.nodes,
        head.duration.0 as f64 / 1e9,
        suite_name(head.suite),
        head.xfail.clone(),
        sometimes.collect(),
    ))
}

/// What `tom_sim` is made on.
#[pymodule]
fn _tom_sim(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("VERSION", env!("CARGO_PKG_VERSION"))?;
    module.add("COMMIT", env!("TOM_SIM_COMMIT"))?;
    module.add_function(wrap_pyfunction!(outcomes, module)?)?;
    module.add_function(wrap_pyfunction!(explain, module)?)?;
    module.add_function(wrap_pyfunction!(expand, module)?)?;
    module.add_function(wrap_pyfunction!(head, module)?)
}

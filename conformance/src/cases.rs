//! Vector files, in the shape of Wycheproof's: groups of cases, each with what is asked, what is
//! expected, the place in the book, and the ways in which it is special.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::profile::{Addon, Profile};

/// A file of vectors.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct File {
    /// What it is about.
    pub algorithm: String,
    /// The name of the schema it keeps.
    pub schema: String,
    /// How many cases.
    pub number_of_tests: u32,
    /// What each flag means.
    pub notes: BTreeMap<String, String>,
    /// The cases.
    pub test_groups: Vec<Group>,
}

/// Cases of one kind.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// What is asked: `inspect`, or of a `node`, a reset and steps.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is inspected, or what the stories are about; the area in reports.
    pub what: String,
    /// The least profile that has to answer.
    pub profile: Profile,
    /// The add-on they belong to: asked only of those who want it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addon: Option<Addon>,
    /// The cases.
    pub tests: Vec<Case>,
}

/// One case.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// Its number in the file.
    pub tc_id: u32,
    /// What it is, in words.
    pub comment: String,
    /// Chapter and heading: `envelope.md#seal`.
    pub spec_ref: String,
    /// The rules it is about.
    pub rules: Vec<String>,
    /// The ways in which it is special; of an invalid one, how it is wrong.
    pub flags: Vec<String>,
    /// Whether the book accepts it.
    pub result: Expected,
    /// The request, without `id`, `do` and `what`; of a story `reset` and `steps`.
    pub ask: Map<String, Value>,
    /// The reply, without `id`; of a story what has to stand in the last one.
    pub expect: Map<String, Value>,
    /// What the book allows beside it: of an acceptable case, and of no other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Map<String, Value>>,
}

impl Case {
    /// It asks for tables of other sizes, which a port need not be able to set.
    #[must_use]
    pub fn asks_for_limits(&self) -> bool {
        let reset = self.ask.get("reset");
        let limits = reset.and_then(|reset| reset["config"]["limits"].as_object());
        limits.is_some_and(|limits| !limits.is_empty())
    }
}

/// Whether the book accepts something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// It does.
    Valid,
    /// It does not.
    Invalid,
    /// It leaves a choice: one answer is expected, and others are not strict.
    Acceptable,
}

/// A request with these fields, still without its id.
pub(crate) fn request(what: &str, fields: &Value) -> Map<String, Value> {
    let mut request = fields.as_object().cloned().unwrap_or_default();
    request.insert("do".to_owned(), what.into());
    request
}

/// The requests of a story, in their order: the reset, then each step.
///
/// # Errors
/// It has none.
pub fn story(ask: &Value) -> anyhow::Result<Vec<Map<String, Value>>> {
    let steps = ask["steps"].as_array().context("a story without steps")?;
    let steps = steps.iter().map(|step| request("step", step));
    Ok([request("reset", &ask["reset"])]
        .into_iter()
        .chain(steps)
        .collect())
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is not there, or not readable.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not as the schema says.
    #[error("{}: {what}; `tom-conformance generate` writes such files", path.display())]
    Shape {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        what: String,
    },
}

/// The schema of vector files.
const SCHEMA: &str = include_str!("../schema/vectors.json");

/// Reads a file and checks it against its schema and its own counts.
///
/// # Errors
/// It cannot be read, or is not what it should be.
pub fn read(path: &Path) -> Result<File, Unreadable> {
    let io = |source| Unreadable::Io {
        path: path.to_owned(),
        source,
    };
    let shape = |what: String| Unreadable::Shape {
        path: path.to_owned(),
        what,
    };
    let text = std::fs::read_to_string(path).map_err(io)?;
    let value: Value = serde_json::from_str(&text).map_err(|error| shape(error.to_string()))?;
    let schema: Value =
        serde_json::from_str(SCHEMA).map_err(|error| shape(format!("the schema: {error}")))?;
    let schema = jsonschema::validator_for(&schema).map_err(|error| shape(error.to_string()))?;
    if let Err(error) = schema.validate(&value) {
        return Err(shape(format!("{} at `{}`", error, error.instance_path())));
    }
    let file: File = serde_json::from_value(value).map_err(|error| shape(error.to_string()))?;
    let mut number = 0;
    for case in file.cases() {
        number += 1;
        if case.tc_id != number {
            return Err(shape(format!(
                "tcId {} stands in place {number}",
                case.tc_id
            )));
        }
        if (case.result == Expected::Acceptable) == case.also.is_empty() {
            return Err(shape(format!(
                "tcId {number}: `also` belongs to what is acceptable, and to nothing else"
            )));
        }
        if let Some(flag) = case
            .flags
            .iter()
            .find(|flag| !file.notes.contains_key(*flag))
        {
            return Err(shape(format!("tcId {number}: no note says what {flag} is")));
        }
    }
    if number != file.number_of_tests {
        let said = file.number_of_tests;
        return Err(shape(format!(
            "numberOfTests is {said}, and there are {number}"
        )));
    }
    Ok(file)
}

impl File {
    /// All cases in their order.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.test_groups.iter().flat_map(|group| &group.tests)
    }
}

/// The vector files in a directory, in the order of their names.
///
/// # Errors
/// The directory cannot be read.
pub fn files(directory: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let io = |source| Unreadable::Io {
        path: directory.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

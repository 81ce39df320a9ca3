//! Broken variants of the reference, and which case noticed each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

/// The proofs outside the suite, which stand beside the lists and are none.
pub const OUTSIDE: &str = "outside.toml";
const RESULTS: &str = "RESULTS.json";

/// One broken variant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// What it does, in a few words with hyphens.
    pub name: String,
    /// The rule it breaks.
    pub rule: String,
    /// The file, under `tom-core/src`.
    pub file: String,
    /// The file is one of the port's instead.
    #[serde(default)]
    pub port: bool,
    /// What stands there once.
    pub find: String,
    /// What stands there in the variant.
    pub replace: String,
}

impl Mutant {
    /// The file, from the root of the repository.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let folder = if self.port {
            "conformance/ports/rust/src"
        } else {
            "tom-core/src"
        };
        Path::new(folder).join(&self.file)
    }
}

#[derive(Debug, Deserialize)]
struct List {
    mutant: Vec<Mutant>,
}

/// Where the lists are: beside this crate's source.
#[must_use]
pub fn home() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/mutants"))
}

/// The variants of all lists, in the order of the lists' names.
///
/// # Errors
/// A list cannot be read, or a name stands twice.
pub fn read(directory: &Path) -> anyhow::Result<Vec<Mutant>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        let is_list = path.extension().is_some_and(|it| it == "toml");
        if is_list && path.file_name().is_some_and(|it| it != OUTSIDE) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut all: Vec<Mutant> = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        let list: List = toml::from_str(&text).with_context(|| path.display().to_string())?;
        for mutant in list.mutant {
            let known = all.iter().any(|it| it.name == mutant.name);
            ensure!(!known, "{} stands twice", mutant.name);
            all.push(mutant);
        }
    }
    Ok(all)
}

/// What noticed a variant when it was last tried.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Noticed {
    /// The rule it breaks.
    pub rule: String,
    /// The first case that failed: `file:number`, or a transcript.
    pub by: String,
}

/// By the names of the variants.
pub type Results = BTreeMap<String, Noticed>;

/// What is known of the variants.
///
/// # Errors
/// The file is there and cannot be read.
pub fn results(directory: &Path) -> anyhow::Result<Results> {
    let path = directory.join(RESULTS);
    if !path.exists() {
        return Ok(Results::new());
    }
    let text = std::fs::read_to_string(&path)?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// Writes what is known: a line per variant.
///
/// # Errors
/// It cannot be written.
pub fn keep(directory: &Path, results: &Results) -> anyhow::Result<()> {
    let lines: Vec<String> = results
        .iter()
        .map(|(name, it)| Ok(format!("\"{name}\": {}", serde_json::to_string(it)?)))
        .collect::<anyhow::Result<_>>()?;
    let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
    std::fs::write(directory.join(RESULTS), text)?;
    Ok(())
}

//! The outcomes of many runs, read back from files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::run::Outcome;

/// Outcomes by scenario and suite, then by seed.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// Where they come from.
    pub name: String,
    /// By scenario and suite, then by seed.
    pub by: BTreeMap<(String, String), BTreeMap<u64, Outcome>>,
}

/// A line that is no outcome, or a file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {why}", file.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct Unread {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1, where it is about one.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a file or a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(String),
    /// It is not an outcome.
    #[error("is no outcome: {0}")]
    Json(String),
    /// There is another outcome of the same run.
    #[error("{scenario} seed {seed} ({suite}) is there already")]
    Twice {
        /// The scenario.
        scenario: String,
        /// The seed.
        seed: u64,
        /// The suite.
        suite: String,
    },
    /// There is nothing in it.
    #[error("holds no outcome")]
    Nothing,
}

/// Reads a file of outcomes, one a line, or a directory with such files (`*.jsonl`) or with one outcome
/// a file (`*.json`).
///
/// # Errors
/// The first line that cannot be used; with `skip` those come back beside the rest, and only a file
/// that cannot be read or nothing at all is an error.
pub fn read(path: &Path, skip: bool) -> Result<(Runs, Vec<Unread>), Unread> {
    let mut runs = Runs {
        name: path.display().to_string(),
        ..Runs::default()
    };
    let mut skipped = Vec::new();
    for file in files(path)? {
        let text = std::fs::read_to_string(&file).map_err(|error| io(&file, &error))?;
        let whole = file.extension().is_some_and(|kind| kind == "json");
        let parts: Vec<(Option<usize>, &str)> = if whole {
            vec![(None, text.as_str())]
        } else {
            text.lines()
                .enumerate()
                .map(|(at, line)| (Some(at + 1), line))
                .collect()
        };
        for (line, part) in parts
            .into_iter()
            .filter(|(_, part)| !part.trim().is_empty())
        {
            if let Err(why) = runs.add(part) {
                let file = file.clone();
                let unread = Unread { file, line, why };
                if !skip {
                    return Err(unread);
                }
                skipped.push(unread);
            }
        }
    }
    if runs.by.is_empty() {
        return Err(Unread {
            file: path.to_owned(),
            line: None,
            why: Why::Nothing,
        });
    }
    Ok((runs, skipped))
}

impl Runs {
    fn add(&mut self, text: &str) -> Result<(), Why> {
        let outcome: Outcome = serde_json::from_str(text).map_err(|e| Why::Json(e.to_string()))?;
        let key = (outcome.scenario.clone(), outcome.suite.clone());
        let seeds = self.by.entry(key).or_default();
        if seeds.contains_key(&outcome.seed) {
            return Err(Why::Twice {
                scenario: outcome.scenario,
                seed: outcome.seed,
                suite: outcome.suite,
            });
        }
        seeds.insert(outcome.seed, outcome);
        Ok(())
    }
}

fn io(file: &Path, error: &std::io::Error) -> Unread {
    Unread {
        file: file.to_owned(),
        line: None,
        why: Why::Io(error.to_string()),
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Unread> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| io(path, &error))?;
    let mut all: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    all.sort();
    for kind in ["jsonl", "json"] {
        let of_kind = |file: &&PathBuf| file.extension().is_some_and(|own| own == kind);
        let some: Vec<PathBuf> = all.iter().filter(of_kind).cloned().collect();
        if !some.is_empty() {
            return Ok(some);
        }
    }
    Ok(Vec::new())
}

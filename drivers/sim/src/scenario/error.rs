//! What is wrong with a scenario: one line that names the place and the remedy.

use std::fmt;

/// Why a scenario, or a file it names, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file, as it was given.
    pub file: String,
    /// The line in it, from 1 on.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
    /// Nothing is wrong but that a data file is not there: a test may skip.
    pub absent: bool,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}; {}",
            self.file, self.line, self.problem, self.remedy
        )
    }
}

impl std::error::Error for ScenarioError {}

/// What is wrong with a value, before it is known where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    /// What is wrong.
    pub(crate) problem: String,
    /// What would be right.
    pub(crate) remedy: String,
}

impl Bad {
    /// Both halves of the line.
    pub(crate) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// The same at a place.
    pub(crate) fn at(self, file: &str, line: usize) -> ScenarioError {
        ScenarioError {
            file: file.to_owned(),
            line,
            problem: one_line(&self.problem),
            remedy: one_line(&self.remedy),
            absent: false,
        }
    }
}

/// Control characters, line ends among them, become spaces.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The remedy for a word that is none of `known`: the nearest one, or all.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let lower = word.to_lowercase().replace('_', "-");
    let near = known
        .iter()
        .map(|k| {
            let plain = k.replace('_', "-");
            (strsim::damerau_levenshtein(&lower, &plain), *k)
        })
        .min();
    match near {
        Some((distance, near)) if distance <= 2.max(near.len() / 3) && distance < near.len() => {
            format!("did you mean `{near}`?")
        }
        Some(_) => format!("it is one of {}", known.join(", ")),
        None => "leave it out".to_owned(),
    }
}

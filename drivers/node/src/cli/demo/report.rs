//! What the demo prints: a line per step for people, one object at the end for programs.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Step;
use crate::cli::say;

/// What a step that held has to show.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The time that matters in this step.
    pub(crate) took: Duration,
    /// The messages it is about.
    pub(crate) ids: Vec<String>,
    /// What to tell people.
    pub(crate) lines: Vec<String>,
    /// What to tell programs.
    pub(crate) facts: Map<String, Value>,
}

impl Shown {
    /// Adds a line for people.
    pub(crate) fn line(mut self, text: impl Into<String>) -> Self {
        self.lines.push(text.into());
        self
    }

    /// Adds a fact for programs.
    pub(crate) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.into(), value.into());
        self
    }
}

#[derive(Debug)]
pub(crate) struct Report {
    json: bool,
    steps: Map<String, Value>,
    held: usize,
    current: Option<Step>,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            steps: Map::new(),
            held: 0,
            current: None,
        }
    }

    pub(crate) fn begin(&self, broken: Option<Step>) {
        if self.json {
            return;
        }
        say::line("tom demo: separate processes on this machine, each with its own identity,");
        say::line("          talking UDP over loopback. Times are wall time, seen from outside.");
        if let Some(step) = broken {
            say::line(format_args!(
                "          Step `{}` is sabotaged and must fail.",
                step.name()
            ));
        }
        say::line("");
    }

    /// A step begins; until it is shown, an error is its failure.
    pub(crate) fn start(&mut self, step: Step) {
        self.current = Some(step);
    }

    pub(crate) fn show(&mut self, step: Step, shown: Shown) {
        self.current = None;
        self.held += 1;
        if !self.json {
            let mut lines = shown.lines.iter();
            let first = lines.next().map_or("", String::as_str);
            say::line(format_args!(
                "  ok    {:<15} {:>9}  {first}",
                step.name(),
                ms_text(shown.took)
            ));
            for line in lines {
                say::line(format_args!("{:36}{line}", ""));
            }
            let ids: Vec<&str> = shown.ids.iter().filter_map(|id| id.get(..8)).collect();
            let more = ids.len().saturating_sub(6);
            let ids = ids.into_iter().take(6).collect::<Vec<_>>().join(" ");
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            say::line(format_args!("{:36}message {ids}{more}", ""));
        }
        let mut value = shown.facts;
        value.insert("ok".into(), json!(true));
        value.insert("ms".into(), ms(shown.took));
        value.insert("message_ids".into(), json!(shown.ids));
        self.steps.insert(step.name().into(), Value::Object(value));
    }

    pub(crate) fn all_ok(&self) -> bool {
        self.held == Step::ALL.len()
    }

    pub(crate) fn end(&mut self, took: Duration, error: Option<anyhow::Error>) {
        let why = error.map(|error| format!("{error:#}"));
        let failed = self.current.or_else(|| {
            let open = |step: &&Step| !self.steps.contains_key(step.name());
            why.as_ref()
                .and_then(|_| Step::ALL.iter().find(open).copied())
        });
        for step in Step::ALL {
            if self.steps.contains_key(step.name()) {
                continue;
            }
            let mut value = json!({ "ok": false, "ms": null, "message_ids": [] });
            if failed == Some(step) {
                value["error"] = json!(why);
            } else {
                value["skipped"] = json!(true);
            }
            self.steps.insert(step.name().into(), value);
        }
        if self.json {
            let ordered: Map<String, Value> = std::mem::take(&mut self.steps);
            let all = self.held == Step::ALL.len();
            return say::line(json!({ "ok": all, "ms": ms(took), "steps": ordered }));
        }
        let why = why.unwrap_or_default();
        if let Some(step) = failed {
            say::line(format_args!("  FAIL  {:<15} {:>9}  {why}", step.name(), ""));
        }
        say::line("");
        let seconds = took.as_millis() / 100;
        let took = format!("{}.{} s", seconds / 10, seconds % 10);
        if self.all_ok() {
            say::line(format_args!("All {} promises held, in {took}.", self.held));
        } else {
            say::line(format_args!(
                "{} of {} promises held, in {took}; the first that did not ended the demo.",
                self.held,
                Step::ALL.len()
            ));
        }
    }
}

/// Milliseconds with three decimals, as a number.
fn ms(took: Duration) -> Value {
    let micros = took.as_micros();
    let text = format!("{}.{:03}", micros / 1_000, micros % 1_000);
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// Milliseconds for people.
pub(crate) fn ms_text(took: Duration) -> String {
    let micros = took.as_micros();
    format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100)
}

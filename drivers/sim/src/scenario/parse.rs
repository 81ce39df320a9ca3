//! A scenario from its file, and back.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::defaults;
use super::error::{Bad, ScenarioError, did_you_mean};
use super::files::find;
use super::model::{Churn, Latency, Pattern, Scenario, Shape};
use super::valid;
use super::walk::{Context, Fields, Lines, Printer, Reader};

/// The tables of a scenario.
const TABLES: [&str; 8] = [
    "scenario",
    "topology",
    "profile",
    "churn",
    "fault",
    "traffic",
    "adversary",
    "assert",
];

/// Reads a scenario; `name` is its file's path, beside which the files it names are looked for, and
/// then in the directory `TOM_SIM_DATA`.
///
/// # Errors
/// The first thing that is wrong, with its line; `absent` when it is only that a data file is not
/// there.
pub fn parse(text: &str, name: &str) -> Result<Scenario, ScenarioError> {
    let (scenario, lines) = parse_text(text, name)?;
    for (path, file) in named_files(&scenario) {
        if find(Path::new(name), file).is_none() {
            let problem = format!("there is no file `{file}`");
            let remedy = "put it beside the scenario or into the directory TOM_SIM_DATA names";
            let mut error = Bad::new(problem, remedy).at(name, lines.at(&path));
            error.absent = true;
            return Err(error);
        }
    }
    Ok(scenario)
}

/// Reads a scenario without looking for the files it names.
pub(crate) fn parse_text(text: &str, name: &str) -> Result<(Scenario, Lines), ScenarioError> {
    let cx = Context { name, text };
    let document = DeTable::parse(text).map_err(|error| {
        let line = cx.line(error.span().map_or(0, |span| span.start));
        let problem = format!("this is not TOML: {}", error.message());
        Bad::new(problem, "correct this line, or the one before").at(name, line)
    })?;
    let root = document.get_ref();
    let unknown = root
        .iter()
        .filter(|(key, _)| !TABLES.contains(&key.get_ref().as_ref()))
        .min_by_key(|(key, _)| key.span().start);
    if let Some((key, _)) = unknown {
        let problem = format!("unknown table [{}]", key.get_ref());
        let remedy = did_you_mean(key.get_ref(), TABLES);
        return Err(Bad::new(problem, remedy).at(name, cx.line(key.span().start)));
    }
    let mut scenario = Scenario::default();
    one(&cx, root, "scenario", "[scenario]", &mut scenario.scenario)?;
    one(&cx, root, "topology", "[topology]", &mut scenario.topology)?;
    scenario.profile = many(&cx, root, "profile", "[[profile]]")?;
    scenario.churn = many_of(&cx, root, "churn", "[[churn]]", super::walk::first)?;
    scenario.fault = many_of(&cx, root, "fault", "[[fault]]", super::walk::first)?;
    scenario.traffic = many(&cx, root, "traffic", "[[traffic]]")?;
    scenario.adversary = many(&cx, root, "adversary", "[[adversary]]")?;
    scenario.assert = many(&cx, root, "assert", "[[assert]]")?;
    let lines = Lines::of(&cx, root);
    if !lines.has("topology.shape") {
        scenario.topology.shape = defaults::shape(scenario.topology.nodes);
    }
    valid::check(&scenario).map_err(|(path, bad)| bad.at(name, lines.at(&path)))?;
    Ok((scenario, lines))
}

/// A table that has to be there.
fn one(
    cx: &Context<'_>,
    root: &DeTable<'_>,
    key: &str,
    title: &str,
    value: &mut impl Fields,
) -> Result<(), ScenarioError> {
    let Some(item) = root.get(key) else {
        let bad = Bad::new(format!("there is no table {title}"), "add it");
        return Err(bad.at(cx.name, 1));
    };
    match item.get_ref().as_table() {
        Some(table) => Reader::new(cx, table, item.span().start, title).fill(value),
        None => {
            let problem = format!("`{key}` is not a table");
            Err(cx.error(item, Bad::new(problem, format!("write it as {title}"))))
        }
    }
}

/// Tables that may be there more than once.
fn many<T: Fields + Default>(
    cx: &Context<'_>,
    root: &DeTable<'_>,
    key: &str,
    title: &str,
) -> Result<Vec<T>, ScenarioError> {
    many_of(cx, root, key, title, || Some(T::default()))
}

fn many_of<T: Fields>(
    cx: &Context<'_>,
    root: &DeTable<'_>,
    key: &str,
    title: &str,
    start: impl Fn() -> Option<T>,
) -> Result<Vec<T>, ScenarioError> {
    let Some(item) = root.get(key) else {
        return Ok(Vec::new());
    };
    let wrong = || {
        let problem = format!("`{key}` is not a list of tables");
        cx.error(item, Bad::new(problem, format!("write it as {title}")))
    };
    let array = item.get_ref().as_array().ok_or_else(wrong)?;
    let mut all = Vec::new();
    for item in array.iter() {
        let table = match item.get_ref() {
            DeValue::Table(table) => table,
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => return Err(wrong()),
        };
        let mut value = start().ok_or_else(wrong)?;
        Reader::new(cx, table, item.span().start, title).fill(&mut value)?;
        all.push(value);
    }
    Ok(all)
}

/// All data files a scenario names, with the path of the key.
pub(crate) fn named_files(scenario: &Scenario) -> Vec<(String, &str)> {
    let mut files = Vec::new();
    match &scenario.topology.latency {
        Latency::Coordinates { file } | Latency::Matrix { file } => {
            files.push(("topology.latency.file".to_owned(), file.as_str()));
        }
        Latency::Constant(_) | Latency::Uniform(..) | Latency::Plane { .. } => {}
    }
    if let Shape::Contacts { file } = &scenario.topology.shape {
        files.push(("topology.shape.file".to_owned(), file.as_str()));
    }
    for (at, churn) in scenario.churn.iter().enumerate() {
        if let Churn::Trace { file } = churn {
            files.push((format!("churn[{at}].file"), file.as_str()));
        }
    }
    for (at, traffic) in scenario.traffic.iter().enumerate() {
        if let Pattern::Trace { file, .. } = &traffic.pattern {
            files.push((format!("traffic[{at}].file"), file.as_str()));
        }
    }
    files
}

impl Scenario {
    /// All of it as TOML, defaults too; reads back as the same.
    #[must_use]
    pub fn to_toml(&self) -> String {
        fn table(out: &mut String, title: &str, value: &mut impl Fields) {
            let mut printer = Printer::default();
            value.walk(&mut printer);
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(title);
            out.push('\n');
            out.push_str(&printer.lines());
        }
        fn tables(out: &mut String, title: &str, values: &mut [impl Fields]) {
            for value in values {
                table(out, title, value);
            }
        }
        // The walk that reads also prints, so it takes what it may change.
        let mut copy = self.clone();
        let mut out = String::new();
        table(&mut out, "[scenario]", &mut copy.scenario);
        table(&mut out, "[topology]", &mut copy.topology);
        tables(&mut out, "[[profile]]", &mut copy.profile);
        tables(&mut out, "[[churn]]", &mut copy.churn);
        tables(&mut out, "[[fault]]", &mut copy.fault);
        tables(&mut out, "[[traffic]]", &mut copy.traffic);
        tables(&mut out, "[[adversary]]", &mut copy.adversary);
        tables(&mut out, "[[assert]]", &mut copy.assert);
        out
    }
}

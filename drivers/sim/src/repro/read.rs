//! Reads a failure from its file.

use std::str::FromStr;
use std::sync::Arc;

use super::{Expect, MAGIC, Repro, SECTIONS, VERDICTS, verdict_word};
use crate::run::Verdict;
use crate::scenario::error::{Bad, ScenarioError, did_you_mean};
use crate::scenario::model::Scenario;
use crate::scenario::parse::parse_text;
use crate::scenario::{Deed, Schedule, read_externals, units};
use crate::time::{Span, Time};

/// The words of the head.
const KEYS: [&str; 9] = [
    "seed", "verdict", "what", "node", "time", "message", "hash", "table", "detail",
];

impl Repro {
    /// Reads what [`Repro`]'s text form says; `name` is the file's, for what is wrong with it.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line and what would be right.
    pub fn read(text: &str, name: &str) -> Result<Self, ScenarioError> {
        let first = text.lines().next().unwrap_or_default().trim_end();
        if first != MAGIC {
            let remedy = format!("its first line is `{MAGIC}`");
            return Err(Bad::new("this is no file of a failure", remedy).at(name, 1));
        }
        let parts = Parts::cut(text, name)?;
        let head = head(parts.head, name)?;
        let (scenario, _) = parse_text(&parts.scenario, name)?;
        let nodes = nodes(&parts.nodes, name, &scenario)?;
        let externals = read_externals(&parts.externals, name)?;
        for external in &externals {
            let most = highest(&external.deed);
            if let Some(node) = most.filter(|node| *node >= scenario.topology.nodes) {
                let line = format!("{external}");
                let at = text.lines().position(|l| l.trim() == line).unwrap_or(0) + 1;
                let problem = format!("there is no node {node}");
                let remedy = format!("nodes are below {}", scenario.topology.nodes);
                return Err(Bad::new(problem, remedy).at(name, at));
            }
        }
        Ok(Self {
            seed: head.seed,
            expect: head.expect,
            scenario: Arc::new(scenario),
            schedule: Arc::new(Schedule {
                externals,
                profiles: nodes.profiles,
                links: nodes.links,
                phases: nodes.phases,
            }),
            absent: nodes.absent.into(),
            table: head.table,
        })
    }
}

/// The highest node an external event names.
fn highest(deed: &Deed) -> Option<u32> {
    crate::shrink::nodes_of(deed).into_iter().max()
}

/// The sections, each but the head behind as many empty lines as there are lines above it in the
/// file: so whatever reads one counts the file's lines.
struct Parts<'a> {
    head: &'a str,
    scenario: String,
    nodes: String,
    externals: String,
}

impl<'a> Parts<'a> {
    fn cut(text: &'a str, name: &str) -> Result<Self, ScenarioError> {
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        let mut offset = 0;
        for (at, line) in text.split_inclusive('\n').enumerate() {
            if let Some(section) = line.strip_prefix("--- ") {
                let section = section.trim_end();
                let wanted = SECTIONS.get(found.len()).copied().unwrap_or("nothing");
                if section != wanted {
                    let problem = format!("here begins `{section}`");
                    let remedy = format!("sections are {}, in this order", SECTIONS.join(", "));
                    return Err(Bad::new(problem, remedy).at(name, at + 1));
                }
                found.push((at + 1, offset, offset + line.len()));
            }
            offset += line.len();
        }
        let [scenario, nodes, externals, end] = found[..] else {
            let wanted = SECTIONS.get(found.len()).copied().unwrap_or("end");
            let problem = format!("the file ends before `--- {wanted}`");
            let remedy = "take a file that is whole";
            return Err(Bad::new(problem, remedy).at(name, text.lines().count().max(1)));
        };
        let part = |from: (usize, usize, usize), to: (usize, usize, usize)| {
            let body = text.get(from.2..to.1).unwrap_or_default();
            "\n".repeat(from.0) + body
        };
        Ok(Self {
            head: text.get(..scenario.1).unwrap_or_default(),
            scenario: part(scenario, nodes),
            nodes: part(nodes, externals),
            externals: part(externals, end),
        })
    }
}

/// What stands before the sections.
struct Head {
    seed: u64,
    expect: Expect,
    table: Option<u64>,
}

fn head(text: &str, name: &str) -> Result<Head, ScenarioError> {
    let mut seed = None;
    let mut table = None;
    let mut verdict = None;
    let mut expect = Expect {
        verdict: Verdict::Passed,
        what: String::new(),
        node: None,
        at: None,
        message: None,
        hash: String::new(),
        detail: String::new(),
    };
    let mut seen: Vec<&str> = Vec::new();
    let mut last = 1;
    for (at, line) in text.lines().enumerate().skip(1) {
        let line = line.trim();
        last = at + 1;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fail = |bad: Bad| bad.at(name, at + 1);
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let value = value.trim();
        if seen.contains(&key) {
            let bad = Bad::new(format!("`{key}` stands here twice"), "keep one of them");
            return Err(fail(bad));
        }
        seen.push(key);
        match key {
            "seed" => seed = Some(number(value).map_err(fail)?),
            "verdict" => verdict = Some(read_verdict(value).map_err(fail)?),
            "what" => expect.what = quoted(value).map_err(fail)?,
            "node" => expect.node = Some(number(value).map_err(fail)?),
            "time" => expect.at = Some(time(value).map_err(fail)?),
            "message" => expect.message = Some(number(value).map_err(fail)?),
            "hash" => expect.hash = value.to_owned(),
            "table" => table = Some(hex(value).map_err(fail)?),
            "detail" => expect.detail = quoted(value).map_err(fail)?,
            other => {
                let problem = format!("nothing is called `{other}`");
                return Err(fail(Bad::new(problem, did_you_mean(other, KEYS))));
            }
        }
    }
    let missing = |what: &str| {
        let remedy = format!("add `{what} ...` before the first section");
        Bad::new(format!("there is no {what}"), remedy).at(name, last)
    };
    expect.verdict = verdict.ok_or_else(|| missing("verdict"))?;
    Ok(Head {
        seed: seed.ok_or_else(|| missing("seed"))?,
        expect,
        table,
    })
}

fn number<T: FromStr>(text: &str) -> Result<T, Bad> {
    let wrong = |_| Bad::new(format!("`{text}` is no number"), "write a whole number");
    text.parse().map_err(wrong)
}

fn hex(text: &str) -> Result<u64, Bad> {
    let wrong = |_| Bad::new(format!("`{text}` is no fingerprint"), "write 16 hex digits");
    u64::from_str_radix(text, 16).map_err(wrong)
}

fn quoted(text: &str) -> Result<String, Bad> {
    let wrong = |_| Bad::new("this is no string", "write it in quotes, as JSON has it");
    serde_json::from_str(text).map_err(wrong)
}

fn time(text: &str) -> Result<Time, Bad> {
    let digits = text.strip_suffix('s').map(str::trim);
    let span = digits.and_then(|digits| units::read_span(&format!("{digits}s")).ok());
    let wrong = || Bad::new(format!("`{text}` is no time"), "write it as `12.345 s`");
    span.map(|span| Time(span.0)).ok_or_else(wrong)
}

fn read_verdict(text: &str) -> Result<Verdict, Bad> {
    let known = VERDICTS.iter().find(|v| verdict_word(**v) == text);
    known.copied().ok_or_else(|| {
        let remedy = did_you_mean(text, VERDICTS.map(verdict_word));
        Bad::new(format!("there is no verdict `{text}`"), remedy)
    })
}

/// What the section of nodes says.
struct Nodes {
    profiles: Vec<u16>,
    phases: Vec<Span>,
    links: Vec<(u32, u32)>,
    absent: Vec<u32>,
}

fn nodes(text: &str, name: &str, scenario: &Scenario) -> Result<Nodes, ScenarioError> {
    let count = scenario.topology.nodes;
    let kinds = scenario.profiles().len();
    let mut nodes = Nodes {
        profiles: vec![0; count as usize],
        phases: vec![Span::ZERO; count as usize],
        links: Vec::new(),
        absent: Vec::new(),
    };
    let mut next = 0;
    let mut dialled: Vec<(u32, usize)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fail = |bad: Bad| bad.at(name, at + 1);
        let mut words = line.split_whitespace().peekable();
        let node: u32 = number(words.next().unwrap_or_default()).map_err(fail)?;
        if node < next || node >= count {
            let problem = format!("node {node} is out of place");
            let remedy = format!("write nodes once, in order, below {count}");
            return Err(fail(Bad::new(problem, remedy)));
        }
        nodes.absent.extend(next..node);
        next = node + 1;
        while let Some(word) = words.next() {
            match word {
                "profile" => {
                    let profile: u16 = number(words.next().unwrap_or_default()).map_err(fail)?;
                    if usize::from(profile) >= kinds {
                        let problem = format!("there is no profile {profile}");
                        let remedy = format!("profiles are below {kinds}");
                        return Err(fail(Bad::new(problem, remedy)));
                    }
                    if let Some(slot) = nodes.profiles.get_mut(node as usize) {
                        *slot = profile;
                    }
                }
                "phase" => {
                    let word = words.next().unwrap_or_default();
                    let phase = units::read_span(word).map_err(fail)?;
                    if let Some(slot) = nodes.phases.get_mut(node as usize) {
                        *slot = phase;
                    }
                }
                "dials" => {
                    for peer in words.by_ref() {
                        let peer = number(peer).map_err(fail)?;
                        nodes.links.push((node, peer));
                        dialled.push((peer, at + 1));
                    }
                }
                other => {
                    let problem = format!("nothing of a node is called `{other}`");
                    let remedy = did_you_mean(other, ["profile", "phase", "dials"]);
                    return Err(fail(Bad::new(problem, remedy)));
                }
            }
        }
    }
    nodes.absent.extend(next..count);
    let unknown = |peer: u32| peer >= count || nodes.absent.binary_search(&peer).is_ok();
    if let Some((peer, line)) = dialled.into_iter().find(|(peer, _)| unknown(*peer)) {
        let problem = format!("node {peer} is dialled and not listed");
        return Err(Bad::new(problem, "add its line, or dial it not").at(name, line));
    }
    Ok(nodes)
}

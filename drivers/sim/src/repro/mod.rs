//! A failure as one plain text file: everything it takes to play it again on any machine.
//!
//! ```text
//! tom-sim repro 1
//!
//! seed     7
//! verdict  safety
//! what     "no_duplicate_delivery"
//! node     17
//! time     12.345 s
//! message  3
//! hash     00f1e2d3c4b5a697
//! detail   "message 3 is given to its application again"
//!
//! --- scenario
//! [scenario]
//! ...
//! --- nodes
//! 0 profile 0 dials 1 2 3
//! 1 profile 0
//! 17 profile 2 phase 1.5s dials 0
//! --- externals
//! 12.300 s  crash 17
//! --- end
//! ```
//!
//! The scenario says what the network is like. What it generates (links, profiles, external events)
//! stands in the other sections and is not drawn again: no file is needed but the one a latency names.
//! Nodes that are not listed never start; those that are keep the numbers they had, and with the
//! numbers everything that is drawn for them. `node`, `time`, `message` and `table` may be absent.

mod read;

use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip::SipHasher13;

use crate::net::latency::Table;
use crate::run::{Outcome, Verdict, Wrong};
use crate::scenario::line::seconds;
use crate::scenario::model::{Scenario, Shape};
use crate::scenario::{External, Schedule, units};
use crate::time::{Span, Time};
use crate::world::Setup;

/// The first line of every such file.
pub const MAGIC: &str = "tom-sim repro 1";

/// Sections, in their order.
const SECTIONS: [&str; 4] = ["scenario", "nodes", "externals", "end"];

/// A failure and everything it takes to play it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Repro {
    /// The seed.
    pub seed: u64,
    /// What is expected to come of it.
    pub expect: Expect,
    /// What is simulated.
    pub scenario: Arc<Scenario>,
    /// What the seed made of it.
    pub schedule: Arc<Schedule>,
    /// Nodes that never start, sorted.
    pub absent: Arc<[u32]>,
    /// The fingerprint of the latency file's content, where the scenario names one.
    pub table: Option<u64>,
}

/// How a run is expected to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// How.
    pub verdict: Verdict,
    /// The invariant, or the assertion, or `panic`; empty when nothing was wrong.
    pub what: String,
    /// At which node.
    pub node: Option<u32>,
    /// When.
    pub at: Option<Time>,
    /// The message it is about.
    pub message: Option<u32>,
    /// The run's fingerprint, in hex; empty when it is not known.
    pub hash: String,
    /// In words.
    pub detail: String,
}

impl Expect {
    /// What a run came to.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let wrong = outcome.wrong.first();
        Self {
            verdict: outcome.verdict,
            what: wrong.map(|wrong| wrong.what.clone()).unwrap_or_default(),
            node: wrong.and_then(|wrong| wrong.node),
            at: wrong.and_then(moment),
            message: wrong.and_then(|wrong| wrong.message),
            hash: outcome.hash.clone(),
            detail: wrong.map(|wrong| wrong.detail.clone()).unwrap_or_default(),
        }
    }

    /// How a run differs from this, one line each; empty when it does not.
    #[must_use]
    pub fn differences(&self, outcome: &Outcome) -> Vec<String> {
        let now = Self::of(outcome);
        let mut lines = Vec::new();
        let mut compare = |what: &str, was: String, is: String| {
            if was != is {
                lines.push(format!("{what} was {was}, and is {is}"));
            }
        };
        let dash = || "none".to_owned();
        let number = |n: Option<u32>| n.map_or_else(dash, |n| n.to_string());
        let time = |at: Option<Time>| at.map_or_else(dash, |at| format!("{} s", seconds(at)));
        compare(
            "the verdict",
            verdict_word(self.verdict).to_owned(),
            verdict_word(now.verdict).to_owned(),
        );
        compare("what is wrong", self.what.clone(), now.what.clone());
        compare("the node", number(self.node), number(now.node));
        compare("the time", time(self.at), time(now.at));
        compare("the message", number(self.message), number(now.message));
        if !self.hash.is_empty() {
            compare("the hash", self.hash.clone(), now.hash.clone());
        }
        lines
    }
}

/// When something went wrong, to the nanosecond.
#[must_use]
pub fn moment(wrong: &Wrong) -> Option<Time> {
    // Whole nanoseconds survive the way through seconds for the first hundred days.
    wrong.at_s.map(|at| Time(libm::round(at * 1e9) as u64))
}

impl Repro {
    /// A run, and what it came to.
    #[must_use]
    pub fn of(setup: &Setup, outcome: &Outcome) -> Self {
        let setup = normal(setup);
        Self {
            seed: setup.seed,
            expect: Expect::of(outcome),
            scenario: Arc::clone(&setup.scenario),
            schedule: Arc::clone(&setup.schedule),
            absent: Arc::clone(&setup.absent),
            table: print_of(&setup.table),
        }
    }

    /// The run to play again; `table` is the content of the latency file, where one is named.
    #[must_use]
    pub fn setup(&self, table: Arc<Table>) -> Setup {
        let mut setup = Setup::new(
            Arc::clone(&self.scenario),
            Arc::clone(&self.schedule),
            self.seed,
            table,
        );
        setup.absent = Arc::clone(&self.absent);
        setup
    }
}

/// The name of the file of a failure: that of the scenario, with the seed.
#[must_use]
pub fn file_name(scenario: &str, seed: u64) -> String {
    let tame = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => c,
        _ => '_',
    };
    let name: String = scenario.chars().map(tame).collect();
    format!("{name}-{seed}.repro")
}

/// A fingerprint of a latency file's content.
#[must_use]
pub fn print_of(table: &Table) -> Option<u64> {
    let mut hasher = SipHasher13::new();
    match table {
        Table::None => return None,
        Table::Coordinates(points) => {
            for (x, y) in points {
                hasher.write_u64(x.to_bits());
                hasher.write_u64(y.to_bits());
            }
        }
        Table::Matrix(rows) => {
            for row in rows {
                hasher.write_usize(row.len());
                for cell in row {
                    hasher.write_u32(cell.map_or(u32::MAX, f32::to_bits));
                }
            }
        }
    }
    Some(hasher.finish())
}

/// A verdict as it is written.
#[must_use]
pub const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Liveness => "liveness",
        Verdict::Safety => "safety",
        Verdict::Crash => "crash",
    }
}

/// All of them.
const VERDICTS: [Verdict; 5] = [
    Verdict::Passed,
    Verdict::Failed,
    Verdict::Liveness,
    Verdict::Safety,
    Verdict::Crash,
];

impl fmt::Display for Repro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expect = &self.expect;
        // JSON's strings: one line whatever is in them.
        let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
        writeln!(f, "{MAGIC}\n")?;
        writeln!(f, "seed     {}", self.seed)?;
        writeln!(f, "verdict  {}", verdict_word(expect.verdict))?;
        writeln!(f, "what     {}", quoted(&expect.what))?;
        if let Some(node) = expect.node {
            writeln!(f, "node     {node}")?;
        }
        if let Some(at) = expect.at {
            writeln!(f, "time     {} s", seconds(at))?;
        }
        if let Some(message) = expect.message {
            writeln!(f, "message  {message}")?;
        }
        if !expect.hash.is_empty() {
            writeln!(f, "hash     {}", expect.hash)?;
        }
        if let Some(table) = self.table {
            writeln!(f, "table    {table:016x}")?;
        }
        writeln!(f, "detail   {}", quoted(&expect.detail))?;
        writeln!(f, "\n--- scenario")?;
        writeln!(f, "{}", self.scenario.to_toml().trim_end())?;
        writeln!(f, "--- nodes")?;
        self.nodes(f)?;
        writeln!(f, "--- externals")?;
        for external in &self.schedule.externals {
            writeln!(f, "{external}")?;
        }
        writeln!(f, "--- end")
    }
}

impl Repro {
    fn nodes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = self.scenario.topology.nodes;
        let dials = by_dialler(&self.schedule.links, nodes);
        for node in 0..nodes {
            if self.absent.binary_search(&node).is_ok() {
                continue;
            }
            let at = node as usize;
            let profile = self.schedule.profiles.get(at).copied().unwrap_or(0);
            write!(f, "{node} profile {profile}")?;
            let phase = self.schedule.phases.get(at).copied().unwrap_or_default();
            if phase != Span::ZERO {
                write!(f, " phase {}", units::show_span(phase))?;
            }
            let peers = dials.get(at).map_or(&[][..], Vec::as_slice);
            if !peers.is_empty() {
                f.write_str(" dials")?;
            }
            for peer in peers {
                write!(f, " {peer}")?;
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

/// The peers each node dials, in their order.
fn by_dialler(links: &[(u32, u32)], nodes: u32) -> Vec<Vec<u32>> {
    let mut dials = vec![Vec::new(); nodes as usize];
    for (dialler, peer) in links {
        if let Some(peers) = dials.get_mut(*dialler as usize) {
            peers.push(*peer);
        }
    }
    dials
}

/// The setup as its file would have it: links by dialler, and nothing of nodes that are absent. It
/// plays the same run.
#[must_use]
pub fn normal(setup: &Setup) -> Setup {
    let nodes = setup.scenario.topology.nodes;
    let absent = |node: u32| setup.absent.binary_search(&node).is_ok();
    let mut links = Vec::new();
    for (dialler, peers) in (0..).zip(by_dialler(&setup.schedule.links, nodes)) {
        let there = peers.into_iter().filter(|peer| !absent(*peer));
        if !absent(dialler) {
            links.extend(there.map(|peer| (dialler, peer)));
        }
    }
    let per_node = |node: u32| (node, node as usize);
    let profiles = (0..nodes)
        .map(per_node)
        .map(|(node, at)| match absent(node) {
            true => 0,
            false => setup.schedule.profiles.get(at).copied().unwrap_or(0),
        })
        .collect();
    let phases: Vec<Span> = (0..nodes)
        .map(per_node)
        .map(|(node, at)| match absent(node) {
            true => Span::ZERO,
            false => setup.schedule.phases.get(at).copied().unwrap_or_default(),
        })
        .collect();
    let externals: Vec<External> = setup.schedule.externals.clone();
    let mut normal = setup.clone();
    normal.schedule = Arc::new(Schedule {
        externals,
        profiles,
        links,
        phases,
    });
    if matches!(normal.scenario.topology.shape, Shape::Contacts { .. }) {
        // The file is not needed: who meets whom stands among the external events.
        let mut scenario = (*normal.scenario).clone();
        scenario.topology.shape = Shape::None;
        normal.scenario = Arc::new(scenario);
    }
    normal
}

#[cfg(test)]
mod tests;

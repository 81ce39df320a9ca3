//! What a scenario says in full, and what a seed makes of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::error::ScenarioError;
use super::expand::{Schedule, expand};
use super::files::Files;
use super::model::{Churn, Dist, Fault, Scenario};
use super::units::{Unit, show_dist, show_number};

/// How many of the first and last external events are shown.
const SHOWN: usize = 10;

/// The scenario with all defaults as TOML, and as comments what `seed` makes of it; every external
/// event when `all`, else the first and last. What comes out reads as a scenario again.
///
/// # Errors
/// A data file it names cannot be read.
pub fn explain(
    scenario: &Scenario,
    seed: u64,
    files: &Files,
    all: bool,
) -> Result<String, ScenarioError> {
    let schedule = expand(scenario, seed, files)?;
    let mut out = scenario.to_toml();
    let _ = writeln!(out, "\n# What seed {seed} makes of it");
    nodes(&mut out, scenario, &schedule);
    dists(&mut out, scenario);
    externals(&mut out, &schedule, all);
    Ok(out)
}

fn nodes(out: &mut String, scenario: &Scenario, schedule: &Schedule) {
    let _ = writeln!(out, "#\n# nodes per profile");
    for (at, profile) in (0_u16..).zip(scenario.profiles()) {
        let count = schedule.profiles.iter().filter(|p| **p == at).count();
        let _ = writeln!(out, "#   {:<20} {count}", profile.class);
    }
    let mut degrees = vec![0_usize; scenario.topology.nodes as usize];
    for (a, b) in &schedule.links {
        for end in [a, b] {
            if let Some(degree) = degrees.get_mut(*end as usize) {
                *degree += 1;
            }
        }
    }
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for degree in degrees {
        *counts.entry(degree).or_default() += 1;
    }
    let _ = writeln!(out, "#\n# {} links; links: nodes", schedule.links.len());
    for (degree, count) in counts {
        let _ = writeln!(out, "#   {degree:<20} {count}");
    }
}

fn dists(out: &mut String, scenario: &Scenario) {
    let mut found: Vec<(String, Dist, Unit)> = Vec::new();
    let mut note = |name: String, dist: Dist, unit: Unit| found.push((name, dist, unit));
    let clock = &scenario.topology.clock;
    note("clock offset".to_owned(), clock.offset_ms, Unit::Millis);
    note("clock drift ppm".to_owned(), clock.drift_ppm, Unit::Plain);
    for profile in &scenario.profile {
        let name = format!("{} takes after", profile.class);
        note(name, profile.takes_after_ms, Unit::Millis);
    }
    for (at, churn) in scenario.churn.iter().enumerate() {
        if let Churn::Sessions { up_s, down_s, .. } = churn {
            note(format!("churn {at} up"), *up_s, Unit::Seconds);
            note(format!("churn {at} down"), *down_s, Unit::Seconds);
        }
    }
    for (at, fault) in scenario.fault.iter().enumerate() {
        match fault {
            Fault::Links { gone_s, .. } => note(format!("fault {at} gone"), *gone_s, Unit::Seconds),
            Fault::ClockStep { by_ms, .. } => note(format!("fault {at} by"), *by_ms, Unit::Millis),
            Fault::Suspend { for_s, .. } => note(format!("fault {at} for"), *for_s, Unit::Seconds),
            Fault::Partition { .. }
            | Fault::Weather { .. }
            | Fault::Mtu { .. }
            | Fault::Disk { .. } => {}
        }
    }
    for traffic in &scenario.traffic {
        note(format!("{} size", traffic.class), traffic.size, Unit::Bytes);
    }
    found.retain(|(_, dist, _)| !matches!(dist, Dist::Constant(_)));
    if !found.is_empty() {
        let _ = writeln!(out, "#\n# distributions: mean, and 10 %, 50 %, 90 %, 99 %");
    }
    for (name, dist, unit) in found {
        let _ = write!(out, "#   {name:<20} {}:", show_dist(&dist, unit));
        let numbers = [dist.mean()]
            .into_iter()
            .chain([0.1, 0.5, 0.9, 0.99].map(|p| dist.quantile(p)));
        for n in numbers {
            // Three digits after the point are enough for the eye.
            let _ = write!(out, " {}", show_number(libm::round(n * 1e3) / 1e3, unit));
        }
        out.push('\n');
    }
}

fn externals(out: &mut String, schedule: &Schedule, all: bool) {
    let events = &schedule.externals;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events {
        *counts.entry(event.deed.word()).or_default() += 1;
    }
    let _ = writeln!(out, "#\n# {} external events", events.len());
    for (word, count) in counts {
        let _ = writeln!(out, "#   {word:<20} {count}");
    }
    out.push_str("#\n");
    let hidden = if all {
        0
    } else {
        events.len().saturating_sub(2 * SHOWN)
    };
    for (at, event) in events.iter().enumerate() {
        let left_out = hidden > 0 && (SHOWN..SHOWN + hidden).contains(&at);
        if !left_out {
            let _ = writeln!(out, "# {event}");
        } else if at == SHOWN {
            let _ = writeln!(out, "# ... {hidden} more ...");
        }
    }
}

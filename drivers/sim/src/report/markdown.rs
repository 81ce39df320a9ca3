//! The report as a comment: what is wrong and what has changed, no more.

use std::fmt::Write;

use super::compare::{list, paired, same, turned};
use super::outcomes::Runs;
use super::sheet::{Asserts, Seeds, VERDICTS, came_up, count, grouped, pace, shown, values, word};
use super::stats::bootstrap;
use crate::check::Metric;
use crate::run::Verdict;

/// So many failed seeds of a scenario are told of.
const MOST_FAILED: usize = 10;

/// The report in GitHub's Markdown.
#[must_use]
pub fn markdown(runs: &Runs, against: Option<&Runs>) -> String {
    let mut out = String::from("| scenario | suite | seeds |");
    for verdict in VERDICTS {
        let _never = write!(out, " {} |", word(verdict));
    }
    out.push_str(" events per s |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n");
    for ((scenario, suite), seeds) in &runs.by {
        let _never = write!(
            out,
            "| {} | {} | {} |",
            cell(scenario),
            cell(suite),
            seeds.len()
        );
        for verdict in VERDICTS {
            let _never = write!(out, " {} |", count(seeds, verdict));
        }
        let pace = pace(seeds).map_or_else(|| "-".to_owned(), grouped);
        let _never = writeln!(out, " {pace} |");
    }
    for (key, seeds) in &runs.by {
        let before = against.and_then(|all| all.by.get(key));
        scenario(&mut out, &key.0, seeds, before);
    }
    out
}

/// Text for a cell of a table: nothing in it ends the cell or the line, or is markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '@' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            c => out.push(c),
        }
    }
    out
}

fn scenario(out: &mut String, name: &str, seeds: &Seeds, before: Option<&Seeds>) {
    let asserts = Asserts::of(seeds);
    let _never = write!(out, "\n#### {}\n\n", cell(name));
    failed(out, seeds);
    let never: Vec<&str> = came_up(seeds)
        .into_iter()
        .filter(|(situation, count)| *count == 0 && asserts.wants(situation))
        .map(|(situation, _)| situation)
        .collect();
    if !never.is_empty() {
        let _never = writeln!(out, "Never came up: {}.\n", cell(&never.join(", ")));
    }
    match before {
        Some(before) => compared(out, name, seeds, before),
        None => asserted(out, name, seeds, &asserts),
    }
}

fn failed(out: &mut String, seeds: &Seeds) {
    let bad = seeds.values().filter(|o| o.verdict != Verdict::Passed);
    for outcome in bad.clone().take(MOST_FAILED) {
        let words: Vec<String> = outcome
            .wrong
            .iter()
            .map(|wrong| format!("{}: {}", cell(&wrong.what), cell(&wrong.detail)))
            .collect();
        let (seed, verdict) = (outcome.seed, word(outcome.verdict));
        let _never = writeln!(out, "- seed {seed} {verdict}: {}", words.join("; "));
    }
    let total = bad.count();
    if total > MOST_FAILED {
        let _never = writeln!(out, "- and {} more", total - MOST_FAILED);
    }
    if total > 0 {
        out.push('\n');
    }
}

fn asserted(out: &mut String, name: &str, seeds: &Seeds, asserts: &Asserts) {
    let rows: Vec<String> = Metric::ALL
        .iter()
        .filter(|metric| !asserts.of_metric(metric.name()).is_empty())
        .filter_map(|metric| {
            let values = values(seeds, metric.name());
            let range = bootstrap(&values, &format!("{name} {}", metric.name()))?;
            let show = |value| shown(*metric, value);
            let wanted = cell(&asserts.of_metric(metric.name()).join("; "));
            let (mean, low, high) = (show(range.mean), show(range.low), show(range.high));
            Some(format!(
                "| {} | {mean} | {low} .. {high} | {wanted} |",
                metric.name()
            ))
        })
        .collect();
    if !rows.is_empty() {
        out.push_str("| metric | mean | 95 % | asserted |\n|---|---:|---:|---|\n");
        let _never = writeln!(out, "{}", rows.join("\n"));
    }
}

fn compared(out: &mut String, name: &str, now: &Seeds, before: &Seeds) {
    let (shared, same) = same(now, before);
    let (worse, better) = turned(now, before);
    let _never = writeln!(
        out,
        "{shared} seeds in both; {same} went exactly the same way."
    );
    if !worse.is_empty() {
        let _never = writeln!(out, "**Passed before and not now: {}.**", list(&worse));
    }
    if !better.is_empty() {
        let _never = writeln!(out, "Passed now and not before: {}.", list(&better));
    }
    let changed: Vec<String> = paired(name, now, before)
        .iter()
        .filter(|pair| pair.difference.excludes_zero())
        .map(|pair| {
            let show = |value| shown(pair.metric, value);
            let range = &pair.difference;
            format!(
                "| {} | {} | {} | {} | {} .. {} |",
                pair.metric,
                show(pair.before),
                show(pair.now),
                show(range.mean),
                show(range.low),
                show(range.high)
            )
        })
        .collect();
    if changed.is_empty() {
        out.push_str("\nNo metric has changed beyond chance.\n");
    } else {
        out.push_str(
            "\n| changed | before | now | difference | 95 % |\n|---|---:|---:|---:|---:|\n",
        );
        let _never = writeln!(out, "{}", changed.join("\n"));
    }
}

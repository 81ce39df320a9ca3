//! The report of many runs, and of two commits compared on the same seeds.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::compare::compared;
use super::html::{escape, fill};
use super::outcomes::Runs;
use super::plot;
use super::stats::{bootstrap, mean, quantile};
use crate::check::Metric;
use crate::run::{Outcome, Verdict};
use crate::scenario::names::Measure;

const TEMPLATE: &str = include_str!("page/report.html");
const STYLE: &str = include_str!("page/report.css");
/// So many failed seeds are told of in words.
const MOST_FAILED: usize = 50;

/// All verdicts, the best first.
pub(super) const VERDICTS: [Verdict; 5] = [
    Verdict::Passed,
    Verdict::Failed,
    Verdict::Liveness,
    Verdict::Safety,
    Verdict::Crash,
];

/// The runs of one scenario with one suite, by seed.
pub(super) type Seeds = BTreeMap<u64, Outcome>;

/// The report as a page: one file that needs no other.
#[must_use]
pub fn sheet(runs: &Runs, against: Option<&Runs>) -> String {
    let mut body = String::new();
    overview(&mut body, runs, against);
    for (place, ((scenario, suite), seeds)) in runs.by.iter().enumerate() {
        let _never = write!(
            body,
            r#"<section id="s{place}"><h2>{} <small>{}</small></h2>"#,
            escape(scenario),
            escape(suite)
        );
        let asserts = Asserts::of(seeds);
        failed(&mut body, seeds);
        if let Some(before) = against.and_then(|all| all.by.get(&(scenario.clone(), suite.clone())))
        {
            compared(&mut body, scenario, seeds, before, &asserts);
        }
        metrics(&mut body, scenario, seeds, &asserts);
        body.push_str(r#"<div class="pair">"#);
        coverage(&mut body, seeds, &asserts);
        lost(&mut body, seeds);
        body.push_str("</div></section>");
    }
    let title = escape(&format!("Report of {}", runs.name));
    let values = [("title", title.as_str()), ("style", STYLE), ("body", &body)];
    fill(TEMPLATE, &values)
}

/// What a scenario asserts, by name.
pub(super) struct Asserts {
    metrics: BTreeMap<String, Vec<String>>,
    situations: Vec<String>,
}

impl Asserts {
    pub(super) fn of(seeds: &Seeds) -> Self {
        let mut asserts = Self {
            metrics: BTreeMap::new(),
            situations: Vec::new(),
        };
        let words = seeds.values().next().map(|outcome| &outcome.asserts);
        for text in words.into_iter().flatten() {
            if let Some(rest) = text.strip_prefix("metric ") {
                let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                let all = asserts.metrics.entry(name.to_owned()).or_default();
                all.push(rest.to_owned());
            } else if let Some(name) = text.strip_prefix("sometimes ") {
                asserts.situations.push(name.to_owned());
            }
        }
        asserts
    }

    pub(super) fn of_metric(&self, name: &str) -> &[String] {
        self.metrics.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn wants(&self, situation: &str) -> bool {
        self.situations.iter().any(|name| name == situation)
    }

    /// The limit that holds for the whole run, if there is one.
    fn limit(&self, name: &str) -> Option<f64> {
        self.of_metric(name).iter().find_map(|text| {
            let (_, value) = text.split_once(' ')?;
            value.parse().ok()
        })
    }
}

pub(super) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Liveness => "liveness",
        Verdict::Safety => "safety",
        Verdict::Crash => "crash",
    }
}

pub(super) fn count(seeds: &Seeds, verdict: Verdict) -> usize {
    seeds
        .values()
        .filter(|outcome| outcome.verdict == verdict)
        .count()
}

/// The median of events per second of processor time; none where no time was measured.
pub(super) fn pace(seeds: &Seeds) -> Option<f64> {
    let timed = seeds.values().filter(|outcome| outcome.cpu_s > 0.0);
    let mut paces: Vec<f64> = timed.map(|o| o.events as f64 / o.cpu_s).collect();
    paces.sort_by(f64::total_cmp);
    quantile(&paces, 0.5)
}

/// The values of a metric, in the order of seeds.
pub(super) fn values(seeds: &Seeds, metric: &str) -> Vec<f64> {
    let all = seeds
        .values()
        .filter_map(|outcome| outcome.metrics.get(metric));
    all.copied().collect()
}

/// A value of a metric as people read it.
pub(super) fn shown(metric: Metric, value: f64) -> String {
    match metric.measure() {
        Measure::Ratio => format!("{:.2} %", 100.0 * value),
        Measure::Seconds if value.abs() < 1.0 => format!("{:.1} ms", 1_000.0 * value),
        Measure::Seconds => format!("{value:.2} s"),
        Measure::Number if value.abs() >= 1_000.0 => format!("{value:.0}"),
        Measure::Number => format!("{value:.3}"),
    }
}

/// A number with its thousands apart.
pub(super) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn overview(body: &mut String, runs: &Runs, against: Option<&Runs>) {
    let total: usize = runs.by.values().map(BTreeMap::len).sum();
    let name = escape(&runs.name);
    let _never = write!(body, r#"<p class="dim">{total} runs of {name}"#);
    if let Some(against) = against {
        let _never = write!(body, ", against {}", escape(&against.name));
    }
    body.push_str("</p><table><tr><th>scenario<th>suite<th class=n>seeds");
    for verdict in VERDICTS {
        let _never = write!(body, "<th class=n>{}", word(verdict));
    }
    body.push_str("<th class=n>events per s</tr>");
    for (place, ((scenario, suite), seeds)) in runs.by.iter().enumerate() {
        let _never = write!(
            body,
            r##"<tr><td><a href="#s{place}">{}</a><td>{}<td class=n>{}"##,
            escape(scenario),
            escape(suite),
            seeds.len()
        );
        for verdict in VERDICTS {
            let count = count(seeds, verdict);
            let class = match (verdict, count) {
                (_, 0) => "n dim",
                (Verdict::Passed, _) => "n good",
                _ => "n bad",
            };
            let _never = write!(body, r#"<td class="{class}">{count}"#);
        }
        let pace = pace(seeds).map_or_else(|| "-".to_owned(), grouped);
        let _never = write!(body, "<td class=n>{pace}</tr>");
    }
    body.push_str("</table>");
}

fn failed(body: &mut String, seeds: &Seeds) {
    let bad: Vec<&Outcome> = seeds
        .values()
        .filter(|o| o.verdict != Verdict::Passed)
        .collect();
    if bad.is_empty() {
        let _never = write!(
            body,
            r#"<p class="good">All {} seeds passed.</p>"#,
            seeds.len()
        );
        return;
    }
    body.push_str("<h3>Seeds that did not pass</h3><table><tr><th class=n>seed<th>verdict<th>what is wrong</tr>");
    for outcome in bad.iter().take(MOST_FAILED) {
        let words: Vec<String> = outcome.wrong.iter().map(wrong).collect();
        let _never = write!(
            body,
            "<tr><td class=n>{}<td class=bad>{}<td>{}</tr>",
            outcome.seed,
            word(outcome.verdict),
            words.join("<br>")
        );
    }
    body.push_str("</table>");
    if let Some(more) = bad.len().checked_sub(MOST_FAILED).filter(|more| *more > 0) {
        let _never = write!(body, "<p class=dim>And {more} more.</p>");
    }
}

fn wrong(wrong: &crate::run::Wrong) -> String {
    let at = wrong.at_s.map(|at| format!(" at {at:.3} s"));
    let node = wrong.node.map(|node| format!(", node {node}"));
    format!(
        "<b>{}</b>{}{}: {}",
        escape(&wrong.what),
        at.unwrap_or_default(),
        node.unwrap_or_default(),
        escape(&wrong.detail)
    )
}

fn metrics(body: &mut String, scenario: &str, seeds: &Seeds, asserts: &Asserts) {
    body.push_str(
        "<h3>Metrics over seeds</h3><table><tr><th>metric<th class=n>seeds<th class=n>median\
         <th class=n>mean<th class=n>95 %<th>least to most<th>asserted</tr>",
    );
    for metric in Metric::ALL {
        let name = metric.name();
        let values = values(seeds, name);
        let Some(average) = mean(&values) else {
            continue;
        };
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let interval = bootstrap(&values, &format!("{scenario} {name}"));
        let median = quantile(&sorted, 0.5).unwrap_or(average);
        let flat = sorted.first() == sorted.last();
        let range = match interval {
            Some(range) if !flat => {
                format!(
                    "{} .. {}",
                    shown(*metric, range.low),
                    shown(*metric, range.high)
                )
            }
            _ => String::new(),
        };
        let ends = |at: Option<&f64>| shown(*metric, at.copied().unwrap_or(average));
        let picture = if flat {
            format!(
                r#"<span class="dim">always {}</span>"#,
                ends(sorted.first())
            )
        } else {
            let label = format!(
                "{name} from {} to {}",
                ends(sorted.first()),
                ends(sorted.last())
            );
            plot::strip(&values, interval, asserts.limit(name), &label)
                + &format!(
                    "<div class=ends><span>{}</span><span>{}</span></div>",
                    ends(sorted.first()),
                    ends(sorted.last())
                )
        };
        let own = asserts.of_metric(name);
        let class = if own.is_empty() {
            ""
        } else {
            " class=asserted"
        };
        let _never = write!(
            body,
            "<tr{class}><td>{name}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{range}<td>{picture}<td>{}</tr>",
            values.len(),
            shown(*metric, median),
            shown(*metric, average),
            own.iter()
                .map(|text| held(text, name, seeds))
                .collect::<Vec<_>>()
                .join("<br>")
        );
    }
    body.push_str("</table>");
}

/// An assertion, and in how many seeds it did not hold.
fn held(text: &str, metric: &str, seeds: &Seeds) -> String {
    let written = format!("{metric} {text}");
    let broken = |outcome: &&Outcome| {
        outcome.wrong.iter().any(|wrong| {
            let rest = written.strip_prefix(wrong.what.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    };
    let failed = seeds.values().filter(broken).count();
    let escaped = escape(text);
    if failed == 0 {
        return format!("{escaped} <span class=good>held</span>");
    }
    format!(
        "{escaped} <span class=bad>not in {failed} of {}</span>",
        seeds.len()
    )
}

/// In how many seeds each situation came up.
pub(super) fn came_up(seeds: &Seeds) -> BTreeMap<&str, u64> {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for outcome in seeds.values() {
        for (name, times) in &outcome.situations {
            *all.entry(name).or_default() += u64::from(*times > 0);
        }
    }
    all
}

fn coverage(body: &mut String, seeds: &Seeds, asserts: &Asserts) {
    body.push_str(
        "<div><h3>Situations that came up</h3><table><tr><th>situation<th class=n>seeds<th></tr>",
    );
    let all = seeds.len() as u64;
    for (name, count) in came_up(seeds) {
        let wanted = asserts.wants(name);
        let class = if wanted { " class=asserted" } else { "" };
        let tone = match (count, wanted) {
            (0, true) => "n bad",
            (0, false) => "n warn",
            _ => "n",
        };
        let text = if count == 0 {
            "never".to_owned()
        } else {
            count.to_string()
        };
        let _never = write!(
            body,
            r#"<tr{class}><td>{}<td class="{tone}">{text}<td>{}</tr>"#,
            escape(name),
            plot::share(count, all)
        );
    }
    body.push_str("</table></div>");
}

fn lost(body: &mut String, seeds: &Seeds) {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for outcome in seeds.values() {
        for (why, times) in &outcome.lost {
            *all.entry(why).or_default() += times;
        }
    }
    let total: u64 = all.values().sum();
    body.push_str(
        "<div><h3>Packets that did not arrive</h3><table><tr><th>why<th class=n>packets<th></tr>",
    );
    for (why, times) in all {
        let _never = write!(
            body,
            "<tr><td>{}<td class=n>{}<td>{}</tr>",
            escape(why),
            grouped(times as f64),
            plot::share(times, total)
        );
    }
    let events: u64 = seeds.values().map(|outcome| outcome.events).sum();
    let seconds: f64 = seeds.values().map(|outcome| outcome.cpu_s).sum();
    let _never = write!(
        body,
        "</table><p class=dim>{} events in {seconds:.1} s of processor time.</p></div>",
        grouped(events as f64)
    );
}

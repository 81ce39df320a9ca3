//! Two commits compared: the same scenario on the same seeds, seed by seed.

use std::fmt::Write;

use super::plot;
use super::sheet::{Asserts, Seeds, shown};
use super::stats::{Interval, bootstrap, mean};
use crate::check::Metric;
use crate::run::{Outcome, Verdict};

/// The differences of a metric of the runs of the same seeds: now less before.
fn differences(now: &Seeds, before: &Seeds, metric: &str) -> Vec<f64> {
    let pairs = now.iter().filter_map(|(seed, outcome)| {
        let then = before.get(seed)?.metrics.get(metric)?;
        Some(outcome.metrics.get(metric)? - then)
    });
    pairs.collect()
}

/// A metric of two sets of runs on the same seeds.
pub(super) struct Paired {
    pub(super) metric: Metric,
    pub(super) pairs: usize,
    pub(super) before: f64,
    pub(super) now: f64,
    pub(super) difference: Interval,
}

/// All metrics that two sets of runs share, on the seeds they share.
pub(super) fn paired(scenario: &str, now: &Seeds, before: &Seeds) -> Vec<Paired> {
    let mut all = Vec::new();
    for metric in Metric::ALL {
        let name = metric.name();
        let differences = differences(now, before, name);
        let both = |seeds: &Seeds, other: &Seeds| {
            let shared = seeds.iter().filter_map(|(seed, outcome)| {
                other.get(seed)?.metrics.get(name)?;
                outcome.metrics.get(name).copied()
            });
            mean(&shared.collect::<Vec<f64>>())
        };
        let interval = bootstrap(&differences, &format!("{scenario} {name} paired"));
        if let (Some(difference), Some(was), Some(is)) =
            (interval, both(before, now), both(now, before))
        {
            all.push(Paired {
                metric: *metric,
                pairs: differences.len(),
                before: was,
                now: is,
                difference,
            });
        }
    }
    all
}

/// Seeds that passed before and do not now, and the other way.
pub(super) fn turned(now: &Seeds, before: &Seeds) -> (Vec<u64>, Vec<u64>) {
    let (mut worse, mut better) = (Vec::new(), Vec::new());
    for (seed, outcome) in now {
        let Some(then) = before.get(seed) else {
            continue;
        };
        match (then.verdict, outcome.verdict) {
            (Verdict::Passed, Verdict::Passed) => {}
            (Verdict::Passed, _) => worse.push(*seed),
            (_, Verdict::Passed) => better.push(*seed),
            _ => {}
        }
    }
    (worse, better)
}

/// How many seeds two sets share, and in how many of them everything went the same way.
pub(super) fn same(now: &Seeds, before: &Seeds) -> (usize, usize) {
    let pairs: Vec<(&Outcome, &Outcome)> = now
        .iter()
        .filter_map(|(seed, outcome)| Some((outcome, before.get(seed)?)))
        .collect();
    let same = pairs
        .iter()
        .filter(|(a, b)| !a.hash.is_empty() && a.hash == b.hash);
    (pairs.len(), same.count())
}

pub(super) fn list(seeds: &[u64]) -> String {
    let all: Vec<String> = seeds.iter().map(u64::to_string).collect();
    all.join(", ")
}

/// The comparison as a part of the report.
pub(super) fn compared(
    body: &mut String,
    scenario: &str,
    now: &Seeds,
    before: &Seeds,
    asserts: &Asserts,
) {
    let (shared, same) = same(now, before);
    let (worse, better) = turned(now, before);
    let _never = write!(
        body,
        "<h3>Against before, on the same seeds</h3><p>{shared} seeds in both; {same} went exactly the same way."
    );
    if !worse.is_empty() {
        let _never = write!(
            body,
            " <span class=bad>Passed before and not now: {}.</span>",
            list(&worse)
        );
    }
    if !better.is_empty() {
        let _never = write!(
            body,
            " <span class=good>Passed now and not before: {}.</span>",
            list(&better)
        );
    }
    body.push_str(
        "</p><table><tr><th>metric<th class=n>pairs<th class=n>before<th class=n>now\
         <th class=n>difference<th class=n>95 %<th>less or more<th></tr>",
    );
    for pair in paired(scenario, now, before) {
        let range = &pair.difference;
        let name = pair.metric.name();
        let sure = range.excludes_zero();
        let show = |value| shown(pair.metric, value);
        let class = if asserts.of_metric(name).is_empty() {
            ""
        } else {
            " class=asserted"
        };
        let picture = if range.low == 0.0 && range.high == 0.0 {
            "<span class=dim>none</span>".to_owned()
        } else {
            plot::difference(
                range,
                &format!("difference of {name}: {}", show(range.mean)),
            )
        };
        let _never = write!(
            body,
            "<tr{class}><td>{name}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{} .. {}<td>{picture}<td>{}</tr>",
            pair.pairs,
            show(pair.before),
            show(pair.now),
            show(range.mean),
            show(range.low),
            show(range.high),
            if sure {
                "<b class=mark>changed</b>"
            } else {
                ""
            }
        );
    }
    body.push_str(
        "</table><p class=dim>Changed: the interval of the difference excludes 0. Of many metrics that did not change, about one in twenty is marked by chance.</p>",
    );
}

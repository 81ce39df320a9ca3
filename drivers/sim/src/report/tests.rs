//! Pages need nothing but themselves, hold what they should, and escape what they hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{
    Film, Interval, Runs, Why, bootstrap, markdown, page, perfetto, places, quantile, read, sheet,
    watch,
};
use crate::net::latency::Table;
use crate::run::{Outcome, QueueKind, Verdict, Wrong, run};
use crate::scenario::{Files, expand, parse};
use crate::world::Setup;

const NASTY: &str = "</script><img src=x> \"quoted\" 'n' {{script}} | `x`\u{2028}";

fn setup() -> Setup {
    let text = r#"
        [scenario]
        name = "looked-at"
        duration = "60s"
        [topology]
        nodes = 12
        shape = { kind = "core", relays = 3, degree = 2, uplinks = 2 }
        loss = "10%"
        [[churn]]
        kind = "mass"
        at = "30s"
        fraction = "20%"
        back_after = "10s"
        [[traffic]]
        kind = "uniform"
        per_hour = 120
        [[assert]]
        metric = "delivery_rate"
        op = ">="
        value = "1%"
        [[assert]]
        sometimes = "burst"
    "#;
    let scenario = parse(text, "looked-at.toml").expect("a scenario");
    let files = Files::of(std::path::Path::new("."));
    let schedule = expand(&scenario, 7, &files).expect("a schedule");
    let table = Arc::new(Table::default());
    Setup::new(Arc::new(scenario), Arc::new(schedule), 7, table)
}

fn film(most: usize) -> Film {
    let (_, film) = watch(&setup(), QueueKind::Wheel, most);
    film.expect("a film")
}

/// The data of a page.
fn data_of(page: &str) -> Value {
    let (_, rest) = page
        .split_once(r#"<script type="application/json" id="data">"#)
        .expect("data");
    let (data, _) = rest.split_once("</script>").expect("an end");
    serde_json::from_str(data).expect("JSON")
}

fn column(data: &Value, path: &str) -> Vec<u64> {
    let column = data.pointer(path).and_then(Value::as_array);
    let column = column.unwrap_or_else(|| panic!("{path}"));
    column
        .iter()
        .map(|n| n.as_u64().expect("a number"))
        .collect()
}

fn needs_nothing(page: &str) {
    for outside in ["http://", "https://", "src=\"", "@import", "url("] {
        let at = page.find(outside);
        assert_eq!(at, None, "{outside}: {:?}", at.map(|at| &page[at..at + 60]));
    }
}

#[test]
fn looking_changes_nothing() {
    let (seen, film) = watch(&setup(), QueueKind::Wheel, 100_000);
    let plain = run(&setup(), QueueKind::Wheel);
    assert_eq!(seen.hash, plain.hash);
    assert_eq!(seen.metrics, plain.metrics);
    assert_eq!(film.expect("a film").outcome.hash, plain.hash);
}

#[test]
fn a_page_is_whole_and_its_data_are_columns() {
    let film = film(100_000);
    let page = page(&film).expect("a page");
    needs_nothing(&page);
    let data = data_of(&page);
    let kinds = column(&data, "/facts/k");
    for name in ["t", "n", "a", "b", "c"] {
        assert_eq!(
            column(&data, &format!("/facts/{name}")).len(),
            kinds.len(),
            "{name}"
        );
    }
    let frames = column(&data, "/frames/f");
    for name in ["k", "m", "e", "hop", "attempt"] {
        assert_eq!(
            column(&data, &format!("/frames/{name}")).len(),
            frames.len(),
            "{name}"
        );
    }
    assert!(
        frames.iter().sum::<u64>() < kinds.len() as u64,
        "frames are of facts"
    );
    // Arrivals took time, some packets were lost, nodes went and came, messages arrived.
    for kind in [0, 1, 2, 4, 5, 7, 8] {
        assert!(kinds.contains(&kind), "no fact of kind {kind}");
    }
    let messages = column(&data, "/messages/number");
    assert!(!messages.is_empty());
    let known = column(&data, "/frames/m")
        .into_iter()
        .filter(|m| *m > 0)
        .count();
    assert!(known > messages.len(), "frames are put down to messages");
    let last: u64 = column(&data, "/facts/t").iter().sum();
    assert!(last <= data["end"].as_u64().expect("an end"));
    assert_eq!(data["nodes"]["x"].as_array().map(Vec::len), Some(12));
}

#[test]
fn a_bounded_page_begins_late_and_knows_what_was() {
    let film = film(300);
    assert_eq!(film.trace.entries().len(), 300);
    let data = data_of(&page(&film).expect("a page"));
    assert!(data["begin"].as_u64() > Some(0));
    assert!(data["dropped"].as_u64() > Some(0));
    assert!(!data["before"]["up"].as_array().expect("nodes").is_empty());
    assert!(
        !data["before"]["links"]
            .as_array()
            .expect("links")
            .is_empty()
    );
}

#[test]
fn nothing_in_a_name_ends_the_page() {
    let mut film = film(1_000);
    film.outcome.scenario = NASTY.to_owned();
    film.outcome.wrong.push(Wrong {
        what: NASTY.to_owned(),
        at_s: Some(1.0),
        node: Some(1),
        detail: NASTY.to_owned(),
        message: Some(1),
    });
    let page = page(&film).expect("a page");
    assert!(!page.contains("<img"), "a name is no markup");
    assert_eq!(page.matches("</script>").count(), 2);
    let data = data_of(&page);
    assert_eq!(data["name"], NASTY);
    assert_eq!(data["wrong"][0]["detail"], NASTY);
}

#[test]
fn relays_are_drawn_inside_and_nobody_on_another() {
    let film = film(10);
    let places = places(&film);
    let far = |node: usize| {
        let (x, y) = places[node];
        (i64::from(x) - 5_000).pow(2) + (i64::from(y) - 5_000).pow(2)
    };
    let relays = (0..3).map(far).max();
    let others = (3..12).map(far).min();
    assert!(relays < others, "{places:?}");
    let mut apart = places.clone();
    apart.sort_unstable();
    apart.dedup();
    assert_eq!(apart.len(), 12);
}

#[test]
fn nodes_of_a_plane_are_drawn_where_they_are() {
    let mut setup = setup();
    let mut scenario = (*setup.scenario).clone();
    scenario.topology.latency = crate::scenario::model::Latency::Plane {
        across: crate::time::Span::from_millis(100),
        least: crate::time::Span::from_millis(1),
    };
    setup.scenario = Arc::new(scenario);
    let (_, film) = watch(&setup, QueueKind::Wheel, 10);
    let film = film.expect("a film");
    assert!(film.nodes.iter().all(|node| node.point.is_some()));
    let side = super::SIDE;
    assert!(places(&film).iter().all(|(x, y)| *x < side && *y < side));
}

#[test]
fn trace_events_keep_to_their_schema() {
    let film = film(100_000);
    let text = perfetto(&film).expect("a trace");
    let file: Value = serde_json::from_str(&text).expect("JSON");
    let events = file["traceEvents"].as_array().expect("events");
    let mut flows: BTreeMap<u64, Vec<(String, u64)>> = BTreeMap::new();
    let mut lives: BTreeMap<u64, i64> = BTreeMap::new();
    let mut slices: BTreeMap<(u64, u64, u64), u64> = BTreeMap::new();
    for event in events {
        let number = |name: &str| {
            event[name]
                .as_u64()
                .unwrap_or_else(|| panic!("{name}: {event}"))
        };
        let (ts, pid, tid) = (number("ts"), number("pid"), number("tid"));
        assert!(
            event["name"].is_string() && event["cat"].is_string(),
            "{event}"
        );
        match event["ph"].as_str().expect("a phase") {
            "M" => assert!(event["args"]["name"].is_string(), "{event}"),
            "X" => {
                assert_eq!(number("dur"), 1);
                *slices.entry((pid, tid, ts)).or_default() += 1;
            }
            "i" => assert!(["t", "p", "g"].contains(&event["s"].as_str().expect("a scope"))),
            "b" => *lives.entry(number("id")).or_default() += 1,
            "e" => *lives.entry(number("id")).or_default() -= 1,
            "n" => assert!(number("id") > 0),
            phase @ ("s" | "f") => {
                assert!(
                    slices.contains_key(&(pid, tid, ts)),
                    "no slice encloses {event}"
                );
                assert_eq!(event["bp"] == "e", phase == "f");
                flows
                    .entry(number("id"))
                    .or_default()
                    .push((phase.to_owned(), ts));
            }
            other => panic!("{other}"),
        }
    }
    assert!(flows.len() > 100, "{} flows", flows.len());
    for (id, ends) in flows {
        let [(start, left), (finish, arrived)] = ends.as_slice() else {
            panic!("flow {id} has {} ends", ends.len());
        };
        assert_eq!((start.as_str(), finish.as_str()), ("s", "f"));
        assert!(left <= arrived, "flow {id} arrives before it leaves");
    }
    assert!(
        lives.values().all(|open| *open == 0),
        "each life begins and ends"
    );
    let named = |what: &str| events.iter().filter(|e| e["name"] == what).count();
    assert_eq!(named("process_name"), 13, "the run and its nodes");
}

fn outcome(seed: u64, latency: f64) -> Outcome {
    let mut outcome = run(&setup(), QueueKind::Wheel);
    outcome.seed = seed;
    outcome.hash = format!("{:016x}", latency.to_bits());
    outcome.metrics.insert("latency_p50".to_owned(), latency);
    outcome
}

/// Outcomes of so many seeds, whose latency grows with the seed and by `more`.
fn runs(seeds: u64, more: f64) -> Runs {
    let base = outcome(1, 0.1);
    let mut runs = Runs {
        name: NASTY.to_owned(),
        ..Runs::default()
    };
    let all = runs
        .by
        .entry((NASTY.to_owned(), base.suite.clone()))
        .or_default();
    for seed in 1..=seeds {
        let mut outcome = base.clone();
        outcome.seed = seed;
        outcome.scenario = NASTY.to_owned();
        let latency = 0.1 + 0.01 * seed as f64 + more;
        outcome.metrics.insert("latency_p50".to_owned(), latency);
        outcome.verdict = Verdict::Passed;
        if seed == 3 && more > 0.0 {
            outcome.verdict = Verdict::Safety;
            outcome.wrong.push(Wrong {
                what: "ttl".to_owned(),
                at_s: Some(1.5),
                node: Some(4),
                detail: NASTY.to_owned(),
                message: None,
            });
        }
        all.insert(seed, outcome);
    }
    runs
}

#[test]
fn a_report_is_whole_and_marks_what_has_changed() {
    let (before, now) = (runs(10, 0.0), runs(10, 0.005));
    let page = sheet(&now, Some(&before));
    needs_nothing(&page);
    assert!(
        !page.contains("<img") && !page.contains("<script"),
        "a name is no markup"
    );
    assert_eq!(page.matches("<b class=mark>changed</b>").count(), 1);
    assert!(page.contains("Passed before and not now: 3."));
    assert!(page.contains("<tr class=asserted><td>burst<td class=\"n bad\">never"));
    assert!(page.contains("<tr class=asserted><td>delivery_rate"));
    assert_eq!(
        page,
        sheet(&now, Some(&before)),
        "drawn again it is the same"
    );
    let alone = sheet(&before, None);
    assert!(alone.contains("All 10 seeds passed.") && !alone.contains("Against before"));
}

#[test]
fn a_comment_is_markdown_that_a_name_cannot_leave() {
    let text = markdown(&runs(10, 0.005), Some(&runs(10, 0.0)));
    assert!(!text.contains("<img") && !text.contains(" `x`"), "{text}");
    assert!(text.contains("| latency_p50 |"), "{text}");
    assert!(text.contains("**Passed before and not now: 3.**"), "{text}");
    for row in text
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("img"))
    {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 10, "{row}");
    }
}

#[test]
fn a_line_that_is_no_outcome_names_its_place() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("outcomes.jsonl");
    let line = |seed| serde_json::to_string(&outcome(seed, 0.1)).expect("JSON");
    let text = format!("{}\n\nnot json\n{}\n{}\n", line(1), line(2), line(2));
    std::fs::write(&path, text).expect("a file");
    let refused = read(dir.path(), false).expect_err("a bad line");
    assert_eq!(refused.line, Some(3));
    assert!(
        refused
            .to_string()
            .contains("outcomes.jsonl:3: is no outcome"),
        "{refused}"
    );
    let (runs, skipped) = read(&path, true).expect("the rest");
    assert_eq!(runs.by.values().map(BTreeMap::len).sum::<usize>(), 2);
    assert_eq!(
        skipped.iter().map(|bad| bad.line).collect::<Vec<_>>(),
        [Some(3), Some(5)]
    );
    assert!(matches!(skipped[1].why, Why::Twice { seed: 2, .. }));
    std::fs::write(&path, "\n").expect("a file");
    assert_eq!(read(&path, true).expect_err("nothing").why, Why::Nothing);
}

#[test]
fn outcomes_of_before_there_were_asserts_can_be_read() {
    let mut value = serde_json::to_value(outcome(1, 0.1)).expect("JSON");
    let object = value.as_object_mut().expect("an object");
    object.remove("asserts").expect("the asserts");
    let outcome: Outcome = serde_json::from_value(value).expect("an outcome");
    assert!(outcome.asserts.is_empty());
}

#[test]
fn quantiles_lie_between_values() {
    let sorted = [1.0, 2.0, 4.0];
    assert_eq!(quantile(&sorted, 0.0), Some(1.0));
    assert_eq!(quantile(&sorted, 0.5), Some(2.0));
    assert_eq!(quantile(&sorted, 0.75), Some(3.0));
    assert_eq!(quantile(&sorted, 1.0), Some(4.0));
    assert_eq!(quantile(&[], 0.5), None);
}

#[test]
fn intervals_hold_the_mean_and_come_out_alike() {
    let values: Vec<f64> = (0..50).map(|n| f64::from(n % 7)).collect();
    let interval = bootstrap(&values, "a").expect("an interval");
    assert_eq!(bootstrap(&values, "a"), Some(interval));
    assert!(interval.low < interval.mean && interval.mean < interval.high);
    // The normal approximation: two standard errors either side.
    let wide = interval.high - interval.low;
    assert!((0.9..1.3).contains(&wide), "{interval:?}");
    assert_eq!(
        bootstrap(&[1.0], "a"),
        None,
        "one value says nothing of its spread"
    );
    let same = bootstrap(&[2.0; 5], "a");
    assert_eq!(same.map(|i: Interval| (i.low, i.high)), Some((2.0, 2.0)));
}

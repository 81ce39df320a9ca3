//! `tom demo` keeps its promises, and a sabotaged step fails there and nowhere else.

mod common;

use std::sync::Mutex;
use tokio::time::Instant;

use serde_json::Value;

const STEPS: [&str; 8] = [
    "relayed",
    "acked",
    "read",
    "replied",
    "hops",
    "failover",
    "direct",
    "tamper_refused",
];

/// The demos share the machine badly: they measure time.
static ALONE: Mutex<()> = Mutex::new(());

fn demo(args: &[&str]) -> (i32, Value) {
    let all: Vec<&str> = ["--json", "demo"].iter().chain(args).copied().collect();
    let (code, out, err) = common::run(&all);
    let report = serde_json::from_str(out.trim());
    (
        code,
        report.unwrap_or_else(|_| panic!("not JSON: {out}{err}")),
    )
}

#[test]
fn all_promises_hold() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let (code, report) = demo(&[]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(report["ok"], true);
    assert_eq!(report["steps"].as_object().unwrap().len(), STEPS.len());
    for name in STEPS {
        let step = &report["steps"][name];
        assert_eq!(step["ok"], true, "{name}: {step:#}");
        assert!(step["ms"].as_f64().unwrap() > 0.0, "{name}");
        let ids = step["message_ids"].as_array().unwrap();
        assert!(
            !ids.is_empty() && ids.iter().all(|id| id.as_str().unwrap().len() == 32),
            "{name}"
        );
    }
    let steps = &report["steps"];
    assert_eq!(steps["relayed"]["searched"]["canary_found"], 0);
    if cfg!(target_os = "linux") {
        assert!(
            steps["relayed"]["searched"]["own_key_found"]
                .as_u64()
                .unwrap()
                > 0
        );
        assert!(
            steps["relayed"]["searched"]["memory_bytes"]
                .as_u64()
                .unwrap()
                > 1 << 20
        );
    }
    assert_eq!(steps["hops"]["drop"], 22);
    assert_eq!(steps["tamper_refused"]["drop"], 42);
    let forwarded = &steps["direct"]["forwarded"];
    assert_eq!(forwarded[0], forwarded[1]);
    for loss in ["killed", "stopped", "swallowing"] {
        assert!(
            steps["failover"]["first_delivery_ms"][loss]
                .as_u64()
                .unwrap()
                <= 3_000,
            "{loss}"
        );
    }
}

#[test]
fn a_sabotaged_step_fails_at_that_step() {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let begin = Instant::now();
    for (at, name) in STEPS.into_iter().enumerate() {
        // The short name is the one people remember.
        let given = if name == "relayed" { "relay" } else { name };
        let (code, report) = demo(&["--break", given]);
        assert_eq!(code, 1, "{name} was broken and the demo says it is well");
        assert_eq!(report["ok"], false);
        for (other, step) in STEPS.into_iter().enumerate() {
            let ok = report["steps"][step]["ok"].as_bool().unwrap();
            assert_eq!(
                ok,
                other < at,
                "broke {name}, looked at {step}: {:#}",
                report["steps"][step]
            );
        }
        let error = report["steps"][name]["error"].as_str().unwrap();
        eprintln!("{name}: {error} ({:?})", begin.elapsed());
    }
}

#[test]
fn an_unknown_step_is_wrong_input() {
    assert_eq!(common::run(&["demo", "--break", "everything"]).0, 2);
}

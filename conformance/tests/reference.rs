//! The reference passes in its own seat, through the same pipe as any port; a skeleton fails nothing.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

mod common;

use std::path::PathBuf;
use std::process::{Command, Output};

use common::reference;

fn suite(arguments: &[&str]) -> Output {
    let suite = env!("CARGO_BIN_EXE_tom-conformance");
    Command::new(suite).args(arguments).output().unwrap()
}

#[test]
fn the_reference_is_green_and_its_results_can_be_drawn() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().display().to_string();
    let ran = suite(&[
        "run",
        "--profile",
        "full",
        "--port",
        &reference(),
        "--out",
        &out,
    ]);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{told}");
    assert!(told.contains("green"), "{told}");
    for name in [
        "results.json",
        "results.md",
        "results.xml",
        "results.html",
        "badge.json",
    ] {
        assert!(
            directory.path().join(name).metadata().unwrap().len() > 50,
            "{name}"
        );
    }
    let results = format!("{out}/results.json");
    let same = suite(&["diff", &results, &results]);
    assert!(same.status.success());
    assert!(same.stdout.is_empty());
}

#[test]
fn a_list_of_known_failures_that_is_wrong_fails_the_run() {
    let directory = tempfile::tempdir().unwrap();
    let known = directory.path().join("known.txt");
    std::fs::write(&known, "keys:1 # does not fail at all\n").unwrap();
    let known = known.display().to_string();
    let ran = suite(&["run", "--port", &reference(), "--known", &known]);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{told}");
    assert!(told.contains("XPASS keys:1"), "{told}");
}

#[test]
fn a_new_port_runs_and_fails_nothing() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("port.py").display().to_string();
    assert!(
        suite(&["new-port", "python", "--out", &path])
            .status
            .success()
    );
    assert!(
        !suite(&["new-port", "python", "--out", &path])
            .status
            .success(),
        "never over a file"
    );
    let ran = suite(&["run", "--port", &format!("python3 {path}")]);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{told}");
    assert!(told.contains("UNSUPPORTED"), "{told}");
}

#[test]
fn skeletons_are_short() {
    let skeletons = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("skeletons");
    for entry in std::fs::read_dir(skeletons).unwrap() {
        let path = entry.unwrap().path();
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 150, "{}: {lines}", path.display());
    }
}

#[test]
fn a_case_explains_itself() {
    let told = suite(&["explain", "envelope:70"]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    for part in [
        "envelope:70",
        "asked",
        "expected",
        "book     spec/src/envelope.md#",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(suite(&["explain", "envelope:99999"]).status.code(), Some(2));
}

//! A port that lies is caught by random networks, and what it is caught at becomes short.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

mod common;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use common::reference;
use tom_conformance::judge::Status;
use tom_conformance::process::Process;
use tom_conformance::profile::Profile;
use tom_conformance::record::{Player, wander};
use tom_conformance::transcript::{play, read};

/// The reference with one word replaced in its answers.
fn liar(word: &str, instead: &str) -> String {
    format!("sh -c '{} | sed -u s/{word}/{instead}/g'", reference())
}

fn process(command: &str) -> Process {
    Process::start(command, Duration::from_secs(10)).unwrap()
}

fn wander_with(port: &str, out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tom-conformance"))
        .args([
            "wander", "--runs", "20", "--salt", "1", "--port", port, "--out",
        ])
        .arg(out)
        .output()
        .unwrap()
}

#[test]
fn a_false_expired_is_found_and_shrunk_to_a_transcript_that_only_the_liar_fails() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("divergence.json");
    let liar = liar("delivered", "expired");
    let ran = wander_with(&liar, &out);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{told}");
    assert!(told.contains("parts from the reference: salt"), "{told}");
    let course = read(&out).unwrap();
    assert!(course.steps.len() <= 8, "{} steps", course.steps.len());
    let (status, diff) = play(&mut process(&liar), &course).unwrap();
    assert_eq!(status, Status::Fail);
    assert!(diff.unwrap().got.contains("expired"));
    let (status, _) = play(&mut process(&reference()), &course).unwrap();
    assert_eq!(status, Status::Pass);
}

/// A proof counts whatever stands in its head; the comparison sees it all the same.
#[test]
fn a_proof_under_a_false_head_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("divergence.json");
    // `022a0028001400`: an ENVELOPE frame with an ACK of one pair; its class becomes another.
    let ran = wander_with(&liar("022a0028001400", "022a0028001440"), &out);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{told}");
    let course = read(&out).unwrap();
    assert!(course.steps.len() <= 8, "{} steps", course.steps.len());
}

#[test]
fn a_false_delivered_is_untrue_of_the_whole_network() {
    let liar = liar("sent", "delivered");
    // In most networks every message arrives in the end, and the lie becomes true.
    let wrong = (0..30).find_map(|salt| {
        let everywhere = |_| Ok(Player::Port(Box::new(process(&liar))));
        let wandered = wander(salt, Profile::Full, everywhere).unwrap();
        let mut wrong = wandered.wrong.into_iter();
        wrong.find(|it| it.contains("says delivered"))
    });
    assert!(wrong.is_some());
}

#[test]
fn two_honest_ports_and_the_reference_live_together_and_nothing_is_wrong() {
    let port = reference();
    let every_second = |at: usize| {
        Ok(if at.is_multiple_of(2) {
            Player::Port(Box::new(process(&port)))
        } else {
            Player::reference()
        })
    };
    let wandered = wander(7, Profile::Full, every_second).unwrap();
    assert_eq!(wandered.wrong, Vec::<String>::new());
    let ports = wandered.players.iter().filter(|player| player.is_port());
    assert!(ports.count() >= 1);
}

//! The kit that checks drivers is checked: drivers that keep the rules pass, and each that breaks one
//! is found and the rule named.
#![expect(clippy::wildcard_enum_match_arm, reason = "a fault is about one place")]

#[path = "../../examples/custom_io.rs"]
#[allow(dead_code, reason = "its `main` is not called")]
mod custom_io;
#[path = "driver_check/rig.rs"]
mod rig;

use std::collections::BTreeSet;

use rig::{Fault, Rig};
use tom_core::driver_check::{self, Breach, CLAUSES, Clause, Plan, run};
use tom_core::identity::{Keys, SoftKeys};
use tom_core::time::Span;

/// Everything is provoked; on this clock a minute is short.
fn hard(seed: u64) -> Plan {
    Plan {
        patience: Span::from_secs(60),
        ..Plan::full(seed)
    }
}

/// A driver that keeps the rules passes, volatile or durable, and everything was tried on it.
#[test]
fn a_good_driver_passes() {
    for (seed, durable) in [(1, false), (2, true), (3, false)] {
        let report = run(&mut Rig::new(Fault::None, durable), hard(seed));
        report.assert_clean();
        let tried = report.provoked();
        let counts = [
            tried.refused,
            tried.swallowed + 1, // a good line gives little to tell
            tried.late,
            tried.dials,
            tried.suspends,
            tried.restarts,
        ];
        assert!(counts.iter().all(|count| *count > 0), "{tried:?}");
    }
}

/// What is wrong, whether the node keeps records, and the rule it breaks.
const BROKEN: [(Fault, bool, u8); 25] = [
    (Fault::ClockGoesBack, false, 11),
    (Fault::ClockMissesSuspend, false, 11),
    (Fault::ReusesLinks, false, 11),
    (Fault::TakesWhatNeverCame, false, 12),
    (Fault::BelievesAnyone, false, 13),
    (Fault::WrongVersion, true, 14),
    (Fault::RestoresLate, true, 16),
    (Fault::RestoresHalf, true, 16),
    (Fault::SameSeed, false, 16),
    (Fault::WritesOutOfOrder, true, 18),
    (Fault::RestoresOld, true, 18),
    (Fault::PollsOnce, false, 20),
    (Fault::ShortBuffer, false, 20),
    (Fault::TicksRarely, false, 21),
    (Fault::NeverTicks, false, 21),
    (Fault::LosesRefused, false, 22),
    (Fault::UnknownLinks, false, 23),
    (Fault::IgnoresDial, false, 24),
    (Fault::LosesBlocked, false, 25),
    (Fault::JoinsDatagrams, false, 25),
    (Fault::WrongTicket, false, 25),
    (Fault::KeepsTime, false, 26),
    (Fault::LosesDeliveries, false, 27),
    (Fault::NeverTakes, false, 27),
    (Fault::NeverPersists, true, 28),
];

/// The driver keeps every rule, and a message it has is not proven: one that came in a session read
/// back, whose first ACK was lost, is a replay without a proof until its sender seals it again.
#[test]
#[ignore = "shows what a node does not do yet"]
fn a_session_read_back_proves_again() {
    run(&mut Rig::new(Fault::None, true), hard(4)).assert_clean();
}

fn told(found: &[Breach]) -> String {
    let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    lines.join("\n  ")
}

/// The first thing found is the thing that is wrong.
#[test]
fn every_broken_driver_is_found_and_its_rule_named() {
    let mut covered = BTreeSet::new();
    let mut missed = Vec::new();
    for (fault, durable, rule) in BROKEN {
        let report = run(&mut Rig::new(fault, durable), hard(5));
        let found = report.breaches();
        match found.first() {
            Some(first) if first.clause == Clause(rule) => {
                covered.insert(first.clause);
            }
            _ => missed.push(format!("{fault:?} is DRV-{rule}, not {}", told(&found))),
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert_eq!(covered.into_iter().collect::<Vec<_>>(), CLAUSES);
}

/// The same plan and the same driver: the same findings.
#[test]
fn a_check_can_be_repeated() {
    let once = || run(&mut Rig::new(Fault::LosesRefused, false), hard(6)).breaches();
    assert_eq!(once(), once());
}

/// `examples/custom_io.rs` as it stands: it never shows its nodes.
#[test]
fn the_example_over_pipes_passes() {
    let [a, b] = [1, 2].map(|n| *SoftKeys::from_seed([n; 32]).public());
    let mut tried = 0;
    for seed in 1..=8 {
        // It has no addresses, so that a Dial does not come; it ends at the first refusal.
        let plan = Plan {
            dial: false,
            refuse: 0,
            ..Plan::full(seed)
        };
        let report = driver_check::expect(&a, plan);
        report.also_expect(&b);
        custom_io::main().expect("both messages are proven");
        report.settle();
        report.assert_clean();
        tried += report.provoked().refused + report.provoked().late;
    }
    assert!(tried > 0, "nothing was provoked");
}

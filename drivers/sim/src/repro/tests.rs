//! Files of failures: written, read, refused.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Expect, Repro, file_name, normal};
use crate::net::latency::Table;
use crate::run::{QueueKind, Verdict, run};
use crate::scenario::tests::random;
use crate::scenario::{Files, expand, parse};
use crate::time::Time;
use crate::world::Setup;

fn repro_of(seed: u64, detail: &str, absent: Vec<u32>) -> Option<Repro> {
    let scenario = random::scenario(seed, false);
    let schedule = expand(&scenario, seed, &Files::default()).ok()?;
    if schedule.externals.len() > 20_000 {
        return None;
    }
    let nodes = scenario.topology.nodes;
    let mut setup = Setup::new(
        Arc::new(scenario),
        Arc::new(schedule),
        seed,
        Arc::new(Table::None),
    );
    let mut absent: Vec<u32> = absent.into_iter().map(|node| node % nodes).collect();
    absent.sort_unstable();
    absent.dedup();
    setup.absent = absent.into();
    let setup = normal(&setup);
    Some(Repro {
        seed,
        expect: Expect {
            verdict: Verdict::Safety,
            what: "no_bug".to_owned(),
            node: seed.is_multiple_of(2).then_some(3),
            at: seed
                .is_multiple_of(3)
                .then_some(Time(seed % 1_000_000_000_000)),
            message: seed.is_multiple_of(5).then_some(7),
            hash: format!("{seed:016x}"),
            detail: detail.to_owned(),
        },
        scenario: setup.scenario,
        schedule: setup.schedule,
        absent: setup.absent,
        table: seed.is_multiple_of(7).then_some(seed),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_reads_back(
        seed: u64, detail: String, absent in prop::collection::vec(any::<u32>(), 0..9)
    ) {
        if let Some(repro) = repro_of(seed, &detail, absent) {
            let text = repro.to_string();
            let back = Repro::read(&text, "a.repro").unwrap_or_else(|e| panic!("{e}\n{text}"));
            prop_assert_eq!(&back, &repro, "{}", text);
            prop_assert_eq!(back.to_string(), text);
        }
    }

    #[test]
    fn nothing_makes_the_reader_panic(text in "(tom-sim repro 1\n)?(.*\n|--- (scenario|nodes|externals|end)\n|seed 1\n|verdict safety\n){0,12}") {
        drop(Repro::read(&text, "a.repro"));
    }
}

const TEXT: &str = r#"tom-sim repro 1

seed     7
verdict  safety
what     "no_bug"
time     12.345 s
detail   "so it is"

--- scenario
[scenario]
name = "a"
duration = "1min"
[topology]
nodes = 4
shape = "ring"
--- nodes
0 profile 0 dials 1 3
1 profile 0 dials 3
3 profile 0 phase 1.5s
--- externals
12.000 s  crash 3
--- end
"#;

#[test]
fn a_file_written_by_hand_is_read() {
    let repro = Repro::read(TEXT, "a.repro").unwrap();
    assert_eq!(repro.absent[..], [2]);
    assert_eq!(repro.schedule.links, [(0, 1), (0, 3), (1, 3)]);
    assert_eq!(repro.expect.at, Some(Time(12_345_000_000)));
    assert_eq!(repro.expect.hash, "");
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_a_remedy() {
    let cases = [
        (
            "tom-sim repro 1",
            "tom-sim repro 9",
            "a.repro:1: this is no file of a failure",
        ),
        (
            "seed     7",
            "seed     x",
            "a.repro:3: `x` is no number; write a whole number",
        ),
        (
            "verdict  safety",
            "verdict  safte",
            "a.repro:4: there is no verdict `safte`; did you mean `safety`?",
        ),
        (
            "what     \"no_bug\"",
            "what     no_bug",
            "a.repro:5: this is no string",
        ),
        (
            "time     12.345 s",
            "time     noon",
            "a.repro:6: `noon` is no time",
        ),
        ("seed     7\n", "", "there is no seed; add `seed ...`"),
        ("duration = \"1min\"", "duration = 1x", "a.repro:12: "),
        (
            "1 profile 0 dials 3",
            "1 profile 4",
            "a.repro:18: there is no profile 4",
        ),
        (
            "1 profile 0 dials 3",
            "1 profile 0 dials 2",
            "a.repro:18: node 2 is dialled and not listed",
        ),
        (
            "1 profile 0 dials 3",
            "0 profile 0",
            "a.repro:18: node 0 is out of place",
        ),
        (
            "12.000 s  crash 3",
            "12.000 s  crush 3",
            "a.repro:21: nothing is called `crush`; did you mean `crash`?",
        ),
        (
            "12.000 s  crash 3",
            "12.000 s  crash 4",
            "a.repro:21: there is no node 4",
        ),
        (
            "--- end\n",
            "",
            "the file ends before `--- end`; take a file that is whole",
        ),
        ("--- nodes", "--- knots", "a.repro:16: here begins `knots`"),
    ];
    for (right, wrong, said) in cases {
        let text = TEXT.replacen(right, wrong, 1);
        assert_ne!(text, TEXT);
        let error = Repro::read(&text, "a.repro").unwrap_err().to_string();
        assert!(error.contains(said), "{error}\nis not\n{said}");
    }
}

/// The order of links and what is absent survive the way through a file: it is the same run.
#[test]
fn a_run_out_of_a_file_is_the_run_it_came_from() {
    let text = "[scenario]\nname = \"a/b\"\nduration = \"40s\"\n[topology]\nnodes = 12\n\
                loss = 0.1\n[[traffic]]\nkind = \"uniform\"\nper_hour = 600\n[[churn]]\nkind = \"mass\"\n\
                at = \"20s\"\nfraction = 0.3\nback_after = \"5s\"\n";
    let scenario = parse(text, "a.toml").unwrap();
    let schedule = expand(&scenario, 5, &Files::default()).unwrap();
    let mut setup = Setup::new(
        Arc::new(scenario),
        Arc::new(schedule),
        5,
        Arc::new(Table::None),
    );
    for absent in [vec![], vec![2, 7]] {
        setup.absent = absent.into();
        let outcome = run(&setup, QueueKind::Wheel);
        let repro = Repro::of(&setup, &outcome);
        let back = Repro::read(&repro.to_string(), "a.repro").unwrap();
        assert_eq!(back, repro);
        let again = run(&back.setup(Arc::new(Table::None)), QueueKind::Wheel);
        assert_eq!(again.hash, outcome.hash);
        assert_eq!(back.expect.differences(&again), Vec::<String>::new());
    }
    assert_eq!(file_name("a/b", 5), "a_b-5.repro");
}

//! A tape of a real node is played again in the simulator.

use std::io::Write;

use tom_sim::run::{QueueKind, Verdict, run};
use tom_sim::tape::{is_tape, setup};
use tom_tape::{Entry, Header, What};

fn up(link: u32, peer: u32, dialed: bool) -> What {
    What::Up {
        link,
        peer,
        mtu: 1_200,
        max_frame: 65_538,
        dialed,
        synthetic: false,
    }
}

fn send(to: u32, len: u32, message: Option<u32>) -> What {
    What::Send {
        to,
        len,
        lifetime_ms: None,
        class: 2,
        trace: false,
        message,
    }
}

#[test]
fn the_same_life_among_simulated_peers() {
    let header = Header {
        format: "tom-tape".to_owned(),
        version: 1,
        profile: "full".to_owned(),
        ..Header::default()
    };
    let deliver = |delivery, from, len| What::Deliver {
        delivery,
        from,
        len,
    };
    let entries = [
        (
            0,
            What::Clock {
                unix: 1_800_000_000,
            },
        ),
        (100, up(1, 7, true)),
        (400, up(2, 9, false)),
        (1_000, send(7, 300, Some(1))),
        (1_200, send(7, 300, None)),
        (2_000, send(33, 20, Some(2))),
        (3_000, deliver(1, 9, 500)),
        (4_000, deliver(2, 33, 64)),
        (5_000, What::Down { link: 2 }),
        (
            9_000,
            What::Clock {
                unix: 1_800_000_069,
            },
        ),
        (9_500, up(5, 9, false)),
        (10_000, send(9, 4_000, Some(3))),
    ];
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("node.tape");
    let mut file = std::fs::File::create(&path).expect("a file");
    writeln!(file, "{}", serde_json::to_string(&header).expect("a line")).expect("room");
    for (ms, what) in entries {
        let line = serde_json::to_string(&Entry { ms, what }).expect("a line");
        writeln!(file, "{line}").expect("room");
    }
    drop(file);
    assert!(is_tape(&std::fs::read_to_string(&path).expect("text")));
    let setup = setup(&path, 1).expect("a run");
    let text: Vec<String> = setup
        .schedule
        .externals
        .iter()
        .map(|external| external.to_string())
        .collect();
    assert_eq!(text.len(), 4 + 5 + 1 + 1, "{text:#?}");
    let outcome = run(&setup, QueueKind::Wheel);
    assert_eq!(outcome.verdict, Verdict::Passed, "{:?}", outcome.wrong);
    assert_eq!(outcome.nodes, 4);
    assert_eq!(
        outcome.metrics.get("proven_rate"),
        Some(&1.0),
        "{outcome:?}"
    );
    assert_eq!(outcome.situations.get("clock_stepped"), Some(&1));
    assert_eq!(run(&setup, QueueKind::Heap).hash, outcome.hash);
}

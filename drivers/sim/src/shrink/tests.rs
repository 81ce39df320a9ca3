//! A failure is found back in as little as it takes.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for the one kind it wants"
)]

use std::sync::Arc;
use std::time::Duration;

use super::nodes::joined;
use super::{Options, Predicate, Shrunk, nodes_of, shrink, units, with_externals};
use crate::net::latency::Table;
use crate::repro::Repro;
use crate::run::{QueueKind, Verdict, run};
use crate::scenario::{Deed, External, Files, expand, parse};
use crate::time::{Span, Time};
use crate::world::Setup;
use crate::world::sabotage::Sabotage;

/// Messages, crashes, stand-stills, stepping clocks and weather among so many nodes.
fn setup(nodes: u32, seconds: u64, seed: u64) -> Setup {
    let text = format!(
        "[scenario]\nname = \"lively\"\nduration = \"{seconds}s\"\n[topology]\nnodes = {nodes}\n\
         shape = {{ kind = \"core\", relays = 12, degree = 4, uplinks = 2 }}\nloss = 0.01\n\
         jitter = {{ model = \"lognormal\", sigma = 0.2 }}\n\
         [[traffic]]\nkind = \"uniform\"\nper_hour = 60\n\
         [[churn]]\nkind = \"mass\"\nat = \"10s\"\nfraction = 0.15\nback_after = \"12s\"\n\
         [[fault]]\nkind = \"suspend\"\nat = \"12s\"\nfraction = 0.2\nlasts = \"4s\"\n\
         [[fault]]\nkind = \"clock-step\"\nat = \"15s\"\nfraction = 0.2\nby = \"2500ms\"\n"
    );
    let scenario = parse(&text, "lively.toml").unwrap();
    let schedule = expand(&scenario, seed, &Files::default()).unwrap();
    Setup::new(
        Arc::new(scenario),
        Arc::new(schedule),
        seed,
        Arc::new(Table::None),
    )
}

/// Has the world hand out twice a message sent after a crash and a stand-still of its choice.
fn sabotage(setup: &mut Setup) -> Sabotage {
    let deeds = || setup.schedule.externals.iter();
    let crash = deeds().find_map(|external| match external.deed {
        Deed::Crash { node } if node >= 12 => Some(node),
        _ => None,
    });
    let crash = crash.expect("somebody crashes");
    let still = deeds().find_map(|external| match external.deed {
        Deed::Suspend { node, .. } if node >= 12 && node != crash => Some(node),
        _ => None,
    });
    let still = still.expect("somebody stands still");
    let messages: Vec<u32> = deeds()
        .filter(|external| external.at > Time(14_000_000_000))
        .filter_map(|external| match external.deed {
            Deed::Send {
                number, from, to, ..
            } if ![from, to].contains(&still) && ![from, to].contains(&crash) => Some(number),
            _ => None,
        })
        .collect();
    for message in messages {
        let fault = Sabotage::new(crash, still, Span::from_secs(5), message);
        setup.sabotage = Some(fault);
        if run(setup, QueueKind::Wheel).verdict == Verdict::Safety {
            return fault;
        }
    }
    panic!("no message arrives")
}

fn shrunk(setup: &Setup, jobs: usize) -> Shrunk {
    let options = Options {
        budget: Duration::from_secs(300),
        jobs,
        ..Options::default()
    };
    shrink(setup, &options).expect("it fails")
}

#[test]
fn three_of_hundreds_of_events_are_found() {
    let mut setup = setup(200, 30, 3);
    let fault = sabotage(&mut setup);
    let before = setup.schedule.externals.len();
    assert!(before > 150, "{before}");
    let small = shrunk(&setup, 2);
    println!(
        "{before} events and 200 nodes became {} and {}: {} probes in {:.1} s\n{}",
        small.externals.len(),
        small.nodes,
        small.probes,
        small.seconds,
        Repro::of(&small.setup, &small.outcome)
    );
    assert!(small.done);
    assert_eq!(small.outcome.verdict, Verdict::Safety);
    let words: Vec<&str> = small.externals.iter().map(|e| e.deed.word()).collect();
    assert_eq!(words, ["crash", "suspend", "send"]);
    let nodes = |at: usize| super::nodes_of(&small.externals[at].deed);
    assert_eq!(nodes(0), [fault.crash]);
    assert_eq!(nodes(1), [fault.still]);
    // Two ends, who crashes, who stands still, and the one way between the ends.
    let links = small.setup.schedule.links.len();
    assert!(small.nodes <= 8, "{}", small.nodes);
    assert_eq!(links, small.nodes - 3, "no link but those of the way");
}

/// The target: at most 20 external events from a failure among a thousand nodes.
#[test]
#[ignore = "a measure: a minute or so"]
fn a_failure_among_a_thousand_nodes_becomes_small() {
    let mut setup = setup(1_000, 60, 5);
    sabotage(&mut setup);
    let before = setup.schedule.externals.len();
    let small = shrunk(&setup, 2);
    println!(
        "{before} events and 1000 nodes became {} and {}: {} probes in {:.1} s",
        small.externals.len(),
        small.nodes,
        small.probes,
        small.seconds,
    );
    assert!(small.externals.len() <= 20);
}

#[test]
fn the_number_of_jobs_changes_nothing() {
    let mut setup = setup(40, 25, 4);
    sabotage(&mut setup);
    let one = shrunk(&setup, 1);
    let three = shrunk(&setup, 3);
    assert_eq!(one.setup.schedule, three.setup.schedule);
    assert_eq!(one.setup.scenario, three.setup.scenario);
    assert_eq!(one.setup.absent, three.setup.absent);
    assert_eq!(one.outcome.hash, three.outcome.hash);
}

/// Everything is delivered in a world without faults, and so the assertion needs one.
#[test]
fn a_failed_assertion_shrinks_to_what_it_needs() {
    let text = "[scenario]\nname = \"cut off\"\nduration = \"120s\"\n[topology]\nnodes = 16\n\
                [[traffic]]\nclass = \"chat\"\nkind = \"uniform\"\nper_hour = 60\n\
                [[churn]]\nkind = \"mass\"\nat = \"10s\"\nfraction = 0.3\nback_after = \"30s\"\n\
                [[assert]]\nmetric = \"latency_max\"\nclass = \"chat\"\nop = \"<\"\nvalue = \"5s\"\n";
    let scenario = parse(text, "a.toml").unwrap();
    let schedule = expand(&scenario, 2, &Files::default()).unwrap();
    let setup = Setup::new(
        Arc::new(scenario),
        Arc::new(schedule),
        2,
        Arc::new(Table::None),
    );
    let before = run(&setup, QueueKind::Wheel);
    assert_eq!(before.verdict, Verdict::Failed, "{:?}", before.wrong);
    let small = shrunk(&setup, 2);
    println!("{}", Repro::of(&small.setup, &small.outcome));
    let predicate = Predicate::of(&before).unwrap();
    assert!(predicate.holds(&small.outcome));
    let words: Vec<&str> = small.externals.iter().map(|e| e.deed.word()).collect();
    assert!(words.len() <= 4, "{words:?}");
    assert!(words.contains(&"send"), "{words:?}");
}

#[test]
fn a_panic_shrinks_like_anything_else() {
    let mut setup = setup(30, 25, 6);
    let mut fault = sabotage(&mut setup);
    fault.panics = true;
    setup.sabotage = Some(fault);
    let small = shrunk(&setup, 2);
    assert_eq!(small.outcome.verdict, Verdict::Crash);
    let words: Vec<&str> = small.externals.iter().map(|e| e.deed.word()).collect();
    assert_eq!(words, ["crash", "suspend", "send"]);
}

/// A smaller world with other numbers is a whole one: every node, link and event has its place.
#[test]
fn new_names_lose_nothing() {
    let mut setup = setup(40, 20, 2);
    let named: std::collections::BTreeSet<u32> = setup
        .schedule
        .externals
        .iter()
        .flat_map(|external| super::nodes_of(&external.deed))
        .collect();
    let idle: Vec<u32> = (12..40).filter(|node| !named.contains(node)).collect();
    assert!(!idle.is_empty());
    setup.absent = idle.clone().into();
    let named = super::nodes::renamed(&crate::repro::normal(&setup)).expect("a scenario");
    assert_eq!(named.scenario.topology.nodes as usize, 40 - idle.len());
    assert!(named.absent.is_empty());
    assert_eq!(
        named.schedule.externals.len(),
        setup.schedule.externals.len()
    );
    let outcome = run(&named, QueueKind::Wheel);
    assert_eq!(outcome.verdict, Verdict::Passed, "{:?}", outcome.wrong);
    let repro = Repro::of(&named, &outcome);
    assert_eq!(Repro::read(&repro.to_string(), "a.repro").unwrap(), repro);
}

/// What fails for another reason too is not taken, and the search goes on beside it.
#[test]
fn what_fails_for_another_reason_is_passed_over() {
    let mut setup = setup(40, 25, 4);
    sabotage(&mut setup);
    let another = |setup: &Setup| setup.schedule.externals.len() < 5;
    let options = Options {
        budget: Duration::from_secs(300),
        another: Some(&another),
        ..Options::default()
    };
    let small = shrink(&setup, &options).expect("it fails");
    assert_eq!(small.externals.len(), 5, "three would do");
    assert_eq!(small.outcome.verdict, Verdict::Safety);
}

/// That a message is unproven where no link leads to its recipient says nothing.
#[test]
fn a_world_in_parts_is_no_smaller_failure() {
    let whole = setup(40, 20, 2);
    assert!(joined(&whole));
    let send = |external: &&External| matches!(external.deed, Deed::Send { .. });
    let first = whole.schedule.externals.iter().find(send).unwrap().clone();
    let ends = nodes_of(&first.deed);
    let mut apart = with_externals(&whole, vec![first]);
    Arc::make_mut(&mut apart.schedule)
        .links
        .retain(|(a, b)| ![*a, *b].contains(&ends[1]));
    assert!(!joined(&apart));
    let mut met = apart.schedule.externals.clone();
    let (a, b) = (ends[0], ends[1]);
    let deed = Deed::Meet { a, b };
    met.push(External {
        at: Time::ZERO,
        deed,
    });
    assert!(joined(&with_externals(&apart, met)));
}

/// What fails because links lead nowhere from the beginning is made smaller all the same.
#[test]
fn a_failure_in_a_world_in_parts_becomes_small() {
    let text = "[scenario]\nname = \"in parts\"\nduration = \"60s\"\n[topology]\nnodes = 6\n\
                shape = { kind = \"none\" }\n\
                [[traffic]]\nkind = \"uniform\"\nper_hour = 120\n\
                [[assert]]\nmetric = \"delivery_rate\"\nop = \">\"\nvalue = 0.5\n";
    let scenario = parse(text, "a.toml").unwrap();
    let schedule = expand(&scenario, 3, &Files::default()).unwrap();
    let setup = Setup::new(
        Arc::new(scenario),
        Arc::new(schedule),
        3,
        Arc::new(Table::None),
    );
    assert!(!joined(&setup));
    let before = setup.schedule.externals.len();
    let small = shrunk(&setup, 2);
    assert!(
        before > 5 && small.externals.len() == 1,
        "{before}: {:?}",
        small.externals
    );
}

#[test]
fn stories_are_short_and_keep_the_message_and_the_calm() {
    let mut setup = setup(40, 20, 2);
    let calm = External {
        at: Time(19_000_000_000),
        deed: Deed::Calm,
    };
    Arc::make_mut(&mut setup.schedule).externals.push(calm);
    let about = |external: &&External| matches!(external.deed, Deed::Send { .. });
    let send = setup.schedule.externals.iter().find(about).unwrap().clone();
    let stories = super::story::stories(&setup, &send, Some(0));
    let words = |story: &Vec<External>| -> Vec<&str> {
        story.iter().map(|external| external.deed.word()).collect()
    };
    assert_eq!(words(&stories[0]), ["send", "calm"]);
    assert!(stories.len() < 400, "{}", stories.len());
    assert!(stories.iter().all(|story| words(story).contains(&"calm")));
    assert!(stories.is_sorted_by_key(Vec::len));
    for (at, story) in stories.iter().enumerate() {
        assert!(story.len() <= super::FEW + 2, "{}", story.len());
        assert!(story.is_sorted_by_key(|external| external.at));
        assert!(!stories[..at].contains(story), "told twice");
    }
    for word in ["crash", "start", "break", "repair", "weather"] {
        assert!(
            stories.iter().any(|story| words(story).contains(&word)),
            "{word}"
        );
    }
}

#[test]
fn a_run_that_passes_is_refused() {
    let setup = setup(14, 20, 1);
    assert!(shrink(&setup, &Options::default()).is_err());
    let options = Options {
        predicate: Some(Predicate::Panic("x".to_owned())),
        ..Options::default()
    };
    assert!(shrink(&setup, &options).is_err());
}

#[test]
fn a_fault_and_its_end_are_one_unit() {
    let at = |seconds: u64, deed| External {
        at: Time(seconds * 1_000_000_000),
        deed,
    };
    let externals = vec![
        at(1, Deed::Crash { node: 1 }),
        at(2, Deed::Crash { node: 2 }),
        at(
            3,
            Deed::Start {
                node: 2,
                forget: false,
            },
        ),
        at(4, Deed::Calm),
        at(
            5,
            Deed::Start {
                node: 1,
                forget: true,
            },
        ),
        at(
            6,
            Deed::Start {
                node: 1,
                forget: true,
            },
        ),
    ];
    assert_eq!(
        units(&externals),
        [vec![0, 4], vec![1, 2], vec![3], vec![5]]
    );
    // By word each end is apart from its beginning.
    let by_word = super::units::groups(&externals, super::units::Grouping::Word);
    let mut by_word: Vec<Vec<usize>> = by_word;
    by_word.sort();
    assert_eq!(by_word, [vec![0, 1], vec![2, 4, 5], vec![3]]);
    let setup = with_externals(&setup(14, 20, 1), externals);
    assert_eq!(setup.schedule.externals.len(), 6);
}

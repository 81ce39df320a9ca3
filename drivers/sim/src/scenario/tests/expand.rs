#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at the deeds it is about"
)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::draw::Stream;
use crate::scenario::graph::{is_connected, links};
use crate::scenario::model::{Churn, Fault, Scenario, Shape};
use crate::scenario::tests::random;
use crate::scenario::{Deed, External, Files, expand, explain, parse, read_externals};
use crate::time::{Span, Time};

const LEAST: &str = "[scenario]\nname = \"a\"\nduration = \"1h\"\n[topology]\nnodes = 100\n";

fn read(more: &str) -> Scenario {
    parse(&format!("{LEAST}{more}"), "a.toml").unwrap()
}

fn events(scenario: &Scenario, seed: u64) -> Vec<External> {
    expand(scenario, seed, &Files::default()).unwrap().externals
}

/// How many events begin with this word.
fn count(events: &[External], word: &str) -> usize {
    events.iter().filter(|e| e.deed.word() == word).count()
}

proptest! {
    /// Every scenario's events are in order, within the run, numbered from 1, and drawn alike twice;
    /// each is a line that reads back.
    #[test]
    fn schedules_are_in_order_and_lines_read_back(seed: u64) {
        let scenario = random::scenario(seed, false);
        let events = events(&scenario, seed);
        prop_assert!(events.is_sorted_by_key(|e| e.at));
        let end = Time(scenario.scenario.duration.0);
        let mut last = 0;
        for event in &events {
            prop_assert!(event.at < end);
            let line = event.to_string();
            let back = line.parse::<External>().unwrap_or_else(|e| panic!("{line}: {e}"));
            prop_assert_eq!(&back, event, "{}", line);
            if let Deed::Send { number, from, to, len, .. } = &event.deed {
                last += 1;
                prop_assert_eq!(*number, last);
                prop_assert!(from != to && *len >= 16);
            }
        }
        let again = expand(&scenario, seed, &Files::default()).unwrap();
        prop_assert_eq!(&again.externals, &events);
        prop_assert_eq!(again.profiles.len(), scenario.topology.nodes as usize);
    }

    /// After the end of faults nothing breaks, and what was broken has been made whole.
    #[test]
    fn faults_end_in_calm(seed: u64) {
        let scenario = random::scenario(seed, false);
        let Some(until) = scenario.scenario.faults_until else { return Ok(()) };
        let events = events(&scenario, seed);
        let calm: Vec<_> = events.iter().filter(|e| e.deed == Deed::Calm).collect();
        prop_assert_eq!(calm.len(), 1);
        prop_assert_eq!(calm[0].at, Time(until.0));
        let rest = events.iter().skip_while(|e| e.deed != Deed::Calm).skip(1);
        for event in rest {
            prop_assert!(matches!(event.deed, Deed::Send { .. }), "{}", event);
        }
        let (mut down, mut turned, mut cuts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for event in &events {
            match &event.deed {
                Deed::Crash { node } => _ = down.insert(*node),
                Deed::Start { node, .. } => _ = down.remove(node),
                Deed::Turn { node, into: Some(_) } => _ = turned.insert(*node),
                Deed::Turn { node, into: None } => _ = turned.remove(node),
                Deed::Cut { cut, .. } => _ = cuts.insert(*cut),
                Deed::Mend { cut } => _ = cuts.remove(cut),
                _ => {}
            }
        }
        prop_assert!(down.is_empty() && turned.is_empty() && cuts.is_empty());
    }

    /// Taking one generator out leaves the events of all others as they were.
    #[test]
    fn one_generator_less_shifts_no_other(seed: u64) {
        let mut scenario = random::scenario(seed, false);
        scenario.scenario.faults_until = None;
        scenario.scenario.converge_within = None;
        scenario.fault.push(Fault::Mtu { at: Span::from_secs(5), mtu: 99 });
        let with = events(&scenario, seed);
        scenario.fault.pop();
        let without = events(&scenario, seed);
        let (mtu, others): (Vec<_>, Vec<_>) =
            with.into_iter().partition(|e| e.deed == Deed::Mtu(99));
        prop_assert_eq!(mtu.len(), 1);
        prop_assert_eq!(others, without);
    }

    /// A regular graph is regular, simple and connected, sparse or dense.
    #[test]
    fn regular_graphs_are(nodes in 3_u32..80, degree in 2_u32..40, seed: u64) {
        let degree = degree.min(nodes - 1);
        prop_assume!(nodes * degree % 2 == 0);
        let links = links(&Shape::Regular { degree }, nodes, &mut Stream::new(seed, "shape"));
        let mut degrees: BTreeMap<u32, u32> = BTreeMap::new();
        for (a, b) in &links {
            prop_assert!(a < b && *b < nodes);
            *degrees.entry(*a).or_default() += 1;
            *degrees.entry(*b).or_default() += 1;
        }
        prop_assert!(links.is_sorted() && links.windows(2).all(|w| w[0] != w[1]));
        prop_assert!((0..nodes).all(|n| degrees.get(&n) == Some(&degree)));
        prop_assert!(is_connected(nodes, &links));
    }
}

#[test]
fn plain_shapes_have_the_links_they_say() {
    let links = |shape| links(&shape, 6, &mut Stream::new(1, "shape"));
    assert_eq!(links(Shape::Line).len(), 5);
    assert_eq!(links(Shape::Ring).len(), 6);
    assert_eq!(links(Shape::Star), [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)]);
    assert_eq!(
        links(Shape::Tree { children: 2 }),
        [(0, 1), (0, 2), (1, 3), (1, 4), (2, 5)]
    );
    assert_eq!(
        links(Shape::Grid { width: 3 }),
        [(0, 1), (0, 3), (1, 2), (1, 4), (2, 5), (3, 4), (4, 5)]
    );
    assert_eq!(links(Shape::Complete).len(), 15);
    let core = links(Shape::Core {
        relays: 3,
        degree: 2,
        uplinks: 2,
    });
    assert_eq!(core.len(), 3 + 3 * 2);
    assert!(core.iter().all(|(a, _)| *a < 3), "leaves know relays only");
}

#[test]
fn profiles_have_their_shares_and_relays_of_a_core_relay() {
    let scenario = read(
        "shape = { kind = \"core\", relays = 10, degree = 4, uplinks = 3 }\n\
         [[profile]]\nclass = \"leaf\"\nshare = \"70%\"\nrelays = false\n\
         [[profile]]\nclass = \"relay\"\nshare = \"30%\"\n",
    );
    let schedule = expand(&scenario, 3, &Files::default()).unwrap();
    let relays = schedule.profiles.iter().filter(|p| **p == 1).count();
    assert_eq!(relays, 30);
    assert!(schedule.profiles[..10].iter().all(|p| *p == 1));
    let other = expand(&scenario, 4, &Files::default()).unwrap();
    assert_ne!(schedule.profiles, other.profiles);
}

#[test]
fn half_of_all_crash_at_once_and_come_back() {
    let scenario = read(
        "[[churn]]\nkind = \"mass\"\nat = \"10min\"\nfraction = \"50%\"\nback_after = \"1min\"\n",
    );
    let events = events(&scenario, 1);
    assert_eq!(count(&events, "crash"), 50);
    assert_eq!(count(&events, "start"), 50);
    assert!(events[..50].iter().all(|e| e.at.as_secs() == 600));
    assert!(events[50..].iter().all(|e| e.at.as_secs() == 660));
}

#[test]
fn sessions_have_the_length_they_are_drawn_with() {
    let scenario =
        read("[[churn]]\nkind = \"sessions\"\nup = \"exp(2min)\"\ndown = \"exp(1min)\"\n");
    let events = events(&scenario, 1);
    let mut up_since = vec![Time::ZERO; 100];
    let (mut total, mut sessions) = (0.0, 0.0);
    for event in &events {
        match event.deed {
            Deed::Crash { node } => {
                total += event.at.since(up_since[node as usize]).as_millis() as f64 / 1_000.0;
                sessions += 1.0;
            }
            Deed::Start { node, .. } => up_since[node as usize] = event.at,
            _ => {}
        }
    }
    // Each node goes through about 20 turns; sessions cut off by the end make it a little less.
    let mean = total / sessions;
    assert!((105.0..125.0).contains(&mean), "{mean}");
}

#[test]
fn traffic_comes_as_often_as_it_says() {
    let scenario = read(
        "[[traffic]]\nkind = \"uniform\"\nper_hour = 60\nuntil = \"30min\"\n\
         [[traffic]]\nclass = \"talk\"\nkind = \"conversations\"\npairs = 10\nper_hour = 100\n\
         [[traffic]]\nclass = \"all\"\nkind = \"broadcast\"\nper_hour = 5\n",
    );
    let events = events(&scenario, 1);
    let of = |n: u16| {
        let is = |e: &&External| matches!(e.deed, Deed::Send { traffic, .. } if traffic == n);
        events.iter().filter(is).collect::<Vec<_>>()
    };
    let uniform = of(0);
    assert!((2_800..3_200).contains(&uniform.len()), "{}", uniform.len());
    assert!(uniform.iter().all(|e| e.at.as_secs() < 1_800));
    let talk = of(1);
    assert!((900..1_100).contains(&talk.len()), "{}", talk.len());
    let pairs: BTreeSet<_> = talk
        .iter()
        .map(|e| match e.deed {
            Deed::Send { from, to, .. } => (from.min(to), from.max(to)),
            _ => unreachable!(),
        })
        .collect();
    assert_eq!(pairs.len(), 10);
    assert_eq!(of(2).len() % 99, 0);
}

#[test]
fn a_flash_crowd_is_down_until_it_comes() {
    let mut scenario = read("");
    scenario.churn.push(Churn::FlashCrowd {
        at: Span::from_secs(600),
        within: Span::from_secs(60),
        fraction: crate::draw::Chance::from_unit(0.9),
    });
    let events = events(&scenario, 1);
    assert_eq!(count(&events, "crash"), 90);
    assert!(events[..90].iter().all(|e| e.at == Time::ZERO));
    let starts = events[90..].iter();
    assert!(starts.clone().all(|e| (600..660).contains(&e.at.as_secs())));
    assert_eq!(starts.count(), 90);
}

#[test]
fn lines_are_for_people() {
    let line = |ms, deed| {
        let at = Time::ZERO.plus(Span::from_millis(ms));
        External { at, deed }.to_string()
    };
    assert_eq!(line(12_345, Deed::Crash { node: 17 }), "12.345 s  crash 17");
    let side = [0, 1, 2, 7, 9, 10].into();
    let cut = Deed::Cut {
        cut: 1,
        side,
        one_way: true,
    };
    assert_eq!(line(1, cut), "0.001 s  cut 1 one-way side 0-2 7 9-10");
    let fails = "1.000 s  crahs 17".parse::<External>().unwrap_err();
    assert_eq!(
        fails.to_string(),
        "nothing is called `crahs`; did you mean `crash`?"
    );
}

#[test]
fn a_file_of_lines_names_the_one_that_is_wrong() {
    let text = "# a failure\n\n1.000 s  crash 3\n2.000 s  start 3 forget\n";
    let events = read_externals(text, "f.events").unwrap();
    assert_eq!(events.len(), 2);
    let wrong = |more: &str| {
        let text = format!("{text}{more}");
        read_externals(&text, "f.events").unwrap_err().to_string()
    };
    assert_eq!(
        wrong("3.000 s  start x"),
        "f.events:5: `x` is not a node; write a whole number"
    );
    assert_eq!(
        wrong("1.500 s  calm"),
        "f.events:5: this is before the line above; put lines in order of time"
    );
}

#[test]
fn too_many_events_are_refused() {
    let scenario = read("[[traffic]]\nkind = \"uniform\"\nper_hour = 1_000_000_000\n");
    let error = expand(&scenario, 1, &Files::default()).unwrap_err();
    assert!(error.problem.contains("more than 20000000"), "{error}");
}

#[test]
fn what_is_explained_is_a_scenario_again() {
    let scenario = read(
        "[[churn]]\nkind = \"mass\"\nat = \"10min\"\nfraction = \"50%\"\n\
         [[traffic]]\nkind = \"uniform\"\nsize = \"lognormal(200B,1.0)\"\n",
    );
    let short = explain(&scenario, 1, &Files::default(), false).unwrap();
    assert_eq!(parse(&short, "a.toml").unwrap(), scenario);
    assert!(
        short.contains("# nodes per profile\n#   node                 100\n"),
        "{short}"
    );
    assert!(short.contains("#   crash                50\n") && short.contains(" more ..."));
    let all = explain(&scenario, 1, &Files::default(), true).unwrap();
    let lines = all.lines().filter(|l| l.contains(" s  ")).count();
    assert_eq!(lines, events(&scenario, 1).len());
    let read: Vec<External> = all
        .lines()
        .filter(|l| l.contains(" s  "))
        .map(|l| l.trim_start_matches("# ").parse().unwrap())
        .collect();
    assert_eq!(read, events(&scenario, 1));
}

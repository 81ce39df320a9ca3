//! The page of one run.
//!
//! Its data are columns of whole numbers: a fact is one entry in each column of `facts`, what was in a
//! packet one entry in each column of `frames`. Times are microseconds; those in order are written as
//! differences.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tom_core::output::State;
use tom_core::wire::Reference;

use super::film::Film;
use super::html::{escape, fill, json_in_script};
use super::layout::places;
use super::words;
use crate::net::Why;
use crate::run::Wrong;
use crate::time::Time;
use crate::trace::{Fact, Seen};

const TEMPLATE: &str = include_str!("page/trace.html");
const STYLE: &str = include_str!("page/trace.css");
/// One script in parts, in this order.
const SCRIPT: &str = concat!(
    include_str!("page/data.js"),
    include_str!("page/map.js"),
    include_str!("page/time.js"),
    include_str!("page/list.js"),
    include_str!("page/message.js"),
    include_str!("page/node.js"),
);

/// The page: one file that needs no other.
///
/// # Errors
/// Its data cannot be written as JSON.
pub fn page(film: &Film) -> serde_json::Result<String> {
    let data = json_in_script(&serde_json::to_string(&Data::of(film))?);
    let title = format!("{} seed {}", film.outcome.scenario, film.outcome.seed);
    let title = escape(&title);
    let values = [
        ("title", title.as_str()),
        ("style", STYLE),
        ("script", SCRIPT),
        ("data", &data),
    ];
    Ok(fill(TEMPLATE, &values))
}

#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    about: &'a str,
    seed: u64,
    suite: &'a str,
    hash: &'a str,
    verdict: crate::run::Verdict,
    events: u64,
    /// The first moment of which everything is known, and the last one.
    begin: u64,
    end: u64,
    /// Facts that were not kept.
    dropped: u64,
    wrong: &'a [Wrong],
    classes: Vec<&'a str>,
    nodes: Nodes,
    before: Before,
    messages: Messages,
    deeds: Deeds,
    facts: Facts,
    frames: Frames,
    words: Words,
}

#[derive(Serialize)]
struct Words {
    frames: [&'static str; 13],
    states: [&'static str; 7],
    fates: [&'static str; 4],
    lost: Vec<&'static str>,
    drops: Vec<String>,
}

#[derive(Default, Serialize)]
struct Nodes {
    x: Vec<u32>,
    y: Vec<u32>,
    class: Vec<usize>,
    relays: Vec<u8>,
}

#[derive(Default, Serialize)]
struct Before {
    up: Vec<u32>,
    links: Vec<(u32, u32, u32)>,
    still: Vec<(u32, u64)>,
}

/// What is known of messages of which there is a fact.
#[derive(Default, Serialize)]
struct Messages {
    number: Vec<u32>,
    from: Vec<u32>,
    to: Vec<u32>,
    len: Vec<u32>,
    class: Vec<u16>,
    at: Vec<u64>,
    ends: Vec<u64>,
    state: Vec<u8>,
    fate: Vec<u8>,
    delivered: Vec<i64>,
    proven: Vec<i64>,
    direct: Vec<u8>,
    traffic: Vec<String>,
}

#[derive(Default, Serialize)]
struct Deeds {
    at: Vec<u64>,
    kind: Vec<&'static str>,
    node: Vec<i64>,
    text: Vec<String>,
}

/// `k` says what `a`, `b` and `c` are: see the table in `data.js`.
#[derive(Default, Serialize)]
struct Facts {
    t: Vec<u64>,
    k: Vec<u8>,
    n: Vec<u32>,
    a: Vec<u32>,
    b: Vec<u32>,
    c: Vec<u32>,
}

#[derive(Default, Serialize)]
struct Frames {
    /// To which fact it belongs: the difference to the one before.
    f: Vec<usize>,
    k: Vec<u8>,
    /// The message it is or is about; 0: none that is known.
    m: Vec<u32>,
    /// Which envelope of that message, from 0.
    e: Vec<u8>,
    hop: Vec<u8>,
    attempt: Vec<u8>,
}

impl<'a> Data<'a> {
    fn of(film: &'a Film) -> Self {
        let outcome = &film.outcome;
        let names = Names::of(film);
        let (facts, frames, mentioned) = facts(film, &names);
        let mut classes: Vec<&str> = film.nodes.iter().map(|n| n.class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        let begin = match film.trace.entries().next() {
            Some(first) if film.trace.dropped > 0 => micros(first.at),
            _ => 0,
        };
        Self {
            name: &outcome.scenario,
            about: &film.scenario.scenario.about,
            seed: outcome.seed,
            suite: &outcome.suite,
            hash: &outcome.hash,
            verdict: outcome.verdict,
            events: outcome.events,
            begin,
            end: micros(film.end),
            dropped: film.trace.dropped,
            wrong: &outcome.wrong,
            nodes: nodes(film, &classes),
            classes,
            before: before(film),
            messages: messages(film, mentioned),
            deeds: deeds(film),
            facts,
            frames,
            words: Words {
                frames: words::FRAMES,
                states: State::ALL.map(State::name),
                fates: words::FATES,
                lost: Why::ALL.iter().map(|why| why.name()).collect(),
                drops: tom_core::error::Drop::ALL
                    .iter()
                    .map(|reason| words::reason(*reason))
                    .collect(),
            },
        }
    }
}

const fn micros(time: Time) -> u64 {
    time.0 / 1_000
}

/// Which message an envelope carries, and which of its envelopes that is.
pub(super) struct Names(BTreeMap<Reference, (u32, u8)>);

impl Names {
    pub(super) fn of(film: &Film) -> Self {
        let first = |told: &crate::check::Told| (told.id.reference(), (told.number, 0));
        let mut names: BTreeMap<Reference, (u32, u8)> = film.told.iter().map(first).collect();
        let mut seals: BTreeMap<u32, u8> = BTreeMap::new();
        for entry in film.trace.entries() {
            if let Fact::Resealed { number, reference } = &entry.fact {
                let seals = seals.entry(*number).or_default();
                *seals = seals.saturating_add(1);
                names.insert(*reference, (*number, *seals));
            }
        }
        Self(names)
    }

    pub(super) fn message(&self, seen: &Seen) -> (u32, u8) {
        let known = seen.about.and_then(|reference| self.0.get(&reference));
        known.copied().unwrap_or_default()
    }
}

fn nodes(film: &Film, classes: &[&str]) -> Nodes {
    let mut nodes = Nodes::default();
    for (node, (x, y)) in film.nodes.iter().zip(places(film)) {
        nodes.x.push(x);
        nodes.y.push(y);
        let class = classes.iter().position(|class| *class == node.class);
        nodes.class.push(class.unwrap_or_default());
        nodes.relays.push(u8::from(node.relays));
    }
    nodes
}

fn before(film: &Film) -> Before {
    let before = film.trace.before();
    let links = before.links.iter().filter(|(_, count)| **count > 0);
    Before {
        up: before.up.iter().copied().collect(),
        links: links.map(|((a, b), count)| (*a, *b, *count)).collect(),
        still: before
            .still
            .iter()
            .map(|(node, until)| (*node, micros(*until)))
            .collect(),
    }
}

fn messages(film: &Film, mut mentioned: BTreeSet<u32>) -> Messages {
    mentioned.extend(film.outcome.wrong.iter().filter_map(|wrong| wrong.message));
    let traffic = film.scenario.traffic.iter().map(|t| t.class.clone());
    let mut messages = Messages {
        traffic: traffic.collect(),
        ..Messages::default()
    };
    let moment = |at: Option<Time>| at.map_or(-1, |at| micros(at) as i64);
    for told in &film.told {
        if !mentioned.contains(&told.number) {
            continue;
        }
        messages.number.push(told.number);
        messages.from.push(told.from);
        messages.to.push(told.to);
        messages.len.push(told.len);
        messages.class.push(told.traffic);
        messages.at.push(micros(told.accepted));
        messages.ends.push(micros(told.ends.min(film.end)));
        messages.state.push(words::state(told.state));
        messages.fate.push(words::fate(told.fate(film.end)));
        messages.delivered.push(moment(told.delivered));
        messages.proven.push(moment(told.proven));
        messages.direct.push(u8::from(told.direct));
    }
    messages
}

fn deeds(film: &Film) -> Deeds {
    let mut deeds = Deeds::default();
    let played = film.schedule.externals.iter();
    for external in played.take_while(|external| external.at <= film.end) {
        if let Some((kind, node, text)) = words::deed(&external.deed) {
            deeds.at.push(micros(external.at));
            deeds.kind.push(kind);
            deeds.node.push(node.map_or(-1, i64::from));
            deeds.text.push(text);
        }
    }
    deeds
}

/// All facts, what was in packets, and which messages they are about.
fn facts(film: &Film, names: &Names) -> (Facts, Frames, BTreeSet<u32>) {
    let (mut facts, mut all) = (Facts::default(), Frames::default());
    let mut mentioned = BTreeSet::new();
    let (mut last, mut last_fact) = (0, 0);
    for entry in film.trace.entries() {
        let (k, a, b, c, frames) = coded(&entry.fact);
        if k == SHOWN_ELSEWHERE {
            continue;
        }
        let place = facts.t.len();
        let at = micros(entry.at);
        facts.t.push(at - last);
        last = at;
        facts.k.push(k);
        facts.n.push(entry.node);
        facts.a.push(a);
        facts.b.push(b);
        facts.c.push(c);
        if matches!(k, 2..=5) {
            mentioned.insert(a);
        }
        for seen in frames {
            let (message, envelope) = names.message(seen);
            mentioned.insert(message);
            all.f.push(place - last_fact);
            last_fact = place;
            all.k.push(words::frame(seen));
            all.m.push(message);
            all.e.push(envelope);
            all.hop.push(seen.hop);
            all.attempt.push(seen.attempt);
        }
    }
    (facts, all, mentioned)
}

/// External events have their own columns.
const SHOWN_ELSEWHERE: u8 = u8::MAX;

fn coded(fact: &Fact) -> (u8, u32, u32, u32, &[Seen]) {
    match fact {
        Fact::Arrived {
            from,
            under_way,
            len,
            frames,
        } => (0, *from, *under_way, *len, frames),
        Fact::Lost { to, why, frames } => (1, *to, *why as u32, 0, frames),
        Fact::Sent { number, to, .. } => (2, *number, *to, 0, &[]),
        Fact::Resealed { number, .. } => (3, *number, 0, 0, &[]),
        Fact::Delivered { number, over } => (4, *number, *over, 0, &[]),
        Fact::Told { number, state } => (5, *number, u32::from(words::state(*state)), 0, &[]),
        Fact::Dropped(reason) => {
            let all = tom_core::error::Drop::ALL;
            let place = all.iter().position(|known| known == reason);
            (6, place.unwrap_or_default() as u32, 0, 0, &[])
        }
        Fact::Link { peer, up } => (7, *peer, u32::from(*up), 0, &[]),
        Fact::Life { up } => (8, u32::from(*up), 0, 0, &[]),
        Fact::Still { until } => {
            let ms = u32::try_from(until.as_millis()).unwrap_or(u32::MAX);
            (9, ms, 0, 0, &[])
        }
        Fact::Deed(_) => (SHOWN_ELSEWHERE, 0, 0, 0, &[]),
    }
}

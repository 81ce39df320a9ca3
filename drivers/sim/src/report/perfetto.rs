//! One run in Chrome's trace event format, which ui.perfetto.dev and chrome://tracing read: a process
//! per node, a thread per neighbour it has sent to or heard of.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::film::Film;
use super::page::Names;
use super::words;
use crate::time::Time;
use crate::trace::{Fact, Seen};

/// The thread of what is not about a neighbour.
const OWN: u32 = 0;

#[derive(Serialize)]
struct Event {
    name: String,
    cat: &'static str,
    ph: &'static str,
    /// Microseconds.
    ts: u64,
    pid: u32,
    tid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    /// How far an instant is seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    /// A flow ends in the slice that encloses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    #[serde(skip_serializing_if = "Value::is_null")]
    args: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    display_time_unit: &'static str,
    other_data: Value,
    trace_events: &'a [Event],
}

/// The run as trace events.
///
/// # Errors
/// It cannot be written as JSON.
pub fn perfetto(film: &Film) -> serde_json::Result<String> {
    let mut out = Out::default();
    messages(film, &mut out);
    facts(film, &mut out);
    deeds(film, &mut out);
    out.names(film);
    let outcome = &film.outcome;
    serde_json::to_string(&File {
        display_time_unit: "ms",
        other_data: json!({
            "scenario": outcome.scenario, "seed": outcome.seed, "hash": outcome.hash,
            "verdict": outcome.verdict, "facts not kept": film.trace.dropped,
        }),
        trace_events: &out.events,
    })
}

#[derive(Default)]
struct Out {
    events: Vec<Event>,
    threads: BTreeSet<(u32, u32)>,
    flows: u64,
}

/// Whom an event is about, in which of its threads: processes count from 1.
const fn process(node: u32) -> u32 {
    node + 1
}

impl Out {
    fn put(&mut self, ph: &'static str, at: Time, node: u32, tid: u32, name: String) -> &mut Event {
        self.threads.insert((node, tid));
        let event = Event {
            name,
            cat: "run",
            ph,
            ts: at.0 / 1_000,
            pid: process(node),
            tid,
            dur: None,
            id: None,
            s: (ph == "i").then_some("t"),
            bp: None,
            args: Value::Null,
        };
        self.events.push(event);
        // What was just pushed is there.
        let last = self.events.len() - 1;
        &mut self.events[last]
    }

    /// A packet: a slice where it left, one where it arrived, and an arrow between them. Slices are a
    /// microsecond long, so that those of one thread never overlap in part.
    fn hop(&mut self, (from, left): (u32, Time), (to, at): (u32, Time), name: &str, args: &Value) {
        self.flows += 1;
        let flow = self.flows;
        for (ph, node, other, at) in [("s", from, to, left), ("f", to, from, at)] {
            let tid = process(other);
            let slice = self.put("X", at, node, tid, name.to_owned());
            slice.cat = "packet";
            slice.dur = Some(1);
            // Once is enough, and half the file.
            if ph == "f" {
                slice.args = args.clone();
            }
            let arrow = self.put(ph, at, node, tid, name.to_owned());
            arrow.cat = "packet";
            arrow.id = Some(flow);
            arrow.bp = (ph == "f").then_some("e");
        }
    }

    /// The names of processes and threads come first.
    fn names(&mut self, film: &Film) {
        let mut names = Vec::new();
        let mut name = |what: &str, pid, tid, name: String| {
            names.push(Event {
                name: what.to_owned(),
                cat: "__metadata",
                ph: "M",
                ts: 0,
                pid,
                tid,
                dur: None,
                id: None,
                s: None,
                bp: None,
                args: json!({ "name": name }),
            });
        };
        name("process_name", 0, 0, "the run".to_owned());
        for (number, node) in (0..).zip(&film.nodes) {
            let pid = process(number);
            name(
                "process_name",
                pid,
                0,
                format!("node {number} ({})", node.class),
            );
        }
        for (node, tid) in &self.threads {
            let text = match tid.checked_sub(1) {
                None => "itself".to_owned(),
                Some(peer) => format!("link to {peer}"),
            };
            if *node != u32::MAX {
                name("thread_name", process(*node), *tid, text);
            }
        }
        names.append(&mut self.events);
        self.events = names;
    }
}

/// The life of each message: from its acceptance to its proof or its end.
fn messages(film: &Film, out: &mut Out) {
    for told in &film.told {
        let id = Some(u64::from(told.number));
        let name = format!("message {} to node {}", told.number, told.to);
        let begin = out.put("b", told.accepted, told.from, OWN, name.clone());
        begin.cat = "message";
        begin.id = id;
        begin.args = json!({ "number": told.number, "to": told.to, "bytes": told.len });
        let over = told.proven.unwrap_or(told.ends).min(film.end);
        let end = out.put("e", over.max(told.accepted), told.from, OWN, name);
        end.cat = "message";
        end.id = id;
        end.args = json!({ "fate": words::FATES[usize::from(words::fate(told.fate(film.end)))] });
    }
}

fn facts(film: &Film, out: &mut Out) {
    let names = Names::of(film);
    let sender: BTreeMap<u32, u32> = film.told.iter().map(|t| (t.number, t.from)).collect();
    for entry in film.trace.entries() {
        let (at, node) = (entry.at, entry.node);
        match &entry.fact {
            Fact::Arrived {
                from,
                under_way,
                len,
                frames,
            } => {
                let left = Time(at.0.saturating_sub(u64::from(*under_way) * 1_000));
                let (name, mut args) = packet(frames, &names);
                args["bytes"] = json!(len);
                out.hop((*from, left), (node, at), &name, &args);
            }
            Fact::Lost { to, why, frames } => {
                let (name, args) = packet(frames, &names);
                let name = format!("lost ({}): {name}", why.name());
                out.put("i", at, node, process(*to), name).args = args;
            }
            Fact::Sent { number, to, .. } => {
                out.put(
                    "i",
                    at,
                    node,
                    OWN,
                    format!("sends message {number} to {to}"),
                );
            }
            Fact::Resealed { number, .. } => {
                out.put("i", at, node, OWN, format!("seals message {number} again"));
            }
            Fact::Delivered { number, over } => {
                let name = format!("gets message {number}");
                out.put("i", at, node, OWN, name).args = json!({ "over": over });
            }
            Fact::Told { number, state } => {
                let state = state.name();
                out.put("i", at, node, OWN, format!("message {number} is {state}"));
                let life = sender.get(number).copied().unwrap_or(node);
                let step = out.put("n", at, life, OWN, state.to_owned());
                step.cat = "message";
                step.id = Some(u64::from(*number));
            }
            Fact::Dropped(reason) => {
                let name = format!("drops: {}", words::reason(*reason));
                out.put("i", at, node, OWN, name);
            }
            Fact::Link { peer, up } => {
                let name = if *up { "link is up" } else { "link is down" };
                out.put("i", at, node, process(*peer), name.to_owned());
            }
            Fact::Life { up } => {
                let name = if *up { "starts" } else { "is gone" };
                out.put("i", at, node, OWN, name.to_owned()).s = Some("p");
            }
            Fact::Still { until } => {
                let name = format!("stands still until {until} s");
                out.put("i", at, node, OWN, name).s = Some("p");
            }
            Fact::Deed(_) => {}
        }
    }
}

/// External events and what is wrong are seen everywhere.
fn deeds(film: &Film, out: &mut Out) {
    let mut global = |at: Time, cat: &'static str, name: String| {
        let event = out.put("i", at, 0, OWN, name);
        event.pid = 0;
        event.cat = cat;
        event.s = Some("g");
    };
    for external in film
        .schedule
        .externals
        .iter()
        .take_while(|e| e.at <= film.end)
    {
        if let Some((_, _, text)) = words::deed(&external.deed) {
            global(external.at, "external", text);
        }
    }
    for wrong in &film.outcome.wrong {
        let at = wrong.at_s.map_or(film.end, |at| Time((at * 1e9) as u64));
        global(
            at,
            "wrong",
            format!("WRONG {}: {}", wrong.what, wrong.detail),
        );
    }
}

/// A name for a packet, and what was in it.
fn packet(frames: &[Seen], names: &Names) -> (String, Value) {
    let mut texts = Vec::new();
    for seen in frames {
        let kind = words::FRAMES[usize::from(words::frame(seen))];
        texts.push(match names.message(seen).0 {
            0 => kind.to_owned(),
            number => format!("{kind} {number}"),
        });
    }
    let name = texts.first().cloned();
    let more = texts.len().saturating_sub(1);
    let name = name.unwrap_or_else(|| "handshake".to_owned());
    let name = if more > 0 {
        format!("{name} +{more}")
    } else {
        name
    };
    (name, json!({ "frames": texts }))
}

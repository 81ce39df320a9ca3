//! A tape of a real node, played again: what was done to it from outside, among simulated peers.
//!
//! A tape holds no keys and no bytes (spec: driver, "Tapes"), so the run is not the same bytes again. It
//! is the same life: links to the same number of peers come and go when they did, messages of the same
//! lengths go to and come from the same ones, the clock steps as it did. The node is number 0; alias `n` of
//! the tape is another number, first come first served. Left out: links that were full, sizes of bundles,
//! what peers said to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use tom_tape::{Entry, Header, Tape, What, read};

use crate::net::latency::Table;
use crate::scenario::model::{Latency, Priority, Profile, Shape, Size};
use crate::scenario::{Deed, External, Scenario, Schedule};
use crate::time::{Span, Time};
use crate::world::Setup;

/// The one-way delay to simulated peers.
const DELAY: Span = Span::from_millis(10);
/// A link is begun so long before the tape says it was up: one handshake.
const HANDSHAKE: Span = Span::from_millis(40);
/// What is left over gets so long to arrive.
const AFTER: Span = Span::from_secs(60);
/// The real node of the tape.
const SUBJECT: u32 = 0;

/// Whether a text is a tape, by its first line.
#[must_use]
pub fn is_tape(text: &str) -> bool {
    text.starts_with('{')
        && text
            .lines()
            .next()
            .is_some_and(|line| line.contains("tom-tape"))
}

/// Reads a tape and makes a run of it.
///
/// # Errors
/// The file is no tape, or nothing on it can be played.
pub fn setup(path: &Path, seed: u64) -> anyhow::Result<Setup> {
    let tape =
        read(path).with_context(|| format!("{}: cannot be read as a tape", path.display()))?;
    let mut score = Score::new(&tape);
    for entry in &tape.entries {
        score.entry(entry);
    }
    if score.externals.is_empty() {
        bail!("{}: nothing on this tape can be played", path.display());
    }
    let nodes = u32::try_from(score.peers.len()).unwrap_or(u32::MAX - 1) + 1;
    let name = path
        .file_stem()
        .map_or("tape".into(), |stem| stem.to_string_lossy());
    let duration = score.end.plus(AFTER);
    let scenario = Scenario::builder(&name)
        .about("A real node's tape, played among simulated peers.")
        .duration(Span(duration.0))
        .nodes(nodes)
        .latency(Latency::Constant(DELAY))
        .shape(Shape::None)
        .profile(profile(&tape.header))
        .everybody_writes(0.0)
        .build()?;
    score.externals.sort_by_key(|external| external.at);
    renumber(&mut score.externals);
    let schedule = Schedule {
        externals: score.externals,
        profiles: vec![0; nodes as usize],
        links: Vec::new(),
        phases: Vec::new(),
    };
    Ok(Setup::new(
        Arc::new(scenario),
        Arc::new(schedule),
        seed,
        Arc::new(Table::None),
    ))
}

/// Everybody is what the node on the tape was.
fn profile(header: &Header) -> Profile {
    Profile {
        class: "tape".to_owned(),
        size: match header.limits.name.as_str() {
            "server" => Size::Server,
            "minimum" => Size::Starved,
            _ => Size::Desktop,
        },
        relays: header.profile != "leaf",
        durable: header.config.durable,
        ..Profile::default()
    }
}

/// Messages are numbered from 1 in the order of time.
fn renumber(externals: &mut [External]) {
    let mut next = 0;
    for external in externals {
        if let Deed::Send { number, .. } = &mut external.deed {
            next += 1;
            *number = next;
        }
    }
}

/// What has been read so far.
struct Score {
    /// Aliases, and the nodes they are.
    peers: BTreeMap<u32, u32>,
    /// Aliases the node had a link to at any time.
    neighbours: BTreeSet<u32>,
    /// Links that are up: whose.
    links: BTreeMap<u32, u32>,
    /// Peers behind a neighbour, that have their link to it.
    behind: BTreeSet<u32>,
    /// Wall time less the node's own, in seconds, when it was last told.
    wall: Option<i64>,
    externals: Vec<External>,
    end: Time,
}

impl Score {
    fn new(tape: &Tape) -> Self {
        let ups = tape.entries.iter().filter_map(|entry| {
            if let What::Up { peer, .. } = entry.what {
                Some(peer)
            } else {
                None
            }
        });
        Self {
            peers: BTreeMap::new(),
            neighbours: ups.collect(),
            links: BTreeMap::new(),
            behind: BTreeSet::new(),
            wall: None,
            externals: Vec::new(),
            end: Time::ZERO,
        }
    }

    fn node(&mut self, alias: u32) -> u32 {
        let next = u32::try_from(self.peers.len()).unwrap_or(u32::MAX - 1) + 1;
        *self.peers.entry(alias).or_insert(next)
    }

    fn put(&mut self, at: Time, deed: Deed) {
        self.externals.push(External { at, deed });
    }

    /// A correspondent who was never a neighbour is behind the first neighbour there is.
    fn reach(&mut self, alias: u32) -> u32 {
        let node = self.node(alias);
        if !self.neighbours.contains(&alias)
            && self.behind.insert(alias)
            && let Some(first) = self.neighbours.first().copied()
        {
            let (a, b) = (node, self.node(first));
            self.put(Time::ZERO, Deed::Meet { a, b });
        }
        node
    }

    fn entry(&mut self, entry: &Entry) {
        let at = Time::ZERO.plus(Span::from_millis(entry.ms));
        self.end = self.end.max(at);
        match &entry.what {
            What::Up {
                link, peer, dialed, ..
            } => {
                let node = self.node(*peer);
                if !self.links.values().any(|known| known == peer) {
                    let early = Time(at.0.saturating_sub(HANDSHAKE.0));
                    let (a, b) = if *dialed {
                        (SUBJECT, node)
                    } else {
                        (node, SUBJECT)
                    };
                    self.put(early, Deed::Meet { a, b });
                }
                self.links.insert(*link, *peer);
            }
            What::Down { link } | What::Close { link } => {
                if let Some(peer) = self.links.remove(link)
                    && !self.links.values().any(|known| *known == peer)
                {
                    let b = self.node(peer);
                    self.put(at, Deed::Part { a: SUBJECT, b });
                }
            }
            What::Send {
                to,
                len,
                lifetime_ms,
                class,
                message: Some(_),
                ..
            } => {
                let to = self.reach(*to);
                let lifetime = lifetime_ms.map(Span::from_millis);
                self.send(at, (SUBJECT, to), *len, lifetime, *class);
            }
            What::Deliver { from, len, .. } => {
                let from = self.reach(*from);
                let early = Time(at.0.saturating_sub(DELAY.0));
                self.send(early, (from, SUBJECT), *len, None, 2);
            }
            What::Clock { unix } => self.clock(at, *unix),
            What::Send { message: None, .. }
            | What::Tick
            | What::Changed { .. }
            | What::Blocked { .. }
            | What::Writable { .. }
            | What::DialFailed { .. }
            | What::Datagram { .. }
            | What::Read { .. }
            | What::Candidates { .. }
            | What::Sent { .. }
            | What::Taken { .. }
            | What::Restored { .. }
            | What::Persisted { .. }
            | What::Reseed
            | What::State { .. } => {}
        }
    }

    fn send(&mut self, at: Time, ends: (u32, u32), len: u32, lifetime: Option<Span>, class: u8) {
        let (from, to) = ends;
        let deed = Deed::Send {
            number: 0,
            from,
            to,
            len: len.clamp(16, 60_000),
            lifetime: lifetime.map(|life| life.max(Span::from_secs(1))),
            priority: match class {
                0 => Priority::Control,
                1 => Priority::Interactive,
                3 => Priority::Bulk,
                _ => Priority::Normal,
            },
            traffic: 0,
        };
        self.put(at, deed);
    }

    /// A clock told again that says something else than time alone has made of it has stepped.
    fn clock(&mut self, at: Time, unix: u64) {
        let wall = i64::try_from(unix).unwrap_or(i64::MAX) - at.as_secs().cast_signed();
        let before = self.wall.replace(wall);
        if let Some(by) = before.map(|before| wall - before).filter(|by| by.abs() > 2) {
            let (node, by_ms) = (SUBJECT, by * 1_000);
            self.put(at, Deed::ClockStep { node, by_ms });
        }
    }
}

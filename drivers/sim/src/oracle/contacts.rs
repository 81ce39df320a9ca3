//! A trace of who met whom, and messages that can only be handed over at meetings.
//!
//! What other programs deliver on the same trace has to be delivered here: with no limit on anything
//! the flood comes exactly to whom it can come, and who carries their message to the end themselves
//! meets exactly those they meet.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::{Row, mean};
use crate::engine::{Key, Queue, Wheel, World, run};
use crate::time::{Span, Time};

/// The trace of 236 people in a school.
pub const FILE: &str = "school.events.txt.gz";
const ORACLE: &str = "school contacts";

/// How long it takes to hand a message over: next to nothing.
const HAND_OVER: Span = Span(1);

/// How messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// To everyone met.
    Epidemic,
    /// To the receiver alone.
    Direct,
    /// Half of so many copies to everyone met who has none, the last copy to the receiver alone.
    SprayAndWait(u16),
}

/// What a trace came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// How many messages there were.
    pub messages: usize,
    /// How many came to their receivers.
    pub delivered: usize,
    /// The mean time they took, in seconds.
    pub latency: f64,
    /// The mean number of times they were handed over.
    pub hops: f64,
}

/// Why a trace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file could not be read or unpacked.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// A line says nothing that is known.
    #[error("line {0} is no event")]
    Line(usize),
}

/// What a line of a trace says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// Two meet.
    Up(u32, u32),
    /// They part.
    Down(u32, u32),
    /// One has a message for another.
    Create { from: u32, to: u32 },
    /// A message is handed over.
    Hand {
        message: u32,
        to: u32,
        copies: u16,
        hops: u16,
    },
}

/// A trace of meetings and messages, in the form of the ONE's external events.
#[derive(Clone, Debug)]
pub struct Trace {
    events: Vec<(Time, Event)>,
    people: u32,
    messages: usize,
}

/// The rows of this oracle.
pub(super) fn rows(data: Option<&Path>) -> Vec<Row> {
    let without = |note: String, ok| vec![Row::without(ORACLE, "not measured", note, ok)];
    let Some(path) = data
        .map(|data| data.join(FILE))
        .filter(|path| path.exists())
    else {
        return without(format!("no {FILE} in {}", super::DATA_VARIABLE), true);
    };
    let trace = match Trace::read(&path) {
        Ok(trace) => trace,
        Err(error) => return without(error.to_string(), false),
    };
    compare(&trace)
}

fn compare(trace: &Trace) -> Vec<Row> {
    let row =
        |case: &str, published, measured, band| Row::new(ORACLE, case, published, measured, band);
    let share = |outcome: Outcome| outcome.delivered as f64 / outcome.messages as f64;
    let epidemic = trace.run(Routing::Epidemic);
    let direct = trace.run(Routing::Direct);
    let few = trace.run(Routing::SprayAndWait(6));
    let many = trace.run(Routing::SprayAndWait(16));
    vec![
        row("messages", 255.0, epidemic.messages as f64, 0.0),
        row("epidemic: delivered", 0.9373, share(epidemic), 0.0),
        // A meeting there carries one message after the other: that is up to three parts in a hundred.
        row(
            "epidemic: mean latency, s",
            5_732.0,
            epidemic.latency,
            172.0,
        ),
        row(
            "direct: messages delivered",
            62.0,
            direct.delivered as f64,
            0.0,
        ),
        row("direct: mean latency, s", 7_831.0, direct.latency, 2.0),
        // Who gives copies to whom first at one moment is not said anywhere.
        row(
            "spray and wait, 6 copies: delivered",
            0.4471,
            share(few),
            0.03,
        ),
        row(
            "spray and wait, 16 copies: delivered",
            0.5843,
            share(many),
            0.03,
        ),
    ]
}

impl Trace {
    /// Reads a packed trace.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or says what is not known.
    pub fn read(path: &Path) -> Result<Self, TraceError> {
        let mut text = String::new();
        GzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut text)?;
        Self::parse(&text)
    }

    /// Takes a trace apart: lines of a time in seconds, `CONN` with two people (below 65,536) and `up` or `down`, or
    /// `C` with the name of a message, its sender, its receiver and its size.
    ///
    /// # Errors
    ///
    /// At the first line that is none of these.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut events = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            if !line.trim().is_empty() {
                events.push(parse_line(line).ok_or(TraceError::Line(number))?);
            }
        }
        let of = |event: &Event| match *event {
            Event::Up(a, b) | Event::Down(a, b) | Event::Create { from: a, to: b } => a.max(b),
            Event::Hand { to, .. } => to,
        };
        let last = events.iter().map(|(_, event)| of(event)).max();
        let created = |(_, event): &&(Time, Event)| matches!(event, Event::Create { .. });
        Ok(Self {
            people: last.map_or(0, |last| last + 1),
            messages: events.iter().filter(created).count(),
            events,
        })
    }

    /// What comes of it when messages go this way.
    #[must_use]
    pub fn run(&self, routing: Routing) -> Outcome {
        let mut queue = Wheel::default();
        for (sequence, &(time, event)) in (0..).zip(&self.events) {
            queue.push(Key::new(time, 0, sequence), event);
        }
        let mut school = School {
            routing,
            met: vec![BTreeSet::new(); self.people as usize],
            held: vec![vec![(0, 0); self.messages]; self.people as usize],
            messages: Vec::with_capacity(self.messages),
            handed: 0,
        };
        run(&mut queue, &mut school, Time::NEVER);
        let arrived = || school.messages.iter().filter_map(|message| message.arrived);
        Outcome {
            messages: school.messages.len(),
            delivered: arrived().count(),
            latency: mean(arrived().map(|(span, _)| span.0 as f64 / 1e9)),
            hops: mean(arrived().map(|(_, hops)| f64::from(hops))),
        }
    }
}

fn parse_line(line: &str) -> Option<(Time, Event)> {
    let mut fields = line.split_whitespace();
    let seconds: u64 = fields.next()?.parse().ok()?;
    let time = Time::ZERO.plus(Span::from_secs(seconds));
    let kind = fields.next()?;
    if kind == "C" {
        fields.next()?;
    }
    // There is room for everybody up to the highest number.
    let mut person = || fields.next()?.parse::<u16>().ok().map(u32::from);
    let (a, b) = (person()?, person()?);
    let event = match (kind, fields.next()?) {
        ("CONN", "up") => Event::Up(a, b),
        ("CONN", "down") => Event::Down(a, b),
        ("C", _) => Event::Create { from: a, to: b },
        _ => return None,
    };
    Some((time, event))
}

/// People with messages for each other.
struct School {
    routing: Routing,
    /// Whom each is with.
    met: Vec<BTreeSet<u32>>,
    /// How many copies each has of each message, and after how many hops.
    held: Vec<Vec<(u16, u16)>>,
    messages: Vec<Message>,
    handed: u32,
}

struct Message {
    to: u32,
    created: Time,
    arrived: Option<(Span, u16)>,
}

impl World<Event> for School {
    fn handle<Q: Queue<Event>>(&mut self, key: Key, event: Event, queue: &mut Q) {
        match event {
            Event::Up(a, b) => {
                self.met[a as usize].insert(b);
                self.met[b as usize].insert(a);
                for message in 0..self.messages.len() as u32 {
                    self.offer(key.time, message, a, b, queue);
                    self.offer(key.time, message, b, a, queue);
                }
            }
            Event::Down(a, b) => {
                self.met[a as usize].remove(&b);
                self.met[b as usize].remove(&a);
            }
            Event::Create { from, to } => {
                let message = self.messages.len() as u32;
                self.messages.push(Message {
                    to,
                    created: key.time,
                    arrived: None,
                });
                let copies = match self.routing {
                    Routing::Epidemic | Routing::Direct => 1,
                    Routing::SprayAndWait(copies) => copies,
                };
                self.keep(key.time, message, from, (copies, 0), queue);
            }
            Event::Hand {
                message,
                to,
                copies,
                hops,
            } => self.receive(key.time, message, to, (copies, hops), queue),
        }
    }
}

impl School {
    /// Somebody has a message now, and whoever is with them may get it.
    fn keep<Q: Queue<Event>>(
        &mut self,
        now: Time,
        message: u32,
        holder: u32,
        held: (u16, u16),
        queue: &mut Q,
    ) {
        self.held[holder as usize][message as usize] = held;
        for other in self.met[holder as usize].clone() {
            self.offer(now, message, holder, other, queue);
        }
    }

    /// Hands a message over, if it goes that way and the other has not had it.
    fn offer<Q: Queue<Event>>(
        &mut self,
        now: Time,
        message: u32,
        from: u32,
        to: u32,
        queue: &mut Q,
    ) {
        let at = message as usize;
        let (copies, hops) = self.held[from as usize][at];
        let receiver = self.messages[at].to;
        if copies == 0 || self.held[to as usize][at].0 > 0 || from == receiver {
            return;
        }
        let copies = match self.routing {
            Routing::Epidemic => 1,
            Routing::Direct | Routing::SprayAndWait(_) if to == receiver => 1,
            Routing::Direct => return,
            Routing::SprayAndWait(_) => {
                if copies == 1 {
                    return;
                }
                self.held[from as usize][at].0 = copies / 2;
                copies.div_ceil(2)
            }
        };
        let hand = Event::Hand {
            message,
            to,
            copies,
            hops: hops + 1,
        };
        self.handed += 1;
        queue.push(Key::new(now.plus(HAND_OVER), 1 + from, self.handed), hand);
    }

    /// A message is handed to somebody.
    fn receive<Q: Queue<Event>>(
        &mut self,
        now: Time,
        message: u32,
        to: u32,
        held: (u16, u16),
        queue: &mut Q,
    ) {
        let about = &mut self.messages[message as usize];
        if self.held[to as usize][message as usize].0 > 0 {
            return;
        }
        if about.to == to {
            about
                .arrived
                .get_or_insert((now.since(about.created), held.1));
        }
        self.keep(now, message, to, held, queue);
    }
}

#[cfg(test)]
mod tests;

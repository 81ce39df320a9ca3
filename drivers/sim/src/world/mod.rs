//! The world: nodes of the core that ships, the links between them, and what is done to them.
//!
//! Each file has one subject:
//!
//! | file | subject |
//! |---|---|
//! | `mod.rs` | the loop: one event at a time, in the order of their keys |
//! | `item.rs` | what can be due |
//! | `build.rs` | a scenario and a seed become a world |
//! | `member.rs` | one node and what its driver knows |
//! | `drive.rs` | inputs go in, outputs are done: what every driver does |
//! | `links.rs` | what a link costs, and how its ends come up and go |
//! | `handshake.rs` | the handshake that makes one |
//! | `silence.rs` | how an end notices that it hears nothing any more |
//! | `redial.rs` | who dials whom, again and again |
//! | `nat.rs` | addresses, and the NATs between them |
//! | `flight.rs` | bytes on their way |
//! | `radio.rs` | links over a shared radio channel |
//! | `adverse.rs` | bytes that pass through an adversary's hands |
//! | `deeds.rs` | the external events |
//! | `look.rs` | what the checks look at from time to time, and what a run comes to |
//! | `disk.rs` | what durable nodes keep |
//! | `recorder.rs` | a node's tape, and its playing on a plain core |
//! | `bench.rs` | how fast whole nodes run, and what they take |
//! | `size.rs` | named capacities |
//!
//! What happens is a function of scenario, seed and schedule. An *event* is one input handled by a
//! node; what the world does for itself (timers of links, checks) is not counted.

mod adverse;
pub mod bench;
mod build;
mod deeds;
mod disk;
mod drive;
mod flight;
mod handshake;
mod item;
mod links;
mod look;
mod member;
mod nat;
mod radio;
pub mod recorder;
mod redial;
#[cfg(test)]
pub(crate) mod sabotage;
mod silence;
pub mod size;

use std::sync::Arc;

use crate::check::{Checks, Violation};
use crate::engine::hash::RunHash;
use crate::engine::payload::Payloads;
use crate::engine::{Key, Queue};
use crate::net::path::Path;
use crate::scenario::model::Profile;
use crate::scenario::{Scenario, Schedule};
use crate::suite::SimSuite;
use crate::time::Time;
use crate::trace::{Fact, Trace};

pub use build::Setup;
pub use item::{Item, What};
pub(crate) use member::EndState;
pub use member::Member;

/// How many events ahead a node is fetched.
const AHEAD: usize = 8;

/// Whoever makes something due. Its number is the source in the event's key: what comes from outside
/// is first at any moment, then the nodes in their order, then the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The schedule.
    Outside,
    /// A node.
    Node(u32),
    /// The checks.
    Checks,
}

impl By {
    const fn source(self) -> u32 {
        match self {
            Self::Outside => 0,
            Self::Node(node) => node + 1,
            Self::Checks => u32::MAX,
        }
    }
}

/// A run under way.
#[derive(Clone)]
pub struct World<C: SimSuite, Q> {
    pub(crate) seed: u64,
    pub(crate) now: Time,
    pub(crate) queue: Q,
    pub(crate) payloads: Payloads,
    pub(crate) members: Vec<Member<C>>,
    /// The members' identities, to find them by.
    pub(crate) phone_book: Arc<member::PhoneBook>,
    pub(crate) air: Path,
    pub(crate) costs: links::Costs,
    /// Somebody is behind a NAT.
    natted: bool,
    /// The radios, where they carry the links.
    waves: Option<Box<radio::Waves>>,
    pub(crate) profiles: Arc<[Profile]>,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) checks: Checks,
    /// Every envelope is looked at.
    pub(crate) checked: bool,
    pub(crate) hash: RunHash,
    pub(crate) trace: Option<Trace>,
    /// Records one node, where that is asked for.
    pub(crate) recorder: Option<recorder::Recorder>,
    /// Inputs handled by nodes.
    pub(crate) events: u64,
    /// The safety phase is over.
    pub(crate) calm: bool,
    /// Holds any output of any node.
    buf: Vec<u8>,
    /// Inputs that an output asks for, fed once the outputs are drained.
    follow: Vec<drive::Follow>,
    outside: u32,
    #[cfg(test)]
    sabotage: Option<sabotage::Sabotage>,
}

/// Why a run stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It reached the moment asked for.
    Reached,
    /// An invariant did not hold.
    Violated(Box<Violation>),
}

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// The moment of the last event.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Inputs handled by nodes so far.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// The fingerprint of everything that has happened.
    #[must_use]
    pub const fn hash(&self) -> &RunHash {
        &self.hash
    }

    /// The nodes.
    #[must_use]
    pub fn members(&self) -> &[Member<C>] {
        &self.members
    }

    /// What the checks know.
    #[must_use]
    pub const fn checks(&self) -> &Checks {
        &self.checks
    }

    /// The trace, where one is kept.
    #[must_use]
    pub const fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// The trace of a world that is done with.
    #[must_use]
    pub fn into_trace(self) -> Option<Trace> {
        self.trace
    }

    /// Where a node is, for a map; `None` where the latency knows only distances.
    #[must_use]
    pub fn point(&self, node: u32) -> Option<(i64, i64)> {
        self.air.point(node)
    }

    /// From here on links, applications and starting nodes draw as in the run of another seed. What
    /// was drawn for places, clocks, identities and the schedule stays.
    pub fn reseed(&mut self, seed: u64) {
        self.seed = seed;
        self.air.reseed(seed);
    }

    /// What is due next, in order: at most `count` of it.
    #[must_use]
    pub fn upcoming(&self, count: usize) -> Vec<(Key, Item)> {
        let mut queue = self.queue.clone();
        std::iter::from_fn(|| queue.pop()).take(count).collect()
    }

    /// Plays one event that is due before `end`; `false` when there is none.
    pub(crate) fn step_before(&mut self, end: Time) -> bool {
        let Some((key, item)) = self.queue.pop_before(end) else {
            return false;
        };
        self.happen(key, item);
        true
    }

    /// What is due next.
    pub(crate) fn peek(&mut self) -> Option<(Key, Item)> {
        let (key, item) = self.queue.pop()?;
        self.queue.push(key, item);
        Some((key, item))
    }

    /// Lets time pass in which nothing is due.
    pub(crate) fn rest_until(&mut self, until: Time) {
        self.now = self.now.max(until);
    }

    /// Plays all events up to and including `until`, or up to the first violation.
    pub fn run(&mut self, until: Time) -> Stop {
        // `pop_before` leaves out the moment itself.
        let end = Time(until.0.saturating_add(1));
        while let Some((key, item)) = self.queue.pop_before(end) {
            self.prefetch();
            self.happen(key, item);
            if let Some(violation) = self.checks.broken() {
                return Stop::Violated(Box::new(violation.clone()));
            }
        }
        self.now = self.now.max(until);
        Stop::Reached
    }

    /// Plays one event; `false` when there is none.
    pub fn step(&mut self) -> bool {
        let Some((key, item)) = self.queue.pop() else {
            return false;
        };
        self.happen(key, item);
        true
    }

    /// Touches the node of an event that comes soon, so that it is in the cache by then.
    fn prefetch(&self) {
        let soon = self.queue.glance(AHEAD).map(|item| item.target);
        if let Some(member) = soon.and_then(|node| self.members.get(node as usize)) {
            let deadline = member.core.as_ref().map(|core| core.deadline());
            std::hint::black_box(deadline);
        }
    }

    /// One event.
    fn happen(&mut self, key: Key, item: Item) {
        self.now = key.time;
        let node = item.target;
        // Only what nodes send each other asks whom it is from.
        let from = key.source.wrapping_sub(1);
        let bytes = bytes_of(&self.payloads, &item.what);
        self.hash.event(node, key, item.what.number(), bytes);
        match item.what {
            What::Wake => self.wake(node),
            What::Datagram(flight) => self.arrive(from, node, flight),
            What::Deed(index) => self.deed(index),
            What::Hello { link } => self.hello(from, node, link),
            What::Welcome { link, theirs } => self.welcome(from, node, link, theirs),
            What::Finish { link, theirs } => self.finish(from, node, link, theirs),
            What::Again { link, tries } => self.shake_again(node, link, tries),
            What::Closed { link } => self.closed(node, link),
            What::Listen { link } => self.listen(node, link),
            What::Redial { peer } => self.redial(node, peer),
            What::Writable { link } => self.writable(node, link),
            What::Take { slot } => self.take(node, slot),
            What::Stored { slot } => self.stored(node, slot),
            What::Resume => self.resume(node),
            What::Later { link, payload } => self.later(node, link, payload),
            What::Sleep => self.sleep(node),
            What::Radio => self.radio(node),
            What::Spam => self.spam(node),
            What::Check => self.check(),
        }
    }

    /// Keeps a fact, where a trace is kept.
    fn note(&mut self, node: u32, fact: Fact) {
        if let Some(trace) = &mut self.trace {
            trace.put(self.now, node, fact);
        }
    }

    /// The profile of a node.
    fn profile(&self, node: u32) -> Option<&Profile> {
        let place = self.members.get(node as usize)?.profile;
        self.profiles.get(usize::from(place))
    }

    /// Makes something due.
    fn due(&mut self, by: By, time: Time, target: u32, what: What) {
        let counted = match by {
            By::Node(node) => self.members.get_mut(node as usize).map(|m| &mut m.sequence),
            By::Outside | By::Checks => None,
        };
        let sequence = counted.unwrap_or(&mut self.outside);
        *sequence = sequence.wrapping_add(1);
        let key = Key {
            time,
            source: by.source(),
            sequence: *sequence,
        };
        self.queue.push(key, Item { target, what });
    }
}

/// The bytes that are part of an event.
fn bytes_of<'a>(payloads: &'a Payloads, what: &What) -> &'a [u8] {
    match what {
        What::Datagram(flight) => payloads.get(flight.payload),
        What::Later { payload, .. } => payloads.get(*payload),
        What::Wake
        | What::Deed(_)
        | What::Hello { .. }
        | What::Welcome { .. }
        | What::Finish { .. }
        | What::Again { .. }
        | What::Closed { .. }
        | What::Listen { .. }
        | What::Redial { .. }
        | What::Writable { .. }
        | What::Take { .. }
        | What::Stored { .. }
        | What::Resume
        | What::Sleep
        | What::Radio
        | What::Spam
        | What::Check => &[],
    }
}

#[cfg(test)]
mod tests;

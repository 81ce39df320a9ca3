//! Two nodes of one driver, led through good weather and bad. Spec: driver, "What a driver owes".

use std::collections::BTreeSet;
use std::format;
use std::vec::Vec;

use super::book::{ANSWER, print};
use super::{Plan, Report};
use crate::identity::{Keys, PublicKey, SoftKeys};
use crate::time::Span;

/// One of the two nodes of a [`run`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The first.
    A,
    /// The second.
    B,
}

impl End {
    const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Who a node is to be, and whom it is to be linked with.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The seed of its identity: `SoftKeys::from_seed`. Everything else, the entropy above all, is
    /// the driver's own business.
    pub identity: [u8; 32],
    /// The node at the other end.
    pub peer: PublicKey,
}

/// What a driver's author implements to have two of its nodes checked.
///
/// ```
/// use tom_core::driver_check::{End, Part, Subject};
/// use tom_core::{identity::PublicKey, time::Span};
/// /// Each node is a thread that runs the driver; commands go over a channel.
/// struct Mine { /* one sender and one receiver for each end */ }
/// impl Subject for Mine {
///     fn start(&mut self, end: End, part: Part) { /* spawn it, on what it kept, if it keeps */ }
///     fn send(&mut self, end: End, to: PublicKey, payload: &[u8]) { /* as an application would */ }
///     fn delivered(&mut self, end: End) -> Vec<Vec<u8>> { Vec::new() /* since the last call */ }
///     fn stop(&mut self, end: End) -> bool { true /* as by a crash: nothing more is written */ }
/// }
/// // driver_check::run(&mut Mine {}, Plan::full(1)).assert_clean();
/// ```
pub trait Subject {
    /// Starts a node, or starts it again on what it kept; links it with the other while that runs.
    fn start(&mut self, end: End, part: Part);
    /// Has its application send a message.
    fn send(&mut self, end: End, to: PublicKey, payload: &[u8]);
    /// What its application was given since the last call, and has safely.
    fn delivered(&mut self, end: End) -> Vec<Vec<u8>>;
    /// Ends a node as a crash does. False: it cannot, and no restart is tried.
    fn stop(&mut self, end: End) -> bool;
    /// Lets time pass for both nodes. A driver on a clock of its own moves that on instead.
    fn wait(&mut self, span: Span) {
        std::thread::sleep(core::time::Duration::from_millis(span.as_millis()));
    }
    /// Lets a node stand still for so long, as a machine that sleeps; its clock goes on. False: it
    /// cannot, and no stand-still is tried.
    fn suspend(&mut self, _end: End, _span: Span) -> bool {
        false
    }
}

/// What a run leads through, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing is provoked.
    Quiet,
    /// Inputs are refused while outputs wait; a Dial for a key nobody has.
    BackPressure,
    /// Sent is swallowed.
    LostFeedback,
    /// Deadlines are told late.
    LateTicks,
    /// One node stands still.
    Suspend,
    /// One node stops; the other sends; it starts again. Then the other way round.
    Restart,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Quiet,
        Self::BackPressure,
        Self::LostFeedback,
        Self::LateTicks,
        Self::Suspend,
        Self::Restart,
    ];

    fn plan(self, full: Plan) -> Plan {
        let quiet = Plan {
            refuse: 0,
            swallow: 0,
            late: Span::ZERO,
            dial: false,
            ..full
        };
        match self {
            Self::BackPressure => Plan {
                refuse: full.refuse,
                dial: full.dial,
                ..quiet
            },
            Self::LostFeedback => Plan {
                swallow: full.swallow,
                ..quiet
            },
            Self::LateTicks => Plan {
                late: full.late,
                ..quiet
            },
            Self::Suspend => quiet,
            Self::Quiet => quiet,
            Self::Restart => full,
        }
    }
}

/// How long each wait of a run is.
const STEP: Span = Span::from_millis(20);
/// How long a node stands still.
const STILL: Span = Span::from_secs(3);
/// How often messages are sent in one phase, each way.
const BURSTS: u32 = 3;
/// How many at once: their outputs crowd each other.
const BURST: u32 = 4;
/// How long a message is, in bytes: two of them fill a datagram.
const LENGTH: usize = 500;

/// Leads two nodes of a driver through all phases; ends early at a phase whose messages did not
/// arrive. Identities follow from the plan's seed.
pub fn run(subject: &mut impl Subject, plan: Plan) -> Report {
    let report = Report::new(Phase::Quiet.plan(plan));
    let mut stage = Stage {
        subject,
        plan,
        report,
        got: [BTreeSet::new(), BTreeSet::new()],
        serial: 0,
    };
    for end in End::BOTH {
        stage.report.also_expect(&stage.key(end));
    }
    for end in End::BOTH {
        stage.start(end);
    }
    for phase in Phase::ALL {
        stage.report.lock().plan = phase.plan(plan);
        let arrived = match phase {
            Phase::Quiet | Phase::BackPressure | Phase::LostFeedback | Phase::LateTicks => {
                stage.exchange()
            }
            Phase::Suspend => stage.stand_still(),
            Phase::Restart => stage.restart(End::B) && stage.restart(End::A) && stage.exchange(),
        };
        if !arrived {
            break;
        }
    }
    stage.end();
    stage.report
}

/// `span` without `part` of it.
fn less(span: Span, part: Span) -> Span {
    Span::from_millis(span.as_millis().saturating_sub(part.as_millis()))
}

struct Stage<'a, S> {
    subject: &'a mut S,
    plan: Plan,
    report: Report,
    got: [BTreeSet<u64>; 2],
    serial: u32,
}

impl<S: Subject> Stage<'_, S> {
    fn identity(&self, end: End) -> [u8; 32] {
        let mut seed = [end as u8 + 1; 32];
        if let Some(start) = seed.first_chunk_mut() {
            *start = self.plan.seed.to_le_bytes();
        }
        seed
    }

    fn key(&self, end: End) -> PublicKey {
        *SoftKeys::from_seed(self.identity(end)).public()
    }

    fn start(&mut self, end: End) {
        let part = Part {
            identity: self.identity(end),
            peer: self.key(end.other()),
        };
        self.subject.start(end, part);
    }

    fn send(&mut self, from: End) -> (End, u64) {
        self.serial += 1;
        let text = format!("driver-check {} {}", self.plan.seed, self.serial);
        let mut payload = Vec::from(text);
        payload.resize(LENGTH, b'.');
        let to = self.key(from.other());
        self.subject.send(from, to, &payload);
        (from, print(&payload))
    }

    fn wait(&mut self, span: Span) {
        let calls = |stage: &Self| {
            End::BOTH.map(|end| {
                let book = stage.report.lock();
                book.nodes.get(&stage.key(end)).map_or(0, |n| n.life.calls)
            })
        };
        let before = calls(self);
        self.subject.wait(span);
        for end in End::BOTH {
            let all = self.subject.delivered(end);
            if let Some(got) = self.got.get_mut(end as usize) {
                got.extend(all.iter().map(|payload| print(payload)));
            }
        }
        // A node that was not called at all in a long wait: what did it sleep over?
        let after = calls(self);
        for (end, quiet) in End::BOTH.into_iter().zip(before.iter().zip(after)) {
            if *quiet.0 == quiet.1 {
                self.asleep(end, span);
            }
        }
    }

    fn asleep(&self, end: End, span: Span) {
        if span <= self.plan.tolerance {
            return;
        }
        let who = self.key(end);
        let mut book = self.report.lock();
        let latest = less(span, self.plan.tolerance);
        let slept = book.nodes.get(&who).is_some_and(|node| {
            let until = node.life.last.plus(latest);
            node.life.calls > 0 && node.life.due.is_some_and(|due| due < until)
        });
        if slept {
            book.breach(&who, 21, "it sleeps on after the deadline");
        }
        book.debts(&who, span);
    }

    /// Messages both ways, and their proofs.
    fn exchange(&mut self) -> bool {
        let mut sent = Vec::new();
        for _ in 0..BURSTS {
            for end in End::BOTH {
                sent.extend((0..BURST).map(|_| self.send(end)));
            }
            self.wait(STEP);
        }
        self.arrive(&sent)
    }

    /// Waits until these are with the other's application and proven to their sender.
    fn arrive(&mut self, sent: &[(End, u64)]) -> bool {
        let rounds = self.plan.patience.as_millis() / STEP.as_millis();
        for _ in 0..rounds {
            if sent.iter().all(|(from, hash)| self.is_done(*from, *hash)) {
                return true;
            }
            self.wait(STEP);
        }
        let long = self.plan.tolerance.times(3);
        self.wait(long);
        self.report.settle();
        if self.report.breaches().is_empty() {
            for (from, hash) in sent {
                if !self.is_done(*from, *hash) {
                    self.blame(*from, *hash);
                }
            }
        }
        false
    }

    fn is_done(&self, from: End, hash: u64) -> bool {
        let here = self.got.get(from.other() as usize);
        let book = self.report.lock();
        let proven = book.nodes.get(&self.key(from));
        here.is_some_and(|got| got.contains(&hash))
            && proven.is_some_and(|node| node.proven.contains(&hash))
    }

    /// Whose fault it is that a message did not arrive or was not proven.
    fn blame(&self, from: End, hash: u64) {
        let (sender, recipient) = (self.key(from), self.key(from.other()));
        let got = self.got.get(from.other() as usize);
        let got = got.is_some_and(|got| got.contains(&hash));
        let mut book = self.report.lock();
        let fed = |node: &super::book::Watched| node.sent.values().any(|sent| *sent == hash);
        if !book.nodes.get(&sender).is_some_and(fed) {
            return book.breach(
                &sender,
                22,
                "a message of the application was never accepted",
            );
        }
        for who in [sender, recipient] {
            let node = book.nodes.get(&who);
            if node.is_some_and(|node| !node.life.storing.is_empty()) {
                return book.breach(&who, 28, "a Persist was not answered");
            }
        }
        let Some(node) = book.nodes.get(&recipient) else {
            return;
        };
        match (
            node.put_out.contains(&hash),
            node.life.taken.contains(&hash),
        ) {
            (true, _) if !got => {
                book.breach(
                    &recipient,
                    27,
                    "a delivered message did not reach the application",
                );
            }
            (true, false) => book.breach(&recipient, 27, "a message was never called taken"),
            (true, true) | (false, _) => {
                book.breach(&sender, 25, "a message or its proof did not get through");
            }
        }
    }

    fn stand_still(&mut self) -> bool {
        let key = self.key(End::B);
        let past = less(STILL, Span::from_millis(300));
        let stands = |node: &mut super::book::Watched| {
            node.life.still = Some(node.life.last.plus(past));
        };
        self.report.lock().nodes.get_mut(&key).map(stands);
        if !self.subject.suspend(End::B, STILL) {
            if let Some(node) = self.report.lock().nodes.get_mut(&key) {
                node.life.still = None;
            }
            return true;
        }
        self.report.lock().provoked.suspends += 1;
        let arrived = self.exchange();
        let mut book = self.report.lock();
        let still = book.nodes.get_mut(&key).and_then(|n| n.life.still.take());
        if arrived && still.is_some() {
            book.breach(&key, 11, "its clock stood still while the node did");
        }
        arrived
    }

    /// Stops one, sends to it from the other and, if it is durable, what it has not got rid of.
    fn restart(&mut self, end: End) -> bool {
        let key = self.key(end);
        let durable = {
            let book = self.report.lock();
            book.nodes.get(&key).is_some_and(|node| node.life.durable)
        };
        // Under way when the power goes: the record is what is left of it.
        let mut sent = Vec::new();
        let both = durable && self.subject.stop(end.other());
        if both {
            sent.push(self.send(end));
            self.wait(STEP.times(10));
        }
        if !self.subject.stop(end) {
            return true;
        }
        if !both {
            sent.push(self.send(end.other()));
            self.wait(STEP.times(10));
        }
        self.start(end);
        if both {
            self.start(end.other());
        }
        self.arrive(&sent)
    }

    /// Gives the driver time for what it still owes, and stops it.
    fn end(&mut self) {
        let pending = |stage: &Self| {
            let book = stage.report.lock();
            book.nodes.values().any(|node| {
                let life = &node.life;
                !(life.dials.is_empty() && life.owed.is_empty() && life.storing.is_empty())
            })
        };
        self.wait(self.plan.tolerance.times(2));
        let rounds = ANSWER.as_millis() / 1_000 + 2;
        for _ in 0..rounds {
            if !pending(self) {
                break;
            }
            self.wait(Span::from_secs(1));
        }
        if pending(self) {
            for end in End::BOTH {
                let more = Span::from_millis(ANSWER.as_millis() + 1_000);
                self.report.lock().debts(&self.key(end), more);
            }
        }
        self.report.settle();
        for end in End::BOTH {
            self.subject.stop(end);
        }
    }
}

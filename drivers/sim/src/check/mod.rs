//! The checks: what must hold at every moment, and what the run is worth.
//!
//! The simulator knows what no node can: who sent what to whom, whether it arrived, and which proofs
//! came back. So it can say of each claim of a node whether it is true. The first invariant that does
//! not hold stops the run.
//!
//! | file | subject |
//! |---|---|
//! | `mod.rs` | what the world tells the checks, and what they answer |
//! | `truth.rs` | every message: sent, delivered, proven, expired |
//! | `proofs.rs` | which proofs have been inputs: when Expired is false |
//! | `wire.rs` | what may not be seen on links: plaintext, envelopes past their end |
//! | `pace.rs` | no node is busy without time passing |
//! | `tally.rs` | counts, and the situations that came up |
//! | `metrics.rs` | the figures of a run, and the assertions about them |

mod metrics;
mod pace;
mod proofs;
mod tally;
pub mod truth;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use tom_core::error::{Drop, Refusal};
use tom_core::output::{Delivery, DeliveryId, Event, Output, State, Verdict};
use tom_core::stats::Stats;
use tom_core::wire::{Handle, MessageId, Reference};

use crate::scenario::Deed;
use crate::time::{Span, Time};

pub use crate::scenario::names::{Invariant, Metric, Situation};
pub(crate) use metrics::window_of;
pub use metrics::{Failed, Figures, judge};
pub(crate) use pace::EVERY;
pub use tally::Tally;
pub use truth::{Fate, Told};
pub use wire::Own;

/// The shortest payload: a marker, the message's number, and what makes forging show.
pub const PAYLOAD_LEAST: usize = 16;

/// How far a node's `SKEW` reaches: what the core's default configuration says.
pub const SKEW: Span = Span::from_secs(300);

/// Between the end of a message and the event that says so lies housekeeping at most.
const END_TOLD_WITHIN: Span = Span::from_secs(90);

/// Handshakes of both ends within this are crossed (SES-30).
const CROSSED: Span = Span::from_secs(120);

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When.
    pub at: Time,
    /// At which node.
    pub node: u32,
    /// What happened, in words.
    pub what: String,
    /// The message it is about.
    pub number: Option<u32>,
}

/// All that is known of a run beside the world itself.
#[derive(Clone, Debug)]
pub struct Checks {
    pub(crate) truth: truth::Truth,
    proofs: proofs::Proofs,
    wire: wire::Wire,
    pace: pace::Pace,
    pub(crate) tally: Tally,
    broken: Option<Violation>,
    /// The next outputs must not come: the node was ticked before its deadline.
    hushed: Option<u32>,
    converge_within: Option<Span>,
    /// Who has had a session with whom.
    sessions: BTreeSet<(u32, Handle)>,
    /// Whose handshake with whom was answered, and when.
    answered: BTreeMap<(u32, u32), Time>,
}

impl Checks {
    /// Checks of a run of so many nodes and messages.
    #[must_use]
    pub fn new(seed: u64, nodes: u32, messages: usize, converge_within: Option<Span>) -> Self {
        Self {
            truth: truth::Truth::new(nodes, messages),
            proofs: proofs::Proofs::default(),
            wire: wire::Wire::new(seed),
            pace: pace::Pace::new(nodes),
            tally: Tally::default(),
            broken: None,
            hushed: None,
            converge_within,
            sessions: BTreeSet::new(),
            answered: BTreeMap::new(),
        }
    }

    /// The first invariant that did not hold.
    #[must_use]
    pub const fn broken(&self) -> Option<&Violation> {
        self.broken.as_ref()
    }

    /// Every message of the run, by its number from 1.
    pub fn told(&self) -> impl Iterator<Item = &Told> {
        self.truth.all()
    }

    /// The number of a node's message.
    pub(crate) fn number(&self, node: u32, id: MessageId) -> Option<u32> {
        self.truth.by_reference(node, id.reference())
    }

    /// An invariant does not hold. The first one counts.
    pub fn violate(&mut self, invariant: Invariant, at: Time, node: u32, what: String) {
        self.violate_about(invariant, at, node, what, None);
    }

    fn violate_about(
        &mut self,
        invariant: Invariant,
        at: Time,
        node: u32,
        what: String,
        number: Option<u32>,
    ) {
        self.broken.get_or_insert(Violation {
            invariant,
            at,
            node,
            what,
            number,
        });
    }

    /// What a node made of an input.
    pub(crate) fn verdict(&mut self, node: u32, now: Time, verdict: &Verdict) {
        if let Some(busy) = self.pace.input(node, now) {
            self.violate(Invariant::NoLivelock, now, node, busy);
        }
        match verdict {
            Verdict::Accepted(_) => {}
            Verdict::Dropped(reason) => self.tally.dropped(*reason, now),
            Verdict::Refused(Refusal::Backpressure) => self.tally.saw(Situation::BackPressure, now),
            Verdict::Refused(Refusal::Full { .. }) => self.tally.saw(Situation::TableFull, now),
            Verdict::Refused(_) => {}
        }
    }

    /// A node ticks because its deadline has come.
    pub(crate) fn tick(&mut self, node: u32, now: Time) {
        if let Some(stuck) = self.pace.tick(node, now) {
            self.violate(Invariant::DeadlinesComplete, now, node, stuck);
        }
    }

    /// A node is ticked before its deadline: nothing may come of it until [`Checks::heard`].
    pub(crate) const fn hush(&mut self, node: u32) {
        self.hushed = Some(node);
    }

    /// The tick before the deadline is over.
    pub(crate) const fn heard(&mut self) {
        self.hushed = None;
    }

    /// A node puts something out. Answers with the references of own envelopes nobody knows yet.
    /// `over`: the neighbour that bytes are for.
    pub(crate) fn output(
        &mut self,
        node: u32,
        now: Time,
        output: &Output<'_>,
        over: Option<u32>,
    ) -> Option<Own> {
        if self.hushed == Some(node) {
            let what = format!("woken before its deadline, it put out {output:?}");
            self.violate(Invariant::DeadlinesComplete, now, node, what);
        }
        match output {
            Output::Transmit(transmit) => {
                let bytes = transmit.bytes;
                if let Err((invariant, what, about)) = self.wire.leaves(node, now, bytes) {
                    let number = about.and_then(|reference| self.proofs.carried(reference));
                    self.violate_about(invariant, now, node, what, number);
                }
                let own = wire::own_envelope(bytes)?;
                if own.attempt >= 2 {
                    self.tally.saw(Situation::SecondRetry, now);
                }
                let unknown = self.unknown(node, own);
                if over.is_some_and(|over| self.proofs.turns(node, own.reference, over)) {
                    self.tally.saw(Situation::Failover, now);
                }
                unknown
            }
            Output::Persist(record) => {
                if self.wire.shows(record.bytes) && !self.truth.is_end(node) {
                    let what = "a record of a node that has no part in it holds a payload".into();
                    self.violate(Invariant::NoPlaintext, now, node, what);
                }
                None
            }
            Output::Dial { .. }
            | Output::Close(_)
            | Output::Deliver(_)
            | Output::Notify(_)
            | Output::Forget(_) => None,
        }
    }

    /// Whether this own envelope still has to be put down to a message.
    fn unknown(&mut self, node: u32, own: Own) -> Option<Own> {
        if self.proofs.knows(node, own.reference) {
            return None;
        }
        if let Some(number) = self.truth.by_reference(node, own.reference) {
            self.proofs.expect(node, &own, number);
            return None;
        }
        Some(own)
    }

    /// The messages of a node that are not settled.
    pub(crate) fn open_of(&self, node: u32) -> Vec<(u32, MessageId)> {
        self.truth.open_of(node)
    }

    /// An own envelope carries this message, sealed again.
    pub(crate) fn carries(&mut self, node: u32, own: &Own, number: u32, now: Time) {
        self.tally.saw(Situation::Resealed, now);
        self.proofs.expect(node, own, number);
    }

    /// Bytes are about to be an input of a node.
    pub(crate) fn incoming<C: tom_core::crypto::Suite>(
        &mut self,
        node: u32,
        now: Time,
        bytes: &[u8],
    ) {
        self.wire.comes(node, now, bytes);
        let came = self.proofs.arrive::<C>(node, bytes);
        for number in came.proven {
            self.truth.proof_came(number);
        }
        for number in came.answered {
            if let Some(told) = self.truth.get(number) {
                self.answered(node, told.to, now);
            }
        }
    }

    /// The payload of a message.
    pub(crate) fn fill(&self, number: u32, out: &mut [u8]) {
        self.wire.fill(number, out);
    }

    /// A node has accepted a message to send.
    pub(crate) fn accepted(&mut self, told: Told) {
        self.tally.sent += 1;
        self.truth.accepted(told);
    }

    /// A node refused a message, or was not there to take it.
    pub(crate) fn not_sent(&mut self, now: Time, refusal: Option<Refusal>) {
        match refusal {
            Some(refusal) => {
                self.tally.refused += 1;
                if matches!(refusal, Refusal::Full { .. }) {
                    self.tally.saw(Situation::TableFull, now);
                }
            }
            None => self.tally.absent += 1,
        }
    }

    /// An application is given a message; says which one, if it is one.
    pub(crate) fn delivered(
        &mut self,
        node: u32,
        starts: u16,
        now: Time,
        delivery: &Delivery<'_>,
        from: Option<u32>,
        direct: bool,
    ) -> Option<u32> {
        let number = self.wire.number(delivery.payload);
        let known = number.filter(|number| {
            self.truth
                .get(*number)
                .is_some_and(|told| told.to == node && Some(told.from) == from)
        });
        let Some(number) = known else {
            let what = "an application was given what nobody sent it".into();
            self.violate(Invariant::NothingForged, now, node, what);
            return None;
        };
        if !direct {
            self.tally.saw(Situation::RelayUsed, now);
        }
        if from.is_some_and(|from| self.tally.crossed(from, node)) {
            self.tally.saw(Situation::PartitionHealed, now);
        }
        if let Err((invariant, what)) =
            self.truth
                .delivered(number, starts, now, delivery.id, direct)
        {
            self.violate_about(invariant, now, node, what, Some(number));
        }
        Some(number)
    }

    /// An application has a message safely.
    pub(crate) fn taken(&mut self, node: u32, now: Time, id: DeliveryId) {
        self.truth.taken(node, now, id);
    }

    /// Which message an application took under this id, and from whom.
    pub(crate) fn reader_of(&self, node: u32, id: DeliveryId) -> Option<(u32, u32)> {
        self.truth.by_delivery(node, id)
    }

    /// A node's handshake with another one is answered.
    fn answered(&mut self, node: u32, peer: u32, now: Time) {
        self.answered.insert((node, peer), now);
        let other = self.answered.get(&(peer, node));
        if other.is_some_and(|other| now.since(*other) < CROSSED && self.truth.ran(peer, *other)) {
            self.tally.saw(Situation::CrossedHandshakes, now);
        }
    }

    /// A node says something of itself or of one of its messages.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is non-exhaustive")]
    pub(crate) fn event(&mut self, node: u32, now: Time, event: Event) {
        match event {
            Event::Message { id, state } => self.state(node, now, id, state),
            Event::Bug(bug) => self.violate(Invariant::NoBug, now, node, format!("{bug:?}")),
            Event::Session { peer } => {
                self.tally.sessions += 1;
                if !self.sessions.insert((node, peer.handle())) {
                    self.tally.saw(Situation::SessionRenewed, now);
                }
            }
            // `Event` is open: what is added later is nothing to check until it is written here.
            _ => {}
        }
    }

    fn state(&mut self, node: u32, now: Time, id: MessageId, state: State) {
        match state {
            State::Read => self.tally.saw(Situation::ReadReceipt, now),
            State::Expired => self.tally.saw(Situation::Expired, now),
            State::Pending | State::Sent | State::Relayed | State::Passed | State::Delivered => {}
        }
        if let Err((invariant, what, number)) = self.truth.state(node, now, id, state) {
            self.violate_about(invariant, now, node, what, number);
        }
    }

    /// An external event happens.
    pub(crate) fn deed(&mut self, now: Time, deed: &Deed) {
        match deed {
            Deed::ClockStep { by_ms, .. } => {
                self.tally.saw(Situation::ClockStepped, now);
                self.wire.clock_error(by_ms.unsigned_abs());
            }
            Deed::Suspend { .. } => self.tally.saw(Situation::Suspended, now),
            Deed::Cut { cut, side, .. } => {
                self.tally.cuts.push((*cut, now));
                self.tally
                    .sides
                    .insert(*cut, side.iter().copied().collect());
            }
            Deed::Mend { cut } => {
                self.tally.mended = Some(now);
                self.tally.healed = self.tally.sides.remove(cut);
            }
            Deed::Calm => {
                if let Some((_, side)) = self.tally.sides.pop_last() {
                    self.tally.healed = Some(side);
                }
                self.tally.sides.clear();
            }
            Deed::Send { .. }
            | Deed::Crash { .. }
            | Deed::Start { .. }
            | Deed::Break { .. }
            | Deed::Repair { .. }
            | Deed::Meet { .. }
            | Deed::Part { .. }
            | Deed::Weather(_)
            | Deed::Mtu(_)
            | Deed::Disk { .. }
            | Deed::Turn { .. } => {}
        }
    }

    /// Some wall clock is this far off.
    pub(crate) fn clock_error(&mut self, ms: u64) {
        self.wire.clock_error(ms);
    }

    /// A node is gone; what it counted is kept. `keeps` says which of its messages its disk has.
    pub(crate) fn crashed(
        &mut self,
        node: u32,
        now: Time,
        stats: &Stats,
        keeps: &dyn Fn(MessageId) -> bool,
    ) {
        self.tally.add(stats);
        for number in self.truth.down(node, now, keeps) {
            self.proofs.forget(node, number);
        }
        self.wire.released(node);
    }

    /// A node has started.
    pub(crate) fn started(&mut self, node: u32, now: Time, again: bool, forgot: bool) {
        if again {
            self.tally.saw(
                if forgot {
                    Situation::RestartWithoutState
                } else {
                    Situation::RestartWithState
                },
                now,
            );
        }
        if forgot {
            for number in self.truth.forgotten(node, &|_| false) {
                self.proofs.forget(node, number);
            }
        }
        self.truth.up(node, now);
    }

    /// All faults are over.
    pub(crate) fn calm(&mut self, now: Time) {
        self.truth.calm(now);
    }

    /// An inbox record is durable: the message in it is safe.
    pub(crate) fn kept(&mut self, now: Time, record: &[u8]) {
        if let Some(number) = self.wire.number_within(record) {
            self.truth.safe(number, now);
        }
    }

    /// Once a simulated second: whatever can be said only from time to time.
    pub(crate) fn second(&mut self, now: Time) {
        self.wire.forget_held(now);
        let grace = SKEW.0 + self.wire.clock_error_ms() * 2_000_000 + END_TOLD_WITHIN.0;
        if let Some((number, node)) = self.truth.overdue(now, Span(grace)) {
            let what = format!("message {number} is over, and its sender was not told");
            self.violate_about(Invariant::EveryMessageEnds, now, node, what, Some(number));
        }
        let Some(within) = self.converge_within else {
            return;
        };
        if let Some((number, node)) = self.truth.not_converged(now, within) {
            let what = format!(
                "message {number} is still unproven {} s after the last fault",
                within.as_secs()
            );
            self.violate_about(Invariant::Converges, now, node, what, Some(number));
        }
    }

    /// How often a reason to drop was given.
    #[must_use]
    pub fn drops(&self, reason: Drop) -> u64 {
        self.tally.drops(reason)
    }

    /// Whether an envelope of this reference is one of the node's own.
    #[must_use]
    pub fn knows(&self, node: u32, reference: Reference) -> bool {
        self.proofs.knows(node, reference)
    }
}

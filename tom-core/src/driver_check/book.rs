//! What is known about the watched nodes, and what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use super::{Breach, Clause, Plan, Provoked};
use crate::identity::PublicKey;
use crate::output::{DeliveryId, RecordKey, Ticket};
use crate::time::{Instant, Span};
use crate::wire::MessageId;

/// A Dial is answered within this. Spec DRV-24.
pub(super) const ANSWER: Span = Span::from_secs(60);

/// An input, as far as it must be offered again when refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Offer {
    Up(u32),
    Down(u32),
    Taken(DeliveryId),
    Restored(RecordKey),
    Persisted(RecordKey, u32),
    Send(u64),
    Read,
    Datagram(u32),
    Tick,
    /// Anything else: always finds room.
    Other,
}

/// A link, as its driver told.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) peer: PublicKey,
    pub(super) up: bool,
    /// The node closed it.
    pub(super) closed: bool,
    pub(super) blocked: bool,
    /// The last Transmit, while nothing was said about it.
    pub(super) last: Option<(Ticket, u64)>,
    /// Transmits the link did not take.
    pub(super) refused: Vec<(Ticket, u64)>,
}

/// One record put out and not answered.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) key: RecordKey,
    pub(super) version: u32,
    pub(super) print: u64,
    pub(super) at: Instant,
}

/// One start of a node to the next.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) durable: bool,
    pub(super) started: Instant,
    pub(super) last: Instant,
    pub(super) calls: u64,
    pub(super) clock: bool,
    /// Something other than records and wall time came.
    pub(super) begun: bool,
    pub(super) offer: Offer,
    /// Outputs wait, since.
    pub(super) waits: Option<Instant>,
    pub(super) short: bool,
    /// The deadline as it was told at the latest.
    pub(super) due: Option<Instant>,
    /// Inputs other than Tick have come after it, since.
    pub(super) overdue: Option<Instant>,
    pub(super) links: BTreeMap<u32, Wire>,
    pub(super) owed: BTreeMap<Offer, Instant>,
    pub(super) dials: BTreeMap<PublicKey, Instant>,
    pub(super) dialed: bool,
    pub(super) tickets: u32,
    pub(super) delivered: BTreeMap<DeliveryId, u64>,
    pub(super) taken: BTreeSet<u64>,
    pub(super) storing: BTreeMap<u64, Stored>,
    pub(super) put_out: BTreeSet<(RecordKey, u32)>,
    pub(super) restored: BTreeSet<RecordKey>,
    /// It stands still; its clock must be past this when it goes on.
    pub(super) still: Option<Instant>,
}

/// A durable record: its place in the order, version and print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) order: u64,
    pub(super) version: u32,
    pub(super) print: u64,
}

/// One identity over all its starts.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) seeds: BTreeSet<u64>,
    pub(super) life: Life,
    pub(super) order: u64,
    pub(super) kept: BTreeMap<RecordKey, Kept>,
    pub(super) forgotten: BTreeMap<RecordKey, u64>,
    pub(super) candidates: Vec<u8>,
    pub(super) sent: BTreeMap<MessageId, u64>,
    pub(super) proven: BTreeSet<u64>,
    pub(super) put_out: BTreeSet<u64>,
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) plan: Plan,
    pub(super) breaches: Vec<Breach>,
    pub(super) provoked: Provoked,
    pub(super) nodes: BTreeMap<PublicKey, Watched>,
    /// Datagrams put out, and by whom.
    pub(super) ledger: BTreeSet<(u64, PublicKey)>,
    draw: u64,
}

impl Book {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            breaches: Vec::new(),
            provoked: Provoked::default(),
            nodes: BTreeMap::new(),
            ledger: BTreeSet::new(),
            draw: plan.seed | 1,
        }
    }

    /// The next number below `bound`.
    pub(super) fn draw(&mut self, bound: u64) -> u64 {
        self.draw ^= self.draw << 13;
        self.draw ^= self.draw >> 7;
        self.draw ^= self.draw << 17;
        (self.draw.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % bound.max(1)
    }

    /// Notes a breach, once for each kind.
    pub(super) fn breach(&mut self, node: &PublicKey, clause: u8, what: &'static str) {
        let at = self.nodes.get(node).map_or(Instant::ZERO, |n| n.life.last);
        let told = |b: &Breach| b.node == *node && b.what == what;
        if !self.breaches.iter().any(told) {
            self.breaches.push(Breach {
                clause: Clause(clause),
                what,
                node: *node,
                at,
            });
        }
    }

    /// A node was built, or built again.
    pub(super) fn start(&mut self, public: PublicKey, print: u64, durable: bool, now: Instant) {
        let life = Life::new(durable, now);
        match self.nodes.get_mut(&public) {
            Some(node) => {
                node.life = life;
                let fresh = node.seeds.insert(print);
                self.provoked.restarts += 1;
                if !fresh {
                    self.breach(&public, 16, "a start with the seed of an earlier one");
                }
            }
            None => {
                let node = Watched {
                    seeds: [print].into(),
                    life,
                    order: 0,
                    kept: BTreeMap::new(),
                    forgotten: BTreeMap::new(),
                    candidates: Vec::new(),
                    sent: BTreeMap::new(),
                    proven: BTreeSet::new(),
                    put_out: BTreeSet::new(),
                };
                self.nodes.insert(public, node);
            }
        }
    }
}

impl Life {
    fn new(durable: bool, now: Instant) -> Self {
        Self {
            durable,
            started: now,
            last: now,
            calls: 0,
            clock: false,
            begun: false,
            offer: Offer::Other,
            waits: None,
            short: false,
            due: None,
            overdue: None,
            links: BTreeMap::new(),
            owed: BTreeMap::new(),
            dials: BTreeMap::new(),
            dialed: false,
            tickets: 0,
            delivered: BTreeMap::new(),
            taken: BTreeSet::new(),
            storing: BTreeMap::new(),
            put_out: BTreeSet::new(),
            restored: BTreeSet::new(),
            still: None,
        }
    }

    /// It stood still until now: nothing that waited meanwhile waited for the driver.
    pub(super) fn stood_still(&mut self) {
        let now = self.last;
        self.still = None;
        self.overdue = None;
        self.due = None;
        self.waits = self.waits.map(|_| now);
        for at in self.owed.values_mut().chain(self.dials.values_mut()) {
            *at = now;
        }
        for stored in self.storing.values_mut() {
            stored.at = now;
        }
    }
}

/// Tells byte strings apart (FNV-1a).
pub(super) fn print(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

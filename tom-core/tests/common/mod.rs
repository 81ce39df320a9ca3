//! `Village`: a handful of nodes on links with delay, loss, duplication and reordering, in time that
//! jumps to the next deadline. Deterministic from its seed.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test uses its own part of the village"
)]

use std::collections::BTreeMap;

use tom_core::Node;
use tom_core::config::Config;
use tom_core::entropy::{Drbg, Seed};
use tom_core::error::Drop;
use tom_core::identity::{Keys, PublicKey, SoftKeys};
use tom_core::input::{Command, Input, LinkEvent, LinkId, Send};
use tom_core::output::{DeliveryId, Event, Output, State, Verdict};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, Span, UnixTime};
use tom_core::wire::{Candidate, CandidateList, MessageId};

/// 2027-01-15, a day like any other.
pub const EPOCH: u64 = 1_800_000_000;

/// A link's character.
#[derive(Clone, Copy, Debug)]
pub struct Wire {
    pub delay: Span,
    pub jitter_ms: u64,
    pub loss_percent: u64,
    pub dup_percent: u64,
    pub mtu: u32,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            delay: Span::from_millis(5),
            jitter_ms: 0,
            loss_percent: 0,
            dup_percent: 0,
            mtu: 1_200,
        }
    }
}

/// Something a node was given for its application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub at: Instant,
    pub id: DeliveryId,
    pub from: PublicKey,
    pub payload: Vec<u8>,
    pub in_session: bool,
    pub path: Vec<u8>,
}

/// One inhabitant.
pub struct House {
    pub node: Node<Heap>,
    pub key: PublicKey,
    pub received: Vec<Received>,
    pub events: Vec<(Instant, Event)>,
    pub dials: Vec<PublicKey>,
    /// Takes delivered messages at once.
    pub takes: bool,
    /// Takes no input at all: a stopped process.
    pub frozen: bool,
    /// Drops every envelope frame it would forward, after taking it.
    pub swallows: bool,
    /// Every datagram it put out: link, bytes.
    pub sent: Vec<(LinkId, Vec<u8>)>,
    pub persisted: Vec<(tom_core::output::RecordKey, u32, Vec<u8>)>,
    pub store: BTreeMap<tom_core::output::RecordKey, Vec<u8>>,
}

#[derive(Clone, Copy)]
struct End {
    house: usize,
    link: LinkId,
    wire: Wire,
    up: bool,
}

/// The village.
pub struct Village {
    pub now: Instant,
    pub houses: Vec<House>,
    rng: Drbg,
    /// (time, number) orders what is in the air.
    air: BTreeMap<(Instant, u64), (usize, LinkId, Vec<u8>)>,
    number: u64,
    /// From (house, link) to the other end.
    ends: BTreeMap<(usize, u32), End>,
    next_link: u32,
    /// A Dial leads to a link after this long; `None`: it fails.
    pub dial: Option<Span>,
    pending_dials: Vec<(Instant, usize, usize)>,
    pub keep_sent: bool,
    /// Changes bytes in flight: (from, to, bytes).
    pub meddler: Option<Box<dyn FnMut(usize, usize, &mut Vec<u8>)>>,
    pub delivered_bytes: u64,
}

impl Village {
    pub fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            now: Instant::ZERO,
            houses: Vec::new(),
            rng: Drbg::new(&Seed::new(bytes), "village"),
            air: BTreeMap::new(),
            number: 0,
            ends: BTreeMap::new(),
            next_link: 1,
            dial: None,
            pending_dials: Vec::new(),
            keep_sent: false,
            meddler: None,
            delivered_bytes: 0,
        }
    }

    /// A village of `n` full nodes.
    pub fn of(n: usize, seed: u64) -> Self {
        let mut village = Self::new(seed);
        for _ in 0..n {
            village.add(Config::default());
        }
        village
    }

    pub fn add(&mut self, config: Config) -> usize {
        self.add_with(config, small())
    }

    pub fn add_with(&mut self, config: Config, limits: Limits) -> usize {
        let mut identity = [0; 32];
        self.rng.fill(&mut identity);
        self.add_keyed(config, limits, identity)
    }

    pub fn add_keyed(&mut self, config: Config, limits: Limits, identity: [u8; 32]) -> usize {
        let mut seed = [0; 32];
        self.rng.fill(&mut seed);
        let keys = SoftKeys::from_seed(identity);
        let key = *keys.public();
        let node = Node::new(Heap::new(limits), keys, config, Seed::new(seed), self.now)
            .expect("a valid configuration");
        self.houses.push(House {
            node,
            key,
            received: Vec::new(),
            events: Vec::new(),
            dials: Vec::new(),
            takes: true,
            frozen: false,
            swallows: false,
            sent: Vec::new(),
            persisted: Vec::new(),
            store: BTreeMap::new(),
        });
        let at = self.houses.len() - 1;
        let unix = UnixTime::from_secs(EPOCH + self.now.as_millis() / 1_000);
        self.input(
            at,
            Input::Clock {
                unix,
                error: Span::ZERO,
            },
        );
        let mut list = CandidateList::new();
        assert!(list.push(Candidate::V4 {
            address: [127, 0, 0, 1],
            port: at as u16 + 1
        }));
        let mut buf = [0; 64];
        let len = list.emit(&mut buf).expect("room");
        self.input(at, Input::Command(Command::Candidates(&buf[..len])));
        at
    }

    pub fn key(&self, house: usize) -> PublicKey {
        self.houses[house].key
    }

    /// Connects two houses; returns the links' numbers at each end.
    pub fn link(&mut self, a: usize, b: usize, wire: Wire) -> (LinkId, LinkId) {
        let (la, lb) = (LinkId(self.next_link), LinkId(self.next_link + 1));
        self.next_link += 2;
        self.ends.insert(
            (a, la.0),
            End {
                house: b,
                link: lb,
                wire,
                up: true,
            },
        );
        self.ends.insert(
            (b, lb.0),
            End {
                house: a,
                link: la,
                wire,
                up: true,
            },
        );
        let (ka, kb) = (self.key(a), self.key(b));
        self.input(a, up(la, kb, wire, true));
        self.input(b, up(lb, ka, wire, false));
        (la, lb)
    }

    /// Cuts a link; both ends learn of it.
    pub fn cut(&mut self, a: usize, link: LinkId) {
        let Some(end) = self.ends.remove(&(a, link.0)) else {
            return;
        };
        self.ends.remove(&(end.house, end.link.0));
        self.input(a, Input::Link(LinkEvent::Down { link }));
        self.input(end.house, Input::Link(LinkEvent::Down { link: end.link }));
    }

    /// Feeds one input and drains what comes of it.
    pub fn input(&mut self, house: usize, input: Input<'_>) -> Verdict {
        let now = self.now;
        let verdict = self.houses[house].node.handle(now, input);
        self.drain(house);
        verdict
    }

    pub fn send(&mut self, from: usize, to: usize, payload: &[u8]) -> MessageId {
        let to = self.key(to);
        self.send_to(from, Send::new(to, payload))
    }

    pub fn send_to(&mut self, from: usize, send: Send<'_>) -> MessageId {
        match self.input(from, Input::Command(Command::Send(send))) {
            Verdict::Accepted(Some(id)) => id,
            other => panic!("not accepted: {other:?}"),
        }
    }

    fn drain(&mut self, house: usize) {
        let mut buf = vec![0; 70_000];
        loop {
            let mut taken = None;
            let mut feedback = Vec::new();
            match self.houses[house]
                .node
                .poll(&mut buf)
                .expect("a long buffer")
            {
                None => break,
                Some(Output::Transmit(transmit)) => {
                    let (link, bytes) = (transmit.link, transmit.bytes.to_vec());
                    if self.keep_sent {
                        self.houses[house].sent.push((link, bytes.clone()));
                    }
                    if !self.houses[house].frozen {
                        self.fly(house, link, bytes);
                    }
                }
                Some(Output::Deliver(delivery)) => {
                    let received = Received {
                        at: self.now,
                        id: delivery.id,
                        from: delivery.from,
                        payload: delivery.payload.to_vec(),
                        in_session: delivery.in_session,
                        path: delivery.declared_path.to_vec(),
                    };
                    self.houses[house].received.push(received);
                    if self.houses[house].takes {
                        taken = Some(delivery.id);
                    }
                }
                Some(Output::Notify(event)) => self.houses[house].events.push((self.now, event)),
                Some(Output::Dial { peer, .. }) => {
                    self.houses[house].dials.push(peer);
                    let other = self.houses.iter().position(|house| house.key == peer);
                    match (self.dial, other) {
                        (Some(after), Some(other)) => {
                            self.pending_dials
                                .push((self.now.plus(after), house, other));
                        }
                        _ => feedback.push(peer),
                    }
                }
                Some(Output::Close(link)) => {
                    if let Some(end) = self.ends.remove(&(house, link.0)) {
                        self.ends.remove(&(end.house, end.link.0));
                        let now = self.now;
                        self.houses[house]
                            .node
                            .handle(now, Input::Link(LinkEvent::Down { link }));
                        self.houses[end.house]
                            .node
                            .handle(now, Input::Link(LinkEvent::Down { link: end.link }));
                        self.drain(end.house);
                    }
                }
                Some(Output::Persist(record)) => {
                    let (key, version, bytes) = (record.key, record.version, record.bytes.to_vec());
                    self.houses[house].persisted.push((key, version, bytes));
                }
                Some(Output::Forget(key)) => {
                    self.houses[house].store.remove(&key);
                    self.houses[house]
                        .persisted
                        .retain(|(pending, _, _)| *pending != key);
                }
            }
            let now = self.now;
            if let Some(id) = taken {
                self.houses[house].node.handle(now, Input::Taken(id));
            }
            for peer in feedback {
                let event = LinkEvent::DialFailed { peer };
                self.houses[house].node.handle(now, Input::Link(event));
            }
        }
    }

    fn fly(&mut self, house: usize, link: LinkId, mut bytes: Vec<u8>) {
        let Some(end) = self.ends.get(&(house, link.0)).copied() else {
            return;
        };
        if self.rng.below(100) < end.wire.loss_percent {
            return;
        }
        if let Some(meddler) = &mut self.meddler {
            meddler(house, end.house, &mut bytes);
        }
        let copies = if self.rng.below(100) < end.wire.dup_percent {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let jitter = self.rng.below(end.wire.jitter_ms + 1);
            let at = self
                .now
                .plus(end.wire.delay)
                .plus(Span::from_millis(jitter));
            self.number += 1;
            self.air
                .insert((at, self.number), (end.house, end.link, bytes.clone()));
        }
    }

    /// The next moment anything happens.
    fn next(&self) -> Option<Instant> {
        let air = self.air.keys().next().map(|(at, _)| *at);
        let dial = self.pending_dials.iter().map(|(at, _, _)| *at).min();
        let nodes = self.houses.iter().filter(|house| !house.frozen);
        let deadline = nodes
            .filter_map(|house| house.node.deadline())
            .map(|d| d.at)
            .min();
        [air, dial, deadline].into_iter().flatten().min()
    }

    /// Runs for a time, jumping from moment to moment.
    pub fn run(&mut self, span: Span) {
        let end = self.now.plus(span);
        while let Some(next) = self.next().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.step();
        }
        self.now = end;
    }

    /// Runs until `done` or the time is over; says how long it took.
    pub fn run_until(&mut self, span: Span, mut done: impl FnMut(&Self) -> bool) -> Option<Span> {
        let start = self.now;
        let end = start.plus(span);
        loop {
            if done(self) {
                return Some(self.now.since(start));
            }
            let next = self.next().filter(|next| *next <= end)?;
            self.now = self.now.max(next);
            self.step();
        }
    }

    fn step(&mut self) {
        while let Some(entry) = self.air.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (house, link, mut bytes) = entry.remove();
            self.delivered_bytes += bytes.len() as u64;
            if self.houses[house].frozen || !self.ends.contains_key(&(house, link.0)) {
                continue;
            }
            self.input(
                house,
                Input::Datagram {
                    link,
                    bytes: &mut bytes,
                },
            );
        }
        let due: Vec<_> = self
            .pending_dials
            .iter()
            .copied()
            .filter(|(at, _, _)| *at <= self.now)
            .collect();
        self.pending_dials.retain(|(at, _, _)| *at > self.now);
        for (_, from, to) in due {
            self.link(from, to, Wire::default());
        }
        for house in 0..self.houses.len() {
            let due = self.houses[house]
                .node
                .deadline()
                .is_some_and(|d| d.at <= self.now);
            if due && !self.houses[house].frozen {
                self.input(house, Input::Tick);
            }
        }
    }

    /// The last state the application was told of.
    pub fn state(&self, house: usize, id: MessageId) -> Option<State> {
        self.houses[house]
            .events
            .iter()
            .rev()
            .find_map(|(_, event)| match event {
                Event::Message { id: of, state } if *of == id => Some(*state),
                _ => None,
            })
    }

    /// All states the application was told of, in order.
    pub fn states(&self, house: usize, id: MessageId) -> Vec<State> {
        let states = self.houses[house]
            .events
            .iter()
            .filter_map(|(_, event)| match event {
                Event::Message { id: of, state } if *of == id => Some(*state),
                _ => None,
            });
        states.collect()
    }

    pub fn payloads(&self, house: usize) -> Vec<&[u8]> {
        self.houses[house]
            .received
            .iter()
            .map(|received| received.payload.as_slice())
            .collect()
    }

    pub fn drops(&self, house: usize, reason: Drop) -> u64 {
        self.houses[house].node.stats().drops(reason)
    }
}

fn up(link: LinkId, peer: PublicKey, wire: Wire, dialed: bool) -> Input<'static> {
    Input::Link(LinkEvent::Up {
        link,
        peer,
        mtu: wire.mtu,
        max_frame: 65_538,
        dialed,
        observed: &[],
    })
}

/// Tables for a test node: roomy, but built quickly.
pub fn small() -> Limits {
    Limits {
        links: 32,
        contacts: 64,
        sessions: 64,
        pending: 32,
        outbox: 256,
        proofs: 512,
        inbox: 256,
        opened: 256,
        delivered: 256,
        forwards: 128,
        returns: 1_024,
        routes: 256,
        asks: 16,
        jobs: 2_048,
        blocks: 1_024,
        scratch: 65_533,
    }
}

//! `Village`: a handful of nodes on links with delay, loss, duplication and reordering, in time that
//! jumps to the next deadline. Deterministic from its seed.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::wildcard_enum_match_arm,
    reason = "each test uses its own part of the village, and looks for one kind of thing"
)]

#[cfg(target_os = "linux")]
pub mod memory;
pub mod node;
pub mod wire;

use std::collections::BTreeMap;

use node::{Inhabitant, Size, build};
use tom_core::config::Config;
use tom_core::entropy::{Drbg, Seed};
use tom_core::error::Drop;
use tom_core::identity::{Keys, PublicKey, SoftKeys};
use tom_core::input::{Command, Input, LinkEvent, LinkId, Send};
use tom_core::output::{DeliveryId, Event, Output, Record, RecordKey, State, Verdict};
use tom_core::storage::Limits;
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
    pub max_frame: u32,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            delay: Span::from_millis(5),
            jitter_ms: 0,
            loss_percent: 0,
            dup_percent: 0,
            mtu: 1_200,
            max_frame: 65_538,
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

/// How a house's storage behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// Records are durable at once.
    Works,
    /// Records wait for [`Village::flush`]; a restart loses them.
    Slow,
    /// Every record is refused.
    Fails,
}

/// A change of storage that is not durable yet.
#[derive(Clone, Debug)]
pub enum Waiting {
    Write(RecordKey, u32, Vec<u8>),
    Forget(RecordKey),
}

/// One inhabitant.
pub struct House {
    pub node: Box<dyn Inhabitant>,
    pub key: PublicKey,
    pub received: Vec<Received>,
    pub events: Vec<(Instant, Event)>,
    pub dials: Vec<PublicKey>,
    /// Takes delivered messages at once.
    pub takes: bool,
    /// Takes no input at all: a stopped process.
    pub frozen: bool,
    /// Says that it took what it is to hand on, and hands on nothing.
    pub swallows: bool,
    /// Every datagram it put out: link, bytes.
    pub sent: Vec<(LinkId, Vec<u8>)>,
    pub disk: Disk,
    pub waiting: Vec<Waiting>,
    pub store: BTreeMap<RecordKey, (u32, Vec<u8>)>,
    /// Every record it ever put out.
    pub persisted: Vec<(RecordKey, Vec<u8>)>,
    size: Size,
    config: Config,
    identity: [u8; 32],
    /// It is told the time when it starts.
    clocked: bool,
}

#[derive(Clone, Copy)]
struct End {
    house: usize,
    link: LinkId,
    wire: Wire,
    up: bool,
}

/// Sees each datagram in flight: (from, to, bytes). Emptied ones are lost.
pub type Meddler = Box<dyn FnMut(usize, usize, &mut Vec<u8>)>;

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
    pub meddler: Option<Meddler>,
    pub delivered_bytes: u64,
    /// Steps made without the time passing.
    still: u32,
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
            still: 0,
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

    /// Full nodes in a row, each linked to the next.
    pub fn row(n: usize, seed: u64) -> Self {
        let mut village = Self::of(n, seed);
        for at in 1..n {
            village.link(at - 1, at, Wire::default());
        }
        village.run(Span::from_millis(100));
        village
    }

    pub fn add(&mut self, config: Config) -> usize {
        self.add_with(config, small())
    }

    pub fn add_with(&mut self, config: Config, limits: Limits) -> usize {
        self.add_sized(config, Size::Heap(limits))
    }

    pub fn add_sized(&mut self, config: Config, size: Size) -> usize {
        let identity = self.rng.array();
        self.add_keyed(config, size, identity, true)
    }

    /// A node that is not told the time.
    pub fn add_clockless(&mut self, config: Config) -> usize {
        let identity = self.rng.array();
        self.add_keyed(config, Size::Heap(small()), identity, false)
    }

    pub fn add_keyed(
        &mut self,
        config: Config,
        size: Size,
        identity: [u8; 32],
        clocked: bool,
    ) -> usize {
        let seed = Seed::new(self.rng.array());
        let key = *SoftKeys::from_seed(identity).public();
        let node = build(size, identity, config, seed, self.now);
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
            disk: Disk::Works,
            waiting: Vec::new(),
            store: BTreeMap::new(),
            persisted: Vec::new(),
            size,
            config,
            identity,
            clocked,
        });
        let at = self.houses.len() - 1;
        self.wake_up(at, false);
        at
    }

    fn wake_up(&mut self, at: usize, restore: bool) {
        if self.houses[at].clocked {
            let unix = self.unix();
            self.input(at, clock(unix));
        }
        if restore {
            let records: Vec<_> = self.houses[at]
                .store
                .iter()
                .map(|(key, (version, bytes))| (*key, *version, bytes.clone()))
                .collect();
            for (key, version, bytes) in records {
                let record = Record {
                    key,
                    version,
                    bytes: &bytes,
                };
                let verdict = self.houses[at]
                    .node
                    .handle(self.now, Input::Restored(record));
                assert!(
                    matches!(verdict, Verdict::Accepted(_)),
                    "{key:?}: {verdict:?}"
                );
            }
            self.drain(at);
        }
        let mut list = CandidateList::new();
        assert!(list.push(Candidate::V4 {
            address: [127, 0, 0, 1],
            port: at as u16 + 1
        }));
        let mut buf = [0; 64];
        let len = list.emit(&mut buf).expect("room");
        self.input(at, Input::Command(Command::Candidates(&buf[..len])));
    }

    /// Stops a node and starts it again with the same identity, with its durable records or none.
    /// Its links are gone.
    pub fn restart(&mut self, at: usize, keep: bool) {
        self.stop(at);
        let seed = Seed::new(self.rng.array());
        let house = &mut self.houses[at];
        house.node = build(house.size, house.identity, house.config, seed, self.now);
        house.frozen = false;
        house.waiting.clear();
        if !keep {
            house.store.clear();
        }
        self.wake_up(at, keep);
    }

    /// A process that dies: it takes no input any more, and its neighbours see their links go.
    pub fn stop(&mut self, at: usize) {
        self.houses[at].frozen = true;
        let links: Vec<_> = self.links_of(at).collect();
        for link in links {
            self.cut(at, link);
        }
    }

    /// Seconds since 1970.
    pub fn unix(&self) -> u64 {
        EPOCH + self.now.as_millis() / 1_000
    }

    pub fn key(&self, house: usize) -> PublicKey {
        self.houses[house].key
    }

    fn links_of(&self, house: usize) -> impl Iterator<Item = LinkId> {
        let range = self.ends.range((house, 0)..=(house, u32::MAX));
        range.map(|((_, link), _)| LinkId(*link))
    }

    /// The links from one house to another, as the first one names them.
    pub fn links(&self, from: usize, to: usize) -> Vec<LinkId> {
        let range = self.ends.range((from, 0)..=(from, u32::MAX));
        let to = range.filter(|(_, end)| end.house == to);
        to.map(|((_, link), _)| LinkId(*link)).collect()
    }

    /// Connects two houses; returns the links' numbers at each end.
    pub fn link(&mut self, a: usize, b: usize, wire: Wire) -> (LinkId, LinkId) {
        let (la, lb) = (LinkId(self.next_link), LinkId(self.next_link + 1));
        self.next_link += 2;
        let end = |house, link| End {
            house,
            link,
            wire,
            up: true,
        };
        self.ends.insert((a, la.0), end(b, lb));
        self.ends.insert((b, lb.0), end(a, la));
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
        for (house, link) in [(a, link), (end.house, end.link)] {
            if !self.houses[house].frozen {
                self.input(house, Input::Link(LinkEvent::Down { link }));
            }
        }
    }

    /// Cuts every link between two houses.
    pub fn part(&mut self, a: usize, b: usize) {
        for link in self.links(a, b) {
            self.cut(a, link);
        }
    }

    /// Makes a link carry nothing (or again) without telling either end.
    pub fn deafen(&mut self, a: usize, link: LinkId, deaf: bool) {
        let Some(end) = self.ends.get_mut(&(a, link.0)) else {
            return;
        };
        end.up = !deaf;
        let other = (end.house, end.link.0);
        if let Some(end) = self.ends.get_mut(&other) {
            end.up = !deaf;
        }
    }

    /// Changes a link's character for what is sent from now on.
    pub fn rewire(&mut self, a: usize, link: LinkId, wire: Wire) {
        let end = self.ends.get_mut(&(a, link.0)).expect("a link");
        end.wire = wire;
        let other = (end.house, end.link.0);
        self.ends.get_mut(&other).expect("its other end").wire = wire;
    }

    /// Feeds one input and drains what comes of it.
    pub fn input(&mut self, house: usize, input: Input<'_>) -> Verdict {
        let now = self.now;
        let verdict = self.houses[house].node.handle(now, input);
        self.drain(house);
        verdict
    }

    /// Feeds bytes as if they had come over this link.
    pub fn inject(&mut self, house: usize, link: LinkId, bytes: &[u8]) -> Verdict {
        let mut bytes = bytes.to_vec();
        let bytes = bytes.as_mut_slice();
        self.input(house, Input::Datagram { link, bytes })
    }

    pub fn send(&mut self, from: usize, to: usize, payload: &[u8]) -> MessageId {
        let to = self.key(to);
        self.send_to(from, Send::new(to, payload))
    }

    pub fn send_to(&mut self, from: usize, send: Send<'_>) -> MessageId {
        match self.try_send(from, send) {
            Verdict::Accepted(Some(id)) => id,
            other => panic!("not accepted: {other:?}"),
        }
    }

    pub fn try_send(&mut self, from: usize, send: Send<'_>) -> Verdict {
        self.input(from, Input::Command(Command::Send(send)))
    }

    /// The application takes everything delivered to it so far.
    pub fn take_all(&mut self, house: usize) {
        let ids: Vec<_> = self.houses[house].received.iter().map(|r| r.id).collect();
        for id in ids {
            self.input(house, Input::Taken(id));
        }
    }

    /// What waited for a slow disk becomes durable.
    pub fn flush(&mut self, house: usize) {
        for change in std::mem::take(&mut self.houses[house].waiting) {
            match change {
                Waiting::Write(key, version, bytes) => {
                    self.houses[house].store.insert(key, (version, bytes));
                    let ok = true;
                    self.input(house, Input::Persisted { key, version, ok });
                }
                Waiting::Forget(key) => {
                    self.houses[house].store.remove(&key);
                }
            }
        }
    }

    fn drain(&mut self, house: usize) {
        let mut buf = vec![0; 70_000];
        loop {
            let now = self.now;
            let mut answer: Option<Answer> = None;
            match self.houses[house]
                .node
                .poll(&mut buf)
                .expect("a long buffer")
            {
                None => break,
                Some(Output::Transmit(transmit)) => {
                    let (link, bytes) = (transmit.link, transmit.bytes.to_vec());
                    self.transmit(house, link, bytes);
                }
                Some(Output::Deliver(delivery)) => {
                    let received = Received {
                        at: now,
                        id: delivery.id,
                        from: delivery.from,
                        payload: delivery.payload.to_vec(),
                        in_session: delivery.in_session,
                        path: delivery.declared_path.to_vec(),
                    };
                    self.houses[house].received.push(received);
                    if self.houses[house].takes {
                        answer = Some(Answer::Taken(delivery.id));
                    }
                }
                Some(Output::Notify(event)) => self.houses[house].events.push((now, event)),
                Some(Output::Dial { peer, .. }) => {
                    self.houses[house].dials.push(peer);
                    let other = self.houses.iter().position(|house| house.key == peer);
                    match (self.dial, other) {
                        (Some(after), Some(other)) => {
                            self.pending_dials.push((now.plus(after), house, other));
                        }
                        _ => answer = Some(Answer::DialFailed(peer)),
                    }
                }
                Some(Output::Close(link)) => {
                    if let Some(end) = self.ends.remove(&(house, link.0)) {
                        self.ends.remove(&(end.house, end.link.0));
                        let down = |link| Input::Link(LinkEvent::Down { link });
                        self.houses[house].node.handle(now, down(link));
                        self.houses[end.house].node.handle(now, down(end.link));
                        self.drain(end.house);
                    }
                }
                Some(Output::Persist(record)) => {
                    let (key, version, bytes) = (record.key, record.version, record.bytes.to_vec());
                    answer = self.persist(house, key, version, bytes);
                }
                Some(Output::Forget(key)) => match self.houses[house].disk {
                    Disk::Works | Disk::Fails => {
                        self.houses[house].store.remove(&key);
                    }
                    Disk::Slow => self.houses[house].waiting.push(Waiting::Forget(key)),
                },
            }
            let input = match answer {
                None => continue,
                Some(Answer::Taken(id)) => Input::Taken(id),
                Some(Answer::DialFailed(peer)) => Input::Link(LinkEvent::DialFailed { peer }),
                Some(Answer::Persisted(key, version, ok)) => Input::Persisted { key, version, ok },
            };
            self.houses[house].node.handle(now, input);
        }
    }

    fn persist(
        &mut self,
        house: usize,
        key: RecordKey,
        version: u32,
        bytes: Vec<u8>,
    ) -> Option<Answer> {
        let house = &mut self.houses[house];
        house.persisted.push((key, bytes.clone()));
        match house.disk {
            Disk::Works => {
                house.store.insert(key, (version, bytes));
                Some(Answer::Persisted(key, version, true))
            }
            Disk::Slow => {
                house.waiting.push(Waiting::Write(key, version, bytes));
                None
            }
            // Refused once per record: a driver that says so at once, each time, would never end.
            Disk::Fails => None,
        }
    }

    fn transmit(&mut self, house: usize, link: LinkId, mut bytes: Vec<u8>) {
        if self.keep_sent {
            self.houses[house].sent.push((link, bytes.clone()));
        }
        if self.houses[house].frozen {
            return;
        }
        if self.houses[house].swallows {
            wire::lose_envelopes(&mut bytes, wire::carries);
        }
        self.fly(house, link, bytes);
    }

    fn fly(&mut self, house: usize, link: LinkId, mut bytes: Vec<u8>) {
        let Some(end) = self.ends.get(&(house, link.0)).copied() else {
            return;
        };
        if !end.up || self.rng.below(100) < end.wire.loss_percent {
            return;
        }
        if let Some(meddler) = &mut self.meddler {
            meddler(house, end.house, &mut bytes);
        }
        if bytes.is_empty() {
            return;
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
            self.go_to(next);
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
            let Some(next) = self.next().filter(|next| *next <= end) else {
                self.now = end;
                return None;
            };
            self.go_to(next);
            self.step();
        }
    }

    /// Runs until a message is proven.
    pub fn run_until_delivered(&mut self, house: usize, id: MessageId, span: Span) -> Option<Span> {
        self.run_until(span, |v| v.is_delivered(house, id))
    }

    fn go_to(&mut self, next: Instant) {
        self.still = if next > self.now { 0 } else { self.still + 1 };
        assert!(
            self.still < 10_000,
            "the time stands still at {:?}",
            self.now
        );
        self.now = self.now.max(next);
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
            let bytes = bytes.as_mut_slice();
            self.input(house, Input::Datagram { link, bytes });
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
        self.states(house, id).last().copied()
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

    pub fn is_delivered(&self, house: usize, id: MessageId) -> bool {
        self.states(house, id).contains(&State::Delivered)
    }

    pub fn payloads(&self, house: usize) -> Vec<&[u8]> {
        self.houses[house]
            .received
            .iter()
            .map(|received| received.payload.as_slice())
            .collect()
    }

    /// How often a payload was handed to the application.
    pub fn times(&self, house: usize, payload: &[u8]) -> usize {
        self.payloads(house)
            .iter()
            .filter(|got| **got == payload)
            .count()
    }

    /// Sessions that this node was told can be used.
    pub fn sessions(&self, house: usize) -> usize {
        let events = self.houses[house].events.iter();
        events
            .filter(|(_, event)| matches!(event, Event::Session { .. }))
            .count()
    }

    pub fn drops(&self, house: usize, reason: Drop) -> u64 {
        self.houses[house].node.stats().drops(reason)
    }

    /// Entries in a table now.
    pub fn used(&self, house: usize, table: tom_core::error::TableName) -> u32 {
        let tables = self.houses[house].node.tables();
        tables
            .iter()
            .find(|entry| entry.table == table)
            .expect("a table")
            .len
    }

    /// The envelopes a house put out so far (needs `keep_sent`), with the links they left over.
    pub fn envelopes(&self, house: usize) -> Vec<(LinkId, Vec<u8>)> {
        let sent = self.houses[house].sent.iter();
        sent.flat_map(|(link, bytes)| {
            wire::envelopes(bytes)
                .into_iter()
                .map(|envelope| (*link, envelope))
        })
        .collect()
    }

    /// Of those, the ones that carry content.
    pub fn carried(&self, house: usize) -> Vec<Vec<u8>> {
        let all = self.envelopes(house).into_iter();
        all.map(|(_, envelope)| envelope)
            .filter(|envelope| wire::carries(envelope))
            .collect()
    }

    /// Nobody found an internal rule broken.
    pub fn assert_sound(&self) {
        for (at, house) in self.houses.iter().enumerate() {
            assert_eq!(house.node.stats().bugs, 0, "house {at}");
        }
    }
}

enum Answer {
    Taken(DeliveryId),
    DialFailed(PublicKey),
    Persisted(RecordKey, u32, bool),
}

pub fn clock(unix: u64) -> Input<'static> {
    Input::Clock {
        unix: UnixTime::from_secs(unix),
        error: Span::ZERO,
    }
}

fn up(link: LinkId, peer: PublicKey, wire: Wire, dialed: bool) -> Input<'static> {
    Input::Link(LinkEvent::Up {
        link,
        peer,
        mtu: wire.mtu,
        max_frame: wire.max_frame,
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

//! A small world for tapes: four nodes in a row, honest with each other, and an adversary who sees
//! and touches everything on the wire. It records each node's tape and knows the truth about every
//! message, so that no node can claim a delivery that did not happen.
//!
//! Everything is a function of the options and the operations.

use std::collections::{BTreeMap, BTreeSet};

use tom_core::Node;
use tom_core::config::{CARRIED_BY_ALL, Config, Profile};
use tom_core::entropy::Seed;
use tom_core::error::{Drop, Refusal};
use tom_core::identity::{Keys, PublicKey, SoftKeys};
use tom_core::input::{LinkId, SendResult};
use tom_core::output::{DeliveryId, Event, Output, RecordKey, State, Ticket, Verdict};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, Span};
use tom_core::wire::{
    Class, Envelope, Frame, Frames, Handle, Head, Kind, MessageId, NackCode, Ping, Proof,
    ReachAnswer, ReachAsk, Reference, Secret, Trailers, emit_nack, wrap_envelope,
};

use super::op::Op;
use super::{Owned, Tape, Transcript, check_tables, render};

/// 2027-01-15, a day like any other.
pub const EPOCH: u64 = 1_800_000_000;
/// How many nodes there are.
pub const NODES: usize = 4;
/// Which nodes a link joins; the last link is not there at the start.
const PAIRS: [(usize, usize); 4] = [(1, 0), (0, 2), (2, 3), (1, 3)];
/// Inputs one node may need at one moment before its deadline moves on.
const ROUNDS: usize = 2_000;

/// What a world is made of.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The seeds of all nodes follow from it.
    pub seed: u8,
    /// All nodes keep records.
    pub durable: bool,
    /// The capacities of all nodes.
    pub limits: Limits,
    /// Turns the order in which nodes are served at one moment.
    pub turn: usize,
}

impl Options {
    /// Nodes with the smallest tables there may be.
    pub fn starved(seed: u8) -> Self {
        Self {
            seed,
            durable: false,
            limits: Limits::minimum(),
            turn: 0,
        }
    }

    /// The settings of every node.
    pub fn config(&self) -> Config {
        Config {
            profile: Profile::Full,
            max_envelope: CARRIED_BY_ALL,
            durable: self.durable,
            seal_opens_per_second: 20,
            ..Config::default()
        }
    }

    /// Node `at` of this world, new.
    pub fn node(&self, at: usize) -> Node<Heap> {
        Node::new(
            Heap::new(self.limits),
            keys(at),
            self.config(),
            self.node_seed(at),
            Instant::ZERO,
        )
        .expect("valid capacities")
    }

    /// The seed of node `at`.
    pub fn node_seed(&self, at: usize) -> Seed {
        Seed::new([self.seed ^ (at as u8).wrapping_mul(0x35); 32])
    }
}

/// The identity of node `at`.
pub fn keys(at: usize) -> SoftKeys {
    SoftKeys::from_seed([at as u8 + 1; 32])
}

/// The public key of node `at`.
pub fn public(at: usize) -> PublicKey {
    *keys(at).public()
}

/// One node and what its driver knows.
pub struct House {
    pub node: Node<Heap>,
    pub tape: Tape,
    pub transcript: Transcript,
    takes: bool,
    held: Vec<DeliveryId>,
    last: Option<(PublicKey, DeliveryId)>,
    /// Payloads delivered, each at most once.
    delivered: BTreeSet<Vec<u8>>,
    pub in_session: usize,
    lazy: bool,
    disk: u8,
    written: Vec<(RecordKey, u32, Vec<u8>)>,
    tickets: Vec<Ticket>,
    unix_at: u64,
}

/// A link as it is now.
#[derive(Clone, Copy)]
struct Wire {
    /// The numbers at both ends; each time the link comes up they are new.
    ends: [LinkId; 2],
    up: bool,
}

/// A datagram's way: when, to whom, over which link, its number there. In this order they arrive.
type Flight = (Instant, usize, u32, u64);

/// The world.
pub struct World {
    pub now: Instant,
    pub houses: Vec<House>,
    options: Options,
    wires: [Wire; 4],
    next_link: u32,
    /// In the air: when, to whom, over which link, its number there.
    air: BTreeMap<Flight, Vec<u8>>,
    sent_over: BTreeMap<u32, u64>,
    /// What went over the wire lately: when, to whom, over which link and its number there; the pair
    /// and the bytes.
    seen: BTreeMap<Flight, (usize, Vec<u8>)>,
    /// Every message accepted: its sender, recipient and payload.
    accepted: BTreeMap<(usize, MessageId), (usize, Vec<u8>)>,
    serial: u64,
    /// Records were offered out of turn or with other bytes. They are trusted, so nothing is promised
    /// any more but that the node survives.
    muddled: bool,
    /// Inputs that found no room although everything had been drained.
    pub crowded: usize,
}

impl World {
    /// Four nodes and three links: 1 - 0 - 2 - 3.
    pub fn new(options: Options) -> Self {
        let houses = (0..NODES).map(|at| House {
            node: options.node(at),
            tape: Tape::new(),
            transcript: Transcript::new(),
            takes: true,
            held: Vec::new(),
            last: None,
            delivered: BTreeSet::new(),
            in_session: 0,
            lazy: false,
            disk: 0,
            written: Vec::new(),
            tickets: Vec::new(),
            unix_at: EPOCH,
        });
        let wire = Wire {
            ends: [LinkId(0), LinkId(0)],
            up: false,
        };
        let mut world = Self {
            now: Instant::ZERO,
            houses: houses.collect(),
            options,
            wires: [wire; 4],
            next_link: 1,
            air: BTreeMap::new(),
            sent_over: BTreeMap::new(),
            seen: BTreeMap::new(),
            accepted: BTreeMap::new(),
            serial: 0,
            muddled: false,
            crowded: 0,
        };
        for at in 0..NODES {
            world.feed(at, Owned::Clock(EPOCH));
            let list = [1, 4, 6, 127, 0, 0, at as u8 + 1, 7, 7];
            world.feed(at, Owned::Candidates(list.to_vec()));
        }
        for pair in 0..3 {
            world.connect(pair);
        }
        world.wait(100);
        world
    }

    /// Runs a world through all of these and checks it after each.
    pub fn run(options: Options, ops: &[Op]) -> Self {
        let mut world = Self::new(options);
        for op in ops {
            world.apply(op);
            world.check();
        }
        world
    }

    /// What holds at every moment.
    pub fn check(&self) {
        for house in &self.houses {
            check_tables(&house.node);
        }
    }

    /// Puts everything in order and lets time pass: whatever was done, the clocks run on.
    pub fn settle(&mut self, ms: u32) {
        for at in 0..NODES {
            self.houses[at].disk = 0;
            self.apply(&Op::Lazy(at as u8, false));
            self.apply(&Op::Takes(at as u8, true));
        }
        for end in 0..8 {
            self.apply(&Op::Blocked(end, false));
        }
        for pair in 0..4 {
            self.apply(&Op::Link(pair, true));
        }
        self.wait(ms);
        self.check();
    }

    /// Sessions that became usable, over all nodes.
    pub fn sessions(&self) -> u64 {
        self.houses
            .iter()
            .map(|house| house.node.stats().sessions)
            .sum()
    }

    /// Messages that arrived in a session.
    pub fn in_session(&self) -> usize {
        self.houses.iter().map(|house| house.in_session).sum()
    }

    /// All nodes' counted drops.
    pub fn drops(&self, reason: Drop) -> u64 {
        self.houses
            .iter()
            .map(|house| house.node.stats().drops(reason))
            .sum()
    }

    /// Does one thing.
    pub fn apply(&mut self, op: &Op) {
        while self.seen.len() > 64 {
            self.seen.pop_first();
        }
        match *op {
            Op::Wait(ms) => self.wait(ms),
            Op::Send {
                from,
                to,
                len,
                class,
                trace,
                secs,
            } => {
                self.send(node(from), node(to), usize::from(len), class, trace, secs);
            }
            Op::Read(at) => {
                if let Some((from, id)) = self.houses[node(at)].last {
                    self.feed(node(at), Owned::Read(from, id));
                }
            }
            Op::Takes(at, takes) => {
                self.houses[node(at)].takes = takes;
                if takes {
                    for id in std::mem::take(&mut self.houses[node(at)].held) {
                        self.feed(node(at), Owned::Taken(id));
                    }
                }
            }
            Op::Link(pair, true) => self.connect(usize::from(pair) % 4),
            Op::Link(pair, false) => self.disconnect(usize::from(pair) % 4),
            Op::Blocked(end, blocked) => {
                let (at, link, _) = self.end(end);
                self.feed(
                    at,
                    if blocked {
                        Owned::Blocked(link)
                    } else {
                        Owned::Writable(link)
                    },
                );
            }
            Op::Mtu(end, mtu) => {
                let (at, link, _) = self.end(end);
                self.feed(at, Owned::Changed(link, u32::from(mtu)));
            }
            Op::Failed(at) => {
                if let Some(ticket) = self.houses[node(at)].tickets.pop() {
                    self.feed(node(at), Owned::Sent(ticket, SendResult::Failed));
                }
            }
            Op::Replay(pick) => {
                if let Some((to, pair, bytes)) = self.pick(pick) {
                    self.arrive(to, pair, bytes);
                }
            }
            Op::Garble {
                pick,
                how,
                at,
                with,
            } => self.garble(pick, how, at, with),
            Op::Raw(end, ref bytes) => {
                let (at, link, _) = self.end(end);
                self.feed(at, Owned::Datagram(link, bytes.clone()));
            }
            Op::Lie {
                end,
                kind,
                pick,
                with,
            } => self.lie(end, kind, pick, with),
            Op::Clock(at, off) => {
                let at = node(at);
                let unix = EPOCH + self.now.as_millis() / 1_000;
                let unix = unix.saturating_add_signed(i64::from(off));
                self.houses[at].unix_at = unix;
                self.feed(at, Owned::Clock(unix));
            }
            Op::Back(at, ms) => {
                let now = self.now;
                let past = now.as_millis().saturating_sub(u64::from(ms) + 1);
                self.feed_at(node(at), Instant::from_millis(past), Owned::Tick);
            }
            Op::Tick(at) => {
                self.feed(node(at), Owned::Tick);
            }
            Op::Reseed(at, with) => {
                self.feed(node(at), Owned::Reseed([with; 32]));
            }
            Op::Disk(at, mode) => self.houses[node(at)].disk = mode % 3,
            Op::Restore {
                node: at,
                pick,
                at: place,
                with,
            } => self.restore(node(at), pick, place, with),
            Op::Lazy(at, lazy) => {
                let at = node(at);
                self.houses[at].lazy = lazy;
                if !lazy {
                    self.pump(at);
                    self.tick_due(at);
                }
            }
        }
    }

    /// The end of a link that a number names: the node, the link there, the pair.
    fn end(&self, end: u8) -> (usize, LinkId, usize) {
        let pair = usize::from(end / 2) % 4;
        let side = usize::from(end % 2);
        let (a, b) = PAIRS[pair];
        ([a, b][side], self.wires[pair].ends[side], pair)
    }

    fn connect(&mut self, pair: usize) {
        if self.wires[pair].up {
            return;
        }
        let ends = [LinkId(self.next_link), LinkId(self.next_link + 1)];
        self.next_link += 2;
        self.wires[pair] = Wire { ends, up: true };
        let (a, b) = PAIRS[pair];
        for (side, (at, other)) in [(a, b), (b, a)].into_iter().enumerate() {
            let observed = vec![1, 4, 6, 10, 0, 0, other as u8, 9, 9];
            self.feed(
                at,
                Owned::Up {
                    link: ends[side],
                    peer: public(other),
                    mtu: 1_200,
                    max_frame: 65_538,
                    dialed: side == 0,
                    observed,
                },
            );
        }
    }

    fn disconnect(&mut self, pair: usize) {
        if !std::mem::replace(&mut self.wires[pair].up, false) {
            return;
        }
        let (a, b) = PAIRS[pair];
        for (side, at) in [a, b].into_iter().enumerate() {
            self.feed(at, Owned::Down(self.wires[pair].ends[side]));
        }
    }

    fn send(&mut self, from: usize, to: usize, len: usize, class: u8, trace: bool, secs: u16) {
        self.serial += 1;
        let mut payload = self.serial.to_le_bytes().to_vec();
        payload.resize(len.max(8), class);
        let class = [Class::Interactive, Class::Normal, Class::Bulk][usize::from(class) % 3];
        let lifetime = (secs > 0).then(|| Span::from_secs(u64::from(secs)));
        let input = Owned::Send {
            to: public(to),
            payload: payload.clone(),
            lifetime,
            class,
            trace,
        };
        let verdict = self.feed(from, input);
        if let Verdict::Accepted(Some(id)) = verdict {
            self.accepted.insert((from, id), (to, payload));
        }
        if let Verdict::Accepted(None) = verdict {
            panic!("an accepted message has an id");
        }
    }

    fn pick(&self, pick: u8) -> Option<(usize, usize, Vec<u8>)> {
        // The newest ones first: they are about what is still under way.
        let back = usize::from(pick) % self.seen.len().max(1);
        let ((_, to, _, _), (pair, bytes)) = self.seen.iter().rev().nth(back)?;
        Some((*to, *pair, bytes.clone()))
    }

    fn arrive(&mut self, to: usize, pair: usize, bytes: Vec<u8>) {
        let side = usize::from(PAIRS[pair].1 == to);
        self.feed(to, Owned::Datagram(self.wires[pair].ends[side], bytes));
    }

    /// A datagram arrives at `to` over its link from `from`.
    pub fn arrive_from(&mut self, from: usize, to: usize, bytes: Vec<u8>) {
        let pair = PAIRS
            .iter()
            .position(|pair| *pair == (from, to) || *pair == (to, from));
        self.arrive(to, pair.expect("neighbours"), bytes);
    }

    /// Runs to a moment, unless it is past.
    pub fn wait_until(&mut self, at: Instant) {
        let ms = at.since(self.now).as_millis();
        self.wait(u32::try_from(ms).expect("a short wait"));
    }

    fn garble(&mut self, pick: u8, how: u8, at: u16, with: u8) {
        let Some((to, pair, mut bytes)) = self.pick(pick) else {
            return;
        };
        let place = usize::from(at) % bytes.len().max(1);
        match how % 8 {
            0 => bytes[place] ^= 1 << (with % 8),
            1 => bytes[place] = with,
            2 => bytes.truncate(place),
            3 => bytes.insert(place, with),
            4 => {
                let tail = bytes[place..].to_vec();
                bytes.extend(tail);
            }
            5 => {
                if let Some((_, _, other)) = self.pick(with) {
                    bytes.truncate(place);
                    bytes.extend(other.get(place..).unwrap_or_default());
                }
            }
            // The header of the first envelope: attempt and hops are nobody's secret.
            6 => {
                if let Some(path) = bytes.get_mut(7) {
                    *path = with;
                }
            }
            _ => {
                // It arrives over another link, or at another node.
                let (to, link, _) = self.end(with);
                self.feed(to, Owned::Datagram(link, bytes));
                return;
            }
        }
        self.arrive(to, pair, bytes);
    }

    /// A neighbour that lies in good form.
    fn lie(&mut self, end: u8, kind: u8, pick: u8, with: u8) {
        let (at, link, _) = self.end(end);
        let references: Vec<Reference> =
            self.accepted.keys().map(|(_, id)| id.reference()).collect();
        let count = references.len().max(1);
        let reference = references
            .get(references.len().wrapping_sub(1 + usize::from(pick) % count))
            .copied()
            .unwrap_or(Reference([with; 8]));
        let handle = if with < 128 {
            public(node(with)).handle()
        } else {
            Handle([with; 8])
        };
        let expiry = (EPOCH + 600) as u32;
        let mut out = [0; 256];
        let nonce = u32::from(with);
        let made = match kind % 7 {
            0 => {
                let mut bytes = vec![3, 9, 0, 1];
                bytes.extend(reference.0);
                Ok(copy(&bytes, &mut out))
            }
            1 => Frame::Passed(reference).emit(&mut out),
            2 => Frame::ReachAsk(ReachAsk {
                handle,
                nonce,
                ttl: pick % 3,
            })
            .emit(&mut out),
            3 => Frame::ReachAnswer(ReachAnswer {
                handle,
                nonce,
                distance: pick,
            })
            .emit(&mut out),
            4 => Frame::Ping(Ping {
                nonce,
                reply: pick & 1 == 1,
            })
            .emit(&mut out),
            5 => {
                let proof = Proof {
                    reference,
                    secret: Secret([with; 16]),
                };
                let mut body = [0; 40];
                ack(&mut body, expiry, proof).and_then(|len| {
                    let end = 5 + len;
                    out[5..end].copy_from_slice(&body[..len]);
                    wrap_envelope(&mut out, len, &Trailers::NONE)
                })
            }
            _ => {
                let code = NackCode::from_code(1 + with % 4).unwrap_or(NackCode::NoKey);
                let head = Head::answer(Kind::Nack, expiry);
                emit_nack(&mut out[5..], &head, reference, code, 1_200)
                    .and_then(|len| wrap_envelope(&mut out, len, &Trailers::NONE))
            }
        };
        let len = made.expect("room for a small frame");
        self.feed(at, Owned::Datagram(link, out[..len].to_vec()));
    }

    fn restore(&mut self, at: usize, pick: u8, place: u16, with: u8) {
        let written = &self.houses[at].written;
        let back = usize::from(pick) % written.len().max(1);
        let Some((key, version, mut bytes)) = written.iter().rev().nth(back).cloned() else {
            return;
        };
        if with != 0 {
            let place = usize::from(place) % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= with;
            }
            if with & 0x80 != 0 {
                bytes.truncate(place);
            }
        }
        self.muddled = true;
        self.feed(at, Owned::Restored(key, version, bytes));
    }

    /// Feeds one input now; drains unless the driver is lazy.
    pub fn feed(&mut self, at: usize, input: Owned) -> Verdict {
        self.feed_at(at, self.now, input)
    }

    fn feed_at(&mut self, at: usize, now: Instant, input: Owned) -> Verdict {
        let house = &mut self.houses[at];
        // A datagram of many frames may use up the room it found; a single one must fit.
        let single = match &input {
            Owned::Datagram(_, bytes) => Frames::new(bytes).take(2).count() < 2,
            _ => true,
        };
        let verdict = input.feed(&mut house.node, now);
        house.tape.push((now, input));
        if !house.lazy {
            let crowded = verdict == Verdict::Dropped(Drop::Backpressure)
                || verdict == Verdict::Refused(Refusal::Backpressure);
            if single && crowded {
                self.crowded += 1;
            }
            self.pump(at);
        }
        verdict
    }

    /// Drains a node and does what it says.
    fn pump(&mut self, at: usize) {
        let mut buf = vec![0; self.houses[at].node.max_output()];
        let mut answers = Vec::new();
        while let Some(output) = self.houses[at].node.poll(&mut buf).expect("room") {
            let rendered = render(&output);
            let house = &mut self.houses[at];
            match output {
                Output::Transmit(transmit) => {
                    house.tickets.push(transmit.ticket);
                    if house.tickets.len() > 8 {
                        house.tickets.remove(0);
                    }
                    let (link, bytes) = (transmit.link, transmit.bytes.to_vec());
                    self.fly(at, link, bytes);
                }
                Output::Dial { peer, .. } => answers.push(Owned::DialFailed(peer)),
                Output::Close(link) => {
                    if let Some(pair) = self.pair_of(link) {
                        self.wires[pair].up = false;
                        let (a, b) = PAIRS[pair];
                        let other = if a == at { b } else { a };
                        let side = usize::from(b == other);
                        answers.push(Owned::Down(link));
                        let other_link = self.wires[pair].ends[side];
                        // The other driver learns of it when it next looks.
                        let key = (self.now, other, other_link.0, u64::MAX);
                        self.air.insert(key, Vec::new());
                    }
                }
                Output::Deliver(delivery) => {
                    let payload = delivery.payload.to_vec();
                    let (id, from) = (delivery.id, delivery.from);
                    house.in_session += usize::from(delivery.in_session);
                    house.last = Some((from, id));
                    if house.takes {
                        answers.push(Owned::Taken(id));
                    } else {
                        house.held.push(id);
                    }
                    self.delivered(at, &from, payload);
                }
                Output::Notify(event) => self.told(at, event),
                Output::Persist(record) => {
                    let written = (record.key, record.version, record.bytes.to_vec());
                    if house.written.len() > 64 {
                        house.written.remove(0);
                    }
                    house.written.push(written);
                    if house.disk < 2 {
                        let ok = house.disk == 0;
                        // A failed write is offered again at once: not answered at this moment, or
                        // a broken disk would keep the node busy for ever.
                        if ok {
                            answers.push(Owned::Persisted(record.key, record.version, ok));
                        } else if house.written.len().is_multiple_of(4) {
                            answers.push(Owned::Persisted(record.key, record.version, false));
                        }
                    }
                }
                Output::Forget(_) => {}
            }
            self.houses[at].transcript.push((self.now, rendered));
        }
        let now = self.now;
        for answer in answers {
            self.feed_at(at, now, answer);
        }
    }

    fn pair_of(&self, link: LinkId) -> Option<usize> {
        self.wires
            .iter()
            .position(|wire| wire.up && wire.ends.contains(&link))
    }

    fn fly(&mut self, from: usize, link: LinkId, bytes: Vec<u8>) {
        let Some(pair) = self.pair_of(link) else {
            return;
        };
        let (a, b) = PAIRS[pair];
        let to = if a == from { b } else { a };
        let side = usize::from(b == to);
        let link = self.wires[pair].ends[side].0;
        let number = self.sent_over.entry(link).or_default();
        *number += 1;
        self.seen
            .insert((self.now, to, link, *number), (pair, bytes.clone()));
        // Trimmed between moments only, so that the order within one does not show.
        let at = self.now.plus(Span::from_millis(3 + 4 * pair as u64));
        self.air.insert((at, to, link, *number), bytes);
    }

    /// An application got something: it was meant for it, and it never had it before.
    fn delivered(&mut self, at: usize, from: &PublicKey, payload: Vec<u8>) {
        if self.muddled {
            self.houses[at].delivered.insert(payload);
            return;
        }
        let sent = self.accepted.iter().any(|((sender, _), (to, sent))| {
            public(*sender) == *from && *to == at && *sent == payload
        });
        assert!(sent, "node {at} was given what nobody sent it");
        let fresh = self.houses[at].delivered.insert(payload);
        assert!(fresh, "node {at} was given a message twice");
    }

    /// An application was told something: it is true.
    fn told(&mut self, at: usize, event: Event) {
        let Event::Message { id, state } = event else {
            assert!(!matches!(event, Event::Bug(_)), "{event:?}");
            return;
        };
        if !self.muddled && (state == State::Delivered || state == State::Read) {
            let Some((to, payload)) = self.accepted.get(&(at, id)) else {
                panic!("node {at} was told of a message that is not its own");
            };
            assert!(
                self.houses[*to].delivered.contains(payload),
                "{state:?}, and it was not"
            );
        }
    }

    fn next(&self) -> Option<Instant> {
        let air = self.air.keys().next().map(|key| key.0);
        let awake = self.houses.iter().filter(|house| !house.lazy);
        let deadline = awake
            .filter_map(|house| house.node.deadline())
            .map(|d| d.at)
            .min();
        [air, deadline].into_iter().flatten().min()
    }

    fn wait(&mut self, ms: u32) {
        let end = self.now.plus(Span::from_millis(u64::from(ms)));
        let mut rounds = 0;
        while let Some(next) = self.next().filter(|next| *next <= end) {
            rounds = if next > self.now { 0 } else { rounds + 1 };
            assert!(rounds < ROUNDS, "time stands still at {:?}", self.now);
            self.now = self.now.max(next);
            self.moment();
        }
        self.now = end;
    }

    /// What is due now, node by node; in which order must not matter to any of them.
    fn moment(&mut self) {
        let now = self.now;
        let later = self
            .air
            .split_off(&(now.plus(Span::from_millis(1)), 0, 0, 0));
        let due = std::mem::replace(&mut self.air, later);
        for place in 0..NODES {
            let at = (place + self.options.turn) % NODES;
            let at = if self.options.turn >= NODES {
                NODES - 1 - at
            } else {
                at
            };
            for ((_, to, link, number), bytes) in &due {
                if *to != at {
                    continue;
                }
                let known = self
                    .wires
                    .iter()
                    .any(|wire| wire.ends.contains(&LinkId(*link)));
                if *number == u64::MAX {
                    self.feed(at, Owned::Down(LinkId(*link)));
                } else if known {
                    self.feed(at, Owned::Datagram(LinkId(*link), bytes.clone()));
                }
            }
            self.tick_due(at);
        }
    }

    fn tick_due(&mut self, at: usize) {
        let due = self.houses[at]
            .node
            .deadline()
            .is_some_and(|d| d.at <= self.now);
        if due && !self.houses[at].lazy {
            self.feed(at, Owned::Tick);
        }
    }
}

fn node(number: u8) -> usize {
    usize::from(number) % NODES
}

fn copy(bytes: &[u8], out: &mut [u8]) -> usize {
    out[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}

fn ack(out: &mut [u8], expiry: u32, proof: Proof) -> Result<usize, tom_core::wire::TooShort> {
    let head = Head::answer(Kind::Ack, expiry);
    Ok(tom_core::wire::AckWriter::start(out, &head, proof)?.finish())
}

/// Whether these bytes hold an envelope of some kind.
pub fn holds(bytes: &[u8], kind: Kind) -> bool {
    Frames::new(bytes).flatten().any(|frame| match frame {
        Frame::Envelope { bytes, .. } => {
            Envelope::parse(bytes).is_ok_and(|envelope: Envelope<'_>| envelope.head.kind == kind)
        }
        _ => false,
    })
}

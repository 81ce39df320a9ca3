//! A handful of nodes in memory, and a tape of what is done to them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tom_core::config::Config;
use tom_core::entropy::Seed;
use tom_core::identity::PublicKey;
use tom_core::input::{Command, Input, LinkEvent, LinkId, Send};
use tom_core::node::Node;
use tom_core::output::{DeliveryId, Event, Output, State, Verdict};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, Span, UnixTime};
use tom_core::wire::{Envelope, Frame, Frames, MessageId};
use tom_sim::draw::mix;
use tom_sim::suite::SimSuite;

const EPOCH: u64 = 1_800_000_000;

/// What is done to a village, besides letting time pass.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// One message of this many bytes.
    Send(usize, usize, usize),
    /// Everything that was delivered to a node and not yet read is read.
    Read(usize),
    /// So many milliseconds pass.
    Pass(u64),
    /// A node loses all but its identity; its links come up again.
    Restart(usize),
    /// A link goes.
    Cut(usize, usize),
    /// From here on datagrams are lost, doubled and damaged.
    Foul,
}

/// A tape and what the network does to it.
#[derive(Clone, Debug)]
pub(crate) struct Tape {
    pub(crate) seed: u64,
    pub(crate) nodes: usize,
    pub(crate) links: Vec<(usize, usize)>,
    /// Of so many datagrams one is lost, by its index; 0: none.
    pub(crate) lose: u64,
    /// Of so many datagrams one has a bit changed.
    pub(crate) damage: u64,
    /// Of so many datagrams one comes twice.
    pub(crate) double: u64,
    pub(crate) steps: Vec<Step>,
}

/// What was seen of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Lines to be equal under all suites.
    pub(crate) course: Vec<String>,
    /// The bytes of every datagram.
    pub(crate) bytes: Vec<Vec<u8>>,
    /// What happened at least once, so that a tape shows what it is for.
    pub(crate) delivered: usize,
    pub(crate) read: usize,
    pub(crate) in_session: usize,
}

struct House<C: SimSuite> {
    node: Node<Heap, C::Keys, C>,
    /// Messages of this node, numbered as they were accepted: ids differ between suites.
    sent: Vec<MessageId>,
    unread: Vec<(PublicKey, DeliveryId)>,
    starts: u64,
}

struct Village<'t, C: SimSuite> {
    tape: &'t Tape,
    now: Instant,
    houses: Vec<House<C>>,
    /// From (node, link number) to the other end.
    ends: BTreeMap<(usize, u32), (usize, u32)>,
    next_link: u32,
    air: BTreeMap<(Instant, u64), (usize, u32, Vec<u8>)>,
    number: u64,
    foul: bool,
    seen: Seen,
}

/// Changes one bit of what is sealed in a datagram. Elsewhere one bit can make a length wrong, and
/// then sealed bytes are read as frames: what they seem to be does depend on the suite.
fn damage(datagram: &mut [u8], number: u64) {
    let mut frames = Frames::new(datagram);
    let mut at = 0;
    let mut sealed = None;
    while let Some(frame) = frames.next() {
        let end = datagram.len() - frames.rest().len();
        if let Ok(Frame::Envelope { bytes, .. }) = frame
            && bytes.len() > 40
        {
            sealed = Some((at + 5 + 40, bytes.len() - 40));
        }
        at = end;
    }
    if let Some((at, len)) = sealed {
        let bit = mix(number ^ 5 << 40) as usize % (len * 8);
        datagram[at + bit / 8] ^= 1 << (bit % 8);
    }
}

/// A payload in few characters.
fn digest(payload: &[u8]) -> String {
    let sum = payload
        .iter()
        .fold(0, |sum, byte| mix(sum ^ u64::from(*byte)));
    format!("{} bytes {sum:016x}", payload.len())
}

fn bytes32(seed: u64, n: u64) -> [u8; 32] {
    let mut out = [0; 32];
    for (at, chunk) in out.chunks_mut(8).enumerate() {
        chunk.copy_from_slice(&mix(mix(seed ^ n << 32) ^ at as u64).to_le_bytes());
    }
    out
}

fn limits() -> Limits {
    Limits {
        links: 8,
        contacts: 32,
        sessions: 32,
        pending: 16,
        outbox: 512,
        proofs: 1_024,
        inbox: 512,
        opened: 128,
        delivered: 128,
        forwards: 64,
        returns: 512,
        routes: 64,
        asks: 8,
        jobs: 4_096,
        blocks: 2_048,
        scratch: 65_533,
    }
}

/// The kinds of a datagram's frames, and of the envelopes in them.
fn kinds(datagram: &[u8]) -> String {
    let mut text = String::new();
    for frame in Frames::new(datagram) {
        match frame {
            Ok(Frame::Envelope { bytes, .. }) => match Envelope::parse(bytes) {
                Ok(envelope) => write!(text, " {:?}", envelope.body.kind()),
                Err(error) => write!(text, " {error:?}"),
            },
            Ok(other) => write!(text, " {:?}", other.frame_type()),
            Err(error) => write!(text, " {error:?}"),
        }
        .expect("a string");
    }
    text
}

impl<'t, C: SimSuite> Village<'t, C> {
    fn new(tape: &'t Tape) -> Self {
        C::begin();
        let mut village = Self {
            tape,
            now: Instant::ZERO,
            houses: Vec::new(),
            ends: BTreeMap::new(),
            next_link: 1,
            air: BTreeMap::new(),
            number: 0,
            foul: false,
            seen: Seen::default(),
        };
        for at in 0..tape.nodes {
            let node = village.born(at, 0);
            village.houses.push(House {
                node,
                sent: Vec::new(),
                unread: Vec::new(),
                starts: 0,
            });
            village.set_clock(at);
        }
        for (a, b) in tape.links.clone() {
            village.link(a, b);
        }
        village
    }

    fn born(&self, at: usize, starts: u64) -> Node<Heap, C::Keys, C> {
        let keys = C::keys(bytes32(self.tape.seed, at as u64));
        let seed = Seed::new(bytes32(self.tape.seed ^ 1 << 40, at as u64 + (starts << 8)));
        let storage = Heap::new(limits());
        Node::with_suite(storage, keys, Config::default(), seed, self.now).expect("valid")
    }

    fn set_clock(&mut self, at: usize) {
        let unix = UnixTime::from_secs(EPOCH + self.now.as_millis() / 1_000);
        let error = Span::ZERO;
        self.input(at, Input::Clock { unix, error });
    }

    fn link(&mut self, a: usize, b: usize) {
        let (la, lb) = (self.next_link, self.next_link + 1);
        self.next_link += 2;
        self.ends.insert((a, la), (b, lb));
        self.ends.insert((b, lb), (a, la));
        let keys = [a, b].map(|at| *self.houses[at].node.public());
        for (at, link, peer, dialed) in [(a, la, keys[1], true), (b, lb, keys[0], false)] {
            let up = LinkEvent::Up {
                link: LinkId(link),
                peer,
                mtu: 1_200,
                max_frame: 65_538,
                dialed,
                observed: &[],
            };
            self.input(at, Input::Link(up));
        }
    }

    fn cut(&mut self, a: usize, link: u32) {
        let Some((b, other)) = self.ends.remove(&(a, link)) else {
            return;
        };
        self.ends.remove(&(b, other));
        for (at, link) in [(a, link), (b, other)] {
            let link = LinkId(link);
            self.input(at, Input::Link(LinkEvent::Down { link }));
        }
    }

    fn links_of(&self, at: usize) -> Vec<(u32, usize)> {
        let range = self.ends.range((at, 0)..=(at, u32::MAX));
        range
            .map(|((_, link), (other, _))| (*link, *other))
            .collect()
    }

    fn note(&mut self, text: std::fmt::Arguments<'_>) {
        let line = format!("{} {text}", self.now.as_millis());
        self.seen.course.push(line);
    }

    fn input(&mut self, at: usize, input: Input<'_>) -> Verdict {
        let verdict = self.houses[at].node.handle(self.now, input);
        // Ids differ between suites.
        let shown = match verdict {
            Verdict::Accepted(id) => {
                self.houses[at].sent.extend(id);
                None
            }
            other => Some(other),
        };
        if let Some(shown) = shown {
            self.note(format_args!("{at} {shown:?}"));
        }
        self.drain(at);
        verdict
    }

    fn drain(&mut self, at: usize) {
        let mut buf = vec![0; self.houses[at].node.max_output()];
        loop {
            let mut taken = None;
            match self.houses[at].node.poll(&mut buf).expect("long enough") {
                None => break,
                Some(Output::Transmit(transmit)) => {
                    let (link, bytes) = (transmit.link.0, transmit.bytes.to_vec());
                    self.transmit(at, link, bytes);
                }
                Some(Output::Deliver(delivery)) => {
                    let from = delivery.from;
                    taken = Some(delivery.id);
                    let in_session = delivery.in_session;
                    let line = format!("{at} got {} of {from}", digest(delivery.payload));
                    self.houses[at].unread.push((from, delivery.id));
                    self.seen.in_session += usize::from(in_session);
                    self.note(format_args!("{line} {in_session}"));
                }
                Some(Output::Notify(Event::Message { id, state })) => {
                    let which = self.houses[at].sent.iter().position(|sent| *sent == id);
                    self.seen.delivered += usize::from(state == State::Delivered);
                    self.seen.read += usize::from(state == State::Read);
                    self.note(format_args!("{at} {which:?} {state:?}"));
                }
                Some(Output::Notify(event)) => self.note(format_args!("{at} {event:?}")),
                Some(Output::Dial { peer, .. }) => {
                    self.note(format_args!("{at} dials {peer}"));
                    let failed = LinkEvent::DialFailed { peer };
                    self.houses[at].node.handle(self.now, Input::Link(failed));
                }
                Some(Output::Close(link)) => {
                    self.note(format_args!("{at} closes {link:?}"));
                }
                Some(Output::Persist(_) | Output::Forget(_)) => {}
            }
            if let Some(id) = taken {
                self.houses[at].node.handle(self.now, Input::Taken(id));
            }
        }
    }

    /// Fate is drawn for the datagram's number alone, so that it is the same under every suite.
    fn transmit(&mut self, from: usize, link: u32, mut bytes: Vec<u8>) {
        let Some(&(to, far)) = self.ends.get(&(from, link)) else {
            return;
        };
        self.number += 1;
        let (number, tape) = (self.number, self.tape);
        let foul = self.foul;
        let fate = |every: u64, salt: u64| {
            foul && every > 0 && mix(number ^ salt << 48).is_multiple_of(every)
        };
        let lost = fate(tape.lose, tape.seed ^ 1);
        let line = format!("{from}>{to} {}{}", bytes.len(), kinds(&bytes));
        self.note(format_args!("{line}{}", if lost { " lost" } else { "" }));
        self.seen.bytes.push(bytes.clone());
        if lost {
            return;
        }
        let delay = 5 + mix(number ^ tape.seed) % 30;
        if fate(tape.double, tape.seed ^ 2) {
            let late = self.now.plus(Span::from_millis(delay + 400));
            self.air
                .insert((late, number << 1 | 1), (to, far, bytes.clone()));
        }
        if fate(tape.damage, tape.seed ^ 3) {
            damage(&mut bytes, number);
        }
        let at = self.now.plus(Span::from_millis(delay));
        self.air.insert((at, number << 1), (to, far, bytes));
    }

    /// Lets time pass: what comes first, a datagram or a deadline.
    fn pass(&mut self, ms: u64) {
        let end = self.now.plus(Span::from_millis(ms));
        loop {
            let due = |house: &House<C>| house.node.deadline().map(|deadline| deadline.at);
            let wake = (0..self.houses.len())
                .filter_map(|at| Some((due(&self.houses[at])?, at)))
                .min();
            let packet = self.air.keys().next().copied();
            let next = match (wake, packet) {
                (Some((at, _)), Some((when, _))) => at.min(when),
                (Some((at, _)), None) => at,
                (None, Some((when, _))) => when,
                (None, None) => break,
            };
            if next > end {
                break;
            }
            self.now = self.now.max(next);
            match packet {
                Some(key) if key.0 == next => {
                    let (to, link, mut bytes) = self.air.remove(&key).expect("it is there");
                    let link = LinkId(link);
                    if self.ends.contains_key(&(to, link.0)) {
                        let bytes = bytes.as_mut_slice();
                        self.input(to, Input::Datagram { link, bytes });
                    }
                }
                _ => {
                    let (_, at) = wake.expect("it was the sooner one");
                    self.input(at, Input::Tick);
                }
            }
        }
        self.now = end;
    }

    fn step(&mut self, number: usize, step: Step) {
        match step {
            Step::Send(from, to, len) => {
                let to = *self.houses[to].node.public();
                let payload: Vec<u8> = (0..len)
                    .map(|at| mix(number as u64 ^ at as u64) as u8)
                    .collect();
                let send = Send::new(to, &payload);
                self.input(from, Input::Command(Command::Send(send)));
            }
            Step::Read(at) => {
                for (from, id) in std::mem::take(&mut self.houses[at].unread) {
                    self.input(at, Input::Command(Command::Read { from, id }));
                }
            }
            Step::Pass(ms) => self.pass(ms),
            Step::Restart(at) => {
                let links = self.links_of(at);
                for (link, _) in &links {
                    self.cut(at, *link);
                }
                self.houses[at].starts += 1;
                self.houses[at].unread.clear();
                let node = self.born(at, self.houses[at].starts);
                self.houses[at].node = node;
                self.set_clock(at);
                for (_, other) in links {
                    self.link(at, other);
                }
            }
            Step::Foul => self.foul = true,
            Step::Cut(a, b) => {
                for (link, other) in self.links_of(a) {
                    if other == b {
                        self.cut(a, link);
                    }
                }
            }
        }
    }
}

pub(crate) fn run<C: SimSuite>(tape: &Tape) -> Seen {
    let mut village = Village::<C>::new(tape);
    for (number, step) in tape.steps.iter().enumerate() {
        village.step(number, *step);
    }
    for at in 0..tape.nodes {
        let stats = format!("{:?}", village.houses[at].node.stats());
        village.note(format_args!("{at} {stats}"));
        let tables: Vec<_> = village.houses[at].node.tables().collect();
        village.note(format_args!("{at} {tables:?}"));
        assert_eq!(village.houses[at].node.stats().bugs, 0);
    }
    village.seen
}

//! Two ends, two gates and a medium that loses, repeats and delays.

mod behaviour;
mod chaos;
mod hostile;

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::packet::{DATA_HEAD, DATA_OVERHEAD, POLL_MAX};
use super::{Accept, Admit, Gate, GateConfig, Heard, LinkOutput, NoiseLink, Reject, SealError};
use crate::crypto::Tom1;
use crate::entropy::Seed;
use crate::identity::{Keys, PublicKey, SharedSecret, Signature, SoftKeys, WeakKey, XPublic};
use crate::time::{Instant, Span};

/// Keys that count what they are asked for.
struct Counting {
    keys: SoftKeys,
    agreements: Cell<u32>,
}

impl Keys for Counting {
    fn public(&self) -> &PublicKey {
        self.keys.public()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.keys.sign(message)
    }

    fn agree(&self, their: &XPublic) -> Result<SharedSecret, WeakKey> {
        self.agreements.set(self.agreements.get() + 1);
        self.keys.agree(their)
    }
}

/// What an end saw.
#[derive(Clone, Debug, PartialEq)]
enum Event {
    Up(PublicKey),
    Down,
    Datagram(Vec<u8>),
}

struct End {
    keys: Counting,
    gate: Gate<Tom1>,
    link: NoiseLink,
    events: Vec<Event>,
    rejects: Vec<Reject>,
    /// Bytes that came in and went out since the last session was confirmed.
    received: usize,
    sent: usize,
}

fn keys(n: u8) -> SoftKeys {
    SoftKeys::from_seed([n; 32])
}

impl End {
    fn new(n: u8, accept: Accept, config: GateConfig, now: Instant) -> Self {
        let keys = Counting {
            keys: keys(n),
            agreements: Cell::new(0),
        };
        let own = *keys.public();
        let seed = Seed::new([n ^ 0x80; 32]);
        Self {
            gate: Gate::new(&own.to_x(), config, &seed, now),
            link: NoiseLink::new(&own, accept, &seed, now),
            keys,
            events: Vec::new(),
            rejects: Vec::new(),
            received: 0,
            sent: 0,
        }
    }

    fn public(&self) -> PublicKey {
        *self.keys.public()
    }

    /// Everything about the link that can be printed, but the time: equal before and after what
    /// changes nothing.
    fn print(&self) -> String {
        let text = format!("{:?}", self.link);
        let (before, rest) = text.split_once("now: Instant(").unwrap();
        let (_time, after) = rest.split_once(')').unwrap();
        // A key derived ahead is no secret of the sender's and costs the next packet nothing.
        format!("{before}{after}").replace("next: Some(Key(..))", "next: None")
    }

    /// Feeds a packet; the answer of the gate, if any.
    fn feed(&mut self, now: Instant, packet: &[u8]) -> Option<Vec<u8>> {
        self.received += packet.len();
        let mut bytes = packet.to_vec();
        let rejected = match self.gate.admit(now, b"the other end", &mut bytes) {
            Admit::Pass(admitted) => match self.link.handle(now, &self.keys, admitted) {
                Ok(Heard::Nothing) => None,
                Ok(Heard::Datagram(datagram)) => {
                    self.events.push(Event::Datagram(datagram.to_vec()));
                    None
                }
                Err(reject) => Some(reject),
            },
            Admit::Reply(reply) => {
                self.sent += reply.len();
                return Some(reply.to_vec());
            }
            Admit::Drop(reject) => Some(reject),
        };
        self.rejects.extend(rejected);
        None
    }

    /// Everything that waits to go out.
    fn drain(&mut self) -> Vec<Vec<u8>> {
        let mut buf = [0; POLL_MAX];
        let mut out = Vec::new();
        while let Some(output) = self.link.poll(&mut buf) {
            match output {
                LinkOutput::Send(packet) => {
                    self.sent += packet.len();
                    out.push(packet.to_vec());
                }
                LinkOutput::Up(peer) => self.events.push(Event::Up(peer)),
                LinkOutput::Down => self.events.push(Event::Down),
            }
            assert!(out.len() < 10, "poll does not end");
        }
        out
    }

    fn seal(&mut self, now: Instant, datagram: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut buf = vec![0; datagram.len() + DATA_OVERHEAD];
        buf[DATA_HEAD..DATA_HEAD + datagram.len()].copy_from_slice(datagram);
        let len = self.link.seal(now, &mut buf, datagram.len())?;
        assert_eq!(len, buf.len());
        Ok(buf)
    }
}

/// What the medium does with a packet.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Deliver(u64),
    Lose,
    Twice(u64, u64),
}

const DELAY_MS: u64 = 10;

struct World {
    now: Instant,
    ends: [End; 2],
    /// Arrival (time, order sent) to (receiver, packet).
    medium: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    order: u64,
    /// For the next packets; afterwards all arrive.
    fates: VecDeque<Fate>,
    /// Every packet ever sent, by receiver: what a wire-tap has.
    tape: Vec<(usize, Vec<u8>)>,
}

impl World {
    fn new(a: Accept, b: Accept) -> Self {
        Self::with(a, b, GateConfig::COMPUTER)
    }

    fn with(a: Accept, b: Accept, config: GateConfig) -> Self {
        let now = Instant::from_millis(5_000);
        Self {
            now,
            ends: [End::new(1, a, config, now), End::new(2, b, config, now)],
            medium: BTreeMap::new(),
            order: 0,
            fates: VecDeque::new(),
            tape: Vec::new(),
        }
    }

    /// End 0 dials end 1, which answers anybody; both are up.
    fn connected() -> Self {
        let mut world = Self::new(Accept::Nobody, Accept::Anybody);
        world.dial(0);
        world.run(Span::from_millis(100));
        assert!(world.is_joined());
        world
    }

    fn dial(&mut self, end: usize) {
        let peer = self.ends[1 - end].public();
        self.ends[end].link.dial(self.now, &peer);
        self.flush(end);
    }

    /// Both ends use the same session.
    fn is_joined(&self) -> bool {
        let [a, b] = &self.ends;
        a.link.session_id().is_some() && a.link.session_id() == b.link.session_id()
    }

    fn put_on_medium(&mut self, to: usize, packet: &[u8]) {
        self.tape.push((to, packet.to_vec()));
        let fate = self.fates.pop_front().unwrap_or(Fate::Deliver(DELAY_MS));
        let delays = match fate {
            Fate::Deliver(delay) => vec![delay],
            Fate::Lose => vec![],
            Fate::Twice(first, second) => vec![first, second],
        };
        for delay in delays {
            let at = self.now.plus(Span::from_millis(delay));
            self.medium.insert((at, self.order), (to, packet.to_vec()));
            self.order += 1;
        }
    }

    fn flush(&mut self, end: usize) {
        for packet in self.ends[end].drain() {
            self.put_on_medium(1 - end, &packet);
        }
    }

    fn send(&mut self, end: usize, datagram: &[u8]) -> Result<(), SealError> {
        let packet = self.ends[end].seal(self.now, datagram)?;
        self.put_on_medium(1 - end, &packet);
        self.flush(end);
        Ok(())
    }

    /// Ticks an end that is due and checks that it has nothing due afterwards.
    fn tick(&mut self, end: usize) {
        if self.ends[end]
            .link
            .deadline()
            .is_none_or(|at| at > self.now)
        {
            return;
        }
        let End { link, keys, .. } = &mut self.ends[end];
        link.tick(self.now, keys);
        self.flush(end);
        let next = self.ends[end].link.deadline();
        assert!(
            next.is_none_or(|at| at > self.now),
            "still due after a tick: {next:?}"
        );
    }

    /// Lets `span` pass, waking the ends at their deadlines alone.
    fn run(&mut self, span: Span) {
        let end = self.now.plus(span);
        loop {
            self.tick(0);
            self.tick(1);
            let arrival = self.medium.first_key_value().map(|((at, _), _)| *at);
            let due = self.ends.iter().filter_map(|end| end.link.deadline()).min();
            let next = arrival.into_iter().chain(due).min().filter(|at| *at <= end);
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            while let Some(entry) = self.medium.first_entry().filter(|e| e.key().0 <= self.now) {
                let (to, packet) = entry.remove();
                self.deliver(to, &packet);
            }
        }
        self.now = end;
    }

    fn deliver(&mut self, to: usize, packet: &[u8]) {
        let now = self.now;
        if let Some(reply) = self.ends[to].feed(now, packet) {
            self.put_on_medium(1 - to, &reply);
        }
        self.flush(to);
    }

    fn datagrams(&self, end: usize) -> Vec<Vec<u8>> {
        let datagram = |event: &Event| match event {
            Event::Datagram(datagram) => Some(datagram.clone()),
            Event::Up(_) | Event::Down => None,
        };
        self.ends[end].events.iter().filter_map(datagram).collect()
    }
}

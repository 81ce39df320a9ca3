//! A network that does next to nothing, to see how fast the engine is.
//!
//! Every node knows six others; now and then it pings one of them, which answers. Somewhere a message
//! starts, and whoever gets it for the first time sends it to all the nodes they know. One packet in
//! a hundred is lost, and a packet takes as long as its way is far. There is no cryptography and no
//! protocol: what the real nodes cost comes on top.

use super::payload::{Handle, Payloads};
use super::{Key, Queue, World, run};
use crate::draw::{Chance, Purpose, Stream, draw, happens, mix};
use crate::time::{Span, Time};

/// How many others a node knows.
const DEGREE: usize = 6;
/// How many messages a node remembers.
const RECENT: usize = 24;
/// How long a message is, in bytes.
const MESSAGE: usize = 200;
/// The least time a packet takes.
const LEAST: Span = Span::from_millis(2);
/// How much longer it takes at most for no reason.
const JITTER: Span = Span::from_millis(10);
/// How far apart two nodes are at most in each of two directions.
const SIDE: Span = Span::from_millis(150);
/// One in a hundred.
const LOSS: Chance = Chance(42_949_673);
/// A source that is no node.
const OUTSIDE: u32 = u32::MAX;
/// How many events ahead the nodes that are next are looked at.
const AHEAD: usize = 8;

/// A network and what goes on in it.
#[derive(Clone, Copy, Debug)]
pub struct Toy {
    /// How many nodes, at least one.
    pub nodes: u32,
    /// How often each pings another.
    pub ping: Span,
    /// How often a message starts; never when there is none.
    pub flood: Option<Span>,
    /// What everything is drawn from.
    pub seed: u64,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many events happened.
    pub events: u64,
    /// What happened to every node, in one number.
    pub hash: u64,
    /// How often a message came to a node that had not seen it.
    pub delivered: u64,
    /// How many events are pending at the end.
    pub pending: usize,
    /// How many bytes of messages are under way at the end.
    pub under_way: u64,
}

/// A network at work.
#[derive(Clone, Debug)]
pub struct Running<Q> {
    queue: Q,
    network: Network,
    events: u64,
}

/// Something that happens. With its key it takes 64 bytes, as the events of a real run do.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    to: u32,
    from: u32,
    kind: Kind,
    message: u32,
    payload: Option<Handle>,
    /// What a real event says besides.
    _more: [u8; 24],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
enum Kind {
    /// A message starts.
    Start,
    /// It is time to ping.
    Due,
    Ping,
    Pong,
    /// A message is there.
    Message,
}

/// A node: two cache lines.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Node {
    hash: u64,
    random: u64,
    sequence: u32,
    oldest: u32,
    recent: [u32; RECENT],
}

/// All nodes, and what they send.
#[derive(Clone, Debug)]
struct Network {
    toy: Toy,
    nodes: Vec<Node>,
    known: Vec<[u32; DEGREE]>,
    /// Where the nodes are, in nanoseconds from a corner.
    places: Vec<[u32; 2]>,
    payloads: Payloads,
    delivered: u64,
    started: u32,
    events: usize,
}

impl Toy {
    /// The network at its start, with its events in a `Q`.
    #[must_use]
    pub fn start<Q: Queue<Event>>(self) -> Running<Q> {
        let mut graph = Stream::new(self.seed, "graph");
        let nodes = u64::from(self.nodes);
        let mut queue = Q::default();
        let mut network = Network {
            toy: self,
            nodes: Vec::with_capacity(self.nodes as usize),
            known: Vec::with_capacity(self.nodes as usize),
            places: Vec::with_capacity(self.nodes as usize),
            payloads: Payloads::default(),
            delivered: 0,
            started: 0,
            events: 0,
        };
        for id in 0..self.nodes {
            network.nodes.push(Node {
                hash: 0,
                random: mix(self.seed ^ u64::from(id)),
                sequence: 1,
                oldest: 0,
                recent: [0; RECENT],
            });
            let mut any = |bound| graph.below(bound) as u32;
            network.known.push([(); DEGREE].map(|()| any(nodes)));
            network.places.push([(); 2].map(|()| any(SIDE.0)));
            let first = Time(graph.below(self.ping.0));
            queue.push(Key::new(first, id, 0), event(id, id, Kind::Due));
        }
        if let Some(flood) = self.flood {
            let first = Time::ZERO.plus(flood);
            queue.push(Key::new(first, OUTSIDE, 0), event(0, OUTSIDE, Kind::Start));
        }
        Running {
            queue,
            network,
            events: 0,
        }
    }
}

impl<Q: Queue<Event>> Running<Q> {
    /// Lets everything before `until` happen.
    pub fn go_on(&mut self, until: Time) {
        self.events += run(&mut self.queue, &mut self.network, until);
    }

    /// The memory it holds, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let Network {
            nodes,
            known,
            places,
            payloads,
            ..
        } = &self.network;
        self.queue.memory()
            + size_of_val(&nodes[..])
            + size_of_val(&known[..])
            + size_of_val(&places[..])
            + payloads.memory()
    }

    /// What it has come to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let hashes = self.network.nodes.iter().map(|node| node.hash);
        Outcome {
            events: self.events,
            hash: mix(hashes.fold(0, u64::wrapping_add)),
            delivered: self.network.delivered,
            pending: self.queue.len(),
            under_way: self.network.payloads.live().bytes,
        }
    }
}

const fn event(to: u32, from: u32, kind: Kind) -> Event {
    Event {
        to,
        from,
        kind,
        message: 0,
        payload: None,
        _more: [0; 24],
    }
}

impl World<Event> for Network {
    fn handle<Q: Queue<Event>>(&mut self, key: Key, event: Event, queue: &mut Q) {
        self.look_ahead(queue);
        if event.kind == Kind::Start {
            self.start_message(key, queue);
            return;
        }
        let node = &mut self.nodes[event.to as usize];
        let cause = u64::from(key.source) << 32 | u64::from(key.sequence);
        node.hash = mix(node.hash ^ key.time.0 ^ mix(cause ^ event.kind as u64));
        match event.kind {
            Kind::Due => self.ping(key, event.to, queue),
            Kind::Ping => {
                let pong = self::event(event.from, event.to, Kind::Pong);
                self.send(key.time, pong, queue);
            }
            Kind::Message => self.receive(key.time, event, queue),
            Kind::Pong | Kind::Start => {}
        }
    }
}

impl Network {
    /// Reads something of the nodes whose turn comes soon: the memory is then on its way for all of
    /// them together, not for one after the other.
    fn look_ahead<Q: Queue<Event>>(&mut self, queue: &Q) {
        if self.events.is_multiple_of(AHEAD) {
            let mut seen = 0;
            for ahead in AHEAD..2 * AHEAD {
                if let Some(next) = queue.glance(ahead) {
                    let node = &self.nodes[next.to as usize];
                    seen ^= node.hash ^ u64::from(node.recent[RECENT - 1]);
                }
            }
            std::hint::black_box(seen);
        }
        self.events += 1;
    }

    /// A message starts at a node, and another is to start later.
    fn start_message<Q: Queue<Event>>(&mut self, key: Key, queue: &mut Q) {
        let Some(flood) = self.toy.flood else { return };
        let next = Key::new(key.time.plus(flood), OUTSIDE, key.sequence + 1);
        queue.push(next, event(0, OUTSIDE, Kind::Start));
        self.started += 1;
        let drawn = mix(self.toy.seed ^ mix(u64::from(self.started)));
        let first = drawn % u64::from(self.toy.nodes);
        let message = Event {
            message: self.started,
            payload: Some(self.payloads.put(&[self.started as u8; MESSAGE])),
            ..event(first as u32, OUTSIDE, Kind::Message)
        };
        self.receive(key.time, message, queue);
    }

    /// A node pings one of those it knows, and will again.
    fn ping<Q: Queue<Event>>(&mut self, key: Key, id: u32, queue: &mut Q) {
        let node = &mut self.nodes[id as usize];
        node.random = mix(node.random);
        let to = self.known[id as usize][node.random as usize % DEGREE];
        let again = Key::new(key.time.plus(self.toy.ping), id, node.sequence);
        node.sequence += 1;
        queue.push(again, event(id, id, Kind::Due));
        self.send(key.time, event(to, id, Kind::Ping), queue);
    }

    /// A message comes to a node, which passes it on unless it has seen it.
    fn receive<Q: Queue<Event>>(&mut self, now: Time, event: Event, queue: &mut Q) {
        let Some(payload) = event.payload else { return };
        let id = event.to as usize;
        let node = &mut self.nodes[id];
        if !node.recent.contains(&event.message) {
            node.recent[node.oldest as usize] = event.message;
            node.oldest = (node.oldest + 1) % RECENT as u32;
            self.delivered += 1;
            for to in self.known[id] {
                if to == event.from {
                    continue;
                }
                let copy = Event {
                    to,
                    from: event.to,
                    payload: Some(self.payloads.share(payload)),
                    ..event
                };
                self.send(now, copy, queue);
            }
        }
        self.payloads.free(payload);
    }

    /// Sends a packet, which may be lost.
    fn send<Q: Queue<Event>>(&mut self, now: Time, event: Event, queue: &mut Q) {
        let node = &mut self.nodes[event.from as usize];
        let sequence = node.sequence;
        node.sequence += 1;
        let seed = self.toy.seed;
        let drawn = draw(seed, event.from, event.to, sequence.into(), Purpose::Loss);
        if happens(drawn, LOSS) {
            if let Some(payload) = event.payload {
                self.payloads.free(payload);
            }
            return;
        }
        let (from, to) = (
            self.places[event.from as usize],
            self.places[event.to as usize],
        );
        let [x, y] = [0, 1].map(|side| f64::from(from[side]) - f64::from(to[side]));
        let jitter = Span(((drawn & 0xFFFF_FFFF) * JITTER.0) >> 32);
        // A square root is the same bits on every machine.
        let way = Span((x * x + y * y).sqrt() as u64);
        let time = now.plus(LEAST).plus(way).plus(jitter);
        queue.push(Key::new(time, event.from, sequence), event);
    }
}

#[cfg(test)]
mod tests;

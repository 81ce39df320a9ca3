//! Handing on other people's envelopes.

use std::hint::black_box;

use tom_core::Node;
use tom_core::config::Config;
use tom_core::crypto::{self, Tom1};
use tom_core::error::Drop;
use tom_core::input::{Input, LinkId};
use tom_core::output::{Output, Verdict};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, Span};
use tom_core::wire::{
    AckWriter, Class, Commit, ENVELOPE_AT, Flags, Frame, Frames, Handle, Head, Hello, Kind,
    MAX_HOPS, PATH_AT, Profile, Proof, Reference, Secret, Sid, Trailers, emit_data_head,
    message_id, set_path, wrap_envelope,
};

use crate::measure::{Pair, Report, timed};
use crate::world::{EPOCH, KNOWN, mix, node, print_limits, stranger, up};

/// Datagrams a driver reads before it asks what to do about them.
const BURST: u64 = 16;
const EXPIRY: u32 = EPOCH as u32 + 3_600;
const SECRET: [u8; 16] = [7; 16];
/// Where the bytes stand that make each message another one.
const NUMBER_AT: usize = ENVELOPE_AT + 40;

/// A relay that knows [`KNOWN`] people: its neighbours, and others behind them.
pub(crate) struct Relay {
    pub(crate) node: Node<Heap>,
    now: Instant,
    /// Whom it knows, by which link, and what a message to them commits to.
    peers: Vec<(Handle, LinkId, Commit)>,
    neighbours: u64,
    datagram: Box<[u8]>,
    buf: Box<[u8]>,
    next: u64,
    /// What came out: envelopes handed on, envelopes taken, PASSED said.
    pub(crate) out: [u64; 3],
    /// References of the latest burst, in the order they were taken.
    taken: Vec<(u64, Reference)>,
    keep: bool,
}

/// A datagram with the proof of one envelope.
fn proof(reference: Reference) -> ([u8; 64], usize) {
    let mut ack = [0; 64];
    let proof = Proof {
        reference,
        secret: Secret(SECRET),
    };
    let head = Head::answer(Kind::Ack, EXPIRY);
    let writer = AckWriter::start(&mut ack[ENVELOPE_AT..], &head, proof);
    let len = writer.map(AckWriter::finish).expect("room");
    let len = wrap_envelope(&mut ack, len, &Trailers::NONE).expect("room");
    (ack, len)
}

impl Relay {
    pub(crate) fn new(limits: Limits, neighbours: u64, envelope: usize) -> Self {
        let now = Instant::ZERO;
        let mut node = node(3, Config::default(), limits, now);
        let mut buf: Box<[u8]> = vec![0; node.max_output()].into();
        let mut peers = Vec::new();
        for n in 0..KNOWN {
            let (key, link) = (stranger(n), LinkId((n % neighbours) as u32));
            if n < neighbours {
                let verdict = node.handle(now, up(link, key, false));
                assert_eq!(verdict, Verdict::Accepted(None), "link {n}");
                while node.poll(&mut buf).expect("a long buffer").is_some() {}
            }
            let handle = key.handle();
            peers.push((
                handle,
                link,
                Commit(crypto::commit::<Tom1>(EXPIRY, &handle, &SECRET)),
            ));
        }
        let mut datagram: Box<[u8]> = vec![0x5A; ENVELOPE_AT + envelope].into();
        let head = Head {
            kind: Kind::Data,
            flags: Flags::new(Class::Normal),
            attempt: 0,
            hop: MAX_HOPS,
            expiry: EXPIRY,
            dst: Handle::NONE,
        };
        emit_data_head(
            &mut datagram[ENVELOPE_AT..],
            &head,
            Sid([1; 4]),
            0,
            Some(Commit([0; 8])),
        )
        .expect("room");
        wrap_envelope(&mut datagram, envelope, &Trailers::NONE).expect("room");
        let mut this = Self {
            node,
            now,
            peers,
            neighbours,
            datagram,
            buf,
            next: 0,
            out: [0; 3],
            taken: Vec::with_capacity(BURST as usize),
            keep: false,
        };
        for n in 0..neighbours {
            this.hello(LinkId(n as u32), Profile::LEAF);
        }
        for n in neighbours..KNOWN {
            this.learn(n);
        }
        for n in 0..neighbours {
            this.hello(LinkId(n as u32), Profile::FULL);
        }
        this
    }

    /// Makes the relay hand something to the right neighbour, the only one that forwards for the
    /// moment, and lets the proof come back through it: that is how a relay learns a way.
    fn learn(&mut self, n: u64) {
        let (_, link, _) = self.peers[n as usize];
        let from = LinkId(((n + 1) % self.neighbours) as u32);
        self.hello(link, Profile::FULL);
        self.address(n);
        let id = message_id(&self.datagram[ENVELOPE_AT..]).expect("an envelope");
        let bytes = &mut self.datagram;
        let verdict = self
            .node
            .handle(self.now, Input::Datagram { link: from, bytes });
        assert_eq!(verdict, Verdict::Accepted(None), "to somebody unknown");
        self.drain();
        let (mut ack, len) = proof(id.reference());
        let bytes = &mut ack[..len];
        let verdict = self.node.handle(self.now, Input::Datagram { link, bytes });
        assert_eq!(verdict, Verdict::Accepted(None), "a proof");
        self.drain();
        self.hello(link, Profile::LEAF);
        self.out = [0; 3];
    }

    /// A neighbour says whether it forwards for others.
    fn hello(&mut self, link: LinkId, profile: Profile) {
        let mut bytes = [0; 64];
        let hello = Frame::Hello(Hello::new(profile, 65_538, None, 0));
        let len = hello.emit(&mut bytes).expect("room");
        let bytes = &mut bytes[..len];
        let verdict = self.node.handle(self.now, Input::Datagram { link, bytes });
        assert_eq!(verdict, Verdict::Accepted(None), "a greeting");
        self.drain();
    }

    /// Addresses the envelope to the `n`-th of those the relay knows.
    fn address(&mut self, n: u64) {
        let (handle, _, commit) = self.peers[n as usize];
        let envelope = &mut self.datagram[ENVELOPE_AT..];
        set_path(envelope, 0, MAX_HOPS);
        envelope[7..15].copy_from_slice(&handle.0);
        envelope[21..29].copy_from_slice(&commit.0);
        self.datagram[NUMBER_AT..NUMBER_AT + 8].copy_from_slice(&self.next.to_le_bytes());
        self.next += 1;
    }

    /// Makes the next envelope: another sender, recipient, commitment and content each time.
    fn prepare(&mut self) -> LinkId {
        let random = mix(self.next);
        let to = (random & 0xFFFF_FFFF) % KNOWN;
        // Never by the link that leads to the recipient.
        let from = (to + 1 + (random >> 32) % (self.neighbours - 1)) % self.neighbours;
        self.address(to);
        LinkId(from as u32)
    }

    fn drain(&mut self) {
        while let Some(output) = self.node.poll(&mut self.buf).expect("a long buffer") {
            let Output::Transmit(transmit) = output else {
                continue;
            };
            // The first byte of each frame is enough to count it.
            let mut rest = transmit.bytes;
            while let [ftype, l0, l1, behind @ ..] = rest {
                let len = usize::from(u16::from_le_bytes([*l0, *l1]));
                match ftype {
                    2 => self.out[0] += 1,
                    3 => self.out[1] += (len as u64 - 1) / 8,
                    4 => self.out[2] += 1,
                    _ => {}
                }
                if self.keep && *ftype == 3 {
                    let (references, _) = behind[1..len].as_chunks();
                    let from = u64::from(transmit.link.0);
                    self.taken
                        .extend(references.iter().map(|bytes| (from, Reference(*bytes))));
                }
                rest = &behind[len..];
            }
        }
    }

    fn one_burst(&mut self, burst: u64) {
        for _ in 0..burst {
            let link = self.prepare();
            let bytes = &mut self.datagram;
            black_box(self.node.handle(self.now, Input::Datagram { link, bytes }));
        }
        self.drain();
        self.tick();
    }

    fn tick(&mut self) {
        if self
            .node
            .deadline()
            .is_some_and(|deadline| deadline.at <= self.now)
        {
            self.node.handle(self.now, Input::Tick);
            self.drain();
        }
    }

    /// Hands on `count` envelopes.
    pub(crate) fn forward(&mut self, count: u64, burst: u64) {
        for _ in 0..count / burst {
            self.one_burst(burst);
            // 2 M a second would be 8 ms per 16,384; time passes in the steps a driver sees.
            if self.next.is_multiple_of(4_096) {
                self.now = self.now.plus(Span::from_millis(2));
            }
        }
    }

    /// Hands on a burst, and then brings back the proofs.
    fn there_and_back(&mut self, count: u64) {
        self.keep = true;
        for _ in 0..count / BURST {
            let first = self.next;
            self.taken.clear();
            self.one_burst(BURST);
            debug_assert_eq!(self.next, first + BURST);
            for at in 0..self.taken.len() {
                let (from, reference) = self.taken[at];
                let (mut ack, len) = proof(reference);
                // Any link: only the secret counts.
                let link = LinkId(((from + 1) % self.neighbours) as u32);
                let bytes = &mut ack[..len];
                black_box(self.node.handle(self.now, Input::Datagram { link, bytes }));
            }
            self.drain();
        }
        self.keep = false;
    }

    /// Every envelope must leave by its recipient's link, changed in its path byte only.
    fn check(&mut self, report: &mut Report) {
        for _ in 0..500 {
            let from = self.prepare();
            let sent = self.datagram.clone();
            let envelope = &sent[ENVELOPE_AT..];
            let dst = Handle(envelope[7..15].try_into().expect("8 bytes"));
            let (place, to) = self.whereabouts(dst);
            let reference = message_id(envelope).expect("long enough").reference();
            let bytes = &mut self.datagram;
            let verdict = self
                .node
                .handle(self.now, Input::Datagram { link: from, bytes });
            report.must(verdict == Verdict::Accepted(None), "a forward is accepted");
            let (mut forwarded, mut taken, mut passed) = (0, 0, 0);
            while let Some(output) = self.node.poll(&mut self.buf).expect("a long buffer") {
                let Output::Transmit(transmit) = output else {
                    continue;
                };
                for frame in Frames::new(transmit.bytes) {
                    match frame.expect("a good frame") {
                        Frame::Envelope { bytes, .. } => {
                            let mut expected = envelope.to_vec();
                            expected[PATH_AT] = MAX_HOPS - 1;
                            forwarded += u32::from(transmit.link == to && bytes == expected);
                        }
                        Frame::Taken(mut list) => {
                            let ours = list.next() == Some(reference);
                            taken += u32::from(transmit.link == from && ours);
                        }
                        Frame::Passed(of) => {
                            passed += u32::from(transmit.link == from && of == reference);
                        }
                        Frame::Hello(_)
                        | Frame::ReachAsk(_)
                        | Frame::ReachAnswer(_)
                        | Frame::Candidates(_)
                        | Frame::Ping(_) => {}
                    }
                }
            }
            let direct = u32::from(place < self.neighbours);
            let right = (forwarded, taken, passed) == (1, 1, direct);
            report.must(
                right,
                "envelope, TAKEN, and PASSED if the recipient is a neighbour",
            );
            let mut again = sent.clone();
            let verdict = self.node.handle(
                self.now,
                Input::Datagram {
                    link: from,
                    bytes: &mut again,
                },
            );
            report.must(
                verdict == Verdict::Dropped(Drop::Duplicate),
                "a second copy is a duplicate",
            );
            while self
                .node
                .poll(&mut self.buf)
                .expect("a long buffer")
                .is_some()
            {}
        }
    }

    fn whereabouts(&self, dst: Handle) -> (u64, LinkId) {
        let at = self
            .peers
            .iter()
            .position(|peer| peer.0 == dst)
            .expect("somebody known");
        (at as u64, self.peers[at].1)
    }

    /// The floor: the envelope's id.
    fn floor(&mut self, count: u64) -> u64 {
        timed(|| {
            for _ in 0..count {
                self.prepare();
                black_box(message_id(black_box(&self.datagram[ENVELOPE_AT..])));
            }
        })
    }
}

/// The tables of a machine that relays for thousands; routes are at capacity where they may be.
pub(crate) fn limits(neighbours: u64) -> Limits {
    let links = neighbours as u32;
    let routes = (KNOWN as u32).max(4 * links);
    Limits {
        links,
        routes,
        jobs: 131_072,
        ..Limits::server()
    }
}

pub(crate) fn run(report: &mut Report) {
    report
        .section("Relay: 65,536 return entries, 10,000 known people, random sender and recipient");
    print_limits("server, links and routes as needed", &limits(256));
    let mut relay = Relay::new(limits(256), 256, 256);
    relay.check(report);
    // Once around, so that every further entry pushes an old one out.
    relay.forward(70_000, BURST);
    let row = forwards(report, &mut relay, BURST, "forward 256 B, 256 neighbours");
    report.at_least(
        "forwards of 256 B per CPU-second",
        row.ours.per_second(),
        2_000_000,
    );
    forwards(report, &mut relay, 1, "the same, drained after each");
    proofs(report, &mut relay);
    cliff(report, &mut relay);

    let mut all = Relay::new(limits(KNOWN), KNOWN, 256);
    all.check(report);
    all.forward(70_000, BURST);
    forwards(report, &mut all, BURST, "forward 256 B, 10,000 neighbours");
    let mut large = Relay::new(limits(256), 256, 1_024);
    large.forward(70_000, BURST);
    forwards(
        report,
        &mut large,
        BURST,
        "forward 1,024 B (predecessor 17,034/s)",
    );
}

fn forwards(report: &mut Report, relay: &mut Relay, burst: u64, name: &str) -> Pair {
    let ops = report.ops(200_000) / BURST * BURST;
    let before = relay.out;
    let relay = std::cell::RefCell::new(relay);
    let pair = Pair::run(
        report.rounds(),
        ops,
        || timed(|| relay.borrow_mut().forward(ops, burst)),
        || relay.borrow_mut().floor(ops),
    );
    let (sent, after) = ((report.rounds() as u64 + 1) * ops, relay.borrow().out);
    let right = (0..2).all(|kind| after[kind] - before[kind] == sent);
    report.must(right, "as many envelopes and TAKEN as envelopes came");
    report.row(name, &pair);
    report.must(pair.allocations == 0, "no allocation per forward");
    pair
}

fn proofs(report: &mut Report, relay: &mut Relay) {
    let ops = report.ops(100_000) / BURST * BURST;
    let before = relay.node.stats().acks_passed;
    let relay = std::cell::RefCell::new(relay);
    let pair = Pair::run(
        report.rounds(),
        ops,
        || timed(|| relay.borrow_mut().there_and_back(ops)),
        || {
            let handle = relay.borrow().peers[0].0;
            let commits = timed(|| {
                for _ in 0..ops {
                    black_box(crypto::commit::<Tom1>(EXPIRY, &handle, black_box(&SECRET)));
                }
            });
            relay.borrow_mut().floor(ops) + commits
        },
    );
    let passed = relay.borrow().node.stats().acks_passed - before;
    report.must(
        passed == (report.rounds() as u64 + 1) * ops,
        "every proof is passed back",
    );
    report.row("forward 256 B and pass its ACK back", &pair);
}

/// Throughput must not fall with the number of messages handled.
fn cliff(report: &mut Report, relay: &mut Relay) {
    let chunk = 10_000 / BURST * BURST;
    let speed = |relay: &mut Relay| {
        let mut ratios: Vec<u64> = (0..5)
            .map(|_| {
                let ours = timed(|| relay.forward(chunk, BURST));
                ours * 1_000 / relay.floor(chunk).max(1)
            })
            .collect();
        ratios.sort_unstable();
        ratios[2]
    };
    let first = speed(relay);
    let last = if report.quick { 100_000 } else { 1_000_000 };
    let mut done = 5 * chunk;
    for mark in [10_000, 100_000, 1_000_000]
        .into_iter()
        .filter(|mark| *mark <= last)
    {
        if mark > done {
            relay.forward((mark - done) / BURST * BURST, BURST);
            done = mark;
        }
        let now = speed(relay);
        done += 5 * chunk;
        report.at_most_percent(
            &format!("cost of a forward after {mark}, of the first 10,000"),
            now * 100 / first.max(1),
            110,
        );
    }
}

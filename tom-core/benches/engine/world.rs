//! Nodes with a crowd around them, and datagrams carried between two of them.

use tom_core::Node;
use tom_core::config::Config;
use tom_core::entropy::{Drbg, Seed};
use tom_core::identity::{PublicKey, SoftKeys};
use tom_core::input::{Command, Input, LinkEvent, LinkId, Send};
use tom_core::output::{DeliveryId, Event, Output, Record, RecordKey, RecordKind, State, Verdict};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, Span, UnixTime};

/// 2027-01-15, a day like any other.
pub(crate) const EPOCH: u64 = 1_800_000_000;
/// The peers every crowded node knows.
pub(crate) const KNOWN: u64 = 10_000;
/// The link between the two nodes of a bench.
pub(crate) const LINK: LinkId = LinkId(1_000_000);
pub(crate) const MTU: u32 = 1_200;

/// SplitMix64's finalizer: spreads small numbers without a pattern.
pub(crate) fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

pub(crate) fn drbg(n: u64) -> Drbg {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&n.to_le_bytes());
    Drbg::new(&Seed::new(seed), "bench")
}

/// A stranger's key, without the cost of making its secret half.
pub(crate) fn stranger(n: u64) -> PublicKey {
    let mut rng = drbg(n);
    loop {
        if let Ok(key) = PublicKey::from_bytes(rng.array()) {
            return key;
        }
    }
}

pub(crate) fn node(n: u64, config: Config, limits: Limits, now: Instant) -> Node<Heap> {
    let mut rng = drbg(n);
    let keys = SoftKeys::from_seed(rng.array());
    let seed = Seed::new(rng.array());
    let mut node = Node::new(Heap::new(limits), keys, config, seed, now).expect("valid limits");
    let unix = UnixTime::from_secs(EPOCH + now.as_millis() / 1_000);
    node.handle(
        now,
        Input::Clock {
            unix,
            error: Span::ZERO,
        },
    );
    node
}

pub(crate) fn up(link: LinkId, peer: PublicKey, dialed: bool) -> Input<'static> {
    Input::Link(LinkEvent::Up {
        link,
        peer,
        mtu: MTU,
        max_frame: 65_538,
        dialed,
        observed: &[],
    })
}

/// Two nodes and the link between them.
pub(crate) struct Two {
    pub(crate) a: Node<Heap>,
    pub(crate) b: Node<Heap>,
    pub(crate) now: Instant,
    pub(crate) payload: Vec<u8>,
    /// What came of it all.
    pub(crate) delivered: u64,
    pub(crate) proven: u64,
    pub(crate) altered: u64,
    /// The latest session record, of nodes on durable storage.
    record: Option<Vec<u8>>,
    buf: Box<[u8]>,
    flight: Box<[u8]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    A,
    B,
}

impl Two {
    pub(crate) fn new(a: Node<Heap>, b: Node<Heap>, now: Instant, payload: usize) -> Self {
        let most = a.max_output().max(b.max_output());
        Self {
            a,
            b,
            now,
            payload: (0..payload).map(|n| mix(n as u64) as u8).collect(),
            delivered: 0,
            proven: 0,
            altered: 0,
            record: None,
            buf: vec![0; most].into(),
            flight: vec![0; most].into(),
        }
    }

    /// Joins them, and lets them greet each other.
    pub(crate) fn connect(&mut self) {
        let (a, b) = (*self.a.public(), *self.b.public());
        self.a.handle(self.now, up(LINK, b, true));
        self.b.handle(self.now, up(LINK, a, false));
        self.settle();
    }

    /// One message from A to B, queued; `false` when it was not accepted.
    pub(crate) fn send(&mut self) -> bool {
        let to = *self.b.public();
        let send = Send::new(to, &self.payload);
        let verdict = self.a.handle(self.now, Input::Command(Command::Send(send)));
        matches!(verdict, Verdict::Accepted(Some(_)))
    }

    /// Carries datagrams until neither side has any more. What was delivered is taken at once.
    pub(crate) fn settle(&mut self) {
        while self.drain(Who::A) | self.drain(Who::B) {}
    }

    /// Hands everything one side has to say to the other; `false` when it had nothing.
    pub(crate) fn drain(&mut self, who: Who) -> bool {
        let (from, to) = match who {
            Who::A => (&mut self.a, &mut self.b),
            Who::B => (&mut self.b, &mut self.a),
        };
        let mut any = false;
        while let Some(output) = from.poll(&mut self.buf).expect("a long buffer") {
            any = true;
            match output {
                Output::Transmit(transmit) => {
                    if transmit.link != LINK {
                        continue;
                    }
                    let len = transmit.bytes.len();
                    let bytes = &mut self.flight[..len];
                    bytes.copy_from_slice(transmit.bytes);
                    to.handle(self.now, Input::Datagram { link: LINK, bytes });
                }
                Output::Deliver(delivery) => {
                    self.altered += u64::from(delivery.payload != self.payload);
                    self.delivered += 1;
                    let id: DeliveryId = delivery.id;
                    from.handle(self.now, Input::Taken(id));
                }
                Output::Notify(Event::Message {
                    state: State::Delivered,
                    ..
                }) => self.proven += 1,
                Output::Persist(record) => {
                    let (key, version) = (record.key, record.version);
                    if key.kind == RecordKind::Session {
                        self.record = Some(record.bytes.to_vec());
                    }
                    from.handle(
                        self.now,
                        Input::Persisted {
                            key,
                            version,
                            ok: true,
                        },
                    );
                }
                Output::Notify(_) | Output::Dial { .. } | Output::Close(_) | Output::Forget(_) => {}
            }
        }
        any
    }

    /// Lets time pass, as a driver does: Ticks where the node asked for them.
    pub(crate) fn pass(&mut self, span: Span) {
        self.now = self.now.plus(span);
        let now = self.now;
        let due = |node: &Node<Heap>| node.deadline().is_some_and(|deadline| deadline.at <= now);
        for _ in 0..64 {
            let (a, b) = (due(&self.a), due(&self.b));
            if a {
                self.a.handle(now, Input::Tick);
            }
            if b {
                self.b.handle(now, Input::Tick);
            }
            if !(a || b) {
                break;
            }
            self.settle();
        }
    }
}

/// The record of a session, taken from a node on durable storage: with other ids and another peer
/// in it, it makes a node know thousands of people without thousands of handshakes.
pub(crate) fn session_record() -> Vec<u8> {
    let config = Config {
        durable: true,
        ..Config::default()
    };
    let now = Instant::ZERO;
    let mut two = Two::new(
        node(1, config, small(), now),
        node(2, config, small(), now),
        now,
        1,
    );
    two.connect();
    assert!(two.send(), "a first message");
    two.settle();
    assert!(two.send(), "a message in session");
    two.settle();
    two.record.expect("a session record")
}

/// Makes a node know [`KNOWN`] people, with a session each.
pub(crate) fn crowd(node: &mut Node<Heap>, now: Instant) {
    let mut record = session_record();
    let mut buf = vec![0; node.max_output()];
    for n in 0..KNOWN {
        let sid = (n as u32 + 1).to_be_bytes();
        record[1..5].copy_from_slice(&sid);
        record[5..37].copy_from_slice(stranger(n).as_bytes());
        let mut id = [0; 16];
        id[..4].copy_from_slice(&sid);
        let key = RecordKey {
            kind: RecordKind::Session,
            id,
        };
        let restored = Input::Restored(Record {
            key,
            version: 1,
            bytes: &record,
        });
        assert_eq!(
            node.handle(now, restored),
            Verdict::Accepted(None),
            "session {n}"
        );
        while node.poll(&mut buf).expect("a long buffer").is_some() {}
    }
}

/// Fills the memory of opened one-shots but for `spare` entries.
pub(crate) fn fill_opened(node: &mut Node<Heap>, now: Instant, entries: u32) {
    let mut buf = vec![0; node.max_output()];
    for n in 0..entries {
        let mut rng = drbg(u64::from(n) + 77);
        let mut record = [0; 1 + 24 + 1 + 16 + 4];
        record[0] = 1;
        rng.fill(&mut record[1..25]);
        record[42..46].copy_from_slice(&(EPOCH as u32 + 80_000).to_le_bytes());
        let mut id = [0; 16];
        id[..8].copy_from_slice(&record[1..9]);
        let key = RecordKey {
            kind: RecordKind::Opened,
            id,
        };
        let restored = Input::Restored(Record {
            key,
            version: 1,
            bytes: &record,
        });
        assert_eq!(
            node.handle(now, restored),
            Verdict::Accepted(None),
            "one-shot {n}"
        );
        while node.poll(&mut buf).expect("a long buffer").is_some() {}
    }
}

/// Tables for a node with a crowd.
pub(crate) fn crowded() -> Limits {
    Limits {
        contacts: 16_384,
        sessions: 16_384,
        ..Limits::desktop()
    }
}

/// Tables for somebody who was just born.
pub(crate) fn small() -> Limits {
    Limits {
        links: 4,
        contacts: 16,
        sessions: 16,
        pending: 8,
        outbox: 16,
        proofs: 32,
        inbox: 16,
        opened: 64,
        delivered: 64,
        forwards: 4,
        returns: 16,
        routes: 32,
        asks: 4,
        jobs: 256,
        blocks: 320,
        scratch: 65_533,
    }
}

pub(crate) fn print_limits(name: &str, limits: &Limits) {
    println!("  tables of {name}: {limits:?}");
}

//! Tapes: a node's run as data. A tape is the list of its inputs with their times; played on a fresh
//! node of the same storage and seed it gives the same outputs, byte for byte.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod forger;
pub mod op;
pub mod world;

use tom_core::Node;
use tom_core::entropy::Seed;
use tom_core::identity::PublicKey;
use tom_core::input::{Command, Input, LinkEvent, LinkId, Send, SendResult};
use tom_core::output::{DeliveryId, Output, Record, RecordKey, Ticket, Verdict};
use tom_core::storage::Storage;
use tom_core::time::{Instant, Span, UnixTime};
use tom_core::wire::Class;

/// An input that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    Tick,
    Up {
        link: LinkId,
        peer: PublicKey,
        mtu: u32,
        max_frame: u32,
        dialed: bool,
        observed: Vec<u8>,
    },
    Down(LinkId),
    Changed(LinkId, u32),
    Blocked(LinkId),
    Writable(LinkId),
    DialFailed(PublicKey),
    Datagram(LinkId, Vec<u8>),
    Send {
        to: PublicKey,
        payload: Vec<u8>,
        lifetime: Option<Span>,
        class: Class,
        trace: bool,
    },
    Read(PublicKey, DeliveryId),
    Candidates(Vec<u8>),
    Sent(Ticket, SendResult),
    Clock(u64),
    Taken(DeliveryId),
    Restored(RecordKey, u32, Vec<u8>),
    Persisted(RecordKey, u32, bool),
    Reseed([u8; 32]),
}

impl Owned {
    /// Feeds it to a node.
    pub fn feed<S: Storage>(&self, node: &mut Node<S>, now: Instant) -> Verdict {
        // A datagram is decrypted in place; the tape keeps its own copy.
        let mut copy = match self {
            Self::Datagram(_, bytes) => bytes.clone(),
            _ => Vec::new(),
        };
        let input = match self {
            Self::Tick => Input::Tick,
            Self::Up {
                link,
                peer,
                mtu,
                max_frame,
                dialed,
                observed,
            } => Input::Link(LinkEvent::Up {
                link: *link,
                peer: *peer,
                mtu: *mtu,
                max_frame: *max_frame,
                dialed: *dialed,
                observed,
            }),
            Self::Down(link) => Input::Link(LinkEvent::Down { link: *link }),
            Self::Changed(link, mtu) => Input::Link(LinkEvent::Changed {
                link: *link,
                mtu: *mtu,
            }),
            Self::Blocked(link) => Input::Link(LinkEvent::Blocked { link: *link }),
            Self::Writable(link) => Input::Link(LinkEvent::Writable { link: *link }),
            Self::DialFailed(peer) => Input::Link(LinkEvent::DialFailed { peer: *peer }),
            Self::Datagram(link, _) => Input::Datagram {
                link: *link,
                bytes: &mut copy,
            },
            Self::Send {
                to,
                payload,
                lifetime,
                class,
                trace,
            } => Input::Command(Command::Send(Send {
                to: *to,
                payload,
                lifetime: *lifetime,
                class: *class,
                trace: *trace,
            })),
            Self::Read(from, id) => Input::Command(Command::Read {
                from: *from,
                id: *id,
            }),
            Self::Candidates(list) => Input::Command(Command::Candidates(list)),
            Self::Sent(ticket, result) => Input::Sent {
                ticket: *ticket,
                result: *result,
            },
            Self::Clock(unix) => Input::Clock {
                unix: UnixTime::from_secs(*unix),
                error: Span::ZERO,
            },
            Self::Taken(id) => Input::Taken(*id),
            Self::Restored(key, version, bytes) => Input::Restored(Record {
                key: *key,
                version: *version,
                bytes,
            }),
            Self::Persisted(key, version, ok) => Input::Persisted {
                key: *key,
                version: *version,
                ok: *ok,
            },
            Self::Reseed(seed) => Input::Reseed(Seed::new(*seed)),
        };
        node.handle(now, input)
    }
}

/// The inputs of one node.
pub type Tape = Vec<(Instant, Owned)>;

/// What a node put out, and when.
pub type Transcript = Vec<(Instant, Vec<u8>)>;

/// An output as bytes that say all of it.
pub fn render(output: &Output<'_>) -> Vec<u8> {
    match output {
        Output::Transmit(transmit) => {
            let mut bytes = vec![b'T'];
            bytes.extend(transmit.link.0.to_le_bytes());
            bytes.extend(transmit.ticket.number.to_le_bytes());
            bytes.extend(transmit.bytes);
            bytes
        }
        other => format!("{other:?}").into_bytes(),
    }
}

/// Takes out everything that waits; says how many outputs there were.
pub fn drain<S: Storage>(node: &mut Node<S>, now: Instant, into: &mut Transcript) -> usize {
    let mut buf = vec![0; node.max_output()];
    let before = into.len();
    while let Some(output) = node.poll(&mut buf).expect("a buffer of max_output bytes") {
        into.push((now, render(&output)));
    }
    into.len() - before
}

/// Feeds each input at its time and drains after each.
pub fn play<S: Storage>(node: &mut Node<S>, tape: &[(Instant, Owned)]) -> Transcript {
    let mut transcript = Transcript::new();
    for (now, input) in tape {
        input.feed(node, *now);
        drain(node, *now, &mut transcript);
    }
    transcript
}

/// Ticks a node until it has nothing more to do at `now`; panics when that takes more rounds than
/// the contract allows.
pub fn tick_off<S: Storage>(node: &mut Node<S>, now: Instant, into: &mut Transcript) {
    let entries: u32 = node.tables().map(|table| table.capacity).sum();
    for _ in 0..=entries / 64 + 1 {
        if node.deadline().is_none_or(|deadline| deadline.at > now) {
            return;
        }
        node.handle(now, Input::Tick);
        drain(node, now, into);
    }
    panic!("ticks bring no progress: {:?} at {now:?}", node.deadline());
}

/// No table holds more than it can, and each remembers its worst.
pub fn check_tables<S: Storage>(node: &Node<S>) {
    for table in node.tables() {
        assert!(table.len <= table.high_water, "{table:?}");
        assert!(table.high_water <= table.capacity, "{table:?}");
    }
    assert_eq!(node.stats().bugs, 0, "an internal rule did not hold");
}

/// Two transcripts are the same; shows where they part.
pub fn assert_same(left: &Transcript, right: &Transcript) {
    let show = |entry: Option<&(Instant, Vec<u8>)>| {
        entry.map(|(at, bytes)| {
            let text = if bytes.first() == Some(&b'T') {
                let hex: String = bytes[1..]
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                format!("transmit {hex}")
            } else {
                String::from_utf8_lossy(bytes).into_owned()
            };
            format!("{} ms: {text}", at.as_millis())
        })
    };
    for place in 0..left.len().max(right.len()) {
        let (a, b) = (left.get(place), right.get(place));
        assert_eq!(show(a), show(b), "output {place}");
    }
}

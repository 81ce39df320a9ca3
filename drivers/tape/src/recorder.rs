//! From a node's inputs and outputs to entries.

use std::collections::BTreeMap;

use tom_core::config::{Config, Profile};
use tom_core::identity::PublicKey;
use tom_core::input::{Command, Input, LinkEvent, SendResult};
use tom_core::output::{DeliveryId, Event, Output, Verdict};
use tom_core::storage;
use tom_core::time::{Instant, UnixTime};
use tom_core::wire::{Candidates, FrameType, Head, MessageId};

use crate::entry::{Config as Settings, Entry, Frame, Header, Limits, What};

/// Names that are remembered: beyond, the oldest is forgotten and gets a new number if it comes again.
const NAMES: usize = 65_536;

/// Keeps the numbers that stand for peers, messages and deliveries on one tape.
#[derive(Debug)]
pub struct Recorder {
    started: Instant,
    peers: Names<PublicKey>,
    messages: Names<MessageId>,
    deliveries: Names<DeliveryId>,
}

#[derive(Debug)]
struct Names<K> {
    of: BTreeMap<K, u32>,
    order: std::collections::VecDeque<K>,
    next: u32,
}

impl<K: Ord + Copy> Names<K> {
    const fn new() -> Self {
        Self {
            of: BTreeMap::new(),
            order: std::collections::VecDeque::new(),
            next: 1,
        }
    }

    fn get(&mut self, key: K) -> u32 {
        if let Some(number) = self.of.get(&key) {
            return *number;
        }
        if self.order.len() >= NAMES
            && let Some(old) = self.order.pop_front()
        {
            self.of.remove(&old);
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.of.insert(key, number);
        self.order.push_back(key);
        number
    }
}

impl Recorder {
    /// A tape that begins now.
    #[must_use]
    pub const fn new(started: Instant) -> Self {
        Self {
            started,
            peers: Names::new(),
            messages: Names::new(),
            deliveries: Names::new(),
        }
    }

    /// The first line of a tape of a node with these settings.
    #[must_use]
    pub fn header(config: &Config, limits: &storage::Limits, started: UnixTime) -> Header {
        let profile = match config.profile {
            Profile::Leaf => "leaf",
            Profile::Relay => "relay",
            Profile::Full => "full",
        };
        Header {
            format: "tom-tape".to_owned(),
            version: 1,
            profile: profile.to_owned(),
            limits: Limits {
                name: name(limits).to_owned(),
                links: limits.links,
                contacts: limits.contacts,
                sessions: limits.sessions,
                pending: limits.pending,
                outbox: limits.outbox,
                proofs: limits.proofs,
                inbox: limits.inbox,
                opened: limits.opened,
                delivered: limits.delivered,
                forwards: limits.forwards,
                returns: limits.returns,
                routes: limits.routes,
                asks: limits.asks,
                jobs: limits.jobs,
                blocks: limits.blocks,
                scratch: limits.scratch,
            },
            config: Settings {
                skew: config.skew.as_millis(),
                max_envelope: config.max_envelope,
                durable: config.durable,
                seal_opens_per_second: config.seal_opens_per_second,
                retry_first: config.retry_first.as_millis(),
                retry_max: config.retry_max.as_millis(),
                taken_wait: config.taken_wait.as_millis(),
                ask_wait: config.ask_wait.as_millis(),
                hold_max: config.hold_max.as_millis(),
            },
            started: started.as_secs(),
            dropped: 0,
        }
    }

    fn at(&self, now: Instant, what: What) -> Entry {
        Entry {
            ms: now.since(self.started).as_millis(),
            what,
        }
    }

    /// The entry of an input; take it before the node decrypts in place.
    pub fn input(&mut self, now: Instant, input: &Input<'_>) -> Entry {
        let what = match input {
            Input::Tick => What::Tick,
            Input::Link(event) => self.link(event),
            Input::Datagram { link, bytes } => What::Datagram {
                link: link.0,
                len: length(bytes),
                frames: frames(bytes),
            },
            Input::Command(Command::Send(send)) => What::Send {
                to: self.peers.get(send.to),
                len: length(send.payload),
                lifetime_ms: send.lifetime.map(|span| span.as_millis()),
                class: send.class as u8,
                trace: send.trace,
                message: None,
            },
            Input::Command(Command::Read { from, .. }) => What::Read {
                from: self.peers.get(*from),
            },
            Input::Command(Command::Candidates(list)) => What::Candidates {
                count: Candidates::parse(list).map_or(0, |list| list.count() as u32),
            },
            Input::Sent { ticket, result } => What::Sent {
                link: ticket.link.0,
                ok: *result == SendResult::Sent,
            },
            Input::Clock { unix, .. } => What::Clock {
                unix: unix.as_secs(),
            },
            Input::Taken(id) => What::Taken {
                delivery: self.deliveries.get(*id),
            },
            Input::Restored(record) => What::Restored {
                kind: record.key.kind as u8,
                len: length(record.bytes),
            },
            Input::Persisted { key, ok, .. } => What::Persisted {
                kind: key.kind as u8,
                ok: *ok,
            },
            Input::Reseed(_) => What::Reseed,
        };
        self.at(now, what)
    }

    /// What the node answered completes the entry of its input.
    pub fn answered(&mut self, entry: &mut Entry, verdict: Verdict) {
        if let (What::Send { message, .. }, Verdict::Accepted(Some(id))) =
            (&mut entry.what, verdict)
        {
            *message = Some(self.messages.get(id));
        }
    }

    /// The entry of an output, if it is one by which runs are compared.
    pub fn output(&mut self, now: Instant, output: &Output<'_>) -> Option<Entry> {
        let what = match output {
            Output::Deliver(delivery) => What::Deliver {
                delivery: self.deliveries.get(delivery.id),
                from: self.peers.get(delivery.from),
                len: length(delivery.payload),
            },
            Output::Notify(Event::Message { id, state }) => What::State {
                message: self.messages.get(*id),
                state: *state as u8,
            },
            Output::Close(link) => What::Close { link: link.0 },
            Output::Notify(_)
            | Output::Transmit(_)
            | Output::Dial { .. }
            | Output::Persist(_)
            | Output::Forget(_) => return None,
        };
        Some(self.at(now, what))
    }

    fn link(&mut self, event: &LinkEvent<'_>) -> What {
        match *event {
            LinkEvent::Up {
                link,
                peer,
                mtu,
                max_frame,
                dialed,
                ..
            } => What::Up {
                link: link.0,
                peer: self.peers.get(peer),
                mtu,
                max_frame,
                dialed,
                synthetic: false,
            },
            LinkEvent::Down { link } => What::Down { link: link.0 },
            LinkEvent::Changed { link, mtu } => What::Changed { link: link.0, mtu },
            LinkEvent::Blocked { link } => What::Blocked {
                link: link.0,
                synthetic: false,
            },
            LinkEvent::Writable { link } => What::Writable { link: link.0 },
            LinkEvent::DialFailed { peer } => What::DialFailed {
                peer: self.peers.get(peer),
            },
        }
    }
}

fn name(limits: &storage::Limits) -> &'static str {
    match *limits {
        of if of == storage::Limits::desktop() => "desktop",
        of if of == storage::Limits::server() => "server",
        of if of == storage::Limits::minimum() => "minimum",
        _ => "other",
    }
}

/// Type and length of each frame, and the kind of envelopes; no byte of what is in them.
fn frames(datagram: &[u8]) -> Vec<Frame> {
    let mut found = Vec::new();
    let mut rest = datagram;
    while let Some((&[ftype, low, high], behind)) = rest.split_first_chunk() {
        let len = u16::from_le_bytes([low, high]);
        let known = FrameType::from_code(ftype);
        let Some((body, next)) = behind.split_at_checked(usize::from(len)) else {
            break;
        };
        let envelope = body.get(2..).filter(|_| known == Some(FrameType::Envelope));
        let kind = envelope.and_then(|bytes| Head::parse(bytes).ok());
        found.push(Frame {
            ftype: known.map_or(0, FrameType::code),
            kind: kind.map(|(head, _)| head.kind as u8),
            len: u32::from(len),
        });
        rest = next;
    }
    if !rest.is_empty() {
        found.push(Frame {
            ftype: 0,
            kind: None,
            len: length(rest),
        });
    }
    found
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

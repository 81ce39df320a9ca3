//! A driver in memory, on a clock of its own, with a switch for each way to get it wrong.

use std::collections::{BTreeMap, VecDeque};

use tom_core::driver_check::{End, Part, Subject};
use tom_core::entropy::Seed;
use tom_core::error::Refusal;
use tom_core::identity::{PublicKey, SoftKeys};
use tom_core::input::{Command, Input, LinkEvent, LinkId, Send, SendResult};
use tom_core::output::{DeliveryId, Output, Record, RecordKey, RecordKind, Verdict};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, Span, UnixTime};
use tom_core::wire::{Handle, Reference};
use tom_core::{Config, Node};

/// How a driver goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not.
    None,
    /// Its clock jumps back now and then.
    ClockGoesBack,
    /// Its clock does not count a suspend.
    ClockMissesSuspend,
    /// It tells no Down, and uses the number again.
    ReusesLinks,
    /// It makes up an id.
    TakesWhatNeverCame,
    /// Whoever answers a Dial is taken for who was dialled.
    BelievesAnyone,
    /// It answers Persist with the version after.
    WrongVersion,
    /// It writes the latest record first.
    WritesOutOfOrder,
    /// It reads records back once its links are up.
    RestoresLate,
    /// It leaves the outbox behind.
    RestoresHalf,
    /// It reads back first versions.
    RestoresOld,
    /// Its entropy is a constant.
    SameSeed,
    /// One poll after each input.
    PollsOnce,
    /// Its buffer is made for small things, and it takes no for an answer.
    ShortBuffer,
    /// It wakes every four seconds.
    TicksRarely,
    /// Only bytes wake it.
    NeverTicks,
    /// What was refused is gone.
    LosesRefused,
    /// It hands over bytes of links it never told of.
    UnknownLinks,
    /// It does not dial and does not say so.
    IgnoresDial,
    /// What the link did not take is gone.
    LosesBlocked,
    /// It joins datagrams.
    JoinsDatagrams,
    /// It tells what became of what never was.
    WrongTicket,
    /// It knows the time and keeps it to itself.
    KeepsTime,
    /// It calls messages taken and loses them.
    LosesDeliveries,
    /// It never says that a message was taken.
    NeverTakes,
    /// It stores records and does not say so.
    NeverPersists,
}

/// The driver's own list of what to feed.
#[derive(Debug)]
enum Todo {
    Up(LinkId, PublicKey, bool),
    Down(LinkId),
    Data(LinkId, Vec<u8>),
    Writable(LinkId),
    Blocked(LinkId),
    DialFailed(PublicKey),
    Taken(DeliveryId),
    Persisted(RecordKey, u32),
    Send(PublicKey, Vec<u8>),
    Restored(RecordKey, u32, Vec<u8>),
}

/// One node with its driver.
struct House {
    node: Node<Heap>,
    todo: VecDeque<Todo>,
    link: Option<LinkId>,
    peer: PublicKey,
    /// Datagrams the link takes in this millisecond.
    room: u32,
    stuck: Option<Vec<u8>>,
    delivered: Vec<Vec<u8>>,
    writes: VecDeque<Option<(RecordKey, u32, Vec<u8>)>>,
    forgets: VecDeque<RecordKey>,
    buf: Vec<u8>,
    /// Milliseconds its clock is behind.
    behind: u64,
    last_tick: u64,
    serial: u32,
    /// A datagram that waits to be joined with the next.
    joined: Vec<u8>,
}

type Disk = BTreeMap<RecordKey, (u32, Vec<u8>)>;

/// Two houses and the line between them.
pub(crate) struct Rig {
    fault: Fault,
    durable: bool,
    now: u64,
    houses: [Option<House>; 2],
    disks: [Disk; 2],
    /// First versions, for a driver that keeps those.
    first: [Disk; 2],
    line: [VecDeque<(u64, Vec<u8>)>; 2],
    links: u32,
    seeds: u8,
}

impl Rig {
    pub(crate) fn new(fault: Fault, durable: bool) -> Self {
        Self {
            fault,
            durable,
            now: 1_000,
            houses: [None, None],
            disks: [Disk::new(), Disk::new()],
            first: [Disk::new(), Disk::new()],
            line: [VecDeque::new(), VecDeque::new()],
            links: 0,
            seeds: 0,
        }
    }

    fn connect(&mut self) {
        self.line = [VecDeque::new(), VecDeque::new()];
        let fault = self.fault;
        for (at, house) in self.houses.iter_mut().enumerate() {
            let Some(house) = house else { continue };
            self.links += 1;
            let link = match house.link.filter(|_| fault == Fault::ReusesLinks) {
                Some(link) => link,
                None => LinkId(self.links),
            };
            house.link = Some(link);
            house.stuck = None;
            house.todo.push_back(Todo::Up(link, house.peer, at == 0));
        }
    }

    fn step(&mut self, skip: Option<usize>) {
        self.now += 1;
        for at in [0, 1] {
            if skip != Some(at) {
                self.serve(at);
            }
        }
    }

    fn serve(&mut self, at: usize) {
        let Some(mut house) = self.houses[at].take() else {
            return;
        };
        let fault = self.fault;
        let mut now = self.now - house.behind;
        if fault == Fault::ClockGoesBack && now.is_multiple_of(50) {
            now -= 500;
        }
        house.room = 1;
        if let (Some(bytes), Some(link)) = (house.stuck.take(), house.link) {
            if fault != Fault::LosesBlocked {
                house.room -= 1;
                self.line[1 - at].push_back((self.now + 5, bytes));
            }
            house.todo.push_back(Todo::Writable(link));
        }
        while self.line[at]
            .front()
            .is_some_and(|(due, _)| *due <= self.now)
        {
            let (_, bytes) = self.line[at].pop_front().expect("there is one");
            let link = house.link.expect("a line is a link");
            house.serial += 1;
            if fault == Fault::UnknownLinks && house.serial.is_multiple_of(9) {
                house
                    .todo
                    .push_back(Todo::Data(LinkId(99_999), bytes.clone()));
            }
            house.todo.push_back(Todo::Data(link, bytes));
        }
        self.write(at, &mut house);
        while let Some(todo) = house.todo.pop_front() {
            self.offer(at, &mut house, now, todo);
            if fault == Fault::PollsOnce {
                self.drain(at, &mut house, now, 1);
            }
        }
        let due = house
            .node
            .deadline()
            .is_some_and(|d| d.at <= Instant::from_millis(now));
        let ticks = match fault {
            Fault::NeverTicks => false,
            Fault::TicksRarely => now >= house.last_tick + 4_000,
            _ => due,
        };
        if ticks {
            house.last_tick = now;
            house.node.tick(Instant::from_millis(now));
        }
        if fault != Fault::PollsOnce {
            self.drain(at, &mut house, now, u32::MAX);
        }
        self.houses[at] = Some(house);
    }

    /// One record for each millisecond.
    fn write(&mut self, at: usize, house: &mut House) {
        let next = match self.fault {
            Fault::WritesOutOfOrder => house.writes.pop_back(),
            _ => house.writes.pop_front(),
        };
        match next {
            Some(Some((key, version, bytes))) => {
                self.first[at]
                    .entry(key)
                    .or_insert_with(|| (version, bytes.clone()));
                self.disks[at].insert(key, (version, bytes));
                let version = version + u32::from(self.fault == Fault::WrongVersion);
                if self.fault != Fault::NeverPersists {
                    house.todo.push_back(Todo::Persisted(key, version));
                }
            }
            Some(None) => {
                if let Some(key) = house.forgets.pop_front() {
                    self.disks[at].remove(&key);
                    self.first[at].remove(&key);
                }
            }
            None => {}
        }
    }

    /// Feeds one input, and again after draining if there was no room.
    fn offer(&mut self, at: usize, house: &mut House, now: u64, mut todo: Todo) {
        for _ in 0..8 {
            let refused = Verdict::Refused(Refusal::Backpressure);
            if feed(&mut house.node, Instant::from_millis(now), &mut todo) != refused {
                return;
            }
            if self.fault == Fault::LosesRefused {
                return;
            }
            self.drain(at, house, now, u32::MAX);
        }
        panic!("no room though nothing waits");
    }

    fn drain(&mut self, at: usize, house: &mut House, now: u64, most: u32) {
        let fault = self.fault;
        let mut buf = std::mem::take(&mut house.buf);
        for _ in 0..most {
            let output = match house.node.poll(&mut buf) {
                Ok(Some(output)) => output,
                Ok(None) | Err(_) => break,
            };
            match output {
                Output::Transmit(transmit) => {
                    house.serial += 1;
                    if fault == Fault::JoinsDatagrams && house.serial.is_multiple_of(5) {
                        house.joined = transmit.bytes.to_vec();
                        continue;
                    }
                    if fault == Fault::WrongTicket && house.serial.is_multiple_of(20) {
                        let mut ticket = transmit.ticket;
                        ticket.number += 1_000_000;
                        let result = SendResult::Failed;
                        let now = Instant::from_millis(now);
                        house.node.handle(now, Input::Sent { ticket, result });
                        continue;
                    }
                    if house.link != Some(transmit.link) {
                        let (ticket, result) = (transmit.ticket, SendResult::Failed);
                        let now = Instant::from_millis(now);
                        house.node.handle(now, Input::Sent { ticket, result });
                        continue;
                    }
                    if house.room == 0 {
                        house.stuck = Some(transmit.bytes.to_vec());
                        feed(
                            &mut house.node,
                            Instant::from_millis(now),
                            &mut Todo::Blocked(transmit.link),
                        );
                        continue;
                    }
                    house.room -= 1;
                    let mut bytes = std::mem::take(&mut house.joined);
                    bytes.extend_from_slice(transmit.bytes);
                    self.line[1 - at].push_back((self.now + 5, bytes));
                }
                Output::Dial { peer, .. } => match fault {
                    Fault::IgnoresDial => {}
                    Fault::BelievesAnyone => {
                        self.links += 1;
                        let link = LinkId(self.links);
                        house.todo.push_back(Todo::Up(link, peer, true));
                    }
                    _ => house.todo.push_back(Todo::DialFailed(peer)),
                },
                Output::Deliver(delivery) => {
                    if fault != Fault::LosesDeliveries {
                        house.delivered.push(delivery.payload.to_vec());
                    }
                    let mut id = delivery.id;
                    if fault == Fault::TakesWhatNeverCame {
                        id.sender = Handle([7; 8]);
                        id.reference = Reference([7; 8]);
                    }
                    if fault != Fault::NeverTakes {
                        house.todo.push_back(Todo::Taken(id));
                    }
                }
                Output::Persist(record) => {
                    let all = (record.key, record.version, record.bytes.to_vec());
                    house.writes.push_back(Some(all));
                }
                Output::Forget(key) => {
                    house.writes.push_back(None);
                    house.forgets.push_back(key);
                }
                Output::Close(_) | Output::Notify(_) => {}
            }
        }
        house.buf = buf;
    }
}

fn feed(node: &mut Node<Heap>, now: Instant, todo: &mut Todo) -> Verdict {
    let input = match todo {
        Todo::Up(link, peer, dialed) => Input::Link(LinkEvent::Up {
            link: *link,
            peer: *peer,
            mtu: 1_200,
            max_frame: 65_538,
            dialed: *dialed,
            observed: &[],
        }),
        Todo::Down(link) => Input::Link(LinkEvent::Down { link: *link }),
        Todo::Writable(link) => Input::Link(LinkEvent::Writable { link: *link }),
        Todo::Blocked(link) => Input::Link(LinkEvent::Blocked { link: *link }),
        Todo::Data(link, bytes) => Input::Datagram { link: *link, bytes },
        Todo::DialFailed(peer) => Input::Link(LinkEvent::DialFailed { peer: *peer }),
        Todo::Taken(id) => Input::Taken(*id),
        Todo::Persisted(key, version) => Input::Persisted {
            key: *key,
            version: *version,
            ok: true,
        },
        Todo::Send(to, payload) => Input::Command(Command::Send(Send::new(*to, payload))),
        Todo::Restored(key, version, bytes) => Input::Restored(Record {
            key: *key,
            version: *version,
            bytes,
        }),
    };
    node.handle(now, input)
}

impl Subject for Rig {
    fn start(&mut self, end: End, part: Part) {
        let at = end as usize;
        self.seeds += 1;
        let seed = match self.fault {
            Fault::SameSeed => [9; 32],
            _ => [self.seeds; 32],
        };
        let config = Config {
            durable: self.durable,
            ..Config::default()
        };
        let now = Instant::from_millis(self.now);
        let keys = SoftKeys::from_seed(part.identity);
        let tables = Heap::new(Limits::desktop());
        let mut node = Node::new(tables, keys, config, Seed::new(seed), now).expect("it fits");
        if self.fault != Fault::KeepsTime {
            node.clock(now, UnixTime::from_secs(1_800_000_000 + self.now / 1_000));
        }
        let len = match self.fault {
            Fault::ShortBuffer => 1_500,
            _ => node.max_output(),
        };
        let mut house = House {
            node,
            todo: VecDeque::new(),
            link: None,
            peer: part.peer,
            room: 1,
            stuck: None,
            delivered: Vec::new(),
            writes: VecDeque::new(),
            forgets: VecDeque::new(),
            buf: vec![0; len],
            behind: 0,
            last_tick: self.now,
            serial: 0,
            joined: Vec::new(),
        };
        let disk = match self.fault {
            Fault::RestoresOld => &self.first[at],
            _ => &self.disks[at],
        };
        let all = disk.clone();
        for (key, (version, bytes)) in all {
            if self.fault == Fault::RestoresHalf && key.kind == RecordKind::Outbox {
                continue;
            }
            let todo = Todo::Restored(key, version, bytes);
            match self.fault {
                Fault::RestoresLate => house.todo.push_back(todo),
                _ => self.offer(at, &mut house, self.now, todo),
            }
        }
        if self.fault == Fault::RestoresLate {
            house.node.tick(now);
        }
        self.houses[at] = Some(house);
        if self.houses.iter().all(Option::is_some) {
            self.connect();
        }
    }

    fn send(&mut self, end: End, to: PublicKey, payload: &[u8]) {
        let house = self.houses[end as usize].as_mut().expect("it runs");
        house.todo.push_back(Todo::Send(to, payload.to_vec()));
    }

    fn delivered(&mut self, end: End) -> Vec<Vec<u8>> {
        let house = self.houses[end as usize].as_mut();
        house.map_or(Vec::new(), |house| std::mem::take(&mut house.delivered))
    }

    fn stop(&mut self, end: End) -> bool {
        let at = end as usize;
        self.houses[at] = None;
        let fault = self.fault;
        if let Some(house) = &mut self.houses[1 - at]
            && fault != Fault::ReusesLinks
            && let Some(link) = house.link.take()
        {
            self.line[1 - at].clear();
            house.stuck = None;
            house.todo.push_back(Todo::Down(link));
        }
        true
    }

    fn wait(&mut self, span: Span) {
        for _ in 0..span.as_millis() {
            self.step(None);
        }
    }

    fn suspend(&mut self, end: End, span: Span) -> bool {
        for _ in 0..span.as_millis() {
            self.step(Some(end as usize));
        }
        if self.fault == Fault::ClockMissesSuspend
            && let Some(house) = &mut self.houses[end as usize]
        {
            house.behind += span.as_millis();
        }
        true
    }
}

//! Two ends of a Noise link and a medium that does what the bytes say.

use std::collections::BTreeSet;

use tom_core::entropy::Seed;
use tom_core::identity::{Keys, SoftKeys};
use tom_core::link::packet::{DATA_HEAD, DATA_OVERHEAD, POLL_MAX};
use tom_core::link::{Accept, Admit, Gate, GateConfig, Heard, LinkOutput, NoiseLink};
use tom_core::time::{Instant, Span};

use crate::{Numbers, Reader};

struct End {
    keys: SoftKeys,
    gate: Gate,
    link: NoiseLink,
    up: bool,
    /// Datagrams sealed here, and those the other end opened.
    sealed: BTreeSet<Vec<u8>>,
    opened: BTreeSet<Vec<u8>>,
}

struct Medium {
    ends: [End; 2],
    now: Instant,
    /// Packets on their way, with the end they go to.
    air: Vec<(usize, Vec<u8>)>,
    /// Packets that were on their way once.
    past: Vec<(usize, Vec<u8>)>,
    number: u32,
    ups: u64,
}

/// Handshakes, data, loss, copies, changes, time, and ends that hang up.
pub fn run(bytes: &[u8]) -> u64 {
    let mut reader = Reader(bytes);
    let mode = reader.u8();
    let keys = |at: u8| SoftKeys::from_seed([at + 1; 32]);
    let end = |at: u8| {
        let config = if mode & 1 == 0 {
            GateConfig::COMPUTER
        } else {
            GateConfig::MCU
        };
        let accept = if mode & 2 == 0 {
            Accept::Anybody
        } else {
            Accept::Only(*keys(1 - at).public())
        };
        let seed = Seed::new([mode ^ at; 32]);
        End {
            keys: keys(at),
            gate: Gate::new(&keys(at).public().to_x(), config, &seed, Instant::ZERO),
            link: NoiseLink::new(keys(at).public(), accept, &seed, Instant::ZERO),
            up: false,
            sealed: BTreeSet::new(),
            opened: BTreeSet::new(),
        }
    };
    let mut medium = Medium {
        ends: [end(0), end(1)],
        now: Instant::ZERO,
        air: Vec::new(),
        past: Vec::new(),
        number: 0,
        ups: 0,
    };
    for _ in 0..256 {
        if reader.is_empty() {
            break;
        }
        medium.step(&mut reader);
    }
    medium.ups
}

impl Medium {
    fn step(&mut self, reader: &mut Reader<'_>) {
        let deed = reader.u8();
        let at = usize::from(deed >> 7);
        match deed % 12 {
            0 => {
                let peer = *self.ends[1 - at].keys.public();
                self.ends[at].link.dial(self.now, &peer);
                self.tick(at);
            }
            // Everything on its way arrives.
            1 | 2 => {
                for _ in 0..8 {
                    for (to, bytes) in std::mem::take(&mut self.air) {
                        self.arrive(to, bytes);
                    }
                }
            }
            3 => self.seal(at, usize::from(reader.u8())),
            4 => self.pass(u64::from(reader.u16())),
            5 => self.pass(u64::from(reader.u8()) * 1_000),
            6 => {
                let lost = usize::from(reader.u8()) % self.air.len().max(1);
                if lost < self.air.len() {
                    self.air.remove(lost);
                }
            }
            7 => self.change(reader),
            8 => {
                let pick = usize::from(reader.u8()) % self.past.len().max(1);
                if let Some((to, bytes)) = self.past.get(pick).cloned() {
                    self.arrive(to, bytes);
                }
            }
            9 => self.ends[at].link.clock(self.now, u64::from(reader.u16())),
            10 => {
                let len = usize::from(reader.u8());
                let bytes = (0..len).map(|_| reader.u8()).collect();
                self.arrive(at, bytes);
            }
            _ => {
                if reader.u8() & 7 == 0 {
                    self.ends[at].link.hang_up();
                } else {
                    self.ends[at].link.reseed(&Seed::new([deed; 32]));
                }
                self.drain(at);
            }
        }
    }

    fn seal(&mut self, at: usize, len: usize) {
        self.number += 1;
        let mut datagram = self.number.to_le_bytes().to_vec();
        datagram.resize(4 + len, at as u8);
        let mut buf = vec![0; datagram.len() + DATA_OVERHEAD];
        buf[DATA_HEAD..DATA_HEAD + datagram.len()].copy_from_slice(&datagram);
        if let Ok(len) = self.ends[at].link.seal(self.now, &mut buf, datagram.len()) {
            self.ends[at].sealed.insert(datagram);
            self.fly(1 - at, buf[..len].to_vec());
        }
        self.drain(at);
    }

    fn fly(&mut self, to: usize, bytes: Vec<u8>) {
        if self.past.len() < 64 {
            self.past.push((to, bytes.clone()));
        }
        if self.air.len() < 64 {
            self.air.push((to, bytes));
        }
    }

    fn change(&mut self, reader: &mut Reader<'_>) {
        let (pick, place, with) = (reader.u8(), reader.u8(), reader.u8());
        let pick = usize::from(pick) % self.past.len().max(1);
        let Some((to, mut bytes)) = self.past.get(pick).cloned() else {
            return;
        };
        let place = usize::from(place) % bytes.len().max(1);
        match with {
            0 => bytes.truncate(place),
            255 => bytes.push(with),
            with => bytes[place] ^= with,
        }
        self.arrive(to, bytes);
    }

    fn arrive(&mut self, at: usize, mut bytes: Vec<u8>) {
        let end = &mut self.ends[at];
        match end.gate.admit(self.now, &[at as u8], &mut bytes) {
            Admit::Drop(_) => {}
            Admit::Reply(cookie) => self.fly(1 - at, cookie.to_vec()),
            Admit::Pass(admitted) => {
                if let Ok(Heard::Datagram(datagram)) =
                    end.link.handle(self.now, &end.keys, admitted)
                {
                    let datagram = datagram.to_vec();
                    assert!(
                        self.ends[1 - at].sealed.contains(&datagram),
                        "nobody sealed this"
                    );
                    assert!(self.ends[at].opened.insert(datagram), "opened twice");
                }
            }
        }
        self.drain(at);
    }

    fn tick(&mut self, at: usize) {
        let end = &mut self.ends[at];
        end.link.tick(self.now, &end.keys);
        self.drain(at);
        let deadline = self.ends[at].link.deadline();
        assert!(
            deadline.is_none_or(|at| at > self.now),
            "the link's clock stands still"
        );
    }

    fn drain(&mut self, at: usize) {
        let mut buf = [0; POLL_MAX];
        let peer = *self.ends[1 - at].keys.public();
        for round in 0.. {
            assert!(round < 32, "one event, ever more packets");
            match self.ends[at].link.poll(&mut buf) {
                None => break,
                Some(LinkOutput::Send(bytes)) => {
                    let bytes = bytes.to_vec();
                    self.fly(1 - at, bytes);
                }
                Some(LinkOutput::Up(with)) => {
                    assert_eq!(with, peer, "nobody else has keys here");
                    assert!(!self.ends[at].up, "up twice");
                    self.ends[at].up = true;
                    self.ups += 1;
                }
                Some(LinkOutput::Down) => {
                    assert!(self.ends[at].up, "down twice");
                    self.ends[at].up = false;
                }
            }
        }
    }

    /// Time passes, both ends woken at their deadlines.
    fn pass(&mut self, ms: u64) {
        let end = self.now.plus(Span::from_millis(ms));
        for _ in 0..4_096 {
            let due = (0..2).filter_map(|at| self.ends[at].link.deadline().map(|then| (then, at)));
            let Some((then, at)) = due.min().filter(|(then, _)| *then <= end) else {
                break;
            };
            self.now = self.now.max(then);
            self.tick(at);
        }
        self.now = end;
    }
}

/// Links that come up and carry something, with more and more trouble.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for number in 0..32u64 {
        let mut numbers = Numbers::new(2_000 + number);
        // Dial, let everything arrive, and talk both ways.
        let mut bytes = vec![(number % 4) as u8, 0, 1, 1];
        for _ in 0..6 {
            bytes.extend([3, numbers.below(200) as u8, 1, 0x80 | 7, 40, 1]);
            let len = numbers.below(2 * number + 1) as usize;
            bytes.extend(numbers.bytes(len));
        }
        seeds.push((format!("talk-{number:02}"), bytes));
    }
    seeds
}

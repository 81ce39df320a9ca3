//! Messages between two people who know each other.

use std::hint::black_box;

use tom_core::config::{Config, Profile};
use tom_core::crypto::{self, Key, Suite, Tom1};
use tom_core::input::{Command, Input, Send};
use tom_core::output::{Output, Verdict};
use tom_core::time::{Instant, Span};
use tom_core::wire::{Envelope, Frame, Frames, Handle, Kind, message_id};

use crate::measure::{Pair, Report, Rounds, timed};
use crate::world::{
    LINK, Two, Who, crowd, crowded, drbg, fill_opened, node, print_limits, stranger,
};

/// Messages under way at once.
const WINDOW: u64 = 16;
/// What waits in A's outbox for a way to its recipient, with a timer each.
const WAITING: u64 = 960;

/// A and B with a session between them and a crowd around each.
fn pair(payload: usize) -> Two {
    let now = Instant::ZERO;
    // B forwards for nobody, so that what A has for others waits at A.
    let quiet = Config {
        profile: Profile::Leaf,
        ..Config::default()
    };
    let mut a = node(10, Config::default(), crowded(), now);
    let mut b = node(11, quiet, crowded(), now);
    crowd(&mut a, now);
    crowd(&mut b, now);
    fill_opened(&mut b, now, 4_000);
    let mut two = Two::new(a, b, now, payload);
    two.connect();
    for n in 0..WAITING {
        let send = Send::new(stranger(n), b"somebody who is away");
        let verdict = two.a.handle(now, Input::Command(Command::Send(send)));
        assert!(matches!(verdict, Verdict::Accepted(Some(_))), "{verdict:?}");
    }
    assert!(two.send(), "a first message");
    two.settle();
    two
}

/// `count` messages, `window` at a time; timers run as they would at 100,000 a second.
fn talk(two: &mut Two, count: u64, window: u64) {
    for burst in 0..count / window {
        for _ in 0..window {
            two.send();
        }
        two.settle();
        if (burst * window).is_multiple_of(128) {
            two.pass(Span::from_millis(1));
        }
    }
}

/// What the two ends compute for one message, and nothing else.
pub(crate) struct Floor {
    key: Key,
    root: [u8; 32],
    buf: Vec<u8>,
    envelope: Vec<u8>,
    n: u32,
}

impl Floor {
    pub(crate) fn new(payload: usize) -> Self {
        let mut rng = drbg(5);
        Self {
            key: Key::new(rng.array()),
            root: rng.array(),
            buf: vec![0; 1 + payload],
            envelope: vec![0x5A; 46 + payload],
            n: 0,
        }
    }

    /// One end's half: secret, commitment, cipher, id; `seal` says which half.
    pub(crate) fn half(&mut self, aad: &[u8], n: u32, seal: bool, tag: [u8; 16]) -> [u8; 16] {
        let secret = crypto::ack_secret_data::<Tom1>(&self.root, 0, n);
        black_box(crypto::commit::<Tom1>(1, &Handle([1; 8]), &secret));
        let key = self.key.as_bytes();
        let tag = if seal {
            Tom1::aead_seal(key, u64::from(n), aad, &mut self.buf)
        } else {
            Tom1::aead_open(key, u64::from(n), aad, &mut self.buf, &tag).expect("our own tag");
            tag
        };
        black_box(message_id(black_box(&self.envelope)));
        tag
    }

    pub(crate) fn run(&mut self, count: u64) -> u64 {
        let public = stranger(1);
        timed(|| {
            for _ in 0..count {
                let n = self.n;
                let aad =
                    crypto::data_aad(Kind::Data.vt(), 0x22, 1, &public, &[1; 4], n, Some(&[0; 8]));
                let tag = self.half(aad.as_bytes(), n, true, [0; 16]);
                self.half(aad.as_bytes(), n, false, tag);
                if n.is_multiple_of(64) {
                    // Both ends take the next epoch's key.
                    self.key = black_box(self.key.next::<Tom1>());
                    black_box(self.key.next::<Tom1>());
                }
                self.n = n.wrapping_add(1);
            }
        })
    }
}

pub(crate) fn run(report: &mut Report) {
    report.section("Session: 200 B sealed, opened, acknowledged, settled; both ends on one core");
    print_limits("desktop, with more contacts", &crowded());
    let mut two = pair(200);
    check(report, &mut two);
    wire(report, &mut two);

    let ops = report.ops(20_000) / WINDOW * WINDOW;
    let mut floor = Floor::new(200);
    let mut rows = Vec::new();
    for window in [WINDOW, 1] {
        let before = two.proven;
        let pair = Pair::run(
            report.rounds(),
            ops,
            || timed(|| talk(&mut two, ops, window)),
            || floor.run(ops),
        );
        let sent = (report.rounds() as u64 + 1) * ops;
        report.must(
            two.proven - before == sent,
            "every message is proven delivered",
        );
        report.must(two.altered == 0, "every payload arrives as it was");
        report.row(&format!("200 B there and proven, window {window}"), &pair);
        rows.push(pair);
    }
    report.must(
        rows.iter().all(|row| row.allocations == 0),
        "no allocation per message",
    );
    report.at_least(
        "messages of 200 B per CPU-second",
        rows[0].ours.per_second(),
        100_000,
    );
    cliff(report, &mut two, &mut floor);
    halves(report);
}

/// Each end's own share at the predecessor's size.
fn halves(report: &mut Report) {
    let mut two = pair(1_024);
    let mut buf: Box<[u8]> = vec![0; two.a.max_output()].into();
    let mut flight: Vec<Vec<u8>> = (0..64).map(|_| Vec::with_capacity(4_096)).collect();
    let ops = report.ops(20_000) / 64 * 64;
    let (mut seals, mut opens) = (Vec::new(), Vec::new());
    for _ in 0..report.rounds() {
        let (mut sealing, mut opening) = (0, 0);
        for _ in 0..ops / 64 {
            let mut used = 0;
            sealing += timed(|| {
                for _ in 0..64 {
                    two.send();
                }
                while let Some(output) = two.a.poll(&mut buf).expect("a long buffer") {
                    if let Output::Transmit(transmit) = output {
                        flight[used].clear();
                        flight[used].extend_from_slice(transmit.bytes);
                        used += 1;
                    }
                }
            });
            let now = two.now;
            opening += timed(|| {
                for bytes in flight.iter_mut().take(used) {
                    two.b.handle(now, Input::Datagram { link: LINK, bytes });
                }
                two.drain(Who::B);
            });
            two.settle();
            two.pass(Span::from_millis(1));
        }
        seals.push(sealing);
        opens.push(opening);
    }
    report.must(
        two.altered == 0 && two.proven == two.delivered,
        "1,024 B arrive and are proven",
    );
    report.plain(
        "seal and send 1,024 B",
        &Rounds::new(&seals, ops),
        "predecessor 9,360/s",
    );
    report.plain(
        "open, deliver, acknowledge 1,024 B, ACK read",
        &Rounds::new(&opens, ops),
        "predecessor 10,722/s",
    );
}

fn check(report: &mut Report, two: &mut Two) {
    let (delivered, proven) = (two.delivered, two.proven);
    let before = two.b.stats().seals_opened;
    talk(two, 512, WINDOW);
    report.must(
        two.delivered - delivered == 512,
        "512 messages are delivered, each once",
    );
    report.must(two.proven - proven == 512, "512 messages are proven");
    report.must(two.altered == 0, "every payload arrives as it was");
    report.must(
        two.b.stats().seals_opened == before,
        "all of them in session",
    );
    report.must(two.a.stats().retries == 0, "none of them twice");
}

/// The bytes of one message and its proof, before the link layer.
fn wire(report: &mut Report, two: &mut Two) {
    let full = std::mem::take(&mut two.payload);
    let mut sizes = Vec::new();
    for payload in [100, 200] {
        two.payload = full[..payload].to_vec();
        let message = envelope_lengths(two, Who::A);
        let ack = envelope_lengths(two, Who::B);
        two.settle();
        let whole = 5 + message.iter().sum::<usize>();
        println!(
            "  {payload} B in session, purgeable: envelope {message:?} B, its ACK {ack:?} B; framed \
             {whole} B{}",
            if payload == 100 {
                " (predecessor 732 B)"
            } else {
                ""
            },
        );
        sizes.push((message, ack));
    }
    two.payload = full;
    report.must(sizes[1].0 == [246], "200 B travel as 246");
    report.must(sizes[0].1 == [40] && sizes[1].1 == [40], "an ACK is 40 B");
}

/// The envelopes one side sends next; A is made to send a message first.
fn envelope_lengths(two: &mut Two, who: Who) -> Vec<usize> {
    let mut lengths = Vec::new();
    if who == Who::A {
        two.send();
    }
    let mut buf = vec![0; two.a.max_output()];
    let now = two.now;
    let (from, to) = match who {
        Who::A => (&mut two.a, &mut two.b),
        Who::B => (&mut two.b, &mut two.a),
    };
    while let Some(output) = from.poll(&mut buf).expect("a long buffer") {
        match output {
            Output::Transmit(transmit) => {
                for frame in Frames::new(transmit.bytes) {
                    if let Ok(Frame::Envelope { bytes, .. }) = frame {
                        Envelope::parse(bytes).expect("a good envelope");
                        lengths.push(bytes.len());
                    }
                }
                let mut bytes = transmit.bytes.to_vec();
                to.handle(
                    now,
                    Input::Datagram {
                        link: LINK,
                        bytes: &mut bytes,
                    },
                );
            }
            Output::Deliver(delivery) => {
                let id = delivery.id;
                from.handle(now, Input::Taken(id));
            }
            Output::Notify(_)
            | Output::Dial { .. }
            | Output::Close(_)
            | Output::Persist(_)
            | Output::Forget(_) => {}
        }
    }
    lengths
}

/// Throughput must not fall with the number of messages handled.
fn cliff(report: &mut Report, two: &mut Two, floor: &mut Floor) {
    let chunk = 2_000 / WINDOW * WINDOW;
    let mut speed = |two: &mut Two| {
        let mut ratios: Vec<u64> = (0..5)
            .map(|_| timed(|| talk(two, chunk, WINDOW)) * 1_000 / floor.run(chunk).max(1))
            .collect();
        ratios.sort_unstable();
        ratios[2]
    };
    let (delivered, proven) = (two.delivered, two.proven);
    let first = speed(two);
    let last = if report.quick { 100_000 } else { 1_000_000 };
    let mut done = 5 * chunk;
    for mark in [10_000, 100_000, 1_000_000]
        .into_iter()
        .filter(|mark| *mark <= last)
    {
        if mark > done {
            talk(two, (mark - done) / WINDOW * WINDOW, WINDOW);
        }
        let now = speed(two);
        done = mark + 5 * chunk;
        report.at_most_percent(
            &format!("cost of a message after {mark}, of the first 10,000"),
            now * 100 / first.max(1),
            110,
        );
    }
    let (delivered, proven) = (two.delivered - delivered, two.proven - proven);
    report.must(
        delivered == proven && delivered >= last,
        "every one of them proven",
    );
}

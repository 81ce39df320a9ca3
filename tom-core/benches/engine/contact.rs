//! The first message to somebody: a one-shot, its answer and its proof.

use std::hint::black_box;

use tom_core::Node;
use tom_core::config::Config;
use tom_core::crypto::{Suite, Tom1};
use tom_core::input::{Input, LinkEvent};
use tom_core::storage::Heap;
use tom_core::time::{Instant, Span};

use crate::measure::{Pair, Report, Rounds, timed};
use crate::world::{LINK, Two, Who, crowd, crowded, drbg, fill_opened, node, small};

/// Longer than a session sends: the next message is a one-shot again, between people who know
/// each other.
const AGE: Span = Span::from_secs(25 * 3_600);

struct Bench {
    /// The one with the crowd; taken out while it is one of two.
    crowded: Option<Node<Heap>>,
    now: Instant,
    born: u64,
}

impl Bench {
    /// First contacts with `count` newcomers, every other one begun by the newcomer. Only the
    /// exchange itself is timed. With `again`, what is timed is a second one-shot between them.
    fn round(&mut self, report: &mut Report, count: u64, again: bool) -> u64 {
        let mut total = 0;
        for n in 0..count {
            self.born += 1;
            self.now = self.now.plus(Span::from_secs(2));
            let config = Config {
                seal_opens_per_second: 10_000,
                ..Config::default()
            };
            let newcomer = node(1_000 + self.born, config, small(), self.now);
            let old = self.crowded.take().expect("it was put back");
            let (a, b) = if n % 2 == 0 {
                (old, newcomer)
            } else {
                (newcomer, old)
            };
            let mut two = Two::new(a, b, self.now, 200);
            two.connect();
            let mut took = exchange(&mut two);
            if again {
                two.pass(AGE);
                took = exchange(&mut two);
            }
            total += took;
            let want = if again { 2 } else { 1 };
            let seals = two.b.stats().seals_opened;
            let right = two.delivered == want && two.proven == want && two.altered == 0;
            report.must(
                right && seals >= want,
                "a first message is delivered and proven",
            );
            // Both ends have the session: the next message needs no public key.
            two.send();
            two.settle();
            report.must(
                two.b.stats().seals_opened == seals,
                "the next message goes in session",
            );
            two.a
                .handle(two.now, Input::Link(LinkEvent::Down { link: LINK }));
            two.b
                .handle(two.now, Input::Link(LinkEvent::Down { link: LINK }));
            while two.drain(Who::A) | two.drain(Who::B) {}
            self.now = two.now;
            self.crowded = Some(if n % 2 == 0 { two.a } else { two.b });
        }
        total
    }
}

fn exchange(two: &mut Two) -> u64 {
    timed(|| {
        two.send();
        two.settle();
    })
}

/// The floor: so many key agreements and public keys.
fn floor(count: u64, agreements: u32, bases: u32) -> u64 {
    let mut rng = drbg(9);
    let (secret, other): ([u8; 32], [u8; 32]) = (rng.array(), rng.array());
    let public = Tom1::x25519_base(&other);
    timed(|| {
        for _ in 0..count {
            for _ in 0..agreements {
                black_box(Tom1::x25519(black_box(&secret), black_box(&public)));
            }
            for _ in 0..bases {
                black_box(Tom1::x25519_base(black_box(&secret)));
            }
        }
    })
}

pub(crate) fn run(report: &mut Report) {
    report
        .section("First contact: one-shot, RESP and ACK; a newcomer and one with 10,000 contacts");
    let now = Instant::ZERO;
    let config = Config {
        seal_opens_per_second: 10_000,
        ..Config::default()
    };
    let mut crowded = node(20, config, crowded(), now);
    crowd(&mut crowded, now);
    fill_opened(&mut crowded, now, 2_000);
    let mut bench = Bench {
        crowded: Some(crowded),
        now,
        born: 0,
    };

    let ops = report.ops(200);
    for (again, agreements, name, what) in [
        (
            false,
            8,
            "first contact (8 DH + 2 base)",
            "cost of a first contact, of its primitives",
        ),
        (
            true,
            6,
            "with cached agreement (6 DH + 2 base)",
            "cost of a later one, of its primitives",
        ),
    ] {
        bench.round(report, ops / 4, again);
        floor(ops / 4, agreements, 2);
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..report.rounds() {
            ours.push(bench.round(report, ops, again));
            bare.push(floor(ops, agreements, 2));
        }
        let (ours, floor) = (Rounds::new(&ours, ops), Rounds::new(&bare, ops));
        let pair = Pair {
            ours,
            floor,
            allocations: 0,
        };
        report.row(name, &pair);
        report.at_most_percent(what, pair.percent(), 125);
    }
}

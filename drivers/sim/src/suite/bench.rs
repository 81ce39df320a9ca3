//! What each suite costs, in CPU time of this thread.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};
use tom_core::crypto::noise::{self, OVERHEAD1, OVERHEAD2, Read1};
use tom_core::identity::{Keys, SharedSecret, XPublic};

use super::{SimSuite, SuiteKind, UnderSuite};
use crate::draw::mix;

/// Rounds per row; the best one counts, since others share the machine.
const ROUNDS: u64 = 7;
/// A packet of usual length, in bytes.
const PACKET: usize = 200;
/// What a packet is sealed along with.
const AD: [u8; 64] = [7; 64];

/// CPU time of this thread in nanoseconds.
#[must_use]
pub fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// One operation under one suite.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Under which suite.
    pub suite: SuiteKind,
    /// What was done.
    pub what: &'static str,
    /// What it cost, in nanoseconds: the best of several rounds.
    pub ns: f64,
}

/// Measures all suites; takes about a second.
#[must_use]
pub fn bench() -> Vec<Row> {
    rows(1)
}

/// The same with so many times fewer operations.
pub(super) fn rows(fewer: u64) -> Vec<Row> {
    let kinds = [SuiteKind::Real, SuiteKind::RealMemo, SuiteKind::SimFast];
    let rows = kinds.into_iter().flat_map(|kind| kind.run(Bench { fewer }));
    rows.collect()
}

struct Bench {
    fewer: u64,
}

/// Times `op` for many numbers that are never the same again, so that nothing is looked up that one
/// end of a run would not find either.
fn time(count: u64, mut op: impl FnMut(u64)) -> f64 {
    let round = |round: u64, op: &mut dyn FnMut(u64)| {
        let start = cpu_ns();
        for n in 0..count {
            op(round * count + n);
        }
        (cpu_ns() - start) as f64 / count as f64
    };
    round(ROUNDS, &mut op);
    (0..ROUNDS)
        .map(|n| round(n, &mut op))
        .fold(f64::INFINITY, f64::min)
}

fn bytes(n: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (words, _) = bytes.as_chunks_mut::<8>();
    for (at, word) in words.iter_mut().enumerate() {
        *word = mix(n ^ (at as u64) << 56).to_le_bytes();
    }
    bytes
}

impl UnderSuite for Bench {
    type Out = Vec<Row>;

    fn run<C: SimSuite>(self) -> Vec<Row> {
        C::begin();
        let (few, many) = match C::KIND {
            SuiteKind::Real | SuiteKind::RealMemo => (100, 5_000),
            SuiteKind::SimFast => (20_000, 100_000),
        };
        let (few, many) = (few / self.fewer, many / self.fewer);
        let ends = Ends::<C>::new();
        let row = |what, ns| Row {
            suite: C::KIND,
            what,
            ns,
        };
        vec![
            row(
                "identity from a seed",
                time(few.min(100), |n| drop(black_box(C::keys(bytes(n))))),
            ),
            row(
                "ephemeral key",
                time(few, |n| {
                    black_box(C::x25519_base(&bytes(!n)));
                }),
            ),
            row("agreement at both ends, per end", agreement::<C>(few) / 2.0),
            row(
                "seal and open 200 B",
                time(many, |n| packet::<C>(n, PACKET)),
            ),
            row(
                "seal and open 1,000 B",
                time(many, |n| packet::<C>(n, 1_000)),
            ),
            row(
                "hash of 200 B",
                time(many, |n| {
                    black_box(C::sha256(&[&n.to_le_bytes(), &[0; PACKET]]));
                }),
            ),
            row(
                "HMAC of 32 B",
                time(many, |n| {
                    black_box(C::hmac(&bytes(n), &[&[0; 32]]));
                }),
            ),
            row("handshake, both ends", time(few, |n| ends.handshake(n))),
        ]
    }
}

/// Two ephemeral secrets whose public halves are known, as in a handshake.
fn agreement<C: SimSuite>(count: u64) -> f64 {
    let secrets: Vec<_> = (0..count * (ROUNDS + 1))
        .map(|n| (bytes(n ^ 1 << 40), bytes(n ^ 1 << 41)))
        .collect();
    let pairs: Vec<_> = secrets
        .iter()
        .map(|(a, b)| (*a, C::x25519_base(a), *b, C::x25519_base(b)))
        .collect();
    time(count, |n| {
        if let Some((a, pa, b, pb)) = pairs.get(n as usize) {
            black_box(C::x25519(a, pb));
            black_box(C::x25519(b, pa));
        }
    })
}

fn packet<C: SimSuite>(n: u64, len: usize) {
    let mut buf = [0; 1_000];
    let buf = &mut buf[..len];
    let key = [9; 32];
    let tag = C::aead_seal(&key, n, &AD, black_box(buf));
    let opened = C::aead_open(&key, n, &AD, black_box(buf), &tag);
    assert!(opened.is_ok(), "what was sealed opens");
}

/// Two identities that know each other.
struct Ends<C: SimSuite> {
    alice: C::Keys,
    bob: C::Keys,
    xa: XPublic,
    xb: XPublic,
    ss: SharedSecret,
}

impl<C: SimSuite> Ends<C> {
    fn new() -> Self {
        let (alice, bob) = (C::keys([1; 32]), C::keys([2; 32]));
        let (xa, xb) = (alice.public().to_x(), bob.public().to_x());
        #[expect(clippy::expect_used, reason = "keys made here are honest")]
        let ss = alice.agree(&xb).expect("an honest key");
        Self {
            alice,
            bob,
            xa,
            xb,
            ss,
        }
    }

    /// Both messages of Noise IK, written and read: 6 agreements, since the static one is cached.
    fn handshake(&self, n: u64) {
        let both = || -> Result<bool, noise::NoiseError> {
            let mut one = [0; OVERHEAD1 + 64];
            let mut two = [0; OVERHEAD2 + 16];
            let (e, f) = (bytes(n ^ 1 << 42), bytes(n ^ 1 << 43));
            let written = noise::write1::<C>(&mut one, &AD, &e, &self.xa, &self.ss, &self.xb)?;
            let read = Read1::start::<C>(&self.bob, &self.xb, &AD, &one)?;
            let responder = read.finish::<C>(&self.ss, &mut one)?;
            let theirs = responder.write2::<C>(&f, &mut two)?;
            let ours = written.initiator.read2::<C>(&self.alice, &mut two)?;
            Ok(ours.h == theirs.h)
        };
        assert_eq!(black_box(both()), Ok(true), "both ends agree");
    }
}

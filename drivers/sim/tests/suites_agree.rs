//! One tape, three suites: a run takes the same course whatever computes the bytes. Compared are
//! time, source, destination, kinds and length of every datagram, what the applications saw, and
//! what every node counted; real and memoised bytes are compared as they are.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind of thing"
)]

#[path = "suites_agree/village.rs"]
mod village;

use tom_sim::draw::mix;
use tom_sim::suite::{Fast, Memo, Real};
use village::{Seen, Step, Tape, run};

/// Where two courses part, for the message.
fn parting(one: &[String], other: &[String]) -> Option<String> {
    let at = one.iter().zip(other).position(|(one, other)| one != other);
    let at = at.or_else(|| (one.len() != other.len()).then(|| one.len().min(other.len())))?;
    let before = one
        .get(at.saturating_sub(12)..at)
        .unwrap_or_default()
        .join("\n");
    Some(format!(
        "after {at} equal lines\n{before}\n- {:?}\n+ {:?}",
        one.get(at),
        other.get(at)
    ))
}

/// Runs a tape under all suites, compares, and gives what the real one saw.
fn agree(tape: &Tape) -> Seen {
    let real = run::<Real>(tape);
    let memo = run::<Memo>(tape);
    let fast = run::<Fast>(tape);
    for (name, other) in [("memo", &memo), ("fast", &fast)] {
        if let Some(text) = parting(&real.course, &other.course) {
            panic!("real and {name} part, seed {}: {text}", tape.seed);
        }
    }
    assert!(real.bytes == memo.bytes, "memo changes bytes");
    assert!(real.bytes != fast.bytes, "fast is another suite");
    real
}

/// One message from each node to each later one, so that no two handshakes cross.
fn acquaint(nodes: usize) -> Vec<Step> {
    let mut steps = vec![Step::Pass(500)];
    for from in 0..nodes {
        for to in from + 1..nodes {
            steps.extend([Step::Send(from, to, 20), Step::Pass(1_000)]);
        }
    }
    steps
}

/// Two nodes, sessions of many epochs, receipts, and a renewal a day later.
fn two(seed: u64) -> Tape {
    let mut steps = acquaint(2);
    steps.push(Step::Foul);
    for n in 0..150 {
        steps.extend([
            Step::Send(0, 1, n * 7 % 300),
            Step::Send(1, 0, n * 13 % 900),
            Step::Pass(n as u64 % 50),
        ]);
    }
    steps.extend([Step::Pass(20_000), Step::Read(1), Step::Read(0)]);
    steps.extend([Step::Pass(20_000), Step::Pass(25 * 3_600_000)]);
    steps.extend([Step::Send(0, 1, 10), Step::Pass(60_000)]);
    steps.extend([Step::Send(1, 0, 10), Step::Send(0, 1, 10)]);
    steps.push(Step::Pass(60_000));
    Tape {
        seed,
        nodes: 2,
        links: vec![(0, 1)],
        lose: 9,
        damage: 0,
        double: 11,
        steps,
    }
}

/// Five nodes with several ways between them, everybody to everybody.
fn five(seed: u64) -> Tape {
    let mut steps = acquaint(5);
    steps.push(Step::Foul);
    for n in 0..300 {
        let draw = mix(seed << 20 | n);
        let (from, to) = (draw as usize % 5, (draw >> 8) as usize % 4);
        let to = if to >= from { to + 1 } else { to };
        let len = (draw >> 16) as usize % 700;
        steps.extend([Step::Send(from, to, len), Step::Pass((draw >> 32) % 60)]);
    }
    steps.extend([Step::Pass(10_000), Step::Cut(1, 2), Step::Pass(1_000)]);
    steps.extend((0..5).map(Step::Read));
    steps.push(Step::Pass(120_000));
    Tape {
        seed,
        nodes: 5,
        links: vec![(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (1, 3)],
        lose: 12,
        damage: 0,
        double: 17,
        steps,
    }
}

/// A line of relays on which bits change; the far end forgets its sessions and is spoken to.
fn line(seed: u64) -> Tape {
    let mut steps = acquaint(5);
    steps.push(Step::Foul);
    for n in 0..120 {
        let (from, to) = if n < 50 && n % 3 == 0 { (4, 0) } else { (0, 4) };
        steps.extend([Step::Send(from, to, n), Step::Pass(40)]);
        if n == 60 {
            steps.extend([Step::Pass(150_000), Step::Restart(4), Step::Pass(1_000)]);
        }
    }
    steps.push(Step::Pass(300_000));
    Tape {
        seed,
        nodes: 5,
        links: vec![(0, 1), (1, 2), (2, 3), (3, 4)],
        lose: 25,
        damage: 6,
        double: 0,
        steps,
    }
}

/// Both ends write first, at once: two handshakes, in one of which both go on to send.
fn crossed(seed: u64) -> Tape {
    let mut steps = vec![Step::Pass(500), Step::Send(0, 1, 50), Step::Send(1, 0, 60)];
    steps.push(Step::Pass(1_000));
    for n in 0..80 {
        steps.extend([Step::Send(0, 1, n), Step::Send(1, 0, n), Step::Pass(20)]);
    }
    steps.push(Step::Pass(10_000));
    Tape {
        seed,
        nodes: 2,
        links: vec![(0, 1)],
        lose: 0,
        damage: 0,
        double: 0,
        steps,
    }
}

#[test]
fn two_nodes_with_loss_and_renewal() {
    for seed in 1..=4 {
        let seen = agree(&two(seed));
        assert!(seen.delivered >= 304, "{}", seen.delivered);
        assert!(seen.in_session > 250, "{}", seen.in_session);
        assert!(seen.read >= 300, "{}", seen.read);
    }
}

#[test]
fn five_nodes_over_relays() {
    for seed in 1..=4 {
        let seen = agree(&five(seed));
        assert!(seen.delivered > 290, "{}", seen.delivered);
        assert!(seen.in_session > 250, "{}", seen.in_session);
    }
}

#[test]
fn damage_and_a_restart_over_a_line() {
    for seed in 1..=4 {
        let seen = agree(&line(seed));
        // Over one way of four lossy links some still wait for their next attempt at the end.
        assert!(seen.delivered >= 90, "{}", seen.delivered);
        let refused = seen.course.iter().any(|line| line.contains("BadTag"));
        assert!(refused, "damage was seen");
        let lost = seen
            .course
            .iter()
            .any(|line| line.contains("UnknownSession"));
        assert!(lost, "the restart was seen");
    }
}

#[test]
fn crossed_handshakes() {
    for seed in 1..=8 {
        let seen = agree(&crossed(seed));
        assert!(seen.delivered >= 160, "{}", seen.delivered);
    }
}

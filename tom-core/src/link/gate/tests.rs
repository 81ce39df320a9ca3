use std::vec::Vec;

use proptest::prelude::*;

use super::{Admit, Gate, GateConfig, mac_key, mac1};
use crate::crypto::Tom1;
use crate::entropy::Seed;
use crate::identity::XPublic;
use crate::link::packet::{COOKIE, INIT, INIT_LEN, INIT2, MAC_LEN, Packet, put};
use crate::link::reject::Reject;
use crate::link::rules::{COOKIE_SECRET_LIFE, DIFFICULTY_MAX};
use crate::link::stamp::Search;
use crate::time::Instant;

const OWN: XPublic = XPublic([9; 32]);
const CONFIG: GateConfig = GateConfig {
    burst: 4,
    per_second: 1,
};

fn gate() -> Gate<Tom1> {
    Gate::new(&OWN, CONFIG, &Seed::new([3; 32]), Instant::ZERO)
}

/// An INIT with a correct first MAC and nothing true behind it: all a blind attacker can make.
fn init(tag: u32) -> Vec<u8> {
    let mut out = [0; INIT_LEN];
    put(&mut out, &[&[INIT], &tag.to_le_bytes()]);
    let (covered, place) = out.split_last_chunk_mut::<MAC_LEN>().unwrap();
    *place = mac1::<Tom1>(&mac_key::<Tom1>(&OWN), &[covered]).0;
    out.to_vec()
}

fn init2(init: &[u8], cookie: [u8; 16], difficulty: u8) -> Vec<u8> {
    let Ok(Packet::Init { mac1, .. }) = Packet::parse(init) else {
        panic!("not an INIT")
    };
    let stamp = Search::new(cookie, difficulty)
        .run::<Tom1>(mac1, u32::MAX)
        .unwrap();
    let mut out = init.to_vec();
    out[0] = INIT2;
    out.extend(cookie);
    out.extend(stamp);
    out
}

#[derive(Debug, PartialEq)]
enum Seen {
    Pass,
    Cookie([u8; 16], u8),
    Drop(Reject),
}

fn admit(gate: &mut Gate<Tom1>, ms: u64, source: &[u8], packet: &[u8]) -> Seen {
    let mut bytes = packet.to_vec();
    match gate.admit(Instant::from_millis(ms), source, &mut bytes) {
        Admit::Pass(_) => Seen::Pass,
        Admit::Reply(reply) => {
            assert!(
                reply.len() <= packet.len(),
                "an answer larger than what came in"
            );
            assert_eq!((reply[0], &reply[1..5]), (COOKIE, &packet[1..5]));
            Seen::Cookie(reply[5..21].try_into().unwrap(), reply[21])
        }
        Admit::Drop(reject) => Seen::Drop(reject),
    }
}

/// Uses up what the gate lets through without a cookie.
fn load(gate: &mut Gate<Tom1>, ms: u64) {
    for tag in 0..u32::from(CONFIG.burst) {
        assert_eq!(admit(gate, ms, b"flood", &init(1_000 + tag)), Seen::Pass);
    }
}

#[test]
fn under_load_an_init_is_answered_with_a_cookie_alone() {
    let mut gate = gate();
    load(&mut gate, 0);
    for tag in 0..100 {
        assert!(matches!(
            admit(&mut gate, 0, b"flood", &init(tag)),
            Seen::Cookie(_, 0)
        ));
    }
    // A token a second comes back.
    assert_eq!(admit(&mut gate, 1_000, b"flood", &init(7)), Seen::Pass);
    assert!(matches!(
        admit(&mut gate, 1_000, b"flood", &init(8)),
        Seen::Cookie(..)
    ));
}

#[test]
fn a_cookie_opens_the_gate_once_and_for_its_source_alone() {
    let mut gate = gate();
    load(&mut gate, 0);
    let first = init(1);
    let Seen::Cookie(cookie, bits) = admit(&mut gate, 0, b"here", &first) else {
        panic!()
    };
    let again = init2(&first, cookie, bits);
    assert!(matches!(
        admit(&mut gate, 0, b"elsewhere", &again),
        Seen::Cookie(..)
    ));
    assert_eq!(admit(&mut gate, 0, b"here", &again), Seen::Pass);
    assert_eq!(
        admit(&mut gate, 0, b"here", &again),
        Seen::Drop(Reject::Repeated)
    );
}

#[test]
fn a_cookie_outlives_one_change_of_the_secret_and_no_more() {
    let life = COOKIE_SECRET_LIFE.as_millis();
    for (age, good) in [(life, true), (2 * life, false), (9 * life, false)] {
        let mut gate = gate();
        load(&mut gate, 0);
        let first = init(1);
        let Seen::Cookie(cookie, bits) = admit(&mut gate, 0, b"here", &first) else {
            panic!()
        };
        load(&mut gate, age);
        let seen = admit(&mut gate, age, b"here", &init2(&first, cookie, bits));
        assert_eq!(seen == Seen::Pass, good, "after {age} ms");
    }
}

#[test]
fn the_price_rises_while_those_who_pay_are_too_many_and_falls_afterwards() {
    let mut gate = gate();
    load(&mut gate, 0);
    let mut price = 0;
    for second in 0..16u64 {
        let ms = second * 1_000;
        for tag in 0..40 {
            let first = init(tag + 100 * u32::try_from(second).unwrap());
            match admit(&mut gate, ms, b"rich", &first) {
                Seen::Cookie(cookie, bits) => {
                    assert!(bits <= DIFFICULTY_MAX);
                    price = bits;
                    // Beyond this the attacker gives up, and this test with it.
                    if bits <= 10 {
                        let _ = admit(&mut gate, ms, b"rich", &init2(&first, cookie, bits));
                    }
                }
                Seen::Pass => {}
                Seen::Drop(reject) => panic!("{reject:?}"),
            }
        }
    }
    assert!(price >= 8, "{price}");
    load(&mut gate, 60_000);
    assert!(matches!(
        admit(&mut gate, 60_000, b"rich", &init(1)),
        Seen::Cookie(_, 0)
    ));
}

#[test]
fn a_stamp_far_below_the_price_buys_another_cookie() {
    let mut gate = gate();
    load(&mut gate, 0);
    gate.difficulty = 12;
    let first = init(5);
    let Seen::Cookie(cookie, 12) = admit(&mut gate, 0, b"here", &first) else {
        panic!()
    };
    let Ok(Packet::Init { mac1, .. }) = Packet::parse(&first) else {
        panic!()
    };
    // A stamp that is certainly too easy: one with no zero bit at all.
    let bad = (0u64..)
        .map(u64::to_le_bytes)
        .find(|stamp| crate::link::stamp::bits::<Tom1>(&cookie, mac1, stamp) == 0)
        .unwrap();
    let mut poor = first.clone();
    poor[0] = INIT2;
    poor.extend(cookie);
    poor.extend(bad);
    assert_eq!(
        admit(&mut gate, 0, b"here", &poor),
        Seen::Cookie(cookie, 12)
    );
    assert_eq!(
        admit(&mut gate, 0, b"here", &init2(&first, cookie, 12)),
        Seen::Pass
    );
}

proptest! {
    #[test]
    fn a_changed_init_costs_one_hash(bit in 8usize..INIT_LEN * 8) {
        let mut changed = init(1);
        changed[bit / 8] ^= 1 << (bit % 8);
        let mut gate = gate();
        let before = gate.open.milli;
        prop_assert_eq!(admit(&mut gate, 0, b"", &changed), Seen::Drop(Reject::BadMac));
        prop_assert_eq!(gate.open.milli, before);
    }

    #[test]
    fn any_bytes_are_answered_by_less(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        kind in 0xA0u8..0xA7,
        ms in 0u64..1_000_000,
    ) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        let mut gate = gate();
        load(&mut gate, 0);
        // `admit` checks the size of an answer.
        let _ = admit(&mut gate, ms, b"anywhere", &bytes);
    }

    #[test]
    fn packets_are_parsed_by_their_exact_length(len in 0usize..300, kind in 0xA1u8..0xA6) {
        let mut bytes = std::vec![0; len];
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        let good = match kind {
            0xA1 => len == 117,
            0xA2 => len == 65,
            0xA3 => len >= 25,
            0xA4 => len == 22,
            _ => len == 141,
        };
        prop_assert_eq!(Packet::parse(&bytes).is_ok(), good);
    }
}

#[test]
fn time_that_runs_backwards_gives_nothing_back() {
    let mut gate = gate();
    load(&mut gate, 5_000);
    assert!(matches!(
        admit(&mut gate, 1_000, b"", &init(1)),
        Seen::Cookie(..)
    ));
    assert!(matches!(
        admit(&mut gate, 5_000, b"", &init(1)),
        Seen::Cookie(..)
    ));
}

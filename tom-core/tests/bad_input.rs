//! Bytes nobody should send: each ends in a counted, numbered drop, or is used; nothing grows, nobody
//! else is held up. Spec: drops.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]
#![allow(unreachable_pub, reason = "helpers shared between test binaries")]

#[path = "bad_input/lab.rs"]
mod lab;
#[path = "bad_input/producers.rs"]
mod producers;
#[path = "tape/strategy.rs"]
mod strategy;
mod tape;

use std::collections::BTreeSet;

use proptest::prelude::*;

use lab::{Lab, NEAR};
use strategy::{honest, hostile, options};
use tape::forger::{self, Forger, Shot};
use tape::op::Op;
use tape::world::{Options, World, public};
use tom_core::error::Drop;
use tom_core::output::{State, Verdict};
use tom_core::storage::Limits;
use tom_core::wire::NackCode;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A drop that is answered is counted once more than before; a datagram may hold several.
fn counted(before: u64, after: u64, verdict: Verdict) -> bool {
    match verdict {
        Verdict::Dropped(_) => after > before,
        Verdict::Accepted(_) | Verdict::Refused(_) => after == before,
    }
}

proptest! {
    #![proptest_config(cases(256))]

    /// CON-7, DRV-8: any bytes at all, on a link and on none.
    #[test]
    fn any_bytes_are_dropped_by_number_or_used(
        datagrams in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)), 1..20),
    ) {
        let mut lab = Lab::new(Options::starved(1));
        for (known, bytes) in datagrams {
            let before = lab.a.stats().drops_total();
            let link = if known { NEAR } else { tom_core::input::LinkId(99) };
            let verdict = lab.tell(link, &bytes);
            prop_assert!(counted(before, lab.a.stats().drops_total(), verdict), "{verdict:?}");
            tape::check_tables(&lab.a);
        }
    }

    /// CON-7, DRV-8: well-formed frames around any bytes, so that the checks behind the first ones
    /// are reached.
    #[test]
    fn any_frames_are_dropped_by_number_or_used(
        frames in proptest::collection::vec(
            (1..10u8, proptest::collection::vec(any::<u8>(), 0..120), any::<bool>(), 0..6u8), 1..30),
    ) {
        let mut lab = Lab::new(Options::starved(2));
        for (ftype, mut body, to_me, kind) in frames {
            if ftype == 2 {
                // An envelope whose header passes, for this node or for another one.
                let dst = if to_me { lab.a.public().handle() } else { public(3).handle() };
                let mut envelope = vec![0x10 | kind, 0x02, 0x08];
                envelope.extend(forger::EXPIRY.to_le_bytes());
                envelope.extend(if kind == 1 || kind == 3 { dst.0 } else { [0; 8] });
                if kind != 1 && kind != 3 {
                    envelope[1] = 0;
                }
                envelope.extend(&body);
                body = (envelope.len() as u16).to_le_bytes().to_vec();
                body.extend(envelope);
            }
            let mut datagram = vec![ftype];
            datagram.extend((body.len() as u16).to_le_bytes());
            datagram.extend(body);
            let before = lab.a.stats().drops_total();
            let verdict = lab.tell(NEAR, &datagram);
            prop_assert!(counted(before, lab.a.stats().drops_total(), verdict), "{verdict:?}");
            tape::check_tables(&lab.a);
        }
    }
}

proptest! {
    #![proptest_config(cases(96))]

    /// Real traffic with an adversary in the middle: the world itself checks that nothing is
    /// delivered twice, nothing false is claimed and no table overflows.
    #[test]
    fn changed_traffic_harms_nobody(
        options in options(),
        script in proptest::collection::vec(prop_oneof![2 => honest(), 3 => hostile()], 1..60),
    ) {
        let mut world = World::run(options, &script);
        world.settle(2_000);
    }
}

/// Whatever was done to the wire, once it is left alone messages go through again.
#[test]
fn after_an_attack_messages_go_through() {
    let mut script = Vec::new();
    for round in 0..40u8 {
        script.push(Op::Send {
            from: 1,
            to: 0,
            len: 30,
            class: round,
            trace: false,
            secs: 30,
        });
        script.push(Op::Wait(20));
        for pick in 0..6 {
            let at = u16::from(round) * 7 + u16::from(pick);
            script.push(Op::Garble {
                pick,
                how: round,
                at,
                with: round ^ pick,
            });
            script.push(Op::Lie {
                end: round,
                kind: pick,
                pick: round,
                with: 1,
            });
        }
    }
    let mut world = World::run(Options::starved(3), &script);
    world.settle(200_000);
    let before = world.houses[0].transcript.len();
    let sent = world.houses[1].node.stats().delivered;
    world.apply(&Op::Send {
        from: 1,
        to: 0,
        len: 30,
        class: 1,
        trace: false,
        secs: 0,
    });
    world.settle(5_000);
    assert!(world.houses[0].transcript.len() > before);
    assert_eq!(world.houses[1].node.stats().delivered, sent + 1);
}

/// DRP-1: every number on the list has something that produces it, and under that number.
#[test]
fn each_drop_reason_can_be_produced() {
    let table = producers::table();
    let produced: BTreeSet<Drop> = table.iter().map(|(reason, _)| *reason).collect();
    let missing: Vec<_> = Drop::ALL
        .iter()
        .filter(|reason| !produced.contains(reason))
        .collect();
    assert!(missing.is_empty(), "nothing produces {missing:?}");
    for (reason, produce) in table {
        let stats = produce();
        assert!(
            stats.drops(reason) > 0,
            "{reason:?} was not counted, but {}",
            shown(&stats)
        );
    }
}

fn shown(stats: &tom_core::stats::Stats) -> String {
    let some = Drop::ALL.iter().filter(|reason| stats.drops(**reason) > 0);
    some.map(|reason| format!("{reason:?} ")).collect()
}

/// Forged answers settle nothing and end no handshake.
#[test]
fn forged_answers_do_nothing() {
    let mut lab = Lab::new(Options::starved(4));
    let mut peer = Forger::new(7);
    lab.link(NEAR, *peer.public());
    let (id, seal) = lab.send_sealed(peer.public(), b"to be proven");
    let reference = forger::reference(&seal);
    let (sid, responder) = peer.open(&seal);
    let expiry = forger::expiry(&seal);
    // Somebody on the path knows everything but the keys.
    lab.tell(NEAR, &forger::ack(reference, [7; 16], expiry));
    lab.tell(
        NEAR,
        &forger::resp(reference, sid.expect("an offer"), &[9; 53], expiry),
    );
    lab.tell(NEAR, &forger::nack(reference, NackCode::NoRoute));
    lab.tell(NEAR, &forger::nack(reference, NackCode::Full));
    assert_eq!(lab.a.path(id).expect("known").state, State::Sent);
    assert_eq!((lab.a.stats().delivered, lab.a.stats().sessions), (0, 0));
    assert_eq!(lab.a.stats().drops(Drop::BadProof), 1);
    assert_eq!(lab.a.stats().drops(Drop::BadResp), 1);
    // The true answer and the true proof still do.
    let session = peer.answer(&responder);
    lab.tell(
        NEAR,
        &forger::resp(reference, sid.expect("an offer"), &session, expiry),
    );
    assert_eq!(lab.a.stats().sessions, 1);
    let secret = tom_core::crypto::ack_secret_seal::<tom_core::crypto::Tom1>(responder.ck());
    lab.tell(NEAR, &forger::ack(reference, secret, expiry));
    assert_eq!(lab.a.path(id).expect("known").state, State::Delivered);
}

/// LNK-24: questions cost their asker's share only, and few of them are passed on.
#[test]
fn a_flood_of_questions_is_limited() {
    let mut lab = Lab::new(Options {
        limits: Limits {
            links: 4,
            ..Limits::minimum()
        },
        ..Options::starved(5)
    });
    lab.link(NEAR, *Forger::new(1).public());
    let far = lab::FAR;
    lab.link(far, *Forger::new(2).public());
    lab.out.clear();
    for n in 0..1_000u32 {
        let mut handle = [0; 8];
        handle[..4].copy_from_slice(&n.to_le_bytes());
        lab.tell(NEAR, &lab::ask(handle, n));
        lab.wait(1);
    }
    assert!(lab.a.stats().drops(Drop::RateLimited) >= 990);
    assert!(lab.out.iter().filter(|(link, _)| *link == far).count() <= 10);
    // The other neighbour's questions are answered as ever.
    lab.out.clear();
    lab.tell(far, &lab::ask(lab.a.public().handle().0, 5));
    assert_eq!(lab.out.iter().filter(|(link, _)| *link == far).count(), 1);
}

/// Neighbours that take nothing and send much fill their own share, nobody else's.
#[test]
fn stalled_links_starve_nobody() {
    let limits = Limits {
        links: 4,
        jobs: 128,
        ..Limits::minimum()
    };
    let mut lab = Lab::new(Options {
        limits,
        ..Options::starved(6)
    });
    let honest = Forger::new(50);
    lab.link(tom_core::input::LinkId(50), *honest.public());
    for link in 1..4 {
        lab.link(
            tom_core::input::LinkId(link),
            *Forger::new(link as u16).public(),
        );
        lab.block(tom_core::input::LinkId(link));
    }
    let mut peer = Forger::new(60);
    for n in 0..400u32 {
        let link = tom_core::input::LinkId(1 + n % 3);
        let (seal, _) = peer.seal(&public(3), Shot::new(&[0x81, n as u8, (n >> 8) as u8]));
        lab.tell(link, &forger::framed(&seal));
        lab.tell(link, &forger::framed(&seal));
        lab.wait(7);
    }
    tape::check_tables(&lab.a);
    // There is room for the honest neighbour's message and its acknowledgement leaves.
    lab.out.clear();
    let mut honest = honest;
    let (seal, _) = honest.seal(lab.a.public(), Shot::new(b"\x81hello"));
    let verdict = lab.tell(tom_core::input::LinkId(50), &forger::framed(&seal));
    assert_eq!(verdict, Verdict::Accepted(None));
    assert_eq!(lab.delivered, [b"hello"]);
    let to_honest: Vec<_> = lab.out.iter().filter(|(link, _)| link.0 == 50).collect();
    assert!(
        to_honest
            .iter()
            .any(|(_, bytes)| !forger::envelopes(bytes, tom_core::wire::Kind::Ack).is_empty())
    );
    // And time goes on.
    lab.wait(60_000);
}

/// SES-9: one-shots cost public-key work: a flood of them takes its share and no more, and who
/// talks in a session does not notice.
#[test]
fn a_flood_of_one_shots_leaves_sessions_alone() {
    let quiet = in_session_latencies(0);
    let flooded = in_session_latencies(1);
    assert_eq!(quiet.len(), 200);
    assert_eq!(quiet, flooded);
}

/// 200 messages in a session, with `flood` tenfold budgets of one-shots beside them: how long each
/// took, in milliseconds of the world.
fn in_session_latencies(flood: u64) -> Vec<u64> {
    let limits = Limits {
        links: 4,
        inbox: 64,
        jobs: 256,
        blocks: 256,
        opened: 4_096,
        contacts: 64,
        ..Limits::minimum()
    };
    let options = Options {
        limits,
        ..Options::starved(7)
    };
    let mut world = World::new(options);
    // A session between 1 and 0, and the flood comes over another neighbour's link.
    for _ in 0..2 {
        world.apply(&Op::Send {
            from: 1,
            to: 0,
            len: 20,
            class: 1,
            trace: false,
            secs: 0,
        });
        world.apply(&Op::Wait(200));
    }
    assert!(world.in_session() > 0);
    let start = world.now;
    let budget = u64::from(options.config().seal_opens_per_second);
    let opened_before = world.houses[0].node.stats().seals_opened;
    let mut forgers: Vec<Forger> = (0..8).map(Forger::new).collect();
    let mut took = Vec::new();
    let (mut sent, mut made) = (0, 0u64);
    for ms in 0..4_000u64 {
        while made * 1_000 < flood * 10 * budget * ms {
            let forger = &mut forgers[(made % 8) as usize];
            let (seal, _) = forger.seal(&public(0), Shot::new(&[0x80, made as u8]));
            made += 1;
            world.arrive_from(2, 0, forger::framed(&seal));
        }
        if ms % 20 == 0 {
            let before = world.houses[1].node.stats().delivered;
            world.apply(&Op::Send {
                from: 1,
                to: 0,
                len: 200,
                class: 1,
                trace: false,
                secs: 0,
            });
            sent += 1;
            let from = world.now;
            while world.houses[1].node.stats().delivered == before {
                world.apply(&Op::Wait(1));
                assert!(
                    world.now.since(from).as_millis() < 1_000,
                    "message {sent} got stuck"
                );
            }
            took.push(world.now.since(from).as_millis());
        }
        let at = start.plus(tom_core::time::Span::from_millis(ms + 1));
        world.wait_until(at);
    }
    let stats = world.houses[0].node.stats();
    if flood > 0 {
        assert!(stats.drops(Drop::SealBudget) > made * 8 / 10, "{made} made");
        let opened = stats.seals_opened - opened_before;
        assert!(opened <= budget * 4 + 64, "{opened} opened");
    }
    took
}

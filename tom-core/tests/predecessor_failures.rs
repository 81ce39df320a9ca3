//! What was demonstrated on the predecessor, one test per finding: each fails on an engine that has
//! the weakness.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind of thing"
)]

mod common;

use common::wire::{acked, carries, framed, kind, lose_envelopes, reference};
use common::{Village, Wire, small};
use tom_core::config::Config;
use tom_core::entropy::Drbg;
use tom_core::error::{Drop, TableName};
use tom_core::input::Send;
use tom_core::output::{State, Verdict};
use tom_core::storage::Limits;
use tom_core::time::Span;
use tom_core::wire::{
    AckWriter, Envelope, Head, Kind, MAX_HOPS, Proof, Secret, message_id, set_path,
};

/// Alice, Bob and Mallory, all neighbours of one another, with talk between Alice and Bob on tape.
fn three(seed: u64) -> Village {
    let mut village = Village::of(3, seed);
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        village.link(a, b, Wire::default());
    }
    village.run(Span::from_millis(100));
    village.keep_sent = true;
    village.send(0, 1, b"hello");
    village.run(Span::from_secs(1));
    village.send(0, 1, b"in session");
    village.run(Span::from_secs(1));
    village
}

/// A1: an unsigned plaintext "from Alice" is delivered and acknowledged.
/// Here: nothing that Alice did not seal is delivered, whatever of it is true.
#[test]
fn a1_nothing_unsealed_is_delivered() {
    let mut village = three(1);
    let link = village.links(1, 2)[0];
    let before = village.houses[1].received.len();
    for envelope in village.carried(0) {
        let at = envelope.len();
        for forged in [
            // The body replaced by a plaintext, cut, and altered at both ends.
            [&envelope[..at - 20], b"a message from Alice"].concat(),
            [&envelope[..29], b"\x81a message from Alice".as_slice()].concat(),
            envelope[..at - 1].to_vec(),
            altered(&envelope, at - 1),
            altered(&envelope, 40),
        ] {
            let verdict = village.inject(1, link, &framed(&forged));
            assert!(matches!(verdict, Verdict::Dropped(_)), "{verdict:?}");
        }
    }
    village.run(Span::from_secs(5));
    assert_eq!(village.houses[1].received.len(), before);
    // What the forger may hear again are proofs that were given before.
    let acks = village.envelopes(1);
    let given: Vec<_> = acks
        .iter()
        .filter(|(over, _)| *over != link)
        .flat_map(|(_, envelope)| secrets(envelope))
        .collect();
    let heard = acks.iter().filter(|(over, _)| *over == link);
    for secret in heard.flat_map(|(_, envelope)| secrets(envelope)) {
        assert!(given.contains(&secret), "a proof nobody had earned");
    }
}

fn secrets(envelope: &[u8]) -> Vec<Secret> {
    match Envelope::parse(envelope).expect("an envelope").body {
        tom_core::wire::Body::Ack(acks) => acks.map(|proof| proof.secret).collect(),
        _ => Vec::new(),
    }
}

fn altered(envelope: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = envelope.to_vec();
    bytes[at] ^= 0x80;
    bytes
}

/// DLV-1, ENV-21: A3: a third party's ACK turns a message Delivered.
/// Here: only the recipient's secret does, whoever brings it.
#[test]
fn a3_third_party_cannot_acknowledge() {
    let mut village = three(2);
    village.houses[1].takes = false;
    let id = village.send(0, 1, b"unproven");
    village.run(Span::from_millis(50));
    let envelope = village.carried(0).pop().expect("sent");
    let expiry = Envelope::parse(&envelope).expect("an envelope").head.expiry;
    let reference = reference(&envelope);
    let mut rng = Drbg::new(&tom_core::entropy::Seed::new([3; 32]), "forger");
    // Guesses, and all 16-byte stretches of what a third party has seen.
    let mut secrets: Vec<[u8; 16]> = (0..500).map(|_| rng.array()).collect();
    secrets.extend(
        envelope
            .windows(16)
            .map(|w| <[u8; 16]>::try_from(w).expect("16 bytes")),
    );
    for link in [village.links(0, 1)[0], village.links(0, 2)[0]] {
        for secret in &secrets {
            let mut bytes = [0; 64];
            let proof = Proof {
                reference,
                secret: Secret(*secret),
            };
            let head = Head::answer(Kind::Ack, expiry);
            let acks = AckWriter::start(&mut bytes, &head, proof).expect("room");
            let len = acks.finish();
            let verdict = village.inject(0, link, &framed(&bytes[..len]));
            assert_eq!(verdict, Verdict::Dropped(Drop::BadProof));
        }
    }
    assert!(!village.is_delivered(0, id));
}

/// A4: one packet bounces between two relays for ever, drawing a signed answer at each step.
/// Here: at most nine links for a copy, and sixteen copies, whatever the bytes say.
#[test]
fn a4_no_packet_bounces() {
    let mut village = Village::of(4, 3);
    for (a, b) in [(0, 1), (1, 2), (2, 3), (3, 1)] {
        village.link(a, b, Wire::default());
    }
    village.run(Span::from_millis(100));
    village.keep_sent = true;
    let nobody = village.add(Config::default());
    village.send(0, nobody, b"to nobody there");
    village.run(Span::from_secs(2));
    let envelope = village.carried(0).first().cloned().expect("sent");
    let forwards = |village: &Village| -> u64 {
        (1..4)
            .map(|at| village.houses[at].node.stats().forwarded)
            .sum()
    };
    let before = forwards(&village);
    let out = |village: &Village| -> usize { (1..4).map(|at| village.houses[at].sent.len()).sum() };
    let sent_before = out(&village);
    let link = village.links(1, 0)[0];
    // Every attempt, every hop count there is, each a hundred times.
    for attempt in 0..16 {
        for hop in 0..16 {
            let mut copy = envelope.clone();
            set_path(&mut copy, attempt, hop.min(15));
            copy[2] = attempt << 4 | hop;
            for _ in 0..100 {
                village.inject(1, link, &framed(&copy));
            }
        }
        village.run(Span::from_secs(5));
    }
    village.run(Span::from_secs(600));
    // Three relays, at most once per attempt each.
    assert!(forwards(&village) - before <= 3 * 16);
    // And what it draws in answers is one receipt per copy that came, no avalanche.
    let copies = 16 * 16 * 100;
    assert!(
        out(&village) - sent_before <= copies + 3 * 16 * 8,
        "{}",
        out(&village)
    );
    assert!(village.drops(1, Drop::BadHop) > 0);
    assert!(usize::from(MAX_HOPS) == 8);
}

/// LNK-25: A5 and A6: an unsigned word makes a node send its traffic over the attacker.
/// Here: a neighbour that claims to reach everybody gets at most the first attempt, and none once
/// somebody brought proofs.
#[test]
fn a6_claim_to_be_near_diverts_no_traffic() {
    let mut village = Village::of(4, 4);
    let (a, honest, evil, b) = (0, 1, 2, 3);
    village.link(a, honest, Wire::default());
    village.link(a, evil, Wire::default());
    village.link(honest, b, Wire::default());
    village.run(Span::from_millis(100));
    let id = village.send(a, b, b"first");
    assert!(
        village
            .run_until_delivered(a, id, Span::from_secs(5))
            .is_some()
    );
    let link = village.links(a, evil)[0];
    let claims = |village: &mut Village| {
        // REACH! for whatever nonce, PASSED and TAKEN for nothing, over and over.
        for nonce in 0..2_000u16 {
            let mut answer = [0; 32];
            let claim = tom_core::wire::ReachAnswer {
                handle: village.key(b).handle(),
                nonce: u32::from(nonce),
                distance: 0,
            };
            let frame = tom_core::wire::Frame::ReachAnswer(claim);
            let len = frame.emit(&mut answer).expect("room");
            village.inject(a, link, &answer[..len]);
        }
    };
    village.houses[evil].swallows = true;
    for n in 0..20u8 {
        claims(&mut village);
        let id = village.send(a, b, &[n]);
        let took = village.run_until_delivered(a, id, Span::from_secs(5));
        assert!(
            took.is_some_and(|took| took <= Span::from_millis(50)),
            "{n}: {took:?}"
        );
    }
    assert!(village.drops(a, Drop::ReachUnknown) >= 20 * 2_000 - 10);
    assert_eq!(
        village.drops(evil, Drop::NoRoute),
        0,
        "nothing ever went there"
    );
}

/// CON-12, LNK-28: A5: a neighbour's word about our address or the time changes nothing by itself.
#[test]
fn a5_one_neighbours_word_moves_neither_address_nor_clock() {
    let mut village = three(5);
    let link = village.links(1, 2)[0];
    let hello = tom_core::wire::Hello::new(
        tom_core::wire::Profile::FULL,
        65_000,
        Some(u32::try_from(common::EPOCH + 7 * 86_400).expect("fits")),
        0,
    );
    let mut bytes = [0; 64];
    let len = tom_core::wire::Frame::Hello(hello)
        .emit(&mut bytes)
        .expect("room");
    village.inject(1, link, &bytes[..len]);
    // A list with one address that only Mallory claims.
    let mut list = tom_core::wire::CandidateList::new();
    assert!(list.push(tom_core::wire::Candidate::V4 {
        address: [66, 66, 66, 66],
        port: 6_666
    }));
    let mut body = [0; 32];
    let len = list.emit(&mut body).expect("room");
    let mut frame = vec![7, u8::try_from(len).expect("short"), 0];
    frame.extend_from_slice(&body[..len]);
    for _ in 0..10 {
        village.inject(1, link, &frame);
    }
    let id = village.send(1, 0, b"in time");
    village.run(Span::from_secs(1));
    assert!(village.is_delivered(1, id));
    let last = village.carried(1).pop().expect("sent");
    let expiry = Envelope::parse(&last).expect("an envelope").head.expiry;
    assert!(u64::from(expiry) <= village.unix() + 86_400);
}

/// A12: an identical packet at a relay a hundred times is forwarded a hundred times.
#[test]
fn a12_relay_forwards_a_copy_once() {
    let mut village = Village::row(3, 6);
    village.keep_sent = true;
    village.send(0, 2, b"once");
    village.run(Span::from_secs(1));
    let copy = framed(&village.carried(0)[0]);
    let before = village.houses[1].node.stats().forwarded;
    let link = village.links(1, 0)[0];
    for _ in 0..100 {
        assert_eq!(
            village.inject(1, link, &copy),
            Verdict::Dropped(Drop::Duplicate)
        );
    }
    village.run(Span::from_secs(1));
    assert_eq!(village.houses[1].node.stats().forwarded, before);
    assert_eq!(village.drops(1, Drop::Duplicate), 100);
}

/// A14: a message dated 1970 is accepted.
#[test]
fn a14_old_and_immortal_dates_are_refused() {
    let mut village = three(7);
    let link = village.links(1, 0)[0];
    for envelope in village.carried(0) {
        for (expiry, reason) in [
            (0, Drop::Expired),
            (1, Drop::Expired),
            (
                u32::try_from(common::EPOCH).expect("fits") - 301,
                Drop::Expired,
            ),
            (u32::MAX, Drop::ExpiryTooFar),
        ] {
            let mut dated = envelope.clone();
            dated[3..7].copy_from_slice(&expiry.to_le_bytes());
            let verdict = village.inject(1, link, &framed(&dated));
            assert_eq!(verdict, Verdict::Dropped(reason), "{expiry}");
        }
    }
}

/// A15: a replay after a restart is delivered again. Durable and volatile recipients alike.
#[test]
fn a15_replay_after_a_restart_is_not_delivered_by_a_durable_node() {
    let mut village = Village::new(8);
    village.add(Config::default());
    village.add(Config {
        durable: true,
        ..Config::default()
    });
    village.link(0, 1, Wire::default());
    village.run(Span::from_millis(100));
    village.keep_sent = true;
    for n in 0..10u8 {
        village.send(0, 1, &[n]);
        village.run(Span::from_millis(200));
    }
    let tape = village.carried(0);
    assert_eq!(village.houses[1].received.len(), 10);
    village.restart(1, true);
    let (_, link) = village.link(0, 1, Wire::default());
    for envelope in tape {
        village.inject(1, link, &framed(&envelope));
    }
    village.run(Span::from_secs(5));
    assert_eq!(village.houses[1].received.len(), 10);
}

/// A17: ten thousand spoofed identities fill the tables and nobody new gets in any more.
#[test]
fn a17_strangers_cannot_shut_others_out() {
    let mut village = Village::new(9);
    let limits = Limits {
        contacts: 32,
        sessions: 32,
        routes: 128,
        ..small()
    };
    let target = village.add_with(Config::default(), limits);
    let relay = village.add(Config::default());
    village.link(target, relay, Wire::default());
    village.run(Span::from_millis(100));
    // Identities cost nothing: forty strangers over one relay, twice the table.
    for n in 0..70u8 {
        let stranger = village.add(Config::default());
        let (link, _) = village.link(stranger, relay, Wire::default());
        village.run(Span::from_millis(50));
        village.send(stranger, target, &[n]);
        village.run(Span::from_millis(200));
        village.cut(stranger, link);
    }
    // Names without identities: questions for handles that do not exist.
    let link = village.links(target, relay)[0];
    for n in 0..10_000u32 {
        let ask = tom_core::wire::ReachAsk {
            handle: tom_core::wire::Handle(u64::from(n).wrapping_add(1).to_le_bytes()),
            nonce: n,
            ttl: 2,
        };
        let mut bytes = [0; 32];
        let len = tom_core::wire::Frame::ReachAsk(ask)
            .emit(&mut bytes)
            .expect("room");
        village.inject(target, link, &bytes[..len]);
    }
    village.run(Span::from_secs(5));
    let newcomer = village.add(Config::default());
    village.link(newcomer, relay, Wire::default());
    village.run(Span::from_millis(100));
    let id = village.send(newcomer, target, b"honest");
    let took = village.run_until_delivered(newcomer, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(2)),
        "{took:?}"
    );
    let back = village.send(target, newcomer, b"welcome");
    let took = village.run_until_delivered(target, back, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(2)),
        "{took:?}"
    );
    assert!(village.used(target, TableName::Contacts) <= 32);
    village.assert_sound();
}

/// A18: a thousand unsigned keep-alives are handed to the application.
#[test]
fn a18_link_talk_never_reaches_the_application() {
    let mut village = three(10);
    let link = village.links(1, 2)[0];
    let before = village.houses[1].received.len();
    let sent = village.houses[1].sent.len();
    for nonce in 0..1_000u32 {
        let ping = tom_core::wire::Ping {
            nonce,
            reply: false,
        };
        let mut bytes = [0; 16];
        let len = tom_core::wire::Frame::Ping(ping)
            .emit(&mut bytes)
            .expect("room");
        village.inject(1, link, &bytes[..len]);
    }
    assert_eq!(village.houses[1].received.len(), before);
    let answered = village.houses[1].sent.len() - sent;
    assert!(answered <= 10, "{answered} answers to 1,000 at once");
    assert!(village.drops(1, Drop::RateLimited) >= 990);
}

/// A20: a retry after a lost ACK is dropped without another one, and the sender reports a failure.
#[test]
fn a20_retry_after_a_lost_ack_is_acknowledged_again() {
    let mut village = three(11);
    let mut lost = 1;
    village.meddler = Some(Box::new(move |_, _, bytes| {
        lose_envelopes(bytes, |envelope| {
            let lose = kind(envelope) == Kind::Ack && lost > 0;
            lost -= u32::from(lose);
            lose
        });
    }));
    let id = village.send(0, 1, b"acknowledged twice");
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(2)),
        "{took:?}"
    );
    assert_eq!(village.times(1, b"acknowledged twice"), 1);
    let named = reference(&village.carried(0).pop().expect("sent"));
    let answers = village.envelopes(1);
    let times = answers
        .iter()
        .filter(|(_, e)| acked(e).contains(&named))
        .count();
    assert_eq!(times, 2);
    assert_eq!(village.state(0, id), Some(State::Delivered));
}

/// DLV-5: dup: what was delivered and acknowledged is sent again after each absence.
#[test]
fn dup_delivered_messages_are_never_sent_again() {
    let mut village = Village::row(3, 12);
    village.keep_sent = true;
    let ids: Vec<_> = (0..10u8).map(|n| village.send(0, 2, &[n])).collect();
    village.run(Span::from_secs(5));
    assert!(ids.iter().all(|id| village.is_delivered(0, *id)));
    let before = village.carried(0).len();
    for _ in 0..10 {
        village.part(1, 2);
        village.run(Span::from_secs(46));
        village.link(1, 2, Wire::default());
        village.run(Span::from_secs(46));
    }
    let named: Vec<_> = ids.iter().map(|id| id.reference()).collect();
    let again = village.carried(0).split_off(before);
    let again = again
        .iter()
        .filter(|e| message_id(e).is_some_and(|id| named.contains(&id.reference())))
        .count();
    assert_eq!(again, 0);
    assert_eq!(village.houses[2].received.len(), 10);
    assert!(village.carried(0).iter().all(|e| carries(e)));
}

/// hol: one dead contact stops everything: 240 s without a delivery to a live one, 274 s the other
/// way. Here it costs the others nothing.
#[test]
fn hol_dead_contact_costs_the_others_nothing() {
    // The same conversation with and without dead contacts.
    let conversation = |dead: usize| -> Vec<Span> {
        let mut village = Village::of(4, 13);
        for (a, b) in [(0, 1), (1, 2)] {
            village.link(a, b, Wire::default());
        }
        village.run(Span::from_secs(1));
        village.send(0, 2, b"first");
        village.run(Span::from_secs(2));
        let graves: Vec<_> = (0..dead).map(|_| village.add(Config::default())).collect();
        let mut waits = Vec::new();
        for n in 0..50u8 {
            for grave in &graves {
                let send = Send::new(village.key(*grave), b"are you there?");
                village.try_send(0, send);
            }
            let id = village.send(0, 2, &[n]);
            waits.push(
                village
                    .run_until_delivered(0, id, Span::from_secs(300))
                    .expect("alive"),
            );
            let id = village.send(2, 0, &[n]);
            waits.push(
                village
                    .run_until_delivered(2, id, Span::from_secs(300))
                    .expect("alive"),
            );
        }
        waits
    };
    let alone = conversation(0);
    let haunted = conversation(4);
    let worst = |waits: &[Span]| *waits.iter().max().expect("some");
    assert!(worst(&alone) <= Span::from_millis(20));
    assert_eq!(worst(&haunted), worst(&alone), "{haunted:?}");
}

/// hol on one link: a neighbour that takes nothing holds up nobody else's messages.
#[test]
fn hol_blocked_neighbour_costs_the_others_nothing() {
    let mut village = Village::of(3, 14);
    village.link(0, 1, Wire::default());
    village.link(0, 2, Wire::default());
    village.run(Span::from_millis(100));
    for to in [1, 2] {
        village.send(0, to, b"first");
    }
    village.run(Span::from_secs(1));
    let link = village.links(0, 1)[0];
    let blocked = tom_core::input::LinkEvent::Blocked { link };
    village.input(0, tom_core::input::Input::Link(blocked));
    for n in 0..100u8 {
        village.send(0, 1, &[n]);
    }
    for n in 0..100u8 {
        let id = village.send(0, 2, &[n]);
        let took = village.run_until_delivered(0, id, Span::from_secs(10));
        assert!(
            took.is_some_and(|took| took <= Span::from_millis(10)),
            "{n}: {took:?}"
        );
    }
}

/// The cliff at 10,000: after ten thousand messages delivery is still tracked, and tables are flat.
#[test]
fn cliff_after_ten_thousand_messages_all_is_as_before() {
    let mut village = Village::row(3, 15);
    village.send(0, 2, b"first");
    village.run(Span::from_secs(1));
    let mut last = None;
    for n in 0..12_000u32 {
        last = Some(village.send(0, 2, &n.to_le_bytes()));
        village.run(Span::from_millis(12));
        village.houses[0].events.clear();
        village.houses[2].received.truncate(1);
    }
    village.run(Span::from_secs(10));
    assert_eq!(village.houses[0].node.stats().delivered, 12_001);
    let id = last.expect("sent");
    assert!(
        village.houses[0]
            .node
            .path(id)
            .is_some_and(|path| path.state == State::Delivered)
    );
    let id = village.send(0, 2, b"one more");
    let took = village.run_until_delivered(0, id, Span::from_secs(5));
    assert!(
        took.is_some_and(|took| took <= Span::from_millis(20)),
        "{took:?}"
    );
    village.assert_sound();
}

//! A session's life: keys, windows, renewal, loss at the other end.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind of thing"
)]

mod common;

use std::collections::BTreeSet;

use common::wire::{carries, framed, kind, lose_envelopes, reference};
use common::{Village, Wire};
use tom_core::config::{Config, Profile};
use tom_core::error::{Drop, TableName};
use tom_core::input::Send;
use tom_core::output::{State, Verdict};
use tom_core::time::Span;
use tom_core::wire::{Body, Envelope, Kind, NackCode};

fn kinds(village: &Village, house: usize) -> Vec<Kind> {
    village
        .carried(house)
        .iter()
        .map(|envelope| kind(envelope))
        .collect()
}

fn sids(village: &Village, house: usize) -> BTreeSet<[u8; 4]> {
    let carried = village.carried(house);
    carried
        .iter()
        .filter_map(
            |envelope| match Envelope::parse(envelope).expect("an envelope").body {
                Body::Data { sid, .. } => Some(sid.0),
                _ => None,
            },
        )
        .collect()
}

/// Five epochs each way, with reordering on the way.
#[test]
fn keys_change_every_64_messages_in_both_directions() {
    let mut village = Village::of(2, 1);
    village.link(
        0,
        1,
        Wire {
            jitter_ms: 100,
            ..Wire::default()
        },
    );
    village.run(Span::from_secs(1));
    village.send(0, 1, b"first");
    village.run(Span::from_secs(1));
    let mut ids = Vec::new();
    for n in 0..400u16 {
        ids.push((0, village.send(0, 1, &n.to_le_bytes())));
        ids.push((1, village.send(1, 0, &n.to_le_bytes())));
        village.run(Span::from_millis(10));
    }
    village.run(Span::from_secs(10));
    for (house, id) in ids {
        assert!(village.is_delivered(house, id));
    }
    for house in [0, 1] {
        let got = village.houses[house].received.len();
        assert_eq!(got, 400 + house);
        assert!(
            village.houses[house]
                .received
                .iter()
                .skip(1)
                .all(|got| got.in_session)
        );
        for reason in [Drop::BadTag, Drop::TooOld, Drop::TooFarAhead] {
            assert_eq!(village.drops(house, reason), 0);
        }
    }
}

/// One message of an early epoch comes much later, from a parked epoch.
#[test]
fn late_message_of_an_old_epoch_is_opened_once() {
    let mut village = Village::row(2, 2);
    village.keep_sent = true;
    village.send(0, 1, b"first");
    village.run(Span::from_secs(1));
    village.meddler = Some(Box::new(|from, _, bytes| {
        if from == 0 {
            lose_envelopes(bytes, carries);
        }
    }));
    village.send(0, 1, b"late");
    let late = village.carried(0).pop().expect("sent");
    village.meddler = None;
    for n in 0..300u16 {
        village.send(0, 1, &n.to_le_bytes());
        village.run(Span::from_millis(1));
    }
    assert_eq!(village.times(1, b"late"), 0);
    let link = village.links(1, 0)[0];
    let verdict = village.inject(1, link, &framed(&late));
    assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    assert_eq!(village.times(1, b"late"), 1);
    let verdict = village.inject(1, link, &framed(&late));
    assert_eq!(verdict, Verdict::Dropped(Drop::Replay));
    village.run(Span::from_secs(100));
    assert_eq!(village.times(1, b"late"), 1);
}

/// SES-21: no more than the peer's window is open at once; what is over it goes as one-shots.
#[test]
fn window_bounds_what_is_under_way_in_a_session() {
    for (profile, window) in [(Profile::Leaf, 128), (Profile::Full, 1_024)] {
        let mut village = Village::new(3);
        let limits = tom_core::storage::Limits {
            outbox: 1_500,
            proofs: 3_000,
            jobs: 8_192,
            blocks: 4_096,
            ..common::small()
        };
        village.add_with(Config::default(), limits);
        village.add(Config {
            profile,
            ..Config::default()
        });
        village.link(0, 1, Wire::default());
        village.run(Span::from_millis(100));
        village.send(0, 1, b"first");
        village.run(Span::from_secs(1));
        village.keep_sent = true;
        village.meddler = Some(Box::new(|_, _, bytes| lose_envelopes(bytes, carries)));
        for n in 0..1_200u16 {
            village.send(0, 1, &n.to_le_bytes());
        }
        let in_session = kinds(&village, 0)
            .iter()
            .filter(|kind| **kind == Kind::Data)
            .count();
        assert_eq!(in_session, window, "{profile:?}");
    }
}

/// SES-27, SES-28: a session is a day old; a new handshake carries the next message and the old
/// session goes on until it is answered.
#[test]
fn session_is_renewed_after_a_day() {
    let mut village = Village::row(2, 4);
    village.keep_sent = true;
    village.send(0, 1, b"first");
    village.run(Span::from_secs(1));
    for hour in 0..23u8 {
        village.send(0, 1, &[hour]);
        village.run(Span::from_secs(3_600));
    }
    let seals = kinds(&village, 0)
        .iter()
        .filter(|kind| **kind == Kind::Seal)
        .count();
    assert_eq!(seals, 1, "one handshake for 24 messages in 23 hours");
    village.run(Span::from_secs(3_700));
    let id = village.send(0, 1, b"renewal");
    village.run(Span::from_secs(1));
    assert!(village.is_delivered(0, id));
    let seals = kinds(&village, 0)
        .iter()
        .filter(|kind| **kind == Kind::Seal)
        .count();
    assert_eq!(seals, 2);
    village.send(0, 1, b"after");
    village.send(1, 0, b"and back");
    village.run(Span::from_secs(1));
    assert_eq!(sids(&village, 0).len(), 2, "a new session id");
    for house in [0, 1] {
        assert!(
            village.houses[house]
                .received
                .last()
                .is_some_and(|got| got.in_session)
        );
    }
    // 48 h after its handshake the old one is gone.
    assert_eq!(village.used(0, TableName::Sessions), 2);
    village.run(Span::from_secs(25 * 3_600));
    assert_eq!(village.used(0, TableName::Sessions), 1);
    assert_eq!(village.used(1, TableName::Sessions), 1);
    village.run(Span::from_secs(49 * 3_600));
    assert_eq!(village.used(0, TableName::Sessions), 0);
}

/// CNT-6, SES-33: the peer lost its state: NO_KEY, the message is sealed again with its first
/// reference inside.
#[test]
fn peer_that_lost_its_state_gets_the_message_once() {
    let mut village = Village::row(3, 5);
    village.keep_sent = true;
    village.send(0, 2, b"first");
    village.run(Span::from_secs(1));
    village.send(0, 2, b"second");
    village.run(Span::from_secs(70));
    village.restart(2, false);
    village.link(1, 2, Wire::default());
    village.run(Span::from_millis(100));
    let id = village.send(0, 2, b"third");
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_millis(500)),
        "{took:?}"
    );
    assert_eq!(village.times(2, b"third"), 1);
    assert_eq!(village.houses[0].node.stats().resealed, 1);
    assert_eq!(village.drops(2, Drop::UnknownSession), 1);
    assert!(
        village.houses[2]
            .received
            .last()
            .is_some_and(|got| !got.in_session)
    );
    // The id the application holds is that of the first envelope; the recipient sees the same.
    let received = village.houses[2].received.last().expect("one");
    assert_eq!(received.id.reference, id.reference());
    let id = village.send(0, 2, b"fourth");
    village.run(Span::from_secs(1));
    assert!(village.is_delivered(0, id));
    assert!(
        village.houses[2]
            .received
            .last()
            .is_some_and(|got| got.in_session)
    );
    village.assert_sound();
}

/// Many messages under way when the peer loses its state: all arrive, each once.
#[test]
fn messages_under_way_follow_a_renewal() {
    let mut village = Village::row(2, 6);
    village.send(0, 1, b"first");
    village.run(Span::from_secs(70));
    village.restart(1, false);
    let ids: Vec<_> = (0..30u8).map(|n| village.send(0, 1, &[n])).collect();
    village.link(0, 1, Wire::default());
    village.run(Span::from_secs(120));
    for (n, id) in (0..30u8).zip(ids) {
        assert!(village.is_delivered(0, id), "{n}");
        assert_eq!(village.times(1, &[n]), 1, "{n}");
    }
    village.assert_sound();
}

/// Both ends lose their state at once.
#[test]
fn both_ends_start_again() {
    let mut village = Village::row(2, 7);
    village.send(0, 1, b"first");
    village.run(Span::from_secs(70));
    village.restart(0, false);
    village.restart(1, false);
    village.link(0, 1, Wire::default());
    village.run(Span::from_millis(100));
    let a = village.send(0, 1, b"again");
    let b = village.send(1, 0, b"again");
    village.run(Span::from_secs(2));
    assert!(village.is_delivered(0, a) && village.is_delivered(1, b));
}

/// SES-32: a forged NO_KEY renews at most once a minute and never makes anything plaintext.
#[test]
fn forged_no_key_is_honoured_once_a_minute() {
    let mut village = Village::row(2, 8);
    village.keep_sent = true;
    village.send(0, 1, b"first");
    village.run(Span::from_secs(70));
    village.meddler = Some(Box::new(|from, _, bytes| {
        if from == 0 {
            lose_envelopes(bytes, carries);
        }
    }));
    village.send(0, 1, b"a secret text that must stay sealed");
    let link = village.links(0, 1)[0];
    for _ in 0..30 {
        let envelope = village.carried(0).pop().expect("sent");
        let expiry = Envelope::parse(&envelope).expect("an envelope").head.expiry;
        let mut bytes = [0; 64];
        let head = tom_core::wire::Head::answer(Kind::Nack, expiry);
        let named = reference(&envelope);
        let len =
            tom_core::wire::emit_nack(&mut bytes, &head, named, NackCode::NoKey, 0).expect("room");
        village.inject(0, link, &framed(&bytes[..len]));
        village.run(Span::from_secs(1));
    }
    assert!(village.houses[0].node.stats().resealed <= 1);
    assert!(village.drops(0, Drop::NackLimited) > 0);
    for (_, bytes) in &village.houses[0].sent {
        assert!(!bytes.windows(8).any(|w| w == b"a secret"));
    }
}

/// SES-14: the RESP is lost; the same bytes come again with the same one-shot, and the session is
/// one and the same.
#[test]
fn lost_answer_is_repeated_with_the_same_bytes() {
    let mut village = Village::row(2, 9);
    village.keep_sent = true;
    let mut left = 1;
    village.meddler = Some(Box::new(move |_, _, bytes| {
        lose_envelopes(bytes, |envelope| {
            let answer = matches!(kind(envelope), Kind::Resp | Kind::Ack) && left > 0;
            if kind(envelope) == Kind::Ack {
                left -= u32::from(answer);
            }
            answer
        });
    }));
    let id = village.send(0, 1, b"first");
    village.run(Span::from_secs(5));
    assert!(village.is_delivered(0, id));
    let resps: Vec<_> = village
        .envelopes(1)
        .into_iter()
        .map(|(_, envelope)| envelope)
        .filter(|envelope| kind(envelope) == Kind::Resp)
        .collect();
    assert!(resps.len() >= 2, "{}", resps.len());
    assert!(resps.iter().all(|resp| resp == &resps[0]));
    assert_eq!(village.used(1, TableName::Sessions), 1);
    village.send(0, 1, b"second");
    village.run(Span::from_secs(1));
    assert!(
        village.houses[1]
            .received
            .last()
            .is_some_and(|got| got.in_session)
    );
}

/// SES-15, SES-16: an answer that is not the true one leaves the handshake pending.
#[test]
fn forged_answers_do_not_end_the_handshake() {
    let mut village = Village::row(2, 10);
    village.keep_sent = true;
    village.meddler = Some(Box::new(|from, _, bytes| {
        if from == 1 {
            lose_envelopes(bytes, |envelope| kind(envelope) == Kind::Resp);
        }
    }));
    village.send(0, 1, b"first");
    village.run(Span::from_secs(1));
    let resp = village
        .envelopes(1)
        .into_iter()
        .map(|(_, envelope)| envelope)
        .find(|envelope| kind(envelope) == Kind::Resp)
        .expect("answered");
    let link = village.links(0, 1)[0];
    let mut altered = |at: usize| {
        let mut forged = resp.clone();
        forged[at] ^= 1;
        village.inject(0, link, &framed(&forged))
    };
    assert_eq!(altered(3), Verdict::Dropped(Drop::RespMismatch));
    assert_eq!(altered(24), Verdict::Dropped(Drop::RespMismatch));
    assert_eq!(altered(40), Verdict::Dropped(Drop::BadResp));
    assert_eq!(altered(79), Verdict::Dropped(Drop::BadResp));
    assert_eq!(village.sessions(0), 0);
    let verdict = village.inject(0, link, &framed(&resp));
    assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    assert_eq!(village.sessions(0), 1);
}

/// SES-24: forged far counters cost no state; the true next message is opened.
#[test]
fn forged_counters_move_no_window() {
    let mut village = Village::row(2, 11);
    village.keep_sent = true;
    village.send(0, 1, b"first");
    village.run(Span::from_secs(1));
    village.send(0, 1, b"second");
    village.run(Span::from_secs(1));
    let envelope = village.carried(0).pop().expect("sent");
    let link = village.links(1, 0)[0];
    for n16 in [
        1u16, 63, 64, 500, 1_000, 1_087, 1_088, 2_000, 30_000, 65_535,
    ] {
        let mut forged = envelope.clone();
        forged[19..21].copy_from_slice(&n16.to_le_bytes());
        let verdict = village.inject(1, link, &framed(&forged));
        // The commitment is that of another counter: it might be another session's (SES-31).
        let expected = if n16 < 1_088 {
            Drop::UnknownSession
        } else {
            Drop::TooFarAhead
        };
        // 65,535 is nearest to 2^16 below zero's neighbourhood: far ahead or gone, never opened.
        match verdict {
            Verdict::Dropped(reason) if n16 <= 30_000 => assert_eq!(reason, expected, "{n16}"),
            Verdict::Dropped(_) => {}
            other => panic!("{n16}: {other:?}"),
        }
    }
    for n in 0..100u8 {
        village.send(0, 1, &[n]);
    }
    village.run(Span::from_secs(1));
    assert_eq!(village.houses[1].received.len(), 102);
}

/// SES-13: one answer per peer and minute, the one-shots themselves are acknowledged all the same.
#[test]
fn answers_are_limited_and_one_shots_are_not() {
    let mut village = Village::row(2, 12);
    village.keep_sent = true;
    let ids: Vec<_> = (0..20u8).map(|n| village.send(0, 1, &[n])).collect();
    village.run(Span::from_secs(2));
    for id in ids {
        assert_eq!(village.state(0, id), Some(State::Delivered));
    }
    let resps: BTreeSet<_> = village
        .envelopes(1)
        .into_iter()
        .map(|(_, envelope)| envelope)
        .filter(|envelope| kind(envelope) == Kind::Resp)
        .collect();
    assert_eq!(resps.len(), 1);
}

/// SES-29: at most three sessions per peer, whatever a peer that restarts all the time does.
#[test]
fn peer_that_restarts_all_the_time_takes_three_sessions() {
    let mut village = Village::row(2, 13);
    for n in 0..12u8 {
        let send = Send::new(village.key(0), b"again");
        village.send_to(1, send);
        village.run(Span::from_secs(70));
        assert!(village.used(0, TableName::Sessions) <= 3, "{n}");
        village.restart(1, false);
        village.link(0, 1, Wire::default());
        village.run(Span::from_millis(100));
    }
    assert_eq!(village.houses[0].received.len(), 12);
    village.assert_sound();
}

/// SES-31: a one-shot answered by two lives of its recipient makes two sessions of one id. What the
/// second life sends in its own does not open here, and is asked for again instead of being lost.
#[test]
fn a_one_shot_answered_twice_leaves_no_session_that_cannot_be_read() {
    let mut village = Village::row(2, 12);
    village.houses[1].takes = false;
    let first = village.send(0, 1, b"first");
    village.run(Span::from_secs(1));
    assert_eq!(village.sessions(0), 1, "answered once, not acknowledged");
    village.restart(1, false);
    village.houses[1].takes = true;
    village.link(0, 1, Wire::default());
    assert!(
        village
            .run_until_delivered(0, first, Span::from_secs(60))
            .is_some()
    );
    let back = village.send(1, 0, b"back");
    assert!(
        village
            .run_until_delivered(1, back, Span::from_secs(60))
            .is_some(),
        "{:?}",
        village.state(1, back)
    );
}

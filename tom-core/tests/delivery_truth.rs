//! The sender is told the truth: nothing but the recipient's proof makes a message delivered.

mod common;

use common::wire::{acked, carries, framed, keep_frames, kind, lose_envelopes, reference};
use common::{Village, Wire};
use tom_core::error::Drop;
use tom_core::input::{Input, Send, SendResult};
use tom_core::output::{State, Ticket, Verdict};
use tom_core::time::Span;
use tom_core::wire::{
    AckWriter, Body, Envelope, Frame, Head, Kind, NackCode, Proof, Reference, Secret, emit_nack,
};

/// A, a relay, B; the recipient's ACKs never come through.
fn without_acks(seed: u64) -> Village {
    let mut village = Village::row(3, seed);
    village.meddler = Some(Box::new(|_, _, bytes| {
        lose_envelopes(bytes, |envelope| kind(envelope) == Kind::Ack);
    }));
    village
}

#[test]
fn states_come_in_order_over_a_relay() {
    let mut village = Village::row(3, 1);
    let id = village.send(0, 2, b"hello");
    village.run(Span::from_secs(1));
    // Each state as it is reached; a later one may overtake an earlier one.
    let states = village.states(0, id);
    assert!(states.is_sorted(), "{states:?}");
    assert_eq!(states.first(), Some(&State::Sent));
    assert_eq!(states.last(), Some(&State::Delivered));
    let before = states.contains(&State::Relayed) || states.contains(&State::Passed);
    assert!(before, "{states:?}");
}

/// DLV-1: what relays say is a state and no proof.
#[test]
fn taken_is_relayed_and_passed_is_passed_and_neither_is_delivered() {
    let mut village = without_acks(2);
    let id = village.send(0, 2, b"hello");
    village.run(Span::from_secs(60));
    assert_eq!(village.times(2, b"hello"), 1, "it did arrive");
    assert_eq!(village.state(0, id), Some(State::Passed));
    assert!(!village.is_delivered(0, id));
    assert_eq!(village.houses[0].node.stats().delivered, 0);
}

#[test]
fn taken_alone_is_relayed() {
    let mut village = Village::row(3, 3);
    village.meddler = Some(Box::new(|from, to, bytes| {
        if (from, to) == (1, 0) {
            keep_frames(bytes, |frame| matches!(frame, Frame::Taken(_)));
        }
    }));
    let id = village.send(0, 2, b"hello");
    village.run(Span::from_secs(5));
    assert_eq!(village.state(0, id), Some(State::Relayed));
}

/// DLV-1, RTE-36: a relay that says everything it can say settles nothing.
#[test]
fn no_word_of_a_relay_settles_a_message() {
    let mut village = Village::row(3, 4);
    village.keep_sent = true;
    village.houses[1].swallows = true;
    let id = village.send(0, 2, b"hello");
    village.run(Span::from_millis(50));
    let link = village.links(0, 1)[0];
    let first = village.carried(0).pop().expect("it left");
    let named = reference(&first);
    let expiry = Envelope::parse(&first).expect("an envelope").head.expiry;

    let mut taken = vec![3, 9, 0, 1];
    taken.extend_from_slice(&named.0);
    let mut passed = vec![4, 8, 0];
    passed.extend_from_slice(&named.0);
    for _ in 0..3 {
        village.inject(0, link, &taken);
        village.inject(0, link, &passed);
    }
    let secrets = [[0; 16], [0xff; 16], *b"0123456789abcdef"];
    for secret in secrets {
        let verdict = village.inject(0, link, &framed(&ack(expiry, named, secret)));
        assert_eq!(verdict, Verdict::Dropped(Drop::BadProof));
    }
    for code in [
        NackCode::TooBig,
        NackCode::Full,
        NackCode::NoRoute,
        NackCode::NoKey,
    ] {
        let mut bytes = [0; 64];
        let head = Head::answer(Kind::Nack, expiry);
        let len = emit_nack(&mut bytes, &head, named, code, 0).expect("room");
        village.inject(0, link, &framed(&bytes[..len]));
    }
    let ticket = Ticket { link, number: 1 };
    for result in [SendResult::Sent, SendResult::Failed] {
        village.input(0, Input::Sent { ticket, result });
    }
    village.run(Span::from_secs(30));
    assert_eq!(village.state(0, id), Some(State::Passed));
    assert!(!village.is_delivered(0, id));
}

fn ack(expiry: u32, reference: Reference, secret: [u8; 16]) -> Vec<u8> {
    let mut bytes = [0; 64];
    let head = Head::answer(Kind::Ack, expiry);
    let secret = Secret(secret);
    let acks = AckWriter::start(&mut bytes, &head, Proof { reference, secret }).expect("room");
    let len = acks.finish();
    bytes[..len].to_vec()
}

#[test]
fn direct_neighbours_taken_is_no_state() {
    let mut village = Village::row(2, 5);
    village.meddler = Some(Box::new(|_, _, bytes| {
        lose_envelopes(bytes, |envelope| kind(envelope) == Kind::Ack);
    }));
    let id = village.send(0, 1, b"hello");
    village.run(Span::from_secs(5));
    assert_eq!(village.states(0, id), [State::Sent]);
}

/// Whatever comes, in whatever order: a state is never taken back.
#[test]
fn states_never_go_back() {
    for seed in 0..20 {
        let mut village = Village::of(4, 100 + seed);
        let wire = Wire {
            jitter_ms: 400,
            loss_percent: 20,
            dup_percent: 20,
            ..Wire::default()
        };
        let mut links = Vec::new();
        for relay in [1, 2] {
            links.push((0, village.link(0, relay, wire).0));
            links.push((relay, village.link(relay, 3, wire).0));
        }
        village.run(Span::from_secs(1));
        let ids: Vec<_> = (0..20u8).map(|n| village.send(0, 3, &[n])).collect();
        village.run(Span::from_secs(60));
        for (house, link) in links {
            village.rewire(
                house,
                link,
                Wire {
                    jitter_ms: 400,
                    ..Wire::default()
                },
            );
        }
        village.run(Span::from_secs(3_600));
        for id in ids {
            let states = village.states(0, id);
            assert!(states.is_sorted(), "{states:?}");
            assert_eq!(states.last(), Some(&State::Delivered), "{seed}");
            assert_eq!(states.iter().filter(|s| **s == State::Delivered).count(), 1);
        }
        village.assert_sound();
    }
}

fn short(village: &Village, to: usize, secs: u64) -> Send<'static> {
    Send {
        lifetime: Some(Span::from_secs(secs)),
        ..Send::new(village.key(to), b"short")
    }
}

/// DLV-3: the end is expiry and skew.
#[test]
fn unproven_message_expires_at_its_end_and_not_before() {
    let mut village = without_acks(6);
    let send = short(&village, 2, 60);
    let id = village.send_to(0, send);
    // 60 s of life and 300 s of skew.
    village.run(Span::from_secs(359));
    assert_ne!(village.state(0, id), Some(State::Expired));
    village.run(Span::from_secs(5));
    assert_eq!(village.state(0, id), Some(State::Expired));
    assert_eq!(village.houses[0].node.stats().expired, 1);
    assert_eq!(village.used(0, tom_core::error::TableName::Outbox), 0);
}

/// DLV-4: expired is not the last word.
#[test]
fn late_proof_makes_an_expired_message_delivered() {
    let mut village = Village::row(2, 7);
    // The application takes its time: six hours.
    village.houses[1].takes = false;
    let send = short(&village, 1, 60);
    let id = village.send_to(0, send);
    village.run(Span::from_secs(6 * 3_600));
    assert_eq!(village.state(0, id), Some(State::Expired));
    village.take_all(1);
    village.run(Span::from_secs(1));
    assert_eq!(village.states(0, id).last(), Some(&State::Delivered));
    assert_eq!(village.houses[0].node.stats().late, 1);
}

#[test]
fn proof_a_day_after_the_end_still_counts_and_is_counted_once() {
    let mut village = Village::row(2, 8);
    village.houses[1].takes = false;
    let send = short(&village, 1, 60);
    let id = village.send_to(0, send);
    village.run(Span::from_secs(23 * 3_600));
    village.take_all(1);
    village.keep_sent = true;
    village.run(Span::from_secs(1));
    assert_eq!(village.state(0, id), Some(State::Delivered));
    assert_eq!(village.houses[0].node.stats().delivered, 1);
}

/// DLV-2, DRV-10: lost links, refused transmissions, attempts without answer: nothing ever says
/// "failed", and the message is delivered once there is a way.
#[test]
fn nothing_fails_and_the_message_goes_once_there_is_a_way() {
    let mut village = Village::of(2, 9);
    let id = village.send(0, 1, b"patience");
    village.run(Span::from_secs(3_600));
    assert_eq!(village.states(0, id), []);
    let (link, _) = village.link(0, 1, Wire::default());
    village.deafen(0, link, true);
    village.run(Span::from_secs(3_600));
    assert_eq!(village.states(0, id), [State::Sent]);
    village.cut(0, link);
    village.run(Span::from_secs(3_600));
    assert_eq!(village.states(0, id), [State::Sent]);
    village.link(0, 1, Wire::default());
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(1)),
        "{took:?}"
    );
    assert_eq!(village.times(1, b"patience"), 1);
}

/// DLV-7: retries are the same bytes under the next attempt.
#[test]
fn retry_differs_in_the_path_byte_only() {
    let mut village = Village::row(2, 10);
    village.keep_sent = true;
    village.meddler = Some(Box::new(|_, _, bytes| lose_envelopes(bytes, carries)));
    village.send(0, 1, b"again");
    village.run(Span::from_secs(60));
    let copies = village.carried(0);
    assert!(copies.len() > 4, "{}", copies.len());
    for (attempt, copy) in copies.iter().enumerate() {
        assert_eq!(
            Envelope::parse(copy).expect("an envelope").head.attempt as usize,
            attempt
        );
        assert_eq!((&copy[..2], &copy[3..]), (&copies[0][..2], &copies[0][3..]));
    }
}

/// DLV-9: the wait doubles, up to an hour.
#[test]
fn waits_double_up_to_an_hour() {
    let mut village = Village::row(2, 11);
    village.keep_sent = true;
    village.meddler = Some(Box::new(|_, _, bytes| lose_envelopes(bytes, carries)));
    let id = village.send(0, 1, b"again");
    let mut times = Vec::new();
    let mut count = 0;
    for _ in 0..16 * 3_600 {
        village.run(Span::from_secs(1));
        let sends = village.houses[0].node.path(id).expect("known").sends;
        if sends > count {
            count = sends;
            times.push(village.now);
        }
    }
    let waits: Vec<_> = times
        .windows(2)
        .map(|w| w[1].since(w[0]).as_secs())
        .collect();
    let last = *waits.last().expect("several");
    assert!(waits.len() >= 14, "{waits:?}");
    assert!((3_590..=3_610).contains(&last), "{waits:?}");
    for pair in waits
        .windows(2)
        .filter(|pair| pair[0] >= 4 && pair[1] < 3_590)
    {
        assert!(
            (pair[0] * 2 - 2..=pair[0] * 2 + 2).contains(&pair[1]),
            "{waits:?}"
        );
    }
}

/// DLV-10, CNT-5, SES-33: after the sixteenth attempt the message is sealed again, with its first
/// reference inside.
#[test]
fn after_attempt_15_it_is_sealed_again_and_delivered_once() {
    let mut village = Village::row(2, 12);
    village.keep_sent = true;
    village.meddler = Some(Box::new(|_, _, bytes| {
        lose_envelopes(bytes, |envelope| kind(envelope) == Kind::Ack);
    }));
    let id = village.send(0, 1, b"again");
    village.run(Span::from_secs(22 * 3_600));
    let copies = village.carried(0);
    let references: std::collections::BTreeSet<_> = copies.iter().map(|c| reference(c)).collect();
    assert!(references.len() >= 2, "sealed again");
    let fresh = copies
        .iter()
        .find(|c| reference(c) != reference(&copies[0]))
        .expect("a second");
    assert_eq!(Envelope::parse(fresh).expect("an envelope").head.attempt, 0);
    assert_eq!(village.times(1, b"again"), 1);
    assert!(village.drops(1, Drop::AlreadyDelivered) > 0);
    village.meddler = None;
    // The next copy's ACK, or that of an older one, settles it.
    let took = village.run_until_delivered(0, id, Span::from_secs(2 * 3_600));
    assert!(took.is_some());
    assert_eq!(village.times(1, b"again"), 1);
}

/// SES-34: an ACK of an earlier envelope proves the message as well.
#[test]
fn proof_of_an_earlier_envelope_settles_the_message() {
    let mut village = Village::row(2, 13);
    village.keep_sent = true;
    village.meddler = Some(Box::new(|from, _, bytes| {
        lose_envelopes(bytes, |envelope| from == 1 && kind(envelope) == Kind::Ack);
    }));
    let id = village.send(0, 1, b"again");
    village.run(Span::from_secs(22 * 3_600));
    let copies = village.carried(0);
    assert_ne!(
        reference(&copies[0]),
        reference(copies.last().expect("some")),
        "sealed again"
    );
    let first = reference(&copies[0]);
    let acks = village.envelopes(1);
    let (_, proof) = acks
        .iter()
        .find(|(_, envelope)| acked(envelope).contains(&first))
        .expect("it was acknowledged");
    let link = village.links(0, 1)[0];
    assert!(!village.is_delivered(0, id));
    let verdict = village.inject(0, link, &framed(proof));
    assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    assert!(village.is_delivered(0, id));
    let before = village.carried(0).len();
    village.run(Span::from_secs(3_600));
    assert_eq!(
        village.carried(0).len(),
        before,
        "not sent again after its proof"
    );
}

/// DLV-13: links that flap do not make a message flood.
#[test]
fn flapping_links_cost_one_retry_a_second() {
    let mut village = Village::of(2, 14);
    village.keep_sent = true;
    village.meddler = Some(Box::new(|_, _, bytes| lose_envelopes(bytes, carries)));
    let id = village.send(0, 1, b"flap");
    for _ in 0..100 {
        let (link, _) = village.link(0, 1, Wire::default());
        village.run(Span::from_millis(50));
        village.cut(0, link);
        village.run(Span::from_millis(50));
    }
    let sends = village.houses[0].node.path(id).expect("known").sends;
    assert!(sends <= 12, "{sends} in ten seconds");
    assert!(sends >= 2);
    let body = Envelope::parse(&village.carried(0)[0]).map(|e| matches!(e.body, Body::Seal { .. }));
    assert_eq!(body, Ok(true));
}

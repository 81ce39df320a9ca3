//! A lost ACK costs a copy on the wire, never a second delivery and never the truth.

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use common::wire::{acked, carries, framed, kind, lose_envelopes, reference};
use common::{Village, Wire};
use tom_core::error::Drop;
use tom_core::input::Send;
use tom_core::output::Verdict;
use tom_core::time::Span;
use tom_core::wire::{Kind, Reference};

/// Two neighbours with a session, or none yet. The next `lost` ACKs are lost.
fn pair(seed: u64, in_session: bool) -> (Village, Rc<RefCell<u32>>) {
    let mut village = Village::row(2, seed);
    if in_session {
        village.send(0, 1, b"first");
        village.run(Span::from_secs(1));
    }
    let lost = Rc::new(RefCell::new(0));
    let left = Rc::clone(&lost);
    village.meddler = Some(Box::new(move |_, _, bytes| {
        lose_envelopes(bytes, |envelope| {
            let lose = kind(envelope) == Kind::Ack && *left.borrow() > 0;
            *left.borrow_mut() -= u32::from(lose);
            lose
        });
    }));
    (village, lost)
}

fn ack_lost(seed: u64, in_session: bool, expected: Drop) {
    let (mut village, lost) = pair(seed, in_session);
    *lost.borrow_mut() = 2;
    let id = village.send(0, 1, b"once");
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took >= Span::from_millis(700)),
        "{took:?}"
    );
    assert_eq!(*lost.borrow(), 0);
    assert_eq!(village.times(1, b"once"), 1);
    assert_eq!(village.drops(1, expected), 2);
    assert_eq!(village.houses[1].node.stats().duplicates, 2);
    assert_eq!(
        village.houses[1].received.last().map(|r| r.in_session),
        Some(in_session)
    );
}

/// DLV-17: acknowledged again, not handed out again.
#[test]
fn one_shot_with_a_lost_ack_is_acknowledged_again_and_delivered_once() {
    ack_lost(1, false, Drop::AlreadyOpened);
}

/// DLV-17: the same in session.
#[test]
fn session_message_with_a_lost_ack_is_acknowledged_again_and_delivered_once() {
    ack_lost(2, true, Drop::Replay);
}

/// Copies that come while the application has not taken the message get no ACK; after that they do.
fn not_taken_yet(seed: u64, in_session: bool) {
    let (mut village, _) = pair(seed, in_session);
    village.houses[1].takes = false;
    village.keep_sent = true;
    let id = village.send(0, 1, b"wait");
    village.run(Span::from_secs(20));
    let wanted = reference(&village.carried(0)[0]);
    let copies = village
        .carried(0)
        .iter()
        .filter(|c| reference(c) == wanted)
        .count();
    assert!(copies >= 3, "{copies}");
    assert!(!was_acked(&village, wanted));
    assert!(!village.is_delivered(0, id));
    assert_eq!(
        village.times(1, b"wait"),
        1,
        "handed over once, though not taken"
    );
    village.take_all(1);
    village.run(Span::from_millis(50));
    assert!(was_acked(&village, wanted));
    assert!(village.is_delivered(0, id));
}

fn was_acked(village: &Village, wanted: Reference) -> bool {
    let answers = village.envelopes(1).into_iter();
    answers
        .flat_map(|(_, envelope)| acked(&envelope))
        .any(|reference| reference == wanted)
}

#[test]
fn one_shot_that_waits_for_the_application_is_not_acknowledged() {
    not_taken_yet(3, false);
}

#[test]
fn session_message_that_waits_for_the_application_is_not_acknowledged() {
    not_taken_yet(4, true);
}

/// A session message cannot take an ACK that is somebody else's: with the same counter and another commitment
/// it is of another session (SES-31).
#[test]
fn altered_copy_of_a_delivered_message_gets_no_ack() {
    let (mut village, _) = pair(5, true);
    village.keep_sent = true;
    village.send(0, 1, b"sealed");
    village.run(Span::from_secs(1));
    let original = village.carried(0).pop().expect("sent");
    let link = village.links(1, 0)[0];
    for at in [19, 21, 28] {
        let mut altered = original.clone();
        altered[at] ^= 1;
        let before = village.houses[1].node.stats().duplicates;
        let verdict = village.inject(1, link, &framed(&altered));
        assert!(matches!(verdict, Verdict::Dropped(_)), "{verdict:?}");
        if at > 20 {
            assert_eq!(verdict, Verdict::Dropped(Drop::UnknownSession));
        }
        assert_eq!(village.houses[1].node.stats().duplicates, before);
    }
    assert_eq!(village.times(1, b"sealed"), 1);
}

/// Everything twice, all the time.
#[test]
fn every_datagram_twice_delivers_each_message_once() {
    let mut village = Village::of(3, 6);
    let wire = Wire {
        dup_percent: 100,
        jitter_ms: 30,
        ..Wire::default()
    };
    village.link(0, 1, wire);
    village.link(1, 2, wire);
    village.run(Span::from_secs(1));
    let ids: Vec<_> = (0..100u8).map(|n| village.send(0, 2, &[n])).collect();
    village.run(Span::from_secs(60));
    for (n, id) in (0..100u8).zip(ids) {
        assert!(village.is_delivered(0, id), "{n}");
        assert_eq!(village.times(2, &[n]), 1, "{n}");
    }
    village.assert_sound();
}

/// DLV-20 and `orig`: the copy sealed again comes while the first one waits in the inbox.
#[test]
fn message_sealed_again_while_its_first_copy_waits_is_delivered_once() {
    for in_session in [false, true] {
        let (mut village, _) = pair(7, in_session);
        village.keep_sent = true;
        village.houses[1].takes = false;
        let id = village.send(0, 1, b"slow");
        // Sixteen attempts and their waits, then a new envelope.
        village.run(Span::from_secs(22 * 3_600));
        let references: std::collections::BTreeSet<_> =
            village.carried(0).iter().map(|c| reference(c)).collect();
        assert!(references.len() >= 2, "sealed again");
        assert_eq!(village.times(1, b"slow"), 1);
        assert!(!village.is_delivered(0, id));
        village.take_all(1);
        village.run(Span::from_secs(1));
        assert!(village.is_delivered(0, id), "in session: {in_session}");
        assert_eq!(village.times(1, b"slow"), 1);
    }
}

/// The recipient lost its memory of sessions, not its one-shots' life: nothing is delivered twice
/// because of an identical payload, and two equal payloads are two messages.
#[test]
fn equal_payloads_are_two_messages() {
    let mut village = Village::row(2, 8);
    for _ in 0..3 {
        let send = Send::new(village.key(1), b"same");
        village.send_to(0, send);
    }
    village.run(Span::from_secs(5));
    assert_eq!(village.times(1, b"same"), 3);
}

/// An old copy of anything, long after: delivered never again.
#[test]
fn replays_of_the_whole_wire_deliver_nothing() {
    let mut village = Village::row(2, 9);
    village.keep_sent = true;
    for n in 0..150u8 {
        village.send(0, 1, &[n]);
        village.run(Span::from_millis(50));
    }
    village.run(Span::from_secs(5));
    assert_eq!(village.houses[1].received.len(), 150);
    let link = village.links(1, 0)[0];
    let wire = village.houses[0].sent.clone();
    for wait in [0, 60, 7_200, 20 * 3_600] {
        village.run(Span::from_secs(wait));
        for (_, bytes) in &wire {
            village.inject(1, link, bytes);
        }
    }
    assert_eq!(village.houses[1].received.len(), 150);
    assert!(carries(&village.carried(0)[0]));
    village.assert_sound();
}

/// DLV-18: somebody on the way alters a copy of a message that waits for the application. Its counter
/// is spent and its commitment is true, yet nothing may be proven: the message is not safe.
#[test]
fn altered_copy_of_a_waiting_message_draws_no_proof() {
    for in_session in [false, true] {
        let (mut village, _) = pair(10, in_session);
        village.keep_sent = true;
        village.houses[1].takes = false;
        village.send(0, 1, b"waits");
        village.run(Span::from_millis(50));
        let original = village.carried(0).pop().expect("sent");
        let link = village.links(1, 0)[0];
        let last = original.len() - 1;
        for at in [30, 40, last] {
            let mut altered = original.clone();
            altered[at] ^= 1;
            village.inject(1, link, &framed(&altered));
        }
        village.run(Span::from_millis(50));
        let proofs = village.envelopes(1);
        let proofs = proofs.iter().filter(|(_, e)| !acked(e).is_empty()).count();
        assert_eq!(proofs, 0, "in session: {in_session}");
        village.take_all(1);
        village.run(Span::from_secs(1));
        assert_eq!(village.times(1, b"waits"), 1);
    }
}

/// DLV-17: a message sealed again arrives first, and its first envelope, held up somewhere for hours,
/// after it. Its counter is fresh, and it is the same message all the same.
#[test]
fn the_first_envelope_comes_after_the_one_sealed_again() {
    let mut village = Village::row(2, 31);
    village.send(0, 1, b"hello");
    village.run(Span::from_secs(5));
    let (near, far) = (village.links(0, 1)[0], village.links(1, 0)[0]);
    let deaf = Wire {
        loss_percent: 100,
        ..Wire::default()
    };
    village.rewire(0, near, deaf);
    village.keep_sent = true;
    let id = village.send(0, 1, b"once");
    village.run(Span::from_secs(1));
    let first = village.carried(0).pop().expect("it left");
    village.run(Span::from_secs(12 * 3600));
    village.rewire(0, near, Wire::default());
    let took = village.run_until_delivered(0, id, Span::from_secs(2 * 3600));
    assert!(took.is_some());
    assert!(village.houses[0].node.stats().resealed > 0);
    village.inject(1, far, &framed(&first));
    village.run(Span::from_secs(5));
    assert_eq!(village.times(1, b"once"), 1);
}

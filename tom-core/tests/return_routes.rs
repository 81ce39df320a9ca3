//! ACK, RESP and NACK name nobody: they go back the way their envelope came, and prove themselves.

mod common;

use common::wire::{acked, framed, kind, lose_envelopes, reference};
use common::{Village, Wire};
use tom_core::error::Drop;
use tom_core::input::LinkId;
use tom_core::output::Verdict;
use tom_core::time::Span;
use tom_core::wire::{Envelope, Frame, Head, Kind, NackCode, Reference, emit_nack};

/// A, relay, B, with one message carried and acknowledged, everything on tape.
fn taped(seed: u64) -> Village {
    let mut village = Village::row(3, seed);
    village.keep_sent = true;
    let id = village.send(0, 2, b"hello");
    village.run(Span::from_secs(1));
    assert!(village.is_delivered(0, id));
    village
}

/// The ACK envelope of B for this reference.
fn ack_of(village: &Village, wanted: Reference) -> Vec<u8> {
    let acks = village
        .envelopes(2)
        .into_iter()
        .map(|(_, envelope)| envelope);
    acks.into_iter()
        .find(|envelope| acked(envelope).contains(&wanted))
        .expect("acknowledged")
}

#[test]
fn relay_passes_a_proof_on_once_per_copy() {
    let mut village = taped(1);
    let wanted = reference(&village.carried(0)[0]);
    let ack = ack_of(&village, wanted);
    let from_b = village.links(1, 2)[0];
    let passed = village.houses[1].node.stats().acks_passed;
    for _ in 0..100 {
        let verdict = village.inject(1, from_b, &framed(&ack));
        assert_eq!(verdict, Verdict::Dropped(Drop::AckRepeat));
    }
    assert_eq!(village.houses[1].node.stats().acks_passed, passed);
}

/// RTE-11, ENV-21: a relay passes the true secret and no other.
#[test]
fn relay_checks_a_proof_against_the_commitment() {
    let mut village = Village::row(3, 2);
    village.keep_sent = true;
    village.houses[2].takes = false;
    village.send(0, 2, b"hello");
    village.run(Span::from_millis(100));
    let wanted = reference(&village.carried(0)[0]);
    village.meddler = Some(Box::new(|from, _, bytes| {
        lose_envelopes(bytes, |envelope| from == 2 && kind(envelope) == Kind::Ack);
    }));
    village.take_all(2);
    let ack = ack_of(&village, wanted);
    let from_b = village.links(1, 2)[0];
    for at in ack.len() - 16..ack.len() {
        let mut forged = ack.clone();
        forged[at] ^= 1;
        let verdict = village.inject(1, from_b, &framed(&forged));
        assert_eq!(verdict, Verdict::Dropped(Drop::BadProof));
    }
    assert_eq!(village.drops(1, Drop::BadProof), 16);
    assert_eq!(village.houses[1].node.stats().acks_passed, 0);
    // The true one still passes.
    let verdict = village.inject(1, from_b, &framed(&ack));
    assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    assert_eq!(village.houses[1].node.stats().acks_passed, 1);
}

/// RTE-12: an answer names something under way.
#[test]
fn answers_to_nothing_are_dropped_by_number() {
    let mut village = taped(3);
    let wanted = reference(&village.carried(0)[0]);
    let expiry = Envelope::parse(&village.carried(0)[0])
        .expect("an envelope")
        .head
        .expiry;
    let ack = ack_of(&village, wanted);
    let resp = village
        .envelopes(2)
        .into_iter()
        .map(|(_, envelope)| envelope)
        .find(|envelope| kind(envelope) == Kind::Resp)
        .expect("answered");
    let stranger = Reference([0xEE; 8]);
    let unknown = |envelope: &[u8], at: usize| {
        let mut changed = envelope.to_vec();
        changed[at..at + 8].copy_from_slice(&stranger.0);
        framed(&changed)
    };
    let link = village.links(1, 2)[0];
    let verdict = village.inject(1, link, &unknown(&ack, 16));
    assert_eq!(verdict, Verdict::Dropped(Drop::AckUnknown));
    let verdict = village.inject(1, link, &unknown(&resp, 15));
    assert_eq!(verdict, Verdict::Dropped(Drop::RespUnknown));
    let nack = nack(expiry, stranger, NackCode::NoRoute);
    let verdict = village.inject(1, link, &framed(&nack));
    assert_eq!(verdict, Verdict::Dropped(Drop::NackUnknown));
}

fn nack(expiry: u32, reference: Reference, code: NackCode) -> Vec<u8> {
    let mut bytes = [0; 64];
    let head = Head::answer(Kind::Nack, expiry);
    let len = emit_nack(&mut bytes, &head, reference, code, 0).expect("room");
    bytes[..len].to_vec()
}

/// RTE-10, RTE-35: RESP, PASSED and NACK count only from the out-link of the newest copy.
#[test]
fn answers_from_another_link_are_dropped() {
    let mut village = Village::of(4, 4);
    village.link(0, 1, Wire::default());
    village.link(1, 2, Wire::default());
    // Somebody else at the relay.
    village.link(1, 3, Wire::default());
    village.run(Span::from_millis(100));
    village.keep_sent = true;
    village.houses[2].takes = false;
    village.send(0, 2, b"hello");
    village.run(Span::from_millis(100));
    let wanted = reference(&village.carried(0)[0]);
    let expiry = Envelope::parse(&village.carried(0)[0])
        .expect("an envelope")
        .head
        .expiry;
    let wrong = village.links(1, 3)[0];
    let verdict = village.inject(1, wrong, &framed(&nack(expiry, wanted, NackCode::NoKey)));
    assert_eq!(verdict, Verdict::Dropped(Drop::BadNack));
    let mut passed = vec![4, 8, 0];
    passed.extend_from_slice(&wanted.0);
    let verdict = village.inject(1, wrong, &passed);
    assert_eq!(verdict, Verdict::Dropped(Drop::ReceiptUnknown));
    village.take_all(2);
    let resp = village
        .envelopes(2)
        .into_iter()
        .map(|(_, envelope)| envelope)
        .find(|envelope| kind(envelope) == Kind::Resp)
        .expect("answered");
    let verdict = village.inject(1, wrong, &framed(&resp));
    assert_eq!(verdict, Verdict::Dropped(Drop::WrongLink));
}

/// Somebody who saw the envelope sends it again under another attempt: the ACK still reaches the
/// first sender.
#[test]
fn repeated_envelope_does_not_draw_the_answer_away() {
    let mut village = Village::of(4, 5);
    village.link(0, 1, Wire::default());
    village.link(1, 2, Wire::default());
    village.link(1, 3, Wire::default());
    village.run(Span::from_millis(100));
    village.keep_sent = true;
    village.houses[2].takes = false;
    let id = village.send(0, 2, b"hello");
    village.run(Span::from_millis(50));
    let mut copy = village.carried(0)[0].clone();
    copy[2] = 0x98;
    let wrong = village.links(1, 3)[0];
    village.inject(1, wrong, &framed(&copy));
    village.run(Span::from_millis(50));
    village.take_all(2);
    village.run(Span::from_millis(100));
    assert!(village.is_delivered(0, id));
}

/// An ACK that takes longer than a relay remembers comes with the next attempt.
#[test]
fn proof_after_the_relay_forgot_comes_with_the_next_attempt() {
    let mut village = Village::row(3, 6);
    village.houses[2].takes = false;
    let id = village.send(0, 2, b"late");
    village.run(Span::from_secs(1_000));
    village.take_all(2);
    village.run(Span::from_secs(3_700));
    assert!(village.is_delivered(0, id));
    assert_eq!(village.times(2, b"late"), 1);
}

/// RTE-14: the relay the message came over is gone; the ACK comes over the next attempt's way.
#[test]
fn lost_way_back_is_replaced_by_the_next_attempt() {
    let mut village = Village::of(4, 7);
    for relay in [1, 2] {
        village.link(0, relay, Wire::default());
        village.link(relay, 3, Wire::default());
    }
    village.run(Span::from_millis(100));
    village.houses[3].takes = false;
    let id = village.send(0, 3, b"way back");
    village.run(Span::from_millis(100));
    let used = if village.houses[1].node.stats().forwarded > 0 {
        1
    } else {
        2
    };
    village.stop(used);
    village.take_all(3);
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(3)),
        "{took:?}"
    );
    assert_eq!(village.times(3, b"way back"), 1);
}

/// DLV-21: the ACK takes the direct link when there is one.
#[test]
fn proof_takes_the_direct_link() {
    let mut village = Village::row(3, 8);
    village.houses[2].takes = false;
    let id = village.send(0, 2, b"hello");
    village.run(Span::from_millis(100));
    village.link(0, 2, Wire::default());
    village.run(Span::from_millis(50));
    village.take_all(2);
    // One link's delay: the relay's two would take twice that.
    let took = village.run_until_delivered(0, id, Span::from_millis(50));
    assert_eq!(took, Some(Wire::default().delay));
}

/// RTE-34, RTE-36: a relay says NO_ROUTE for what it can bring nowhere; the sender goes another way.
#[test]
fn no_route_is_told_and_another_way_is_taken() {
    let mut village = Village::of(4, 9);
    for relay in [1, 2] {
        village.link(0, relay, Wire::default());
        village.link(relay, 3, Wire::default());
    }
    village.run(Span::from_millis(100));
    for n in 0..5u8 {
        village.send(0, 3, &[n]);
        village.run(Span::from_millis(100));
    }
    let used = if village.houses[1].node.stats().forwarded > 2 {
        1
    } else {
        2
    };
    village.part(used, 3);
    let id = village.send(0, 3, b"other way");
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(3)),
        "{took:?}"
    );
    assert!(village.drops(used, Drop::NoRoute) > 0);
}

/// RTE-37: a NACK for a message on a link it did not leave over changes nothing.
#[test]
fn nack_on_the_wrong_link_is_refused_at_the_sender() {
    let mut village = taped(10);
    let (other, _) = village.link(0, 2, Wire::default());
    village.cut(0, other);
    let relay = village.links(0, 1)[0];
    village.houses[2].takes = false;
    let id = village.send(0, 2, b"under way");
    village.run(Span::from_millis(20));
    let envelope = village.carried(0).pop().expect("sent");
    let (named, expiry) = (
        reference(&envelope),
        Envelope::parse(&envelope).expect("an envelope").head.expiry,
    );
    let (stranger, _) = village.link(
        0,
        2,
        Wire {
            delay: Span::from_secs(9),
            ..Wire::default()
        },
    );
    let before = village.houses[0].node.stats().resealed;
    let verdict = village.inject(0, stranger, &framed(&nack(expiry, named, NackCode::NoKey)));
    assert_eq!(verdict, Verdict::Dropped(Drop::BadNack));
    assert_eq!(village.houses[0].node.stats().resealed, before);
    assert_ne!(relay, LinkId(0));
    let _known = village.houses[0].node.path(id).expect("still under way");
}

/// MEM-8: a relay's table of ways back is bounded: the oldest make room, and what is new still passes.
#[test]
fn ways_back_are_bounded_and_the_newest_are_kept() {
    let mut village = Village::new(11);
    let limits = tom_core::storage::Limits {
        returns: 128,
        ..common::small()
    };
    let a = village.add(tom_core::Config::default());
    let relay = village.add_with(tom_core::Config::default(), limits);
    let b = village.add(tom_core::Config::default());
    village.link(a, relay, Wire::default());
    village.link(relay, b, Wire::default());
    village.run(Span::from_millis(100));
    for n in 0..400u16 {
        let id = village.send(a, b, &n.to_le_bytes());
        let took = village.run_until_delivered(a, id, Span::from_secs(5));
        assert!(
            took.is_some_and(|took| took < Span::from_millis(100)),
            "{n}: {took:?}"
        );
    }
    assert_eq!(
        village.used(relay, tom_core::error::TableName::Returns),
        128
    );
}

/// Relays never see what is inside, and a changed body is refused where it arrives.
#[test]
fn altered_body_is_a_counted_drop_and_another_way_delivers() {
    let mut village = Village::of(4, 12);
    for relay in [1, 2] {
        village.link(0, relay, Wire::default());
        village.link(relay, 3, Wire::default());
    }
    village.run(Span::from_millis(100));
    for n in 0..5u8 {
        village.send(0, 3, &[n]);
        village.run(Span::from_millis(100));
    }
    let evil = if village.houses[1].node.stats().forwarded > 2 {
        1
    } else {
        2
    };
    village.meddler = Some(Box::new(move |from, to, bytes| {
        let frames = tom_core::wire::Frames::new(bytes);
        let has = frames.flatten().any(
            |frame| matches!(frame, Frame::Envelope { bytes, .. } if common::wire::carries(bytes)),
        );
        if (from, to) == (evil, 3) && has {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
        }
    }));
    let id = village.send(0, 3, b"sealed");
    let took = village.run_until_delivered(0, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took <= Span::from_secs(3)),
        "{took:?}"
    );
    assert!(village.drops(3, Drop::BadTag) > 0);
    assert_eq!(village.times(3, b"sealed"), 1);
}

//! Read receipts, the ends of messages, and nodes that do not know the time.

mod common;

use common::wire::{carries, framed, kind, lose_envelopes};
use common::{Village, Wire, clock};
use tom_core::config::Config;
use tom_core::error::{Drop, Misuse, Refusal, TableName};
use tom_core::input::{Command, Input, Send};
use tom_core::output::{DeliveryId, State, Verdict};
use tom_core::time::Span;
use tom_core::wire::{Envelope, Kind, Reference};

fn read(village: &mut Village, by: usize, at: usize) -> Verdict {
    let got = village.houses[by].received[at].clone();
    let (from, id) = (got.from, got.id);
    village.input(by, Input::Command(Command::Read { from, id }))
}

#[test]
fn read_follows_delivered() {
    for in_session in [false, true] {
        let mut village = Village::row(3, 1);
        if in_session {
            village.send(2, 0, b"first");
            village.run(Span::from_secs(1));
        }
        let id = village.send(0, 2, b"look");
        village.run(Span::from_secs(1));
        assert_eq!(village.state(0, id), Some(State::Delivered));
        assert!(matches!(read(&mut village, 2, 0), Verdict::Accepted(None)));
        village.run(Span::from_secs(1));
        assert_eq!(village.states(0, id).last(), Some(&State::Read));
        // The receipt itself is no message to anybody.
        assert_eq!(village.houses[0].received.len(), usize::from(in_session));
    }
}

#[test]
fn lost_receipt_is_sent_again_and_counts_once() {
    let mut village = Village::row(2, 2);
    let id = village.send(0, 1, b"look");
    village.run(Span::from_secs(1));
    let mut lost = 2;
    village.meddler = Some(Box::new(move |from, _, bytes| {
        lose_envelopes(bytes, |envelope| {
            let lose = from == 1 && lost > 0 && carries(envelope);
            lost -= u32::from(lose);
            lose
        });
    }));
    read(&mut village, 1, 0);
    village.run(Span::from_secs(10));
    let reads = village
        .states(0, id)
        .iter()
        .filter(|s| **s == State::Read)
        .count();
    assert_eq!(reads, 1);
}

/// READ without the proof settles nothing; it shows once the proof is here.
#[test]
fn receipt_before_the_proof_waits_for_it() {
    let mut village = Village::row(2, 3);
    village.meddler = Some(Box::new(|from, _, bytes| {
        lose_envelopes(bytes, |envelope| from == 1 && kind(envelope) == Kind::Ack);
    }));
    let id = village.send(0, 1, b"look");
    village.run(Span::from_millis(300));
    read(&mut village, 1, 0);
    village.run(Span::from_secs(5));
    assert_eq!(village.state(0, id), Some(State::Sent));
    village.meddler = None;
    village.run(Span::from_secs(60));
    assert_eq!(
        village.states(0, id),
        [State::Sent, State::Delivered, State::Read]
    );
}

/// CNT-8: only the recipient can say so: a third party's receipt names the message in vain.
#[test]
fn third_party_cannot_read_for_the_recipient() {
    let mut village = Village::of(3, 4);
    village.link(0, 1, Wire::default());
    village.link(0, 2, Wire::default());
    village.run(Span::from_millis(100));
    let id = village.send(0, 1, b"look");
    village.run(Span::from_secs(1));
    let from = village.key(0);
    let forged = DeliveryId {
        sender: from.handle(),
        reference: id.reference(),
    };
    village.input(2, Input::Command(Command::Read { from, id: forged }));
    village.run(Span::from_secs(5));
    assert_eq!(village.states(0, id).last(), Some(&State::Delivered));
}

#[test]
fn receipt_for_nothing_changes_nothing() {
    let mut village = Village::row(2, 5);
    village.send(0, 1, b"look");
    village.run(Span::from_secs(1));
    let from = village.key(0);
    let nothing = DeliveryId {
        sender: from.handle(),
        reference: Reference([9; 8]),
    };
    village.input(1, Input::Command(Command::Read { from, id: nothing }));
    village.run(Span::from_secs(5));
    village.assert_sound();
}

/// ENV-22, DLV-27: no life of nothing, and none beyond a day less the skew, in whole seconds.
#[test]
fn lifetime_out_of_range_is_misuse() {
    let mut village = Village::row(2, 6);
    let longest = Config::default().max_lifetime();
    for (lifetime, fine) in [
        (Span::ZERO, false),
        (Span::from_millis(999), false),
        (Span::from_secs(1), true),
        (longest, true),
        (Span::from_millis(longest.as_millis() + 999), true),
        (Span::from_millis(longest.as_millis() + 1_000), false),
        (longest.times(2), false),
    ] {
        let send = Send {
            lifetime: Some(lifetime),
            ..Send::new(village.key(1), b"x")
        };
        let verdict = village.try_send(0, send);
        let misuse = Verdict::Refused(Refusal::Misuse(Misuse::Lifetime));
        assert_eq!(verdict == misuse, !fine, "{lifetime:?}: {verdict:?}");
    }
}

/// ENV-24: a relay carries nothing past its expiry, a recipient takes it until expiry + skew.
#[test]
fn dead_copies_are_dropped_by_relay_and_recipient() {
    let mut village = Village::row(3, 7);
    village.keep_sent = true;
    village.meddler = Some(Box::new(|from, _, bytes| {
        if from == 0 {
            lose_envelopes(bytes, carries);
        }
    }));
    let send = Send {
        lifetime: Some(Span::from_secs(10)),
        ..Send::new(village.key(2), b"x")
    };
    village.send_to(0, send);
    village.run(Span::from_secs(1));
    let copy = framed(&village.carried(0)[0]);
    village.run(Span::from_secs(15));
    let (at_relay, at_b) = (village.links(1, 0)[0], village.links(2, 1)[0]);
    let verdict = village.inject(1, at_relay, &copy);
    assert_eq!(verdict, Verdict::Dropped(Drop::Expired));
    let verdict = village.inject(2, at_b, &copy);
    assert!(
        matches!(verdict, Verdict::Accepted(_)),
        "within the skew: {verdict:?}"
    );
    village.run(Span::from_secs(300));
    // Past expiry + skew even the recipient drops it.
    let verdict = village.inject(2, at_b, &copy);
    assert_eq!(verdict, Verdict::Dropped(Drop::Expired));
    assert_eq!(village.times(2, b"x"), 1);
}

/// ENV-23: nobody can make a message immortal.
#[test]
fn expiry_too_far_ahead_is_dropped() {
    let mut village = Village::row(3, 8);
    village.keep_sent = true;
    village.send(0, 2, b"x");
    village.run(Span::from_millis(5));
    let mut copy = village.carried(0)[0].clone();
    let expiry = Envelope::parse(&copy).expect("an envelope").head.expiry;
    copy[3..7].copy_from_slice(&(expiry + 3_600).to_le_bytes());
    let link = village.links(1, 0)[0];
    let verdict = village.inject(1, link, &framed(&copy));
    assert_eq!(verdict, Verdict::Dropped(Drop::ExpiryTooFar));
    copy[3..7].copy_from_slice(&u32::MAX.to_le_bytes());
    let verdict = village.inject(1, link, &framed(&copy));
    assert_eq!(verdict, Verdict::Dropped(Drop::ExpiryTooFar));
    copy[3..7].copy_from_slice(&0u32.to_le_bytes());
    let verdict = village.inject(1, link, &framed(&copy));
    assert_eq!(verdict, Verdict::Dropped(Drop::Expired));
}

/// CON-11: without any clock a node refuses to send; it receives and acknowledges all the same.
#[test]
fn clockless_node_refuses_to_send_and_receives() {
    let mut village = Village::new(9);
    let dumb = village.add_clockless(Config::default());
    let other = village.add(Config::default());
    let send = Send::new(village.key(other), b"x");
    assert_eq!(
        village.try_send(dumb, send),
        Verdict::Refused(Refusal::NoClock)
    );
    assert_eq!(village.used(dumb, TableName::Outbox), 0);
    assert_eq!(
        village.used(dumb, TableName::Contacts),
        0,
        "a refusal changes nothing"
    );
    village.input(dumb, clock(village_unix()));
    let send = Send::new(village.key(other), b"x");
    assert!(matches!(
        village.try_send(dumb, send),
        Verdict::Accepted(Some(_))
    ));
}

fn village_unix() -> u64 {
    common::EPOCH
}

/// CON-12: two nodes without clocks and a neighbour that has one: its HELLO is enough.
#[test]
fn time_comes_from_a_neighbours_hello() {
    let mut village = Village::new(10);
    let dumb = village.add_clockless(Config::default());
    let wise = village.add(Config::default());
    village.link(dumb, wise, Wire::default());
    village.run(Span::from_millis(100));
    let id = village.send(dumb, wise, b"now I know");
    village.run(Span::from_secs(1));
    assert!(village.is_delivered(dumb, id));
}

/// LNK-12: the driver's own word outranks a neighbour's, whoever comes first.
#[test]
fn drivers_clock_outranks_a_neighbours() {
    let mut village = Village::new(11);
    let wise = village.add(Config::default());
    let wrong = village.add_clockless(Config::default());
    // A week ahead.
    village.input(wrong, clock(common::EPOCH + 7 * 24 * 3_600));
    village.link(wise, wrong, Wire::default());
    village.run(Span::from_millis(100));
    village.keep_sent = true;
    village.send(wise, wrong, b"x");
    village.run(Span::from_secs(1));
    let expiry = Envelope::parse(&village.carried(wise)[0])
        .expect("an envelope")
        .head
        .expiry;
    let day = 24 * 3_600;
    assert!(u64::from(expiry) <= village.unix() + day);
    assert!(village.drops(wrong, Drop::Expired) > 0);
}

/// CON-10: wall time jumps: what is over is over at once, what is not goes on.
#[test]
fn clock_steps_move_the_ends() {
    let mut village = Village::of(2, 12);
    let send = |village: &Village, secs| Send {
        lifetime: Some(Span::from_secs(secs)),
        ..Send::new(village.key(1), b"x")
    };
    let short = send(&village, 60);
    let short = village.send_to(0, short);
    let long = send(&village, 7_200);
    let long = village.send_to(0, long);
    village.run(Span::from_secs(1));
    village.input(0, clock(common::EPOCH + 3_600));
    village.run(Span::from_secs(5));
    assert_eq!(village.state(0, short), Some(State::Expired));
    assert_eq!(village.state(0, long), None);
    village.run(Span::from_secs(5_000));
    assert_eq!(village.state(0, long), Some(State::Expired));
}

/// The monotonic clock going back is counted and harmless.
#[test]
fn time_going_back_is_counted() {
    let mut village = Village::row(2, 13);
    village.run(Span::from_secs(100));
    village.input(0, Input::Tick);
    let now = village.now;
    village.now = tom_core::time::Instant::from_millis(now.as_millis() - 50_000);
    let id = village.send(0, 1, b"x");
    village.now = now;
    village.run(Span::from_secs(5));
    assert!(village.is_delivered(0, id));
    assert_eq!(village.houses[0].node.stats().clock_steps_back, 1);
}

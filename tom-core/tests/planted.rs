//! Each planted bug does what it says, and no build does it with none active.
#![cfg(tom_planted)]

mod common;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use common::wire::{acked, carries, framed, kind, lose_envelopes};
use common::{Village, Wire};
use tom_core::config::Config;
use tom_core::error::TableName;
use tom_core::input::{Input, LinkEvent, Send};
use tom_core::output::State;
use tom_core::planted::{self, Bug};
use tom_core::time::Span;
use tom_core::wire::Kind;

/// The selection is one for the whole process: one test at a time.
static ONE: Mutex<()> = Mutex::new(());

/// `wrong` says whether it saw the bug: only with this one active does it.
fn shows(bug: Bug, wrong: impl Fn() -> bool) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    planted::set(None);
    assert!(!wrong(), "{}: seen with no bug active", bug.name());
    planted::set(Some(bug));
    let seen = wrong();
    planted::set(None);
    assert!(seen, "{}: not seen", bug.name());
}

/// Loses what `lose` says so of: (from, envelope).
fn losing(village: &mut Village, mut lose: impl FnMut(usize, &[u8]) -> bool + 'static) {
    village.meddler = Some(Box::new(move |from, _, bytes| {
        lose_envelopes(bytes, |envelope| lose(from, envelope));
    }));
}

#[test]
fn each_has_a_name_of_its_own() {
    for bug in Bug::ALL {
        assert_eq!(Bug::from_name(bug.name()), Some(bug));
    }
    assert_eq!(Bug::from_name("none"), None);
}

#[test]
fn skip_dedup_hands_out_twice() {
    shows(Bug::SkipDedup, || {
        let mut village = Village::row(2, 1);
        let mut left = 2;
        losing(&mut village, move |_, envelope| {
            let lose = kind(envelope) == Kind::Ack && left > 0;
            left -= u32::from(lose);
            lose
        });
        let id = village.send(0, 1, b"once");
        village.run(Span::from_secs(10));
        assert!(village.is_delivered(0, id));
        village.times(1, b"once") > 1
    });
}

#[test]
fn forget_expiry_goes_on_past_the_end() {
    shows(Bug::ForgetExpiry, || {
        let mut village = Village::row(2, 2);
        let lost = Rc::new(RefCell::new(Vec::new()));
        let tape = Rc::clone(&lost);
        losing(&mut village, move |from, envelope| {
            let lose = from == 0 && carries(envelope);
            if lose {
                tape.borrow_mut().push(envelope.to_vec());
            }
            lose
        });
        let brief = Send {
            lifetime: Some(Span::from_secs(10)),
            ..Send::new(village.key(1), b"brief")
        };
        let id = village.send_to(0, brief);
        village.run(Span::from_secs(600));
        let ended = village.state(0, id) == Some(State::Expired);
        let copy = lost.borrow()[0].clone();
        let link = village.links(1, 0)[0];
        village.inject(1, link, &framed(&copy));
        let accepted = village.times(1, b"brief") > 0;
        assert_eq!(ended, !accepted);
        accepted
    });
}

#[test]
fn stale_ack_settles_another_message() {
    shows(Bug::StaleAck, || {
        let mut village = Village::row(2, 3);
        village.keep_sent = true;
        let first = village.send(0, 1, b"first");
        village.run(Span::from_secs(1));
        assert!(village.is_delivered(0, first));
        let mut sent = village.envelopes(1).into_iter().map(|(_, e)| e);
        let ack = sent.find(|e| !acked(e).is_empty()).expect("an ACK");
        losing(&mut village, |from, envelope| {
            from == 0 && carries(envelope)
        });
        let second = village.send(0, 1, b"second");
        village.run(Span::from_millis(50));
        let link = village.links(0, 1)[0];
        village.inject(0, link, &framed(&ack));
        assert_eq!(village.times(1, b"second"), 0);
        village.is_delivered(0, second)
    });
}

#[test]
fn stale_ack_takes_any_secret() {
    shows(Bug::StaleAck, || {
        let mut village = Village::row(2, 4);
        village.meddler = Some(Box::new(|from, _, bytes| {
            // The last byte of an ACK that is alone in its datagram is the last of a secret.
            let envelopes = common::wire::envelopes(bytes);
            if from == 1 && envelopes.iter().any(|e| kind(e) == Kind::Ack) {
                let last = bytes.last_mut().expect("bytes");
                *last ^= 1;
            }
        }));
        let id = village.send(0, 1, b"hello");
        village.run(Span::from_secs(5));
        village.is_delivered(0, id)
    });
}

#[test]
fn ack_waiting_says_delivered_before_it_is_safe() {
    for in_session in [false, true] {
        shows(Bug::AckWaiting, || {
            let mut village = Village::row(2, 5);
            if in_session {
                village.send(0, 1, b"first");
                village.run(Span::from_secs(1));
            }
            village.houses[1].takes = false;
            let id = village.send(0, 1, b"wait");
            village.run(Span::from_millis(300));
            assert!(!village.is_delivered(0, id), "the first copy draws no ACK");
            village.run(Span::from_secs(20));
            village.is_delivered(0, id)
        });
    }
}

#[test]
fn nowhere_sleeps_never_ends() {
    shows(Bug::NowhereSleeps, || {
        let mut village = Village::of(2, 6);
        let brief = Send {
            lifetime: Some(Span::from_secs(10)),
            ..Send::new(village.key(1), b"brief")
        };
        let id = village.send_to(0, brief);
        village.run(Span::from_secs(3_600));
        village.state(0, id) != Some(State::Expired)
    });
}

/// The neighbour that had the message turned out to be a leaf; nothing wakes it, not even for its end.
#[test]
fn nowhere_sleeps_through_its_end() {
    shows(Bug::NowhereSleeps, || {
        let mut village = Village::of(3, 7);
        let leaf = village.add(Config::leaf());
        village.link(0, leaf, Wire::default());
        let send = Send {
            lifetime: Some(Span::from_secs(10)),
            ..Send::new(village.key(2), b"hello")
        };
        let id = village.send_to(0, send);
        village.run(Span::from_secs(400));
        village.state(0, id) != Some(State::Expired)
    });
}

#[test]
fn first_way_back_is_the_only_one() {
    shows(Bug::FirstWayBack, || {
        let mut village = Village::row(3, 8);
        village.houses[2].takes = false;
        let id = village.send(0, 2, b"hello");
        village.run(Span::from_millis(100));
        village.part(0, 1);
        village.run(Span::from_secs(2));
        village.link(0, 1, Wire::default());
        village.run(Span::from_secs(5));
        village.take_all(2);
        village.run(Span::from_secs(120));
        assert_eq!(village.times(2, b"hello"), 1);
        !village.is_delivered(0, id)
    });
}

#[test]
fn hold_blocked_keeps_payloads() {
    shows(Bug::HoldBlocked, || {
        let mut village = Village::row(3, 9);
        village.send(0, 2, b"the way is known");
        village.run(Span::from_secs(1));
        let link = village.links(1, 2)[0];
        village.input(1, Input::Link(LinkEvent::Blocked { link }));
        village.send(0, 2, b"held");
        village.run(Span::from_millis(1_000));
        assert!(village.used(1, TableName::Forwards) > 0);
        // Copies come again all the time; the first ones may not be there any more.
        village.part(0, 1);
        village.run(Span::from_secs(60));
        village.used(1, TableName::Forwards) > 0
    });
}

#[test]
fn restored_held_shows_its_content() {
    shows(Bug::RestoredHeld, || {
        let durable = Config {
            durable: true,
            ..Config::default()
        };
        let mut village = Village::new(10);
        village.add(durable);
        village.add(Config::default());
        village.add(Config::default());
        village.keep_sent = true;
        village.link(0, 1, Wire::default());
        village.run(Span::from_millis(100));
        let secret: Vec<u8> = (0..5_000u16).map(|at| (at * 7 % 251) as u8).collect();
        village.send(0, 2, &secret);
        village.run(Span::from_secs(1));
        village.restart(0, true);
        village.link(0, 1, Wire::default());
        village.run(Span::from_secs(60));
        let sent = village.houses[0].sent.iter();
        sent.flat_map(|(_, bytes)| bytes.windows(16))
            .any(|window| window == &secret[64..80])
    });
}

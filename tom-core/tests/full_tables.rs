//! Each table at its end: what does not fit is refused, everything else goes on as before.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind of thing"
)]

mod common;

use common::{Village, Wire, small};
use tom_core::config::Config;
use tom_core::error::{Drop, Full, Refusal, TableName};
use tom_core::input::{Command, Input, LinkEvent, LinkId, Send};
use tom_core::output::{State, Verdict};
use tom_core::storage::Limits;
use tom_core::time::Span;

/// Everything but what a refusal may change: all tables' fill.
fn fills(village: &Village, house: usize) -> Vec<(TableName, u32)> {
    let tables = village.houses[house].node.tables();
    tables
        .iter()
        .map(|entry| (entry.table, entry.len))
        .collect()
}

fn full(table: TableName, capacity: u32) -> Verdict {
    Verdict::Refused(Refusal::Full(Full { table, capacity }))
}

#[test]
fn full_outbox_refuses_and_settling_makes_room() {
    let mut village = Village::new(1);
    let limits = Limits {
        outbox: 8,
        proofs: 16,
        ..small()
    };
    village.add_with(Config::default(), limits);
    village.add(Config::default());
    let ids: Vec<_> = (0..8u8).map(|n| village.send(0, 1, &[n])).collect();
    let before = fills(&village, 0);
    for _ in 0..3 {
        let send = Send::new(village.key(1), b"ninth");
        assert_eq!(village.try_send(0, send), full(TableName::Outbox, 8));
    }
    assert_eq!(fills(&village, 0), before);
    village.link(0, 1, Wire::default());
    village.run(Span::from_secs(2));
    for id in ids {
        assert_eq!(village.state(0, id), Some(State::Delivered));
    }
    assert_eq!(village.used(0, TableName::Outbox), 0);
    village.send(0, 1, b"room again");
    village.run(Span::from_secs(1));
    assert_eq!(village.houses[1].received.len(), 9);
}

#[test]
fn full_payload_blocks_refuse() {
    let mut village = Village::new(2);
    let limits = Limits {
        blocks: 256 + 256,
        ..small()
    };
    village.add_with(Config::default(), limits);
    village.add(Config::default());
    let mut accepted = 0;
    let long = vec![1; 16_000];
    loop {
        let send = Send::new(village.key(1), &long);
        match village.try_send(0, send) {
            Verdict::Accepted(_) => accepted += 1,
            refused => {
                assert_eq!(refused, full(TableName::Blocks, 512));
                break;
            }
        }
        assert!(accepted < 100);
    }
    let before = fills(&village, 0);
    let send = Send::new(village.key(1), &long);
    assert_eq!(village.try_send(0, send), full(TableName::Blocks, 512));
    assert_eq!(fills(&village, 0), before);
    village.link(0, 1, Wire::default());
    village.run(Span::from_secs(300));
    assert_eq!(village.houses[1].received.len(), accepted);
    assert_eq!(
        village.used(0, TableName::Blocks),
        0,
        "every block came back"
    );
}

#[test]
fn full_contacts_refuse_while_messages_hold_them() {
    let mut village = Village::new(3);
    let limits = Limits {
        contacts: 16,
        ..small()
    };
    village.add_with(Config::default(), limits);
    for _ in 0..17 {
        village.add(Config::default());
    }
    for to in 1..=16 {
        village.send(0, to, b"held");
    }
    let before = fills(&village, 0);
    let send = Send::new(village.key(17), b"one too many");
    assert_eq!(village.try_send(0, send), full(TableName::Contacts, 16));
    assert_eq!(fills(&village, 0), before);
    // What it knows still works.
    village.link(0, 5, Wire::default());
    village.run(Span::from_secs(2));
    assert_eq!(village.payloads(5), [b"held"]);
}

/// Strangers never push out whom this node chose; they are refused or push out other strangers.
#[test]
fn strangers_do_not_push_out_chosen_contacts() {
    let mut village = Village::new(4);
    let limits = Limits {
        contacts: 16,
        ..small()
    };
    let target = village.add_with(Config::default(), limits);
    let friend = village.add(Config::default());
    village.link(target, friend, Wire::default());
    village.run(Span::from_millis(100));
    village.send(target, friend, b"hello");
    village.run(Span::from_secs(1));
    for _ in 0..60 {
        let stranger = village.add(Config::default());
        let (link, _) = village.link(stranger, target, Wire::default());
        village.run(Span::from_millis(50));
        village.send(stranger, target, b"spam");
        village.run(Span::from_millis(500));
        village.cut(stranger, link);
    }
    assert_eq!(village.used(target, TableName::Contacts), 16);
    assert_eq!(
        village.times(target, b"spam"),
        60,
        "the newest strangers are served"
    );
    let id = village.send(target, friend, b"still here");
    village.run(Span::from_secs(1));
    assert!(village.is_delivered(target, id));
    assert!(
        village.houses[friend]
            .received
            .last()
            .is_some_and(|got| got.in_session)
    );
    village.assert_sound();
}

/// The application takes nothing: what does not fit is not acknowledged and comes again later.
#[test]
fn full_inbox_refuses_without_ack_and_loses_nothing() {
    for in_session in [false, true] {
        let mut village = Village::new(5);
        village.add(Config::default());
        village.add_with(
            Config::default(),
            Limits {
                inbox: 8,
                ..small()
            },
        );
        village.link(0, 1, Wire::default());
        village.run(Span::from_millis(100));
        if in_session {
            village.send(0, 1, b"first");
            village.run(Span::from_secs(1));
        }
        village.houses[1].takes = false;
        let ids: Vec<_> = (0..20u8).map(|n| village.send(0, 1, &[n])).collect();
        village.run(Span::from_secs(10));
        assert!(village.drops(1, Drop::InboxFull) > 0);
        assert_eq!(village.used(1, TableName::Inbox), 8);
        assert!(ids.iter().all(|id| !village.is_delivered(0, *id)));
        village.houses[1].takes = true;
        village.take_all(1);
        village.run(Span::from_secs(600));
        for (n, id) in (0..20u8).zip(&ids) {
            assert!(village.is_delivered(0, *id), "{n}");
            assert_eq!(village.times(1, &[n]), 1, "{n}");
        }
        village.assert_sound();
    }
}

#[test]
fn full_link_table_refuses_and_the_others_go_on() {
    let mut village = Village::new(6);
    let limits = Limits {
        links: 2,
        ..small()
    };
    village.add_with(Config::default(), limits);
    for _ in 0..3 {
        village.add(Config::default());
    }
    village.link(0, 1, Wire::default());
    village.link(0, 2, Wire::default());
    village.run(Span::from_millis(100));
    let before = fills(&village, 0);
    let third = LinkEvent::Up {
        link: LinkId(99),
        peer: village.key(3),
        mtu: 1_200,
        max_frame: 65_538,
        dialed: false,
        observed: &[],
    };
    assert_eq!(
        village.input(0, Input::Link(third)),
        full(TableName::Links, 2)
    );
    assert_eq!(fills(&village, 0), before);
    assert_eq!(
        village.inject(0, LinkId(99), &[]),
        Verdict::Dropped(Drop::UnknownLink)
    );
    for to in [1, 2] {
        let id = village.send(0, to, b"x");
        village.run(Span::from_secs(1));
        assert!(village.is_delivered(0, id));
    }
}

/// MEM-7, SES-8: one-shots opened are never forgotten early; when their table is full they are
/// refused, and sessions go on.
#[test]
fn full_table_of_opened_one_shots_refuses_them_and_sessions_go_on() {
    let mut village = Village::new(7);
    let target = village.add_with(
        Config::default(),
        Limits {
            opened: 64,
            ..small()
        },
    );
    let friend = village.add(Config::default());
    village.link(target, friend, Wire::default());
    village.run(Span::from_millis(100));
    village.send(friend, target, b"hello");
    village.run(Span::from_secs(1));
    // Strangers fill the table, each within its share.
    let mut refused = 0;
    for n in 0..80u8 {
        let stranger = village.add(Config::default());
        village.link(
            stranger,
            target,
            Wire {
                delay: Span::from_millis(1),
                ..Wire::default()
            },
        );
        village.run(Span::from_millis(20));
        let id = village.send(stranger, target, &[n]);
        village.run(Span::from_millis(100));
        refused += u32::from(!village.is_delivered(stranger, id));
        for link in village.links(stranger, target) {
            village.cut(stranger, link);
        }
    }
    assert!(refused >= 16, "{refused}");
    assert_eq!(village.used(target, TableName::Opened), 64);
    assert!(village.drops(target, Drop::OpenedFull) >= 16);
    let id = village.send(friend, target, b"in session");
    village.run(Span::from_secs(1));
    assert!(village.is_delivered(friend, id));
    // A day later they are forgotten and there is room.
    village.run(Span::from_secs(25 * 3_600));
    assert_eq!(village.used(target, TableName::Opened), 0);
}

/// SES-7: a sender's share is a quarter: one that sends one-shots only leaves room for the others.
#[test]
fn one_sender_fills_its_share_only() {
    let mut village = Village::new(8);
    let target = village.add_with(
        Config::default(),
        Limits {
            opened: 64,
            ..small()
        },
    );
    let loud = village.add(Config::default());
    let quiet = village.add(Config::default());
    village.link(loud, target, Wire::default());
    village.link(quiet, target, Wire::default());
    village.run(Span::from_millis(100));
    // No answer gets through, so it never has a session.
    village.meddler = Some(Box::new(move |from, to, bytes| {
        if (from, to) == (target, loud) {
            common::wire::lose_envelopes(bytes, |envelope| {
                common::wire::kind(envelope) == tom_core::wire::Kind::Resp
            });
        }
    }));
    for n in 0..60u8 {
        village.send(loud, target, &[n]);
        village.run(Span::from_millis(100));
    }
    assert_eq!(village.used(target, TableName::Opened), 16);
    let id = village.send(quiet, target, b"me too");
    village.run(Span::from_secs(1));
    assert!(village.is_delivered(quiet, id));
}

/// Forwards held for a blocked link: the table fills, FULL goes back, other links are not affected.
#[test]
fn full_forward_table_hurts_nobody_else() {
    let mut village = Village::new(9);
    village.add(Config::default());
    let relay = village.add_with(
        Config::default(),
        Limits {
            forwards: 8,
            ..small()
        },
    );
    village.add(Config::default());
    village.add(Config::default());
    for other in [0, 2, 3] {
        village.link(relay, other, Wire::default());
    }
    village.run(Span::from_millis(100));
    for to in [2, 3] {
        village.send(0, to, b"the way is known");
    }
    village.run(Span::from_secs(1));
    let link = village.links(relay, 2)[0];
    village.input(relay, Input::Link(LinkEvent::Blocked { link }));
    let stuck: Vec<_> = (0..50u8).map(|n| village.send(0, 2, &[n])).collect();
    village.run(Span::from_millis(100));
    assert!(village.drops(relay, Drop::ForwardFull) > 0);
    village.run(Span::from_millis(2_400));
    let id = village.send(3, 0, b"past the jam");
    let took = village.run_until_delivered(3, id, Span::from_secs(10));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(1)),
        "{took:?}"
    );
    village.input(relay, Input::Link(LinkEvent::Writable { link }));
    village.run(Span::from_secs(3_600));
    assert!(stuck.iter().all(|id| village.is_delivered(0, *id)));
    for n in 0..50u8 {
        assert_eq!(village.times(2, &[n]), 1);
    }
    village.assert_sound();
}

/// MEM-6: outputs that nobody drains: commands are refused, the network's bytes dropped, nothing is
/// lost.
#[test]
fn outputs_not_drained_push_back() {
    let mut village = Village::row(2, 10);
    let key = village.key(1);
    let now = village.now;
    let node = &mut village.houses[0].node;
    let mut accepted = 0;
    let refusal = loop {
        let send = Input::Command(Command::Send(Send::new(key, b"x")));
        match node.handle(now, send) {
            Verdict::Accepted(_) => accepted += 1,
            other => break other,
        }
        assert!(accepted < 10_000);
    };
    let outbox = full(TableName::Outbox, small().outbox);
    let back = Verdict::Refused(Refusal::Backpressure);
    assert!(refusal == back || refusal == outbox, "{refusal:?}");
    village.run(Span::from_secs(60));
    village.input(0, Input::Tick);
    village.run(Span::from_secs(60));
    assert_eq!(village.houses[1].received.len(), accepted);
    village.assert_sound();
}

/// MEM-2: the smallest nodes there are, all tables tiny, among full ones.
#[test]
fn smallest_tables_deliver_in_the_end() {
    let mut village = Village::new(11);
    let config = Config {
        max_envelope: 1_200,
        ..Config::default()
    };
    for _ in 0..3 {
        village.add_with(config, Limits::minimum());
    }
    village.link(0, 1, Wire::default());
    village.link(1, 2, Wire::default());
    village.run(Span::from_millis(100));
    let mut ids = Vec::new();
    for n in 0..40u8 {
        ids.push(village.send(0, 2, &[n; 100]));
        village.run(Span::from_secs(2));
    }
    village.run(Span::from_secs(600));
    for (n, id) in (0..40u8).zip(ids) {
        assert!(village.is_delivered(0, id), "{n}");
        assert_eq!(village.times(2, &[n; 100]), 1);
    }
    village.assert_sound();
}

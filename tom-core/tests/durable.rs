//! A node whose records survive: what was acknowledged is never lost, nothing is delivered twice and
//! no counter is used twice, whenever the power goes.

mod common;

use std::collections::BTreeMap;

use common::wire::{acked, carries, framed, kind, lose_envelopes, reference};
use common::{Disk, Village, Wire, clock};
use tom_core::config::Config;
use tom_core::error::Drop;
use tom_core::input::Input;
use tom_core::output::{Record, RecordKind, Verdict};
use tom_core::time::Span;
use tom_core::wire::{Body, Envelope, Kind, Reference};

fn config() -> Config {
    Config {
        durable: true,
        ..Config::default()
    }
}

/// Two durable neighbours.
fn pair(seed: u64) -> Village {
    let mut village = Village::new(seed);
    village.add(config());
    village.add(config());
    village.link(0, 1, Wire::default());
    village.run(Span::from_millis(100));
    village.keep_sent = true;
    village
}

fn with_session(seed: u64) -> Village {
    let mut village = pair(seed);
    village.send(0, 1, b"first");
    village.run(Span::from_secs(1));
    village.send(1, 0, b"back");
    village.run(Span::from_secs(1));
    village
}

fn was_acked(village: &Village, by: usize, wanted: Reference) -> bool {
    let answers = village.envelopes(by).into_iter();
    answers
        .flat_map(|(_, envelope)| acked(&envelope))
        .any(|reference| reference == wanted)
}

/// The full counters of what a house sent in each session, by the recipient's sid.
fn counters(village: &Village, house: usize) -> BTreeMap<([u8; 4], u16), Vec<Vec<u8>>> {
    let mut seen: BTreeMap<_, Vec<Vec<u8>>> = BTreeMap::new();
    for envelope in village.carried(house) {
        if let Body::Data { sid, n16, .. } = Envelope::parse(&envelope).expect("an envelope").body {
            let mut fixed = envelope.clone();
            fixed[2] = 0;
            let bodies = seen.entry((sid.0, n16)).or_default();
            if !bodies.contains(&fixed) {
                bodies.push(fixed);
            }
        }
    }
    seen
}

#[test]
fn messages_pass_between_durable_nodes_in_session() {
    let mut village = with_session(1);
    for n in 0..600u16 {
        let id = village.send(0, 1, &n.to_le_bytes());
        village.run(Span::from_millis(20));
        assert!(village.is_delivered(0, id), "{n}");
    }
    assert_eq!(village.houses[1].received.len(), 601);
    assert!(
        village.houses[1]
            .received
            .last()
            .is_some_and(|got| got.in_session)
    );
    village.assert_sound();
}

/// DLV-15: no ACK before the inbox record is durable; then one, though the application waits.
#[test]
fn nothing_is_acknowledged_before_its_record_is_durable() {
    for in_session in [false, true] {
        let mut village = if in_session { with_session(2) } else { pair(2) };
        village.houses[1].takes = false;
        village.houses[1].disk = Disk::Slow;
        let id = village.send(0, 1, b"safe");
        village.run(Span::from_secs(20));
        let wanted = reference(&village.carried(0).pop().expect("sent"));
        assert!(!was_acked(&village, 1, wanted), "in session: {in_session}");
        assert!(!village.is_delivered(0, id));
        village.flush(1);
        village.run(Span::from_millis(50));
        assert!(was_acked(&village, 1, wanted), "in session: {in_session}");
        assert!(village.is_delivered(0, id));
        assert_eq!(village.times(1, b"safe"), 1);
    }
}

/// DLV-16, DRV-15: a disk that fails means no ACK, and the sender goes on trying.
#[test]
fn failing_disk_means_no_ack() {
    let mut village = with_session(3);
    village.houses[1].disk = Disk::Fails;
    village.houses[1].takes = false;
    let id = village.send(0, 1, b"nowhere to put it");
    village.run(Span::from_secs(60));
    let wanted = reference(&village.carried(0).pop().expect("sent"));
    assert!(!was_acked(&village, 1, wanted));
    assert!(!village.is_delivered(0, id));
    // The disk is mended; what was offered before is offered again when the driver says it failed.
    village.houses[1].disk = Disk::Works;
    let failed: Vec<_> = village.houses[1].persisted.clone();
    for (key, _) in failed
        .iter()
        .filter(|(key, _)| key.kind == RecordKind::Inbox)
    {
        village.input(
            1,
            Input::Persisted {
                key: *key,
                version: 1,
                ok: false,
            },
        );
    }
    let took = village.run_until_delivered(0, id, Span::from_secs(300));
    assert!(took.is_some());
}

/// A message is sent only once its own record is durable.
#[test]
fn nothing_leaves_before_its_record_is_durable() {
    let mut village = with_session(4);
    village.houses[0].disk = Disk::Slow;
    let before = village.carried(0).len();
    let id = village.send(0, 1, b"not yet");
    village.run(Span::from_secs(60));
    assert_eq!(village.carried(0).len(), before);
    assert_eq!(village.states(0, id), []);
    village.flush(0);
    village.run(Span::from_millis(100));
    assert!(village.is_delivered(0, id));
}

/// The sender loses power with messages under way: they go on after the restart, under the same id.
#[test]
fn unsettled_messages_survive_the_sender() {
    for in_session in [false, true] {
        let mut village = if in_session { with_session(5) } else { pair(5) };
        village.part(0, 1);
        let ids: Vec<_> = (0..10u8).map(|n| village.send(0, 1, &[n])).collect();
        village.run(Span::from_secs(5));
        village.restart(0, true);
        village.run(Span::from_secs(5));
        village.link(0, 1, Wire::default());
        village.run(Span::from_secs(30));
        for (n, id) in (0..10u8).zip(ids) {
            assert!(village.is_delivered(0, id), "{n}, in session: {in_session}");
            assert_eq!(village.times(1, &[n]), 1);
        }
    }
}

/// SES-20: no counter is used for two envelopes, however often the power goes.
#[test]
fn counters_are_never_used_twice() {
    let mut village = with_session(6);
    for round in 0..5u8 {
        for n in 0..40u8 {
            village.send(0, 1, &[round, n]);
            village.run(Span::from_millis(20));
        }
        village.restart(0, true);
        village.link(0, 1, Wire::default());
        village.run(Span::from_millis(200));
    }
    village.run(Span::from_secs(600));
    let used = counters(&village, 0);
    // Once the blocks skipped fill the window, the rest goes as one-shots.
    assert!(used.len() >= 150, "{}", used.len());
    for ((sid, n), bodies) in &used {
        assert_eq!(bodies.len(), 1, "{sid:?} {n}");
    }
    // Each restart goes on at a block's end.
    let last = used.keys().map(|(_, n)| *n).max().expect("some");
    assert!(last >= 3 * 256, "{last}: blocks of 256 are skipped");
    for round in 0..5u8 {
        for n in 0..40u8 {
            assert_eq!(village.times(1, &[round, n]), 1, "{round} {n}");
        }
    }
    village.assert_sound();
}

/// No counter leaves before the block that holds it is durable.
#[test]
fn no_counter_leaves_before_its_block_is_durable() {
    let mut village = with_session(7);
    village.houses[0].disk = Disk::Slow;
    for n in 0..1_000u16 {
        village.send(0, 1, &n.to_le_bytes());
        if n % 100 == 99 {
            // Everything but the session's records becomes durable.
            let waiting = std::mem::take(&mut village.houses[0].waiting);
            for change in waiting {
                let common::Waiting::Write(key, version, _) = change else {
                    continue;
                };
                if key.kind != RecordKind::Session {
                    village.input(
                        0,
                        Input::Persisted {
                            key,
                            version,
                            ok: true,
                        },
                    );
                }
            }
            village.run(Span::from_millis(500));
        }
        if n == 200 {
            break;
        }
    }
    let mut in_session: Vec<u16> = counters(&village, 0).keys().map(|(_, n)| *n).collect();
    in_session.sort_unstable();
    let stored = &village.houses[0].store;
    assert!(stored.keys().any(|key| key.kind == RecordKind::Session));
    // The first block was durable: at most its 256 counters were used, the rest went as one-shots.
    assert!(
        in_session.last().is_some_and(|n| *n < 256),
        "{in_session:?}"
    );
}

/// The recipient loses power before and after the application took it: delivered once by its id.
#[test]
fn acknowledged_message_survives_the_recipient() {
    for in_session in [false, true] {
        let mut village = if in_session { with_session(8) } else { pair(8) };
        village.houses[1].takes = false;
        let id = village.send(0, 1, b"kept");
        village.run(Span::from_secs(1));
        assert!(
            village.is_delivered(0, id),
            "acknowledged, since it is durable"
        );
        assert_eq!(village.times(1, b"kept"), 1);
        // The application had not taken it: it is handed out again, with the same id.
        village.restart(1, true);
        village.link(0, 1, Wire::default());
        village.run(Span::from_secs(1));
        assert_eq!(village.times(1, b"kept"), 2);
        let got = &village.houses[1].received;
        let ids: Vec<_> = got
            .iter()
            .filter(|r| r.payload == b"kept")
            .map(|r| r.id)
            .collect();
        assert_eq!(ids[0], ids[1]);
        village.input(1, Input::Taken(ids[0]));
        village.restart(1, true);
        village.link(0, 1, Wire::default());
        village.run(Span::from_secs(1));
        assert_eq!(
            village.times(1, b"kept"),
            2,
            "taken: not handed out any more"
        );
    }
}

/// A15: what was received before the restart is refused after it.
#[test]
fn replay_after_a_restart_is_refused() {
    let mut village = with_session(9);
    for n in 0..100u8 {
        village.send(0, 1, &[n]);
        village.run(Span::from_millis(20));
    }
    village.run(Span::from_secs(1));
    let tape: Vec<_> = village.carried(0);
    assert!(tape.iter().any(|e| kind(e) == Kind::Seal));
    assert!(tape.iter().any(|e| kind(e) == Kind::Data));
    let before = village.houses[1].received.len();
    village.restart(1, true);
    let (_, link) = village.link(0, 1, Wire::default());
    village.run(Span::from_millis(100));
    for envelope in &tape {
        let verdict = village.inject(1, link, &framed(envelope));
        assert!(matches!(verdict, Verdict::Dropped(_)), "{verdict:?}");
    }
    village.run(Span::from_secs(5));
    assert_eq!(village.houses[1].received.len(), before);
    assert!(village.drops(1, Drop::AlreadyOpened) > 0);
    assert!(village.drops(1, Drop::Replay) > 0);
}

/// The session itself survives: no new handshake after a restart of either end.
#[test]
fn session_survives_a_restart_of_either_end() {
    let mut village = with_session(10);
    for at in [0, 1, 0, 1] {
        village.restart(at, true);
        village.link(0, 1, Wire::default());
        village.run(Span::from_millis(200));
        let seals = village
            .carried(0)
            .iter()
            .filter(|e| kind(e) == Kind::Seal)
            .count();
        let id = village.send(0, 1, b"after");
        village.run(Span::from_secs(1));
        assert!(village.is_delivered(0, id));
        let id = village.send(1, 0, b"after");
        village.run(Span::from_secs(1));
        assert!(village.is_delivered(1, id));
        let after = village
            .carried(0)
            .iter()
            .filter(|e| kind(e) == Kind::Seal)
            .count();
        assert!(after <= seals + 1, "restart of {at}");
        for house in [0, 1] {
            assert_eq!(village.drops(house, Drop::BadTag), 0);
            assert_eq!(village.drops(house, Drop::UnknownSession), 0);
        }
    }
    village.run(Span::from_secs(1));
    assert!(
        village.houses[1]
            .received
            .last()
            .is_some_and(|got| got.in_session)
    );
}

/// Power goes at random moments on both sides, with losses: each message once by its id.
#[test]
fn power_cuts_lose_and_double_nothing() {
    for seed in 0..5 {
        let mut village = Village::new(100 + seed);
        village.add(config());
        village.add(config());
        let wire = Wire {
            loss_percent: 10,
            dup_percent: 10,
            jitter_ms: 30,
            ..Wire::default()
        };
        village.link(0, 1, wire);
        village.run(Span::from_secs(1));
        let mut ids = Vec::new();
        for n in 0..60u8 {
            ids.push(village.send(0, 1, &[n]));
            village.run(Span::from_millis(u64::from(n) * 7 % 90));
            if n % 9 == 4 {
                village.restart(usize::from(n) / 9 % 2, true);
                village.link(0, 1, wire);
            }
        }
        for link in village.links(0, 1) {
            village.rewire(0, link, Wire::default());
        }
        village.run(Span::from_secs(20 * 3_600));
        for (n, id) in (0..60u8).zip(ids) {
            assert!(village.is_delivered(0, id), "{seed}: {n}");
            let mut seen: Vec<_> = village.houses[1]
                .received
                .iter()
                .filter(|got| got.payload == [n])
                .map(|got| got.id)
                .collect();
            seen.dedup();
            assert_eq!(seen.len(), 1, "{seed}: {n}");
        }
        village.assert_sound();
    }
}

/// Records do not pile up: when all is settled, taken and expired, nothing is left.
#[test]
fn records_go_when_their_matter_is_settled() {
    let mut village = with_session(11);
    for n in 0..50u8 {
        village.send(0, 1, &[n]);
        village.run(Span::from_millis(50));
    }
    village.run(Span::from_secs(5));
    for house in [0, 1] {
        let kinds: Vec<_> = village.houses[house]
            .store
            .keys()
            .map(|key| key.kind)
            .collect();
        assert!(!kinds.contains(&RecordKind::Outbox), "{house}: {kinds:?}");
        assert!(!kinds.contains(&RecordKind::Inbox), "{house}: {kinds:?}");
    }
    village.run(Span::from_secs(50 * 3_600));
    for house in [0, 1] {
        assert!(village.houses[house].store.is_empty(), "{house}");
    }
}

/// DRV-17: a record that is damaged is refused, and nothing else changes.
#[test]
fn damaged_records_are_refused() {
    let mut village = with_session(12);
    village.meddler = Some(Box::new(|_, _, bytes| lose_envelopes(bytes, carries)));
    village.send(0, 1, b"under way");
    village.run(Span::from_secs(1));
    let records: Vec<_> = village.houses[0]
        .store
        .iter()
        .map(|(key, (version, bytes))| (*key, *version, bytes.clone()))
        .collect();
    assert!(records.len() >= 2);
    village.restart(0, false);
    let unix = village.unix();
    village.input(0, clock(unix));
    for (key, version, bytes) in &records {
        // Of an inbox record the end is the payload: only its storage knows whether it is whole.
        assert_ne!(key.kind, RecordKind::Inbox);
        for len in 0..bytes.len() {
            let record = Record {
                key: *key,
                version: *version,
                bytes: &bytes[..len],
            };
            let verdict = village.input(0, Input::Restored(record));
            assert!(
                matches!(verdict, Verdict::Refused(_)),
                "{key:?} {len}: {verdict:?}"
            );
        }
    }
    village.assert_sound();
}

/// The first long message of a durable node waits for its session's record, and goes.
#[test]
fn long_first_message_goes_between_durable_nodes() {
    let mut village = pair(13);
    let id = village.send(0, 1, &vec![7; 60_000]);
    let took = village.run_until_delivered(0, id, Span::from_secs(300));
    assert!(
        took.is_some_and(|took| took < Span::from_secs(2)),
        "{took:?}"
    );
}

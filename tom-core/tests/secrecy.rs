//! What a thief finds: old messages stay closed, and a relay keeps nothing of what it carried.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks for one kind of thing"
)]
#![cfg(target_os = "linux")]

mod common;

use common::memory::{remains, storage_of};
use common::node::Size;
use common::wire::{carries, kind};
use common::{Disk, Village, Wire};
use tom_core::config::Config;
use tom_core::crypto::{Suite, TAG_LEN, Tom1, data_aad};
use tom_core::identity::PublicKey;
use tom_core::time::Span;
use tom_core::wire::{Body, Envelope, Kind};

/// A DATA envelope with its full counter.
struct Tapped {
    n: u32,
    bytes: Vec<u8>,
    to: PublicKey,
}

impl Tapped {
    /// Opens it with a guessed key.
    fn opens(&self, key: &[u8; 32]) -> bool {
        let envelope = Envelope::parse(&self.bytes).expect("an envelope");
        let Body::Data {
            sid,
            commit,
            sealed,
            ..
        } = envelope.body
        else {
            return false;
        };
        let head = envelope.head;
        let commit = commit.map(|commit| commit.0);
        let aad = data_aad(
            Kind::Data.vt(),
            head.flags.byte(),
            head.expiry,
            &self.to,
            &sid.0,
            self.n,
            commit.as_ref(),
        );
        let (body, tag) = sealed.split_at(sealed.len() - TAG_LEN);
        let (mut body, tag) = (body.to_vec(), tag.try_into().expect("a tag"));
        Tom1::aead_open(key, u64::from(self.n), aad.as_bytes(), &mut body, tag).is_ok()
    }
}

/// Everything of one direction's session messages on the wire, one per counter.
fn tapped(village: &Village, from: usize, to: usize) -> Vec<Tapped> {
    let mut tapped: Vec<Tapped> = Vec::new();
    for bytes in village.carried(from) {
        let Body::Data { n16, .. } = Envelope::parse(&bytes).expect("an envelope").body else {
            continue;
        };
        let n = u32::from(n16);
        if tapped.iter().all(|known| known.n != n) {
            tapped.push(Tapped {
                n,
                bytes,
                to: village.key(to),
            });
        }
    }
    tapped
}

/// Two small nodes, all of whose storage lies in one piece of memory.
fn small_pair(config: Config) -> Village {
    let mut village = Village::new(1);
    for _ in 0..2 {
        village.add_sized(config, Size::RelayMcu);
    }
    village.link(0, 1, Wire::default());
    village.run(Span::from_secs(2));
    village.keep_sent = true;
    village
}

/// Two hundred messages each way, the last of them still under way.
fn converse(village: &mut Village) {
    village.send(0, 1, b"the handshake");
    village.run(Span::from_secs(2));
    for n in 0..199u8 {
        village.send(0, 1, &[n; 40]);
        village.send(1, 0, &[n; 40]);
        // The first ones in bursts, which fill entries that nothing uses later.
        if n > 20 || n % 7 == 6 {
            village.run(Span::from_millis(50));
        }
        if n % 10 == 0 {
            village.run(Span::from_secs(1));
        }
    }
    village.run(Span::from_secs(5));
    village.houses[0].takes = false;
    village.houses[1].takes = false;
    village.send(0, 1, &[199; 40]);
    village.send(1, 0, &[199; 40]);
    village.run(Span::from_millis(50));
    for house in [0, 1] {
        assert!(village.houses[house].received.len() >= 200);
    }
}

/// All that a thief of both machines holds: storage, and the records on disk.
fn loot(village: &Village) -> Vec<u8> {
    let mut loot = Vec::new();
    for house in &village.houses {
        loot.extend(storage_of(house.node.as_ref()));
        for (_, record) in house.store.values() {
            loot.extend_from_slice(record);
        }
    }
    loot
}

fn windows(loot: &[u8]) -> impl Iterator<Item = &[u8; 32]> {
    loot.windows(32)
        .map(|window| window.try_into().expect("32 bytes"))
        .filter(|window: &&[u8; 32]| window.iter().filter(|byte| **byte == 0).count() < 16)
}

/// The counters that one of the windows opens, of those asked for.
fn opened(loot: &[u8], tapped: &[Tapped], wanted: &[u32]) -> Vec<u32> {
    let targets: Vec<_> = wanted
        .iter()
        .map(|n| {
            tapped
                .iter()
                .find(|t| t.n == *n)
                .expect("it was on the wire")
        })
        .collect();
    let mut found: Vec<u32> = Vec::new();
    for key in windows(loot) {
        for target in &targets {
            if !found.contains(&target.n) && target.opens(key) {
                found.push(target.n);
            }
        }
    }
    found
}

/// Counters of both closed epochs, their borders included; and those the thief may have.
const CLOSED: [u32; 4] = [0, 63, 64, 127];

fn old_messages_stay_closed(config: Config) {
    let mut village = small_pair(config);
    converse(&mut village);
    let loot = loot(&village);
    for (from, to) in [(0, 1), (1, 0)] {
        let tapped = tapped(&village, from, to);
        let last = tapped.iter().map(|t| t.n).max().expect("some");
        assert!(last >= 198, "{last}");
        // The search works: what the session needs now is found.
        assert_eq!(opened(&loot, &tapped, &[last]), [last]);
        assert_eq!(
            opened(&loot, &tapped, &CLOSED),
            [] as [u32; 0],
            "from {from}"
        );
    }
    let ephemerals = ephemerals(&village);
    assert!(ephemerals.len() >= 2, "a SEAL's and a RESP's");
    for secret in windows(&loot) {
        let public = Tom1::x25519_base(secret);
        assert!(
            !ephemerals.contains(&public),
            "an ephemeral of a finished handshake is left"
        );
    }
}

/// The public ephemerals of all handshakes on the wire.
fn ephemerals(village: &Village) -> Vec<[u8; 32]> {
    let mut found = Vec::new();
    for house in [0, 1] {
        for (_, envelope) in village.envelopes(house) {
            let body = Envelope::parse(&envelope).expect("an envelope").body;
            let noise: &[u8] = match body {
                Body::Seal { noise, .. } => noise,
                Body::Resp { noise, .. } => noise,
                _ => continue,
            };
            let e: [u8; 32] = noise[..32].try_into().expect("32 bytes");
            if !found.contains(&e) {
                found.push(e);
            }
        }
    }
    found
}

/// SES-17: nothing kept opens what was settled.
#[test]
fn memory_stolen_after_message_200_opens_none_of_1_to_128() {
    old_messages_stay_closed(Config::relay_mcu());
}

#[test]
fn memory_and_records_stolen_after_message_200_open_none_of_1_to_128() {
    old_messages_stay_closed(Config {
        durable: true,
        ..Config::relay_mcu()
    });
}

/// DLV-5, CON-9: plaintext and ciphertext of what was settled are gone at both ends.
#[test]
fn settled_messages_leave_nothing_at_either_end() {
    let mut village = small_pair(Config::relay_mcu());
    let mut plain: Vec<u8> = b"a canary that must not be found anywhere afterwards".to_vec();
    for in_session in [false, true] {
        plain[0] = u8::from(in_session);
        let id = village.send(0, 1, &plain);
        village.run(Span::from_secs(2));
        assert!(village.is_delivered(0, id));
        assert_eq!(
            village.houses[1].received.last().map(|got| got.in_session),
            Some(in_session)
        );
        for house in [0, 1] {
            let storage = storage_of(village.houses[house].node.as_ref());
            assert!(
                !remains(&storage, &plain),
                "plaintext at {house}, in session {in_session}"
            );
        }
    }
}

/// Sealed to be carried: the bodies of everything that went over the relay.
fn bodies(village: &Village, relay: usize) -> Vec<Vec<u8>> {
    let carried = village.carried(relay);
    carried
        .iter()
        .map(
            |envelope| match Envelope::parse(envelope).expect("an envelope").body {
                Body::Seal { noise, .. } => noise.to_vec(),
                Body::Data { sealed, .. } => sealed.to_vec(),
                _ => Vec::new(),
            },
        )
        .collect()
}

/// A, a small relay, B.
fn over_small_relay(durable: bool) -> Village {
    let mut village = Village::new(2);
    village.add(Config::default());
    let relay = Config {
        durable,
        ..Config::relay_mcu()
    };
    village.add_sized(relay, Size::RelayMcu);
    village.add(Config::default());
    village.link(0, 1, Wire::default());
    village.link(1, 2, Wire::default());
    village.run(Span::from_secs(1));
    village.keep_sent = true;
    village
}

/// DLV-22: nothing of an envelope stays where it passed.
#[test]
fn relay_keeps_no_16_bytes_of_what_it_forwarded() {
    let mut village = over_small_relay(false);
    for n in 0..30u8 {
        village.send(0, 2, &[n; 300]);
        village.send(2, 0, &[n; 100]);
        village.run(Span::from_millis(200));
        let storage = storage_of(village.houses[1].node.as_ref());
        for body in bodies(&village, 1) {
            assert!(!remains(&storage, &body), "after {n}");
        }
    }
    assert!(bodies(&village, 1).len() >= 60);
    assert!(village.houses[2].received.len() == 30 && village.houses[0].received.len() == 30);
}

/// DLV-22, MEM-5: the same search finds what is held for a blocked link, and no longer once it gave up.
#[test]
fn held_copy_is_found_and_wiped_when_given_up() {
    let mut village = over_small_relay(false);
    village.send(0, 2, b"the way is known");
    village.run(Span::from_secs(1));
    let to_b = village.links(1, 2)[0];
    let blocked = tom_core::input::LinkEvent::Blocked { link: to_b };
    village.input(1, tom_core::input::Input::Link(blocked));
    village.send(0, 2, &[9; 200]);
    village.run(Span::from_millis(50));
    let sealed = village.carried(0).pop().expect("sent");
    let body = sealed[29..].to_vec();
    assert!(
        remains(&storage_of(village.houses[1].node.as_ref()), &body),
        "it waits"
    );
    // RTE-6: two seconds at most. The sender's own retries would bring it again.
    village.meddler = Some(Box::new(|from, _, bytes| {
        if from == 0 {
            common::wire::lose_envelopes(bytes, carries);
        }
    }));
    village.run(Span::from_millis(2_500));
    assert!(
        !remains(&storage_of(village.houses[1].node.as_ref()), &body),
        "given up and wiped"
    );
}

#[test]
fn durable_relay_writes_no_record_of_what_it_carries() {
    let mut village = over_small_relay(true);
    for n in 0..30u8 {
        village.send(0, 2, &[n; 300]);
        village.send(2, 0, &[n; 100]);
        village.run(Span::from_millis(200));
    }
    assert_eq!(village.houses[1].disk, Disk::Works);
    assert!(village.houses[1].node.stats().forwarded >= 60);
    assert_eq!(village.houses[1].persisted, []);
    // While an end does write records, of its own messages.
    village.send(1, 0, b"my own");
    village.run(Span::from_secs(1));
    assert!(!village.houses[1].persisted.is_empty());
    for (_, record) in &village.houses[1].persisted {
        for body in bodies(&village, 0) {
            assert!(!remains(record, &body));
        }
    }
}

/// On the wire nothing of the plaintext, and nothing that names the sender.
#[test]
fn wire_shows_neither_text_nor_sender() {
    let mut village = over_small_relay(false);
    let text = b"an unmistakable text, long enough to be found";
    for _ in 0..3 {
        village.send(0, 2, text);
        village.run(Span::from_secs(1));
    }
    let (key, handle, x) = (
        village.key(0),
        village.key(0).handle(),
        village.key(0).to_x(),
    );
    for (_, envelope) in [0, 1]
        .into_iter()
        .flat_map(|house| village.envelopes(house))
    {
        let to_b = Envelope::parse(&envelope).expect("an envelope").head.dst;
        if to_b == village.key(2).handle() {
            assert!(!remains(&envelope, text));
            let names = [key.as_bytes().as_slice(), &handle.0, &x.0];
            for name in names {
                assert!(
                    !envelope.windows(name.len()).any(|w| w == name),
                    "{:?} names its sender",
                    kind(&envelope)
                );
            }
        }
    }
}

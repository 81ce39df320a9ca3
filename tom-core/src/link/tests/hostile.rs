//! What an attacker with a wire-tap can make the link do: next to nothing.

use proptest::prelude::*;

use super::*;
use crate::link::gate::{mac_key, mac1};
use crate::link::packet::{
    COOKIE, INIT, INIT_LEN, INIT2, MAC_LEN, PAYLOAD_LEN, RESP, RESP_LEN, put,
};
use crate::link::rules;

/// Makes the first MAC right again after a change, as anybody can who knows the receiver.
fn remac(packet: &mut [u8], receiver: &PublicKey) {
    let whole = match packet[0] {
        INIT | INIT2 => INIT_LEN,
        RESP => RESP_LEN,
        _ => return,
    };
    if let Some(packet) = packet.get_mut(..whole) {
        let (covered, place) = packet.split_last_chunk_mut::<MAC_LEN>().unwrap();
        let first = if covered[0] == RESP { RESP } else { INIT };
        *place = mac1::<Tom1>(
            &mac_key::<Tom1>(&receiver.to_x()),
            &[&[first], &covered[1..]],
        )
        .0;
    }
}

/// A world at each stage of its life: dialling, answered, up.
fn stage(n: usize) -> World {
    let mut world = World::new(Accept::Nobody, Accept::Anybody);
    world.dial(0);
    world.run(Span::from_millis([0, 10, 20, 30, 100][n]));
    world
}

proptest! {
    #[test]
    fn what_is_rejected_changes_nothing(
        at in 0usize..5,
        to in 0usize..2,
        kind in prop_oneof![0xA1u8..0xA6, any::<u8>()],
        len in prop_oneof![Just(117usize), Just(65), Just(22), Just(141), Just(25), 0usize..200],
        fill in any::<u8>(),
        known in any::<bool>(),
    ) {
        let mut world = stage(at);
        let mut packet = vec![fill; len];
        if let Some(first) = packet.first_mut() {
            *first = kind;
        }
        // Names that are in use, as a wire-tap knows them.
        if known && len > 9 {
            let (_, tapped) = world.tape.iter().rev().find(|(end, _)| *end == to)
                .unwrap_or(&world.tape[0]);
            let name = tapped[1..5].to_vec();
            packet[1..5].copy_from_slice(&name);
        }
        if !packet.is_empty() {
            remac(&mut packet, &world.ends[to].public());
        }
        let before = world.ends[to].print();
        let sent = world.ends[to].sent;
        let now = world.now;
        let answer = world.ends[to].feed(now, &packet);
        prop_assert!(answer.is_none());
        // A COOKIE for a live handshake is the one thing that counts without a key.
        let cookie = packet.first() == Some(&COOKIE) && world.ends[to].rejects.is_empty();
        if !cookie {
            prop_assert_eq!(world.ends[to].rejects.len(), 1);
            prop_assert_eq!(world.ends[to].print(), before);
            prop_assert!(world.ends[to].drain().is_empty());
            prop_assert_eq!(world.ends[to].sent, sent);
        }
        world.run(Span::from_secs(5));
        prop_assert!(world.is_joined());
    }

    #[test]
    fn a_changed_packet_of_a_handshake_is_rejected_and_the_true_one_still_works(
        which in 0usize..4,
        bit in 0usize..2_000,
        remade in any::<bool>(),
    ) {
        let mut world = World::new(Accept::Nobody, Accept::Anybody);
        world.dial(0);
        for _ in 0..4 {
            // Until the packet meant is under way.
            if world.tape.len() > which {
                break;
            }
            world.run(Span::from_millis(DELAY_MS));
        }
        world.tick(0);
        if world.tape.len() > which {
            let (to, mut packet) = world.tape[which].clone();
            let bit = bit % (packet.len() * 8);
            packet[bit / 8] ^= 1 << (bit % 8);
            if remade {
                remac(&mut packet, &world.ends[to].public());
            }
            let before = world.ends[to].print();
            let now = world.now;
            prop_assert!(world.ends[to].feed(now, &packet).is_none());
            let macs_only = packet == world.tape[which].1;
            if !macs_only {
                prop_assert_eq!(world.ends[to].rejects.len(), 1);
                prop_assert_eq!(world.ends[to].print(), before);
            }
        }
        world.run(Span::from_secs(2));
        prop_assert!(world.is_joined());
    }

    #[test]
    fn what_was_recorded_does_nothing_when_it_is_played_again(order in prop::collection::vec(0usize..8, 1..40)) {
        let mut world = World::connected();
        for n in 0..2u8 {
            world.send(0, &[n]).unwrap();
            world.send(1, &[n]).unwrap();
            world.run(Span::from_millis(50));
        }
        let tape = world.tape.clone();
        let session = world.ends[0].link.session_id();
        let seen = (world.datagrams(0), world.datagrams(1));
        for index in order {
            let (to, packet) = &tape[index];
            world.deliver(*to, packet);
            world.run(Span::from_millis(10));
        }
        world.run(Span::from_secs(2));
        prop_assert_eq!(world.ends[0].link.session_id(), session);
        prop_assert!(world.is_joined());
        prop_assert_eq!((world.datagrams(0), world.datagrams(1)), seen);
    }

    #[test]
    fn before_the_address_is_proven_less_goes_out_than_came_in(
        copies in 1usize..30,
        waits in prop::collection::vec(0u64..2_000, 30),
        config in prop_oneof![Just(GateConfig::COMPUTER), Just(GateConfig::MCU)],
    ) {
        // An attacker replays an INIT under somebody else's address, as it was and changed.
        let mut world = World::with(Accept::Nobody, Accept::Anybody, config);
        world.fates = [Fate::Lose; 1].into();
        world.dial(0);
        world.tick(0);
        let init = world.tape[0].1.clone();
        let mut victim = World::with(Accept::Nobody, Accept::Anybody, config).ends;
        let end = &mut victim[1];
        let mut now = world.now;
        for (copy, wait) in (0..copies).zip(waits) {
            let mut packet = init.clone();
            if copy % 3 == 2 {
                packet[50] ^= 1;
                remac(&mut packet, &end.public());
            }
            let _ = end.feed(now, &packet);
            let _ = end.drain();
            now = now.plus(Span::from_millis(wait));
            end.link.tick(now, &end.keys);
            let _ = end.drain();
            prop_assert!(end.sent <= end.received, "{} for {}", end.sent, end.received);
        }
        prop_assert_eq!(&end.events, &[]);
    }
}

#[test]
fn a_forged_first_mac_costs_no_key_agreement() {
    let mut world = World::new(Accept::Nobody, Accept::Anybody);
    let now = world.now;
    for n in 0..200u8 {
        let mut forged = [n; INIT_LEN];
        forged[0] = INIT;
        world.ends[1].feed(now, &forged);
    }
    assert_eq!(world.ends[1].rejects, [Reject::BadMac; 200]);
    assert_eq!(world.ends[1].keys.agreements.get(), 0);
}

#[test]
fn a_flood_with_true_macs_costs_no_more_agreements_than_the_budget() {
    let mut world = World::with(Accept::Nobody, Accept::Anybody, GateConfig::MCU);
    let now = world.now;
    let receiver = world.ends[1].public();
    for n in 0..1_000u32 {
        let mut forged = [7; INIT_LEN];
        put(&mut forged, &[&[INIT], &n.to_le_bytes()]);
        remac(&mut forged, &receiver);
        world.ends[1].feed(now, &forged);
    }
    // One agreement shows that an INIT is none.
    let burst = u32::from(GateConfig::MCU.burst);
    assert_eq!(world.ends[1].keys.agreements.get(), burst);
}

#[test]
fn a_cookie_counts_only_for_a_live_handshake_twice_and_up_to_20_bits() {
    let mut world = World::new(Accept::Nobody, Accept::Anybody);
    world.fates = [Fate::Lose; 20].into();
    world.dial(0);
    world.tick(0);
    let name = world.tape[0].1[1..5].to_vec();
    let cookie = |name: &[u8], difficulty| {
        let mut packet = vec![COOKIE];
        packet.extend(name);
        packet.extend([6; 16]);
        packet.push(difficulty);
        packet
    };
    let now = world.now;
    let mut feed = |packet: &[u8]| {
        let end = &mut world.ends[0];
        end.feed(now, packet);
        end.drain();
        end.rejects.pop()
    };
    assert_eq!(feed(&cookie(&[0; 4], 0)), Some(Reject::UnknownSid));
    assert_eq!(
        feed(&cookie(&name, rules::DIFFICULTY_MAX + 1)),
        Some(Reject::BadCookie)
    );
    assert_eq!(feed(&cookie(&name, 0)), None);
    assert_eq!(feed(&cookie(&name, 0)), None);
    assert_eq!(feed(&cookie(&name, 0)), Some(Reject::BadCookie));
    world.fates.clear();
    world.run(Span::from_secs(12));
    assert!(
        world.is_joined(),
        "a forged cookie stops nobody while there is no load"
    );
}

#[test]
fn the_hardest_stamp_is_found_in_bounded_steps() {
    let mut world = World::new(Accept::Nobody, Accept::Anybody);
    world.fates = [Fate::Lose; 1].into();
    world.dial(0);
    world.tick(0);
    let mut packet = vec![COOKIE];
    packet.extend(&world.tape[0].1[1..5]);
    packet.extend([6; 16]);
    packet.push(14);
    let now = world.now;
    world.ends[0].feed(now, &packet);
    // The search goes on tick by tick: each is at most 1024 hashes, a millisecond apart.
    assert_eq!(
        world.ends[0].link.deadline(),
        Some(now.plus(rules::WORK_PAUSE))
    );
    world.run(Span::from_secs(10));
    assert!(world.is_joined());
    assert!(world.tape.iter().any(|(_, packet)| packet[0] == INIT2));
}

#[test]
fn an_old_handshake_with_a_time_is_stale_and_a_reserved_flag_refused() {
    let mut world = World::new(Accept::Nobody, Accept::Anybody);
    let now = world.now;
    world.ends[0].link.clock(now, 1_700_000_000_000);
    world.dial(0);
    world.run(Span::from_secs(1));
    let old = world.tape[0].1.clone();
    // Two renewals later nobody remembers the copy itself.
    for _ in 0..2 {
        world.run(rules::RENEW);
        world.run(Span::from_secs(120));
    }
    assert!(world.is_joined());
    world.deliver(1, &old);
    assert_eq!(world.ends[1].rejects.last(), Some(&Reject::Stale));

    let (me, peer) = (keys(1), *world.ends[1].keys.public());
    let (x, now) = (peer.to_x(), world.now);
    let mut init = [0; INIT_LEN];
    put(&mut init, &[&[INIT], &[1, 2, 3, 4]]);
    init[5 + 80] = 0b10;
    let bound = crate::link::dial::prologue(crate::link::LinkSid([1, 2, 3, 4]), &peer);
    let ss = me.agree(&x).unwrap();
    let part = &mut init[5..5 + 96 + PAYLOAD_LEN];
    crate::crypto::noise::write1::<Tom1>(part, &bound, &[9; 32], &me.public().to_x(), &ss, &x)
        .unwrap();
    remac(&mut init, &peer);
    world.ends[1].feed(now, &init);
    assert_eq!(world.ends[1].rejects.last(), Some(&Reject::BadFlags));
}

#[test]
fn a_copy_of_an_init_costs_no_key_agreement() {
    let mut world = World::new(Accept::Nobody, Accept::Anybody);
    world.dial(0);
    world.run(Span::from_millis(15));
    let init = world.tape[0].1.clone();
    let cost = world.ends[1].keys.agreements.get();
    // While it is answered and not confirmed: the same answer.
    let answers = world.tape.iter().filter(|(to, _)| *to == 0).count();
    world.deliver(1, &init);
    assert_eq!(world.tape.len(), answers + 2);
    assert_eq!(world.tape.last(), world.tape.get(1));
    // Once the session is there: nothing.
    world.run(Span::from_secs(1));
    assert!(world.is_joined());
    world.deliver(1, &init);
    assert_eq!(world.ends[1].rejects.last(), Some(&Reject::Stale));
    assert_eq!(world.ends[1].keys.agreements.get(), cost);
}

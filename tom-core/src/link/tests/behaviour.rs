//! What the link does when nobody is hostile.

use super::*;
use crate::link::packet::{DATA, INIT, INIT_LEN, RESP, RESP_LEN};
use crate::link::rules;

fn kinds(world: &World) -> Vec<(usize, u8)> {
    world
        .tape
        .iter()
        .map(|(to, packet)| (*to, packet[0]))
        .collect()
}

#[test]
fn two_ends_meet_in_one_round_trip_and_a_confirmation() {
    let world = World::connected();
    // INIT, RESP, the initiator's empty DATA and the responder's answer to it; then silence.
    assert_eq!(kinds(&world), [(1, INIT), (0, RESP), (1, DATA), (0, DATA)]);
    let lengths: Vec<_> = world.tape.iter().map(|(_, packet)| packet.len()).collect();
    assert_eq!(lengths, [INIT_LEN, RESP_LEN, 25, 25]);
    let [a, b] = &world.ends;
    assert_eq!(a.events, [Event::Up(b.public())]);
    assert_eq!(b.events, [Event::Up(a.public())]);
    // The responder: es and ss. The initiator: ss, and se. The ephemeral ones are not counted.
    assert_eq!((a.keys.agreements.get(), b.keys.agreements.get()), (2, 2));
}

#[test]
fn datagrams_arrive_both_ways_and_cost_25_bytes() {
    let mut world = World::connected();
    world.send(0, b"from a").unwrap();
    world.send(1, b"from b").unwrap();
    assert_eq!(world.tape.last().unwrap().1.len(), 6 + 25);
    world.run(Span::from_secs(1));
    assert_eq!(world.datagrams(1), [b"from a"]);
    assert_eq!(world.datagrams(0), [b"from b"]);
}

#[test]
fn the_responder_sends_nothing_in_a_session_nobody_confirmed() {
    let mut world = World::new(Accept::Nobody, Accept::Anybody);
    // INIT and RESP arrive, no DATA does.
    world.fates = [Fate::Deliver(1), Fate::Deliver(1)].into();
    world.fates.extend([Fate::Lose; 3]);
    world.dial(0);
    world.run(Span::from_millis(900));
    assert_eq!(world.ends[1].events, []);
    assert_eq!(
        world.ends[1].seal(world.now, b"early"),
        Err(SealError::Down)
    );
    world.run(Span::from_secs(10));
    assert!(world.is_joined());
}

#[test]
fn an_idle_link_stays_up_and_quiet() {
    let mut world = World::connected();
    let before = world.tape.len();
    world.run(Span::from_secs(3_600));
    assert_eq!(world.tape.len(), before);
    world.send(0, b"still there").unwrap();
    world.run(Span::from_secs(60));
    assert_eq!(world.datagrams(1), [b"still there"]);
    // The datagram was answered by one keepalive; nobody was thought silent.
    assert_eq!(world.tape.len(), before + 2);
    assert!(world.is_joined());
}

#[test]
fn a_session_is_renewed_before_its_life_ends_and_the_link_stays_up() {
    let mut world = World::connected();
    let first = world.ends[0].link.session_id();
    world.run(rules::RENEW);
    world.run(Span::from_secs(5));
    assert!(world.is_joined());
    assert_ne!(world.ends[0].link.session_id(), first);
    assert_eq!(world.ends[0].events.len(), 1, "{:?}", world.ends[0].events);
    assert_eq!(world.ends[1].events.len(), 1, "{:?}", world.ends[1].events);
    world.send(1, b"after").unwrap();
    world.run(Span::from_secs(1));
    assert_eq!(world.datagrams(0), [b"after"]);
}

#[test]
fn a_session_is_renewed_by_the_count_of_its_packets() {
    let mut world = World::connected();
    let first = world.ends[0].link.session_id();
    let now = world.now;
    for _ in 0..rules::RENEW_PACKETS {
        let packet = world.ends[0].seal(now, b"x").unwrap();
        // Only a few are received: the counters are what is tested.
        drop(packet);
        if world.ends[0].link.deadline().is_some_and(|at| at <= now) {
            break;
        }
    }
    world.run(Span::from_secs(1));
    assert!(world.is_joined());
    assert_ne!(world.ends[0].link.session_id(), first);
}

#[test]
fn datagrams_under_way_while_a_session_is_renewed_are_not_lost() {
    let mut world = World::connected();
    world.run(Span::from_millis(rules::RENEW.as_millis() - 200));
    for n in 0..100u8 {
        world.send(0, &[n]).unwrap();
        world.send(1, &[n]).unwrap();
        world.run(Span::from_millis(7));
    }
    world.run(Span::from_secs(1));
    let all: Vec<_> = (0..100u8).map(|n| vec![n]).collect();
    assert_eq!(world.datagrams(0), all);
    assert_eq!(world.datagrams(1), all);
}

#[test]
fn an_end_that_restarted_is_found_again() {
    for restarted in [0, 1] {
        let mut world = World::connected();
        let accept = if restarted == 0 {
            Accept::Nobody
        } else {
            Accept::Anybody
        };
        let n = if restarted == 0 { 1 } else { 2 };
        let mut fresh = End::new(n, accept, GateConfig::COMPUTER, world.now);
        fresh.link.reseed(&Seed::new([99; 32]));
        world.ends[restarted] = fresh;
        if restarted == 0 {
            world.dial(0);
        } else {
            // The initiator notices when what it sends goes unanswered.
            world.send(0, b"lost").unwrap();
        }
        world.run(Span::from_secs(20));
        assert!(world.is_joined(), "restart of end {restarted}");
        world.send(0, b"again").unwrap();
        world.run(Span::from_secs(1));
        assert_eq!(world.datagrams(1), [b"again"]);
    }
}

#[test]
fn a_dead_peer_takes_the_link_down_and_it_is_dialled_until_it_is_back() {
    let mut world = World::connected();
    world.fates = [Fate::Lose; 40].into();
    world.send(0, b"nobody hears this").unwrap();
    world.run(rules::DEAD);
    world.run(Span::from_secs(1));
    assert_eq!(world.ends[0].events.last(), Some(&Event::Down));
    assert_eq!(world.ends[0].seal(world.now, b"x"), Err(SealError::Down));
    world.fates.clear();
    world.run(Span::from_secs(40));
    assert!(world.is_joined());
    assert!(matches!(world.ends[0].events.last(), Some(Event::Up(_))));
}

#[test]
fn both_ends_dial_at_once_and_agree_on_one_session() {
    let a_only = Accept::Only(*keys(2).public());
    let b_only = Accept::Only(*keys(1).public());
    let mut world = World::new(a_only, b_only);
    world.dial(0);
    world.dial(1);
    world.run(Span::from_secs(1));
    assert!(world.is_joined());
    world.send(0, b"a").unwrap();
    world.send(1, b"b").unwrap();
    world.run(Span::from_secs(1));
    assert_eq!(
        (world.datagrams(1), world.datagrams(0)),
        (vec![b"a".to_vec()], vec![b"b".to_vec()])
    );
}

#[test]
fn of_two_handshakes_under_way_one_is_answered() {
    let mut world = World::new(
        Accept::Only(*keys(2).public()),
        Accept::Only(*keys(1).public()),
    );
    world.dial(0);
    world.dial(1);
    world.run(Span::from_secs(1));
    assert!(world.is_joined());
    // The end with the larger key insists: here the second.
    assert!(world.ends[1].public().to_x().0 > world.ends[0].public().to_x().0);
    assert_eq!(world.ends[1].rejects, [Reject::Crossed]);
    assert_eq!(world.ends[0].rejects, []);
    let answers = kinds(&world)
        .iter()
        .filter(|(_, kind)| *kind == RESP)
        .count();
    assert_eq!(answers, 1);
}

#[test]
fn of_two_sessions_that_crossed_both_ends_use_the_same() {
    let mut world = World::new(
        Accept::Only(*keys(2).public()),
        Accept::Only(*keys(1).public()),
    );
    // The answer to the first handshake is late, so that the second is answered before it is there.
    world.fates = [Fate::Deliver(10), Fate::Deliver(30)].into();
    world.dial(0);
    world.run(Span::from_millis(10));
    world.dial(1);
    world.run(Span::from_millis(200));
    let answers = kinds(&world)
        .iter()
        .filter(|(_, kind)| *kind == RESP)
        .count();
    assert_eq!(answers, 2);
    assert!(world.is_joined());
}

#[test]
fn a_link_answers_only_whom_it_accepts() {
    let stranger = Accept::Only(*keys(77).public());
    for accept in [Accept::Nobody, stranger] {
        let mut world = World::new(Accept::Nobody, accept);
        world.dial(0);
        world.run(Span::from_secs(3));
        assert!(
            world.ends[1]
                .rejects
                .iter()
                .all(|reject| *reject == Reject::WrongPeer)
        );
        assert!(!world.ends[1].rejects.is_empty());
        assert_eq!(world.ends[1].sent, 0);
    }
}

#[test]
fn another_peer_takes_the_link_over_and_the_driver_is_told_both() {
    let mut world = World::connected();
    let (old, b) = (world.ends[0].public(), world.ends[1].public());
    world.ends[0] = End::new(3, Accept::Nobody, GateConfig::COMPUTER, world.now);
    world.ends[0].link.dial(world.now, &b);
    world.run(Span::from_secs(1));
    let new = world.ends[0].public();
    assert_eq!(
        world.ends[1].events,
        [Event::Up(old), Event::Down, Event::Up(new)]
    );
}

#[test]
fn hanging_up_ends_everything() {
    let mut world = World::connected();
    world.ends[0].link.hang_up();
    world.flush(0);
    assert_eq!(world.ends[0].events.last(), Some(&Event::Down));
    assert_eq!(world.ends[0].link.deadline(), None);
    world.run(Span::from_secs(300));
    assert_eq!(world.ends[0].link.peer(), None);
}

#[test]
fn a_busy_responder_is_reached_through_its_cookie() {
    let mut world = World::with(
        Accept::Nobody,
        Accept::Anybody,
        GateConfig {
            burst: 1,
            per_second: 0,
        },
    );
    // Somebody else used up what is read without a cookie.
    let mut other = World::connected();
    let first = other.tape.remove(0).1;
    world.ends[1].feed(world.now, &first);
    world.ends[1].link.hang_up();
    world.dial(0);
    world.run(Span::from_millis(500));
    assert!(world.is_joined());
    let kinds: Vec<_> = world.tape.iter().map(|(_, packet)| packet[0]).collect();
    assert_eq!(kinds[..4], [0xA1, 0xA4, 0xA5, 0xA2]);
}

#[test]
fn deadlines_are_complete() {
    // Waking at deadlines alone gives the same packets as waking every 5 ms.
    let run = |dense: bool| {
        let mut world = World::new(Accept::Nobody, Accept::Anybody);
        world.fates = [
            Fate::Lose,
            Fate::Lose,
            Fate::Deliver(3),
            Fate::Lose,
            Fate::Deliver(40),
        ]
        .into();
        world.dial(0);
        for step in 0..8_000u32 {
            if step == 2_400 {
                world.fates.extend([Fate::Lose; 6]);
                world.send(0, b"lost").unwrap();
            }
            world.run(Span::from_millis(5));
            if dense {
                for end in 0..2 {
                    let now = world.now;
                    let End { link, keys, .. } = &mut world.ends[end];
                    link.tick(now, keys);
                    world.flush(end);
                }
            }
        }
        assert!(world.is_joined());
        world.tape
    };
    assert_eq!(run(false), run(true));
}

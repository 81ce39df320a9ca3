//! What adversaries remember is bounded, and what they make is what they mean.

use tom_core::error::Drop;
use tom_core::identity::Handle;
use tom_core::wire::{
    Body, Class, Commit, Envelope, Flags, Frame, Frames, Head, Kind, MAX_HOPS, Sid,
};

use super::frames::{put, put_envelope, split};
use super::*;

const ME: Handle = Handle([7; 8]);
const LINKS: &[u32] = &[1, 2, 3];

fn scene(now: Time) -> Scene<'static> {
    Scene {
        seed: 9,
        node: 4,
        now,
        me: ME,
        links: LINKS,
        longest: 1_400,
    }
}

/// A message for another, as its sender or (with fewer hops) a relay sends it.
fn message(n: u16, hop: u8) -> Vec<u8> {
    let envelope = Envelope {
        head: Head {
            kind: Kind::Data,
            flags: Flags::new(Class::Normal),
            attempt: 0,
            hop,
            expiry: 1_000,
            dst: Handle([9; 8]),
        },
        body: Body::Data {
            sid: Sid([1; 4]),
            n16: n,
            commit: Some(Commit([2; 8])),
            sealed: &[3; 40],
        },
    };
    let mut out = [0; 200];
    let len = envelope.emit(&mut out).expect("room");
    let mut framed = Vec::new();
    put_envelope(&mut framed, out.get(..len).unwrap_or_default());
    framed
}

fn bad(datagram: &[u8]) -> usize {
    Frames::new(datagram).filter(Result::is_err).count()
}

#[test]
fn memories_are_bounded() {
    let mut replayer = Adversary::new(AdversaryKind::Replay(Chance::ALWAYS), Time::ZERO);
    let mut liar = Adversary::new(AdversaryKind::Lie, Time::ZERO);
    let mut slow = Adversary::new(AdversaryKind::Delay(Span::from_secs(9)), Time::ZERO);
    for n in 0..2_000 {
        let scene = scene(Time::ZERO);
        replayer.incoming(scene, 1, &message(n, 8));
        liar.incoming(scene, 2, &message(n, 8));
        let held = slow.outgoing(scene, 3, &message(n, 7)).outward;
        let wait = if usize::from(n) < delay::HELD { 9 } else { 0 };
        assert_eq!(held.first().expect("one").0, Span::from_secs(wait), "{n}");
    }
    assert_eq!(replayer.replay.0.len(), replay::REMEMBERED);
    replayer.incoming(scene(Time::ZERO), 1, &vec![0; replay::LONGEST + 1]);
    assert!(
        replayer
            .replay
            .0
            .iter()
            .all(|it| it.len() <= replay::LONGEST)
    );
    assert_eq!(liar.seen.passing.len(), seen::REMEMBERED);
    assert_eq!(slow.did.delayed, delay::HELD as u64);
    // What has gone leaves room.
    let later = scene(Time::ZERO.plus(Span::from_secs(9)));
    let held = slow.outgoing(later, 3, &message(0, 7)).outward;
    assert_eq!(held.first().expect("one").0, Span::from_secs(9));
}

#[test]
fn handles_remembered_are_bounded() {
    let mut spammer = Adversary::new(AdversaryKind::Spam(1), Time::ZERO);
    for n in 0..500_u64 {
        let mut bytes = message(0, 8);
        // The destination begins behind the frame's head, its length and seven bytes.
        if let Some(dst) = bytes.get_mut(12..20) {
            dst.copy_from_slice(&(n + 1).to_le_bytes());
        }
        assert_eq!(bad(&bytes), 0);
        spammer.incoming(scene(Time::ZERO), 1, &bytes);
    }
    assert_eq!(spammer.seen.handles.len(), seen::REMEMBERED);
}

#[test]
fn a_datagram_taken_apart_is_all_there() {
    let mut bytes = message(1, 8);
    put(&mut bytes, 200, &[1, 2, 3]);
    bytes.extend_from_slice(&message(2, 8));
    bytes.extend_from_slice(&[2, 255, 255, 1]);
    let parts: Vec<_> = split(&bytes).map(|raw| raw.bytes).collect();
    assert_eq!(parts.len(), 4);
    assert_eq!(parts.concat(), bytes);
}

#[test]
fn a_hole_takes_others_and_leaves_the_rest() {
    let mut hole = Adversary::new(AdversaryKind::BlackHole, Time::ZERO);
    let mut bytes = message(1, 8);
    put(&mut bytes, 200, &[1, 2, 3]);
    let doing = hole.incoming(scene(Time::ZERO), 1, &bytes);
    assert_eq!(doing.inward.len(), 6, "the frame nobody knows");
    let answer = &doing.outward.first().expect("an answer").2;
    let taken = Frames::new(answer).next();
    assert!(matches!(taken, Some(Ok(Frame::Taken(list))) if list.len() == 1));
    assert_eq!(hole.did.swallowed, 1);
}

#[test]
fn what_a_node_sends_itself_is_not_held_nor_damaged() {
    let chance = AdversaryKind::Corrupt(Chance::ALWAYS);
    for kind in [AdversaryKind::Delay(Span::from_secs(1)), chance] {
        let mut it = Adversary::new(kind, Time::ZERO);
        let (own, others) = (message(1, MAX_HOPS), message(2, MAX_HOPS - 1));
        let doing = it.outgoing(scene(Time::ZERO), 1, &own);
        assert_eq!(doing.outward, [(Span::ZERO, 1, own)]);
        let doing = it.outgoing(scene(Time::ZERO), 1, &others);
        assert_ne!(doing.outward, [(Span::ZERO, 1, others)]);
    }
}

#[test]
fn rubbish_is_of_all_kinds_and_mostly_well_formed() {
    let mut spammer = Adversary::new(AdversaryKind::Spam(200), Time::ZERO);
    let (mut sent, mut wrong, mut kinds) = (0, 0, std::collections::BTreeSet::new());
    let mut now = Time::ZERO;
    for n in 0..2_000 {
        spammer.incoming(scene(now), 1, &message(n, 8));
        let (doing, next) = spammer.spam(scene(now)).expect("its moment");
        assert_eq!(next, Span::from_millis(5));
        now = now.plus(next);
        let (_, _, bytes) = doing.outward.first().expect("a packet");
        sent += 1;
        wrong += bad(bytes);
        assert!(bytes.len() <= 1_400);
        for frame in Frames::new(bytes).flatten() {
            kinds.insert(frame.frame_type());
            if let Frame::Envelope { bytes, .. } = frame
                && let Err(reason) = Envelope::parse(bytes)
            {
                assert_ne!(reason, Drop::BadDst, "made so on purpose by nobody");
            }
        }
    }
    assert_eq!(spammer.did.spammed, sent);
    assert!(kinds.len() >= 3, "{kinds:?}");
    assert!(wrong > 50 && wrong < 1_000, "{wrong} of {sent}");
    assert!(spammer.spam(scene(Time::ZERO)).is_none(), "not its moment");
}

//! Sends rubbish: well-formed frames that mean nothing, and some that are not well-formed.

use tom_core::identity::Handle;
use tom_core::wire::{
    Body, Class, Commit, Envelope, Flags, Frame, FrameType, Head, Kind, MAX_HOPS, NackCode, Ping,
    ReachAsk, Reference, Sid,
};

use super::frames::{put, put_envelope, put_frame};
use super::seen::{Passing, Seen};
use super::{Adversary, Doing, Draws, Scene, draws, lie};
use crate::net::clock::true_wall_ms;
use crate::scenario::model::AdversaryKind;
use crate::time::{Span, Time};

/// When it sends next, and to whom.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    next: Time,
    turn: usize,
}

impl Adversary {
    /// What a spammer sends now, and when it sends next: so many packets a second in all, to its
    /// neighbours in turn. `None`: it is not its moment, or it is no spammer.
    pub(crate) fn spam(&mut self, scene: Scene<'_>) -> Option<(Doing, Span)> {
        let AdversaryKind::Spam(per_second) = self.kind else {
            return None;
        };
        // Of a node that turned into a spammer twice only the later one goes on.
        if scene.now < self.spam.next || per_second == 0 {
            return None;
        }
        let every = Span(1_000_000_000 / u64::from(per_second));
        self.spam.next = scene.now.plus(every);
        self.spam.turn = self.spam.turn.wrapping_add(1);
        let mut doing = Doing::default();
        let turn = self.spam.turn.checked_rem(scene.links.len());
        if let Some(link) = turn.and_then(|turn| scene.links.get(turn)) {
            let mut draws = draws(scene, *link, &mut self.draws);
            let bytes = rubbish(&mut draws, &self.seen, scene.now, scene.longest);
            doing.outward.push((Span::ZERO, *link, bytes));
            self.did.spammed += 1;
        }
        Some((doing, every))
    }
}

/// One datagram of rubbish.
fn rubbish(draws: &mut Draws<'_>, seen: &Seen, now: Time, longest: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut buf = [0; 64];
    // Mostly alive: up to a day from now; else any moment.
    let wall = (true_wall_ms(now) / 1_000) as u32;
    let expiry = match draws.below(8) {
        0 => draws.bits() as u32,
        _ => wall.wrapping_add(draws.below(86_400) as u32),
    };
    let handle = handle(draws, seen);
    let passing = passing(draws, seen, expiry);
    match draws.below(10) {
        0 | 1 => put_envelope(&mut out, &seal(draws, handle, expiry)),
        2 | 3 => put_envelope(&mut out, &data(draws, handle, expiry)),
        4 => {
            let ask = ReachAsk {
                handle,
                nonce: draws.bits() as u32,
                ttl: draws.below(3) as u8,
            };
            put_frame(&mut out, &Frame::ReachAsk(ask), &mut buf);
        }
        5 => {
            let ping = Ping {
                nonce: draws.bits() as u32,
                reply: draws.below(2) == 0,
            };
            put_frame(&mut out, &Frame::Ping(ping), &mut buf);
        }
        6 => {
            let secret = draws.array();
            put_envelope(
                &mut out,
                &lie::ack(passing.reference, passing.expiry, secret),
            );
        }
        7 => {
            let code = [1, 2, 3, 4].map(NackCode::from_code);
            let code = draws.one_of(&code).copied().flatten();
            let (reference, expiry) = (passing.reference, passing.expiry);
            let arg = draws.bits() as u32;
            let code = code.unwrap_or(NackCode::Full);
            put_envelope(&mut out, &lie::nack(reference, expiry, code, arg));
        }
        8 => too_many(draws, &mut out),
        _ => malformed(draws, &mut out),
    }
    out.truncate(longest);
    out
}

/// Somebody real, or nobody.
fn handle(draws: &mut Draws<'_>, seen: &Seen) -> Handle {
    let known = seen.handles.get(draws.below(seen.handles.len()));
    match known.filter(|_| draws.below(2) == 0) {
        Some(handle) => *handle,
        None => Handle(draws.array()),
    }
}

/// An envelope that was, or was not.
fn passing(draws: &mut Draws<'_>, seen: &Seen, expiry: u32) -> Passing {
    let known = seen.passing.get(draws.below(seen.passing.len()));
    match known.filter(|_| draws.below(2) == 0) {
        Some(passing) => *passing,
        None => Passing {
            reference: Reference(draws.array()),
            expiry,
            link: 0,
        },
    }
}

fn head(draws: &mut Draws<'_>, kind: Kind, dst: Handle, expiry: u32) -> Head {
    Head {
        kind,
        flags: Flags::new(Class::from_bits(draws.below(4) as u8)),
        attempt: draws.below(16) as u8,
        hop: draws.below(usize::from(MAX_HOPS) + 1) as u8,
        expiry,
        dst,
    }
}

/// Random bytes of any length a body may have.
fn body(draws: &mut Draws<'_>, least: usize) -> Vec<u8> {
    let mut bytes = vec![0; least + draws.below(1_000)];
    draws.fill(&mut bytes);
    bytes
}

fn emit(envelope: &Envelope<'_>) -> Vec<u8> {
    let mut out = vec![0; 1_200];
    let len = envelope.emit(&mut out).unwrap_or(0);
    out.truncate(len);
    out
}

fn seal(draws: &mut Draws<'_>, dst: Handle, expiry: u32) -> Vec<u8> {
    let noise = body(draws, 98);
    let commit = Some(Commit(draws.array()));
    emit(&Envelope {
        head: head(draws, Kind::Seal, dst, expiry),
        body: Body::Seal {
            kid: draws.below(2) as u8,
            commit: commit.filter(|_| draws.below(4) > 0),
            noise: &noise,
        },
    })
}

fn data(draws: &mut Draws<'_>, dst: Handle, expiry: u32) -> Vec<u8> {
    let sealed = body(draws, 17);
    let commit = Some(Commit(draws.array()));
    emit(&Envelope {
        head: head(draws, Kind::Data, dst, expiry),
        body: Body::Data {
            sid: Sid(draws.array()),
            n16: draws.bits() as u16,
            commit: commit.filter(|_| draws.below(4) > 0),
            sealed: &sealed,
        },
    })
}

/// Counts that promise more than there is, or more than there may be.
fn too_many(draws: &mut Draws<'_>, out: &mut Vec<u8>) {
    let mut bytes = body(draws, 8);
    let (ftype, at) = match draws.below(3) {
        0 => (FrameType::Taken, 0),
        1 => (FrameType::Candidates, 0),
        // An ACK of more proofs than one carries.
        _ => {
            let head = lie::ack(Reference(draws.array()), draws.bits() as u32, [0; 16]);
            let mut envelope = head.get(..15).unwrap_or_default().to_vec();
            envelope.push(255);
            envelope.extend_from_slice(&bytes);
            return put_envelope(out, &envelope);
        }
    };
    if let Some(count) = bytes.get_mut(at) {
        *count = 255;
    }
    put(out, ftype.code(), &bytes);
}

/// Any type with any body, lengths that lie, and plain noise.
fn malformed(draws: &mut Draws<'_>, out: &mut Vec<u8>) {
    let bytes = body(draws, 1);
    match draws.below(3) {
        0 => put(out, draws.bits() as u8, &bytes),
        1 => {
            put(out, draws.below(9) as u8, &bytes);
            out.truncate(1 + draws.below(out.len()));
        }
        _ => out.extend_from_slice(&bytes),
    }
}

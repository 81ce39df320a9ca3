//! Claims what is not so: that it passed what it drops, that everybody is next to it, that what it
//! saw was delivered, or got no further; and that envelopes took ways they did not take.

use tom_core::wire::{
    AckWriter, Body, Envelope, Frame, Head, Kind, NackCode, Proof, ReachAnswer, Reference, Secret,
    Trace, Trailers, message_id,
};

use super::frames::{Raw, put_envelope, put_frame, split};
use super::hole::put_taken;
use super::seen::Passing;
use super::{Adversary, Doing, Draws, Scene, draws};
use crate::draw::Chance;
use crate::time::Span;

/// The share of others' envelopes that it drops; it lies about all.
const DROPS: Chance = Chance(1 << 31);

/// The length of one entry of a trace.
const ENTRY: usize = 6;

impl Adversary {
    /// Lies to whoever sent this, and to others about it.
    pub(super) fn lie_inward(
        &mut self,
        scene: Scene<'_>,
        link: u32,
        bytes: &[u8],
        doing: &mut Doing,
    ) {
        self.seen.look(link, bytes);
        let mut answer = Vec::new();
        let mut buf = [0; 64];
        for raw in split(bytes) {
            let mut draws = draws(scene, link, &mut self.draws);
            if let Some(Frame::ReachAsk(ask)) = raw.frame
                && ask.handle != scene.me
            {
                let near = ReachAnswer {
                    handle: ask.handle,
                    nonce: ask.nonce,
                    distance: 1,
                };
                put_frame(&mut answer, &Frame::ReachAnswer(near), &mut buf);
                self.did.lies += 1;
                continue;
            }
            let id = raw
                .for_others(scene.me)
                .and_then(|(bytes, _)| message_id(bytes));
            match id.filter(|_| draws.happens(DROPS)) {
                Some(id) => {
                    put_taken(&mut answer, id.reference());
                    put_frame(&mut answer, &Frame::Passed(id.reference()), &mut buf);
                    self.did.swallowed += 1;
                    self.did.lies += 1;
                }
                None => doing.inward.extend_from_slice(raw.bytes),
            }
            if id.is_some() {
                self.claim(scene, link, doing);
            }
        }
        if !answer.is_empty() {
            doing.outward.push((Span::ZERO, link, answer));
        }
    }

    /// Says of something it saw that it was delivered, and of something that it was not: to whom it
    /// came from, and to anybody.
    fn claim(&mut self, scene: Scene<'_>, link: u32, doing: &mut Doing) {
        let mut draws = draws(scene, link, &mut self.draws);
        let at = draws.below(self.seen.passing.len());
        let last = self.seen.passing.back().copied();
        for passing in [last, self.seen.passing.get(at).copied()]
            .into_iter()
            .flatten()
        {
            let anybody = draws.one_of(scene.links).copied().unwrap_or(link);
            for to in [passing.link, anybody] {
                let mut out = Vec::new();
                put_envelope(&mut out, &false_ack(&mut draws, passing));
                put_envelope(&mut out, &false_nack(&mut draws, passing));
                doing.outward.push((Span::ZERO, to, out));
                self.did.lies += 2;
            }
        }
    }

    /// Adds relays that never were to whatever it hands on, as long as it fits.
    pub(super) fn lie_outward(
        &mut self,
        scene: Scene<'_>,
        link: u32,
        bytes: &[u8],
        doing: &mut Doing,
    ) {
        let mut out = Vec::new();
        let mut room = scene.longest.saturating_sub(bytes.len());
        for raw in split(bytes) {
            let mut draws = draws(scene, link, &mut self.draws);
            match traced(&mut draws, &raw, room) {
                Some(traced) => {
                    room = (room + raw.bytes.len()).saturating_sub(traced.len());
                    out.extend_from_slice(&traced);
                    self.did.lies += 1;
                }
                None => out.extend_from_slice(raw.bytes),
            }
        }
        doing.outward.push((Span::ZERO, link, out));
    }
}

/// The frame with a trace of one to eight relays that it did not pass.
fn traced(draws: &mut Draws<'_>, raw: &Raw<'_>, room: usize) -> Option<Vec<u8>> {
    let (bytes, _) = raw.handed_on()?;
    let entries = 1 + draws.below(8);
    let mut made = vec![0; entries * ENTRY];
    draws.fill(&mut made);
    let trailers = Trailers {
        trace: Some(Trace::parse(&made).ok()?),
        stamp: None,
    };
    let frame = Frame::Envelope { bytes, trailers };
    let mut out = vec![0; raw.bytes.len() + room];
    let len = frame.emit(&mut out).ok()?;
    out.truncate(len);
    Some(out)
}

/// An ACK with a secret nobody derived.
fn false_ack(draws: &mut Draws<'_>, of: Passing) -> Vec<u8> {
    ack(of.reference, of.expiry, draws.array())
}

pub(super) fn ack(reference: Reference, expiry: u32, secret: [u8; 16]) -> Vec<u8> {
    let mut out = [0; 64];
    let head = Head::answer(Kind::Ack, expiry);
    let proof = Proof {
        reference,
        secret: Secret(secret),
    };
    let len = AckWriter::start(&mut out, &head, proof).map_or(0, AckWriter::finish);
    out.get(..len).unwrap_or_default().to_vec()
}

/// A NACK with any code, and any number in it.
fn false_nack(draws: &mut Draws<'_>, of: Passing) -> Vec<u8> {
    let codes = [
        NackCode::NoKey,
        NackCode::TooBig,
        NackCode::Full,
        NackCode::NoRoute,
    ];
    let code = draws.one_of(&codes).copied().unwrap_or(NackCode::Full);
    let arg = (draws.bits() >> (32 + draws.below(32))) as u32;
    nack(of.reference, of.expiry, code, arg)
}

pub(super) fn nack(reference: Reference, expiry: u32, code: NackCode, arg: u32) -> Vec<u8> {
    let envelope = Envelope {
        head: Head::answer(Kind::Nack, expiry),
        body: Body::Nack {
            reference,
            code,
            arg,
        },
    };
    let mut out = [0; 64];
    let len = envelope.emit(&mut out).unwrap_or(0);
    out.get(..len).unwrap_or_default().to_vec()
}

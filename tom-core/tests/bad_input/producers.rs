//! What produces each drop reason.

use tom_core::error::Drop;
use tom_core::input::LinkId;
use tom_core::output::Verdict;
use tom_core::stats::Stats;
use tom_core::storage::Limits;
use tom_core::wire::{Frame, Handle, Kind, NackCode, Ping, ReachAnswer, Reference, Sid};

use crate::lab::{FAR, Lab, NEAR, ask};
use crate::tape::Owned;
use crate::tape::forger::{self, EXPIRY, Forger, Session, Shot, framed};
use crate::tape::world::{EPOCH, Options, public};

/// Makes the node count the reason; the counters afterwards.
pub type Producer = fn() -> Stats;

/// A payload for the application that asks for an ACK.
const HELLO: &[u8] = b"\x81hello";

/// Every reason with its producer.
pub fn table() -> Vec<(Drop, Producer)> {
    vec![
        (Drop::Truncated, || told(&[2, 0])),
        (Drop::BadLength, || told(&[2, 50, 0, 1])),
        (Drop::UnknownFrame, || told(&[99, 0, 0])),
        (Drop::NotCanonical, || told(&[8, 3, 0, 0x80, 0, 0])),
        (Drop::BadVersion, || header(0, 0x23)),
        (Drop::BadFlags, || header(1, 0x01)),
        (Drop::BadKind, || header(0, 0x1F)),
        (Drop::TooBig, || {
            let mut lab = near();
            let (seal, _) = Forger::new(2).seal(&public(3), Shot::new(&[0x81; 1_300]));
            lab.tell(NEAR, &framed(&seal));
            stats(&lab)
        }),
        (Drop::BadCount, || told(&[3, 1, 0, 0])),
        (Drop::BadHop, || header(2, 0x09)),
        (Drop::BadDst, || {
            let mut lab = near();
            let (mut seal, _) = Forger::new(2).seal(lab.a.public(), Shot::new(HELLO));
            seal[7..15].fill(0);
            lab.tell(NEAR, &framed(&seal));
            stats(&lab)
        }),
        // A read receipt about half a message.
        (Drop::BadContent, || shot(Shot::new(&[2, 1]))),
        (Drop::Expired, || {
            shot(Shot {
                expiry: EPOCH as u32 - 301,
                ..Shot::new(HELLO)
            })
        }),
        (Drop::ExpiryTooFar, || {
            shot(Shot {
                expiry: EPOCH as u32 + 90_000,
                ..Shot::new(HELLO)
            })
        }),
        (Drop::NoHops, || passing(|envelope| envelope[2] = 0, 1)),
        (Drop::Duplicate, || passing(|_| {}, 2)),
        (Drop::NoRoute, || {
            let mut lab = near();
            let (seal, _) = Forger::new(2).seal(&public(3), Shot::new(HELLO));
            lab.tell(NEAR, &framed(&seal));
            stats(&lab)
        }),
        (Drop::ForwardFull, || {
            let mut lab = between();
            lab.block(FAR);
            let mut forger = Forger::new(2);
            for _ in 0..3 {
                let (seal, _) = forger.seal(&public(3), Shot::new(HELLO));
                lab.tell(NEAR, &framed(&seal));
            }
            stats(&lab)
        }),
        (Drop::Backpressure, || {
            // Copies of an opened one-shot are acknowledged each; nothing is drained.
            let mut lab = between();
            let (seal, _) = Forger::new(2).seal(lab.a.public(), Shot::new(HELLO));
            lab.tell(NEAR, &framed(&seal));
            lab.lazy = true;
            for n in 0..200 {
                lab.tell(if n % 2 == 0 { NEAR } else { FAR }, &framed(&seal));
            }
            stats(&lab)
        }),
        (Drop::UnknownLink, || {
            let mut lab = near();
            lab.tell(LinkId(99), &[8, 2, 0, 0, 0]);
            stats(&lab)
        }),
        (Drop::WrongLink, || {
            let mut lab = between();
            let (seal, _) = Forger::new(2).seal(&public(3), Shot::new(HELLO));
            lab.tell(NEAR, &framed(&seal));
            let reference = forger::reference(&seal);
            lab.tell(
                NEAR,
                &forger::resp(reference, Sid([1; 4]), &[0; 53], EXPIRY),
            );
            stats(&lab)
        }),
        (Drop::RateLimited, || {
            let mut lab = near();
            for nonce in 0..9 {
                lab.tell(
                    NEAR,
                    &frame(&Frame::Ping(Ping {
                        nonce,
                        reply: false,
                    })),
                );
            }
            stats(&lab)
        }),
        (Drop::BadSeal, || {
            let mut lab = near();
            let (mut seal, _) = Forger::new(2).seal(lab.a.public(), Shot::new(HELLO));
            *seal.last_mut().expect("a tag") ^= 1;
            lab.tell(NEAR, &framed(&seal));
            stats(&lab)
        }),
        (Drop::BadCommit, || {
            shot(Shot {
                false_commit: true,
                ..Shot::new(HELLO)
            })
        }),
        (Drop::BadTag, || {
            in_session(|lab, session| {
                lab.tell(NEAR, &framed(&session.data(0, HELLO, false)));
                let mut data = session.data(1, HELLO, false);
                *data.last_mut().expect("a tag") ^= 1;
                lab.tell(NEAR, &framed(&data));
            })
        }),
        (Drop::UnknownSession, || {
            in_session(|lab, session| {
                let mut data = session.data(0, HELLO, false);
                data[15] ^= 1;
                lab.tell(NEAR, &framed(&data));
            })
        }),
        (Drop::Replay, || {
            in_session(|lab, session| {
                for _ in 0..2 {
                    lab.tell(NEAR, &framed(&session.data(0, HELLO, false)));
                }
            })
        }),
        (Drop::TooOld, || {
            in_session(|lab, session| {
                // More epochs with gaps than anybody keeps.
                for epoch in 0..24 {
                    lab.tell(NEAR, &framed(&session.data(64 * epoch, HELLO, false)));
                }
                lab.tell(NEAR, &framed(&session.data(1, HELLO, false)));
            })
        }),
        (Drop::TooFarAhead, || {
            in_session(|lab, session| {
                lab.tell(NEAR, &framed(&session.data(64 * 17, HELLO, false)));
            })
        }),
        (Drop::SealBudget, || {
            let mut lab = near();
            let mut forger = Forger::new(2);
            for _ in 0..=Options::starved(0).config().seal_opens_per_second {
                let (seal, _) = forger.seal(lab.a.public(), Shot::new(HELLO));
                lab.tell(NEAR, &framed(&seal));
            }
            stats(&lab)
        }),
        (Drop::OpenedFull, || {
            // A sender's share is a quarter of the table.
            let mut lab = near();
            let mut forger = Forger::new(2);
            for _ in 0..17 {
                let (seal, _) = forger.seal(lab.a.public(), Shot::new(HELLO));
                lab.tell(NEAR, &framed(&seal));
                lab.wait(200);
            }
            stats(&lab)
        }),
        (Drop::ContactsFull, || {
            let mut lab = Lab::with(|limits| {
                *limits = Limits {
                    outbox: 16,
                    proofs: 32,
                    jobs: 128,
                    blocks: 64,
                    ..*limits
                };
            });
            lab.link(NEAR, *Forger::new(1).public());
            for n in 0..16 {
                lab.send_somewhere(Forger::new(100 + n).public());
            }
            let (seal, _) = Forger::new(2).seal(lab.a.public(), Shot::new(HELLO));
            lab.tell(NEAR, &framed(&seal));
            stats(&lab)
        }),
        (Drop::InboxFull, || {
            let mut lab = near();
            lab.takes = false;
            let mut forger = Forger::new(2);
            for _ in 0..9 {
                let (seal, _) = forger.seal(lab.a.public(), Shot::new(HELLO));
                lab.tell(NEAR, &framed(&seal));
            }
            stats(&lab)
        }),
        (Drop::UnknownKid, || {
            shot(Shot {
                kid: 1,
                ..Shot::new(HELLO)
            })
        }),
        (Drop::WeakKey, || {
            let mut lab = near();
            let (mut seal, _) = Forger::new(2).seal(lab.a.public(), Shot::new(HELLO));
            // The ephemeral key, a point of small order.
            seal[24..56].fill(0);
            lab.tell(NEAR, &framed(&seal));
            stats(&lab)
        }),
        (Drop::AlreadyOpened, || {
            let mut lab = near();
            let (seal, _) = Forger::new(2).seal(lab.a.public(), Shot::new(HELLO));
            for _ in 0..2 {
                lab.tell(NEAR, &framed(&seal));
            }
            stats(&lab)
        }),
        (Drop::AlreadyDelivered, || {
            let mut lab = near();
            let mut forger = Forger::new(2);
            let (seal, _) = forger.seal(lab.a.public(), Shot::new(HELLO));
            lab.tell(NEAR, &framed(&seal));
            // The same message under another envelope names its first one.
            let mut content = vec![0xC1];
            content.extend(forger::reference(&seal).0);
            content.extend(b"hello");
            let (again, _) = forger.seal(lab.a.public(), Shot::new(&content));
            lab.tell(NEAR, &framed(&again));
            assert_eq!(lab.delivered, [b"hello"]);
            stats(&lab)
        }),
        (Drop::UnknownContent, || shot(Shot::new(&[0x80 | 0x3F, 1]))),
        (Drop::RespUnknown, || {
            let mut lab = near();
            lab.tell(
                NEAR,
                &forger::resp(Reference([5; 8]), Sid([1; 4]), &[0; 53], EXPIRY),
            );
            stats(&lab)
        }),
        (Drop::RespMismatch, || {
            asked(|lab, envelope, _| {
                let (reference, expiry) = (forger::reference(envelope), forger::expiry(envelope));
                lab.tell(
                    NEAR,
                    &forger::resp(reference, Sid([0; 4]), &[0; 53], expiry),
                );
            })
        }),
        (Drop::BadResp, || {
            asked(|lab, envelope, peer| {
                let (reference, expiry) = (forger::reference(envelope), forger::expiry(envelope));
                let (sid, _) = peer.open(envelope);
                let sid = sid.expect("an offer");
                lab.tell(NEAR, &forger::resp(reference, sid, &[9; 53], expiry));
            })
        }),
        (Drop::AckUnknown, || {
            let mut lab = near();
            lab.tell(NEAR, &forger::ack(Reference([5; 8]), [0; 16], EXPIRY));
            stats(&lab)
        }),
        (Drop::BadProof, || {
            asked(|lab, envelope, _| {
                lab.tell(
                    NEAR,
                    &forger::ack(forger::reference(envelope), [0; 16], EXPIRY),
                );
            })
        }),
        (Drop::AckRepeat, || {
            asked(|lab, envelope, peer| {
                let (_, responder) = peer.open(envelope);
                let secret =
                    tom_core::crypto::ack_secret_seal::<tom_core::crypto::Tom1>(responder.ck());
                for _ in 0..2 {
                    lab.tell(
                        NEAR,
                        &forger::ack(forger::reference(envelope), secret, EXPIRY),
                    );
                }
            })
        }),
        (Drop::NackUnknown, || {
            let mut lab = near();
            lab.tell(NEAR, &forger::nack(Reference([5; 8]), NackCode::Full));
            stats(&lab)
        }),
        (Drop::BadNack, || {
            asked(|lab, envelope, _| {
                lab.link(FAR, *Forger::new(3).public());
                lab.tell(
                    FAR,
                    &forger::nack(forger::reference(envelope), NackCode::Full),
                );
            })
        }),
        (Drop::NackLimited, || {
            asked(|lab, envelope, peer| {
                lab.tell(
                    NEAR,
                    &forger::nack(forger::reference(envelope), NackCode::NoKey),
                );
                lab.wait(10);
                let (_, second) = lab.send_sealed(peer.public(), b"second");
                lab.tell(
                    NEAR,
                    &forger::nack(forger::reference(&second), NackCode::NoKey),
                );
            })
        }),
        (Drop::ReceiptUnknown, || {
            let mut lab = near();
            lab.tell(NEAR, &frame(&Frame::Passed(Reference([5; 8]))));
            stats(&lab)
        }),
        (Drop::ReachUnknown, || {
            let mut lab = near();
            lab.tell(NEAR, &ask([1; 8], 1));
            let answer = ReachAnswer {
                handle: Handle([1; 8]),
                nonce: 7,
                distance: 1,
            };
            lab.tell(NEAR, &frame(&Frame::ReachAnswer(answer)));
            stats(&lab)
        }),
    ]
}

fn stats(lab: &Lab) -> Stats {
    crate::tape::check_tables(&lab.a);
    lab.a.stats().clone()
}

/// A node with one neighbour.
fn near() -> Lab {
    let mut lab = Lab::with(|_| {});
    lab.link(NEAR, *Forger::new(1).public());
    lab
}

/// A node with one neighbour on each side, the far one being the node envelopes are for.
fn between() -> Lab {
    let mut lab = near();
    lab.link(FAR, public(3));
    lab
}

fn told(datagram: &[u8]) -> Stats {
    let mut lab = near();
    lab.tell(NEAR, datagram);
    stats(&lab)
}

/// A good one-shot with one byte of its header changed.
fn header(at: usize, to: u8) -> Stats {
    let mut lab = near();
    let (mut seal, _) = Forger::new(2).seal(lab.a.public(), Shot::new(HELLO));
    seal[at] = to;
    lab.tell(NEAR, &framed(&seal));
    stats(&lab)
}

fn shot(shot: Shot<'_>) -> Stats {
    let mut lab = near();
    let (seal, _) = Forger::new(2).seal(lab.a.public(), shot);
    lab.tell(NEAR, &framed(&seal));
    stats(&lab)
}

/// An envelope on its way through the node, changed, that many times.
fn passing(change: impl Fn(&mut Vec<u8>), times: usize) -> Stats {
    let mut lab = between();
    let (mut seal, _) = Forger::new(2).seal(&public(3), Shot::new(HELLO));
    change(&mut seal);
    for _ in 0..times {
        lab.tell(NEAR, &framed(&seal));
    }
    stats(&lab)
}

/// The node and a hand-made peer with a session.
fn in_session(then: impl Fn(&mut Lab, &Session)) -> Stats {
    let mut lab = Lab::with(|_| {});
    let mut peer = Forger::new(1);
    lab.link(NEAR, *peer.public());
    let to = *lab.a.public();
    let (seal, initiator) = peer.seal(
        &to,
        Shot {
            offer: Some(Sid([7; 4])),
            ..Shot::new(HELLO)
        },
    );
    lab.tell(NEAR, &framed(&seal));
    let resp = lab.caught(Kind::Resp).pop().expect("an answer");
    let session = peer.establish(&to, &initiator, &resp[27..]);
    then(&mut lab, &session);
    stats(&lab)
}

/// The node has sent a one-shot to a hand-made peer.
fn asked(then: impl Fn(&mut Lab, &[u8], &Forger)) -> Stats {
    let mut lab = Lab::with(|_| {});
    let peer = Forger::new(1);
    lab.link(NEAR, *peer.public());
    let (_, envelope) = lab.send_sealed(peer.public(), b"first");
    then(&mut lab, &envelope, &peer);
    stats(&lab)
}

impl Lab {
    fn send_somewhere(&mut self, to: &tom_core::identity::PublicKey) {
        let verdict = self.feed(Owned::Send {
            to: *to,
            payload: vec![1],
            lifetime: None,
            class: tom_core::wire::Class::Normal,
            trace: false,
        });
        assert!(matches!(verdict, Verdict::Accepted(Some(_))), "{verdict:?}");
    }
}

fn frame(frame: &Frame<'_>) -> Vec<u8> {
    let mut out = [0; 64];
    let len = frame.emit(&mut out).expect("room");
    out[..len].to_vec()
}

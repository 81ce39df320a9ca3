//! What the codecs' property tests share: bytes that are nearly right.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use proptest::sample::Index;

use super::ids::{Commit, Handle, Reference, Secret, Sid};
use super::{
    AckWriter, Class, Flags, Head, Kind, NackCode, Proof, TooShort, emit_data_head, emit_nack,
    emit_resp_head, emit_seal_head, set_commit,
};

/// The bytes as they are, with a bit pattern flipped somewhere (mostly in front), cut, or extended.
pub(super) fn damaged(
    whole: impl Strategy<Value = Vec<u8>> + 'static,
) -> impl Strategy<Value = Vec<u8>> {
    let extra = prop::collection::vec(any::<u8>(), 1..4);
    let harm = (0..6_u8, any::<Index>(), 1..=255_u8, extra);
    (whole, harm).prop_map(|(mut bytes, (what, at, bits, extra))| {
        let len = bytes.len();
        match what {
            1 if len > 0 => bytes[at.index(len)] ^= bits,
            2 | 3 if len > 0 => bytes[at.index(len.min(24))] ^= bits,
            4 => bytes.truncate(at.index(len + 1)),
            5 => bytes.extend(extra),
            _ => {}
        }
        bytes
    })
}

/// What `emit` writes, in a buffer that was not zero before.
pub(super) fn written(emit: impl FnOnce(&mut [u8]) -> Result<usize, TooShort>) -> Vec<u8> {
    let mut out = vec![0xEE; 70_000];
    let len = emit(&mut out).expect("a large buffer");
    out.truncate(len);
    out
}

/// `emit` succeeds in a buffer of exactly `len` bytes and in no shorter one.
pub(super) fn fits_exactly(len: usize, emit: impl Fn(&mut [u8]) -> Result<usize, TooShort>) {
    for short in 0..len {
        assert_eq!(emit(&mut vec![0xEE; short]), Err(TooShort), "{short}");
    }
    assert_eq!(emit(&mut vec![0xEE; len]), Ok(len));
}

pub(super) fn head(kind: Kind) -> impl Strategy<Value = Head> {
    let flags = (0..4_u8, any::<bool>(), any::<bool>());
    let dst = any::<[u8; 8]>().prop_filter("a destination", |dst| *dst != [0; 8]);
    (flags, 0..=15_u8, 0..=8_u8, any::<u32>(), dst).prop_map(
        move |((class, commit, trace), attempt, hop, expiry, dst)| {
            let answer = Head::answer(kind, expiry);
            let head = Head {
                attempt,
                hop,
                ..answer
            };
            if kind.is_answer() {
                return head;
            }
            let flags = Flags::new(Class::from_bits(class));
            Head {
                flags: flags.with_commit(commit).with_trace(trace),
                dst: Handle(dst),
                ..head
            }
        },
    )
}

/// A valid envelope of any kind.
pub(super) fn envelope() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |range| prop::collection::vec(any::<u8>(), range);
    let names = (any::<[u8; 8]>(), any::<[u8; 4]>(), any::<[u8; 8]>());
    prop_oneof![
        (head(Kind::Seal), any::<u8>(), names, bytes(98..400)).prop_map(
            |(head, kid, (_, _, commit), noise)| written(|out| {
                let at = emit_seal_head(out, &head, kid)?;
                if head.flags.has_commit() {
                    set_commit(out, Kind::Seal, Commit(commit))?;
                }
                out[at..at + noise.len()].copy_from_slice(&noise);
                Ok(at + noise.len())
            })
        ),
        (head(Kind::Resp), names, bytes(53..54)).prop_map(|(head, (reference, sid, _), noise)| {
            written(|out| {
                let at = emit_resp_head(out, &head, Reference(reference), Sid(sid))?;
                out[at..at + 53].copy_from_slice(&noise);
                Ok(at + 53)
            })
        }),
        (head(Kind::Data), any::<u16>(), names, bytes(17..300)).prop_map(
            |(head, n16, (_, sid, commit), sealed)| written(|out| {
                let commit = head.flags.has_commit().then_some(Commit(commit));
                let at = emit_data_head(out, &head, Sid(sid), n16, commit)?;
                out[at..at + sealed.len()].copy_from_slice(&sealed);
                Ok(at + sealed.len())
            })
        ),
        (head(Kind::Ack), proofs()).prop_map(|(head, proofs)| written(|out| {
            let mut ack = AckWriter::start(out, &head, proofs[0])?;
            assert!(proofs[1..].iter().all(|&proof| ack.push(proof)));
            Ok(ack.finish())
        })),
        (head(Kind::Nack), names, 1..=4_u8, any::<u32>()).prop_map(
            |(head, (reference, ..), code, arg)| written(|out| {
                let code = NackCode::from_code(code).expect("a known code");
                emit_nack(out, &head, Reference(reference), code, arg)
            })
        ),
    ]
}

fn proofs() -> impl Strategy<Value = Vec<Proof>> {
    let proof = any::<([u8; 8], [u8; 16])>().prop_map(|(reference, secret)| Proof {
        reference: Reference(reference),
        secret: Secret(secret),
    });
    prop::collection::vec(proof, 1..=49)
}

/// A candidate list, with entries of unknown kinds among the others.
pub(super) fn candidates() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |len| prop::collection::vec(any::<u8>(), len);
    let entry = prop_oneof![
        bytes(6..=6_usize).prop_map(|value| (4, value)),
        bytes(18..=18_usize).prop_map(|value| (6, value)),
        (7..=255_u8, bytes(0..=20_usize)),
    ];
    prop::collection::vec(entry, 0..=8).prop_map(|entries| {
        let mut list = vec![entries.len() as u8];
        for (kind, value) in entries {
            list.extend([kind, value.len() as u8]);
            list.extend(value);
        }
        list
    })
}

/// A plaintext of any type.
pub(super) fn content() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        (0..=1_u8, prop::collection::vec(any::<u8>(), 0..40)),
        (
            Just(2_u8),
            (1..6_usize).prop_map(|count| vec![7; 8 * count])
        ),
        (Just(3_u8), candidates()),
    ];
    (body, any::<bool>(), any::<Option<[u8; 8]>>()).prop_map(|((kind, body), asks, orig)| {
        let mut bytes = vec![kind | u8::from(asks) << 7 | u8::from(orig.is_some()) << 6];
        bytes.extend(orig.into_iter().flatten());
        bytes.extend(body);
        bytes
    })
}

fn varint(mut number: u32) -> Vec<u8> {
    let mut bytes = vec![];
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn number() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![0..300_u32, any::<u32>()].prop_map(varint)
}

/// A frame of any type, in places with trailers of unknown tags.
pub(super) fn frame() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |range| prop::collection::vec(any::<u8>(), range);
    let trailers = (
        any::<bool>(),
        prop::option::of(1..=8_usize),
        any::<Option<[u8; 8]>>(),
        any::<bool>(),
    );
    let wrapped = (envelope(), trailers).prop_map(|(envelope, (zero, trace, stamp, other))| {
        let mut body = (envelope.len() as u16).to_le_bytes().to_vec();
        body.extend(envelope);
        if zero {
            body.extend([0, 0]);
        }
        if let Some(entries) = trace {
            body.extend([1, 6 * entries as u8]);
            body.extend((0..6 * entries).map(|byte| byte as u8));
        }
        if let Some(stamp) = stamp {
            body.extend([2, 8]);
            body.extend(stamp);
        }
        if other {
            body.extend([200, 3, 1, 2, 3]);
        }
        body
    });
    let hello = (any::<u8>(), number(), prop::option::of(number()), number()).prop_map(
        |(profile, max_frame, unix, features)| {
            let mut body = vec![1, profile];
            body.extend(max_frame);
            body.push(u8::from(unix.is_some()));
            body.extend(unix.into_iter().flatten());
            body.extend(features);
            body
        },
    );
    let reach = |last: std::ops::RangeInclusive<u8>| {
        (any::<[u8; 8]>(), number(), last).prop_map(|(handle, nonce, last)| {
            let mut body = handle.to_vec();
            body.extend(nonce);
            body.push(last);
            body
        })
    };
    let typed = prop_oneof![
        (Just(1_u8), hello),
        (Just(2), wrapped),
        (
            Just(3),
            (1..=255_u8).prop_map(|count| {
                let mut body = vec![count];
                body.extend((0..8 * usize::from(count)).map(|byte| byte as u8));
                body
            })
        ),
        (Just(4), bytes(8..9)),
        (Just(5), reach(0..=2)),
        (Just(6), reach(0..=255)),
        (Just(7), candidates()),
        (
            Just(8),
            (number(), 0..=1_u8).prop_map(|(mut body, reply)| {
                body.push(reply);
                body
            })
        ),
        (9..=255_u8, bytes(0..9)),
    ];
    typed.prop_map(|(ftype, body)| {
        let mut frame = vec![ftype];
        frame.extend((body.len() as u16).to_le_bytes());
        frame.extend(body);
        frame
    })
}

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::error::Drop;
use crate::wire::bytes::TooShort;
use crate::wire::control::Profile;
use crate::wire::ids::{Handle, Stamp};
use crate::wire::testing::{damaged, fits_exactly, frame, written};

const REF: Reference = Reference([9; 8]);

fn one(bytes: &[u8]) -> Result<Frame<'_>, Drop> {
    let mut frames = Frames::new(bytes);
    let first = frames.next().unwrap();
    assert!(frames.next().is_none());
    first
}

fn framed(ftype: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![ftype];
    bytes.extend((body.len() as u16).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// The bytes of a valid frame without trailers and candidates that are not known.
fn known_part(bytes: &[u8]) -> Vec<u8> {
    let body = &bytes[3..];
    match bytes[0] {
        2 => {
            let end = 2 + usize::from(u16::from_le_bytes([body[0], body[1]]));
            let (mut kept, mut rest) = (body[..end].to_vec(), &body[end..]);
            while let [tag, len, ..] = rest {
                let (trailer, behind) = rest.split_at(2 + usize::from(*len));
                if matches!(tag, 1 | 2) {
                    kept.extend(trailer);
                }
                rest = behind;
            }
            framed(2, &kept)
        }
        7 => {
            let (mut kept, mut rest) = (vec![0], &body[1..]);
            while let [kind, len, ..] = rest {
                let (entry, behind) = rest.split_at(2 + usize::from(*len));
                if matches!(kind, 4 | 6) {
                    kept.extend(entry);
                    kept[0] += 1;
                }
                rest = behind;
            }
            framed(7, &kept)
        }
        _ => bytes.to_vec(),
    }
}

fn all_kinds() -> Vec<Vec<u8>> {
    let taken = [1, 2, 3, 4, 5, 6, 7, 8];
    let stamp = Some(Stamp([3; 8]));
    let mut buffer = [0; MAX_TRACE_LEN];
    let trace = Some(Trace::extended(None, Handle([1; 8]), 7, &mut buffer));
    [
        Frame::Hello(Hello::new(
            Profile::FULL,
            u32::MAX,
            Some(u32::MAX),
            u32::MAX,
        )),
        Frame::Envelope {
            bytes: b"envelope",
            trailers: Trailers { trace, stamp },
        },
        Frame::Taken(References::exactly(&taken).unwrap()),
        Frame::Passed(REF),
        Frame::ReachAsk(ReachAsk {
            handle: Handle([4; 8]),
            nonce: u32::MAX,
            ttl: 2,
        }),
        Frame::ReachAnswer(ReachAnswer {
            handle: Handle([4; 8]),
            nonce: 0,
            distance: 255,
        }),
        Frame::Candidates(Candidates::parse(b"\x01\x04\x06abcdef").unwrap()),
        Frame::Ping(Ping {
            nonce: 128,
            reply: true,
        }),
    ]
    .iter()
    .map(|frame| {
        let bytes = written(|out| frame.emit(out));
        assert_eq!(one(&bytes).as_ref(), Ok(frame));
        fits_exactly(bytes.len(), |out| frame.emit(out));
        bytes
    })
    .collect()
}

#[test]
fn every_type_is_written_in_exactly_its_length_and_read_again() {
    let types: Vec<u8> = all_kinds().iter().map(|bytes| bytes[0]).collect();
    assert_eq!(types, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn every_truncation_of_a_body_is_refused() {
    for bytes in all_kinds() {
        let body = &bytes[3..];
        for len in 0..body.len() {
            let result = one(&framed(bytes[0], &body[..len])).map(|_| ());
            // An ENVELOPE frame is whole between its trailers: after 10, and 18 bytes.
            if bytes[0] == 2 && matches!(len, 10 | 18) {
                assert_eq!(result, Ok(()));
            } else {
                let drop = result.unwrap_err();
                assert!(
                    matches!(drop, Drop::Truncated | Drop::BadLength),
                    "{drop:?} at {len}"
                );
            }
        }
    }
}

/// LNK-4: a datagram ends where a frame is cut.
#[test]
fn every_truncation_of_a_datagram_is_refused() {
    for bytes in all_kinds() {
        for len in 1..bytes.len() {
            let expected = if len < 3 {
                Drop::Truncated
            } else {
                Drop::BadLength
            };
            assert_eq!(one(&bytes[..len]), Err(expected));
        }
    }
}

#[test]
fn trailing_bytes_in_a_body_are_refused() {
    for bytes in all_kinds() {
        let mut body = bytes[3..].to_vec();
        body.push(0);
        let expected = if bytes[0] == 2 {
            Drop::Truncated
        } else {
            Drop::BadLength
        };
        assert_eq!(one(&framed(bytes[0], &body)), Err(expected), "{}", bytes[0]);
    }
}

/// LNK-3, LNK-5: one frame that is not used costs itself.
#[test]
fn unknown_types_are_skipped_and_the_rest_is_read() {
    for ftype in (0..=255).filter(|ftype| !(1..=8).contains(ftype)) {
        let mut bytes = framed(ftype, b"whatever");
        bytes.extend(framed(4, &REF.0));
        let frames: Vec<_> = Frames::new(&bytes).collect();
        assert_eq!(frames, [Err(Drop::UnknownFrame), Ok(Frame::Passed(REF))]);
    }
}

#[test]
fn an_envelope_is_wrapped_where_it_stands() {
    let mut out = [0xEE; 64];
    out[ENVELOPE_AT..ENVELOPE_AT + 4].copy_from_slice(b"here");
    let trailers = Trailers {
        stamp: Some(Stamp([3; 8])),
        ..Trailers::NONE
    };
    let len = wrap_envelope(&mut out, 4, &trailers).unwrap();
    assert_eq!(
        one(&out[..len]),
        Ok(Frame::Envelope {
            bytes: b"here",
            trailers
        })
    );
    assert_eq!(wrap_envelope(&mut out, 60, &trailers), Err(TooShort));
}

#[test]
fn the_longest_envelope_fits_and_one_byte_more_does_not() {
    let mut out = vec![0; 70_000];
    let len = wrap_envelope(&mut out, MAX_FRAMED_ENVELOPE, &Trailers::NONE);
    assert_eq!(len, Ok(FRAME_HEAD_LEN + 65_535));
    assert!(one(&out[..FRAME_HEAD_LEN + 65_535]).is_ok());
    for len in [MAX_FRAMED_ENVELOPE + 1, 65_536, usize::MAX] {
        assert_eq!(wrap_envelope(&mut out, len, &Trailers::NONE), Err(TooShort));
    }
}

#[test]
fn taken_takes_255_and_what_fits() {
    let mut out = [0; 4_000];
    let mut taken = TakenWriter::start(&mut out, REF).unwrap();
    assert_eq!((1..400).filter(|_| taken.push(REF)).count(), MAX_TAKEN - 1);
    let len = taken.finish();
    let Ok(Frame::Taken(references)) = one(&out[..len]) else {
        panic!("not a TAKEN");
    };
    assert_eq!(references.len(), MAX_TAKEN);

    let mut out = [0; 12 + 8 + 7];
    let mut taken = TakenWriter::start(&mut out, REF).unwrap();
    assert!(taken.push(REF) && !taken.push(REF));
    assert_eq!(taken.finish(), 20);
    assert!(one(&out[..20]).is_ok());
    assert!(TakenWriter::start(&mut [0; 11], REF).is_err());
}

/// LNK-22: count and length agree.
#[test]
fn taken_says_how_many_it_has() {
    for count in 0..=255_u8 {
        let body = [&[count][..], &REF.0, &REF.0].concat();
        let expected = match count {
            0 => Some(Drop::BadCount),
            2 => None,
            _ => Some(Drop::BadLength),
        };
        assert_eq!(one(&framed(3, &body)).err(), expected, "{count}");
    }
}

/// LNK-15: there is no ninth entry.
#[test]
fn a_trace_grows_to_eight_and_then_stays() {
    let mut stored: Option<Vec<u8>> = None;
    for relay in 1..=10_u8 {
        let mut buffer = [0xEE; MAX_TRACE_LEN];
        let before = stored.as_deref().map(|bytes| Trace::parse(bytes).unwrap());
        let trace = Trace::extended(before, Handle([relay; 8]), u16::from(relay), &mut buffer);
        assert_eq!(trace.entries().len(), usize::from(relay).min(MAX_TRACE));
        stored = Some(trace.as_bytes().to_vec());
    }
    let stored = stored.unwrap();
    let last = Trace::parse(&stored).unwrap().entries().last();
    let expected = TraceEntry {
        handle: [8; 4],
        ms: 8,
    };
    assert_eq!(last, Some(expected));
}

/// LNK-13: tags ascend strictly.
#[test]
fn trailers_have_one_order() {
    let (trace, stamp) = (b"\x01\x06abcdef", b"\x02\x08abcdefgh");
    assert!(Trailers::parse(&[&trace[..], stamp].concat()).is_ok());
    for bytes in [
        [&stamp[..], trace].concat(),
        [&stamp[..], stamp].concat(),
        b"\x05\x00\x05\x00".to_vec(),
    ] {
        assert_eq!(Trailers::parse(&bytes), Err(Drop::NotCanonical));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_walked_to_their_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut rest = bytes.len();
        let mut frames = Frames::new(&bytes);
        while let Some(frame) = frames.next() {
            prop_assert!(frames.rest().len() < rest);
            rest = frames.rest().len();
            if let Ok(frame) = frame {
                let again = written(|out| frame.emit(out));
                prop_assert_eq!(one(&again), Ok(frame).map(|_| one(&again).unwrap()));
            }
        }
        prop_assert_eq!(rest, 0);
    }

    #[test]
    fn valid_frames_are_read_and_their_known_part_is_written_again(bytes in frame()) {
        match one(&bytes) {
            Ok(frame) => prop_assert_eq!(written(|out| frame.emit(out)), known_part(&bytes)),
            Err(drop) => prop_assert_eq!((drop, bytes[0] > 8), (Drop::UnknownFrame, true)),
        }
    }

    #[test]
    fn damaged_frames_are_refused_or_written_again(bytes in damaged(frame())) {
        let mut at = 0;
        let mut frames = Frames::new(&bytes);
        while let Some(frame) = frames.next() {
            let end = bytes.len() - frames.rest().len();
            if let Ok(frame) = frame {
                prop_assert_eq!(written(|out| frame.emit(out)), known_part(&bytes[at..end]));
            }
            at = end;
        }
    }
}

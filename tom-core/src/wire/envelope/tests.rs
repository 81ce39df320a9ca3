use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::error::Drop;
use crate::wire::bytes::TooShort;
use crate::wire::flags::Class;
use crate::wire::ids::Handle;
use crate::wire::testing::{damaged, envelope, fits_exactly, written};

const DST: Handle = Handle([1, 2, 3, 4, 5, 6, 7, 8]);
const REF: Reference = Reference([9; 8]);
const SID: Sid = Sid([7; 4]);

fn head(kind: Kind, flags: Flags) -> Head {
    Head {
        flags,
        attempt: 3,
        hop: 5,
        dst: if kind.is_answer() { Handle::NONE } else { DST },
        ..Head::answer(kind, 1_800_000_000)
    }
}

fn proof(number: u8) -> Proof {
    Proof {
        reference: Reference([number; 8]),
        secret: Secret([number ^ 0xFF; 16]),
    }
}

fn ack(count: u8) -> Vec<u8> {
    written(|out| {
        let head = head(Kind::Ack, Flags::NONE);
        let mut ack = AckWriter::start(out, &head, proof(0))?;
        assert!((1..count).all(|number| ack.push(proof(number))));
        Ok(ack.finish())
    })
}

/// Each kind at its shortest and at its longest, with and without a commit.
fn extremes() -> Vec<Vec<u8>> {
    let long = vec![0xAB; MAX_ENVELOPE];
    let mut all = vec![ack(1), ack(49)];
    for commit in [None, Some(Commit([0xCC; 8]))] {
        let flags = Flags::new(Class::Bulk).with_commit(commit.is_some());
        for len in [98, MAX_ENVELOPE - seal_noise_at(flags)] {
            let noise = &long[..len];
            let body = Body::Seal {
                kid: 200,
                commit,
                noise,
            };
            let head = head(Kind::Seal, flags);
            all.push(written(|out| Envelope { head, body }.emit(out)));
        }
        for len in [17, MAX_ENVELOPE - data_sealed_at(flags)] {
            let body = Body::Data {
                sid: SID,
                n16: 0x1234,
                commit,
                sealed: &long[..len],
            };
            let head = head(Kind::Data, flags);
            all.push(written(|out| Envelope { head, body }.emit(out)));
        }
    }
    all.push(written(|out| {
        let at = emit_resp_head(out, &head(Kind::Resp, Flags::NONE), REF, SID)?;
        assert_eq!(at, RESP_NOISE_AT);
        out[at..at + NOISE2_LEN].fill(0xDD);
        Ok(at + NOISE2_LEN)
    }));
    all.push(written(|out| {
        emit_nack(
            out,
            &head(Kind::Nack, Flags::NONE),
            REF,
            NackCode::TooBig,
            1_200,
        )
    }));
    all
}

fn drop_of(bytes: &[u8]) -> Option<Drop> {
    Envelope::parse(bytes).err()
}

#[test]
fn every_kind_parses_at_its_extremes_and_is_written_again() {
    let mut lengths = vec![];
    for bytes in extremes() {
        let view = Envelope::parse(&bytes).unwrap();
        assert_eq!(view.head.kind, view.body.kind());
        assert_eq!((view.head.attempt, view.head.hop), (3, 5));
        assert_eq!(written(|out| view.emit(out)), bytes);
        lengths.push(bytes.len());
    }
    assert_eq!(
        lengths,
        [
            40, 1_192, 114, 65_535, 38, 65_535, 122, 65_535, 46, 65_535, RESP_LEN, NACK_LEN
        ]
    );
}

#[test]
fn every_truncation_is_refused_down_to_no_bytes() {
    for bytes in extremes().iter().filter(|bytes| bytes.len() < 200) {
        let view = Envelope::parse(bytes).unwrap();
        let end = match view.head.kind {
            // Those with a free length are cut below their least.
            Kind::Seal => seal_noise_at(view.head.flags) + 98,
            Kind::Data => data_sealed_at(view.head.flags) + 17,
            Kind::Resp | Kind::Ack | Kind::Nack => bytes.len(),
        };
        for len in 0..end {
            let expected = if view.head.kind == Kind::Ack && len > HEAD_LEN {
                Drop::BadLength
            } else {
                Drop::Truncated
            };
            assert_eq!(drop_of(&bytes[..len]), Some(expected), "{len}");
        }
    }
}

/// ENV-6: the format has a longest envelope.
#[test]
fn trailing_bytes_and_oversize_are_refused() {
    for mut bytes in extremes() {
        let free = matches!(bytes[0], 0x11 | 0x13);
        let longest = bytes.len() == MAX_ENVELOPE;
        bytes.push(0);
        let expected = match (free, longest) {
            (true, true) => Some(Drop::TooBig),
            (true, false) => None,
            (false, _) => Some(Drop::BadLength),
        };
        assert_eq!(drop_of(&bytes), expected);
    }
}

/// ENV-1, ENV-2, ENV-4, ENV-5: the header, field by field.
#[test]
fn each_header_field_is_refused_by_its_own_number() {
    for bytes in extremes().iter().filter(|bytes| bytes.len() < 200) {
        let with = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            drop_of(&bytes)
        };
        let answer = Kind::from_code(bytes[0] & 15).unwrap().is_answer();
        for version in (0..16).filter(|&version| version != 1) {
            assert_eq!(
                with(0, version << 4 | bytes[0] & 15),
                Some(Drop::BadVersion)
            );
        }
        for kind in [0, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] {
            assert_eq!(with(0, 0x10 | kind), Some(Drop::BadKind));
        }
        for bit in 0..8 {
            let reserved = Flags::RESERVED & 1 << bit != 0;
            if reserved || answer {
                assert_eq!(with(1, bytes[1] ^ 1 << bit), Some(Drop::BadFlags), "{bit}");
            }
        }
        for hop in 0..16 {
            let expected = (hop > 8).then_some(Drop::BadHop);
            assert_eq!(with(2, 0xF0 | hop), expected, "{hop}");
        }
        if answer {
            for at in 7..15 {
                assert_eq!(with(at, 1), Some(Drop::BadDst));
            }
        } else {
            let mut bytes = bytes.clone();
            bytes[7..15].fill(0);
            assert_eq!(drop_of(&bytes), Some(Drop::BadDst));
        }
    }
}

/// ENV-15: count and length agree.
#[test]
fn an_ack_says_how_many_it_has() {
    let two = ack(2);
    for count in 0..=255 {
        let mut bytes = two.clone();
        bytes[HEAD_LEN] = count;
        let expected = match count {
            2 => None,
            1..=49 => Some(Drop::BadLength),
            _ => Some(Drop::BadCount),
        };
        assert_eq!(drop_of(&bytes), expected, "{count}");
    }
    let view = Envelope::parse(&two).unwrap();
    let Body::Ack(acks) = view.body else {
        panic!("not an ACK");
    };
    assert_eq!(acks.len(), 2);
    assert!(acks.eq([proof(0), proof(1)]));
}

#[test]
fn an_ack_takes_no_more_than_49_and_no_more_than_fits() {
    let head = head(Kind::Ack, Flags::NONE);
    let mut out = [0; 2_000];
    let mut ack = AckWriter::start(&mut out, &head, proof(0)).unwrap();
    let pushed = (1..100).filter(|&number| ack.push(proof(number))).count();
    assert_eq!((pushed, ack.finish()), (48, 1_192));
    assert!(Envelope::parse(&out[..1_192]).is_ok());

    let mut out = [0; 40 + 24 + 23];
    let mut ack = AckWriter::start(&mut out, &head, proof(0)).unwrap();
    assert!(ack.push(proof(1)));
    assert!(!ack.push(proof(2)));
    assert_eq!(ack.finish(), 64);
    assert_eq!(drop_of(&out[..64]), None);
}

#[test]
fn emitting_needs_exactly_the_length() {
    for bytes in extremes().iter().filter(|bytes| bytes.len() < 200) {
        let view = Envelope::parse(bytes).unwrap();
        fits_exactly(bytes.len(), |out| view.emit(out));
    }
}

#[test]
fn the_function_decides_kind_and_commit_flag() {
    let confused = head(Kind::Nack, Flags::new(Class::Normal).with_commit(true));
    let head = Head {
        dst: DST,
        ..confused
    };
    let mut out = [0; 100];
    emit_data_head(&mut out, &head, SID, 1, None).unwrap();
    let view = Envelope::parse(&out).unwrap();
    assert_eq!(view.head.kind, Kind::Data);
    assert!(!view.head.flags.has_commit());
    assert_eq!(view.head.flags.class(), Class::Normal);

    let len = emit_nack(&mut out, &head, REF, NackCode::Full, 0).unwrap();
    let view = Envelope::parse(&out[..len]).unwrap();
    assert_eq!(view.head.kind, Kind::Nack);
    assert_eq!(
        (view.head.flags, view.head.dst),
        (Flags::NONE, Handle::NONE)
    );
}

#[test]
fn offsets_agree_with_the_views() {
    for bytes in extremes() {
        let view = Envelope::parse(&bytes).unwrap();
        let flags = view.head.flags;
        let (at, tail) = match view.body {
            Body::Seal { noise, .. } => (seal_noise_at(flags), noise),
            Body::Data { sealed, .. } => (data_sealed_at(flags), sealed),
            Body::Resp { noise, .. } => (RESP_NOISE_AT, &noise[..]),
            Body::Ack(_) | Body::Nack { .. } => continue,
        };
        assert_eq!(&bytes[at..], tail);
        // In session with a commit: 46 bytes over a payload behind its type byte.
        if view.head.kind == Kind::Data && flags.has_commit() {
            assert_eq!(at + 1 + TAG_LEN, 46);
        }
    }
}

#[test]
fn a_commit_is_filled_in_where_it_is_read() {
    let commit = Commit([0x5A; 8]);
    for bytes in extremes() {
        let kind = Kind::from_code(bytes[0] & 15).unwrap();
        let mut changed = bytes.clone();
        let result = set_commit(&mut changed, kind, commit);
        if kind.is_answer() {
            assert_eq!((result, changed), (Err(TooShort), bytes));
        } else if Envelope::parse(&bytes).unwrap().head.flags.has_commit() {
            assert_eq!(
                Envelope::parse(&changed).unwrap().body.commit(),
                Some(commit)
            );
        }
    }
    assert_eq!(set_commit(&mut [0; 23], Kind::Seal, commit), Err(TooShort));
    assert_eq!(set_commit(&mut [0; 28], Kind::Data, commit), Err(TooShort));
}

/// ENV-3, ENV-19: what a relay changes is outside the identity.
#[test]
fn the_path_alone_is_outside_the_message_id() {
    let mut bytes = ack(1);
    let id = message_id(&bytes).unwrap();
    assert_eq!(id.reference().as_bytes(), &id.as_bytes()[..8]);
    set_path(&mut bytes, 15, 0);
    assert_eq!(message_id(&bytes), Some(id));
    assert_eq!(bytes[PATH_AT], 0xF0);
    for at in (0..bytes.len()).filter(|&at| at != PATH_AT) {
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert_ne!(message_id(&other), Some(id), "{at}");
    }
    assert_eq!(message_id(&bytes[..14]), None);
    assert!(message_id(&bytes[..15]).is_some());
}

#[test]
fn a_path_is_clamped_and_never_written_out_of_range() {
    let mut bytes = ack(1);
    set_path(&mut bytes, 255, 255);
    let head = Envelope::parse(&bytes).unwrap().head;
    assert_eq!((head.attempt, head.hop), (MAX_ATTEMPT, MAX_HOPS));
    for len in 0..3 {
        set_path(&mut bytes[..len], 1, 1);
    }
    assert_eq!(bytes[PATH_AT], 0xF8, "it was outside those slices");
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_written_again(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(view) = Envelope::parse(&bytes) {
            prop_assert_eq!(written(|out| view.emit(out)), bytes);
        }
    }

    #[test]
    fn valid_bytes_parse_and_are_written_again(bytes in envelope()) {
        let view = Envelope::parse(&bytes);
        prop_assert!(view.is_ok(), "{:?}", view);
        prop_assert_eq!(written(|out| view.unwrap().emit(out)), bytes);
    }

    #[test]
    fn damaged_bytes_are_refused_or_written_again(bytes in damaged(envelope())) {
        if let Ok(view) = Envelope::parse(&bytes) {
            prop_assert_eq!(view.head.kind, view.body.kind());
            prop_assert_eq!(written(|out| view.emit(out)), bytes);
        }
    }
}

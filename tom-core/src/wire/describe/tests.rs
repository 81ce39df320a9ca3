use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::wire::frame::{Frame, Frames};
use crate::wire::testing::{content, damaged, envelope, frame};

/// What a description told: name, place, what it held when that is a number, and the drop.
type Told = Vec<(String, Range<usize>, Option<u64>, Option<Drop>)>;

fn told(describe: fn(&[u8], &mut Visit<'_>), bytes: &[u8]) -> Told {
    let mut told = Told::new();
    describe(bytes, &mut |name, at, value| {
        assert!(at.start <= at.end && at.end <= bytes.len(), "{name} {at:?}");
        let (number, drop) = match value {
            Value::Int(number) => (Some(number), None),
            Value::Bytes(value) => {
                assert_eq!(value, &bytes[at.clone()], "{name}");
                (None, None)
            }
            Value::Bad(drop) => (None, Some(drop)),
            Value::Part => (None, None),
        };
        told.push((name.into(), at, number, drop));
    });
    told
}

fn drops(told: &Told) -> Vec<Drop> {
    told.iter().filter_map(|field| field.3).collect()
}

/// Every byte of a valid envelope belongs to a field, and no gap is left.
fn covers(told: &Told, len: usize) -> bool {
    let mut at = 0;
    for (_, place, ..) in told {
        if place.start > at {
            return false;
        }
        at = at.max(place.end);
    }
    at == len
}

/// The walk itself notices exactly what the codec refuses.
fn walk_agrees(bytes: &[u8], walk: fn(&mut Walk<'_, '_>) -> walk::Walked, refused: bool) -> bool {
    let noticed = walk(&mut Walk::new(bytes, &mut |_, _, _| {})).is_err();
    noticed == refused
}

#[test]
fn a_bad_hop_is_shown_where_it_stands() {
    let mut bytes = [0; 40];
    bytes[0] = 0x13;
    bytes[2] = 0x39;
    let told = told(describe_envelope, &bytes);
    let expected = [
        ("version", 0..1, Some(1), None),
        ("kind", 0..1, Some(3), None),
        ("flags", 1..2, Some(0), None),
        ("attempt", 2..3, Some(3), None),
        ("hop", 2..3, Some(9), None),
        ("bad", 2..3, None, Some(Drop::BadHop)),
    ];
    let expected = expected.map(|(name, at, number, drop)| (name.into(), at, number, drop));
    assert_eq!(told, expected);
}

#[test]
fn a_count_out_of_range_is_shown_where_it_stands() {
    for count in [0, 50, 255] {
        let mut bytes = std::vec![0; 16 + 24 * usize::from(count)];
        (bytes[0], bytes[15]) = (0x14, count);
        let told = told(describe_envelope, &bytes);
        let last = told.last().unwrap();
        assert_eq!((last.1.clone(), last.3), (15..16, Some(Drop::BadCount)));
    }
}

#[test]
fn a_bad_length_is_shown_where_it_stands() {
    let trailer = |tag: u8, len: u8| {
        let mut body = std::vec![0, 0, tag, len];
        body.extend(std::iter::repeat_n(1, usize::from(len)));
        (2, body, 6..7)
    };
    let candidate = |kind: u8, len: u8| (7, std::vec![1, kind, len, 1, 2, 3], 5..6);
    for (ftype, body, place) in [
        trailer(1, 0),
        trailer(1, 7),
        trailer(1, 54),
        trailer(2, 7),
        trailer(2, 9),
        candidate(4, 3),
        candidate(6, 3),
        candidate(4, 6),
        candidate(99, 4),
    ] {
        let mut bytes = std::vec![ftype, body.len() as u8, 0];
        bytes.extend(&body);
        let refused = Frame::parse(ftype, &body).unwrap_err();
        let told = told(describe_datagram, &bytes);
        let last = told.last().unwrap();
        assert_eq!((last.1.clone(), last.3), (place, Some(refused)), "{body:?}");
    }
}

#[test]
fn missing_bytes_are_shown_at_the_end() {
    let told = told(describe_envelope, &[0x13, 0, 8]);
    let last = told.last().unwrap();
    assert_eq!((last.1.clone(), last.3), (3..3, Some(Drop::Truncated)));
}

#[test]
fn an_overlong_number_is_shown_where_it_stands() {
    let told = told(describe_datagram, b"\x08\x03\x00\x80\x00\x01");
    let last = told.last().unwrap();
    assert_eq!((last.1.clone(), last.3), (3..5, Some(Drop::NotCanonical)));
}

#[test]
fn fields_of_a_wrapped_envelope_are_counted_from_the_datagram() {
    let told = told(describe_datagram, b"\x02\x05\x00\x03\x00\x13\x00\x09");
    assert_eq!(told[0].0, "ENVELOPE");
    let hop = told.iter().find(|field| field.0 == "hop").unwrap();
    assert_eq!((hop.1.clone(), hop.2), (7..8, Some(9)));
    assert_eq!(drops(&told), [Drop::Truncated]);
}

proptest! {
    #[test]
    fn envelopes_are_told_as_the_codec_reads_them(bytes in damaged(envelope())) {
        let told = told(describe_envelope, &bytes);
        let refused = Envelope::parse(&bytes).err();
        prop_assert_eq!(drops(&told), refused.into_iter().collect::<Vec<_>>());
        prop_assert!(refused.is_some() || covers(&told, bytes.len()));
        prop_assert!(walk_agrees(&bytes, envelope::walk, refused.is_some()));
    }

    #[test]
    fn contents_are_told_as_the_codec_reads_them(bytes in damaged(content())) {
        let told = told(describe_content, &bytes);
        let refused = Content::parse(&bytes).err();
        prop_assert_eq!(drops(&told), refused.into_iter().collect::<Vec<_>>());
        prop_assert!(refused.is_some() || covers(&told, bytes.len()));
        prop_assert!(walk_agrees(&bytes, content::walk, refused.is_some()));
    }

    #[test]
    fn frames_are_told_as_the_codec_reads_them(
        first in damaged(frame()),
        second in damaged(frame()),
    ) {
        let bytes = [first, second].concat();
        let told = told(describe_datagram, &bytes);
        let mut expected = Vec::new();
        for frame in Frames::new(&bytes) {
            match frame {
                Ok(Frame::Envelope { bytes, .. }) => expected.extend(Envelope::parse(bytes).err()),
                Ok(_) => {}
                Err(drop) => expected.push(drop),
            }
        }
        prop_assert_eq!(drops(&told), expected);
    }

    #[test]
    fn frame_bodies_are_noticed_as_the_codec_refuses_them(bytes in damaged(frame())) {
        let Some(([ftype, _, _], body)) = bytes.split_first_chunk() else {
            return Ok(());
        };
        if let Some(kind) = super::super::frame::FrameType::from_code(*ftype) {
            let refused = Frame::parse(*ftype, body).is_err();
            let noticed = super::frame::body(&mut Walk::new(body, &mut |_, _, _| {}), kind);
            prop_assert_eq!(noticed.is_err(), refused);
        }
    }

    #[test]
    fn any_bytes_are_told(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        told(describe_envelope, &bytes);
        told(describe_content, &bytes);
        told(describe_datagram, &bytes);
    }
}

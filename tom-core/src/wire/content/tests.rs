use std::vec;

use proptest::prelude::*;

use super::*;
use crate::wire::testing::{content, damaged, fits_exactly, written};

const ORIG: Reference = Reference([5; 8]);

#[test]
fn the_head_is_one_byte_or_nine_with_orig() {
    let plain = ContentHead {
        kind: ContentKind::Bytes,
        asks_ack: true,
        orig: None,
    };
    assert_eq!(written(|out| plain.emit(out)), [0x81]);
    let again = ContentHead {
        orig: Some(ORIG),
        ..plain
    };
    let bytes = written(|out| again.emit(out));
    assert_eq!(bytes, [0xC1, 5, 5, 5, 5, 5, 5, 5, 5]);
    assert_eq!((plain.len(), again.len()), (1, 9));
    assert_eq!(ContentHead::parse(&bytes), Ok((again, &[][..])));
    fits_exactly(9, |out| again.emit(out));
}

/// CNT-2: unknown and reserved types are refused.
#[test]
fn every_type_byte_is_known_or_refused() {
    for byte in 0..=255_u8 {
        let mut bytes = vec![byte];
        bytes.extend([0; 16]);
        let expected = match byte & 0x3F {
            0..=2 => None,
            // A list that says it is empty with bytes behind it.
            3 => Some(Drop::BadContent),
            _ => Some(Drop::UnknownContent),
        };
        assert_eq!(Content::parse(&bytes).err(), expected, "{byte:02x}");
    }
}

/// CNT-1: a content has the layout of its type.
#[test]
fn whatever_is_cut_off_is_bad_content() {
    assert_eq!(Content::parse(&[]), Err(Drop::BadContent));
    for len in 0..8 {
        let bytes = [&[0x41][..], &[1; 8][..len]].concat();
        assert_eq!(Content::parse(&bytes), Err(Drop::BadContent), "{len}");
    }
    for len in 0..=24 {
        let bytes = [&[2][..], &[1; 24][..len]].concat();
        let whole = len > 0 && len % 8 == 0;
        assert_eq!(Content::parse(&bytes).is_ok(), whole, "{len}");
    }
}

#[test]
fn emitting_needs_exactly_the_length() {
    let body = ContentBody::Bytes(b"some words");
    let content = Content {
        asks_ack: false,
        orig: Some(ORIG),
        body,
    };
    fits_exactly(19, |out| content.emit(out));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(view) = Content::parse(&bytes) {
            let again = written(|out| view.emit(out));
            prop_assert_eq!(Content::parse(&again).unwrap().head(), view.head());
        }
    }

    #[test]
    fn damaged_contents_are_refused_or_written_again(bytes in damaged(content())) {
        if let Ok(view) = Content::parse(&bytes) {
            let skips = match view.body {
                ContentBody::Candidates(list) => {
                    list.count() < usize::from(bytes[view.head().len()])
                }
                ContentBody::Pad(_) | ContentBody::Bytes(_) | ContentBody::Read(_) => false,
            };
            if !skips {
                prop_assert_eq!(written(|out| view.emit(out)), bytes);
            }
        }
    }
}

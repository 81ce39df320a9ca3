use proptest::prelude::*;

use super::*;
use crate::wire::testing::{fits_exactly, written};

/// ENV-12: `pflags` have no bit without a meaning.
#[test]
fn every_flags_byte_is_read_back_or_refused() {
    for byte in 0..=255_u8 {
        let bytes = [byte, 1, 2, 3, 4, 5];
        match SealPayload::parse(&bytes) {
            Ok(payload) => {
                assert_eq!(byte & 0xC0, 0);
                assert_eq!(payload.sid.is_some(), byte & 2 != 0);
                assert_eq!(written(|out| payload.emit(out)), bytes);
                fits_exactly(6, |out| payload.emit(out));
                let head = written(|out| payload.emit_head(out));
                assert_eq!(head, bytes[..payload.head_len()]);
            }
            Err(drop) => assert_eq!((drop, byte & 0xC0 != 0), (Drop::BadContent, true)),
        }
        let bytes = [byte, 1, 2, 3, 4];
        match RespPayload::parse(&bytes) {
            Ok(payload) => {
                assert_eq!(byte & 0xC3, 0);
                assert_eq!(payload.bytes(), bytes);
            }
            Err(drop) => assert_eq!((drop, byte & 0xC3 != 0), (Drop::BadContent, true)),
        }
    }
}

#[test]
fn lengths_are_checked() {
    for len in 0..6 {
        let bytes = [SID, 1, 2, 3, 4, 5];
        assert_eq!(SealPayload::parse(&bytes[..len]), Err(Drop::BadContent));
    }
    for len in (0..9).filter(|&len| len != RespPayload::LEN) {
        assert_eq!(RespPayload::parse(&[0; 9][..len]), Err(Drop::BadContent));
    }
}

#[test]
fn terms_are_what_they_say() {
    let best = Terms {
        persists: true,
        window: Window::Wide,
        max_envelope: MaxEnvelope::B65535,
    };
    assert_eq!(best.byte(), 0x3C);
    assert_eq!(Terms::default().byte(), 0);
    assert_eq!(best.max_envelope.bytes(), 65_535);
    assert_eq!(
        (Window::Narrow.messages(), Window::Wide.messages()),
        (128, 1_024)
    );
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_written_again(bytes in prop::collection::vec(any::<u8>(), 0..32)) {
        if let Ok(payload) = SealPayload::parse(&bytes) {
            prop_assert_eq!(written(|out| payload.emit(out)), bytes);
        }
    }
}

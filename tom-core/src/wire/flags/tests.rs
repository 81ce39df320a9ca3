use super::*;

#[test]
fn every_byte_is_flags_or_has_a_reserved_bit() {
    for byte in 0..=255_u8 {
        match Flags::from_byte(byte) {
            Some(flags) => {
                assert_eq!(byte & 0xC9, 0);
                assert_eq!(flags.byte(), byte);
                let rebuilt = Flags::new(flags.class())
                    .with_commit(flags.has_commit())
                    .with_trace(flags.wants_trace());
                assert_eq!(rebuilt, flags);
            }
            None => assert_ne!(byte & 0xC9, 0),
        }
    }
}

#[test]
fn flags_can_be_taken_back() {
    let all = Flags::new(Class::Bulk).with_commit(true).with_trace(true);
    assert_eq!(all.byte(), 0x36);
    assert_eq!(all.with_commit(false).with_trace(false).byte(), 0x30);
}

#[test]
fn kinds_are_one_to_five() {
    for code in 0..=255 {
        let kind = Kind::from_code(code);
        assert_eq!(kind.is_some(), (1..=5).contains(&code));
        if let Some(kind) = kind {
            assert_eq!(kind.code(), code);
            assert_eq!(kind.vt(), 0x10 | code);
        }
    }
}

use std::format;

use super::*;

#[test]
fn names_are_shown_in_hex_and_secrets_are_not() {
    assert_eq!(format!("{}", Sid([0, 1, 0xAB, 0xFF])), "0001abff");
    assert_eq!(format!("{:?}", Sid([0, 1, 0xAB, 0xFF])), "Sid(0001abff)");
    let shown = format!("{:?}", Secret([0x77; 16]));
    assert!(!shown.contains("77") && !shown.contains("119"), "{shown}");
}

#[test]
fn the_zero_handle_is_nobody() {
    assert!(Handle::NONE.is_none());
    for at in 0..8 {
        let mut handle = Handle::NONE;
        handle.0[at] = 1;
        assert!(!handle.is_none());
    }
    assert_eq!(Handle([1, 2, 3, 4, 5, 6, 7, 8]).head(), [1, 2, 3, 4]);
}

#[test]
fn a_reference_is_the_first_half_of_a_message_id() {
    let id = MessageId([1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9]);
    assert_eq!(id.reference(), Reference([1, 2, 3, 4, 5, 6, 7, 8]));
}

#[test]
fn a_secret_is_wiped() {
    let mut secret = Secret([0x77; 16]);
    secret.zeroize();
    assert_eq!(secret, Secret([0; 16]));
}

use std::string::ToString;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

fn unhex<const N: usize>(text: &str) -> [u8; N] {
    let bytes: Vec<u8> = (0..N)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    bytes.try_into().unwrap()
}

#[test]
fn known_answers() {
    let alice = *SoftKeys::from_seed([0x11; 32]).public();
    let bob = *SoftKeys::from_seed([0x22; 32]).public();
    let hex = "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737";
    assert_eq!(alice.as_bytes(), &unhex(hex));
    let hex = "a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0";
    assert_eq!(bob.as_bytes(), &unhex(hex));
    let hex = "7a46e129fd805047448437e4744f1f1576be8c449fdf57e0c580d36c5cfc6668";
    assert_eq!(alice.to_x().0, unhex(hex));
    let hex = "9d8d78b9c9e6661e552f2f1af02095ee2f8743fa2e6183f41bb7077ef51b5379";
    assert_eq!(bob.to_x().0, unhex(hex));
    assert_eq!(bob.handle().0, unhex("b2b4aba0d083885c"));
}

/// IDN-1: keys from outside are checked.
#[test]
fn small_order_and_non_canonical_keys_are_refused() {
    // The eight points of small order, then encodings of y >= p.
    let small = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    for hex in small {
        assert_eq!(PublicKey::from_bytes(unhex(hex)), Err(WeakKey), "{hex}");
    }
    let mut on_the_curve = 0;
    for low in 0xed..=0xff {
        for high in [0x7f, 0xff] {
            let mut bytes = [0xff; 32];
            bytes[0] = low;
            bytes[31] = high;
            on_the_curve += usize::from(CompressedEdwardsY(bytes).decompress().is_some());
            assert_eq!(PublicKey::from_bytes(bytes), Err(WeakKey), "{low:02x}");
            assert!(PublicKey::from_x(&XPublic(bytes), false).is_err());
        }
    }
    assert!(on_the_curve > 10, "the check must be what refuses them");
    // The largest canonical y values are refused only for not being points.
    for low in 0xe0..0xed {
        let mut bytes = [0xff; 32];
        bytes[0] = low;
        bytes[31] = 0x7f;
        let good = CompressedEdwardsY(bytes)
            .decompress()
            .is_some_and(|point| !point.is_small_order());
        assert_eq!(PublicKey::from_bytes(bytes).is_ok(), good, "{low:02x}");
    }
}

#[test]
fn a_small_order_key_cannot_make_a_signature_verify() {
    // With the identity point, R = 0 and s = 0 pass the lenient check for every message.
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let weak = PublicKey(identity);
    assert_eq!(
        weak.verify(b"anything", &Signature(signature)),
        Err(BadSignature)
    );
}

#[test]
fn signatures_verify_for_their_message_only() {
    let keys = SoftKeys::from_seed([7; 32]);
    let signature = keys.sign(b"message");
    assert_eq!(keys.public().verify(b"message", &signature), Ok(()));
    assert_eq!(
        keys.public().verify(b"massage", &signature),
        Err(BadSignature)
    );
}

#[test]
fn address_of_a_known_key() {
    let bob = *SoftKeys::from_seed([0x22; 32]).public();
    let text = bob.to_address();
    assert_eq!(text.len(), ADDRESS_LEN);
    assert_eq!(text.as_str(), bob.to_string());
    // Pinned, and checked with another bech32m implementation.
    assert_eq!(text, BOB_ADDRESS);
    assert_eq!(BOB_ADDRESS.parse(), Ok(bob));
    assert_eq!(BOB_ADDRESS.to_uppercase().parse(), Ok(bob));
}

/// IDN-7: each wrong address is refused for its own reason.
#[test]
fn wrong_addresses_say_why() {
    let parse = |text: &str| text.parse::<PublicKey>().unwrap_err();
    let encode = |hrp: &str, data: &[u8]| {
        let mut text = std::string::String::new();
        bech32::encode_lower_to_fmt::<Bech32m, _>(&mut text, Hrp::parse(hrp).unwrap(), data)
            .unwrap();
        text
    };
    let bob = *SoftKeys::from_seed([0x22; 32]).public();
    let with = |version: u8, more: &[u8]| [&[version][..], bob.as_bytes(), more].concat();

    assert_eq!(parse(""), AddressError::Checksum);
    assert_eq!(
        parse(&BOB_ADDRESS.replace("tom1q", "tom1p")),
        AddressError::Checksum
    );
    assert_eq!(parse(&encode("tim", &with(0, &[]))), AddressError::Prefix);
    assert_eq!(
        parse(&encode("tom", &with(1, &[]))),
        AddressError::Version(1)
    );
    assert_eq!(parse(&encode("tom", &with(0, &[0]))), AddressError::Length);
    assert_eq!(
        parse(&encode("tom", &with(0, &[])[..32])),
        AddressError::Length
    );
    assert_eq!(parse(&encode("tom", &[])), AddressError::Length);
    let weak = [0; 33];
    assert_eq!(parse(&encode("tom", &weak)), AddressError::Key(WeakKey));
    // bech32 (not bech32m) of the same data.
    let mut text = std::string::String::new();
    bech32::encode_lower_to_fmt::<bech32::Bech32, _>(&mut text, HRP, &with(0, &[])).unwrap();
    assert_eq!(parse(&text), AddressError::Checksum);
}

/// IDN-7: one identity has one address.
#[test]
fn stray_padding_bit_is_refused() {
    use bech32::primitives::iter::{ByteIterExt, Fe32IterExt};
    let bob = *SoftKeys::from_seed([0x22; 32]).public();
    let data = [&[0][..], bob.as_bytes()].concat();
    let mut fes: Vec<bech32::Fe32> = data.into_iter().bytes_to_fes().collect();
    let text = |fes: &[bech32::Fe32]| -> std::string::String {
        fes.iter()
            .copied()
            .with_checksum::<Bech32m>(&HRP)
            .chars()
            .collect()
    };
    assert_eq!(text(&fes), BOB_ADDRESS);
    let last = fes.last_mut().unwrap();
    *last = bech32::Fe32::try_from(last.to_u8() | 1).unwrap();
    assert_eq!(text(&fes).parse::<PublicKey>(), Err(AddressError::Length));
}

const BOB_ADDRESS: &str = "tom1qzsf4f050fn4nqp0l92l3hpd9g22tjvaywlf07ryzflljwp52kj0qh728fu";

proptest! {
    #[test]
    fn identity_survives_its_x_form_and_its_text(seed: [u8; 32]) {
        let public = *SoftKeys::from_seed(seed).public();
        prop_assert_eq!(PublicKey::from_x(&public.to_x(), public.sign_bit()), Ok(public));
        prop_assert!(PublicKey::from_x(&public.to_x(), !public.sign_bit()) != Ok(public));
        prop_assert_eq!(PublicKey::from_bytes(*public.as_bytes()), Ok(public));
        prop_assert_eq!(public.to_address().parse(), Ok(public));
    }

    #[test]
    fn agreement_is_symmetric(a: [u8; 32], b: [u8; 32]) {
        let (a, b) = (SoftKeys::from_seed(a), SoftKeys::from_seed(b));
        let ab = a.agree(&b.public().to_x()).unwrap();
        let ba = b.agree(&a.public().to_x()).unwrap();
        prop_assert_eq!(ab.as_bytes(), ba.as_bytes());
        // The secret scalar is the one behind the Montgomery form of the Ed25519 key.
        prop_assert_eq!(Tom1::x25519_base(a.agreement.as_bytes()), a.public().to_x().0);
    }

    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC{0,90}") {
        if let Ok(key) = text.parse::<PublicKey>() {
            prop_assert!(key.to_address().eq_ignore_ascii_case(&text));
        }
    }

    /// Asking for the other sign costs no second curve operation, and gives what that would give.
    #[test]
    fn other_sign_is_the_other_key_of_one_x(x: [u8; 32], one: bool, other: bool) {
        let (one, two) = (PublicKey::from_x(&XPublic(x), one), PublicKey::from_x(&XPublic(x), other));
        prop_assert_eq!(one.map(|key| key.with_sign(other)), two);
    }

    #[test]
    fn any_x_key_gives_its_own_identity_or_none(x: [u8; 32], sign: bool) {
        if let Ok(key) = PublicKey::from_x(&XPublic(x), sign) {
            prop_assert_eq!(key.to_x().0, x);
            prop_assert_eq!(key.sign_bit(), sign);
            prop_assert_eq!(PublicKey::from_bytes(*key.as_bytes()), Ok(key));
        }
    }
}

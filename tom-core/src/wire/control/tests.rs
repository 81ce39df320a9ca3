use proptest::prelude::*;

use super::*;
use crate::wire::testing::written;

fn bytes_of(write: impl FnOnce(&mut Writer<'_>) -> Result<(), TooShort>) -> std::vec::Vec<u8> {
    written(|out| {
        let mut w = Writer::new(out);
        write(&mut w)?;
        Ok(w.len())
    })
}

#[test]
fn the_longest_body_fits_its_buffer() {
    let hello = Hello::new(Profile(255), u32::MAX, Some(u32::MAX), u32::MAX);
    let bytes = bytes_of(|w| write_hello(&hello, w));
    assert_eq!(bytes.len(), 18);
    assert!(bytes.len() <= MAX_BODY);
    assert_eq!(Hello::parse(&bytes), Ok(hello));
}

/// LNK-7: what does not encode again to the same bytes is refused.
#[test]
fn a_number_has_one_form() {
    // The nonce 0 in one byte, then in two to five.
    assert!(Ping::parse(b"\x00\x01").is_ok());
    for long in [
        &b"\x80\x00\x01"[..],
        b"\x80\x80\x00\x01",
        b"\x80\x80\x80\x00\x01",
        b"\x80\x80\x80\x80\x00\x01",
    ] {
        assert_eq!(Ping::parse(long), Err(Drop::NotCanonical), "{long:?}");
    }
    // Six bytes, and five that do not fit 32 bits.
    assert_eq!(
        Ping::parse(b"\x80\x80\x80\x80\x80\x00\x01"),
        Err(Drop::NotCanonical)
    );
    assert_eq!(
        Ping::parse(b"\xff\xff\xff\xff\x10\x01"),
        Err(Drop::NotCanonical)
    );
}

#[test]
fn an_overlong_number_is_named_before_bytes_behind_it() {
    assert_eq!(Ping::parse(b"\x80\x00\x01\x00"), Err(Drop::NotCanonical));
    assert_eq!(Ping::parse(b"\x00\x01\x00"), Err(Drop::BadLength));
}

/// LNK-10: the version is looked at before the rest.
#[test]
fn another_version_is_refused_for_that_alone() {
    for version in (0..=255).filter(|&version| version != 1) {
        assert_eq!(Hello::parse(&[version, 0xFF]), Err(Drop::BadVersion));
    }
    assert_eq!(Hello::parse(&[]), Err(Drop::Truncated));
}

/// LNK-23: the ttl has a bound.
#[test]
fn a_question_travels_two_hops_at_most() {
    for ttl in 0..=255 {
        let mut bytes = [0; 10];
        bytes[9] = ttl;
        let expected = (ttl > 2).then_some(Drop::BadHop);
        assert_eq!(ReachAsk::parse(&bytes).err(), expected);
    }
    let ask = ReachAsk {
        handle: Handle([1; 8]),
        nonce: 1,
        ttl: 9,
    };
    let bytes = bytes_of(|w| write_ask(&ask, w));
    assert_eq!(ReachAsk::parse(&bytes), Ok(ReachAsk { ttl: 2, ..ask }));
}

#[test]
fn a_profile_says_whether_it_forwards() {
    assert!(!Profile::LEAF.forwards() && !Profile(9).forwards());
    assert!(Profile::RELAY.forwards() && Profile::FULL.forwards());
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_again(mut bytes in prop::collection::vec(any::<u8>(), 0..24)) {
        if let Ok(ping) = Ping::parse(&bytes) {
            prop_assert_eq!(&bytes_of(|w| write_ping(&ping, w)), &bytes);
        }
        if let Ok(ask) = ReachAsk::parse(&bytes) {
            prop_assert_eq!(&bytes_of(|w| write_ask(&ask, w)), &bytes);
        }
        if let Ok(answer) = ReachAnswer::parse(&bytes) {
            prop_assert_eq!(&bytes_of(|w| write_answer(&answer, w)), &bytes);
        }
        if let Some(version) = bytes.first_mut() {
            *version = VERSION;
        }
        if let Ok(hello) = Hello::parse(&bytes) {
            prop_assert_eq!(&bytes_of(|w| write_hello(&hello, w)), &bytes);
        }
    }

    #[test]
    fn every_value_comes_back(
        handle: [u8; 8],
        nonce: u32,
        small: u8,
        reply: bool,
        unix: Option<u32>,
        features: u32,
    ) {
        let handle = Handle(handle);
        let hello = Hello::new(Profile(small), nonce, unix, features);
        prop_assert_eq!(Hello::parse(&bytes_of(|w| write_hello(&hello, w))), Ok(hello));
        let ask = ReachAsk { handle, nonce, ttl: small % 3 };
        prop_assert_eq!(ReachAsk::parse(&bytes_of(|w| write_ask(&ask, w))), Ok(ask));
        let answer = ReachAnswer { handle, nonce, distance: small };
        prop_assert_eq!(ReachAnswer::parse(&bytes_of(|w| write_answer(&answer, w))), Ok(answer));
        let ping = Ping { nonce, reply };
        prop_assert_eq!(Ping::parse(&bytes_of(|w| write_ping(&ping, w))), Ok(ping));
    }
}

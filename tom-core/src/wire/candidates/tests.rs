use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::wire::testing::{candidates, damaged, fits_exactly, written};

const V4: Candidate = Candidate::V4 {
    address: [192, 0, 2, 1],
    port: 0x1234,
};
const V6: Candidate = Candidate::V6 {
    address: [7; 16],
    port: 443,
};

fn list(candidates: &[Candidate]) -> CandidateList {
    let mut list = CandidateList::new();
    assert!(candidates.iter().all(|&candidate| list.push(candidate)));
    list
}

/// CON-3: ports too are little endian.
#[test]
fn ports_are_little_endian_and_addresses_in_network_order() {
    let bytes = written(|out| list(&[V4]).emit(out));
    assert_eq!(bytes, [1, 4, 6, 192, 0, 2, 1, 0x34, 0x12]);
}

#[test]
fn a_list_takes_eight() {
    let mut full = list(&[V6; MAX_CANDIDATES]);
    assert!(!full.push(V4));
    let bytes = written(|out| full.emit(out));
    assert_eq!(Candidates::parse(&bytes).unwrap().to_list(), full);
    fits_exactly(bytes.len(), |out| full.emit(out));
}

#[test]
fn socket_addresses_come_back() {
    for candidate in [V4, V6] {
        assert_eq!(Candidate::from(SocketAddr::from(candidate)), candidate);
    }
    assert_eq!(SocketAddr::from(V4), "192.0.2.1:4660".parse().unwrap());
}

/// LNK-26: a list says how long each entry is.
#[test]
fn counts_and_lengths_are_checked() {
    for (bytes, drop) in [
        (&b""[..], Drop::Truncated),
        (b"\x01", Drop::Truncated),
        (b"\x01\x04", Drop::Truncated),
        (b"\x01\x04\x06abcde", Drop::BadLength),
        (b"\x01\x04\x05abcde", Drop::BadLength),
        (b"\x01\x06\x06abcdef", Drop::BadLength),
        (b"\x00\x00", Drop::BadLength),
        (b"\x09", Drop::BadCount),
        (b"\xff", Drop::BadCount),
    ] {
        assert_eq!(Candidates::parse(bytes), Err(drop), "{bytes:?}");
    }
}

/// LNK-27: what is not known here is passed over by its length.
#[test]
fn unknown_kinds_are_skipped() {
    let bytes = b"\x03\x07\x00\x04\x06\xc0\x00\x02\x01\x34\x12\xff\x03abc";
    let view = Candidates::parse(bytes).unwrap();
    assert_eq!(view.collect::<Vec<_>>(), [V4]);
    assert_eq!(view.to_list(), list(&[V4]));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(view) = Candidates::parse(&bytes) {
            let list = view.to_list();
            prop_assert_eq!(list.as_slice(), view.collect::<Vec<_>>());
            let again = written(|out| list.emit(out));
            prop_assert_eq!(Candidates::parse(&again).unwrap().to_list(), list);
        }
    }

    #[test]
    fn damaged_lists_of_known_kinds_are_written_again(bytes in damaged(candidates())) {
        if let Ok(view) = Candidates::parse(&bytes) {
            let list = view.to_list();
            // With as many entries read as were counted, nothing was skipped.
            if list.as_slice().len() == usize::from(bytes[0]) {
                prop_assert_eq!(written(|out| list.emit(out)), bytes);
            }
        }
    }
}

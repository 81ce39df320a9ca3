use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Rx, Tx, TxError};
use crate::crypto::{Key, Tom1};
use crate::link::packet::{DATA_HEAD, DATA_OVERHEAD, LinkSid};
use crate::link::reject::Reject;
use crate::link::rules::{KEY_PACKETS, LIFE_PACKETS, WINDOW};

const SID: LinkSid = LinkSid([1, 2, 3, 4]);

fn pair() -> (Tx, Rx) {
    (Tx::new(Key::new([7; 32])), Rx::new(Key::new([7; 32])))
}

fn seal(tx: &mut Tx, datagram: &[u8]) -> Vec<u8> {
    let mut buf = vec![0; datagram.len() + DATA_OVERHEAD];
    buf[DATA_HEAD..DATA_HEAD + datagram.len()].copy_from_slice(datagram);
    let len = tx.seal::<Tom1>(SID, &mut buf, datagram.len()).unwrap();
    assert_eq!(len, buf.len());
    buf
}

fn open(rx: &mut Rx, packet: &[u8]) -> Result<Vec<u8>, Reject> {
    let n = u32::from_le_bytes(packet[5..9].try_into().unwrap());
    let mut packet = packet.to_vec();
    rx.open::<Tom1>(n, &mut packet)
        .map(|datagram| datagram.to_vec())
}

/// The packet with counter `n`, without the ones before it.
fn at(n: u32) -> Vec<u8> {
    let mut tx = Tx::new(Key::new([7; 32]));
    for _ in 0..n / KEY_PACKETS {
        tx.key = tx.key.next::<Tom1>();
    }
    // On a boundary the sender itself derives the key.
    if n > 0 && n.is_multiple_of(KEY_PACKETS) {
        tx.key = Tx::new(Key::new([7; 32])).key;
        for _ in 1..n / KEY_PACKETS {
            tx.key = tx.key.next::<Tom1>();
        }
    }
    tx.n = n;
    seal(&mut tx, &n.to_le_bytes())
}

#[test]
fn every_packet_is_received_once_across_a_change_of_key() {
    let (mut tx, mut rx) = pair();
    let mut late = Vec::new();
    for n in 0..KEY_PACKETS + 200 {
        let packet = seal(&mut tx, &n.to_le_bytes());
        // A packet of the old key that comes after the change.
        if n == KEY_PACKETS - 3 {
            late = packet;
            continue;
        }
        assert_eq!(open(&mut rx, &packet), Ok(n.to_le_bytes().to_vec()));
        if n == KEY_PACKETS + 20 {
            assert!(rx.previous.is_some());
            assert_eq!(
                open(&mut rx, &late),
                Ok((KEY_PACKETS - 3).to_le_bytes().to_vec())
            );
            assert_eq!(open(&mut rx, &late), Err(Reject::Replay));
        }
    }
    assert!(
        rx.previous.is_none(),
        "the old key is gone once the window left it"
    );
}

#[test]
fn the_last_counter_is_used_and_none_after_it() {
    let mut rx = pair().1;
    for epoch in 1..LIFE_PACKETS / KEY_PACKETS {
        assert!(open(&mut rx, &at(epoch * KEY_PACKETS)).is_ok());
    }
    assert!(open(&mut rx, &at(LIFE_PACKETS - 1)).is_ok());
    let mut tx = Tx::new(Key::new([7; 32]));
    tx.n = LIFE_PACKETS;
    assert_eq!(tx.seal::<Tom1>(SID, &mut [0; 64], 4), Err(TxError::Spent));
    let mut beyond = at(LIFE_PACKETS - 1);
    beyond[5..9].copy_from_slice(&LIFE_PACKETS.to_le_bytes());
    assert_eq!(open(&mut rx, &beyond), Err(Reject::TooFar));
}

#[test]
fn a_forged_counter_one_key_ahead_changes_nothing() {
    let (mut tx, mut rx) = pair();
    let mut forged = seal(&mut tx, b"first");
    let first = forged.clone();
    forged[5..9].copy_from_slice(&(KEY_PACKETS + 5).to_le_bytes());
    assert_eq!(open(&mut rx, &forged), Err(Reject::BadTag));
    forged[5..9].copy_from_slice(&(2 * KEY_PACKETS).to_le_bytes());
    assert_eq!(open(&mut rx, &forged), Err(Reject::TooFar));
    assert_eq!((rx.upto, rx.epoch, rx.seen), (0, 0, 0));
    assert_eq!(open(&mut rx, &first), Ok(b"first".to_vec()));
}

#[test]
fn a_buffer_too_short_is_refused_and_spends_no_counter() {
    let mut tx = pair().0;
    assert_eq!(tx.seal::<Tom1>(SID, &mut [0; 28], 4), Err(TxError::Short));
    assert_eq!(
        tx.seal::<Tom1>(SID, &mut [0; 29], usize::MAX),
        Err(TxError::Short)
    );
    assert_eq!(tx.count(), 0);
    assert_eq!(tx.seal::<Tom1>(SID, &mut [0; 29], 4), Ok(29));
}

proptest! {
    /// The window against a set: accepted exactly if new and at most 64 behind the newest.
    #[test]
    fn the_window_is_a_set(order in prop::collection::vec(0u32..300, 1..200)) {
        let packets: Vec<_> = {
            let mut tx = pair().0;
            (0u32..300).map(|n| seal(&mut tx, &n.to_le_bytes())).collect()
        };
        let mut rx = pair().1;
        let mut seen = std::collections::BTreeSet::new();
        for n in order {
            let newest = seen.last().copied();
            let inside = newest.is_none_or(|newest: u32| n > newest || newest - n < WINDOW);
            let expected = if inside && !seen.contains(&n) { Ok(()) } else { Err(Reject::Replay) };
            prop_assert_eq!(open(&mut rx, &packets[n as usize]).map(|_| ()), expected);
            if expected.is_ok() {
                seen.insert(n);
            }
        }
    }

    #[test]
    fn a_changed_packet_is_refused_and_the_true_one_still_accepted(
        bit in 0usize..(DATA_OVERHEAD + 20) * 8,
    ) {
        let (mut tx, mut rx) = pair();
        let packet = seal(&mut tx, &[5; 20]);
        let mut changed = packet.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(open(&mut rx, &changed).is_err());
        prop_assert_eq!(open(&mut rx, &packet), Ok(vec![5; 20]));
    }
}

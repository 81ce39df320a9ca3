//! Parts of datagrams, counted by hand.

use tom_core::error::Drop;
use tom_core::output::Verdict;

use super::{judged, parts};

#[test]
fn frames_pairs_and_references_stand_for_themselves() {
    let ping = [8, 2, 0, 7, 0];
    let unknown = [9, 0, 0];
    assert_eq!(parts(&[]), 0);
    assert_eq!(parts(&[&ping[..], &unknown].concat()), 2);
    // A frame that is cut ends the datagram.
    assert_eq!(parts(&[&ping[..], &[8, 9, 0, 1]].concat()), 2);
    let taken = [&[3, 17, 0, 2][..], &[1; 16]].concat();
    assert_eq!(parts(&taken), 2);
    let ack = [&[0x14, 0, 8, 0, 0, 0, 1][..], &[0; 8], &[3], &[5; 72]].concat();
    assert_eq!(parts(&[&[2, 90, 0, 88, 0][..], &ack].concat()), 3);
}

#[test]
fn a_datagram_is_dropped_only_when_nothing_of_it_was_used() {
    let bad = Verdict::Dropped(Drop::UnknownFrame);
    assert_eq!(judged(bad, 2, 1), Verdict::Accepted(None));
    assert_eq!(judged(bad, 2, 2), bad);
    let nowhere = Verdict::Dropped(Drop::UnknownLink);
    assert_eq!(judged(nowhere, 2, 1), nowhere);
}

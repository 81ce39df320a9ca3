extern crate std;

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Deframer, Step, encoded};

/// Every outcome but `More`, frames copied out.
fn read(stream: &[u8], longest: usize) -> Vec<Option<Vec<u8>>> {
    let mut buf = vec![0; longest];
    let mut deframer = Deframer::new();
    let mut out = Vec::new();
    for byte in stream {
        match deframer.feed(*byte, &mut buf) {
            Step::More => {}
            Step::Bad => out.push(None),
            Step::Frame(bytes) => out.push(Some(bytes.to_vec())),
        }
    }
    out
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    // Runs around 254 bytes are where COBS changes its mind.
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..600),
        prop::collection::vec(1u8..=255, 250..260),
        prop::collection::vec(prop_oneof![Just(0u8), Just(1u8)], 0..20),
    ]
}

proptest! {
    #[test]
    fn frames_come_back(frames in prop::collection::vec(any_frame(), 1..5)) {
        let stream: Vec<u8> = frames.iter().flat_map(|frame| encoded(frame)).collect();
        let expected: Vec<_> = frames.into_iter().map(Some).collect();
        prop_assert_eq!(read(&stream, 600), expected);
    }

    #[test]
    fn the_line_is_plain_cobs(frame in any_frame()) {
        let mut plain = vec![0; cobs::max_encoding_length(frame.len()) + 1];
        let len = cobs::encode(&frame, &mut plain);
        let ours: Vec<u8> = encoded(&frame).collect();
        prop_assert_eq!(ours.last(), Some(&0));
        prop_assert!(!ours[..ours.len() - 1].contains(&0));
        let mut back = vec![0; frame.len() + 2];
        let report = cobs::decode(&ours[..ours.len() - 1], &mut back).unwrap();
        prop_assert_eq!(&back[..report.frame_size()], &frame[..]);
        // An encoder may or may not close a full last run with an empty one; nothing else differs.
        prop_assert!(ours[..ours.len() - 1] == plain[..len] || ours.len() == len);
    }

    #[test]
    fn noise_before_a_zero_costs_nothing_after_it(noise in prop::collection::vec(any::<u8>(), 0..900),
                                                  frame in any_frame()) {
        let mut stream = noise;
        stream.push(0);
        stream.extend(encoded(&frame));
        let seen = read(&stream, 600);
        prop_assert_eq!(seen.last(), Some(&Some(frame)));
    }
}

#[test]
fn a_frame_longer_than_the_buffer_is_bad_once_and_the_next_one_is_read() {
    let mut stream: Vec<u8> = encoded(&[7; 40]).collect();
    stream.extend(encoded(&[8; 10]));
    assert_eq!(read(&stream, 10), vec![None, Some(vec![8; 10])]);
}

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{CLASSES, Handle, LEAST, LONGEST, Payloads, class_of, size};

#[test]
fn a_buffer_is_hardly_longer_than_what_is_in_it() {
    for len in 0..=LONGEST {
        let class = class_of(len);
        assert!(class < CLASSES && size(class) >= len);
        assert!(class == 0 || size(class - 1) < len, "{len}");
    }
    assert_eq!((size(0), size(1), size(2)), (LEAST, 48, 64));
}

#[test]
fn a_freed_buffer_is_used_again() {
    let mut payloads = Payloads::default();
    let first = payloads.put(&[1; 200]);
    payloads.free(first);
    let second = payloads.put(&[2; 199]);
    assert_eq!(first, second);
    assert_eq!(payloads.get(second), [2; 199]);
    let memory = payloads.memory();
    payloads.free(second);
    for n in 0..1_000 {
        let handle = payloads.put(&[n as u8; 250]);
        payloads.free(handle);
    }
    assert_eq!(payloads.memory(), memory);
    assert_eq!(payloads.live().bytes, 0);
    assert_eq!(payloads.high_water().bytes, 250);
    assert_eq!(payloads.high_water().buffers, 1);
}

#[test]
fn who_is_alone_changes_in_place_and_who_shares_changes_a_copy() {
    let mut payloads = Payloads::default();
    let mut one = payloads.put(b"hello");
    let before = one;
    payloads.change(&mut one)[0] = b'j';
    assert_eq!((one, payloads.get(one)), (before, &b"jello"[..]));

    let mut two = payloads.share(one);
    assert_eq!(payloads.references(one), 2);
    payloads.change(&mut two)[4] = b'y';
    assert_ne!(one, two);
    assert_eq!(payloads.get(one), b"jello");
    assert_eq!(payloads.get(two), b"jelly");
    assert_eq!((payloads.references(one), payloads.references(two)), (1, 1));

    let mut three = payloads.share(two);
    payloads.truncate(&mut three, 2);
    assert_eq!(payloads.get(three), b"je");
    assert_eq!(payloads.get(two), b"jelly");
    let mut out = vec![9; 9];
    payloads.take(three, &mut out);
    assert_eq!(out, b"je");
    assert_eq!(payloads.live().buffers, 2);
}

/// Bytes that were cut short and are shared then are copied into a shorter buffer.
#[test]
fn a_copy_takes_no_more_than_it_needs() {
    let mut payloads = Payloads::default();
    let mut long = payloads.put(&[7; 1_000]);
    payloads.truncate(&mut long, 10);
    let mut short = payloads.share(long);
    payloads.change(&mut short)[0] = 8;
    assert_eq!(payloads.get(long), [7; 10]);
    assert_eq!(payloads.get(short), [8, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
    assert_ne!(short.class(), long.class());
}

#[test]
#[should_panic(expected = "freed")]
fn freeing_twice_is_noticed() {
    let mut payloads = Payloads::default();
    let handle = payloads.put(&[]);
    payloads.free(handle);
    payloads.free(handle);
}

#[derive(Clone, Debug)]
enum Step {
    Put(usize),
    Share(usize),
    Change(usize),
    Truncate(usize, usize),
    Free(usize),
    Copy,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0usize..3_000).prop_map(Step::Put),
        2 => any::<usize>().prop_map(Step::Share),
        2 => any::<usize>().prop_map(Step::Change),
        1 => (any::<usize>(), 0usize..3_000).prop_map(|(n, len)| Step::Truncate(n, len)),
        2 => any::<usize>().prop_map(Step::Free),
        1 => Just(Step::Copy),
    ]
}

proptest! {
    /// Each reference keeps the bytes it would have if nothing were ever shared.
    #[test]
    fn every_reference_keeps_its_own_bytes(steps in prop::collection::vec(step(), 0..150)) {
        let mut payloads = Payloads::default();
        let mut held: Vec<(Handle, Vec<u8>)> = Vec::new();
        for (n, step) in steps.into_iter().enumerate() {
            let pick = |n: usize| n.checked_rem(held.len());
            match step {
                Step::Put(len) => {
                    let bytes = vec![n as u8; len];
                    held.push((payloads.put(&bytes), bytes));
                }
                Step::Share(at) => if let Some(at) = pick(at) {
                    let (handle, bytes) = held[at].clone();
                    held.push((payloads.share(handle), bytes));
                }
                Step::Change(at) => if let Some(at) = pick(at) {
                    let (handle, bytes) = &mut held[at];
                    payloads.change(handle).fill(n as u8);
                    bytes.fill(n as u8);
                }
                Step::Truncate(at, len) => if let Some(at) = pick(at) {
                    let (handle, bytes) = &mut held[at];
                    payloads.truncate(handle, len);
                    bytes.truncate(len);
                }
                Step::Free(at) => if let Some(at) = pick(at) {
                    payloads.free(held.swap_remove(at).0);
                }
                Step::Copy => payloads = payloads.clone(),
            }
            for (handle, bytes) in &held {
                prop_assert_eq!(payloads.get(*handle), &bytes[..]);
            }
            let buffers: BTreeMap<u32, usize> =
                held.iter().map(|(handle, bytes)| (handle.0, bytes.len())).collect();
            prop_assert_eq!(payloads.live().buffers, buffers.len() as u64);
            prop_assert_eq!(payloads.live().bytes, buffers.values().sum::<usize>() as u64);
        }
        for (handle, _) in held {
            payloads.free(handle);
        }
        prop_assert_eq!(payloads.live().buffers, 0);
    }
}

//! Known answers come from an independent implementation in another language.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

#[test]
fn known_answer() {
    let mut drbg = Drbg::new(&Seed::new([0x55; 32]), "ephemeral");
    let draw: [u8; 32] = drbg.array();
    assert_eq!(
        draw[..],
        unhex("ad72028774a6acaee8fb93061744cf89035eb813c968afb95b3d8aa24246a452")
    );
    assert_eq!(drbg.array::<5>()[..], unhex("16e7d5dda9"));
    assert_eq!(
        drbg.array::<100>()[..],
        unhex(
            "063e1a6fe5b0ce68a1df9ff4de7f0c362246db03d5e5aca5e87b3e19dbe512a32db6c316a50ef402331a29f8a7\
             88bb6b4d01ae1e8286dbc8bbc9cb43ebbfaec5694ba9dc949a31331cc2663c0acbf279e26fd20ee31a3bf6f449\
             dc1ec5b919d5db4342f2"
        )
    );
    drbg.reseed(&Seed::new([0x66; 32]));
    assert_eq!(
        drbg.array::<16>()[..],
        unhex("c97126fc003bd448c2ef2c9bc43add8b")
    );
}

#[test]
fn known_answer_of_a_draw_over_the_longest() {
    let mut drbg = Drbg::new(&Seed::new([0x55; 32]), "long");
    let mut draw = vec![0xaa; 70_000];
    drbg.fill(&mut draw);
    assert_eq!(
        Tom1::sha256(&[&draw])[..],
        unhex("6ed132233f1380214ff2119a85e996b79bc1600b476fddac58755d0a10b166d9")
    );
    assert_eq!(drbg.next_u64().to_le_bytes()[..], unhex("da5606fa48a003bf"));
}

#[test]
fn streams_differ_by_label_and_by_seed_and_do_not_repeat() {
    let seed = Seed::new([1; 32]);
    let mut a = Drbg::new(&seed, "a");
    let first: [u8; 32] = a.array();
    assert_ne!(first, a.array());
    assert_ne!(first, Drbg::new(&seed, "b").array());
    assert_ne!(first, Drbg::new(&Seed::new([2; 32]), "a").array());
    assert_eq!(first, Drbg::new(&seed, "a").array());
}

#[test]
fn below_reaches_every_value_evenly() {
    let mut drbg = Drbg::new(&Seed::new([3; 32]), "below");
    let mut seen = [0_u32; 7];
    for _ in 0..7_000 {
        seen[usize::try_from(drbg.below(7)).unwrap()] += 1;
    }
    assert!(
        seen.iter().all(|count| (850..1_150).contains(count)),
        "{seen:?}"
    );
}

proptest! {
    #[test]
    fn below_is_below(seed: [u8; 32], bound: u64) {
        let mut drbg = Drbg::new(&Seed::new(seed), "below");
        let value = drbg.below(bound);
        prop_assert!(value < bound || (bound == 0 && value == 0));
    }

    /// ENT-3: the state after a draw does not depend on how long the draw was.
    #[test]
    fn the_state_moves_once_per_draw(seed: [u8; 32], len in 1_usize..300) {
        let seed = Seed::new(seed);
        let (mut a, mut b) = (Drbg::new(&seed, "x"), Drbg::new(&seed, "x"));
        a.fill(&mut vec![0; len]);
        b.fill(&mut [0; 300]);
        prop_assert_eq!(a.next_u64(), b.next_u64());
    }
}

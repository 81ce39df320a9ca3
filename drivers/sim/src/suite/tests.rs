#![allow(
    clippy::indexing_slicing,
    reason = "tests look at bytes where they know them to be"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use tom_core::crypto::{BadTag, Key};
use tom_core::identity::{Keys, XPublic};

use super::*;

/// Every encoding of an X25519 key of small order, but for the highest bit, which does not count.
fn weak_keys() -> Vec<[u8; 32]> {
    let near = |low: u8| {
        let mut key = [0xFF; 32];
        (key[0], key[31]) = (low, 0x7F);
        key
    };
    let mut one = [0; 32];
    one[0] = 1;
    let order_8 = [
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ];
    let hex = |text: &str| {
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex"))
    };
    let mut keys = vec![[0; 32], one, near(0xEC), near(0xED), near(0xEE)];
    keys.extend(order_8.map(hex));
    keys
}

fn weak_keys_are_refused<C: SimSuite>() {
    let keys = C::keys([7; 32]);
    for mut weak in weak_keys() {
        for high in [0, 0x80] {
            weak[31] ^= high;
            assert_eq!(C::x25519(&[9; 32], &weak), [0; 32], "{weak:02x?}");
            assert!(keys.agree(&XPublic(weak)).is_err(), "{weak:02x?}");
        }
    }
}

#[test]
fn weak_keys_agree_on_nothing() {
    weak_keys_are_refused::<Real>();
    weak_keys_are_refused::<Memo>();
    weak_keys_are_refused::<Fast>();
}

/// Both ends of each kind of agreement find the same value, and it is not zero.
fn ends_agree<C: SimSuite>(a: [u8; 32], b: [u8; 32]) {
    let (pa, pb) = (C::x25519_base(&a), C::x25519_base(&b));
    let ee = C::x25519(&a, &pb);
    assert_eq!(ee, C::x25519(&b, &pa));
    assert_ne!(ee, [0; 32]);
    let (ka, kb) = (C::keys(a), C::keys(b));
    let (xa, xb) = (ka.public().to_x(), kb.public().to_x());
    let ss = *ka.agree(&xb).expect("honest").as_bytes();
    assert_eq!(ss, *kb.agree(&xa).expect("honest").as_bytes());
    assert_ne!(ss, ee);
    let es = *ka.agree(&XPublic(pb)).expect("honest").as_bytes();
    assert_eq!(es, C::x25519(&b, &xa.0));
    assert!(es != ss && es != ee);
}

/// Whatever is not exactly what was sealed does not open and stays as it was.
fn forgery_fails<C: SimSuite>(
    key: [u8; 32],
    n: u64,
    ad: &[u8],
    text: &[u8],
    part: usize,
    bit: usize,
) {
    let mut sealed = text.to_vec();
    let tag = C::aead_seal(&key, n, ad, &mut sealed);
    let (mut key, mut n, mut ad, mut tag) = (key, n, ad.to_vec(), tag);
    let flip = |bytes: &mut [u8]| {
        let len = bytes.len();
        if let Some(byte) = bytes.get_mut(bit / 8 % len.max(1)) {
            *byte ^= 1 << (bit % 8);
        }
        len > 0
    };
    let changed = match part {
        0 => flip(&mut key),
        1 => flip(&mut tag),
        2 => flip(&mut ad),
        3 => flip(&mut sealed),
        4 => {
            n ^= 1 << (bit % 64);
            true
        }
        // What ends one part begins the next.
        5 => match (ad.pop(), sealed.len()) {
            (Some(byte), len) => {
                sealed.insert(0, byte);
                len < sealed.len()
            }
            (None, _) => false,
        },
        6 => sealed.pop().is_some(),
        _ => {
            sealed.push(0);
            true
        }
    };
    let before = sealed.clone();
    let opened = C::aead_open(&key, n, &ad, &mut sealed, &tag);
    if changed {
        assert_eq!((opened, sealed), (Err(BadTag), before));
    } else {
        assert_eq!((opened, sealed.as_slice()), (Ok(()), text));
    }
}

/// The real suite and the one with a memory, side by side.
fn same<T: PartialEq + std::fmt::Debug>(real: T, memo: T) -> T {
    assert_eq!(real, memo);
    real
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_ends_agree(a: [u8; 32], b: [u8; 32]) {
        prop_assume!(a != b);
        ends_agree::<Real>(a, b);
        ends_agree::<Memo>(a, b);
        ends_agree::<Fast>(a, b);
    }

    #[test]
    fn only_what_was_sealed_opens(
        key: [u8; 32], n: u64, ad in vec(any::<u8>(), 0..90), text in vec(any::<u8>(), 0..300),
        part in 0..8usize, bit: usize,
    ) {
        forgery_fails::<Real>(key, n, &ad, &text, part, bit);
        forgery_fails::<Memo>(key, n, &ad, &text, part, bit);
        forgery_fails::<Fast>(key, n, &ad, &text, part, bit);
    }

    /// The same outputs as the real suite for any use of it: in any order, seen before or not,
    /// honest or not.
    #[test]
    fn memo_gives_the_same_bytes(
        ops in vec((0..6u8, 0..4u8, 0..4u8, 0..3u64, vec(any::<u8>(), 0..40)), 1..40),
    ) {
        Memo::begin();
        let mut seen: Vec<[u8; 32]> = weak_keys();
        let mut sealed = Vec::new();
        for (op, one, other, n, text) in ops {
            let (secret, key) = ([one; 32], [other; 32]);
            match op {
                0 => seen.push(same(Real::x25519_base(&secret), Memo::x25519_base(&secret))),
                1 => {
                    let their = seen[(usize::from(other) + text.len()) % seen.len()];
                    same(Real::x25519(&secret, &their), Memo::x25519(&secret, &their));
                }
                2 => {
                    let their = XPublic(seen[(usize::from(other) + text.len()) % seen.len()]);
                    let (real, memo) = (<Real as SimSuite>::keys(secret), Memo::keys(secret));
                    same(*real.public(), *memo.public());
                    prop_assert_eq!(
                        real.agree(&their).map(|shared| *shared.as_bytes()),
                        memo.agree(&their).map(|shared| *shared.as_bytes()),
                    );
                    seen.push(real.public().to_x().0);
                }
                3 => {
                    let (mut real, mut memo) = (text.clone(), text.clone());
                    let tag = same(
                        Real::aead_seal(&key, n, &secret, &mut real),
                        Memo::aead_seal(&key, n, &secret, &mut memo),
                    );
                    sealed.push((key, n, secret, same(real, memo), tag));
                }
                4 => {
                    if let Some((key, n, ad, text, tag)) = sealed.last() {
                        let (mut real, mut memo) = (text.clone(), text.clone());
                        if let Some(byte) = real.first_mut().filter(|_| one == 0) {
                            *byte ^= other;
                        }
                        memo.clone_from(&real);
                        let n = n ^ u64::from(one == 1);
                        prop_assert_eq!(
                            Real::aead_open(key, n, ad, &mut real, tag),
                            Memo::aead_open(key, n, ad, &mut memo, tag),
                        );
                        same(real, memo);
                    }
                }
                _ => {
                    same(Real::hmac(&key, &[&secret, &text]), Memo::hmac(&key, &[&secret, &text]));
                    same(Real::sha256(&[&text]), Memo::sha256(&[&text]));
                }
            }
        }
    }

    /// Parts are hashed as if they were one, as the real functions do.
    #[test]
    fn fast_hashes_a_concatenation(key: [u8; 32], text in vec(any::<u8>(), 0..200), cut: usize) {
        let (one, other) = text.split_at(cut % (text.len() + 1));
        prop_assert_eq!(Fast::sha256(&[one, other]), Fast::sha256(&[&text]));
        prop_assert_eq!(Fast::hmac(&key, &[one, other]), Fast::hmac(&key, &[&text]));
        prop_assert_ne!(Fast::sha256(&[&text]), Fast::hmac(&[0; 32], &[&text]));
    }

    /// Secrets that differ where it counts have different public halves, none of them weak.
    #[test]
    fn fast_public_halves_differ(secret: [u8; 32], bit in 0..256usize) {
        let counts = !matches!(bit, 0..3 | 254 | 255);
        let mut other = secret;
        other[bit / 8] ^= 1 << (bit % 8);
        let (one, other) = (Fast::x25519_base(&secret), Fast::x25519_base(&other));
        prop_assert_eq!(one != other, counts);
        prop_assert_ne!(Fast::x25519(&[1; 32], &one), [0; 32]);
    }

    /// No byte of a packet is what it was, in most packets; nothing reads it unopened.
    #[test]
    fn fast_ciphertext_is_not_the_plaintext(key: [u8; 32], n: u64, len in 64..300usize) {
        let mut text = vec![0; len];
        Fast::aead_seal(&key, n, &[], &mut text);
        let zeros = text.iter().filter(|byte| **byte == 0).count();
        prop_assert!(zeros < 16, "{} of {}", zeros, len);
        let mut next = vec![0; len];
        Fast::aead_seal(&key, n.wrapping_add(1), &[], &mut next);
        prop_assert_ne!(text, next);
    }
}

/// Noise's rekey under every suite: a chain of keys without an end.
#[test]
fn next_keys_differ() {
    fn chain<C: SimSuite>() {
        let mut key = Key::new([0; 32]);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1_000 {
            assert!(seen.insert(*key.as_bytes()));
            key = key.next::<C>();
        }
    }
    chain::<Real>();
    chain::<Memo>();
    chain::<Fast>();
}

#[test]
fn one_seed_is_one_identity_under_all_suites() {
    for n in 0..20 {
        let (real, memo, fast) = (
            Real::keys([n; 32]),
            Memo::keys([n; 32]),
            Fast::keys([n; 32]),
        );
        assert_eq!(real.public(), memo.public());
        assert_eq!(real.public(), fast.public());
        let signature = fast.clone().sign(b"text");
        assert_eq!(real.public().verify(b"text", &signature), Ok(()));
    }
}

/// Memory is bounded, and what was forgotten is computed again.
#[test]
fn memo_forgets() {
    Memo::begin();
    let most = memo::AGREEMENTS * 2 + memo::PACKETS;
    let seal = |n: u64| {
        let mut text = n.to_le_bytes().to_vec();
        let tag = Memo::aead_seal(&[1; 32], n, &[], &mut text);
        (text, tag)
    };
    let (mut first, tag) = seal(0);
    for n in 1..=3 * memo::PACKETS as u64 {
        seal(n);
    }
    assert!(Memo::used().entries <= most);
    let full = Memo::used().entries;
    seal(u64::from(u32::MAX));
    assert_eq!(Memo::used().entries, full, "full is full");
    assert_eq!(Memo::aead_open(&[1; 32], 0, &[], &mut first, &tag), Ok(()));
    assert_eq!(first, 0u64.to_le_bytes());
    let used = Memo::used();
    assert_eq!((used.opened, used.opened_before), (1, 0));
    let (mut last, tag) = seal(5);
    assert_eq!(Memo::aead_open(&[1; 32], 5, &[], &mut last, &tag), Ok(()));
    assert_eq!(Memo::used().opened_before, 1);
    Memo::begin();
    assert_eq!(Memo::used(), MemoUse::default());
}

/// A handshake costs four agreements instead of eight: each is computed at one end.
#[test]
fn memo_computes_for_both_ends() {
    Memo::begin();
    let (a, b) = ([1; 32], [2; 32]);
    let (pa, pb) = (Memo::x25519_base(&a), Memo::x25519_base(&b));
    Memo::x25519(&a, &pb);
    Memo::x25519(&b, &pa);
    let keys = Memo::keys([3; 32]);
    let x = keys.public().to_x();
    Memo::x25519(&a, &x.0);
    keys.agree(&XPublic(pa)).expect("honest");
    let used = Memo::used();
    assert_eq!((used.agreed, used.agreed_before), (2, 2));
}

/// Not a measurement: that every row is there and every operation works.
#[cfg(unix)]
#[test]
fn bench_has_a_row_for_everything() {
    let rows = bench::rows(20);
    assert_eq!(rows.len(), 3 * 8);
    assert!(rows.iter().all(|row| row.ns > 0.0 && row.ns.is_finite()));
}

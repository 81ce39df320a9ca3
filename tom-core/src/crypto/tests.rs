//! Known answers for the suite's glue and the whole handshake; the primitives themselves are
//! checked against Wycheproof and Noise IK against public vectors under `tests/`.

use std::vec;
use std::vec::Vec;

use super::noise::{self, NoiseError, PAYLOAD1_AT, PAYLOAD2_AT, Read1};
use super::*;
use crate::identity::{Keys, PublicKey, SoftKeys, XPublic};

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// Everything a handshake between two fixed identities produced.
struct Handshake {
    alice: SoftKeys,
    bob: SoftKeys,
    message1: Vec<u8>,
    written: noise::Written1,
    responder: noise::Responder,
}

const EXPIRY: u32 = 1_800_000_000;

fn prologue(recipient: &PublicKey) -> [u8; SEAL_PROLOGUE_LEN] {
    seal_prologue(0x11, 2, EXPIRY, 0, recipient)
}

fn payload1(alice: &SoftKeys) -> Vec<u8> {
    let mut payload = vec![
        2 | u8::from(alice.public().sign_bit()),
        0xa1,
        0xa2,
        0xa3,
        0xa4,
    ];
    payload.extend_from_slice(b"hello ToM");
    payload
}

fn first_message() -> Handshake {
    let alice = SoftKeys::from_seed([0x11; 32]);
    let bob = SoftKeys::from_seed([0x22; 32]);
    let (ax, bx) = (alice.public().to_x(), bob.public().to_x());
    let prologue = prologue(bob.public());

    let payload = payload1(&alice);
    let mut message1 = vec![0; payload.len() + noise::OVERHEAD1];
    message1[PAYLOAD1_AT..][..payload.len()].copy_from_slice(&payload);
    let ss = alice.agree(&bx).unwrap();
    let written =
        noise::write1::<Tom1>(&mut message1, &prologue, &[0x33; 32], &ax, &ss, &bx).unwrap();

    let mut read = message1.clone();
    let start = Read1::start::<Tom1>(&bob, &bx, &prologue, &read).unwrap();
    assert_eq!(*start.sender_x(), ax);
    let ss = bob.agree(start.sender_x()).unwrap();
    let responder = start.finish::<Tom1>(&ss, &mut read).unwrap();
    assert_eq!(&read[PAYLOAD1_AT..][..payload.len()], payload);
    Handshake {
        alice,
        bob,
        message1,
        written,
        responder,
    }
}

/// SES-1: made with an independent implementation in another language before this one existed.
#[test]
fn handshake_known_answer() {
    let Handshake {
        alice,
        bob,
        message1,
        written,
        responder,
    } = first_message();
    assert_eq!(
        message1,
        unhex(
            "7b0d47d93427f8311160781c7c733fd89f88970aef490d8aa0ee19a4cb8a1b14ba9dd566a6c4cdf878b18bab40\
             c156a7f67e0cf90ec16eb3a8954bafedb41064da9807eb9cb6edd83139b81df33da718686a9667733abc89479a\
             2f56ea812f713cde4533c14fdd75a1b0235d1dcd"
        )
    );
    let secret = ack_secret_seal::<Tom1>(responder.ck());
    assert_eq!(secret, ack_secret_seal::<Tom1>(written.initiator.ck()));
    assert_eq!(secret[..], unhex("520497c287c0f9b01ba4a5c962273638"));
    let commitment = commit::<Tom1>(EXPIRY, &bob.public().handle(), &secret);
    assert_eq!(commitment[..], unhex("c919440aa1e7762f"));

    let mut message2 = vec![0; 5 + noise::OVERHEAD2];
    message2[PAYLOAD2_AT..][..5].copy_from_slice(&[0, 0xb1, 0xb2, 0xb3, 0xb4]);
    let there = responder
        .write2::<Tom1>(&[0x44; 32], &mut message2)
        .unwrap();
    assert_eq!(
        message2,
        unhex(
            "ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6bee0ceb918152ebc32b154b5b71\
             5ed3b01a2c02942f"
        )
    );
    let here = written
        .initiator
        .read2::<Tom1>(&alice, &mut message2)
        .unwrap();
    assert_eq!(message2[PAYLOAD2_AT..][..5], [0, 0xb1, 0xb2, 0xb3, 0xb4]);
    for split in [&here, &there] {
        assert_eq!(
            split.k_i2r.as_bytes()[..],
            unhex("e9c2a017d15aeadcd8841aaa153002511b372e95938ad9dbab508a2fbe062f7d")
        );
        assert_eq!(
            split.k_r2i.as_bytes()[..],
            unhex("5e8d5dcd6bd141aa2a4d33931c424e8ad1c18f6ce06ca1d9b1cd23bcb79b349f")
        );
        assert_eq!(
            split.h[..],
            unhex("8c167ea536232daa5320756b18dceefd69781e0a151fb5d1a0ed55d0295657c6")
        );
    }
    assert_eq!(here.ack_root.as_bytes(), there.ack_root.as_bytes());

    // One message of the second epoch, the same layout as today but for the content type.
    let aad = data_aad(
        0x13,
        0,
        EXPIRY,
        bob.public(),
        &[0xb1, 0xb2, 0xb3, 0xb4],
        65,
        None,
    );
    let mut text = *b"again";
    let tag = Tom1::aead_seal(
        here.k_i2r.next::<Tom1>().as_bytes(),
        65,
        aad.as_bytes(),
        &mut text,
    );
    let sealed = [&text[..], &tag[..]].concat();
    assert_eq!(sealed, unhex("87c5e267669c4cb84b9d9efa81b5793b044f4b4eaf"));
}

#[test]
fn every_changed_byte_of_message_1_is_refused_and_leaves_the_buffer() {
    let Handshake { bob, message1, .. } = first_message();
    let bx = bob.public().to_x();
    for at in 0..message1.len() {
        let mut forged = message1.clone();
        forged[at] ^= 1;
        let before = forged.clone();
        let read =
            Read1::start::<Tom1>(&bob, &bx, &prologue(bob.public()), &forged).and_then(|start| {
                let ss = bob.agree(start.sender_x())?;
                start.finish::<Tom1>(&ss, &mut forged)
            });
        assert!(read.is_err(), "byte {at}");
        assert_eq!(forged, before, "byte {at}");
    }
}

#[test]
fn every_changed_byte_of_message_2_is_refused_and_the_handshake_lives_on() {
    let Handshake {
        alice,
        written,
        responder,
        ..
    } = first_message();
    let mut message2 = vec![7; 5 + noise::OVERHEAD2];
    let there = responder
        .write2::<Tom1>(&[0x44; 32], &mut message2)
        .unwrap();
    for at in 0..message2.len() {
        let mut forged = message2.clone();
        forged[at] ^= 1;
        assert!(
            written
                .initiator
                .read2::<Tom1>(&alice, &mut forged)
                .is_err()
        );
    }
    let mut bytes = [0; noise::Initiator::EXPORT_LEN];
    written.initiator.export(&mut bytes);
    let kept = noise::Initiator::import(&bytes);
    let here = kept.read2::<Tom1>(&alice, &mut message2).unwrap();
    assert_eq!(here.h, there.h);
    assert_eq!(message2[PAYLOAD2_AT..][..5], [7; 5]);
}

/// SES-1, ENV-3: no header field can be changed on the way.
#[test]
fn prologue_binds_every_field() {
    let Handshake {
        alice,
        bob,
        message1,
        ..
    } = first_message();
    let bx = bob.public().to_x();
    let others = [
        seal_prologue(0x12, 2, EXPIRY, 0, bob.public()),
        seal_prologue(0x11, 6, EXPIRY, 0, bob.public()),
        seal_prologue(0x11, 2, EXPIRY + 1, 0, bob.public()),
        seal_prologue(0x11, 2, EXPIRY, 1, bob.public()),
        seal_prologue(0x11, 2, EXPIRY, 0, alice.public()),
    ];
    for other in others {
        let read = Read1::start::<Tom1>(&bob, &bx, &other, &message1);
        assert_eq!(read.err(), Some(NoiseError::BadTag));
    }
}

#[test]
fn data_aad_is_the_fields_in_order() {
    let bob = SoftKeys::from_seed([0x22; 32]);
    let head = [
        &b"ToM1-data"[..],
        &[0x13, 0x22, 4, 3, 2, 1],
        bob.public().as_bytes(),
    ]
    .concat();
    let plain = [&head[..], &[5, 6, 7, 8, 12, 11, 10, 9]].concat();
    let sid = [5, 6, 7, 8];
    let make = |commit| {
        data_aad(
            0x13,
            0x22,
            0x0102_0304,
            bob.public(),
            &sid,
            0x090a_0b0c,
            commit,
        )
    };
    assert_eq!(make(None).as_bytes(), plain);
    let with = [&plain[..], &[1, 2, 3, 4, 5, 6, 7, 8]].concat();
    assert_eq!(make(Some(&[1, 2, 3, 4, 5, 6, 7, 8])).as_bytes(), with);
}

#[test]
fn sender_opens_its_own_message_1_again() {
    let Handshake {
        alice,
        mut message1,
        written,
        ..
    } = first_message();
    let mut bytes = [0; noise::Reopen::EXPORT_LEN];
    written.reopen.export(&mut bytes);
    let reopen = noise::Reopen::import(&bytes);
    let payload = payload1(&alice);
    let sent = message1.clone();
    reopen.open::<Tom1>(&mut message1).unwrap();
    assert_eq!(&message1[PAYLOAD1_AT..][..payload.len()], payload);
    let mut changed = sent;
    changed[PAYLOAD1_AT] ^= 1;
    assert_eq!(reopen.open::<Tom1>(&mut changed), Err(NoiseError::BadTag));
}

#[test]
fn weak_keys_and_short_buffers_are_refused() {
    let Handshake {
        alice,
        bob,
        message1,
        written,
        responder,
    } = first_message();
    let (ax, bx) = (alice.public().to_x(), bob.public().to_x());
    let ss = alice.agree(&bx).unwrap();
    let p = prologue(bob.public());
    let mut one = [0; XPublic([0; 32]).0.len()];
    one[0] = 1;
    for weak in [[0; 32], one] {
        let mut buf = message1.clone();
        let err = noise::write1::<Tom1>(&mut buf, &p, &[3; 32], &ax, &ss, &XPublic(weak)).err();
        assert_eq!(err, Some(NoiseError::WeakKey));
        buf[..32].copy_from_slice(&weak);
        let err = Read1::start::<Tom1>(&bob, &bx, &p, &buf).err();
        assert_eq!(err, Some(NoiseError::WeakKey));
        let mut buf = [0; 64];
        buf[..32].copy_from_slice(&weak);
        let err = written.initiator.read2::<Tom1>(&alice, &mut buf).err();
        assert_eq!(err, Some(NoiseError::WeakKey));
    }
    for len in 0..noise::OVERHEAD1 {
        let mut buf = message1[..len].to_vec();
        let err = Read1::start::<Tom1>(&bob, &bx, &p, &buf).err();
        assert_eq!(err, Some(NoiseError::Short));
        let err = noise::write1::<Tom1>(&mut buf, &p, &[3; 32], &ax, &ss, &bx).err();
        assert_eq!(err, Some(NoiseError::Short));
        assert_eq!(
            written.reopen.open::<Tom1>(&mut buf),
            Err(NoiseError::Short)
        );
    }
    for len in 0..noise::OVERHEAD2 {
        let mut buf = vec![9; len];
        let err = responder.write2::<Tom1>(&[4; 32], &mut buf).err();
        assert_eq!(err, Some(NoiseError::Short));
        let err = written.initiator.read2::<Tom1>(&alice, &mut buf).err();
        assert_eq!(err, Some(NoiseError::Short));
    }
}

#[test]
fn proof_opens_only_its_own_commitment() {
    let bob = SoftKeys::from_seed([0x22; 32]).public().handle();
    let secret = ack_secret_data::<Tom1>(&[5; 32], 0, 7);
    let commitment = commit::<Tom1>(EXPIRY, &bob, &secret);
    assert!(verify_proof::<Tom1>(&commitment, EXPIRY, &bob, &secret));
    assert!(!verify_proof::<Tom1>(
        &commitment,
        EXPIRY + 1,
        &bob,
        &secret
    ));
    for other in [
        ack_secret_data::<Tom1>(&[5; 32], 1, 7),
        ack_secret_data::<Tom1>(&[5; 32], 0, 8),
        ack_secret_data::<Tom1>(&[6; 32], 0, 7),
    ] {
        assert!(!verify_proof::<Tom1>(&commitment, EXPIRY, &bob, &other));
    }
}

#[test]
fn secrets_do_not_print() {
    let Handshake { written, .. } = first_message();
    let text = std::format!("{:?} {:?}", written, Key::new([0xab; 32]));
    assert!(!text.contains("ab") && !text.contains("171"), "{text}");
}

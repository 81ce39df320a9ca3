//! The handshake against snow as the live partner, in both roles.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod raw;

use raw::RawKeys;
use snow::{Builder, HandshakeState, StatelessTransportState};
use tom_core::crypto::noise::{self, OVERHEAD1, OVERHEAD2, PAYLOAD1_AT, PAYLOAD2_AT, Read1, Split};
use tom_core::crypto::{Key, Suite, TAG_LEN, Tom1};
use tom_core::identity::Keys;

const NAME: &str = "Noise_IK_25519_ChaChaPoly_SHA256";
const PROLOGUE: &[u8] = b"a prologue of some length";
const SIZES: [usize; 4] = [0, 1, 79, 500];
const OUR_STATIC: [u8; 32] = [0x31; 32];
const THEIR_STATIC: [u8; 32] = [0x92; 32];
const OUR_EPHEMERAL: [u8; 32] = [0x57; 32];

/// snow with its own random ephemeral.
fn snow<'a>() -> Builder<'a> {
    Builder::new(NAME.parse().unwrap())
        .prologue(PROLOGUE)
        .unwrap()
        .local_private_key(&THEIR_STATIC)
        .unwrap()
}

fn text(len: usize, salt: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + salt) as u8).collect()
}

/// A message of ours before it is written: room, payload, room.
fn unwritten(at: usize, overhead: usize, payload: &[u8]) -> Vec<u8> {
    let mut buf = vec![0; payload.len() + overhead];
    buf[at..at + payload.len()].copy_from_slice(payload);
    buf
}

fn snow_reads(snow: &mut HandshakeState, message: &[u8], payload: &[u8]) {
    let mut out = vec![0; 65_535];
    let len = snow.read_message(message, &mut out).unwrap();
    assert_eq!(out[..len], *payload);
}

fn snow_writes(snow: &mut HandshakeState, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 65_535];
    let len = snow.write_message(payload, &mut out).unwrap();
    out.truncate(len);
    out
}

fn we_initiate(size1: usize, size2: usize) -> (Split, HandshakeState) {
    let us = RawKeys::new(OUR_STATIC);
    let rs = RawKeys::new(THEIR_STATIC).x_public();
    let mut them = snow().build_responder().unwrap();

    let payload = text(size1, 1);
    let mut buf = unwritten(PAYLOAD1_AT, OVERHEAD1, &payload);
    let ss = us.agree(&rs).unwrap();
    let written =
        noise::write1::<Tom1>(&mut buf, PROLOGUE, &OUR_EPHEMERAL, &us.x_public(), &ss, &rs)
            .unwrap();
    snow_reads(&mut them, &buf, &payload);
    assert_eq!(them.get_remote_static(), Some(&us.x_public().0[..]));

    let payload = text(size2, 2);
    let mut buf = snow_writes(&mut them, &payload);
    let split = written.initiator.read2::<Tom1>(&us, &mut buf).unwrap();
    assert_eq!(buf[PAYLOAD2_AT..][..size2], payload);
    (split, them)
}

fn we_respond(size1: usize, size2: usize) -> (Split, HandshakeState) {
    let us = RawKeys::new(OUR_STATIC);
    let our_public = us.x_public();
    let mut them = snow()
        .remote_public_key(&our_public.0)
        .unwrap()
        .build_initiator()
        .unwrap();

    let payload = text(size1, 3);
    let mut buf = snow_writes(&mut them, &payload);
    let read = Read1::start::<Tom1>(&us, &our_public, PROLOGUE, &buf).unwrap();
    assert_eq!(*read.sender_x(), RawKeys::new(THEIR_STATIC).x_public());
    let ss = us.agree(read.sender_x()).unwrap();
    let responder = read.finish::<Tom1>(&ss, &mut buf).unwrap();
    assert_eq!(buf[PAYLOAD1_AT..][..size1], payload);

    let payload = text(size2, 4);
    let mut buf = unwritten(PAYLOAD2_AT, OVERHEAD2, &payload);
    let split = responder.write2::<Tom1>(&OUR_EPHEMERAL, &mut buf).unwrap();
    snow_reads(&mut them, &buf, &payload);
    (split, them)
}

/// 200 messages each way, both sides taking the next key after every 64.
fn exchange(ours: [&Key; 2], them: &mut StatelessTransportState) {
    let [mut out_key, mut in_key] = ours.map(Clone::clone);
    let mut rekeys = 0;
    for n in 0..200_u64 {
        if n > 0 && n % 64 == 0 {
            out_key = out_key.next::<Tom1>();
            in_key = in_key.next::<Tom1>();
            them.rekey_outgoing();
            them.rekey_incoming();
            rekeys += 1;
        }
        let payload = text(SIZES[n as usize % 4], n as usize);
        let mut sealed = payload.clone();
        let tag = Tom1::aead_seal(out_key.as_bytes(), n, &[], &mut sealed);
        sealed.extend_from_slice(&tag);
        let mut out = vec![0; 65_535];
        let len = them.read_message(n, &sealed, &mut out).unwrap();
        assert_eq!(out[..len], payload, "out {n}");

        let mut out = vec![0; 65_535];
        let len = them.write_message(n, &payload, &mut out).unwrap();
        let (sealed, tag) = out[..len].split_last_chunk_mut::<TAG_LEN>().unwrap();
        Tom1::aead_open(in_key.as_bytes(), n, &[], sealed, tag).unwrap();
        assert_eq!(sealed, payload, "in {n}");
    }
    assert_eq!(rekeys, 3);
}

fn every_size(play: impl Fn(usize, usize) -> (Split, HandshakeState), we_initiate: bool) {
    for size1 in SIZES {
        for size2 in SIZES {
            let (split, them) = play(size1, size2);
            assert_eq!(them.get_handshake_hash(), split.h, "{size1} {size2}");
            let (i2r, r2i) = (&split.k_i2r, &split.k_r2i);
            let ours = if we_initiate { [i2r, r2i] } else { [r2i, i2r] };
            exchange(ours, &mut them.into_stateless_transport_mode().unwrap());
        }
    }
}

#[test]
fn we_initiate_and_snow_responds() {
    every_size(we_initiate, true);
}

#[test]
fn snow_initiates_and_we_respond() {
    every_size(we_respond, false);
}

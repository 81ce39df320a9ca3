//! The handshake against the public Noise IK vectors, both roles.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod raw;

use raw::RawKeys;
use tom_core::crypto::noise::{self, OVERHEAD1, OVERHEAD2, PAYLOAD1_AT, PAYLOAD2_AT, Read1};
use tom_core::crypto::{Suite, TAG_LEN, Tom1};
use tom_core::identity::{Keys, XPublic};

const VECTORS: &str = include_str!("data/noise_ik.txt");

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}

/// One vector: fields in order, messages as payload and ciphertext.
struct Vector {
    name: String,
    fields: Vec<(String, Vec<u8>)>,
}

impl Vector {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let field = self.fields.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| &value[..])
    }

    fn key(&self, name: &str) -> [u8; 32] {
        self.get(name).unwrap().try_into().unwrap()
    }

    fn messages(&self) -> Vec<(&[u8], &[u8])> {
        let all = |name: &'static str| {
            let fields = self.fields.iter().filter(move |(key, _)| key == name);
            fields.map(|(_, value)| &value[..])
        };
        all("payload").zip(all("ciphertext")).collect()
    }
}

fn vectors() -> Vec<Vector> {
    let mut vectors: Vec<Vector> = Vec::new();
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#'));
    for (key, value) in lines.filter_map(|line| line.split_once(' ')) {
        if key == "vector" {
            vectors.push(Vector {
                name: value.to_owned(),
                fields: Vec::new(),
            });
        } else {
            let vector = vectors.last_mut().unwrap();
            vector.fields.push((key.to_owned(), unhex(value)));
        }
    }
    vectors
}

/// A buffer with the payload in place and room for what the handshake adds.
fn buffer(at: usize, overhead: usize, payload: &[u8]) -> Vec<u8> {
    let mut buf = vec![0; payload.len() + overhead];
    buf[at..at + payload.len()].copy_from_slice(payload);
    buf
}

fn check(vector: &Vector) {
    let name = &vector.name;
    let prologue = vector.get("prologue").unwrap();
    let initiator = RawKeys::new(vector.key("init_static"));
    let responder = RawKeys::new(vector.key("resp_static"));
    let rs = XPublic(vector.key("init_remote_static"));
    assert_eq!(responder.x_public(), rs, "{name}");
    let messages = vector.messages();

    let (payload, expected) = messages[0];
    let mut buf = buffer(PAYLOAD1_AT, OVERHEAD1, payload);
    let written = noise::write1::<Tom1>(
        &mut buf,
        prologue,
        &vector.key("init_ephemeral"),
        &initiator.x_public(),
        &initiator.agree(&rs).unwrap(),
        &rs,
    )
    .unwrap();
    assert_eq!(buf, expected, "{name}");
    let read = Read1::start::<Tom1>(&responder, &rs, prologue, &buf).unwrap();
    assert_eq!(*read.sender_x(), initiator.x_public(), "{name}");
    let ss = responder.agree(read.sender_x()).unwrap();
    let reader = read.finish::<Tom1>(&ss, &mut buf).unwrap();
    assert_eq!(buf[PAYLOAD1_AT..][..payload.len()], *payload, "{name}");

    let (payload, expected) = messages[1];
    let mut buf = buffer(PAYLOAD2_AT, OVERHEAD2, payload);
    let e = vector.key("resp_ephemeral");
    let there = reader.write2::<Tom1>(&e, &mut buf).unwrap();
    assert_eq!(buf, expected, "{name}");
    let here = (written.initiator)
        .read2::<Tom1>(&initiator, &mut buf)
        .unwrap();
    assert_eq!(buf[PAYLOAD2_AT..][..payload.len()], *payload, "{name}");
    assert_eq!(here.h, there.h, "{name}");
    if let Some(hash) = vector.get("handshake_hash") {
        assert_eq!(here.h[..], *hash, "{name}");
    }

    for (i, (payload, expected)) in messages[2..].iter().enumerate() {
        let (ours, theirs) = if i % 2 == 0 {
            (&here.k_i2r, &there.k_i2r)
        } else {
            (&there.k_r2i, &here.k_r2i)
        };
        let n = (i / 2) as u64;
        let mut text = payload.to_vec();
        let tag = Tom1::aead_seal(ours.as_bytes(), n, &[], &mut text);
        let sealed = [&text[..], &tag[..]].concat();
        assert_eq!(sealed, *expected, "{name} message {i}");
        assert_eq!(sealed.len(), payload.len() + TAG_LEN);
        Tom1::aead_open(theirs.as_bytes(), n, &[], &mut text, &tag).unwrap();
        assert_eq!(text, *payload, "{name} message {i}");
    }
}

#[test]
fn public_vectors() {
    let vectors = vectors();
    let names: Vec<&str> = vectors.iter().map(|vector| &vector.name[..]).collect();
    assert_eq!(names, ["cacophony", "snow"]);
    assert!(vectors[0].get("handshake_hash").is_some());
    assert_eq!(vectors[0].messages().len(), 6);
    assert_eq!(vectors[1].messages().len(), 4);
    vectors.iter().for_each(check);
}

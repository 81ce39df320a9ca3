//! Every decoder on any bytes: none panics, none reads past its end.

use std::str::FromStr;

use tom_core::identity::PublicKey;
use tom_core::link::Packet;
use tom_core::wire::{
    Body, Candidates, Content, ContentBody, Envelope, Frame, Frames, RespPayload, SealPayload,
    Trace, Trailers, describe_content, describe_datagram, describe_envelope, message_id,
};

use crate::tape::op::Op;
use crate::tape::world::{Options, World};

/// The first byte says which decoder the rest is for, so that small changes stay with one of them.
pub fn run(bytes: &[u8]) -> u64 {
    let Some((which, bytes)) = bytes.split_first() else {
        return 0;
    };
    match which % 9 {
        0 => {
            let mut reached = 0;
            for frame in Frames::new(bytes).flatten() {
                if let Frame::Envelope { bytes, trailers } = frame {
                    if let Some(trace) = trailers.trace {
                        assert!(trace.entries().len() <= 8);
                    }
                    reached += envelope(bytes);
                }
            }
            reached
        }
        1 => envelope(bytes),
        2 => {
            let Ok(content) = Content::parse(bytes) else {
                return 0;
            };
            if let ContentBody::Candidates(list) = content.body {
                assert!(list.count() <= 8);
            }
            1
        }
        3 => u64::from(SealPayload::parse(bytes).is_ok() | RespPayload::parse(bytes).is_ok()),
        4 => Candidates::parse(bytes).map_or(0, |list| list.to_list().as_slice().len() as u64),
        5 => u64::from(Trailers::parse(bytes).is_ok() | Trace::parse(bytes).is_ok()),
        6 => u64::from(Packet::parse(bytes).is_ok()),
        7 => {
            let text = String::from_utf8_lossy(bytes);
            u64::from(PublicKey::from_str(&text).is_ok())
        }
        _ => {
            let mut fields = 0u64;
            describe_datagram(bytes, &mut |_, _, _| fields += 1);
            describe_envelope(bytes, &mut |_, _, _| fields += 1);
            describe_content(bytes, &mut |_, _, _| fields += 1);
            // No field is shorter than a bit, so the description is bounded by the bytes.
            assert!(fields <= 64 + 16 * bytes.len() as u64);
            0
        }
    }
}

fn envelope(bytes: &[u8]) -> u64 {
    assert!(message_id(bytes).is_some() || bytes.len() < 15);
    let Ok(envelope) = Envelope::parse(bytes) else {
        return 0;
    };
    if let Body::Ack(acks) = envelope.body {
        assert!((1..=49).contains(&acks.count()));
    }
    1
}

/// What real nodes say, for each decoder.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut ops = Vec::new();
    for (from, to, trace) in [
        (1, 0, false),
        (1, 0, false),
        (0, 1, true),
        (1, 3, true),
        (3, 1, true),
    ] {
        ops.push(Op::Send {
            from,
            to,
            len: 24,
            class: 1,
            trace,
            secs: 0,
        });
        ops.push(Op::Wait(600));
        ops.push(Op::Read(to));
        ops.push(Op::Wait(100));
    }
    let world = World::run(Options::starved(1), &ops);
    let mut seeds = Vec::new();
    let mut kinds = std::collections::BTreeMap::<(u8, usize), u32>::new();
    for house in &world.houses {
        for (_, output) in house
            .transcript
            .iter()
            .filter(|(_, output)| output[0] == b'T')
        {
            let datagram = &output[9..];
            // A few datagrams of each first frame and number of frames.
            let class = (datagram[0], Frames::new(datagram).count().min(4));
            let seen = kinds.entry(class).or_default();
            *seen += 1;
            if *seen > 3 {
                continue;
            }
            let name = format!("{}-{}-{}", class.0, class.1, seen);
            seeds.push((format!("datagram-{name}"), with(0, datagram)));
            seeds.push((format!("described-{name}"), with(8, datagram)));
            for frame in Frames::new(datagram).flatten() {
                if let Frame::Envelope { bytes, .. } = frame {
                    seeds.push((format!("envelope-{name}"), with(1, bytes)));
                }
            }
        }
    }
    let plain: &[(u8, &str, &[u8])] = &[
        (2, "content-bytes", b"\x81hello"),
        (2, "content-orig", b"\xC1refrefrehello"),
        (2, "content-read", b"\x82refreref"),
        (
            2,
            "content-candidates",
            &[0x83, 2, 4, 6, 1, 2, 3, 4, 5, 6, 9, 1, 7],
        ),
        (2, "content-pad", &[0, 0, 0]),
        (3, "payload-seal", &[0x3B, 1, 2, 3, 4, 0x81, 7]),
        (3, "payload-resp", &[0x38, 1, 2, 3, 4]),
        (
            4,
            "candidates",
            &[
                2, 4, 6, 1, 2, 3, 4, 5, 6, 6, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
                15, 16, 17, 18,
            ],
        ),
        (
            5,
            "trailers",
            &[
                1, 6, 1, 2, 3, 4, 5, 6, 2, 8, 1, 2, 3, 4, 5, 6, 7, 8, 77, 1, 0,
            ],
        ),
        (0, "hello-other-version", &[1, 2, 0, 2, 9]),
    ];
    for (which, name, bytes) in plain {
        seeds.push((format!("plain-{name}"), with(*which, bytes)));
    }
    let address = crate::tape::world::public(0).to_address();
    seeds.push(("plain-address".into(), with(7, address.as_bytes())));
    seeds
}

fn with(which: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![which];
    out.extend(bytes);
    out
}

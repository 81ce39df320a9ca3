//! Packets on byte streams. The known answers are the examples under which COBS is taught everywhere;
//! the rest is stuffed here, by the definition of Cheshire and Baker.

use serde_json::{Value, json};

use super::build::hex;
use super::sheet::Sheet;
use crate::cases::File;
use crate::profile::Addon;

const NOTES: &[(&str, &str)] = &[
    ("Drawn", "packets drawn at random"),
    ("Empty", "zero bytes with nothing before them"),
    (
        "KnownAnswer",
        "from the examples under which COBS is taught",
    ),
    ("Lost", "a count that points beyond its frame"),
    ("Unfinished", "no zero byte has come yet"),
];

/// From the first byte of a run to the last one.
fn run(from: u8, to: u8) -> Vec<u8> {
    (from..=to).collect()
}

/// A packet and its frame, as they are taught.
fn known() -> Vec<(Vec<u8>, Vec<u8>)> {
    let long = |from: u8, to: u8| run(from, to);
    vec![
        (vec![0], vec![1, 1]),
        (vec![0, 0], vec![1, 1, 1]),
        (vec![0, 0x11, 0], vec![1, 2, 0x11, 1]),
        (vec![0x11, 0x22, 0, 0x33], vec![3, 0x11, 0x22, 2, 0x33]),
        (
            vec![0x11, 0x22, 0x33, 0x44],
            vec![5, 0x11, 0x22, 0x33, 0x44],
        ),
        (vec![0x11, 0, 0, 0], vec![2, 0x11, 1, 1, 1]),
        (long(1, 254), [vec![255], long(1, 254)].concat()),
        (
            [vec![0], long(1, 254)].concat(),
            [vec![1, 255], long(1, 254)].concat(),
        ),
        (
            long(1, 255),
            [vec![255], long(1, 254), vec![2, 255]].concat(),
        ),
        (
            [long(2, 255), vec![0]].concat(),
            [vec![255], long(2, 255), vec![1, 1]].concat(),
        ),
        (
            [long(3, 255), vec![0, 1]].concat(),
            [vec![254], long(3, 255), vec![2, 1]].concat(),
        ),
    ]
}

/// The frame of a packet: runs without a zero, each behind its length plus one; one of 254 stands for
/// no zero after it.
fn stuffed(packet: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    let mut run = Vec::new();
    let mut owed = true;
    let mut end = |run: &mut Vec<u8>| {
        frame.push(run.len() as u8 + 1);
        frame.append(run);
    };
    for byte in packet {
        if *byte == 0 {
            end(&mut run);
            owed = true;
        } else {
            run.push(*byte);
            owed = run.len() < 254;
            if !owed {
                end(&mut run);
            }
        }
    }
    if owed {
        end(&mut run);
    }
    frame
}

fn said(packets: &[Vec<u8>]) -> Value {
    packets.iter().map(|packet| hex(packet)).collect()
}

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("packets on byte streams", NOTES);
    let place = "link-noise.md#on-a-medium";
    sheet.addon("stream", Addon::Stream);
    sheet.at(place, &["NLK-25"]);
    for (number, (packet, frame)) in known().into_iter().enumerate() {
        let ask = json!({ "bytes": hex(&[frame, vec![0]].concat()) });
        let is = json!({ "packets": said(&[packet]) });
        sheet.valid(
            &format!("known answer {}", number + 1),
            &["KnownAnswer"],
            ask,
            is,
        )?;
    }
    for number in 1..=8 {
        let packets: Vec<Vec<u8>> = (0..3).map(|_| drawn(&mut sheet)).collect();
        let frames = packets
            .iter()
            .map(|packet| [stuffed(packet), vec![0]].concat());
        let bytes: Vec<u8> = frames.flatten().collect();
        let is = json!({ "packets": said(&packets) });
        sheet.valid(
            &format!("three packets, {number}"),
            &["Drawn"],
            json!({ "bytes": hex(&bytes) }),
            is,
        )?;
    }
    odd_streams(&mut sheet)?;
    sheet.addon("encode", Addon::Stream);
    sheet.at(place, &["NLK-25"]);
    for (number, (packet, frame)) in known().into_iter().enumerate() {
        let ask = json!({ "as": "stream", "fields": { "packets": said(&[packet]) } });
        let is = json!({ "bytes": hex(&[frame, vec![0]].concat()) });
        sheet.valid(
            &format!("known answer {}", number + 1),
            &["KnownAnswer"],
            ask,
            is,
        )?;
    }
    Ok(sheet.done())
}

/// A packet in which zeros are frequent, or rare.
fn drawn(sheet: &mut Sheet) -> Vec<u8> {
    let len = 1 + sheet.below(600) as usize;
    let often = sheet.below(2) == 0;
    let mut packet = sheet.bytes(len);
    for byte in &mut packet {
        if often && *byte < 40 {
            *byte = 0;
        }
    }
    packet
}

/// What it is, its flag, the stream, the packets in it.
type Odd = (
    &'static str,
    &'static str,
    &'static [u8],
    &'static [&'static [u8]],
);

/// What is no packet is dropped, and what follows is read.
fn odd_streams(sheet: &mut Sheet) -> anyhow::Result<()> {
    let cases: [Odd; 8] = [
        ("nothing at all", "Empty", &[], &[]),
        ("zero bytes alone", "Empty", &[0, 0, 0], &[]),
        (
            "a zero byte between two packets",
            "Empty",
            &[2, 7, 0, 0, 2, 8, 0],
            &[&[7], &[8]],
        ),
        (
            "the frame of an empty packet",
            "Empty",
            &[1, 0, 2, 7, 0],
            &[&[7]],
        ),
        ("no zero byte yet", "Unfinished", &[2, 7], &[]),
        (
            "one packet, and the beginning of another",
            "Unfinished",
            &[2, 7, 0, 3, 8],
            &[&[7]],
        ),
        (
            "a count of three bytes and one is there",
            "Lost",
            &[4, 7, 0, 2, 8, 0],
            &[&[8]],
        ),
        (
            "a count that is lost in the middle",
            "Lost",
            &[2, 7, 9, 8, 0, 2, 8, 0],
            &[&[8]],
        ),
    ];
    for (comment, flag, bytes, packets) in cases {
        let packets: Vec<Vec<u8>> = packets.iter().map(|packet| packet.to_vec()).collect();
        let ask = json!({ "bytes": hex(bytes) });
        sheet.valid(comment, &[flag], ask, json!({ "packets": said(&packets) }))?;
    }
    Ok(())
}

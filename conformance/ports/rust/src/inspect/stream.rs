//! Packets on byte streams, by the library that drivers use for them. Spec: link-noise, "On a medium".

use serde_json::{Value, json};

use crate::Not;
use crate::ask::{Ask, hex};

/// The packets that ended in these bytes.
pub(super) fn read(ask: Ask<'_>) -> Result<Value, Not> {
    let bytes = ask.bytes("bytes")?;
    let ended = bytes.iter().rposition(|byte| *byte == 0).unwrap_or(0);
    let (ended, _rest) = bytes.split_at(ended);
    let frames = ended.split(|byte| *byte == 0);
    let packets = frames.filter_map(|frame| cobs::decode_vec(frame).ok());
    let packets = packets.filter(|packet| !packet.is_empty());
    let packets: Vec<String> = packets.map(|packet| hex(&packet)).collect();
    Ok(json!({ "packets": packets }))
}

/// Packets one after another.
pub(super) fn written(fields: Ask<'_>) -> Result<Vec<u8>, Not> {
    let mut bytes = Vec::new();
    for packet in fields.byte_strings("packets")? {
        bytes.extend(cobs::encode_vec(&packet));
        bytes.push(0);
    }
    Ok(bytes)
}

//! Cases that a script beside tom-core writes, which shares nothing with tom-core or with this tool.

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::build::with;
use super::sheet::Sheet;
use crate::cases::Expected;

const CODEC: &str = include_str!("../../../tom-core/tests/vectors/codec.json");

/// All of one kind.
pub(super) fn take(sheet: &mut Sheet, kind: &str) -> anyhow::Result<()> {
    let file: Value = serde_json::from_str(CODEC).context("codec.json")?;
    let groups = file["groups"].as_array().context("codec.json: groups")?;
    for group in groups.iter().filter(|group| group["type"] == kind) {
        for test in group["tests"].as_array().context("codec.json: tests")? {
            let place = test["specRef"].as_str().context("codec.json: specRef")?;
            sheet.at(place, &[]);
            let comment = test["comment"].as_str().context("codec.json: comment")?;
            let ask = json!({ "bytes": test["bytes"] });
            let invalid = test["result"] == "invalid";
            let result = if invalid {
                Expected::Invalid
            } else {
                Expected::Valid
            };
            let expect = match kind {
                "datagram" => json!({ "is": { "frames": frames(&test["frames"])? } }),
                _ if invalid => json!({ "drop": test["drop"] }),
                _ => json!({ "is": named(&test["fields"])? }),
            };
            let frames = test["frames"].as_array();
            let first = frames.and_then(|list| list.iter().find_map(|frame| frame.get("drop")));
            match test.get("drop").or(first).and_then(Value::as_u64) {
                Some(drop) => {
                    let way = format!("HandDrop{drop}");
                    sheet.note(&way, &format!("by hand: dropped under number {drop}"));
                    sheet.put(comment, &["Hand", &way], result, ask, expect)?;
                }
                None => sheet.put(comment, &["Hand"], result, ask, expect)?,
            }
        }
    }
    Ok(())
}

fn frames(frames: &Value) -> anyhow::Result<Value> {
    let frames = frames.as_array().context("codec.json: frames")?;
    frames
        .iter()
        .map(|frame| {
            let version = if frame["ftype"] == 1 {
                json!({ "version": 1 })
            } else {
                json!({})
            };
            Ok(with(named(frame)?, version))
        })
        .collect()
}

/// Candidates are written as addresses there are: everything else is alike.
fn named(fields: &Value) -> anyhow::Result<Value> {
    let Some(list) = fields["candidates"].as_array() else {
        return Ok(fields.clone());
    };
    let mut named = Vec::new();
    for candidate in list {
        let bytes = candidate["address"].as_str().map(str::as_bytes);
        let bytes = data_encoding::HEXLOWER.decode(bytes.unwrap_or_default())?;
        let ip = if let Ok(v4) = <[u8; 4]>::try_from(bytes.as_slice()) {
            std::net::IpAddr::from(v4)
        } else if let Ok(v6) = <[u8; 16]>::try_from(bytes.as_slice()) {
            std::net::IpAddr::from(v6)
        } else {
            bail!("codec.json: {candidate}");
        };
        named.push(json!({ "ip": ip.to_string(), "port": candidate["port"] }));
    }
    Ok(with(fields.clone(), json!({ "candidates": named })))
}

//! `tom status`

use anyhow::anyhow;
use serde_json::{Value, json};
use tom::Status;

use super::control::{Conversation, Request};
use super::{Common, DONE, say};

pub(crate) async fn run(common: &Common) -> anyhow::Result<u8> {
    let dir = common.dir()?;
    let Some(mut node) = Conversation::open(&dir).await else {
        return Err(anyhow!(
            "no node runs with the files in {}; start one with `tom node --peer \
             ADDRESS@HOST:PORT`, or name its directory with --data",
            dir.display()
        ));
    };
    let status = node.ask(&Request::Status).await?;
    if common.json {
        say::line(status);
    } else {
        for line in lines(&status) {
            say::line(line);
        }
    }
    Ok(DONE)
}

/// A node's status as JSON.
pub(crate) fn to_json(status: &Status) -> Value {
    let links = status.links.iter().map(|link| {
        json!({
            "peer": link.peer.to_string(),
            "remote": link.remote.to_string(),
            "dialed": link.dialed,
            "age_s": link.age.as_secs(),
            "rtt_us": u64::try_from(link.rtt.as_micros()).unwrap_or(u64::MAX),
        })
    });
    let drops = status.drops().map(|(reason, count)| {
        json!({ "number": reason.code(), "reason": format!("{reason:?}"), "count": count })
    });
    let tables = status.tables.iter().map(|table| {
        json!({
            "table": format!("{:?}", table.table),
            "len": table.len,
            "high_water": table.high_water,
            "capacity": table.capacity,
        })
    });
    let stats = &status.stats;
    json!({
        "address": status.address.to_string(),
        "handle": status.address.handle().to_string(),
        "listen": status.listen.to_string(),
        "uptime_s": status.uptime.as_secs(),
        "links": links.collect::<Vec<_>>(),
        "candidates": status.candidates.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "waiting": status.waiting,
        "counters": {
            "sent": stats.sent,
            "delivered": stats.delivered,
            "expired": stats.expired,
            "late": stats.late,
            "received": stats.received,
            "duplicates": stats.duplicates,
            "forwarded": stats.forwarded,
            "acks_passed": stats.acks_passed,
            "retries": stats.retries,
            "resealed": stats.resealed,
            "sessions": stats.sessions,
            "seals_opened": stats.seals_opened,
            "bytes_in": stats.bytes_in,
            "bytes_out": stats.bytes_out,
            "bugs": stats.bugs,
        },
        "drops": drops.collect::<Vec<_>>(),
        "tables": tables.collect::<Vec<_>>(),
    })
}

fn lines(status: &Value) -> Vec<String> {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let at = |path: &str| status.pointer(path).map(text).unwrap_or_default();
    let array = |path: &str| {
        status
            .pointer(path)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let mut lines = vec![
        format!("address    {}", at("/address")),
        format!(
            "listening  {} (udp), up {} s",
            at("/listen"),
            at("/uptime_s")
        ),
        format!(
            "messages   {} sent, {} proven delivered, {} received, {} wait for `tom listen`",
            at("/counters/sent"),
            at("/counters/delivered"),
            at("/counters/received"),
            at("/waiting"),
        ),
        format!(
            "relaying   {} handed on for others, {} proofs carried back",
            at("/counters/forwarded"),
            at("/counters/acks_passed"),
        ),
    ];
    let links = array("/links");
    lines.push(format!("neighbours {}", links.len()));
    for link in links {
        let field = |name: &str| link.get(name).map(text).unwrap_or_default();
        let how = if field("dialed") == "true" {
            "dialled"
        } else {
            "accepted"
        };
        lines.push(format!(
            "  {}  at {}, {how}, up {} s, round trip {} us",
            field("peer"),
            field("remote"),
            field("age_s"),
            field("rtt_us"),
        ));
    }
    for drop in array("/drops") {
        let field = |name: &str| drop.get(name).map(text).unwrap_or_default();
        lines.push(format!(
            "drop {:>2}    {} x {}",
            field("number"),
            field("count"),
            field("reason")
        ));
    }
    lines
}

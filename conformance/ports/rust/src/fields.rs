//! Wire structures as JSON. Spec: conformance, "Fields".

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};
use tom_core::error::Drop;
use tom_core::wire::{
    Body, Candidate, Candidates, Content, ContentBody, Envelope, Frame, Frames, References,
    RespPayload, SealPayload, Terms, message_id,
};

use crate::ask::hex;

/// The fields of both objects.
fn joined(head: Value, body: Value) -> Value {
    let mut all = Map::new();
    for part in [head, body] {
        if let Value::Object(part) = part {
            all.extend(part);
        }
    }
    Value::Object(all)
}

pub(crate) fn envelope(bytes: &[u8]) -> Result<Value, Drop> {
    let envelope = Envelope::parse(bytes)?;
    let head = envelope.head;
    let fields = json!({
        "class": head.flags.class() as u8,
        "trace": head.flags.wants_trace(),
        "attempt": head.attempt,
        "hop": head.hop,
        "expiry": head.expiry,
        "dst": hex(&head.dst.0),
        "msgId": message_id(bytes).map(|id| hex(&id.0)),
    });
    let body = match envelope.body {
        Body::Seal { kid, commit, noise } => json!({
            "kind": "SEAL", "kid": kid, "commit": commit.map(|c| hex(&c.0)), "noise": hex(noise),
        }),
        Body::Resp {
            reference,
            sid,
            noise,
        } => json!({
            "kind": "RESP", "ref": hex(&reference.0), "sid": hex(&sid.0), "noise": hex(noise),
        }),
        Body::Data {
            sid,
            n16,
            commit,
            sealed,
        } => json!({
            "kind": "DATA", "sid": hex(&sid.0), "n16": n16,
            "commit": commit.map(|c| hex(&c.0)), "sealed": hex(sealed),
        }),
        Body::Ack(acks) => {
            let proofs = acks.map(|proof| {
                json!({ "ref": hex(&proof.reference.0), "secret": hex(proof.secret.as_bytes()) })
            });
            json!({ "kind": "ACK", "proofs": proofs.collect::<Vec<_>>() })
        }
        Body::Nack {
            reference,
            code,
            arg,
        } => json!({
            "kind": "NACK", "ref": hex(&reference.0), "code": code.code(), "arg": arg,
        }),
    };
    Ok(joined(fields, body))
}

pub(crate) fn candidates(list: Candidates<'_>) -> Value {
    list.map(|candidate| {
        let (ip, port) = match candidate {
            Candidate::V4 { address, port } => (IpAddr::V4(Ipv4Addr::from(address)), port),
            Candidate::V6 { address, port } => (IpAddr::V6(Ipv6Addr::from(address)), port),
        };
        json!({ "ip": ip.to_string(), "port": port })
    })
    .collect()
}

fn references(list: References<'_>) -> Value {
    list.map(|reference| Value::from(hex(&reference.0)))
        .collect()
}

pub(crate) fn content(bytes: &[u8]) -> Result<Value, Drop> {
    let content = Content::parse(bytes)?;
    let head = json!({
        "type": content.head().kind.code(),
        "asksAck": content.asks_ack,
        "orig": content.orig.map(|orig| hex(&orig.0)),
    });
    let body = match content.body {
        ContentBody::Pad(bytes) | ContentBody::Bytes(bytes) => json!({ "bytes": hex(bytes) }),
        ContentBody::Read(list) => json!({ "refs": references(list) }),
        ContentBody::Candidates(list) => json!({ "candidates": candidates(list) }),
    };
    Ok(joined(head, body))
}

fn terms(terms: Terms) -> Value {
    json!({
        "persists": terms.persists,
        "window": terms.window.messages(),
        "maxEnvelope": terms.max_envelope.bytes(),
    })
}

pub(crate) fn seal_payload(bytes: &[u8]) -> Result<Value, Drop> {
    let payload = SealPayload::parse(bytes)?;
    let own = json!({
        "sign": payload.sign,
        "sid": payload.sid.map(|sid| hex(&sid.0)),
        "content": hex(payload.content),
    });
    Ok(joined(own, terms(payload.terms)))
}

pub(crate) fn resp_payload(bytes: &[u8]) -> Result<Value, Drop> {
    let payload = RespPayload::parse(bytes)?;
    Ok(joined(
        json!({ "sid": hex(&payload.sid.0) }),
        terms(payload.terms),
    ))
}

fn frame(frame: &Frame<'_>) -> Value {
    let body = match frame {
        Frame::Hello(hello) => json!({
            "version": 1, "profile": hello.profile.0, "maxFrame": hello.max_frame,
            "unix": hello.unix, "features": hello.features,
        }),
        Frame::Envelope { bytes, trailers } => {
            let trace = trailers.trace.map(|trace| {
                let entries = trace.entries();
                entries
                    .map(|entry| json!({ "handle": hex(&entry.handle), "ms": entry.ms }))
                    .collect::<Vec<_>>()
            });
            json!({
                "envelope": hex(bytes),
                "trace": trace,
                "stamp": trailers.stamp.map(|stamp| hex(&stamp.0)),
            })
        }
        Frame::Taken(list) => json!({ "refs": references(*list) }),
        Frame::Passed(reference) => json!({ "ref": hex(&reference.0) }),
        Frame::ReachAsk(ask) => json!({
            "handle": hex(&ask.handle.0), "nonce": ask.nonce, "ttl": ask.ttl,
        }),
        Frame::ReachAnswer(answer) => json!({
            "handle": hex(&answer.handle.0), "nonce": answer.nonce, "distance": answer.distance,
        }),
        Frame::Candidates(list) => json!({ "candidates": candidates(*list) }),
        Frame::Ping(ping) => json!({ "nonce": ping.nonce, "reply": ping.reply }),
    };
    joined(json!({ "ftype": frame.frame_type().code() }), body)
}

/// Each frame in its place, or the drop it counts.
pub(crate) fn datagram(bytes: &[u8]) -> Value {
    let frames = Frames::new(bytes).map(|read| match read {
        Ok(read) => frame(&read),
        Err(drop) => json!({ "drop": drop.code() }),
    });
    json!({ "frames": frames.collect::<Vec<_>>() })
}

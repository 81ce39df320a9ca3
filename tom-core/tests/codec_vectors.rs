//! Runs `vectors/codec.json`, which any implementation of the protocol can run.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use tom_core::error::Drop;
use tom_core::wire::{
    Body, Candidate, Candidates, Content, ContentBody, Envelope, Frame, Frames, References,
    RespPayload, SealPayload, Terms, TooShort, Value, Visit, describe_content, describe_datagram,
    describe_envelope, message_id,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "half a byte in {text}");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn merge(into: &mut Json, from: Json) {
    let (Json::Object(into), Json::Object(from)) = (into, from) else {
        panic!("not objects");
    };
    into.extend(from);
}

fn envelope_fields(bytes: &[u8], envelope: &Envelope<'_>) -> Json {
    let head = envelope.head;
    let mut fields = json!({
        "class": head.flags.class() as u8,
        "trace": head.flags.wants_trace(),
        "attempt": head.attempt,
        "hop": head.hop,
        "expiry": head.expiry,
        "dst": head.dst.to_string(),
        "msgId": message_id(bytes).unwrap().to_string(),
    });
    let body = match envelope.body {
        Body::Seal { kid, commit, noise } => json!({
            "kind": "SEAL", "kid": kid, "commit": commit.map(|c| c.to_string()), "noise": hex(noise),
        }),
        Body::Resp {
            reference,
            sid,
            noise,
        } => json!({
            "kind": "RESP", "ref": reference.to_string(), "sid": sid.to_string(), "noise": hex(noise),
        }),
        Body::Data {
            sid,
            n16,
            commit,
            sealed,
        } => json!({
            "kind": "DATA", "sid": sid.to_string(), "n16": n16,
            "commit": commit.map(|c| c.to_string()), "sealed": hex(sealed),
        }),
        Body::Ack(acks) => json!({
            "kind": "ACK",
            "proofs": acks.map(|proof| json!({
                "ref": proof.reference.to_string(), "secret": hex(proof.secret.as_bytes()),
            })).collect::<Vec<_>>(),
        }),
        Body::Nack {
            reference,
            code,
            arg,
        } => json!({
            "kind": "NACK", "ref": reference.to_string(), "code": code.code(), "arg": arg,
        }),
    };
    merge(&mut fields, body);
    fields
}

fn candidates(list: Candidates<'_>) -> Json {
    list.map(|candidate| match candidate {
        Candidate::V4 { address, port } => {
            json!({ "kind": 4, "address": hex(&address), "port": port })
        }
        Candidate::V6 { address, port } => {
            json!({ "kind": 6, "address": hex(&address), "port": port })
        }
    })
    .collect()
}

fn references(list: References<'_>) -> Json {
    list.map(|reference| Json::from(reference.to_string()))
        .collect()
}

fn content_fields(content: &Content<'_>) -> Json {
    let mut fields = json!({
        "type": content.head().kind.code(),
        "asksAck": content.asks_ack,
        "orig": content.orig.map(|orig| orig.to_string()),
    });
    let body = match content.body {
        ContentBody::Pad(bytes) | ContentBody::Bytes(bytes) => json!({ "bytes": hex(bytes) }),
        ContentBody::Read(list) => json!({ "refs": references(list) }),
        ContentBody::Candidates(list) => json!({ "candidates": candidates(list) }),
    };
    merge(&mut fields, body);
    fields
}

fn terms(terms: Terms) -> Json {
    json!({
        "persists": terms.persists,
        "window": terms.window.messages(),
        "maxEnvelope": terms.max_envelope.bytes(),
    })
}

fn frame_fields(frame: &Frame<'_>) -> Json {
    let mut fields = json!({ "ftype": frame.frame_type().code() });
    let body = match frame {
        Frame::Hello(hello) => json!({
            "profile": hello.profile.0, "maxFrame": hello.max_frame, "unix": hello.unix,
            "features": hello.features,
        }),
        Frame::Envelope { bytes, trailers } => json!({
            "envelope": hex(bytes),
            "trace": trailers.trace.map(|trace| trace.entries().map(|entry| json!({
                "handle": hex(&entry.handle), "ms": entry.ms,
            })).collect::<Vec<_>>()),
            "stamp": trailers.stamp.map(|stamp| stamp.to_string()),
        }),
        Frame::Taken(list) => json!({ "refs": references(*list) }),
        Frame::Passed(reference) => json!({ "ref": reference.to_string() }),
        Frame::ReachAsk(ask) => json!({
            "handle": ask.handle.to_string(), "nonce": ask.nonce, "ttl": ask.ttl,
        }),
        Frame::ReachAnswer(answer) => json!({
            "handle": answer.handle.to_string(), "nonce": answer.nonce, "distance": answer.distance,
        }),
        Frame::Candidates(list) => json!({ "candidates": candidates(*list) }),
        Frame::Ping(ping) => json!({ "nonce": ping.nonce, "reply": ping.reply }),
    };
    merge(&mut fields, body);
    fields
}

/// The fields and the bytes written again, or the drop.
type Outcome = Result<(Json, Vec<u8>), Drop>;

fn again(emit: impl FnOnce(&mut [u8]) -> Result<usize, TooShort>) -> Vec<u8> {
    let mut out = vec![0xEE; 70_000];
    let len = emit(&mut out).unwrap();
    out.truncate(len);
    out
}

fn envelope(bytes: &[u8]) -> Outcome {
    let envelope = Envelope::parse(bytes)?;
    Ok((
        envelope_fields(bytes, &envelope),
        again(|out| envelope.emit(out)),
    ))
}

fn content(bytes: &[u8]) -> Outcome {
    let content = Content::parse(bytes)?;
    Ok((content_fields(&content), again(|out| content.emit(out))))
}

fn seal_payload(bytes: &[u8]) -> Outcome {
    let payload = SealPayload::parse(bytes)?;
    let mut fields = json!({
        "sign": payload.sign,
        "sid": payload.sid.map(|sid| sid.to_string()),
        "content": hex(payload.content),
    });
    merge(&mut fields, terms(payload.terms));
    Ok((fields, again(|out| payload.emit(out))))
}

fn resp_payload(bytes: &[u8]) -> Outcome {
    let payload = RespPayload::parse(bytes)?;
    let mut fields = json!({ "sid": payload.sid.to_string() });
    merge(&mut fields, terms(payload.terms));
    Ok((fields, payload.bytes().to_vec()))
}

/// The drops that a description tells.
fn described(describe: fn(&[u8], &mut Visit<'_>), bytes: &[u8]) -> Vec<u8> {
    let mut drops = vec![];
    describe(bytes, &mut |_, at, value| {
        assert!(at.start <= at.end && at.end <= bytes.len(), "{at:?}");
        if let Value::Bad(drop) = value {
            drops.push(drop.code());
        }
    });
    drops
}

fn run_one(kind: &str, case: &Json, bytes: &[u8]) {
    let outcome = match kind {
        "envelope" => envelope(bytes),
        "content" => content(bytes),
        "sealPayload" => seal_payload(bytes),
        "respPayload" => resp_payload(bytes),
        other => panic!("unknown group {other}"),
    };
    let drops = match kind {
        "envelope" => Some(described(describe_envelope, bytes)),
        "content" => Some(described(describe_content, bytes)),
        _ => None,
    };
    match outcome {
        Ok((fields, written)) => {
            assert_eq!(case["result"], "valid", "{case}");
            assert_eq!(case["fields"], fields, "{case}");
            assert_eq!(expected_again(case, bytes), hex(&written), "{case}");
            assert!(drops.unwrap_or_default().is_empty(), "{case}");
        }
        Err(drop) => {
            assert_eq!(case["result"], "invalid", "{case} gave {drop:?}");
            assert_eq!(case["drop"], drop.code(), "{case} gave {drop:?}");
            assert_eq!(drops.unwrap_or(vec![drop.code()]), [drop.code()], "{case}");
        }
    }
}

fn expected_again(case: &Json, bytes: &[u8]) -> String {
    case["reencoded"]
        .as_str()
        .map_or_else(|| hex(bytes), str::to_owned)
}

fn run_datagram(case: &Json, bytes: &[u8]) {
    let mut written = vec![];
    let frames: Json = Frames::new(bytes)
        .map(|frame| match frame {
            Ok(frame) => {
                written.extend(again(|out| frame.emit(out)));
                frame_fields(&frame)
            }
            Err(drop) => json!({ "drop": drop.code() }),
        })
        .collect();
    assert_eq!(case["frames"], frames, "{case}");
    if case["result"] == "valid" {
        assert_eq!(expected_again(case, bytes), hex(&written), "{case}");
    }
}

#[test]
fn every_vector_holds() {
    let file: Json = serde_json::from_str(include_str!("vectors/codec.json")).unwrap();
    let (mut all, mut negative) = (0, 0);
    for group in file["groups"].as_array().unwrap() {
        let kind = group["type"].as_str().unwrap();
        for case in group["tests"].as_array().unwrap() {
            all += 1;
            assert_eq!(case["tcId"], all, "ids are counted through");
            negative += usize::from(case["result"] == "invalid");
            let bytes = unhex(case["bytes"].as_str().unwrap());
            if kind == "datagram" {
                run_datagram(case, &bytes);
            } else {
                run_one(kind, case, &bytes);
            }
        }
    }
    assert_eq!(file["numberOfTests"], all);
    assert!(all >= 60 && negative * 3 >= all, "{negative} of {all}");
}

#[test]
fn a_description_tells_each_bad_frame_of_the_vectors() {
    let file: Json = serde_json::from_str(include_str!("vectors/codec.json")).unwrap();
    for group in file["groups"].as_array().unwrap() {
        if group["type"] != "datagram" {
            continue;
        }
        for case in group["tests"].as_array().unwrap() {
            let bytes = unhex(case["bytes"].as_str().unwrap());
            let mut expected = vec![];
            for frame in Frames::new(&bytes) {
                match frame {
                    Err(drop) => expected.push(drop.code()),
                    // The description also looks into the envelope.
                    Ok(Frame::Envelope { bytes, .. }) => {
                        expected.extend(Envelope::parse(bytes).err().map(Drop::code));
                    }
                    Ok(_) => {}
                }
            }
            assert_eq!(described(describe_datagram, &bytes), expected, "{case}");
        }
    }
}

//! JSON as wire structures: the other way round. Spec: conformance, "Fields".

use std::net::IpAddr;

use tom_core::wire::{
    AckWriter, Body, Candidate, CandidateList, Candidates, Class, Commit, Content, ContentBody,
    ContentKind, Envelope, Flags, Frame, Handle, Head, Hello, Kind, MaxEnvelope, NackCode, Ping,
    Profile, Proof, ReachAnswer, ReachAsk, Reference, References, RespPayload, SealPayload, Secret,
    Sid, Stamp, Terms, TooShort, Trace, Trailers, Window,
};

use crate::Not;
use crate::ask::{Ask, unclear};

/// Room for the longest of anything.
const ROOM: usize = 70_000;

pub(crate) fn written(
    emit: impl FnOnce(&mut [u8]) -> Result<usize, TooShort>,
) -> Result<Vec<u8>, Not> {
    let mut out = vec![0; ROOM];
    let len = emit(&mut out).map_err(|TooShort| unclear("fields", "are too long"))?;
    out.truncate(len);
    Ok(out)
}

pub(crate) fn class(bits: u8) -> Result<Class, Not> {
    match bits {
        0..=3 => Ok(Class::from_bits(bits)),
        _ => Err(unclear("class", "is over 3")),
    }
}

pub(crate) fn envelope(fields: Ask<'_>) -> Result<Vec<u8>, Not> {
    let kind = match fields.text("kind")? {
        "SEAL" => Kind::Seal,
        "RESP" => Kind::Resp,
        "DATA" => Kind::Data,
        "ACK" => Kind::Ack,
        "NACK" => Kind::Nack,
        _ => return Err(unclear("kind", "is none")),
    };
    let commit = fields.maybe_array("commit")?.map(Commit);
    let flags = Flags::new(class(fields.number("class")?)?)
        .with_commit(commit.is_some())
        .with_trace(fields.truth("trace")?);
    let head = Head {
        kind,
        flags,
        attempt: fields.number("attempt")?,
        hop: fields.number("hop")?,
        expiry: fields.number("expiry")?,
        dst: Handle(fields.array("dst")?),
    };
    let rest = match kind {
        Kind::Seal | Kind::Resp => fields.bytes("noise")?,
        Kind::Data => fields.bytes("sealed")?,
        Kind::Ack => return acks(fields, &head),
        Kind::Nack => Vec::new(),
    };
    let body = match kind {
        Kind::Seal => Body::Seal {
            kid: fields.number("kid")?,
            commit,
            noise: &rest,
        },
        Kind::Data => Body::Data {
            sid: Sid(fields.array("sid")?),
            n16: fields.number("n16")?,
            commit,
            sealed: &rest,
        },
        Kind::Nack => Body::Nack {
            reference: Reference(fields.array("ref")?),
            code: NackCode::from_code(fields.number("code")?)
                .ok_or_else(|| unclear("code", "is none"))?,
            arg: fields.number("arg")?,
        },
        Kind::Resp | Kind::Ack => Body::Resp {
            reference: Reference(fields.array("ref")?),
            sid: Sid(fields.array("sid")?),
            noise: rest
                .as_slice()
                .try_into()
                .map_err(|_| unclear("noise", "has another length"))?,
        },
    };
    written(|out| Envelope { head, body }.emit(out))
}

fn acks(fields: Ask<'_>, head: &Head) -> Result<Vec<u8>, Not> {
    let mut proofs = Vec::new();
    for proof in fields.list("proofs")? {
        proofs.push(Proof {
            reference: Reference(proof.array("ref")?),
            secret: Secret(proof.array("secret")?),
        });
    }
    let (first, rest) = proofs
        .split_first()
        .ok_or_else(|| unclear("proofs", "are none"))?;
    let mut out = vec![0; ROOM];
    let mut writer = AckWriter::start(&mut out, head, *first)
        .map_err(|TooShort| unclear("proofs", "are too many"))?;
    for proof in rest {
        if !writer.push(*proof) {
            return Err(unclear("proofs", "are too many"));
        }
    }
    let len = writer.finish();
    out.truncate(len);
    Ok(out)
}

pub(crate) fn candidates(fields: Ask<'_>) -> Result<Vec<u8>, Not> {
    candidate_list(fields.list("candidates")?)
}

pub(crate) fn candidate_list<'a>(
    candidates: impl Iterator<Item = Ask<'a>>,
) -> Result<Vec<u8>, Not> {
    let mut list = CandidateList::new();
    for candidate in candidates {
        let ip = candidate.text("ip")?.parse::<IpAddr>();
        let port = candidate.number("port")?;
        let candidate = match ip.map_err(|_| unclear("ip", "is no address"))? {
            IpAddr::V4(ip) => Candidate::V4 {
                address: ip.octets(),
                port,
            },
            IpAddr::V6(ip) => Candidate::V6 {
                address: ip.octets(),
                port,
            },
        };
        if !list.push(candidate) {
            return Err(unclear("candidates", "are too many"));
        }
    }
    written(|out| list.emit(out))
}

pub(crate) fn content(fields: Ask<'_>) -> Result<Vec<u8>, Not> {
    let kind =
        ContentKind::from_code(fields.number("type")?).ok_or_else(|| unclear("type", "is none"))?;
    let body = match kind {
        ContentKind::Pad | ContentKind::Bytes => fields.bytes("bytes")?,
        ContentKind::Read => fields.arrays::<8>("refs")?.concat(),
        ContentKind::Candidates => candidates(fields)?,
    };
    let content = Content {
        asks_ack: fields.truth("asksAck")?,
        orig: fields.maybe_array("orig")?.map(Reference),
        body: match kind {
            ContentKind::Pad => ContentBody::Pad(&body),
            ContentKind::Bytes => ContentBody::Bytes(&body),
            ContentKind::Read => ContentBody::Read(references(&body)?),
            ContentKind::Candidates => ContentBody::Candidates(Candidates::parse(&body)?),
        },
    };
    written(|out| content.emit(out))
}

fn references(bytes: &[u8]) -> Result<References<'_>, Not> {
    References::exactly(bytes).ok_or_else(|| unclear("refs", "are none"))
}

fn terms(fields: Ask<'_>) -> Result<Terms, Not> {
    Ok(Terms {
        persists: fields.truth("persists")?,
        window: match fields.number::<u32>("window")? {
            128 => Window::Narrow,
            1_024 => Window::Wide,
            _ => return Err(unclear("window", "is none")),
        },
        max_envelope: match fields.number::<u32>("maxEnvelope")? {
            1_200 => MaxEnvelope::B1200,
            4_096 => MaxEnvelope::B4096,
            16_384 => MaxEnvelope::B16384,
            65_535 => MaxEnvelope::B65535,
            _ => return Err(unclear("maxEnvelope", "is none")),
        },
    })
}

/// `sign`: of the sender's key, where the fields do not say.
pub(crate) fn seal_payload(fields: Ask<'_>, sign: Option<bool>) -> Result<Vec<u8>, Not> {
    let content = fields.bytes("content")?;
    let payload = SealPayload {
        sign: match sign {
            Some(sign) => sign,
            None => fields.truth("sign")?,
        },
        sid: fields.maybe_array("sid")?.map(Sid),
        terms: terms(fields)?,
        content: &content,
    };
    written(|out| payload.emit(out))
}

pub(crate) fn resp_payload(fields: Ask<'_>) -> Result<Vec<u8>, Not> {
    let payload = RespPayload {
        sid: Sid(fields.array("sid")?),
        terms: terms(fields)?,
    };
    Ok(payload.bytes().to_vec())
}

pub(crate) fn datagram(fields: Ask<'_>) -> Result<Vec<u8>, Not> {
    let mut bytes = Vec::new();
    for frame in fields.list("frames")? {
        bytes.extend(self::frame(frame)?);
    }
    Ok(bytes)
}

fn frame(fields: Ask<'_>) -> Result<Vec<u8>, Not> {
    let handle = || fields.array("handle").map(Handle);
    let nonce = || fields.number("nonce");
    let body;
    let trace;
    let frame = match fields.number::<u8>("ftype")? {
        1 => {
            let unix = fields.maybe_number("unix")?;
            let (profile, features) = (
                Profile(fields.number("profile")?),
                fields.number("features")?,
            );
            Frame::Hello(Hello::new(
                profile,
                fields.number("maxFrame")?,
                unix,
                features,
            ))
        }
        2 => {
            body = fields.bytes("envelope")?;
            trace = self::trace(fields)?;
            let trailers = Trailers {
                trace: trace.as_deref().map(Trace::parse).transpose()?,
                stamp: fields.maybe_array("stamp")?.map(Stamp),
            };
            Frame::Envelope {
                bytes: &body,
                trailers,
            }
        }
        3 => {
            body = fields.arrays::<8>("refs")?.concat();
            Frame::Taken(references(&body)?)
        }
        4 => Frame::Passed(Reference(fields.array("ref")?)),
        5 => Frame::ReachAsk(ReachAsk {
            handle: handle()?,
            nonce: nonce()?,
            ttl: fields.number("ttl")?,
        }),
        6 => Frame::ReachAnswer(ReachAnswer {
            handle: handle()?,
            nonce: nonce()?,
            distance: fields.number("distance")?,
        }),
        7 => {
            body = candidates(fields)?;
            Frame::Candidates(Candidates::parse(&body)?)
        }
        8 => Frame::Ping(Ping {
            nonce: nonce()?,
            reply: fields.truth("reply")?,
        }),
        _ => return Err(unclear("ftype", "is none")),
    };
    written(|out| frame.emit(out))
}

fn trace(fields: Ask<'_>) -> Result<Option<Vec<u8>>, Not> {
    if fields.maybe("trace").is_none() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    for entry in fields.list("trace")? {
        bytes.extend(entry.array::<4>("handle")?);
        bytes.extend(entry.number::<u16>("ms")?.to_le_bytes());
    }
    Ok(Some(bytes))
}

"""The structures of the protocol as JSON fields, and back (chapter "Conformance", Fields)."""

from __future__ import annotations

from typing import Any

from tom import candidates, content, envelope, link, stream
from tom.candidates import Candidate
from tom.content import Content, RespPayload, SealPayload, Traits
from tom.drops import Drop, Refused
from tom.envelope import AckBody, Body, DataBody, Envelope, NackBody, RespBody, SealBody

Fields = dict[str, Any]


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _bytes(fields: Fields, name: str) -> bytes:
    return bytes.fromhex(fields[name])


def _sized(fields: Fields, name: str, size: int) -> bytes:
    value = _bytes(fields, name)
    if len(value) != size:
        raise Refused(f"{name} has {size} bytes")
    return value


def _maybe(fields: Fields, name: str, size: int) -> bytes | None:
    return None if fields.get(name) is None else _sized(fields, name, size)


# Envelope


def envelope_out(env: Envelope) -> Fields:
    fields: Fields = {
        "kind": envelope.KIND_NAMES[env.kind],
        "class": env.class_,
        "trace": env.trace,
        "attempt": env.attempt,
        "hop": env.hop,
        "expiry": env.expiry,
        "dst": env.dst.hex(),
        "msgId": env.msg_id.hex(),
    }
    return fields | _body_out(env.body)


def _body_out(body: Body) -> Fields:
    if isinstance(body, SealBody):
        return {"kid": body.kid, "commit": _hex(body.commit), "noise": body.noise.hex()}
    if isinstance(body, RespBody):
        return {"ref": body.ref.hex(), "sid": body.sid.hex(), "noise": body.noise.hex()}
    if isinstance(body, DataBody):
        return {"sid": body.sid.hex(), "n16": body.n16, "commit": _hex(body.commit), "sealed": body.sealed.hex()}
    if isinstance(body, AckBody):
        return {"proofs": [{"ref": ref.hex(), "secret": secret.hex()} for ref, secret in body.proofs]}
    return {"ref": body.ref.hex(), "code": body.code, "arg": body.arg}


def envelope_in(fields: Fields) -> bytes:
    env = Envelope(
        _body_in(fields),
        fields["expiry"],
        _sized(fields, "dst", 8),
        fields["class"],
        fields["trace"],
        fields["attempt"],
        fields["hop"],
    )
    return envelope.encode(env)


def _body_in(fields: Fields) -> Body:
    kind = fields["kind"]
    if kind == "SEAL":
        return SealBody(fields["kid"], _maybe(fields, "commit", 8), _bytes(fields, "noise"))
    if kind == "RESP":
        return RespBody(_sized(fields, "ref", 8), _sized(fields, "sid", 4), _bytes(fields, "noise"))
    if kind == "DATA":
        commit = _maybe(fields, "commit", 8)
        return DataBody(_sized(fields, "sid", 4), fields["n16"], commit, _bytes(fields, "sealed"))
    if kind == "ACK":
        return AckBody(tuple((_sized(p, "ref", 8), _sized(p, "secret", 16)) for p in fields["proofs"]))
    if kind == "NACK":
        return NackBody(_sized(fields, "ref", 8), fields["code"], fields["arg"])
    raise ValueError(f"no kind {kind!r}")


# Content and payloads


def _candidates_out(items: tuple[Candidate, ...]) -> list[Fields]:
    return [{"ip": item.text(), "port": item.port} for item in items]


def _candidates_in(items: list[Fields]) -> tuple[Candidate, ...]:
    return tuple(candidates.from_text(item["ip"], item["port"]) for item in items)


def content_out(c: Content) -> Fields:
    fields: Fields = {"type": c.type, "asksAck": c.asks_ack, "orig": _hex(c.orig)}
    if c.type == content.READ:
        fields["refs"] = [ref.hex() for ref in c.refs]
    elif c.type == content.CANDIDATES:
        fields["candidates"] = _candidates_out(c.candidates)
    else:
        fields["bytes"] = c.body.hex()
    return fields


def content_in(fields: Fields) -> bytes:
    type_ = fields["type"]
    if not 0 <= type_ <= 63:
        raise Refused("a content type has six bits")
    if type_ == content.READ:
        body = b"".join(bytes.fromhex(ref) for ref in fields["refs"])
    elif type_ == content.CANDIDATES:
        body = candidates.encode(_candidates_in(fields["candidates"]))
    else:
        body = bytes.fromhex(fields.get("bytes") or "")
    return content.encode(Content(type_, fields["asksAck"], _maybe(fields, "orig", 8), body))


def _traits_out(traits: Traits) -> Fields:
    return {"persists": traits.persists, "window": traits.window, "maxEnvelope": traits.max_env}


def _traits_in(fields: Fields) -> Traits:
    return Traits(fields["persists"], fields["window"], fields["maxEnvelope"])


def seal_payload_out(payload: SealPayload) -> Fields:
    head: Fields = {"sign": payload.sign, "sid": _hex(payload.sid), "content": payload.content.hex()}
    return head | _traits_out(payload.traits)


def seal_payload_of(fields: Fields, sign: bool) -> SealPayload:
    return SealPayload(sign, _maybe(fields, "sid", 4), _traits_in(fields), _bytes(fields, "content"))


def seal_payload_in(fields: Fields) -> bytes:
    return seal_payload_of(fields, fields["sign"]).encode()


def resp_payload_out(payload: RespPayload) -> Fields:
    return {"sid": payload.sid.hex()} | _traits_out(payload.traits)


def resp_payload_of(fields: Fields) -> RespPayload:
    return RespPayload(_sized(fields, "sid", 4), _traits_in(fields))


def resp_payload_in(fields: Fields) -> bytes:
    return resp_payload_of(fields).encode()


# Datagrams


def datagram_out(data: bytes) -> Fields:
    frames: list[Fields] = []
    for item in link.split(data):
        try:
            if isinstance(item, Drop):
                raise item
            frames.append({"ftype": item[0]} | _frame_out(link.parse(*item)))
        except Drop as drop:
            frames.append({"drop": int(drop.reason)})
    return {"frames": frames}


def _frame_out(frame: link.Frame) -> Fields:
    if isinstance(frame, link.Hello):
        return {
            "version": frame.version,
            "profile": frame.profile,
            "maxFrame": frame.max_frame,
            "unix": frame.unix,
            "features": frame.features,
        }
    if isinstance(frame, link.EnvelopeFrame):
        trace = None if frame.trace is None else [{"handle": h.hex(), "ms": ms} for h, ms in frame.trace]
        return {"envelope": frame.envelope.hex(), "trace": trace, "stamp": _hex(frame.stamp)}
    if isinstance(frame, link.Taken):
        return {"refs": [ref.hex() for ref in frame.refs]}
    if isinstance(frame, link.Passed):
        return {"ref": frame.ref.hex()}
    if isinstance(frame, link.ReachQuestion):
        return {"handle": frame.handle.hex(), "nonce": frame.nonce, "ttl": frame.ttl}
    if isinstance(frame, link.ReachAnswer):
        return {"handle": frame.handle.hex(), "nonce": frame.nonce, "distance": frame.distance}
    if isinstance(frame, link.Candidates):
        return {"candidates": _candidates_out(frame.candidates)}
    return {"nonce": frame.nonce, "reply": frame.reply}


def datagram_in(fields: Fields) -> bytes:
    return b"".join(link.encode(_frame_in(frame)) for frame in fields["frames"])


def _frame_in(f: Fields) -> link.Frame:
    ftype = f["ftype"]
    if ftype == link.HELLO:
        return link.Hello(f["profile"], f["maxFrame"], f.get("unix"), f["features"], f["version"])
    if ftype == link.ENVELOPE:
        entries = f.get("trace")
        trace = None if entries is None else tuple((_sized(e, "handle", 4), e["ms"]) for e in entries)
        return link.EnvelopeFrame(_bytes(f, "envelope"), trace, _maybe(f, "stamp", 8))
    if ftype == link.TAKEN:
        return link.Taken(tuple(bytes.fromhex(ref) for ref in f["refs"]))
    if ftype == link.PASSED:
        return link.Passed(_sized(f, "ref", 8))
    if ftype == link.REACH_Q:
        return link.ReachQuestion(_sized(f, "handle", 8), f["nonce"], f["ttl"])
    if ftype == link.REACH_A:
        return link.ReachAnswer(_sized(f, "handle", 8), f["nonce"], f["distance"])
    if ftype == link.CANDIDATES:
        return link.Candidates(_candidates_in(f["candidates"]))
    if ftype == link.PING:
        return link.Ping(f["nonce"], f["reply"])
    raise ValueError(f"no frame type {ftype!r}")


# Byte streams


def stream_in(fields: Fields) -> bytes:
    return stream.join(bytes.fromhex(packet) for packet in fields["packets"])

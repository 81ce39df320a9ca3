"""`inspect`: the functions of the protocol without a node. Each is a function of its request alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tom import content, envelope, handshake, stream, transport
from tom.drops import Drop, Reason, Refused
from tom.entropy import Stream
from tom.envelope import DataBody, Envelope, RespBody, SealBody
from tom.identity import Identity, address_of, check_pk, handle_of, pk_of_address, x_pk_of

from . import fields

Request = dict[str, Any]
Fields = dict[str, Any]

LONGEST_CHAIN = 2**17  # epochs a key is chained on for one request: seconds, not minutes


class Unsupported(Exception):
    """What this port cannot do (CNF-2)."""


def _bytes(request: Request, name: str, size: int | None = None) -> bytes:
    value = bytes.fromhex(request[name])
    if size is not None and len(value) != size:
        raise ValueError(f"{name} has {size} bytes")
    return value


def _pk(request: Request, name: str) -> bytes:
    pk = _bytes(request, name)
    check_pk(pk)
    return pk


def _identity(request: Request) -> Identity:
    return Identity(_bytes(request, "seed", 32))


def _header(request: Request) -> dict[str, Any]:
    """The header fields that the sender chooses, as `seal` and `seal_data` name them."""
    names = {"class": "class_", "trace": "trace", "prove": "prove", "hop": "hop", "attempt": "attempt"}
    return {mine: request[theirs] for theirs, mine in names.items()} | {"expiry": request["expiry"]}


# Layouts


def _envelope(request: Request) -> Fields:
    return fields.envelope_out(envelope.parse(_bytes(request, "bytes")))


def _content(request: Request) -> Fields:
    return fields.content_out(content.parse(_bytes(request, "bytes")))


def _seal_payload(request: Request) -> Fields:
    return fields.seal_payload_out(content.parse_seal_payload(_bytes(request, "bytes")))


def _resp_payload(request: Request) -> Fields:
    return fields.resp_payload_out(content.parse_resp_payload(_bytes(request, "bytes")))


def _datagram(request: Request) -> Fields:
    return fields.datagram_out(_bytes(request, "bytes"))


def _stream(request: Request) -> Fields:
    return {"packets": [packet.hex() for packet in stream.split(_bytes(request, "bytes"))]}


_ENCODERS: dict[str, Callable[[Fields], bytes]] = {
    "envelope": fields.envelope_in,
    "content": fields.content_in,
    "sealPayload": fields.seal_payload_in,
    "respPayload": fields.resp_payload_in,
    "datagram": fields.datagram_in,
    "stream": fields.stream_in,
}


def _encode(request: Request) -> Fields:
    return {"bytes": _ENCODERS[request["as"]](request["fields"]).hex()}


# Identity and entropy


def _identity_of(request: Request) -> Fields:
    me = _identity(request)
    return {"pk": me.pk.hex(), "xPk": me.x_pk.hex(), "handle": me.handle.hex(), "address": address_of(me.pk)}


def _address(request: Request) -> Fields:
    pk = pk_of_address(request["text"])
    return {"pk": pk.hex(), "handle": handle_of(pk).hex()}


def _key(request: Request) -> Fields:
    pk = _pk(request, "pk")
    return {"xPk": x_pk_of(pk).hex(), "handle": handle_of(pk).hex()}


def _commit(request: Request) -> Fields:
    commit = envelope.commit_of(request["expiry"], _bytes(request, "dst", 8), _bytes(request, "secret", 16))
    return {"commit": commit.hex()}


def _draw(request: Request) -> Fields:
    stream = Stream(_bytes(request, "seed", 32), request["label"])
    out: list[str] = []
    for size in request["sizes"]:
        out.append(stream.draw(size).hex())
        if len(out) == 1 and request.get("reseed") is not None:
            stream.reseed(_bytes(request, "reseed", 32))
    return {"bytes": out}


# Session


def _seal(request: Request) -> Fields:
    me = _identity(request)
    payload = fields.seal_payload_of(request["fields"], me.sign_bit)
    sealed = handshake.seal(me, _pk(request, "to"), _bytes(request, "ephemeral", 32), payload, **_header(request))
    return _sealed(sealed.env, sealed.ack_secret)


def _sealed(env: Envelope, secret: bytes) -> Fields:
    return {"bytes": env.raw.hex(), "ackSecret": secret.hex(), "msgId": env.msg_id.hex()}


def _kind(request: Request, name: str, body: type) -> Envelope:
    env = envelope.parse(_bytes(request, name))
    if not isinstance(env.body, body):
        raise Refused("an envelope of another kind")
    return env


def _open(request: Request) -> Fields:
    opened = handshake.open_seal(_identity(request), _kind(request, "bytes", SealBody))
    payload = fields.seal_payload_out(opened.payload())
    return {"from": opened.sender.hex(), "payload": payload, "ackSecret": opened.ack_secret.hex()}


def _keys(keys: handshake.Keys) -> Fields:
    return {"kI2r": keys.i2r.hex(), "kR2i": keys.r2i.hex(), "ackRoot": keys.ack_root.hex(), "hash": keys.h.hex()}


def _answer(request: Request) -> Fields:
    opened = handshake.open_seal(_identity(request), _kind(request, "bytes", SealBody))
    payload = fields.resp_payload_of(request["fields"])
    env, keys = handshake.answer(opened, _bytes(request, "ephemeral", 32), payload)
    return {"bytes": env.raw.hex()} | _keys(keys)


def _answered(request: Request) -> Fields:
    me, ephemeral = _identity(request), _bytes(request, "ephemeral", 32)
    seal = _kind(request, "seal", SealBody)
    state, offered = handshake.resume(me, _pk(request, "to"), ephemeral, seal)
    resp = _kind(request, "bytes", RespBody)
    body = resp.body
    assert isinstance(body, RespBody)
    if body.ref != seal.ref:
        raise Drop(Reason.RESP_UNKNOWN)
    if body.sid != offered.sid or resp.expiry != seal.expiry:
        raise Drop(Reason.RESP_MISMATCH)
    payload, keys = handshake.read_resp(me, ephemeral, state, body.noise)
    return {"payload": fields.resp_payload_out(payload)} | _keys(keys)


def _chained(key: bytes, epoch: int) -> bytes:
    if epoch > LONGEST_CHAIN:
        raise Unsupported("a counter this far on takes minutes of rekeying")
    return transport.epoch_key(key, epoch)


def _data(request: Request) -> Fields:
    n = request["n"]
    sealed = transport.seal_data(
        _chained(_bytes(request, "key", 32), n // transport.EPOCH),
        _bytes(request, "ackRoot", 32),
        request["dir"],
        n,
        _pk(request, "to"),
        _bytes(request, "sid", 4),
        _bytes(request, "content"),
        **_header(request),
    )
    return _sealed(sealed.env, sealed.ack_secret)


def _open_data(request: Request) -> Fields:
    key, top = _bytes(request, "key", 32), request.get("top")
    env = _kind(request, "bytes", DataBody)
    body = env.body
    assert isinstance(body, DataBody)
    n = transport.rebuild_n(body.n16, top)
    epoch = n // transport.EPOCH
    if epoch > (top or 0) // transport.EPOCH + transport.AHEAD:
        raise Drop(Reason.TOO_FAR_AHEAD)
    plain = transport.open_data(env, body, _chained(key, epoch), n, _pk(request, "to"))
    secret = transport.ack_secret_of(_bytes(request, "ackRoot", 32), request["dir"], n)
    transport.check_commit(env, body, secret)
    return {"n": n, "content": plain.hex(), "ackSecret": secret.hex()}


_WHAT: dict[str, Callable[[Request], Fields]] = {
    "envelope": _envelope,
    "content": _content,
    "sealPayload": _seal_payload,
    "respPayload": _resp_payload,
    "datagram": _datagram,
    "stream": _stream,
    "encode": _encode,
    "identity": _identity_of,
    "address": _address,
    "key": _key,
    "commit": _commit,
    "draw": _draw,
    "seal": _seal,
    "open": _open,
    "answer": _answer,
    "answered": _answered,
    "data": _data,
    "openData": _open_data,
}


def inspect(request: Request) -> Fields:
    """The reply to an `inspect` but for `node`, without its id."""
    function = _WHAT.get(request["what"])
    if function is None:
        raise Unsupported(f"inspect {request['what']!r}")
    try:
        return {"is": function(request)}
    except Drop as drop:
        return {"drop": int(drop.reason)}
    except Refused:
        return {"refused": True}

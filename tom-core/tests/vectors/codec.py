#!/usr/bin/env python3
"""Writes codec.json from the spec's layouts, independently of the Rust code.

The Rust codec never writes these vectors, so that it cannot enshrine its own mistakes.
Usage: python3 codec.py > codec.json
"""

import hashlib
import json
import struct

GROUPS = []
NEXT = [1]


def group(kind, doc):
    GROUPS.append({"type": kind, "doc": doc, "tests": []})


def add(comment, ref, data, **expected):
    bad = "drop" in expected or any("drop" in f for f in expected.get("frames", []))
    GROUPS[-1]["tests"].append(
        {
            "tcId": NEXT[0],
            "comment": comment,
            "specRef": ref,
            "bytes": data.hex(),
            "result": "invalid" if bad else "valid",
            **expected,
        }
    )
    NEXT[0] += 1


def run(n, start=0):
    """n distinguishable bytes."""
    return bytes((start + i) & 0xFF for i in range(n))


DST = run(8, 0xD0)
NONE = bytes(8)
EXP = 1_800_000_000
REF = run(8, 0x10)
SID = run(4, 0x50)
COMMIT = run(8, 0xC0)
SECRET = run(16, 0x80)

TRUNCATED, BAD_LENGTH, UNKNOWN_FRAME, NOT_CANONICAL, BAD_VERSION, BAD_FLAGS = 1, 2, 3, 4, 5, 6
BAD_KIND, TOO_BIG, BAD_COUNT, BAD_HOP, BAD_DST, BAD_CONTENT = 7, 8, 9, 10, 11, 12
UNKNOWN_CONTENT, BAD_NACK = 55, 67


def head(kind, flags=0, path=0x08, dst=None, version=1, expiry=EXP):
    if dst is None:
        dst = DST if kind in (1, 3) else NONE
    return struct.pack("<BBBI", version << 4 | kind, flags, path, expiry) + dst


def message_id(envelope):
    return hashlib.sha256(b"tom-id" + envelope[:2] + envelope[3:]).hexdigest()[:32]


def fields(kind, flags=0, path=0x08, **body):
    return {
        "kind": kind,
        "class": flags >> 4 & 3,
        "trace": bool(flags & 4),
        "attempt": path >> 4,
        "hop": path & 15,
        "expiry": EXP,
        "dst": (DST if kind in ("SEAL", "DATA") else NONE).hex(),
        **body,
    }


def good(comment, ref, envelope, expected):
    add(comment, ref, envelope, fields={**expected, "msgId": message_id(envelope)})


def envelopes():
    group("envelope", "An envelope's bytes; fields of its header and body, and its message id.")
    H, S, R, D, A, N = (
        "envelope.md#" + x for x in ("header", "seal", "resp", "data", "ack", "nack")
    )
    n98, n200 = run(98), run(200, 7)
    good("shortest SEAL", S, head(1) + b"\0" + n98, fields("SEAL", kid=0, commit=None, noise=n98.hex()))
    good(
        "SEAL with commit, class bulk, trace wanted, kid 255",
        S,
        head(1, 0x36) + b"\xff" + COMMIT + n200,
        fields("SEAL", 0x36, kid=255, commit=COMMIT.hex(), noise=n200.hex()),
    )
    s17, s40 = run(17, 3), run(40, 9)
    good(
        "shortest DATA",
        D,
        head(3) + SID + b"\x34\x12" + s17,
        fields("DATA", sid=SID.hex(), n16=0x1234, commit=None, sealed=s17.hex()),
    )
    good(
        "DATA with commit, class normal: 46 bytes over a payload of 23",
        D,
        head(3, 0x22) + SID + b"\xff\xff" + COMMIT + s40,
        fields("DATA", 0x22, sid=SID.hex(), n16=65535, commit=COMMIT.hex(), sealed=s40.hex()),
    )
    n53 = run(53, 5)
    good("RESP", R, head(2) + REF + SID + n53, fields("RESP", ref=REF.hex(), sid=SID.hex(), noise=n53.hex()))
    one = [{"ref": REF.hex(), "secret": SECRET.hex()}]
    good("ACK of one", A, head(4) + b"\1" + REF + SECRET, fields("ACK", proofs=one))
    many = [(run(8, i), run(16, 2 * i)) for i in range(49)]
    ack49 = head(4) + b"\x31" + b"".join(r + s for r, s in many)
    good(
        "longest ACK, 49 proofs in 1192 bytes",
        A,
        ack49,
        fields("ACK", proofs=[{"ref": r.hex(), "secret": s.hex()} for r, s in many]),
    )
    for code, name in ((1, "NO_KEY"), (2, "TOO_BIG"), (3, "FULL"), (4, "NO_ROUTE")):
        arg = 1200 if code == 2 else 0
        good(
            f"NACK {name}",
            N,
            head(5) + REF + struct.pack("<BI", code, arg),
            fields("NACK", ref=REF.hex(), code=code, arg=arg),
        )
    good(
        "NACK with an argument its code has no use for",
        N,
        head(5) + REF + struct.pack("<BI", 3, 77),
        fields("NACK", ref=REF.hex(), code=3, arg=77),
    )
    for path, what in ((0x00, "no hops left"), (0xF8, "attempt 15, 8 hops"), (0x35, "attempt 3, 5 hops")):
        good(
            f"path: {what}; the message id is that of the shortest DATA",
            H,
            head(3, path=path) + SID + b"\x34\x12" + s17,
            fields("DATA", path=path, sid=SID.hex(), n16=0x1234, commit=None, sealed=s17.hex()),
        )

    data = SID + b"\0\0" + s17
    add("no bytes", H, b"", drop=TRUNCATED)
    add("header cut after 14 bytes", H, head(3)[:14], drop=TRUNCATED)
    add("a cut header is refused for that before its version", H, head(3, version=2)[:14], drop=TRUNCATED)
    for version in (0, 2, 15):
        add(f"version {version}", H, head(3, version=version) + data, drop=BAD_VERSION)
    for kind in (0, 6, 9, 15):
        add(f"kind {kind}", H, head(kind, dst=DST) + data, drop=BAD_KIND)
    for bit in (0x01, 0x08, 0x40, 0x80):
        add(f"reserved flag {bit:#04x}", H, head(3, bit) + data, drop=BAD_FLAGS)
    add("RESP with a class", R, head(2, 0x10) + REF + SID + n53, drop=BAD_FLAGS)
    add("ACK with the commit flag", A, head(4, 0x02) + b"\1" + REF + SECRET, drop=BAD_FLAGS)
    add("NACK with trace wanted", N, head(5, 0x04) + REF + bytes([1, 0, 0, 0, 0]), drop=BAD_FLAGS)
    for hop in (9, 15):
        add(f"{hop} hops left", H, head(3, path=hop) + data, drop=BAD_HOP)
    add("DATA to nobody", H, head(3, dst=NONE) + data, drop=BAD_DST)
    add("SEAL to nobody", H, head(1, dst=NONE) + b"\0" + n98, drop=BAD_DST)
    add("RESP with a destination", R, head(2, dst=DST) + REF + SID + n53, drop=BAD_DST)
    add("ACK with a destination", A, head(4, dst=DST) + b"\1" + REF + SECRET, drop=BAD_DST)
    add("NACK with a destination", N, head(5, dst=DST) + REF + bytes([1, 0, 0, 0, 0]), drop=BAD_DST)
    add("SEAL one byte short", S, head(1) + b"\0" + n98[:97], drop=TRUNCATED)
    add("SEAL cut in its commit", S, head(1, 2) + b"\0" + COMMIT[:7], drop=TRUNCATED)
    add("RESP one byte short", R, head(2) + REF + SID + n53[:52], drop=TRUNCATED)
    add("RESP one byte long", R, head(2) + REF + SID + n53 + b"\0", drop=BAD_LENGTH)
    add("DATA without room for a content type", D, head(3) + SID + b"\0\0" + s17[:16], drop=TRUNCATED)
    add("DATA cut in its counter", D, head(3) + SID + b"\0", drop=TRUNCATED)
    add("ACK without a count", A, head(4), drop=TRUNCATED)
    add("ACK of none", A, head(4) + b"\0", drop=BAD_COUNT)
    add("ACK of 50", A, head(4) + b"\x32" + bytes(24 * 50), drop=BAD_COUNT)
    add("ACK of two with one", A, head(4) + b"\2" + REF + SECRET, drop=BAD_LENGTH)
    add("ACK of one with two", A, head(4) + b"\1" + (REF + SECRET) * 2, drop=BAD_LENGTH)
    add("ACK with a byte behind it", A, head(4) + b"\1" + REF + SECRET + b"\0", drop=BAD_LENGTH)
    add("NACK one byte short", N, head(5) + REF + bytes([1, 0, 0, 0]), drop=TRUNCATED)
    add("NACK one byte long", N, head(5) + REF + bytes([1, 0, 0, 0, 0, 0]), drop=BAD_LENGTH)
    for code in (0, 5):
        add(f"NACK with code {code}", N, head(5) + REF + bytes([code, 0, 0, 0, 0]), drop=BAD_NACK)


def contents():
    group("content", "The plaintext of a SEAL or DATA envelope.")
    C = "content.md#"

    def ok(comment, ref, data, kind, asks=False, orig=None, **more):
        extra = {k: v for k, v in more.items() if k == "reencoded"}
        body = {k: v for k, v in more.items() if k != "reencoded"}
        add(comment, C + ref, data, fields={"type": kind, "asksAck": asks, "orig": orig, **body}, **extra)

    ok("bytes that ask for an ACK", "bytes", b"\x81hello", 1, True, bytes=b"hello".hex())
    ok("no bytes", "bytes", b"\x01", 1, bytes="")
    ok("sealed again", "orig", b"\xc1" + REF + b"x", 1, True, REF.hex(), bytes="78")
    ok("padding", "content", b"\x00" + bytes(5), 0, bytes="00" * 5)
    ok("two read", "read", b"\x02" + REF + COMMIT, 2, refs=[REF.hex(), COMMIT.hex()])
    v4, v6 = b"\x04\x06\xc0\x00\x02\x01\x11\x22", b"\x06\x12" + run(16, 0x20) + b"\x33\x44"
    e4 = {"kind": 4, "address": "c0000201", "port": 0x2211}
    e6 = {"kind": 6, "address": run(16, 0x20).hex(), "port": 0x4433}
    ok("no candidates", "candidates", b"\x03\x00", 3, candidates=[])
    ok("an IPv4 and an IPv6 candidate", "candidates", b"\x83\x02" + v4 + v6, 3, True, candidates=[e4, e6])
    ok(
        "a candidate of an unknown kind is skipped",
        "candidates",
        b"\x03\x02\x09\x03abc" + v4,
        3,
        candidates=[e4],
        reencoded=(b"\x03\x01" + v4).hex(),
    )
    ok("eight candidates", "candidates", b"\x03\x08" + v4 * 8, 3, candidates=[e4] * 8)
    add("no type", C + "content", b"", drop=BAD_CONTENT)
    for kind in (4, 5, 6, 63):
        add(f"type {kind}", C + "content", bytes([0x80 | kind]) + bytes(16), drop=UNKNOWN_CONTENT)
    add("orig cut off", C + "orig", b"\x41" + REF[:7], drop=BAD_CONTENT)
    add("none read", C + "read", b"\x02", drop=BAD_CONTENT)
    add("half a reference", C + "read", b"\x02" + REF + REF[:4], drop=BAD_CONTENT)
    add("candidates without a count", C + "candidates", b"\x03", drop=BAD_CONTENT)
    add("nine candidates", C + "candidates", b"\x03\x09" + v4 * 9, drop=BAD_CONTENT)
    add("one candidate of two", C + "candidates", b"\x03\x02" + v4, drop=BAD_CONTENT)
    add("two candidates of one", C + "candidates", b"\x03\x01" + v4 * 2, drop=BAD_CONTENT)
    add("IPv4 candidate of 7 bytes", C + "candidates", b"\x03\x01\x04\x07" + bytes(7), drop=BAD_CONTENT)
    add("IPv6 candidate of 6 bytes", C + "candidates", b"\x03\x01\x06\x06" + bytes(6), drop=BAD_CONTENT)


def payloads():
    group("sealPayload", "The plaintext in a SEAL's handshake message.")
    S = "envelope.md#seal"

    def ok(comment, data, sign, sid, persists, window, max_envelope, content):
        add(
            comment,
            S,
            data,
            fields={
                "sign": sign,
                "sid": sid,
                "persists": persists,
                "window": window,
                "maxEnvelope": max_envelope,
                "content": content.hex(),
            },
        )

    ok("nothing offered", b"\x00\x01", False, None, False, 128, 1200, b"\x01")
    ok("everything", b"\x3f" + SID + b"\x01a", True, SID.hex(), True, 1024, 65535, b"\x01a")
    ok("up to 4096", b"\x13" + SID + b"\x00", True, SID.hex(), False, 128, 4096, b"\x00")
    ok("up to 16384", b"\x22" + SID + b"\x00", False, SID.hex(), False, 128, 16384, b"\x00")
    add("empty", S, b"", drop=BAD_CONTENT)
    add("no content", S, b"\x00", drop=BAD_CONTENT)
    add("no content behind a session id", S, b"\x02" + SID, drop=BAD_CONTENT)
    add("session id cut off", S, b"\x02" + SID[:3], drop=BAD_CONTENT)
    for bit in (0x40, 0x80):
        add(f"reserved bit {bit:#04x}", S, bytes([bit, 1]), drop=BAD_CONTENT)

    group("respPayload", "The plaintext in a RESP's handshake message.")
    R = "envelope.md#resp"

    def ok_resp(comment, data, persists, window, max_envelope):
        add(
            comment,
            R,
            data,
            fields={
                "sid": SID.hex(),
                "persists": persists,
                "window": window,
                "maxEnvelope": max_envelope,
            },
        )

    ok_resp("least terms", b"\x00" + SID, False, 128, 1200)
    ok_resp("best terms", b"\x3c" + SID, True, 1024, 65535)
    for bit in (0x01, 0x02, 0x40, 0x80):
        add(f"bit {bit:#04x} is not a RESP's", R, bytes([bit]) + SID, drop=BAD_CONTENT)
    add("one byte short", R, b"\x00" + SID[:3], drop=BAD_CONTENT)
    add("one byte long", R, b"\x00" + SID + b"\x00", drop=BAD_CONTENT)


def frame(ftype, body):
    return struct.pack("<BH", ftype, len(body)) + body


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out) + bytes([n])


def datagrams():
    group("datagram", "Link frames; each in its place with its fields or the drop it counts.")
    L = "link.md#"

    def ok(comment, ref, ftype, body, expected, **more):
        add(comment, L + ref, frame(ftype, body), frames=[{"ftype": ftype, **expected}], **more)

    def no(comment, ref, ftype, body, drop):
        add(comment, L + ref, frame(ftype, body), frames=[{"drop": drop}])

    add("an empty datagram has no frames", L + "frame", b"", frames=[])
    passed = {"ftype": 4, "ref": REF.hex()}
    add("two frames", L + "frame", frame(4, REF) * 2, frames=[passed, passed])
    add(
        "an unknown frame is skipped",
        L + "frame",
        frame(77, b"abc") + frame(4, REF),
        frames=[{"drop": UNKNOWN_FRAME}, passed],
    )
    for ftype, name in ((9, "FRAG"), (10, "BUNDLE"), (0, "type 0")):
        no(f"{name} is reserved", "frame", ftype, b"", UNKNOWN_FRAME)
    add(
        "a bad frame does not end the datagram",
        L + "frame",
        frame(4, REF[:7]) + frame(4, REF),
        frames=[{"drop": TRUNCATED}, passed],
    )
    add(
        "a frame header cut off",
        L + "frame",
        frame(4, REF) + b"\x04\x08",
        frames=[passed, {"drop": TRUNCATED}],
    )
    add("a length that leaves the datagram", L + "frame", b"\x04\x09\0" + REF, frames=[{"drop": BAD_LENGTH}])

    def hello(profile, max_frame, unix, features):
        opt = b"\0" if unix is None else b"\1" + varint(unix)
        return bytes([1, profile]) + varint(max_frame) + opt + varint(features)

    def hello_fields(profile, max_frame, unix, features):
        return {"profile": profile, "maxFrame": max_frame, "unix": unix, "features": features}

    for args in ((1, 1232, None, 0), (3, 65535, EXP, 5), (200, 2**32 - 1, 2**32 - 1, 2**32 - 1)):
        ok(f"HELLO {args}", "hello", 1, hello(*args), hello_fields(*args))
    no("HELLO of version 2, whatever follows", "hello", 1, b"\x02\xff\xff", BAD_VERSION)
    no("empty HELLO", "hello", 1, b"", TRUNCATED)
    no("HELLO cut off", "hello", 1, hello(2, 1232, EXP, 0)[:-1], TRUNCATED)
    no("HELLO with a byte behind it", "hello", 1, hello(2, 1232, None, 0) + b"\0", BAD_LENGTH)
    no("HELLO with features as 80 00", "hello", 1, b"\x01\x02\xd0\x09\x00\x80\x00", NOT_CANONICAL)
    no("HELLO with option tag 2", "hello", 1, b"\x01\x02\xd0\x09\x02\x00", NOT_CANONICAL)
    no(
        "HELLO with a number over 32 bits",
        "hello",
        1,
        b"\x01\x02\xff\xff\xff\xff\x1f\x00\x00",
        NOT_CANONICAL,
    )

    env = head(3) + SID + b"\x34\x12" + run(17, 3)
    elen = struct.pack("<H", len(env))
    trace2 = b"\xaa\xbb\xcc\xdd\x05\x00" + b"\x01\x02\x03\x04\xff\xff"
    traced = [{"handle": "aabbccdd", "ms": 5}, {"handle": "01020304", "ms": 65535}]
    stamp = run(8, 0x70)

    def env_fields(trace=None, stamp=None):
        return {"envelope": env.hex(), "trace": trace, "stamp": stamp}

    ok("ENVELOPE", "envelope", 2, elen + env, env_fields())
    ok("with a trace of two", "trailers", 2, elen + env + b"\x01\x0c" + trace2, env_fields(traced))
    ok(
        "with a trace of eight and a stamp",
        "trailers",
        2,
        elen + env + b"\x01\x30" + trace2 * 4 + b"\x02\x08" + stamp,
        env_fields(traced * 4, stamp.hex()),
    )
    ok(
        "a trailer of an unknown tag is skipped and not written again",
        "trailers",
        2,
        elen + env + b"\x00\x01z" + b"\x02\x08" + stamp + b"\xfe\x00",
        env_fields(None, stamp.hex()),
        reencoded=frame(2, elen + env + b"\x02\x08" + stamp).hex(),
    )
    ok(
        "the envelope inside is another codec's matter",
        "envelope",
        2,
        b"\x01\x00\xff",
        {"envelope": "ff", "trace": None, "stamp": None},
    )
    no("elen cut off", "envelope", 2, b"\x01", TRUNCATED)
    no("elen over the body", "envelope", 2, b"\x02\x00\xff", BAD_LENGTH)
    no("a tag without a length", "trailers", 2, elen + env + b"\x01", TRUNCATED)
    no("a trailer that leaves the frame", "trailers", 2, elen + env + b"\x02\x08" + stamp[:7], BAD_LENGTH)
    no("a stamp of 7 bytes", "trailers", 2, elen + env + b"\x02\x07" + stamp[:7], BAD_LENGTH)
    no("a trace of 7 bytes", "trailers", 2, elen + env + b"\x01\x07" + bytes(7), BAD_LENGTH)
    no("a trace of none", "trailers", 2, elen + env + b"\x01\x00", BAD_COUNT)
    no("a trace of nine", "trailers", 2, elen + env + b"\x01\x36" + bytes(54), BAD_COUNT)
    no(
        "tags that do not ascend",
        "trailers",
        2,
        elen + env + b"\x02\x08" + stamp + b"\x01\x06" + trace2[:6],
        NOT_CANONICAL,
    )
    no("a tag twice", "trailers", 2, elen + env + (b"\x02\x08" + stamp) * 2, NOT_CANONICAL)

    ok("TAKEN of one", "taken-and-passed", 3, b"\1" + REF, {"refs": [REF.hex()]})
    refs = [run(8, i) for i in range(255)]
    ok("TAKEN of 255", "taken-and-passed", 3, b"\xff" + b"".join(refs), {"refs": [r.hex() for r in refs]})
    no("TAKEN without a count", "taken-and-passed", 3, b"", TRUNCATED)
    no("TAKEN of none", "taken-and-passed", 3, b"\0", BAD_COUNT)
    no("TAKEN of two with one", "taken-and-passed", 3, b"\2" + REF, BAD_LENGTH)
    no("TAKEN of one with two", "taken-and-passed", 3, b"\1" + REF + REF, BAD_LENGTH)
    no("TAKEN with a byte behind it", "taken-and-passed", 3, b"\1" + REF + b"\0", BAD_LENGTH)
    no("PASSED one byte long", "taken-and-passed", 4, REF + b"\0", BAD_LENGTH)

    ok(
        "REACH?",
        "reach-and-reach",
        5,
        DST + varint(300) + b"\2",
        {"handle": DST.hex(), "nonce": 300, "ttl": 2},
    )
    no("REACH? with ttl 3", "reach-and-reach", 5, DST + varint(300) + b"\3", BAD_HOP)
    no("REACH? with its nonce as 80 00", "reach-and-reach", 5, DST + b"\x80\x00\x02", NOT_CANONICAL)
    no("REACH? without ttl", "reach-and-reach", 5, DST + varint(300), TRUNCATED)
    ok(
        "REACH! that knows no way",
        "reach-and-reach",
        6,
        DST + varint(0) + b"\xff",
        {"handle": DST.hex(), "nonce": 0, "distance": 255},
    )
    no("REACH! with a byte behind it", "reach-and-reach", 6, DST + varint(0) + b"\x01\x00", BAD_LENGTH)
    v4 = b"\x04\x06\xc0\x00\x02\x01\x11\x22"
    e4 = {"kind": 4, "address": "c0000201", "port": 0x2211}
    ok("CANDIDATES", "candidates", 7, b"\1" + v4, {"candidates": [e4]})
    no("CANDIDATES of nine", "candidates", 7, b"\x09" + v4 * 9, BAD_COUNT)
    no("CANDIDATES with an entry cut off", "candidates", 7, b"\1" + v4[:-1], BAD_LENGTH)
    no("CANDIDATES with an entry's head cut off", "candidates", 7, b"\2" + v4 + b"\x04", TRUNCATED)
    no("CANDIDATES with a byte behind them", "candidates", 7, b"\1" + v4 + b"\0", BAD_LENGTH)
    ok("PING", "ping", 8, varint(2**32 - 1) + b"\0", {"nonce": 2**32 - 1, "reply": False})
    ok("PING's reply", "ping", 8, varint(127) + b"\1", {"nonce": 127, "reply": True})
    no("PING with a boolean of 2", "ping", 8, b"\x05\x02", NOT_CANONICAL)
    no("PING with nonce 1 as 81 00", "ping", 8, b"\x81\x00\x00", NOT_CANONICAL)
    no("PING with nonce 1 in five bytes", "ping", 8, b"\x81\x80\x80\x80\x00\x00", NOT_CANONICAL)


envelopes()
contents()
payloads()
datagrams()
print(
    json.dumps(
        {
            "name": "ToM codec vectors, version 1",
            "notes": "bytes in hex; drop is the number of the drop reason; reencoded, where present, "
            "is what a codec writes for the parts it knows, else it writes the same bytes",
            "numberOfTests": NEXT[0] - 1,
            "groups": GROUPS,
        },
        indent=1,
    )
)

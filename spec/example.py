#!/usr/bin/env python3
"""Prints the worked example of the specification (src/example.md), from the book alone.

An independent second implementation of envelope, handshake and session keys: it shares no code with
tom-core, so that the two check each other. Needs the `cryptography` package. Usage: example.py [--check]
"""
import hashlib, hmac, json, sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

P = 2**255 - 19
H = lambda *x: hashlib.sha256(b"".join(x)).digest()
MAC = lambda k, *x: hmac.new(k, b"".join(x), hashlib.sha256).digest()
le = lambda v, n: v.to_bytes(n, "little")
nonce = lambda n: bytes(4) + le(n, 8)
aead = lambda k, n, ad, x: ChaCha20Poly1305(k).encrypt(nonce(n), x, ad)
opened = lambda k, n, ad, x: ChaCha20Poly1305(k).decrypt(nonce(n), x, ad)
rekey = lambda k: aead(k, 2**64 - 1, b"", bytes(32))[:32]
base = lambda sk: X25519PrivateKey.from_private_bytes(sk).public_key().public_bytes_raw()
dh = lambda sk, pk: X25519PrivateKey.from_private_bytes(sk).exchange(X25519PublicKey.from_public_bytes(pk))
handle = lambda pk: H(b"tom-hdl", pk)[:8]
msg_id = lambda env: H(b"tom-id", env[:2], env[3:])[:16]


class Identity:
    def __init__(self, seed):
        self.pk = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        self.x_sk = hashlib.sha512(seed).digest()[:32]
        self.sign = self.pk[31] >> 7
        y = int.from_bytes(self.pk, "little") & (2**255 - 1)
        self.x = le((1 + y) * pow(1 - y, P - 2, P) % P, 32)
        assert self.x == base(self.x_sk)


def address(pk):
    digits, acc, bits = [], 0, 0
    for byte in b"\0" + pk:
        acc, bits = (acc << 8) | byte, bits + 8
        while bits >= 5:
            bits -= 5
            digits.append((acc >> bits) & 31)
    if bits:
        digits.append((acc << (5 - bits)) & 31)
    def poly(values):
        chk = 1
        for v in values:
            top, chk = chk >> 25, (chk & 0x1FFFFFF) << 5 ^ v
            for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                chk ^= g if (top >> i) & 1 else 0
        return chk
    hrp = [ord(c) >> 5 for c in "tom"] + [0] + [ord(c) & 31 for c in "tom"]
    chk = poly(hrp + digits + [0] * 6) ^ 0x2BC830A3
    digits += [(chk >> 5 * (5 - i)) & 31 for i in range(6)]
    return "tom1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[d] for d in digits)


class Symmetric:
    """The symmetric state of Noise."""

    def __init__(self, prologue, rs):
        self.ck = self.h = b"Noise_IK_25519_ChaChaPoly_SHA256"
        assert len(self.h) == 32
        self.told = []
        self.tell("name", self.h, "prologue", prologue)
        self.mix(prologue)
        self.mix(rs)
        self.tell("h", self.h)

    def tell(self, *pairs):
        """Keeps what each step came to, for the page."""
        self.told += zip(pairs[::2], pairs[1::2])

    def mix(self, data):
        self.h = H(self.h, data)

    def ephemeral(self, name, e):
        self.mix(e)
        self.tell(name, e, "h", self.h)

    def hkdf(self, ikm):
        temp = MAC(self.ck, ikm)
        one = MAC(temp, b"\1")
        return one, MAC(temp, one, b"\2")

    def key(self, name, ikm):
        self.ck, self.k = self.hkdf(ikm)
        self.tell(name, ikm, "ck", self.ck, "k", self.k)

    def enc(self, name, x):
        out = aead(self.k, 0, self.h, x)
        self.mix(out)
        self.tell(name, x, f"enc({name})", out, "h", self.h)
        return out


def committed(expiry, recipient, secret, of=H):
    return of(b"tom-ackc", le(expiry, 4), handle(recipient), secret)


def header(kind, flags, path, expiry, dst):
    return bytes([0x10 | kind, flags, path]) + le(expiry, 4) + dst


def message_1(st, a, b, e_sk, payload):
    e = base(e_sk)
    st.ephemeral("e", e)
    st.key("es", dh(e_sk, b.x))
    s = st.enc("s", a.x)
    st.key("ss", dh(a.x_sk, b.x))
    return e + s + st.enc("payload", payload)


def seal(a, b, e_sk, flags, path, expiry, payload):
    prologue = b"ToM1-seal" + bytes([0x11, flags]) + le(expiry, 4) + b"\0" + b.pk
    st = Symmetric(prologue, b.x)
    noise = message_1(st, a, b, e_sk, payload)
    e = noise[:32]
    secret = MAC(st.ck, b"tom-ack")[:16]
    commit = committed(expiry, b.pk, secret)[:8]
    return st, e, secret, commit, header(1, flags, path, expiry, handle(b.pk)) + b"\0" + commit + noise


def answer(st, e_i, a, e_sk, payload):
    e = base(e_sk)
    st.told.clear()
    st.ephemeral("e", e)
    st.key("ee", dh(e_sk, e_i))
    st.key("se", dh(e_sk, a.x))
    noise = e + st.enc("payload", payload)
    return noise, *st.hkdf(b""), MAC(st.ck, b"tom-ackroot"), st.h


def data(k0, ack_root, direction, recipient, sid, n, flags, path, expiry, content):
    k = k0
    for _ in range(n // 64):
        k = rekey(k)
    secret = MAC(ack_root, bytes([direction]), le(n, 4))[:16]
    commit = committed(expiry, recipient, secret)[:8]
    aad = b"ToM1-data" + bytes([0x13, flags]) + le(expiry, 4) + recipient + sid + le(n, 4) + commit
    head = header(3, flags, path, expiry, handle(recipient))
    return k, secret, commit, aad, head + sid + le(n & 0xFFFF, 2) + commit + aead(k, n, aad, content)


def varint(n):
    out = []
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + [n])


def contents(ref):
    """Plaintexts, as they stand in a SEAL's payload or a DATA."""
    return [("PAD that asks for an ACK", b"\x80"), ("BYTES \"hi\"", b"\x01hi"), ("the same, asks for an ACK, sealed again", b"\xc1" + ref + b"hi"),
            ("READ of the SEAL", b"\x82" + ref), ("CANDIDATES 192.0.2.1 port 4433", b"\x83\1\4\6" + bytes([192, 0, 2, 1]) + le(4433, 2))]


def noise_link(a, b, e_i, e_r):
    """A dials B: the packets of a handshake and the first of each direction, under load a COOKIE and the stamp it asks for."""
    sid_i, t_ms = bytes.fromhex("985bab5b"), 1800000000123
    mac1 = lambda to, packet: packet + MAC(H(b"tom-mac1", to.x), packet)[:8]
    st = Symmetric(b"ToM1-link" + sid_i + b.pk, b.x)
    payload = bytes([a.sign]) + le(t_ms, 7)
    noise1 = message_1(st, a, b, e_i, payload)
    init = mac1(b, b"\xa1" + sid_i + noise1)
    noise2, k_i2r, k_r2i, _, h = answer(st, noise1[:32], a, e_r, b"")
    sid_r = noise2[:4]
    resp = mac1(a, b"\xa2" + sid_r + sid_i + noise2)
    packet = lambda sid, k, n, x: b"\xa3" + sid + le(n, 4) + aead(k, n, b"\xa3" + sid + le(n, 4), x)
    cookie, difficulty = MAC(b"\x77" * 32, b"192.0.2.7:4711")[:16], 8
    leading = lambda digest: 256 - int.from_bytes(digest, "big").bit_length()
    stamp = next(s for s in (le(i, 8) for i in range(2**16)) if leading(H(b"tom-pow", cookie, init[-8:], s)) >= difficulty)
    assert (len(init), len(resp)) == (117, 65)
    return [("sid_i", sid_i), ("e_A secret", e_i), ("prologue", b"ToM1-link" + sid_i + b.pk), ("payload of message 1", payload), ("INIT, 117 B", init), ("e_B secret", e_r), ("sid_r", sid_r),
            ("RESP, 65 B", resp), ("k_i2r", k_i2r), ("k_r2i", k_r2i), ("h", h), ("DATA n = 0, A to B, empty", packet(sid_r, k_i2r, 0, b"")),
            ("DATA n = 0, B to A, empty", packet(sid_i, k_r2i, 0, b"")), ("DATA n = 1, A to B, a PING", packet(sid_r, k_i2r, 1, b"\x08\2\0\7\0")),
            ("cookie secret, source", b"\x77" * 32 + b"192.0.2.7:4711"), ("COOKIE, difficulty 8", b"\xa4" + sid_i + cookie + bytes([difficulty])),
            ("INIT2, 141 B", b"\xa5" + init[1:] + cookie + stamp)]


def rebuilt(top, n16):
    """The number congruent to n16 that is nearest to top and within u32; of two equally near ones the lower."""
    around = [(top & ~0xFFFF) + n16 + step for step in (-65536, 0, 65536)]
    return min((n for n in around if 0 <= n < 2**32), key=lambda n: (abs(n - top), n))


def counters():
    pairs = [(0, 5), (0, 65535), (65530, 3), (70000, 65535), (70000, 4464), (131071, 65535), (98304, 0), (2**32 - 1, 0)]
    return [(f"top {top}, n16 {n16}", f"n {rebuilt(top, n16)}") for top, n16 in pairs]


def retries():
    """Milliseconds from the first copy to each attempt, over a link with a round trip of 50 ms, when nothing ever comes back."""
    wait, at, out = max(300, 3 * 50), 0, []
    for attempt in range(16):
        out.append((f"attempt {attempt}", f"{at} ms"))
        at, wait = at + wait, min(2 * wait, 3_600_000)
    return out + [("sealed again", f"{at} ms")]


def draws():
    """Draws of 4 and of 32 bytes from the stream of a seed, and another 4 after reseeding."""
    key = MAC(b"\x11" * 32, b"tom-drbg", b"session")
    out = [("seed", b"\x11" * 32), ("label", b"session"), ("key", key)]
    for size, name in ((4, "first draw, 4 B"), (32, "second draw, 32 B"), (4, "third draw, after reseeding, 4 B")):
        if name.startswith("third"):
            key = MAC(key, b"tom-reseed", b"\x22" * 32)
            out.append(("reseed with 32 B of 0x22, key", key))
        stream = Cipher(ChaCha20(key, bytes(16)), None).encryptor().update(bytes(32 + size))
        key = stream[:32]
        out += [(name, stream[32:]), ("key after it", key)]
    return out


def port_lines(ack, ref, secret, expiry):
    """What a runner asks of a port about the ACK above, and what it gets."""
    told = {"kind": "ACK", "class": 0, "trace": False, "attempt": 0, "hop": 8, "expiry": expiry, "dst": "0" * 16,
            "proofs": [{"ref": ref.hex(), "secret": secret.hex()}], "msgId": msg_id(ack).hex()}
    line = lambda **fields: json.dumps(fields, separators=(",", ":"))
    return [("asked", line(id=2, do="inspect", what="envelope", bytes=ack.hex())), ("answered", line(id=2, **{"is": told})),
            ("asked", line(id=3, do="inspect", what="envelope", bytes=ack[:14].hex())), ("answered", line(id=3, drop=1))]


def against_vectors(a, b):
    """With the ephemerals of the link's vectors its packets are those of the vectors, which another script wrote."""
    told = json.loads((Path(__file__).parent.parent / "tom-core/tests/vectors/link_noise.json").read_text())
    get = lambda name: bytes.fromhex(told[name])
    ours = dict(noise_link(a, b, get("e_initiator"), get("e_responder")))
    for name, theirs in (("INIT, 117 B", "init"), ("RESP, 65 B", "resp"), ("k_i2r", "k_i2r"), ("k_r2i", "k_r2i"), ("h", "h"),
                         ("DATA n = 0, A to B, empty", "data_i2r_0"), ("DATA n = 0, B to A, empty", "data_r2i_0")):
        assert ours[name] == get(theirs), name


def selfcheck(a, b):
    """The template vector of the design, which other implementations were checked with: no content type."""
    st, e, secret, commit, env = seal(a, b, b"\x33" * 32, 0x02, 0x05, 1800000000, b"\x02" + bytes.fromhex("a1a2a3a4") + b"hello ToM")
    assert msg_id(env).hex() == "732ba4c66ac732da5c2a9beb7913e323" and len(env) == 134
    assert secret.hex() == "520497c287c0f9b01ba4a5c962273638" and commit.hex() == "c919440aa1e7762f"


NOTES = {
    "The handshake of the SEAL, step by step": "What each step of [Handshake](session.md#handshake) comes to; `h`, `ck` and `k` after it.",
    "The handshake of the RESP, step by step": "It goes on with the `ck` and `h` above.",
    "DATA, n = 65": "The second counter of epoch 1.",
    "Contents": "The plaintext in a SEAL's payload or a DATA.",
    "The Noise link": "A dials B. The packets of [The Noise link](link-noise.md); the stamp is the first that is good, counted up from 0.",
    "Counters rebuilt": "`SES-22`, at its edges.",
    "Retries": "When the copies leave over a link with a round trip of 50 ms if nothing ever comes back: `DLV-8` to `DLV-10`.",
    "Entropy": "Draws from one stream, and after reseeding: [Entropy](entropy.md).",
    "A port's lines": "What the runner of [Conformance](conformance.md#inspect) asks about the ACK above, whole and cut off.",
}


def main():
    a, b = Identity(b"\x11" * 32), Identity(b"\x22" * 32)
    selfcheck(a, b)
    against_vectors(a, b)
    sid_a, sid_b, expiry = bytes.fromhex("a1a2a3a4"), bytes.fromhex("b1b2b3b4"), 1800000000
    content = b"\x81" + b"hello ToM"
    pa = bytes([a.sign | 0x02 | 0x08 | 0x30])
    pb = bytes([0x08 | 0x30])
    st, e, secret, commit, env = seal(a, b, b"\x33" * 32, 0x22, 0x08, expiry, pa + sid_a + content)
    ref = msg_id(env)[:8]
    steps_1 = list(st.told)
    noise2, k_i2r, k_r2i, root, h = answer(st, e, a, b"\x44" * 32, pb + sid_b)
    resp = header(2, 0, 0x08, expiry, bytes(8)) + ref + sid_a + noise2
    ack = header(4, 0, 0x08, expiry, bytes(8)) + b"\1" + ref + secret
    k1, dsecret, dcommit, aad_65, denv = data(k_i2r, root, 0, b.pk, sid_b, 65, 0x22, 0x08, expiry, b"\x81again")
    dref = msg_id(denv)[:8]
    nack = header(5, 0, 0x08, expiry, bytes(8)) + dref + b"\1" + bytes(4)
    reseal = b"\xc1" + dref + b"again"
    _, rsecret, _, _, renv = data(k_i2r, root, 0, b.pk, sid_b, 66, 0x22, 0x08, expiry, reseal)
    assert (len(resp), len(ack), len(nack)) == (80, 40, 28)
    assert len(denv) - 5 == 46 and len(renv) - 5 == 54
    frame = lambda t, body: bytes([t]) + le(len(body), 2) + body
    traced = le(len(ack), 2) + ack + bytes([1, 12]) + handle(a.pk)[:4] + le(5, 2) + handle(b.pk)[:4] + le(65535, 2)
    rows = [
        ("Identities", [
            ("A seed", b"\x11" * 32), ("A pk", a.pk), ("A x_pk", a.x), ("A handle8", handle(a.pk)), ("A address", address(a.pk)), ("of the bytes", b"\0" + a.pk),
            ("B seed", b"\x22" * 32), ("B pk", b.pk), ("B x_pk", b.x), ("B handle8", handle(b.pk)), ("B address", address(b.pk))]),
        ("SEAL", [
            ("e_A secret", b"\x33" * 32), ("flags", b"\x22"), ("path", b"\x08"), ("expiry", le(expiry, 4)), ("pflags", pa), ("sid_A", sid_a),
            ("content", content), ("ack_secret", secret), ("commit is the hash of", committed(expiry, b.pk, secret, lambda *x: b"".join(x))), ("commit", commit), (f"envelope, {len(env)} B", env), ("msg_id", msg_id(env))]),
        ("The handshake of the SEAL, step by step", steps_1),
        ("ACK of the SEAL", [("envelope, 40 B", ack)]),
        ("RESP", [
            ("e_B secret", b"\x44" * 32), ("pflags", pb), ("sid_B", sid_b), ("envelope, 80 B", resp), ("k_i2r", k_i2r), ("k_r2i", k_r2i),
            ("ack_root", root), ("h", h)]),
        ("The handshake of the RESP, step by step", list(st.told)),
        ("DATA, n = 65", [
            ("epoch 1 key", k1), ("content", b"\x81again"), ("ack_secret", dsecret), ("commit", dcommit), ("AAD", aad_65), (f"envelope, {len(denv)} B", denv),
            ("msg_id", msg_id(denv))]),
        ("The same message sealed again, n = 66", [("content", reseal), ("ack_secret", rsecret), (f"envelope, {len(renv)} B", renv), ("msg_id", msg_id(renv))]),
        ("NACK NO_KEY for the DATA", [("envelope, 28 B", nack)]),
        ("Contents", contents(ref)),
        ("Link frames", [
            ("HELLO: full, max_frame 65538, no unix, features 0", frame(1, b"\x01\x03" + bytes.fromhex("828004") + b"\0\0")),
            ("TAKEN of the SEAL", frame(3, b"\1" + ref)), ("PASSED of the SEAL", frame(4, ref)),
            ("REACH? for B, nonce 300, ttl 2", frame(5, handle(b.pk) + b"\xac\x02" + b"\2")),
            ("REACH! for B, nonce 300, distance 1", frame(6, handle(b.pk) + b"\xac\x02" + b"\1")),
            ("CANDIDATES 192.0.2.1 port 4433", frame(7, bytes.fromhex("010406c0000201") + le(4433, 2))),
            ("PING nonce 7, reply false", frame(8, b"\7\0")), ("ENVELOPE of the ACK, with a TRACE of two", frame(2, traced)),
            *((f"varint of {n}", varint(n)) for n in (0, 127, 128, 300, 2**32 - 1))]),
        ("The Noise link", noise_link(a, b, b"\x55" * 32, b"\x66" * 32)),
        ("Counters rebuilt", counters()),
        ("Retries", retries()),
        ("Entropy", draws()),
        ("A port's lines", port_lines(ack, ref, secret, expiry)),
    ]
    out = ["# Worked example", "",
           "One message from A to B, its answer, and a message in the session, byte by byte. All keys and ephemerals are constants that no",
           "real node uses. `example.py` beside this book prints this page from the book's rules alone; it shares no code with `tom-core`.", ""]
    for title, fields in rows:
        out += [f"## {title}", "", *([NOTES[title], ""] if title in NOTES else []), "```text"]
        width = max(len(n) for n, _ in fields)
        for name, v in fields:
            v = v if isinstance(v, str) else v.hex()
            for i in range(0, len(v), 96):
                out.append((name.ljust(width) if i == 0 else " " * width) + "  " + v[i:i + 96])
        out += ["```", ""]
    text = "\n".join(out)
    page = Path(__file__).parent / "src" / "example.md"
    if "--check" in sys.argv:
        sys.exit(0 if page.read_text() == text else "src/example.md differs from what the rules give")
    page.write_text(text)


main()

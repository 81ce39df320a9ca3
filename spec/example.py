#!/usr/bin/env python3
"""Prints the worked example of the specification (src/example.md), from the book alone.

An independent second implementation of envelope, handshake and session keys: it shares no code with
tom-core, so that the two check each other. Needs the `cryptography` package. Usage: example.py [--check]
"""
import hashlib, hmac, sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

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
        self.mix(prologue)
        self.mix(rs)

    def mix(self, data):
        self.h = H(self.h, data)

    def hkdf(self, ikm):
        temp = MAC(self.ck, ikm)
        one = MAC(temp, b"\1")
        return one, MAC(temp, one, b"\2")

    def key(self, ikm):
        self.ck, self.k = self.hkdf(ikm)

    def enc(self, x):
        out = aead(self.k, 0, self.h, x)
        self.mix(out)
        return out


def header(kind, flags, path, expiry, dst):
    return bytes([0x10 | kind, flags, path]) + le(expiry, 4) + dst


def seal(a, b, e_sk, flags, path, expiry, payload):
    prologue = b"ToM1-seal" + bytes([0x11, flags]) + le(expiry, 4) + b"\0" + b.pk
    st = Symmetric(prologue, b.x)
    e = base(e_sk)
    st.mix(e)
    st.key(dh(e_sk, b.x))
    s = st.enc(a.x)
    st.key(dh(a.x_sk, b.x))
    noise = e + s + st.enc(payload)
    secret = MAC(st.ck, b"tom-ack")[:16]
    commit = H(b"tom-ackc", le(expiry, 4), handle(b.pk), secret)[:8]
    return st, e, secret, commit, header(1, flags, path, expiry, handle(b.pk)) + b"\0" + commit + noise


def answer(st, e_i, a, e_sk, payload):
    e = base(e_sk)
    st.mix(e)
    st.key(dh(e_sk, e_i))
    st.key(dh(e_sk, a.x))
    noise = e + st.enc(payload)
    return noise, *st.hkdf(b""), MAC(st.ck, b"tom-ackroot"), st.h


def data(k0, ack_root, direction, recipient, sid, n, flags, path, expiry, content):
    k = k0
    for _ in range(n // 64):
        k = rekey(k)
    secret = MAC(ack_root, bytes([direction]), le(n, 4))[:16]
    commit = H(b"tom-ackc", le(expiry, 4), handle(recipient), secret)[:8]
    aad = b"ToM1-data" + bytes([0x13, flags]) + le(expiry, 4) + recipient + sid + le(n, 4) + commit
    head = header(3, flags, path, expiry, handle(recipient))
    return k, secret, commit, head + sid + le(n & 0xFFFF, 2) + commit + aead(k, n, aad, content)


def selfcheck(a, b):
    """The template vector of the design, which other implementations were checked with: no content type."""
    st, e, secret, commit, env = seal(a, b, b"\x33" * 32, 0x02, 0x05, 1800000000, b"\x02" + bytes.fromhex("a1a2a3a4") + b"hello ToM")
    assert msg_id(env).hex() == "732ba4c66ac732da5c2a9beb7913e323" and len(env) == 134
    assert secret.hex() == "520497c287c0f9b01ba4a5c962273638" and commit.hex() == "c919440aa1e7762f"


def main():
    a, b = Identity(b"\x11" * 32), Identity(b"\x22" * 32)
    selfcheck(a, b)
    sid_a, sid_b, expiry = bytes.fromhex("a1a2a3a4"), bytes.fromhex("b1b2b3b4"), 1800000000
    content = b"\x81" + b"hello ToM"
    pa = bytes([a.sign | 0x02 | 0x08 | 0x30])
    pb = bytes([0x08 | 0x30])
    st, e, secret, commit, env = seal(a, b, b"\x33" * 32, 0x22, 0x08, expiry, pa + sid_a + content)
    ref = msg_id(env)[:8]
    noise2, k_i2r, k_r2i, root, h = answer(st, e, a, b"\x44" * 32, pb + sid_b)
    resp = header(2, 0, 0x08, expiry, bytes(8)) + ref + sid_a + noise2
    ack = header(4, 0, 0x08, expiry, bytes(8)) + b"\1" + ref + secret
    k1, dsecret, dcommit, denv = data(k_i2r, root, 0, b.pk, sid_b, 65, 0x22, 0x08, expiry, b"\x81again")
    dref = msg_id(denv)[:8]
    nack = header(5, 0, 0x08, expiry, bytes(8)) + dref + b"\1" + bytes(4)
    reseal = b"\xc1" + dref + b"again"
    _, rsecret, _, renv = data(k_i2r, root, 0, b.pk, sid_b, 66, 0x22, 0x08, expiry, reseal)
    assert (len(resp), len(ack), len(nack)) == (80, 40, 28)
    assert len(denv) - 5 == 46 and len(renv) - 5 == 54
    frame = lambda t, body: bytes([t]) + le(len(body), 2) + body
    rows = [
        ("Identities", [
            ("A seed", b"\x11" * 32), ("A pk", a.pk), ("A x_pk", a.x), ("A handle8", handle(a.pk)), ("A address", address(a.pk)),
            ("B seed", b"\x22" * 32), ("B pk", b.pk), ("B x_pk", b.x), ("B handle8", handle(b.pk)), ("B address", address(b.pk))]),
        ("SEAL", [
            ("e_A secret", b"\x33" * 32), ("flags", b"\x22"), ("path", b"\x08"), ("expiry", le(expiry, 4)), ("pflags", pa), ("sid_A", sid_a),
            ("content", content), ("ack_secret", secret), ("commit", commit), (f"envelope, {len(env)} B", env), ("msg_id", msg_id(env))]),
        ("ACK of the SEAL", [("envelope, 40 B", ack)]),
        ("RESP", [
            ("e_B secret", b"\x44" * 32), ("pflags", pb), ("sid_B", sid_b), ("envelope, 80 B", resp), ("k_i2r", k_i2r), ("k_r2i", k_r2i),
            ("ack_root", root), ("h", h)]),
        ("DATA, n = 65", [
            ("epoch 1 key", k1), ("content", b"\x81again"), ("ack_secret", dsecret), ("commit", dcommit), (f"envelope, {len(denv)} B", denv),
            ("msg_id", msg_id(denv))]),
        ("The same message sealed again, n = 66", [("content", reseal), ("ack_secret", rsecret), (f"envelope, {len(renv)} B", renv), ("msg_id", msg_id(renv))]),
        ("NACK NO_KEY for the DATA", [("envelope, 28 B", nack)]),
        ("Link frames", [
            ("HELLO: full, max_frame 65538, no unix, features 0", frame(1, b"\x01\x03" + bytes.fromhex("828004") + b"\0\0")),
            ("TAKEN of the SEAL", frame(3, b"\1" + ref)), ("PASSED of the SEAL", frame(4, ref)),
            ("REACH? for B, nonce 300, ttl 2", frame(5, handle(b.pk) + b"\xac\x02" + b"\2")),
            ("REACH! for B, nonce 300, distance 1", frame(6, handle(b.pk) + b"\xac\x02" + b"\1")),
            ("CANDIDATES 192.0.2.1 port 4433", frame(7, bytes.fromhex("010406c0000201") + le(4433, 2))),
            ("PING nonce 7, reply false", frame(8, b"\7\0"))]),
    ]
    out = ["# Worked example", "",
           "One message from A to B, its answer, and a message in the session, byte by byte. All keys and ephemerals are constants that no",
           "real node uses. `example.py` beside this book prints this page from the book's rules alone; it shares no code with `tom-core`.", ""]
    for title, fields in rows:
        out += [f"## {title}", "", "```text"]
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

#!/usr/bin/env python3
"""Writes link_noise.json from the spec's page on the Noise link, independently of the Rust code.

Needs the `cryptography` package. Usage: python3 link_noise.py > link_noise.json
"""

import hashlib
import hmac
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20


def H(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def MAC(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def le(value, size):
    return value.to_bytes(size, "little")


def aead(key, n, ad, text):
    return ChaCha20Poly1305(key).encrypt(bytes(4) + le(n, 8), text, ad)


def rekey(key):
    return aead(key, 2**64 - 1, b"", bytes(32))[:32]


def public(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def agree(secret, key):
    return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(key))


class Drbg:
    """A labelled stream of a seed (spec: entropy)."""

    def __init__(self, seed, label):
        self.key = MAC(seed, b"tom-drbg" + label)

    def draw(self, size):
        stream = Cipher(ChaCha20(self.key, bytes(16)), None).encryptor().update(bytes(32 + size))
        self.key = stream[:32]
        return stream[32:]


class Identity:
    def __init__(self, seed):
        self.pk = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        self.sk = hashlib.sha512(seed).digest()[:32]
        self.x = public(self.sk)


class Noise:
    def __init__(self, prologue, rs):
        self.ck = self.h = b"Noise_IK_25519_ChaChaPoly_SHA256"
        self.mix(prologue)
        self.mix(rs)

    def mix(self, data):
        self.h = H(self.h, data)

    def hkdf(self, secret):
        temp = MAC(self.ck, secret)
        first = MAC(temp, b"\1")
        return first, MAC(temp, first, b"\2")

    def key(self, secret):
        self.ck, self.k = self.hkdf(secret)

    def seal(self, text):
        out = aead(self.k, 0, self.h, text)
        self.mix(out)
        return out


def mac1(receiver, packet):
    return packet + MAC(H(b"tom-mac1", receiver.x), packet)[:8]


def data(key, sid, n, text):
    for _ in range(n // 65536):
        key = rekey(key)
    head = b"\xa3" + sid + le(n, 4)
    return head + aead(key, n, head, text)


def bits(digest):
    return 256 - int.from_bytes(digest, "big").bit_length()


a, b = Identity(b"\x11" * 32), Identity(b"\x22" * 32)
t_ms = 1_800_000_000_123
# The order of draws is tom-core's; any other implementation sets these values by hand.
ours, theirs, gate = Drbg(b"\x55" * 32, b"link"), Drbg(b"\x66" * 32, b"link"), Drbg(b"\x66" * 32, b"link-gate")
sid_i, e_i, e_r, secret = ours.draw(4), ours.draw(32), theirs.draw(32), gate.draw(32)

noise = Noise(b"ToM1-link" + sid_i + b.pk, b.x)
noise.mix(public(e_i))
noise.key(agree(e_i, b.x))
s = noise.seal(a.x)
noise.key(agree(a.sk, b.x))
payload = bytes([a.pk[31] >> 7]) + le(t_ms, 7)
init = mac1(b, b"\xa1" + sid_i + public(e_i) + s + noise.seal(payload))

noise.mix(public(e_r))
noise.key(agree(e_r, public(e_i)))
noise.key(agree(e_r, a.x))
sid_r = public(e_r)[:4]
resp = mac1(a, b"\xa2" + sid_r + sid_i + public(e_r) + noise.seal(b""))
k_i2r, k_r2i = noise.hkdf(b"")

source, difficulty = b"192.0.2.7:4711", 12
cookie = MAC(secret, source)[:16]
stamp = next(
    s for s in (le(i, 8) for i in range(2**32)) if bits(H(b"tom-pow", cookie, init[-8:], s)) >= difficulty
)

print(
    json.dumps(
        {
            "seed_initiator": (b"\x11" * 32).hex(),
            "seed_responder": (b"\x22" * 32).hex(),
            "t_ms": t_ms,
            "sid_i": sid_i.hex(),
            "e_initiator": e_i.hex(),
            "e_responder": e_r.hex(),
            "init": init.hex(),
            "resp": resp.hex(),
            "k_i2r": k_i2r.hex(),
            "k_r2i": k_r2i.hex(),
            "h": noise.h.hex(),
            "data_i2r_0": data(k_i2r, sid_r, 0, b"").hex(),
            "data_r2i_0": data(k_r2i, sid_i, 0, b"").hex(),
            "data_i2r_1_hello": data(k_i2r, sid_r, 1, b"hello").hex(),
            "data_i2r_65536_again": data(k_i2r, sid_r, 65536, b"again").hex(),
            "source": source.hex(),
            "cookie_secret": secret.hex(),
            "difficulty": difficulty,
            "cookie": (b"\xa4" + sid_i + cookie + bytes([difficulty])).hex(),
            "init2": (b"\xa5" + init[1:] + cookie + stamp).hex(),
        },
        indent=2,
    )
)

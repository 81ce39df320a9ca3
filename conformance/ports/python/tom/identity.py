"""Who is who: keys, handles, addresses (chapter "Identity")."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from . import bech32m
from .conventions import H, le, un_le
from .drops import Drop, Reason, Refused

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def _x_squared(y: int) -> int:
    """x² of the Edwards curve -x² + y² = 1 + d x² y²."""
    return (y * y - 1) * pow(D * y * y + 1, -1, P) % P


def _is_square(a: int) -> bool:
    return a == 0 or pow(a, (P - 1) // 2, P) == 1


def _double_y_squares(x2: int, y2: int) -> tuple[int, int]:
    """(x², y²) of 2·P from those of P: x' = 2xy/(y²-x²), y' = (y²+x²)/(2-y²+x²)."""
    x_new = 4 * x2 * y2 * pow((y2 - x2) ** 2, -1, P) % P
    y_new = (y2 + x2) ** 2 * pow((2 - y2 + x2) ** 2, -1, P) % P
    return x_new, y_new


def _small_order(y: int) -> bool:
    """Whether 8·P is the neutral point. Squares will do: 4·P has to be (0, ±1)."""
    x2, y2 = _x_squared(y), y * y % P
    for _ in range(2):
        x2, y2 = _double_y_squares(x2, y2)
    return x2 == 0


def check_pk(pk: bytes) -> None:
    """Refuses a key that does not decompress or is of small order (IDN-1)."""
    if len(pk) != 32:
        raise Refused("a public key has 32 bytes")
    y = un_le(pk) & ((1 << 255) - 1)
    # RFC 8032 decodes only y < p; an x of 0 belongs to small order, so its sign does not matter.
    if y >= P or not _is_square(_x_squared(y)) or _small_order(y):
        raise Refused("no usable public key")


def x_pk_of(pk: bytes) -> bytes:
    """u = (1 + y) / (1 - y) (IDN-2)."""
    y = un_le(pk) & ((1 << 255) - 1)
    return le((1 + y) * pow(1 - y, -1, P) % P, 32)


def pk_of(x_pk: bytes, sign: bool) -> bytes:
    """y = (u - 1) / (u + 1) with the sign bit received, checked under IDN-1 (IDN-5)."""
    u = un_le(x_pk)
    if u >= P - 1:  # one identity has one form; and no point has u = -1
        raise Refused("no point has this u")
    y = (u - 1) * pow(u + 1, -1, P) % P
    pk = le(y | (int(sign) << 255), 32)
    check_pk(pk)
    return pk


def handle_of(pk: bytes) -> bytes:
    return H(b"tom-hdl" + pk)[:8]


def address_of(pk: bytes) -> str:
    return bech32m.encode("tom", b"\0" + pk)


def pk_of_address(text: str) -> bytes:
    """IDN-7, IDN-8."""
    data = bech32m.decode("tom", text)
    if len(data) != 33 or data[0] != 0:
        raise Refused("version or length of the address")
    check_pk(data[1:])
    return data[1:]


def x_public(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def agree(secret: bytes, public: bytes) -> bytes:
    """X25519; a result of all zero is refused (IDN-3)."""
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(
            X25519PublicKey.from_public_bytes(public)
        )
    except ValueError:
        raise Drop(Reason.WEAK_KEY) from None


class Identity:
    """The key pair of a node, made of a seed."""

    def __init__(self, seed: bytes) -> None:
        self._ed = Ed25519PrivateKey.from_private_bytes(seed)
        self.pk = self._ed.public_key().public_bytes_raw()
        self.x_sk = hashlib.sha512(seed).digest()[:32]
        self.x_pk = x_public(self.x_sk)
        self.handle = handle_of(self.pk)

    @property
    def sign_bit(self) -> bool:
        return bool(self.pk[31] >> 7)

    def sign(self, message: bytes) -> bytes:
        return self._ed.sign(message)

    def agree(self, public: bytes) -> bytes:
        return agree(self.x_sk, public)

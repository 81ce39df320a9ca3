"""Drop reasons: why an input from the network was not used (chapter "Drop reasons")."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """The numbers are what negative vectors check; they never change their meaning (DRP-2)."""

    # Form
    TRUNCATED = 1
    BAD_LENGTH = 2
    UNKNOWN_FRAME = 3
    NOT_CANONICAL = 4
    BAD_VERSION = 5
    BAD_FLAGS = 6
    BAD_KIND = 7
    TOO_BIG = 8
    BAD_COUNT = 9
    BAD_HOP = 10
    BAD_DST = 11
    BAD_CONTENT = 12
    # Way
    EXPIRED = 20
    EXPIRY_TOO_FAR = 21
    NO_HOPS = 22
    DUPLICATE = 23
    NO_ROUTE = 24
    FORWARD_FULL = 25
    BACKPRESSURE = 26
    UNKNOWN_LINK = 27
    WRONG_LINK = 28
    RATE_LIMITED = 29
    # Opening
    BAD_SEAL = 40
    BAD_COMMIT = 41
    BAD_TAG = 42
    UNKNOWN_SESSION = 43
    REPLAY = 44
    TOO_OLD = 45
    TOO_FAR_AHEAD = 46
    SEAL_BUDGET = 47
    OPENED_FULL = 48
    CONTACTS_FULL = 49
    INBOX_FULL = 50
    UNKNOWN_KID = 51
    WEAK_KEY = 52
    ALREADY_OPENED = 53
    ALREADY_DELIVERED = 54
    UNKNOWN_CONTENT = 55
    # Answers
    RESP_UNKNOWN = 60
    RESP_MISMATCH = 61
    BAD_RESP = 62
    ACK_UNKNOWN = 63
    BAD_PROOF = 64
    ACK_REPEAT = 65
    NACK_UNKNOWN = 66
    BAD_NACK = 67
    NACK_LIMITED = 68
    RECEIPT_UNKNOWN = 69
    REACH_UNKNOWN = 70


class Drop(Exception):
    """An input that is not used, under exactly one reason: the first check that failed (DRP-1)."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


class Refused(Exception):
    """The book says "refused" without a number: misuse by one's own side, never by the network."""

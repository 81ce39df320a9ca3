"""Packets on a byte stream (chapter "Noise link", "On a medium"): one COBS frame and one zero byte each (NLK-25)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

LONGEST_BLOCK = 254  # bytes one count can stand for; behind a shorter block stands a zero, or the end


class NoFrame(Exception):
    """What stands before a zero byte and is not the frame of a packet."""


def encode(packet: bytes) -> bytes:
    """The frame of one packet, without the zero byte after it."""
    *runs, last = packet.split(b"\0")
    blocks = [block for run in runs for block in _blocks(run, len(run) + 1)] + _blocks(last, max(len(last), 1))
    return b"".join(bytes([len(block) + 1]) + block for block in blocks)


def _blocks(run: bytes, size: int) -> list[bytes]:
    """The blocks of a run without zeros. A full block stands for no zero, so a zero behind one takes an empty block: then
    `size` is one more than the run has."""
    return [run[at : at + LONGEST_BLOCK] for at in range(0, size, LONGEST_BLOCK)]


def decode(frame: bytes) -> bytes:
    """The packet in a frame; `frame` has no zero byte in it."""
    out, at = bytearray(), 0
    while at < len(frame):
        count = frame[at]
        end = at + count
        if end > len(frame):
            raise NoFrame("a count points beyond the end")
        out += frame[at + 1 : end]
        at = end
        if count <= LONGEST_BLOCK and at < len(frame):
            out.append(0)
    if not out:
        raise NoFrame("an empty packet")
    return bytes(out)


def join(packets: Iterable[bytes]) -> bytes:
    """The bytes of a stream that carries these packets."""
    return b"".join(encode(packet) + b"\0" for packet in packets)


def split(stream: bytes) -> Iterator[bytes]:
    """Each packet that ended in these bytes, in order; what is none is dropped without a count."""
    for frame in stream.split(b"\0")[:-1]:
        try:
            yield decode(frame)
        except NoFrame:
            continue

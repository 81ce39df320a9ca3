#!/usr/bin/env python3
"""A ToM port: answers the conformance suite, one JSON object per line.

    tom-conformance run --port "python3 port.py" --profile codec

Fill in the functions; whatever raises Unsupported is counted and not failed until `hello` claims
its profile. The book: spec/src/conformance.md and the chapters it names.
"""
import json
import sys


class Unsupported(Exception):
    """This port cannot do that yet."""


class Drop(Exception):
    """Bytes that are not used, with the number of the reason (spec/src/drops.md)."""


class Refused(Exception):
    """The book says "refused", without a number."""


def todo(ask):
    raise Unsupported("not written yet")


def envelope(ask):
    """bytes -> kind class trace attempt hop expiry dst msgId, and by kind:
    SEAL kid commit noise | RESP ref sid noise | DATA sid n16 commit sealed
    ACK proofs [{ref secret}] | NACK ref code arg"""
    data = bytes.fromhex(ask["bytes"])
    if len(data) < 15:
        raise Drop(1)
    raise Unsupported("not written yet")


INSPECT = {
    "envelope": envelope,
    "content": todo,  # bytes -> type asksAck orig, and bytes | refs | candidates
    "sealPayload": todo,  # bytes -> sign sid persists window maxEnvelope content
    "respPayload": todo,  # bytes -> sid persists window maxEnvelope
    "datagram": todo,  # bytes -> frames: each its fields, or {"drop": n}
    "encode": todo,  # as, fields -> bytes
    "identity": todo,  # seed -> pk xPk handle address
    "address": todo,  # text -> pk handle
    "key": todo,  # pk -> xPk handle
    "commit": todo,  # expiry dst secret -> commit
    "draw": todo,  # seed label sizes reseed? -> bytes: [..]
    "seal": todo,  # seed to ephemeral class trace prove expiry hop attempt fields -> bytes ackSecret msgId
    "open": todo,  # seed bytes -> from payload ackSecret
    "answer": todo,  # seed bytes ephemeral fields -> bytes kI2r kR2i ackRoot hash
    "answered": todo,  # seed to ephemeral seal bytes -> payload kI2r kR2i ackRoot hash
    "data": todo,  # key ackRoot dir n to sid class trace prove expiry hop attempt content -> bytes ackSecret msgId
    "openData": todo,  # key ackRoot dir top to bytes -> n content ackSecret
    "node": todo,
}


def hello(ask):
    return {"name": "my port", "version": "0.1", "language": "Python", "spec": "0.1", "profiles": []}


def inspect(ask):
    return {"is": INSPECT[ask["what"]](ask)}


# reset, step, snapshot and restore are what the profiles leaf and relay ask for.
DO = {"hello": hello, "inspect": inspect, "reset": todo, "step": todo, "snapshot": todo, "restore": todo}


def reply(ask):
    try:
        return DO[ask["do"]](ask)
    except Unsupported as why:
        return {"unsupported": str(why)}
    except Drop as drop:
        return {"drop": drop.args[0]}
    except Refused:
        return {"refused": True}
    except Exception as error:  # a bug of the port: one bad answer, not the end of the run
        return {"error": f"{type(error).__name__}: {error}"}


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], **reply(asked)}), flush=True)

"""The bytes of the conformance vectors, with the fields that are expected of them, and whether the layouts say the same."""
import json
import re

from .layout import ROOT, SPEC
from .read import Reader, Unfit

def cases(layout):
    """(name, structure, bytes, expected fields or None) of each case of inspect that is a layout's."""
    structs = {s.suite: s.name for s in layout.structs.values() if s.suite}
    for path in sorted((ROOT / "conformance/vectors").glob("*.json")):
        for group in json.loads(path.read_text())["testGroups"]:
            encode = group["what"] == "encode"
            for test in group["tests"]:
                what = test["ask"]["as"] if encode else group["what"]
                if group["type"] != "inspect" or structs.get(what) not in ("envelope", "content", "seal_payload", "resp_payload", "datagram"):
                    continue
                data = test["expect"]["is"]["bytes"] if encode else test["ask"]["bytes"]
                fields = test["ask"]["fields"] if encode else test["expect"].get("is")
                if fields is not None:
                    fields = {k: v for k, v in fields.items() if k not in layout.structs[structs[what]].computed}
                yield f"{path.stem}:{test['tcId']}", structs[what], bytes.fromhex(data), fields


def frames(layout, data):
    """A datagram frame by frame: the fields of each, None for one that does not fit."""
    reader, at, out = Reader(layout), 0, []
    while at < len(data):
        size = 3 + int.from_bytes(data[at + 1:at + 3], "little")
        if at + size > len(data) or at + 3 > len(data):
            return out + [None]
        frame = data[at:at + size]
        try:
            fields = reader.all("frame", frame)
            out.append(fields if layout.enums["ftype"].of(frame[0]) else None)
        except Unfit:
            out.append(None)
        at += size
    return out


def read(layout, struct, data):
    """What the layouts say of these bytes, in the suite's words; None when they do not fit."""
    if struct == "datagram":
        return {"frames": frames(layout, data)}
    try:
        return Reader(layout).all(struct, data)
    except Unfit:
        return None


STEPS = "The handshake of the SEAL, step by step"
# Rows of the worked example by section, the structure each is of, and fields that other rows show, of this section or the one named: so also
# what no vector shows in the clear.
SHOWN = {
    "Identities": {"of the bytes": ("address", {"address.pk": "A pk"})},
    "SEAL": {"commit is the hash of": ("commitment", {"commitment.ack_secret": "ack_secret"}), "envelope": ("envelope", {
        "seal.commit": "commit", "seal.e": (STEPS, "e"), "seal.enc_s": (STEPS, "enc(s)"), "seal.enc_payload": (STEPS, "enc(payload)")})},
    STEPS: {"prologue": ("prologue", {}), "payload": ("seal_payload", {})},
    "The handshake of the RESP, step by step": {"payload": ("resp_payload", {})},
    "DATA, n = 65": {"AAD": ("aad", {"aad.commit": "commit"}), "content": ("content", {})},
    "The Noise link": {
        "prologue": ("link_prologue", {"link_prologue.sid_i": "sid_i"}), "payload of message 1": ("init_payload", {}),
        "INIT": ("packet", {"init.sid_i": "sid_i"}), "RESP": ("packet", {"link_resp.sid_r": "sid_r", "link_resp.sid_i": "sid_i"}),
        "DATA n = 1": ("packet", {"link_data.sid": "sid_r", "link_data.n": 1}), "COOKIE": ("packet", {"cookie.sid_i": "sid_i"}),
        "INIT2": ("packet", {"init.sid_i": "sid_i"})},
}


def rows(section):
    """The rows of a section of the worked example: the name up to a comma, and the hex."""
    page = (SPEC / "src/example.md").read_text()
    block = page.partition(f"## {section}\n")[2].partition("```text\n")[2].partition("```")[0]
    return [(name.split(",")[0], value) for name, value in re.findall(r"^(\S.*?)  +(\S+)$", re.sub(r"\n +", "", block), re.M)]


def shown(layout):
    """Reads the rows of the worked example by the layouts. What is wrong, and how many were read."""
    wrong, read_rows = [], 0
    for section, expected in SHOWN.items():
        have = dict(reversed(rows(section)))
        for row, (struct, fields) in expected.items():
            where = f"example.md, {section}, {row}"
            reader = Reader(layout)
            try:
                reader.all(struct, bytes.fromhex(have[row]))
            except (KeyError, Unfit) as why:
                wrong.append(f"{where}: {why}")
                continue
            read_rows += 1
            for field, told in fields.items():
                name, of = (told[1], dict(reversed(rows(told[0])))) if isinstance(told, tuple) else (told, have)
                if reader.seen.get(field) != of.get(name, name):
                    wrong.append(f"{where}: {field} is {reader.seen.get(field)}, not {of.get(name, name)}")
    return wrong, read_rows


def prove(layout):
    """Every accepted vector by the layouts. What is wrong, and how many cases were compared and how many refused."""
    wrong, fits, refused = [], 0, 0
    for name, struct, data, expected in cases(layout):
        got = read(layout, struct, data)
        if expected is None:
            refused += got is None
            continue
        fits += 1
        if struct == "datagram":
            for g, e in zip(got["frames"], expected["frames"], strict=False):
                # Some frames are refused by a rule that is no layout's: those the layouts may read.
                if "drop" not in e and g != e:
                    wrong.append(f"{name}: {g} instead of {e}")
            if len(got["frames"]) != len(expected["frames"]):
                wrong.append(f"{name}: {len(got['frames'])} frames instead of {len(expected['frames'])}")
        elif got != expected:
            wrong.append(f"{name}: {got} instead of {expected}")
    return wrong, fits, refused

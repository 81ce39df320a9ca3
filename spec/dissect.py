#!/usr/bin/env python3
"""Tries the Wireshark dissector tom.lua with tshark on the conformance vectors: what it shows is what a port has to answer.

Every datagram and envelope of the vectors goes into a capture. Of those the suite accepts each field is compared; those that do not
fit a layout, and no others, have to be marked. Needs tshark (Debian: apt-get install --no-install-recommends tshark) and Python 3.11.
"""
import json
import sys

from tool import capture
from tool.layout import ROOT, Layout
from tool.read import Reader
from tool.vectors import cases, read

wrong = []


def say(name, what):
    wrong.append(f"{name}: {what}"[:300])


def vectors(layout, struct, link, layer):
    """All vectors of a structure: the fields of those that are accepted, and which are marked."""
    asked = [case for case in cases(layout) if case[1] == struct and case[2]]  # a packet of no bytes is none
    shape = capture.Shape(layout, Reader(layout).names)
    shown = capture.dissect(link, [data for _, _, data, _ in asked])
    compared = fields = 0
    for (name, _, data, expected), layers in zip(asked, shown, strict=True):
        tree = layers.get(layer)
        if tree is None:
            say(name, "was not dissected")
            continue
        ours = read(layout, struct, data)
        fits = ours is not None and (struct != "datagram" or None not in unskipped(layout, data, ours["frames"]))
        if capture.marked(tree) == fits:
            say(name, "is marked" if fits else "is not marked")
        if fits and expected is not None:
            got = shape.all(struct, tree)
            want = {"frames": [f for f in expected["frames"] if "drop" not in f]} if struct == "datagram" else expected
            got = {"frames": [f for f in got["frames"] if len(f) > 1]} if struct == "datagram" else got
            if got != want and not dropped(expected):
                say(name, f"shows {got} instead of {want}")
            compared += 1
            fields += leaves(want)
    print(f"{struct}: {len(asked)} packets, {compared} compared, {fields} fields")


def leaves(told):
    """How many values are in it."""
    if isinstance(told, (dict, list)):
        return sum(map(leaves, told.values() if isinstance(told, dict) else told))
    return 1


def unskipped(layout, data, frames):
    """The frames but those of a type nobody knows, which are skipped and not marked."""
    at = 0
    for frame in frames:
        known = at < len(data) and (at + 3 > len(data) or layout.enums["ftype"].of(data[at]))
        if frame is not None or known or at + 3 + int.from_bytes(data[at + 1:at + 3], "little") > len(data):
            yield frame
        at += 3 + int.from_bytes(data[at + 1:at + 3], "little")


def dropped(expected):
    """Whether a frame is refused by a rule that is no layout's: the dissector shows it all the same."""
    return any("drop" in frame for frame in expected.get("frames", []))


def over_udp(layout):
    """Both heuristics: what begins with a HELLO in the clear, and a link from its handshake on, DATA included."""
    link = json.loads((ROOT / "tom-core/tests/vectors/link_noise.json").read_text())
    names = ["init", "cookie", "init2", "resp", "data_i2r_0", "data_i2r_1_hello"]
    # Each handshake packet is a stranger's; the DATA are known by the INIT on their port.
    ports = {"cookie": 4811, "init2": 4911, "resp": 5011}
    shown = capture.dissect(capture.RAW_IP, [capture.udp(bytes.fromhex(link[n]), ports.get(n, 4711)) for n in names])
    for name, layers in zip(names, shown, strict=True):
        tree = layers.get("tom_link")
        if tree is None or capture.marked(tree):
            say(name, "is not dissected as the Noise link's" if tree is None else "is marked")
        elif name == "init" and hexed(tree, "tom.packet.body_tree", "tom.init.sid_i") != link["sid_i"]:
            say(name, "has another sid_i")
        elif name == "data_i2r_1_hello" and tree["tom.packet.body_tree"]["tom.link_data.n"] != "1":
            say(name, "has another n")
    greeting = bytes.fromhex("0106000101d0090000")
    frames = capture.dissect(capture.RAW_IP, [capture.udp(greeting), capture.udp(bytes.fromhex("080600ffffffff0f00"))])
    if not all("tom" in layers for layers in frames):
        say("HELLO over UDP", "is not dissected")
    other = capture.dissect(capture.RAW_IP, [capture.udp(b"\xa3" + bytes(30)), capture.udp(b"\1\2\3")])
    if any("tom" in layers or "tom_link" in layers for layers in other):
        say("something else over UDP", "is taken for ToM")
    decoded = capture.dissect(capture.RAW_IP, [capture.udp(bytes.fromhex("080600ffffffff0f00"))], "-d", "udp.port==4711,tom")
    if "tom" not in decoded[0]:
        say("PING under Decode As", "is not dissected")
    print(f"over UDP: {len(names) + 5} packets")


def hexed(tree, *path):
    for key in path:
        tree = tree[key]
    return capture.hexed(tree)


def main():
    layout = Layout()
    vectors(layout, "datagram", capture.USER0, "tom")
    vectors(layout, "envelope", capture.USER1, "tom_envelope")
    over_udp(layout)
    print("\n".join(wrong) if wrong else "ok")
    sys.exit(1 if wrong else 0)


main()

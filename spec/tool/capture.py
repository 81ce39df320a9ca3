"""Captures to be dissected, and what tshark makes of them."""
import json
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from .layout import SPEC

USER0, USER1, USER2, RAW_IP = 147, 148, 149, 101


def tshark():
    path = shutil.which("tshark")
    if not path:
        sys.exit("error: tshark is missing; on Debian: apt-get install --no-install-recommends tshark")
    return path


def udp(data, port=4711):
    """An IPv4 packet with these bytes over UDP; the checksums are left out, as many captures have it."""
    head = struct.pack(">HHHH", port, port + 1, 8 + len(data), 0)
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])) + head + data


def pcap(link, packets):
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for i, packet in enumerate(packets):
        out.append(struct.pack("<IIII", i, 0, len(packet), len(packet)) + packet)
    return b"".join(out)


def dissect(link, packets, *options):
    """Each packet as tshark shows it: its layers by name, every field as text or a list of texts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tom.pcap"
        path.write_bytes(pcap(link, packets))
        command = [tshark(), "-r", str(path), "-X", f"lua_script:{SPEC / 'tom.lua'}", "-T", "json", "--no-duplicate-keys", *options]
        ran = subprocess.run(command, capture_output=True, timeout=120, check=False)
    if ran.returncode or b"Lua" in ran.stderr:
        sys.exit(f"error: tshark: {ran.stderr.decode()}")
    return [packet["_source"]["layers"] for packet in json.loads(ran.stdout)]


class Shape:
    """The fields of a tree of tshark's as the conformance suite names them."""

    def __init__(self, layout, names):
        self.layout, self.names = layout, names

    def all(self, name, tree):
        out = {}
        self.struct(self.layout.structs[name], tree, out)
        return out

    def struct(self, struct, tree, out):
        for f in struct.fields:
            at = f"tom.{struct.name}.{f.name}"
            subtrees = listed(tree.get(at + "_tree"))
            if f.type == "bits":
                for bit in self.layout.bits[f.bits].bit:
                    if bit.suite:
                        out[bit.suite] = self.number(bit, subtrees[0][f"{at}.{bit.name}"])
            elif f.type == "struct":
                self.structs(struct, f, at, tree, subtrees, out)
            elif f.suite:
                value = self.plain(f, tree.get(at))
                out[f.suite] = out[f.suite] + value if isinstance(out.get(f.suite), str) and f.type in ("bytes", "sealed") else value

    def structs(self, struct, f, at, tree, subtrees, out):
        inner = [self.layout.structs[f.of]] if f.of else [self.layout.structs[v["of"]] for v in self.layout.enum_by(struct, f.by).values if v.get("of")]
        if not f.times and f.suite:
            out[f.suite] = hexed(tree.get(at))
        elif not f.times:
            for subtree in subtrees:
                for one in inner:
                    if any(key.startswith(f"tom.{one.name}.") for key in subtree):
                        self.struct(one, subtree, out)
        elif not f.suite:
            out.update(dict.fromkeys(self.names(inner[0])))
            for subtree in subtrees:
                self.struct(inner[0], subtree, out)
        elif inner[0].suite:
            items = [self.all(inner[0].name, subtree) for subtree in subtrees]
            out[f.suite] = [item for item in items if item]
        else:
            out[f.suite] = [hexed(value) for value in listed(tree.get(at))]

    def number(self, bit, text):
        value = int(text, 0) if text not in ("True", "False") else int(text == "True")
        if bit.width == 1 and not bit.enum:
            return value == 1
        enum = self.layout.enums.get(bit.enum)
        return enum.names()[value] if enum and enum.suite == "name" else value

    def plain(self, f, text):
        if text is None:
            return None
        if f.type == "bool":
            return text in ("1", "True")
        if f.type in ("bytes", "sealed"):
            return hexed(text)
        return text if f.type in ("ipv4", "ipv6") else int(text)


def listed(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def hexed(text):
    return (text or "").replace(":", "")


def marked(tree):
    """Whether something in it is marked as not fitting. A frame says nothing of the envelope in it."""
    if isinstance(tree, list):
        return any(map(marked, tree))
    if not isinstance(tree, dict):
        return False
    return any(key == "tom.unfit" or (key != "tom.carried.envelope_tree" and marked(value)) for key, value in tree.items())

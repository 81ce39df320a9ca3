"""Reads spec/wire.toml into structures, and refuses what cannot mean anything. What the tables are stands at the top of that file."""
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

SPEC = Path(__file__).resolve().parent.parent
ROOT = SPEC.parent
NUMBERS = {"u8": 1, "u16": 2, "u32": 4, "u56": 7}
TYPES = {*NUMBERS, "bool", "bits", "bytes", "text", "ipv4", "ipv6", "option", "sealed", "struct"}
TAG = 16


@dataclass
class Bit:
    at: str
    name: str = ""
    value: int | None = None
    range: list | None = None
    enum: str = ""
    suite: str = ""
    note: str = ""

    def __post_init__(self):
        self.high, self.low = (int(x) for x in (self.at.split("-") * 2)[:2])
        self.width = self.high - self.low + 1
        self.mask = ((1 << self.width) - 1) << self.low
        if not self.name:
            self.value = 0


@dataclass
class Field:
    name: str
    type: str
    size: int | str | None = None
    bits: str = ""
    iff: str = ""
    value: int | str | None = None
    range: list | None = None
    sends: list | None = None
    unit: str = ""
    enum: str = ""
    of: str = ""
    by: str = ""
    times: str = ""
    suite: str = ""
    note: str = ""


@dataclass
class Struct:
    name: str
    title: str
    fields: list
    page: str = ""
    base: int = 0
    coding: str = "fixed"
    suite: str = ""
    hashed: bool = False
    computed: list = field(default_factory=list)


@dataclass
class Bits:
    name: str
    bit: list
    page: str = ""
    told: str = ""


@dataclass
class Enum:
    name: str
    values: list
    page: str = ""
    title: str = ""
    heads: dict = field(default_factory=dict)
    show: list = field(default_factory=list)
    suite: str = ""
    hex: bool = False

    def names(self):
        return {v["value"]: v["name"] for v in self.values}

    def of(self, value):
        return next((v.get("of", "") for v in self.values if v["value"] == value), None)


class Layout:
    def __init__(self, path=SPEC / "wire.toml"):
        raw = tomllib.loads(path.read_text())
        self.structs = {n: Struct(n, fields=[Field(**f) for f in s.pop("fields")], **s) for n, s in raw["struct"].items()}
        self.bits = {n: Bits(n, [Bit(**b) for b in s.pop("bit")], **s) for n, s in raw["bits"].items()}
        self.enums = {n: Enum(n, **s) for n, s in raw["enum"].items()}
        for struct in self.structs.values():
            for f in struct.fields:
                if f.type == "text":
                    f.size = len(f.value)
                if f.type == "bits":
                    f.bits = f.bits or f.name
        for bits in self.bits.values():
            self._whole(bits)
        for struct in self.structs.values():
            self._sound(struct)

    def _whole(self, bits):
        covered = [n for b in bits.bit for n in range(b.high, b.low - 1, -1)]
        refuse(covered != list(range(7, -1, -1)), bits.name, f"bits are {covered}, not 7 to 0")

    def _sound(self, struct):
        seen = {}
        for f in struct.fields:
            where = f"{struct.name}.{f.name}"
            refuse(f.name in seen, where, "stands twice")
            refuse(f.type not in TYPES, where, f"no type {f.type!r}")
            refuse(f.type == "bits" and f.bits not in self.bits, where, "has no [bits]")
            refuse(f.enum and f.enum not in self.enums, where, f"no enum {f.enum!r}")
            refuse(f.of and f.of not in self.structs, where, f"no structure {f.of!r}")
            refuse(f.type == "struct" and bool(f.of) == bool(f.by), where, "a structure is named by `of` or by `by`")
            refuse(f.type in NUMBERS and struct.coding == "fixed" and f.size != NUMBERS[f.type], where, f"a {f.type} has {f.size} bytes")
            refuse(f.size == "rest" and f is not struct.fields[-1], where, "nothing can stand behind the rest")
            refuse(isinstance(f.size, str) and f.size != "rest" and f.size not in seen, where, f"its size {f.size!r} is not known there")
            refuse(f.times and f.times != "rest" and f.times not in seen, where, f"its number {f.times!r} is not known there")
            refuse(f.iff and self.bit(f.iff) is None, where, f"no bit {f.iff!r}")
            refuse(f.size is None and not (struct.coding == "postcard" and f.type in ("u32", "option")), where, "has no size")
            if f.type == "sealed" and f.of and f.size != "rest":
                inner = self.fixed(self.structs[f.of])
                refuse(inner is None or inner + TAG != f.size, where, f"{f.size} bytes do not hold {f.of} and a tag")
            if f.type == "struct" and f.of and isinstance(f.size, int):
                refuse(self.fixed(self.structs[f.of]) != f.size, where, f"{f.of} has not {f.size} bytes")
            seen[f.name] = f

    def bit(self, path):
        """The bit that FIELD.BIT names."""
        name, _, bit = path.partition(".")
        return next((b for b in self.bits[name].bit if b.name == bit), None) if name in self.bits else None

    def enum_by(self, struct, path):
        """The enum of the field or FIELD.BIT that `by` names."""
        if "." in path:
            return self.enums[self.bit(path).enum]
        return self.enums[next(f.enum for f in struct.fields if f.name == path)]

    def fixed(self, struct):
        """How many bytes a structure has, from its first field on, or None when that depends."""
        sizes = [f.size for f in struct.fields]
        return sum(sizes) if all(isinstance(s, int) for s in sizes) and not any(f.iff for f in struct.fields) else None


def refuse(wrong, where, what):
    if wrong:
        raise SystemExit(f"wire.toml: {where}: {what}")

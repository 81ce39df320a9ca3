"""Reads bytes by the layouts, into the fields as the conformance suite names them. So wire.toml is proven by the vectors."""
import ipaddress
from dataclasses import dataclass, replace

from .layout import NUMBERS


class Unfit(Exception):
    """These bytes are not of that structure."""


@dataclass
class Place:
    """Where is read: these bytes up to `end`, with what was read before that others depend on, and where it is told."""

    data: bytes
    end: int
    scope: dict
    out: dict

    def but(self, **changed):
        return replace(self, scope=dict(self.scope), **changed)


class Reader:
    def __init__(self, layout):
        self.layout = layout
        self.seen = {}  # every field read last, by STRUCTURE.FIELD, also those the suite has no name for

    def all(self, name, data):
        """The fields of these bytes, all of which have to belong to the structure."""
        place = Place(data, len(data), {}, {})
        end = self.struct(self.layout.structs[name], 0, place)
        if end != len(data):
            raise Unfit(f"{name}: {len(data) - end} bytes behind the end")
        return place.out

    def struct(self, struct, at, place):
        """Reads one structure that begins at `at`; where it ended."""
        place = place.but()
        for field in struct.fields:
            if field.iff and not place.scope[field.iff]:
                put(place.out, field.suite, None)
                continue
            at = self.field(struct, field, at, place)
        return at

    def field(self, struct, field, at, place):
        where = f"{struct.name}.{field.name}"
        if field.size is None:
            value, at = postcard(field, at, place, where)
            within(field, value, where)
            put(place.out, field.suite, value)
            return at
        size = place.end - at if field.size == "rest" else place.scope.get(field.size, field.size)
        if at + size > place.end:
            raise Unfit(f"{where}: {place.end - at} bytes left of {size}")
        if field.type == "struct":
            return self.structs(struct, field, at, place.but(end=at + size))
        value = self.value(field, place.data[at:at + size], place, where)
        place.scope[field.name] = self.seen[where] = value
        within(field, value, where)
        put(place.out, field.suite, self.told(field.enum, value))
        return at + size

    def value(self, field, raw, place, where):
        if field.type in NUMBERS:
            return int.from_bytes(raw, "little")
        if field.type == "text" and raw != field.value.encode():
            raise Unfit(f"{where}: {raw}, not {field.value}")
        if field.type == "bool":
            if raw[0] > 1:
                raise Unfit(f"{where}: no bool")
            return raw[0] == 1
        if field.type in ("ipv4", "ipv6"):
            return str(ipaddress.ip_address(raw))
        if field.type == "bits":
            for bit in self.layout.bits[field.bits].bit:
                value = (raw[0] & bit.mask) >> bit.low
                within(bit, value, f"{where} bits {bit.at}")
                place.scope[f"{field.name}.{bit.name}"] = value
                told = self.told(bit.enum, value) if bit.enum or bit.width > 1 else value == 1
                if bit.enum and told is None:
                    raise Unfit(f"{where}: nothing is called {value}")
                put(place.out, bit.suite, told)
        return raw.hex()

    def structs(self, struct, field, at, place):
        """A field made of structures: one that fills it, or several."""
        if not field.times:
            return self.filled(struct, field, at, place)
        if not field.suite:  # trailers: each may be there or not
            place.out.update(dict.fromkeys(self.names(self.layout.structs[field.of])))
        items, number = [], None if field.times == "rest" else place.scope[field.times]
        while at < place.end if number is None else len(items) < number:
            item, begin = {}, at
            inner = self.inner(struct, field, place.scope)
            at = self.struct(inner, at, place.but(out=item) if field.suite else place)
            plain = not any(f.suite or f.by for f in inner.fields)
            items.append(place.data[begin:at].hex() if plain else item)
        put(place.out, field.suite, [item for item in items if item])
        return at

    def filled(self, struct, field, at, place):
        if field.suite:  # an envelope in a frame: the suite looks no further
            put(place.out, field.suite, place.data[at:place.end].hex())
            return place.end
        inner = self.inner(struct, field, place.scope)
        got = self.struct(inner, at, place) if inner else place.end
        if got != place.end:
            raise Unfit(f"{inner.name}: {place.end - got} bytes behind the end")
        return got

    def inner(self, struct, field, scope):
        if field.of:
            return self.layout.structs[field.of]
        name = self.layout.enum_by(struct, field.by).of(scope[field.by])
        return self.layout.structs[name] if name else None

    def names(self, struct):
        """How the suite calls what such a structure may tell, in order, each once."""
        found = []
        for field in struct.fields:
            bits = self.layout.bits[field.bits].bit if field.type == "bits" else []
            found += [bit.suite for bit in bits] + [field.suite]
            if field.by and not field.suite:
                of = [self.layout.structs[v["of"]] for v in self.layout.enum_by(struct, field.by).values if v.get("of")]
                found += [n for inner in of if not inner.suite for n in self.names(inner)]
            elif field.type == "struct" and field.times and not field.suite:
                found += self.names(self.layout.structs[field.of])
        return list(dict.fromkeys(n for n in found if n))

    def told(self, name, value):
        enum = self.layout.enums.get(name)
        if enum is None or enum.suite != "name":
            return value
        text = enum.names().get(value)
        return int(text) if text and text.isdigit() else text


def postcard(field, at, place, where):
    """A varint, or an Option of one: its value, or None, and where it ended."""
    if field.type == "option":
        if at >= place.end or place.data[at] > 1:
            raise Unfit(f"{where}: no option")
        at += 1
        if not place.data[at - 1]:
            return None, at
    value = 0
    for i in range(5):
        if at + i >= place.end:
            raise Unfit(f"{where}: ends early")
        byte = place.data[at + i]
        value |= (byte & 127) << 7 * i
        if byte < 128:
            if value >= 2**32 or (i and not byte):
                break
            return value, at + i + 1
    raise Unfit(f"{where}: not a u32 in its shortest form")


def within(field, value, where):
    if value is None or isinstance(field.value, str):
        return
    if field.value is not None and value != field.value:
        raise Unfit(f"{where}: {value}, not {field.value}")
    if field.range and not field.range[0] <= value <= field.range[1]:
        raise Unfit(f"{where}: {value} is not in {field.range}")


def put(out, name, value):
    """Fields next to each other under one name stand back to back."""
    if name:
        out[name] = out[name] + value if isinstance(out.get(name), str) and isinstance(value, str) else value

"""Reads bytes by the layouts, into the fields as the conformance suite names them. So wire.toml is proven by the vectors."""
import ipaddress

from .layout import NUMBERS


class Unfit(Exception):
    """These bytes are not of that structure."""


class Reader:
    def __init__(self, layout):
        self.layout = layout

    def all(self, name, data):
        """The fields of these bytes, all of which have to belong to the structure."""
        out = {}
        end = self.struct(self.layout.structs[name], data, 0, len(data), {}, out)
        if end != len(data):
            raise Unfit(f"{name}: {len(data) - end} bytes behind the end")
        return out

    def struct(self, struct, data, at, end, scope, out):
        """Reads one structure at `at` into `out`; where it ended."""
        scope = dict(scope)
        for field in struct.fields:
            if field.iff and not scope[field.iff]:
                put(out, field.suite, None)
                continue
            at = self.field(struct, field, data, at, end, scope, out)
        return at

    def field(self, struct, field, data, at, end, scope, out):
        where = f"{struct.name}.{field.name}"
        if field.size is None:
            present, at = (True, at) if field.type == "u32" else self.choice(data, at, end, where)
            value, at = self.varint(data, at, end, where) if present else (None, at)
            within(field, value, where)
            put(out, field.suite, value)
            return at
        size = end - at if field.size == "rest" else scope.get(field.size, field.size)
        if at + size > end:
            raise Unfit(f"{where}: {end - at} bytes left of {size}")
        raw = data[at:at + size]
        if field.type == "struct":
            return self.structs(struct, field, data, at, at + size, scope, out)
        scope[field.name] = value = self.value(field, raw, scope, out, where)
        within(field, value, where)
        put(out, field.suite, self.told(field.enum, value))
        return at + size

    def value(self, field, raw, scope, out, where):
        if field.type in NUMBERS:
            return int.from_bytes(raw, "little")
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
                scope[f"{field.name}.{bit.name}"] = value
                told = self.told(bit.enum, value) if bit.enum or bit.width > 1 else value == 1
                if bit.enum and told is None:
                    raise Unfit(f"{where}: nothing is called {value}")
                put(out, bit.suite, told)
        return raw.hex()

    def structs(self, struct, field, data, at, end, scope, out):
        """A field made of structures: one that fills it, or several."""
        if not field.times:
            if field.suite:  # an envelope in a frame: the suite looks no further
                put(out, field.suite, data[at:end].hex())
                return end
            inner = self.inner(struct, field, scope)
            got = end if inner is None else self.struct(inner, data, at, end, scope, out)
            if got != end:
                raise Unfit(f"{inner.name}: {end - got} bytes behind the end")
            return end
        if not field.suite:  # trailers: each may be there or not
            out.update(dict.fromkeys(self.names(self.layout.structs[field.of])))
        items, number = [], None if field.times == "rest" else scope[field.times]
        while at < end if number is None else len(items) < number:
            item = {}
            inner = self.inner(struct, field, scope)
            at = self.struct(inner, data, at, end, scope, item if field.suite else out)
            items.append(item if any(f.suite or f.by for f in inner.fields) else data[at - 8:at].hex())
        put(out, field.suite, [item for item in items if item])
        return at

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

    def choice(self, data, at, end, where):
        if at >= end or data[at] > 1:
            raise Unfit(f"{where}: no option")
        return data[at] == 1, at + 1

    def varint(self, data, at, end, where):
        value = 0
        for i in range(5):
            if at + i >= end:
                raise Unfit(f"{where}: ends early")
            value |= (data[at + i] & 127) << 7 * i
            if data[at + i] < 128:
                if value >= 2**32 or (i and not data[at + i]):
                    break
                return value, at + i + 1
        raise Unfit(f"{where}: not a u32 in its shortest form")


def within(field, value, where):
    if value is None:
        return
    if field.value is not None and value != field.value:
        raise Unfit(f"{where}: {value}, not {field.value}")
    if field.range and not field.range[0] <= value <= field.range[1]:
        raise Unfit(f"{where}: {value} is not in {field.range}")


def put(out, name, value):
    """Fields next to each other under one name stand back to back."""
    if name:
        out[name] = out[name] + value if isinstance(out.get(name), str) and isinstance(value, str) else value

"""The layouts as tables of Lua, put into the walker of dissector.lua: a Wireshark dissector."""
from pathlib import Path

TEMPLATE = Path(__file__).parent / "dissector.lua"
# What names a packet in Wireshark's Info column.
TOLD = {"ftype", "kind", "packet"}


def lua(value):
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def table(pairs):
    return "{ " + ", ".join(f"{k} = {lua(v)}" for k, v in pairs.items() if v is not None and v is not False and v != "") + " }"


def limits(field):
    least, most = field.range or (None, None)
    return {"value": field.value if isinstance(field.value, int) else None, "least": least, "most": most}


def walked(layout):
    """The structures a capture can show: what begins a packet and all it is made of, but nothing that is sealed."""
    found, ahead = [], ["datagram", "envelope", "packet"]
    while ahead:
        name = ahead.pop(0)
        if name in found:
            continue
        found.append(name)
        struct = layout.structs[name]
        for f in struct.fields:
            if f.type == "struct":
                ahead += [f.of] if f.of else [v["of"] for v in layout.enum_by(struct, f.by).values if v.get("of")]
    return found


def tables(layout):
    yield "local STRUCTS = {"
    names = walked(layout)
    used = [f for name in names for f in layout.structs[name].fields]
    for name in names:
        struct = layout.structs[name]
        yield f"  {name} = {{"
        for f in struct.fields:
            by_enum = layout.enum_by(struct, f.by).name if f.by else None
            # What says how long it is loses itself when it does not fit, not what is behind it.
            whole = isinstance(f.size, str) and f.size != "rest"
            yield "    " + table({"name": f.name, "type": f.type, "size": f.size, "bits": f.bits, "iff": f.iff, "enum": f.enum,
                                  "of": f.of if f.type == "struct" else "", "by": f.by, "by_enum": by_enum, "times": f.times, "whole": whole, **limits(f)}) + ","
        yield "  },"
    yield "}"
    yield "local BITS = {"
    bits = dict.fromkeys(f.bits for f in used if f.bits)
    for name in bits:
        yield f"  {name} = {{"
        for b in layout.bits[name].bit:
            yield "    " + table({"name": b.name or f"reserved{b.low}", "low": b.low, "width": b.width,
                                  "mask": b.mask, "enum": b.enum, **limits(b)}) + ","
        yield "  },"
    yield "}"
    yield "local ENUMS = {"
    enums = [f.enum for f in used] + [b.enum for name in bits for b in layout.bits[name].bit]
    for name in dict.fromkeys(e for e in enums if e):
        enum = layout.enums[name]
        called = ", ".join(f"[{v['value']}] = {lua(v['name'])}" for v in enum.values)
        of = ", ".join(f"[{v['value']}] = {lua(v['of'])}" for v in enum.values if v.get("of"))
        yield f"  {name} = {{ told = {lua(name in TOLD)}, names = {{ {called} }}, of = {{ {of} }} }},"
    yield "}"
    packets = [(v["value"], layout.structs[v["of"]]) for v in layout.enums["packet"].values]
    lengths = ", ".join(f"[{value}] = {struct.base + layout.fixed(struct)}" for value, struct in packets if layout.fixed(struct) is not None)
    yield f"local LENGTHS = {{ {lengths} }}"


def dissector(layout):
    return TEMPLATE.read_text().replace("--@LAYOUT@\n", "\n".join(tables(layout)) + "\n")

"""A layout as a table with offsets and a diagram, for the book."""
from .layout import TAG

WIDE = 96


def cell(text):
    return str(text).replace("|", "\\|")


def table(heads, rows):
    """A Markdown table without the columns in which nothing stands."""
    keep = [i for i in range(len(heads)) if any(row[i] for row in rows)]
    line = lambda row: "| " + " | ".join(cell(row[i]) for i in keep) + " |"
    return [line(heads), "|---" * len(keep) + "|", *map(line, rows)]


def short(name):
    """What is in a sealed field: `payload` of seal_payload."""
    return name.rpartition("_")[2]


class Tables:
    def __init__(self, layout):
        self.layout = layout

    def size(self, field):
        """How long a field is, in words of the book."""
        if field.size is None:
            return "1 to 5" if field.type == "u32" else "1, or 2 to 6"
        if field.size != "rest":
            return str(field.size)
        if field.type == "sealed":
            return f"{short(field.of)} + {TAG}"
        if field.times:
            each = self.layout.fixed(self.layout.structs[field.of])
            return "rest" if each is None else f"{each} × {'n' if field.times == 'rest' else field.times}"
        return "rest"

    def total(self, struct):
        """How long a structure is with all before it: numbers, what depends on a bit, what is as long as it is."""
        fixed = struct.base + sum(f.size for f in struct.fields if isinstance(f.size, int) and not f.iff)
        parts = [str(fixed)] if fixed else []
        for f in struct.fields:
            if f.iff:
                parts.append(f"{f.size} {self.condition(f)}")
            elif f.size == "rest" and f.type == "sealed":
                parts = [str(fixed + TAG)] + parts[1:] + [short(f.of)]
            elif not isinstance(f.size, int):
                parts.append(self.size(f))
        return " + ".join(parts)

    def offsets(self, struct):
        """Where each field may begin: numbers, and the field whose length comes on top; nothing where that is not known."""
        at, length, known = [struct.base], "", True
        for f in struct.fields:
            yield (" or ".join(map(str, at)) + length) if known else ""
            if isinstance(f.size, int):
                at = at + [a + f.size for a in at] if f.iff else [a + f.size for a in at]
            else:
                known = known and not length and f.size not in (None, "rest")
                length = f" + {f.size}"

    def condition(self, field):
        name, _, bit = field.iff.partition(".")
        return f"iff `{name}` bit {self.layout.bit(field.iff).at}"

    def enum(self, name):
        enum = self.layout.enums[name]
        if enum.page:
            return "below"
        return ", ".join(f"{v['value']} {'= ' * v['name'].isdigit()}{v['name']}" + (f" ({v['note']})" if v.get("note") else "") for v in enum.values)

    def values(self, f, sub=False):
        if isinstance(f.value, str):
            return f'`"{f.value}"`'
        if f.value is not None:
            return str(f.value)
        told = [self.enum(f.enum)] if f.enum else []
        if f.range and told in ([], ["below"]):  # names say the range themselves
            told.insert(0, ("0x{:X}..=0x{:X}" if f.enum and self.layout.enums[f.enum].hex else "{}..={}").format(*f.range))
        if not sub and f.sends:
            told.append("{:,}..={:,} is sent".format(*f.sends))
        return ", ".join(told)

    def kind(self, struct, f):
        if f.type == "struct":
            page = f.of and self.layout.structs[f.of].page
            return f"`{f.of}`" + (" each" if f.times else "") if page else ""
        name = "varint " + f.type if f.size is None and f.type == "u32" else "u32, option" if f.type == "option" else f.type
        return f"{name}, {f.unit}" if f.unit else name

    def bits(self, bits):
        for b in bits.bit:
            yield [b.at, f"0x{b.mask:02X}", f"`{b.name}`" if b.name else "reserved", self.values(b, True), b.note]

    def rows(self, struct):
        for f, at in zip(struct.fields, self.offsets(struct), strict=True):
            note = f.note
            bits = self.layout.bits.get(f.bits) if f.type == "bits" and not struct.hashed else None
            if bits and not note:
                note = bits.told or ("below" if bits.page else "")
            name = f"`{f.name}*`" if f.times else f"`{f.name}`"
            yield [at, self.size(f), name, self.kind(struct, f), self.condition(f) if f.iff else "", self.values(f), note]
            if bits and not bits.page and not bits.told:
                for at_bits, mask, name, values, told in self.bits(bits):
                    yield ["", mask, name, ("bits " if "-" in at_bits else "bit ") + at_bits.replace("-", "–"), "", values, told]

    def boxes(self, struct):
        """One box per field, with its offset above and its size below, on as many lines as it takes."""
        cells = []
        for f, at in zip(struct.fields, self.offsets(struct), strict=True):
            name = f'"{f.value}"' if f.type == "text" else f.name + ("?" if f.iff or f.type == "option" else "*" if f.times else "")
            size = self.size(f)
            cells.append((at.replace(" or ", "/").replace(" ", ""), name, size, max(len(name), len(size), len(at.replace(" or ", "/"))) + 2))
        lines, row = [], []
        for c in [*cells, None]:
            if row and (c is None or sum(w + 1 for *_, w in row) + c[3] > WIDE):
                lines += self.line(row)
                row = []
            row.append(c)
        return lines

    def line(self, row):
        draw = lambda left, mid, right: left + mid.join("─" * w for *_, w in row) + right
        text = lambda i, gap, end: (gap + gap.join(c[i].center(c[3]) for c in row) + end).rstrip()
        above = " " + "".join(c[0].ljust(c[3] + 1) for c in row).rstrip()
        return [above, draw("┌", "┬", "┐"), text(1, "│", "│"), draw("└", "┴", "┘"), text(2, " ", "")]

    def struct(self, name):
        struct = self.layout.structs[name]
        caption = f"`{name}`: {struct.title}" + (", in postcard" if struct.coding == "postcard" else "") + (", never sent" if struct.hashed else "")
        out = [caption, "", "```text", *self.boxes(struct), "```", ""] if len(struct.fields) > 1 else [caption, ""]
        return ["", *out] + table(["offset", "bytes", "field", "type", "when", "value", "note"], list(self.rows(struct))) + [""]

    def bits_page(self, name):
        return ["", *table(["bits", "mask", "name", "value", "means"], [list(row) for row in self.bits(self.layout.bits[name])]), ""]

    def body(self, v):
        struct = self.layout.structs[v["of"]] if v.get("of") else None
        if struct is None:
            return v.get("note", "")
        return ", ".join(f"`{f.name}{'?' if f.type == 'option' or f.iff else '*' if f.times else ''}`" for f in struct.fields)

    def enum_page(self, name):
        enum = self.layout.enums[name]
        show = {"size": "bytes", "body": "body", "coded": "coded", "note": enum.heads.get("note", "note")}
        rows = []
        for v in enum.values:
            struct = self.layout.structs[v["of"]] if v.get("of") else None
            has = {"size": self.total(struct) if struct else "", "body": self.body(v), "note": v.get("note", ""), "coded": struct.coding if struct else ""}
            rows.append([f"0x{v['value']:X}" if enum.hex else str(v["value"]), v["name"]] + [has[s] for s in enum.show])
        return ["", f"{enum.title.capitalize()}:", "", *table([enum.heads.get("value", "value"), "name"] + [show[s] for s in enum.show], rows), ""]

#!/usr/bin/env python3
"""Makes of wire.toml, the layouts of the protocol: the book's tables and diagrams, the Wireshark dissector tom.lua, the skeletons' field lists.

Usage: wire.py [--check]. With --check nothing is written; exit status 1 when anything differs from what is committed.
Either way every accepted conformance vector and the worked example are read by the layouts and compared. Needs Python 3.11.
"""
import re
import sys

from tool.dissector import dissector
from tool.layout import SPEC, Layout
from tool.marked import Marked
from tool.skeletons import skeletons
from tool.tables import Tables
from tool.vectors import prove, shown


def pages(layout, out):
    """Each layout in its chapter, exactly once."""
    tables = Tables(layout)
    want = {(s.page, name): tables.struct(name) for name, s in layout.structs.items() if s.page}
    want |= {(e.page, f"{name} numbers"): tables.enum_page(name) for name, e in layout.enums.items() if e.page}
    want |= {(b.page, f"{name} bits"): tables.bits_page(name) for name, b in layout.bits.items() if b.page}
    have = []
    for path in sorted((SPEC / "src").glob("*.md")):
        have += [(path.stem, name) for name in re.findall(r"<!-- generated: wire (.+) begin -->", path.read_text())]
    for page, name in sorted(set(want) | set(have)):
        if have.count((page, name)) != ((page, name) in want):
            raise SystemExit(f"src/{page}.md has the layout {name!r} {have.count((page, name))} times; wire.toml says {int((page, name) in want)}")
    for (page, name), lines in want.items():
        mark = f"<!-- generated: wire {name} "
        out.between(SPEC / f"src/{page}.md", mark + "begin -->", mark + "end -->", lines)


def main():
    layout, out = Layout(), Marked()
    wrong, fits, refused = prove(layout)
    unshown, rows = shown(layout)
    wrong += unshown
    if wrong:
        sys.exit("\n".join(["the layouts do not read the vectors and the worked example:", *(line[:200] for line in wrong[:20])]))
    pages(layout, out)
    skeletons(layout, out)
    out.put(SPEC / "tom.lua", dissector(layout))
    code = out.finish("--check" in sys.argv[1:], "spec/wire.py")
    print(f"{len(layout.structs)} structures; {fits} accepted vectors read as expected, {refused} of the others do not fit a layout; {rows} rows of the worked example")
    sys.exit(code)


main()

#!/usr/bin/env python3
"""Checks the specification against itself and the code. Run from anywhere; prints what is wrong.

* every rule id is unique, its chapter's numbers have no gap, its line says MUST; every MUST has an id
* every rule cited, here or in the code, exists; every page and heading the code names; every link and anchor
* drops.md lists exactly the reasons of tom-core/src/error.rs, names and numbers
* traceability.md: one line per requirement, rules in the chapter named, every path exists
Exit status 1 when anything is wrong. With --uncited it also lists the rules that neither code nor
tests cite. `example.py --check` checks the worked example.
"""
import re, sys
from pathlib import Path

SPEC = Path(__file__).resolve().parent
ROOT = SPEC.parent
PREFIX = {"conventions": "CON", "identity": "IDN", "link": "LNK", "link-noise": "NLK", "envelope": "ENV", "content": "CNT", "session": "SES",
          "delivery": "DLV", "routing": "RTE", "driver": "DRV", "entropy": "ENT", "drops": "DRP", "memory": "MEM",
          "conformance": "CNF"}
wrong = []


def say(where, what):
    wrong.append(f"{where}: {what}")


def expand(prefix, last):
    return [f"{prefix}{i}" for i in range(1, last + 1)]


def rules():
    found = {}
    for path in sorted((SPEC / "src").glob("*.md")):
        numbers = []
        for no, line in enumerate(path.read_text().splitlines(), 1):
            where = f"{path.name}:{no}"
            rule = re.match(r"- \*\*([A-Z]+)-(\d+)\*\* ", line)
            if rule:
                name = f"{rule[1]}-{rule[2]}"
                if name in found:
                    say(where, f"{name} stands twice")
                found[name] = path.stem
                numbers.append(int(rule[2]))
                if PREFIX.get(path.stem) != rule[1]:
                    say(where, f"{name} is in the wrong chapter")
                if "MUST" not in line:
                    say(where, f"{name} does not say MUST")
            elif "MUST" in line and not (path.stem == "conventions" and ("RFC 2119" in line or "Every MUST" in line)):
                say(where, "a MUST without an id")
        if numbers != list(range(1, len(numbers) + 1)):
            say(path.name, f"rule numbers are not 1..={len(numbers)} in order")
    return found


def references(found):
    known = "|".join(PREFIX.values())
    for path in sorted(SPEC.rglob("*.md")):
        text = path.read_text()
        for name in sorted(set(re.findall(rf"\b(?:{known})-\d+", text))):
            if name not in found:
                say(path.name, f"cites {name}, which does not exist")
        for target, anchor in re.findall(r"\]\(([^)#:]+)(?:#([\w-]+))?\)", text):
            file = path.parent / target
            if not file.exists():
                say(path.name, f"links to {target}, which does not exist")
            elif anchor:
                heads = re.findall(r"^#+ (.*)$", file.read_text(), re.M)
                if anchor not in [re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads]:
                    say(path.name, f"links to {target}#{anchor}, which does not exist")


def citations(found):
    """What the code and its tests cite: pages, section headings and rule ids."""
    known = "|".join(PREFIX.values())
    heads = {}
    for path in (SPEC / "src").glob("*.md"):
        heads[path.stem] = set(re.findall(r"^#+ (.*)$", path.read_text(), re.M))
    cited = set()
    for path in sorted(ROOT.glob("*/src/**/*.rs")) + sorted(ROOT.glob("*/tests/**/*.rs")) + sorted(ROOT.glob("drivers/*/*/**/*.rs")):
        text = re.sub(r"\n\s*//[/!]? ?", " ", path.read_text())
        where = path.relative_to(ROOT)
        for name in re.findall(rf"\b(?:{known})-\d+", text):
            cited.add(name)
            if name not in found:
                say(where, f"cites {name}, which does not exist")
        for cite in re.findall(r"\b[Ss]pec: ([^.)]+)[.)]", text):
            for part in cite.split("; "):
                page = part.split(",")[0].strip()
                if page not in heads:
                    say(where, f"cites the page {page!r}, which does not exist")
                    continue
                for head in re.findall(r'"([^"]+)"', part):
                    if head not in heads[page]:
                        say(where, f"cites {page}, {head!r}, which is no heading there")
    return cited


def drops():
    code = (ROOT / "tom-core/src/error.rs").read_text()
    body = code[code.index("pub enum Drop {"):]
    body = body[:body.index("\n}\n")]
    in_code = {int(n): name for name, n in re.findall(r"^\s+(\w+) = (\d+),", body, re.M)}
    in_spec = {int(n): name for n, name in re.findall(r"^\| (\d+) \| `(\w+)`", (SPEC / "src/drops.md").read_text(), re.M)}
    for n in sorted(set(in_code) | set(in_spec)):
        if in_code.get(n) != in_spec.get(n):
            say("drops.md", f"number {n} is {in_spec.get(n)} here and {in_code.get(n)} in the code")


def traceability(found):
    want = [*expand("L", 7), *expand("FR", 45), *expand("NFR", 14), *expand("PF", 21), *expand("PP", 5), *expand("PS", 5), *expand("PR", 5), *expand("PU", 6)]
    want += ["B-" + b for b in "group topic pop anchor golden probation spam vitals imposed light demo tui web ext embed scale nat driver".split()]
    want += ["P-words", "P-quality", "P-metrics"]
    have = []
    for line in (SPEC / "traceability.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
        if not line.startswith("| ") or cells[0] in ("id",):
            continue
        if len(cells) != 4:
            say("traceability.md", f"{cells[0]} has {len(cells)} columns")
            continue
        name, spec, code, proof = cells
        have.append(name)
        if proof == "not built yet":
            continue
        for chapter, names in re.findall(r"\]\(src/([\w-]+)\.md[^)]*\)([^;\[]*)", spec):
            for rule in re.findall(r"[A-Z]+-\d+", names):
                if found.get(rule) != chapter:
                    say("traceability.md", f"{name}: {rule} is not in {chapter}")
        paths = re.findall(r"`([^`]+)`", code + " " + proof)
        if not re.search(r"`", proof):
            say("traceability.md", f"{name} names no proof")
        for path in paths:
            if not (ROOT / path).exists():
                say("traceability.md", f"{name}: {path} does not exist")
    for name in want:
        if have.count(name) != 1:
            say("traceability.md", f"{name} has {have.count(name)} lines")
    for name in set(have) - set(want):
        say("traceability.md", f"{name} is no requirement")


found = rules()
references(found)
cited = citations(found)
drops()
traceability(found)
uncited = [name for name in found if name not in cited]
if "--uncited" in sys.argv[1:]:
    print("\n".join(uncited))
print("\n".join(wrong) if wrong else "ok")
print(f"{len(found)} rules, {len(found) - len(uncited)} cited by code or tests")
sys.exit(1 if wrong else 0)

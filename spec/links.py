#!/usr/bin/env python3
"""Checks the built book: every link and anchor leads somewhere, and so does every specRef and rule that the conformance suite names.

Usage: links.py BOOK, the folder `mdbook build spec` wrote; or links.py --self-test. Links into the repository (the address in book.toml,
then /blob/main/ or /tree/main/) have to name a file that is there; other addresses are counted, not asked for. Exit status 1 when anything is wrong.
"""
import json
import re
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tool.layout import ROOT, SPEC
import tomllib


class Page(HTMLParser):
    """What a page offers to links, and where its own go."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id" or (name == "name" and tag == "a"):
                self.ids.add(value)
            if name in ("href", "src") and value is not None:
                self.links.append(value)


class Checker:
    def __init__(self, book, root, address):
        self.book, self.root = Path(book).resolve(), Path(root).resolve()
        self.repository = re.compile(re.escape(address) + "/(?:blob|tree)/main/([^#?]*)")
        # 404.html is served at any depth: its addresses count from the book's root on the web.
        self.pages = {p: Page(p.read_text()) for p in sorted(self.book.rglob("*.html")) if p.name != "404.html"}
        self.wrong, self.checked, self.elsewhere = [], 0, 0

    def say(self, where, what):
        self.wrong.append(f"{where}: {what}")

    def links(self):
        if not self.pages:
            self.say(self.book, "has no pages")
        for path, page in self.pages.items():
            for link in page.links:
                self.link(path, link)

    def link(self, path, link):
        where = path.relative_to(self.book)
        ours = self.repository.match(link)
        if ours:
            self.checked += 1
            if not (self.root / unquote(ours[1])).exists():
                self.say(where, f"links to {link}, and there is no such file in the repository")
            return
        url = urlsplit(link)
        if url.scheme or url.netloc:
            self.elsewhere += 1
            return
        self.checked += 1
        target = (path.parent / unquote(url.path)).resolve() if url.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(self.book) or not target.exists():
            self.say(where, f"links to {link}, which is not in the book")
        elif url.fragment and target in self.pages and unquote(url.fragment) not in self.pages[target].ids:
            self.say(where, f"links to {link}, and there is no such anchor")

    def reference(self, where, ref):
        """A specRef, `chapter.md#section`, into the pages as they are built."""
        self.checked += 1
        name, _, anchor = ref.partition("#")
        page = self.pages.get(self.book / ("index.html" if name == "README.md" else name.removesuffix(".md") + ".html"))
        if page is None or not name.endswith(".md"):
            self.say(where, f"refers to {ref}, and there is no such chapter")
        elif anchor not in page.ids:
            self.say(where, f"refers to {ref}, and there is no such section")

    def rule(self, where, name, rules):
        self.checked += 1
        if name not in rules:
            self.say(where, f"names the rule {name}, which does not exist")

    def suite(self, folder, rules):
        """Every case of the conformance suite and every broken variant names a section and rules."""
        for path in sorted(folder.glob("vectors/*.json")):
            for group in json.loads(path.read_text())["testGroups"]:
                for test in group["tests"]:
                    self.reference(f"{path.name}:{test['tcId']}", test["specRef"])
                    for rule in test["rules"]:
                        self.rule(f"{path.name}:{test['tcId']}", rule, rules)
        for path in sorted(folder.glob("transcripts/*.json")):
            told = json.loads(path.read_text())
            self.reference(path.name, told["specRef"])
            for rule in told["rules"]:
                self.rule(path.name, rule, rules)
        for path in sorted(folder.glob("mutants/*.toml")):
            for entry in [entry for entries in tomllib.loads(path.read_text()).values() if isinstance(entries, list) for entry in entries]:
                for rule in entry.get("rules", [entry[key] for key in ("rule", "id") if key in entry]):
                    self.rule(f"{path.name}: {entry.get('name', rule)}", rule, rules)


def rules_of(folder):
    return {rule for path in folder.glob("*.md") for rule in re.findall(r"^- \*\*([A-Z]+-\d+)\*\* ", path.read_text(), re.M)}


def self_test():
    """One of each fault, and nothing else, has to be told; without the faults nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        book, suite = root / "book", root / "conformance"
        for name in ("vectors", "transcripts", "mutants"):
            (suite / name).mkdir(parents=True)
        book.mkdir()
        good = '<h1 id="top">x</h1><a href="#top">a</a><a href="two.html#there">b</a><img src="a.svg"><a href="https://example.org/x">c</a>'
        bad = '<a href="#gone">a</a><a href="two.html#gone">b</a><a href="three.html">c</a><img src="b.svg"><a href="../secret">d</a><a href="B/gone.json">e</a>'
        case = lambda ref, rule: {"testGroups": [{"tests": [{"tcId": 1, "specRef": ref, "rules": [rule]}]}]}
        (book / "two.html").write_text('<h2 id="there">y</h2><a href="B/conformance/vectors/v.json">v</a>'.replace("B/", "https://host/blob/main/"))
        (book / "a.svg").write_text("<svg/>")
        (root / "secret").write_text("")
        for faulty in (False, True):
            (book / "one.html").write_text((good + bad * faulty).replace("B/", "https://host/blob/main/"))
            ref, rule = ("two.md#gone", "ENV-2") if faulty else ("two.md#there", "ENV-1")
            (suite / "vectors/v.json").write_text(json.dumps(case(ref, rule)))
            (suite / "transcripts/t.json").write_text(json.dumps({"specRef": "gone.md#there" if faulty else "two.md#there", "rules": [rule]}))
            (suite / "mutants/mutants.toml").write_text(f'[[mutant]]\nname = "m"\nrule = "{rule}"\n')
            checker = Checker(book, root, "https://host")
            checker.links()
            checker.suite(suite, {"ENV-1"})
            expected = 6 + 2 + 3 if faulty else 0
            if len(checker.wrong) != expected:
                sys.exit("\n".join([f"self-test: {len(checker.wrong)} faults told instead of {expected}", *checker.wrong]))
    print("links.py tells all eleven faults it is shown, and none where there is none")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    address = tomllib.loads((SPEC / "book.toml").read_text())["output"]["html"]["git-repository-url"]
    checker = Checker(sys.argv[1], ROOT, address)
    checker.links()
    checker.suite(ROOT / "conformance", rules_of(SPEC / "src"))
    print("\n".join(checker.wrong) if checker.wrong else "ok")
    print(f"{len(checker.pages)} pages, {checker.checked} links and references followed, {checker.elsewhere} addresses elsewhere")
    sys.exit(1 if checker.wrong else 0)


main()

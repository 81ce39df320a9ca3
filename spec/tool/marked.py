"""What is generated stands in its file between two markers; the rest of the file is somebody's own."""
import re
from pathlib import Path

from .layout import ROOT


class Marked:
    """Collects what files should be, then writes them or says which differ."""

    def __init__(self):
        self.want = {}

    def text(self, path):
        path = Path(path)
        return self.want.get(path) or path.read_text()

    def put(self, path, text):
        self.want[Path(path)] = text

    def between(self, path, begin, end, lines):
        """Puts lines between the line that begins with `begin` and the next one with `end`."""
        text = self.text(path)
        first = re.search(rf"^[^\n]*{re.escape(begin)}[^\n]*\n", text, re.M)
        last = first and re.search(rf"^[^\n]*{re.escape(end)}[^\n]*$", text[first.end():], re.M)
        if not last:
            raise SystemExit(f"{path}: no {begin!r} with its {end!r} behind it")
        body = "".join(line + "\n" for line in lines)
        self.put(path, text[:first.end()] + body + text[first.end() + last.start():])

    def finish(self, check, command):
        """Writes what differs; with `check` it only says so. The exit status."""
        differ = [path for path, text in self.want.items() if not path.exists() or path.read_text() != text]
        for path in differ:
            name = path.relative_to(ROOT)
            if check:
                print(f"{name} is not what {command} makes of its sources; run it without --check")
            else:
                path.write_text(text := self.want[path])
                print(f"{name}: written, {len(text.splitlines())} lines")
        return 1 if check and differ else 0

"""A state machine as SVG: boxes on the grid that states.toml gives, arrows with the number of their transition."""
from html import escape

CELL, ROW, BOX, HIGH, PAD = 178, 104, 156, 46, 30
INK, SOFT, LINE, FILL, BLUE = "#222a36", "#5b6472", "#9aa7bb", "#f2f5fa", "#1f4e9c"


class Picture:
    def __init__(self, machine):
        self.machine = machine
        xs = [s.at[0] for s in machine.states.values()]
        ys = [s.at[1] for s in machine.states.values()]
        self.left, self.top = min(xs), min(ys)
        self.wide = round((max(xs) - self.left) * CELL) + BOX + 2 * PAD
        self.head = max([10, *(self.above(go, start) for go in machine.go for start in go.sources)])
        self.high = round((max(ys) - self.top) * ROW) + HIGH + 2 * PAD + self.head
        self.out = []

    def above(self, go, start):
        """How much room an arrow needs above the first row."""
        if {self.machine.states[s].at[1] for s in (start, go.to)} != {self.top} and not go.group:
            return 0
        return 32 if start == go.to else max(0, 0 if go.group else self.bend(go, start)) + (24 if go.group else 0)

    def centre(self, name):
        at = self.machine.states[name].at
        return (at[0] - self.left) * CELL + BOX / 2 + PAD, (at[1] - self.top) * ROW + HIGH / 2 + PAD + self.head

    def half(self, name):
        return (10, 10) if self.machine.states[name].kind else (BOX / 2, HIGH / 2)

    def group_box(self, name):
        at = [self.centre(s) for s in self.machine.groups[name].states]
        x1, x2 = min(x for x, _ in at) - BOX / 2 - 14, max(x for x, _ in at) + BOX / 2 + 14
        y1, y2 = min(y for _, y in at) - HIGH / 2 - 34, max(y for _, y in at) + HIGH / 2 + 12
        return x1, y1, x2, y2

    def add(self, text):
        self.out.append(text)

    def text(self, x, y, text, size=14, fill=INK, weight=400, anchor="middle"):
        self.add(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
                 f'stroke="#ffffff" stroke-width="4" paint-order="stroke">{escape(text)}</text>')

    def state(self, state):
        x, y = self.centre(state.name)
        if state.kind:
            fill = SOFT if state.kind == "start" else "#ffffff"
            self.add(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="8" fill="{fill}" stroke="{SOFT}" stroke-width="2"/>')
            if state.kind == "end":
                self.add(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="{SOFT}"/>')
            self.text(x, y + 26, state.name, 12, SOFT)
            return
        self.add(f'<rect x="{x - BOX / 2:.0f}" y="{y - HIGH / 2:.0f}" width="{BOX}" height="{HIGH}" rx="6" fill="{FILL}" stroke="{LINE}"/>')
        self.text(x, y - 3 if state.note else y + 5, state.name, 14, INK, 700)
        if state.note:
            self.text(x, y + 14, state.note.replace("`", ""), 11, SOFT)

    def group(self, group):
        x1, y1, x2, y2 = self.group_box(group.name)
        self.add(f'<rect x="{x1:.0f}" y="{y1:.0f}" width="{x2 - x1:.0f}" height="{y2 - y1:.0f}" rx="10" fill="none" stroke="{LINE}" stroke-dasharray="5 4"/>')
        self.text(x1 + 12, y1 + 16, group.name, 12, SOFT, anchor="start")

    def label(self, go, x, y, steep, told):
        self.add(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="9" fill="{BLUE}"/>')
        self.add(f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" font-size="11" font-weight="700" fill="#ffffff">{go.number}</text>')
        if told and steep:
            self.text(x + 14, y + 4, go.label, 12, BLUE, anchor="start")
        elif told:
            self.text(x, y - 14, go.label, 12, BLUE)

    def arrow(self, path):
        self.add(f'<path d="{path}" fill="none" stroke="{BLUE}" stroke-width="1.8" marker-end="url(#a)"/>')

    def loop(self, go, name):
        x, y = self.centre(name)
        top = y - HIGH / 2
        self.arrow(f"M{x - 26:.0f} {top:.0f} C{x - 40:.0f} {top - 42:.0f} {x + 40:.0f} {top - 42:.0f} {x + 26:.0f} {top - 2:.0f}")
        self.label(go, x, top - 31, False, True)

    def bend(self, go, start):
        """A bow round what lies between two states of one line, and between an arrow and the one that goes back."""
        if go.bend is not None:
            return go.bend
        a, b = self.machine.states[start], self.machine.states[go.to]
        between = [s for s in self.machine.states.values() if s not in (a, b)]
        blocked = any(s.at[1] == a.at[1] == b.at[1] and min(a.at[0], b.at[0]) < s.at[0] < max(a.at[0], b.at[0]) for s in between)
        back = any(start == other.to and go.to in other.sources for other in self.machine.go)
        return round(34 * abs(a.at[0] - b.at[0])) if blocked else 24 if back else 0

    def go(self, go, start, told):
        if start == go.to:
            return self.loop(go, start)
        (ax, ay), (bx, by) = self.centre(start), self.centre(go.to)
        half = self.half(start)
        if go.group:
            x1, y1, x2, y2 = self.group_box(go.group)
            # A group is left where it is nearest to where the arrow goes.
            ax, ay = (x1 if bx < x1 else x2 if bx > x2 else bx), min(max(by, y1), y2)
            half = (0, 0)
        bend = 0 if go.group else self.bend(go, start)
        long = max(((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5, 1)
        cx, cy = (ax + bx) / 2 + bend * 2 * (by - ay) / long, (ay + by) / 2 - bend * 2 * (bx - ax) / long
        ax, ay = edge(ax, ay, cx, cy, *half)
        bx, by = edge(bx, by, cx, cy, *self.half(go.to))
        self.arrow(f"M{ax:.0f} {ay:.0f} Q{cx:.0f} {cy:.0f} {bx:.0f} {by:.0f}")
        t = go.along
        x, y = (1 - t) ** 2 * ax + 2 * t * (1 - t) * cx + t * t * bx, (1 - t) ** 2 * ay + 2 * t * (1 - t) * cy + t * t * by
        self.label(go, x, y, abs(by - ay) > 0.5 * abs(bx - ax), told)

    def svg(self):
        for group in self.machine.groups.values():
            self.group(group)
        for state in self.machine.states.values():
            self.state(state)
        for go in self.machine.go:
            # The number stands at each arrow, the words at the last one.
            for start in go.sources[-1:] if go.group else go.sources:
                self.go(go, start, start == go.sources[-1])
        told = "; ".join(f"{g.number}: {' or '.join(g.sources)} to {g.to}, {g.event}".replace("`", "") for g in self.machine.go)
        head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.wide} {self.high}" width="{self.wide}" height="{self.high}" role="img" '
                'aria-labelledby="t d" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">',
                f'<title id="t">States of {escape(self.machine.title)}</title>', f'<desc id="d">{escape(told)}.</desc>',
                f'<defs><marker id="a" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="{BLUE}"/></marker></defs>',
                f'<rect width="{self.wide}" height="{self.high}" rx="8" fill="#ffffff" stroke="#d5d9e0"/>']
        return "\n".join([*head, *self.out, "</svg>", ""])


def edge(x, y, to_x, to_y, half_x, half_y):
    """Where the way from a box's middle to a point leaves the box."""
    dx, dy = to_x - x, to_y - y
    if not (half_x or half_y) or not (dx or dy):
        return x, y
    scale = min(half_x / abs(dx) if dx else 9e9, half_y / abs(dy) if dy else 9e9)
    return x + dx * scale, y + dy * scale

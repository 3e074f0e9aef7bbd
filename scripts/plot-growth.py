#!/usr/bin/env python3
"""Draws how the cost of a map grows with the features in view.

    cargo bench --bench growth > growth.md
    scripts/plot-growth.py growth.md docs/growth.svg [--peer NAME,FEATURES,MILLISECONDS]...

Reads the tables that the bench prints (several may follow each other) and writes an SVG with
logarithmic axes: a line for each kind of data, and a thin one for maps from the features, without
overviews. A peer is a mark of its own: what another server needs for a map of so many features.
Needs nothing but Python.
"""

import argparse
import math
import re
import sys

LEFT, TOP, WIDTH, HEIGHT, RIGHT, BOTTOM = 64, 44, 560, 330, 132, 52
# Paul Tol's "bright", told apart by colour-blind eyes
COLORS = ["#4477aa", "#228833", "#cc6677", "#aa3377", "#7a8f2e"]
NAMES = {"parcels": "polygons", "roads": "lines", "sites": "points", "places": "names"}


def rows(text):
    """Name, features, milliseconds of the map, milliseconds from the features."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        what = re.fullmatch(r"(\d+) (\w+)", cells[0])
        if what and len(cells) == 7:
            direct = float(cells[6].split(",")[0])
            yield what[2], int(what[1]), float(cells[3]), direct


def ticks(low, high):
    return range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)


def number(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def draw(series, peers):
    counts = [n for points in series.values() for n, _, _ in points] + [p[1] for p in peers]
    times = [t for points in series.values() for _, a, b in points for t in (a, b)]
    times += [p[2] for p in peers]
    across, down = ticks(min(counts), max(counts)), ticks(max(min(times), 0.1), max(times))

    def x(count):
        return LEFT + (math.log10(count) - across[0]) / (len(across) - 1) * WIDTH

    def y(time):
        time = max(time, 10.0 ** down[0])
        return TOP + HEIGHT - (math.log10(time) - down[0]) / (len(down) - 1) * HEIGHT

    def text(left, top, words, anchor="middle", more=""):
        return f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}" {more}>{words}</text>'

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} '
        f'{TOP + HEIGHT + BOTTOM}" font-family="sans-serif" font-size="12" fill="#333">',
        "<title>Milliseconds of CPU for a map against features in view</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        text(LEFT, 20, "CPU for one map of 800 × 600 pixels, ms", "start", 'font-weight="bold"'),
        text(LEFT, 36, "thin and dashed: from the features, without overviews", "start"),
        text(LEFT + WIDTH / 2, TOP + HEIGHT + 40, "features in view"),
    ]
    for power in across:
        at = x(10.0**power)
        out.append(f'<path d="M{at:.1f} {TOP}V{TOP + HEIGHT}" stroke="#ddd"/>')
        out.append(text(at, TOP + HEIGHT + 18, number(10.0**power)))
    for power in down:
        at = y(10.0**power)
        out.append(f'<path d="M{LEFT} {at:.1f}H{LEFT + WIDTH}" stroke="#ddd"/>')
        out.append(text(LEFT - 8, at + 4, number(10.0**power), "end"))
    taken = []
    for (name, points), color in zip(series.items(), COLORS):
        points.sort()
        for place, width, dash in ((1, 2.5, ""), (2, 1, ' stroke-dasharray="5 4"')):
            path = " ".join(f"{x(p[0]):.1f},{y(p[place]):.1f}" for p in points)
            out.append(
                f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"{dash}/>'
            )
        for count, time, _ in points:
            out.append(f'<circle cx="{x(count):.1f}" cy="{y(time):.1f}" r="3.5" fill="{color}"/>')
        # labels do not lie on each other
        at = y(points[-1][1])
        while any(abs(at - other) < 14 for other in taken):
            at -= 2
        taken.append(at)
        label = NAMES.get(name, name)
        out.append(text(x(points[-1][0]) + 10, at + 4, label, "start", f'fill="{color}"'))
    for name, count, time in peers:
        left, top = x(count), y(time)
        out.append(
            f'<path d="M{left:.1f} {top - 6:.1f}l6 6l-6 6l-6 -6z" fill="#fff" stroke="#333" stroke-width="1.5"/>'
        )
        out.append(text(left - 10, top + 4, name, "end"))
    return "\n".join([*out, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("svg")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME,FEATURES,MS")
    said = parser.parse_args()
    series = {}
    with open(said.table, encoding="utf-8") as table:
        for name, count, time, direct in rows(table.read()):
            series.setdefault(name, []).append((count, time, direct))
    if not series:
        sys.exit(f"{said.table}: expected the table of cargo bench --bench growth")
    peers = [(p[0], float(p[1]), float(p[2])) for p in (p.rsplit(",", 2) for p in said.peer)]
    with open(said.svg, "w", encoding="utf-8") as svg:
        svg.write(draw(series, peers))


if __name__ == "__main__":
    main()

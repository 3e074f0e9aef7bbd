#!/usr/bin/env python3
"""Compares feature services: the same features of the same files from cartotheque, MapServer, QGIS Server and pygeoapi.

    python3 scripts/bench_http/features.py --data DIR [--binary FILE] [--pygeoapi VENV] [--seconds 2] [--only PATTERN]

A peer that is not there is left out, with a word. The measure is CPU per request, user and system time of all processes
of a server, nginx among them; the lower of two turns counts. GeoJSON is asked in longitude and latitude, GML in the
data's own CRS; nobody compresses. How many features come is held against what GDAL counts in the file.
"""

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from feature_peers import Cartotheque, FeatureServer, MapServer, Pygeoapi, QgisServer, Wanted
from layers import ROOT
from places import Places, lambert_93_to_lonlat

PAGE = 100
PARCELS = 1_000_000


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass
class Scene:
    """Requests of one kind; `turn` gives the nth of them, none of which needs to be like another."""

    name: str
    turn: Callable[[int], Wanted]
    target: float | None = 10.0
    # one request is enough, and only ours is fast enough to be asked
    is_large: bool = False


def scenes(parcels: Places) -> list[Scene]:
    def box(number: int, side: float) -> tuple[float, float, float, float]:
        """A square around a parcel, another one for each number."""
        x, y = parcels[number * 7_919 % PARCELS]
        return (round(x - side / 2, 1), round(y - side / 2, 1), round(x + side / 2, 1), round(y + side / 2, 1))

    def first(layer: str, form: str, count: int | None) -> Callable[[int], Wanted]:
        return lambda _: Wanted(layer, form, count=count)

    found = []
    for form in ("GeoJSON", "GML"):
        for count in (10, 1_000, None):
            found.append(Scene(f"{form}, communes, {count or 'all'}", first("communes", form, count)))
    for form in ("GeoJSON", "GML"):
        found.append(Scene(f"{form}, parcels in 2 km", lambda n, form=form: Wanted("parcels", form, box=box(n, 2_000))))
    found += [
        Scene(
            "GeoJSON, parcels in 10 km of a class",
            lambda n: Wanted("parcels", "GeoJSON", box=box(n, 10_000), equal=("classe", n % 5 + 1)),
        ),
        Scene("GeoJSON, parcels, page 1", lambda _: Wanted("parcels", "GeoJSON", count=PAGE), None),
        Scene(
            "GeoJSON, parcels, page 10,000",
            lambda _: Wanted("parcels", "GeoJSON", count=PAGE, start=PARCELS - PAGE),
        ),
        Scene("GeoJSON, parcels, all", first("parcels", "GeoJSON", None), None, True),
        Scene("GML, parcels, all", first("parcels", "GML", None), None, True),
        Scene("CSV, parcels, all", first("parcels", "CSV", None), None, True),
        Scene("FlatGeobuf, parcels, all", first("parcels", "FlatGeobuf", None), None, True),
        Scene("the file itself (data.fgb)", first("parcels", "file", None), None, True),
    ]
    return found


def fetch(server: FeatureServer, wanted: Wanted, keep: bool = False) -> tuple[int, int, bytes]:
    """Status, length, and the body where it is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=900)
    connection.request("GET", server.path(wanted))
    answer = connection.getresponse()
    length, parts = 0, []
    while part := answer.read(1 << 20):
        length += len(part)
        if keep or answer.status != 200:
            parts.append(part)
    connection.close()
    return answer.status, length, b"".join(parts)


def count_of(wanted: Wanted, body: bytes) -> int:
    if wanted.form == "GeoJSON":
        return len(json.loads(body)["features"])
    return len(re.findall(rb"<(?:\w+:)?%s[ >]" % wanted.layer.encode(), body))


def measure(server: FeatureServer, scene: Scene, options: argparse.Namespace) -> dict[str, object]:
    wanted = scene.turn(0)
    if scene.is_large:
        costs = []
        for _ in range(2):
            before, began = server.cpu_s(), time.monotonic()
            status, length, _body = fetch(server, wanted)
            costs.append((server.cpu_s() - before, time.monotonic() - began))
        cpu, wall = min(costs)
        return {"cpu_ms": cpu * 1000, "kb": length / 1000, "wall_s": wall, "status": status, "count": None}
    status, length, body = fetch(server, wanted, keep=True)
    if status != 200:
        return {"status": status, "fault": body[:200].decode(errors="replace")}
    try:
        found = count_of(wanted, body)
    except ValueError as error:
        return {"status": status, "fault": f"{error}: {body[:300]!r}"}
    # as many as keep the server busy for the given time
    began, number = time.monotonic(), 0
    while time.monotonic() - began < options.seconds / 4 and number < 50:
        number += 1
        fetch(server, scene.turn(number))
    many = max(2, min(500, round(number * options.seconds / (time.monotonic() - began))))
    costs, lengths = [], 0
    for turn in range(2):
        before = server.cpu_s()
        for n in range(many):
            lengths += fetch(server, scene.turn(1_000 + turn * many + n))[1]
        costs.append((server.cpu_s() - before) / many)
    return {
        "cpu_ms": min(costs) * 1000,
        "kb": lengths / 2 / many / 1000,
        "requests": many,
        "status": status,
        "count": found,
    }


def expected(wanted: Wanted, files: dict[str, Path]) -> int | None:
    """What GDAL finds in the file."""
    if wanted.count is not None:
        return wanted.count
    command = ["ogrinfo", "-so", "-al", str(files[wanted.layer])]
    if wanted.box:
        command += ["-spat", *map(str, wanted.box)]
    if wanted.equal:
        command += ["-where", f"{wanted.equal[0]} = {wanted.equal[1]}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(r"Feature Count: (\d+)", said)
    return int(match[1]) if match else None


def table(rows: list[dict], names: list[str]) -> str:
    ours, peers = names[0], names[1:]
    out = [
        "| features | GDAL counts | " + " | ".join(f"{n}, CPU ms" for n in names) + " | kB | best peer ÷ ours | counts |",
        "|---|---:|" + "---:|" * len(names) + "---:|---:|---|",
    ]
    for row in rows:
        cells = [row["scene"], f"{row['expected']:,}" if row["expected"] is not None else "–"]
        for name in names:
            cost = row["servers"].get(name, {}).get("cpu_ms")
            cells.append("–" if cost is None else f"{cost:,.2f}" if cost < 100 else f"{cost:,.0f}")
        mine = row["servers"][ours]
        cells.append(f"{mine.get('kb', 0):,.0f}")
        # who sends fewer features than there are is no measure
        fair = [
            row["servers"][p]["cpu_ms"]
            for p in peers
            if row["servers"].get(p, {}).get("cpu_ms") and row["servers"][p]["count"] == mine["count"]
        ]
        ratio = min(fair) / mine["cpu_ms"] if fair and mine.get("cpu_ms") else None
        cells.append("–" if ratio is None else f"**{ratio:.0f}**" if ratio >= 10 else f"{ratio:.1f}")
        notes = []
        for name in names:
            of = row["servers"].get(name)
            if of is None or row["expected"] is None or of.get("count") == row["expected"]:
                continue
            if of.get("status") != 200:
                notes.append(f"{name}: {of['status']}")
            elif of.get("count") is not None:
                notes.append(f"{name}: {of['count']}")
            elif "fault" in of:
                notes.append(f"{name}: no such answer")
        cells.append("; ".join(notes) or "right")
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of make-bench-data.sh")
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/cartotheque")
    parser.add_argument("--pygeoapi", type=Path, help="the virtual environment that has it")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    files = {
        "communes": (ROOT / "data/communes.fgb").resolve(),
        "parcels": (options.data / "parcels_2154.fgb").resolve(),
    }
    servers: list[FeatureServer] = []
    with tempfile.TemporaryDirectory(prefix="cartotheque-features-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            servers.append(Cartotheque(folder / "cartotheque", files, options.binary.resolve(), 18_520))
            for peer in (
                lambda: MapServer(folder / "mapserver", files, 18_521),
                lambda: QgisServer(folder / "qgis", files, 18_522),
                lambda: Pygeoapi(folder / "pygeoapi", files, options.pygeoapi, 18_523, lambert_93_to_lonlat),
            ):
                try:
                    servers.append(peer())
                except (FileNotFoundError, TimeoutError) as missing:
                    say(f"left out: {missing}")
            for server in servers:
                server.settle()
            rows = []
            for scene in scenes(Places(files["parcels"])):
                if not re.search(options.only, scene.name):
                    continue
                wanted = scene.turn(0)
                row = {"scene": scene.name, "expected": None if scene.is_large else expected(wanted, files), "servers": {}}
                for server in servers:
                    if not server.has(wanted) or (scene.is_large and server is not servers[0]):
                        continue
                    row["servers"][server.name] = measure(server, scene, options)
                    say(f"{scene.name}: {server.name}: {row['servers'][server.name]}")
                rows.append(row)
        finally:
            for server in servers:
                server.stop()
    text = table(rows, [s.name for s in servers])
    print(text)
    by_name = {row["scene"]: row["servers"][servers[0].name] for row in rows}
    near, far = (by_name.get(f"GeoJSON, parcels, page {page}") for page in ("1", "10,000"))
    if near and far:
        print(f"\npage 10,000 costs {far['cpu_ms'] / near['cpu_ms']:.2f} times page 1")
    if options.markdown:
        options.markdown.write_text(text + "\n")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    wrong = [r for r in rows if r["expected"] is not None and r["servers"][servers[0].name].get("count") != r["expected"]]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

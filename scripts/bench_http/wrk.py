"""Short answers in numbers: what a request costs while wrk sends as many as are answered."""

import math
import re
import subprocess
import urllib.parse
from pathlib import Path

from scenes import Scene
from servers import Server


class Wrk:
    """Sends the requests of a scene round and round over kept connections."""

    def __init__(self, folder: Path) -> None:
        self.script = folder / "requests.lua"

    def cpu_ms(self, server: Server, scene: Scene, requests: list[dict[str, str]], connections: int, seconds: float) -> float:
        """CPU in ms of the server's processes per answer. The few requests under way at the end
        are paid for and not counted: hundreds are, or the figure is refused."""
        port, path = server.addresses[scene.site]
        targets = [f"{path}?{urllib.parse.urlencode(r, safe=',:/')}" for r in requests]
        quoted = ",\n".join('"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in targets)
        self.script.write_text(
            f"local targets = {{{quoted}}}\n"
            "local ready, at = {}, 0\n"
            'function init() for n, t in ipairs(targets) do ready[n] = wrk.format("GET", t) end end\n'
            "function request() at = at % #ready + 1; return ready[at] end\n"
        )
        before = server.cpu_s()
        told = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", "-s", self.script, f"http://127.0.0.1:{port}/"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        spent = server.cpu_s() - before
        if wrong := re.search(r"Non-2xx.*|Socket errors.*", told):
            raise SystemExit(f"{server.name}, {scene.name}: {wrong[0]}")
        answers = int(re.search(r"(\d+) requests in", told)[1])
        if answers < 20 * connections:
            raise SystemExit(f"{server.name}, {scene.name}: only {answers} answers in {seconds} s, use more --seconds")
        return spent * 1000 / answers

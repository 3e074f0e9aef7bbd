"""The two servers: started, measured, ended."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from layers import LayerSpec
from styled import FONT, PICTURE, StyledLayer

# the layers of each service, with the names that they have there
Named = tuple[str, LayerSpec | StyledLayer]
Sites = dict[str, list[Named]]

CPU_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


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

    def settle(self) -> None:
        """Waits until the work of starting is done, a minute at most: it is not that of requests."""
        for _ in range(60):
            before = self.cpu_s()
            time.sleep(1.0)
            if self.cpu_s() - before < 0.02:
                return

    def anonymous_kb(self) -> dict[int, int]:
        """RssAnon of each process."""
        found = {}
        for pid in self.pids():
            match = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
            found[pid] = int(match[1]) if match else 0
        return found

    def stop(self) -> None:
        """Asks, waits a second, then insists: mapserv takes SIGTERM only with its next request."""
        pids = self.pids()
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for pid in pids:
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    pass
            time.sleep(1.0)


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

    def __init__(self, folder: Path, sites: Sites, port: int) -> None:
        super().__init__()
        folder.mkdir()
        socket = folder / "mapserv.sock"
        (folder / "fonts.txt").write_text(f"noto {FONT}\n")
        (folder / "mapserver.conf").write_text('CONFIG\n  ENV\n    MS_MAP_PATTERN "."\n  END\nEND\n')
        locations = []
        for site, layers in sites.items():
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
        self.folder, self.socket = folder, socket

    def start(self) -> None:
        environment = os.environ | {"MAPSERVER_CONFIG_FILE": str(self.folder / "mapserver.conf")}
        self.begin = time.monotonic()
        nginx = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", self.folder, "-c", self.folder / "nginx.conf"], stderr=subprocess.DEVNULL
        )
        self.processes.append(nginx.pid)
        pid_file = self.folder / "mapserv.pid"
        subprocess.run(
            ["spawn-fcgi", "-s", self.socket, "-F", "2", "-P", pid_file, "--", shutil.which("mapserv")],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        self.processes += [int(pid) for pid in pid_file.read_text().split()]

    @staticmethod
    def _mapfile(site: str, layers: list[Named], port: int) -> str:
        return f"""MAP
  NAME "{site}" STATUS ON SIZE 800 600 MAXSIZE 8192 UNITS METERS
  EXTENT 624753 6334556 1035258 6642903
  IMAGETYPE "png" IMAGECOLOR 255 255 255
  PROJECTION "EPSG:2154" END
  OUTPUTFORMAT NAME "png" MIMETYPE "image/png" DRIVER "AGG/PNG" EXTENSION "png" IMAGEMODE RGB END
  OUTPUTFORMAT NAME "jpeg" MIMETYPE "image/jpeg" DRIVER "AGG/JPEG" EXTENSION "jpg" IMAGEMODE RGB END
  FONTSET "fonts.txt"
  SYMBOL NAME "disc" TYPE ELLIPSE POINTS 1 1 END FILLED TRUE END
  SYMBOL NAME "hatch" TYPE HATCH END
  SYMBOL NAME "triangle" TYPE VECTOR FILLED TRUE POINTS 0 1 0.5 0 1 1 0 1 END END
  SYMBOL NAME "picture" TYPE SVG IMAGE "{PICTURE}" END
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

    def __init__(self, folder: Path, sites: Sites, binary: Path) -> None:
        super().__init__()
        self.folder, self.binary = folder, binary
        folder.mkdir()
        for site, layers in sites.items():
            place = folder / site
            for sub in ("capabilities/layers", "styles", "data"):
                (place / sub).mkdir(parents=True)
            (place / "capabilities/server.yaml").write_text(
                f"schema: cartotheque/server@1\ntitle: {site}\nlanguages: [en]\n"
                "crs: [EPSG:2154, EPSG:3857, EPSG:4326]\n"
                "limits: {width: 8192, height: 8192}\n"
            )
            shutil.copy(PICTURE, place / "styles")
            for name, spec in layers:
                data = place / "data" / spec.file.name
                if not data.exists():
                    data.symlink_to(spec.file.resolve())
                (place / f"styles/{spec.name}.sld").write_text(spec.sld())
                (place / f"capabilities/layers/{name}.yaml").write_text(
                    f"schema: cartotheque/layer@1\nid: {name}\ntitle: {name}\n"
                    f"source: {{file: data/{spec.file.name}}}\nstyles: [{spec.name}]\n"
                )

    def start(self, site: str) -> None:
        """Returns when the process says where it listens. Overviews are made before, as a user of
        large data would, so that their making is not counted among the requests."""
        log = self.folder / f"{site}.log"
        cache = ["--cache-dir", self.folder / "cache"]
        subprocess.run(
            [self.binary, "prepare", self.folder / site, *cache],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.begin = time.monotonic()
        process = subprocess.Popen(
            [self.binary, "serve", self.folder / site, "--listen", "127.0.0.1:0", *cache],
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
            text=True,
        )
        self.processes.append(process.pid)
        match = re.match(r"listening on http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        if not match:
            raise SystemExit(f"cartotheque did not start for {site!r}: {log.read_text()[-2000:]}")
        self.addresses[site] = (int(match[1]), "/wms")

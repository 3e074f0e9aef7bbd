"""Four feature services over the same files: started, and asked in words of their own."""

import os
import shutil
import subprocess
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from servers import Server

CRS = "EPSG:2154"
EXTENT = (624753, 6334556, 1035258, 6642903)


@dataclass
class Wanted:
    """What is asked for, whoever is asked."""

    layer: str
    form: str
    count: int | None = None
    start: int = 0
    box: tuple[float, float, float, float] | None = None
    equal: tuple[str, int] | None = None


class FeatureServer(Server):
    port: int

    def has(self, wanted: Wanted) -> bool:
        return wanted.form in ("GeoJSON", "GML")

    def path(self, wanted: Wanted) -> str:
        raise NotImplementedError

    def wait(self, path: str, seconds: float = 60) -> None:
        import http.client

        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.2)
        self.stop()
        raise TimeoutError(f"{self.name} does not answer")

    def wfs(self, wanted: Wanted, base: str, name: str, formats: dict[str, str]) -> str:
        parameters = {
            "SERVICE": "WFS",
            "VERSION": "2.0.0",
            "REQUEST": "GetFeature",
            "TYPENAMES": name,
            "OUTPUTFORMAT": formats[wanted.form],
            "SRSNAME": "urn:ogc:def:crs:EPSG::4326" if wanted.form == "GeoJSON" else "urn:ogc:def:crs:EPSG::2154",
        }
        if wanted.count is not None:
            parameters["COUNT"] = str(wanted.count)
        if wanted.start:
            parameters["STARTINDEX"] = str(wanted.start)
        if wanted.equal is None and wanted.box:
            parameters["BBOX"] = ",".join(f"{v:.1f}" for v in wanted.box) + ",urn:ogc:def:crs:EPSG::2154"
        elif wanted.equal:
            field, value = wanted.equal
            parts = (
                f"<fes:PropertyIsEqualTo><fes:ValueReference>{field}</fes:ValueReference>"
                f"<fes:Literal>{value}</fes:Literal></fes:PropertyIsEqualTo>"
            )
            if wanted.box:
                a, b, c, d = wanted.box
                parts = (
                    f'<fes:And><fes:BBOX><fes:ValueReference>{self.geometry}</fes:ValueReference>'
                    f'<gml:Envelope srsName="urn:ogc:def:crs:EPSG::2154"><gml:lowerCorner>{a} {b}</gml:lowerCorner>'
                    f"<gml:upperCorner>{c} {d}</gml:upperCorner></gml:Envelope></fes:BBOX>{parts}</fes:And>"
                )
            parameters["FILTER"] = (
                '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0" xmlns:gml="http://www.opengis.net/gml/3.2">'
                f"{parts}</fes:Filter>"
            )
        return f"{base}?{urllib.parse.urlencode(parameters, safe=',:/')}"

    geometry = "geom"


class Cartotheque(FeatureServer):
    name = "cartotheque"

    def __init__(self, folder: Path, files: dict[str, Path], binary: Path, port: int) -> None:
        super().__init__()
        self.port = port
        for sub in ("capabilities/layers", "data"):
            (folder / sub).mkdir(parents=True)
        (folder / "capabilities/server.yaml").write_text(
            "schema: cartotheque/server@1\ntitle: bench\nlanguages: [en]\nlimits: {seconds: 600}\n"
        )
        for name, file in files.items():
            (folder / "data" / file.name).symlink_to(file)
            (folder / f"capabilities/layers/{name}.yaml").write_text(
                f"schema: cartotheque/layer@1\nid: {name}\ntitle: {name}\nsource: {{file: data/{file.name}}}\n"
            )
        process = subprocess.Popen(
            [binary, "serve", folder, "--listen", f"127.0.0.1:{port}", "--workers", "2"],
            env=os.environ | {"CARTOTHEQUE_OVERVIEW_MB": "0"},
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("w"),
        )
        self.processes.append(process.pid)
        self.wait("/health")

    def has(self, wanted: Wanted) -> bool:
        return True

    def path(self, wanted: Wanted) -> str:
        if wanted.form == "file":
            return f"/collections/{wanted.layer}/data.fgb"
        formats = {
            "GeoJSON": "application/json",
            "GML": "application/gml+xml; version=3.2",
            "CSV": "csv",
            "FlatGeobuf": "fgb",
        }
        return self.wfs(wanted, "/wfs", wanted.layer, formats)


class FastCgi(FeatureServer):
    """Two processes behind nginx, as both manuals advise."""

    def begin(self, folder: Path, program: str, environment: dict[str, str], port: int) -> None:
        for needed in (program, "/usr/sbin/nginx", shutil.which("spawn-fcgi") or "spawn-fcgi"):
            if not Path(needed).exists():
                raise FileNotFoundError(f"{self.name}: {needed} is not there")
        self.port = port
        parameters = " ".join(f"fastcgi_param {name} {value};" for name, value in environment.items())
        socket = folder / "fcgi.sock"
        (folder / "nginx.conf").write_text(
            f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; worker_processes 1; pid {folder}/nginx.pid; "
            f"error_log {folder}/error.log;\nevents {{ worker_connections 64; }}\n"
            f"http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; "
            f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; "
            "fastcgi_buffers 64 64k; fastcgi_buffer_size 64k; fastcgi_read_timeout 900;\n"
            f"server {{ listen 127.0.0.1:{port}; location / {{ fastcgi_pass unix:{socket}; "
            "fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method; "
            "fastcgi_param SERVER_NAME 127.0.0.1; fastcgi_param SERVER_PORT $server_port; "
            "fastcgi_param SCRIPT_NAME $uri; fastcgi_param REQUEST_URI $request_uri; fastcgi_param HTTP_HOST $host; "
            f"fastcgi_param SERVER_PROTOCOL $server_protocol; {parameters} }} }} }}\n"
        )
        nginx = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL
        )
        self.processes.append(nginx.pid)
        pids = folder / "fcgi.pid"
        subprocess.run(
            ["spawn-fcgi", "-s", socket, "-F", "2", "-P", pids, "--", program],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        self.processes += [int(pid) for pid in pids.read_text().split()]
        self.wait("/?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetCapabilities")


class MapServer(FastCgi):
    name = "MapServer"
    geometry = "msGeometry"

    def __init__(self, folder: Path, files: dict[str, Path], port: int) -> None:
        super().__init__()
        folder.mkdir()
        layers = "".join(
            f"""
  LAYER
    NAME "{name}" TYPE POLYGON STATUS ON
    CONNECTIONTYPE FLATGEOBUF DATA "{file}" PROCESSING "CLOSE_CONNECTION=DEFER"
    PROJECTION "{CRS}" END
    METADATA "wfs_title" "{name}" "gml_include_items" "all" "gml_featureid" "{'insee' if name == 'communes' else 'id'}"
      "gml_types" "auto" "wfs_getfeature_formatlist" "geojson,gml" END
  END"""
            for name, file in files.items()
        )
        mapfile = folder / "features.map"
        mapfile.write_text(
            f"""MAP
  NAME "bench" STATUS ON UNITS METERS EXTENT {' '.join(map(str, EXTENT))}
  PROJECTION "{CRS}" END
  OUTPUTFORMAT NAME "geojson" DRIVER "OGR/GEOJSON" MIMETYPE "application/json"
    FORMATOPTION "STORAGE=stream" FORMATOPTION "FORM=simple" END
  WEB METADATA "wfs_title" "bench" "wfs_onlineresource" "http://127.0.0.1:{port}/?" "wfs_enable_request" "*"
    "wfs_srs" "EPSG:2154 EPSG:4326" END END{layers}
END
"""
        )
        (folder / "mapserver.conf").write_text('CONFIG\n  ENV\n    MS_MAP_PATTERN "."\n  END\nEND\n')
        environment = {"MS_MAPFILE": str(mapfile), "MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf")}
        self.begin(folder, shutil.which("mapserv") or "mapserv", environment, port)

    def path(self, wanted: Wanted) -> str:
        formats = {"GeoJSON": "geojson", "GML": "application/gml+xml; version=3.2"}
        return self.wfs(wanted, "/", f"ms:{wanted.layer}", formats)


class QgisServer(FastCgi):
    name = "QGIS Server"
    geometry = "geometry"

    def __init__(self, folder: Path, files: dict[str, Path], port: int) -> None:
        super().__init__()
        folder.mkdir()
        project = folder / "bench.qgs"
        # written by QGIS itself: its file is no format for others
        script = [
            "from qgis.core import *",
            "app = QgsApplication([], False); app.initQgis(); project = QgsProject.instance()",
            f"project.setCrs(QgsCoordinateReferenceSystem({CRS!r}))",
            f"layers = [QgsVectorLayer(path, name, 'ogr') for name, path in {[(n, str(f)) for n, f in files.items()]!r}]",
            "assert all(layer.isValid() for layer in layers)",
            "project.addMapLayers(layers)",
            "project.writeEntry('WFSLayers', '/', [layer.id() for layer in layers])",
            "[project.writeEntry('WFSLayersPrecision', '/' + layer.id(), 3) for layer in layers]",
            f"assert project.write({str(project)!r})",
        ]
        made = subprocess.run(
            ["/usr/bin/python3", "-c", "\n".join(script)],
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)},
            capture_output=True,
        )
        if not project.exists():
            raise FileNotFoundError(f"QGIS Server: no project, {made.stderr.decode(errors='replace')[-200:]}")
        environment = {
            "QT_QPA_PLATFORM": "offscreen",
            "QGIS_PROJECT_FILE": str(project),
            "QGIS_SERVER_TRUST_LAYER_METADATA": "1",
            "QGIS_SERVER_LOG_LEVEL": "2",
            "HOME": str(folder),
        }
        self.begin(folder, "/usr/lib/cgi-bin/qgis_mapserv.fcgi", environment, port)

    def path(self, wanted: Wanted) -> str:
        # 3.22 writes GML 3.1.1 at most, and takes no FES 2.0 in WFS 1.1
        path = self.wfs(wanted, "/", wanted.layer, {"GeoJSON": "application/vnd.geo+json", "GML": "GML3"})
        for new, old in (
            ("VERSION=2.0.0", "VERSION=1.1.0"),
            ("TYPENAMES", "TYPENAME"),
            ("COUNT", "MAXFEATURES"),
            ("ValueReference", "PropertyName"),
            ("http://www.opengis.net/fes/2.0", "http://www.opengis.net/ogc"),
            ("http://www.opengis.net/gml/3.2", "http://www.opengis.net/gml"),
            ("fes:", "ogc:"),
        ):
            path = path.replace(new, old)
        return path


class Pygeoapi(FeatureServer):
    """gunicorn with two processes over GDAL, as its manual has it."""

    name = "pygeoapi"

    def __init__(
        self, folder: Path, files: dict[str, Path], venv: Path | None, port: int, lonlat: Callable[[float, float], tuple]
    ) -> None:
        super().__init__()
        if venv is None or not (venv / "bin/gunicorn").exists():
            raise FileNotFoundError("pygeoapi: --pygeoapi names no virtual environment that has it and gunicorn")
        folder.mkdir()
        self.port, self.lonlat = port, lonlat
        resources = "".join(
            f"""
  {name}:
    type: collection
    title: {name}
    description: {name}
    keywords: [bench]
    links: []
    extents: {{spatial: {{bbox: [2, 44, 8, 47], crs: http://www.opengis.net/def/crs/OGC/1.3/CRS84}}}}
    providers:
      - type: feature
        name: OGR
        data:
          source_type: FlatGeobuf
          source: {file}
          source_capabilities: {{paging: true}}
        id_field: {'insee' if name == 'communes' else 'id'}
        crs: [http://www.opengis.net/def/crs/OGC/1.3/CRS84, http://www.opengis.net/def/crs/EPSG/0/2154]
        storage_crs: http://www.opengis.net/def/crs/EPSG/0/2154
        layer: {file.stem if name == 'parcels' else name}
"""
            for name, file in files.items()
        )
        config = folder / "config.yml"
        config.write_text(
            f"""server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: http://127.0.0.1:{port}
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  languages: [en-US]
  gzip: false
  cors: false
  pretty_print: false
  admin: false
  limits: {{default_items: 10, max_items: 2000000}}
  map: {{url: "http://127.0.0.1/{{z}}/{{x}}/{{y}}.png", attribution: none}}
logging: {{level: ERROR}}
metadata:
  identification: {{title: bench, description: bench, keywords: [bench], keywords_type: theme, terms_of_service: none, url: http://127.0.0.1}}
  license: {{name: none, url: http://127.0.0.1}}
  provider: {{name: bench, url: http://127.0.0.1}}
  contact: {{name: bench}}
resources:{resources}"""
        )
        environment = os.environ | {
            "PYGEOAPI_CONFIG": str(config),
            "PYGEOAPI_OPENAPI": str(folder / "openapi.yml"),
        }
        log = (folder / "log").open("w")
        subprocess.run(
            [venv / "bin/pygeoapi", "openapi", "generate", config, "--output-file", folder / "openapi.yml"],
            env=environment, stdout=log, stderr=log, check=True,
        )
        process = subprocess.Popen(
            [venv / "bin/gunicorn", "-w", "2", "-t", "900", "-b", f"127.0.0.1:{port}", "pygeoapi.flask_app:APP"],
            env=environment, stdout=log, stderr=log, cwd=folder,
        )
        self.processes.append(process.pid)
        self.wait("/collections/communes?f=json")

    def has(self, wanted: Wanted) -> bool:
        return wanted.form == "GeoJSON"

    def path(self, wanted: Wanted) -> str:
        parameters = {"f": "json", "limit": str(wanted.count or 2_000_000)}
        if wanted.start:
            parameters["offset"] = str(wanted.start)
        if wanted.box:
            a, b, c, d = wanted.box
            corners = [self.lonlat(x, y) for x, y in ((a, b), (c, b), (a, d), (c, d))]
            longitudes, latitudes = [p[0] for p in corners], [p[1] for p in corners]
            parameters["bbox"] = f"{min(longitudes)},{min(latitudes)},{max(longitudes)},{max(latitudes)}"
        if wanted.equal:
            parameters[wanted.equal[0]] = str(wanted.equal[1])
        return f"/collections/{wanted.layer}/items?{urllib.parse.urlencode(parameters, safe=',')}"

"""The reference data of the suites as served folders, converted by `cartotheque import` itself."""

import contextlib
import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import gmlsf

SERVER = """schema: cartotheque/server@1
title: {fr: Données de référence de CITE, en: CITE reference data}
abstract: {fr: Les données des suites de tests de l'OGC., en: The data of OGC's test suites.}
languages: [en, fr]
keywords: [CITE]
crs: [EPSG:4326, EPSG:3857, EPSG:4258]
contact: {organisation: CITE, email: cite@example.org, url: 'https://example.org/'}
"""


def build(binary: Path, data: str, cite: Path, folder: Path) -> Path:
    """Makes the folder of one data set."""
    site = folder / data
    if data == "blue-lake":
        files = sorted((cite / "wms13" / "shapefile").glob("*.shp"))
    else:
        files = gmlsf.write(cite / "wfs11" / "sf-0" / "dataset-sf0-insert.xml", folder / "geojson")
    command = [binary, "import", *files, "-o", site]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (site / "capabilities" / "server.yaml").write_text(SERVER, encoding="utf-8")
    for layer in (site / "capabilities" / "layers").glob("*.yaml"):
        text = layer.read_text(encoding="utf-8")
        # layers are looked for by title and by name
        text = re.sub(r"^title: .*$", f"title: 'cite:{layer.stem}'", text, flags=re.MULTILINE)
        if data == "simple-features":
            text = re.sub(r"^# id_column: .*$", "id_column: id", text, flags=re.MULTILINE)
        layer.write_text(text, encoding="utf-8")
    return site


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def served(binary: Path, site: Path, log: Path) -> Iterator[str]:
    """Serves a folder; gives its address."""
    base = f"http://127.0.0.1:{free_port()}"
    command = [binary, "serve", site, "--listen", base.removeprefix("http://"), "--cache-dir", site.parent / "cache"]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("CARTOTHEQUE_")}
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment) as server:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{base}/health", timeout=5):
                    break
                if server.poll() is not None:
                    raise RuntimeError(f"the server ended: {log.read_text(errors='replace')}")
                time.sleep(0.1)
            yield base
        finally:
            server.terminate()

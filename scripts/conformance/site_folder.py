"""The reference data of the suites as served folders, converted by `cartotheque import` itself."""

import contextlib
import os
import re
import socket
import subprocess
import time
import unicodedata
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
{namespace}contact: {organisation: CITE, email: cite@example.org, url: 'https://example.org/'}
"""


def build(binary: Path, data: str, cite: Path, folder: Path) -> Path:
    """Makes the folder of one data set."""
    site = folder / data
    if data == "blue-lake":
        files = sorted((cite / "wms13" / "shapefile").glob("*.shp"))
    else:
        at_least = gmlsf.AT_LEAST if data == "simple-features" else 0
        files = gmlsf.write(cite / "wfs11" / "sf-0" / "dataset-sf0-insert.xml", folder / f"{data}.geojson", at_least)
    command = [binary, "import", *files, "-o", site]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    namespace = "" if data == "blue-lake" else "namespace: {prefix: sf, uri: 'http://cite.opengeospatial.org/gmlsf'}\n"
    (site / "capabilities" / "server.yaml").write_text(SERVER.replace("{namespace}", namespace), encoding="utf-8")
    names = {plain(name): name for name in gmlsf.TYPES}
    for layer in (site / "capabilities" / "layers").glob("*.yaml"):
        text = layer.read_text(encoding="utf-8")
        if data == "blue-lake":
            # layers are looked for by title and by name
            text = re.sub(r"^title: .*$", f"title: 'cite:{layer.stem}'", text, flags=re.MULTILINE)
        else:
            text = gmlsf.layer_file(names[layer.stem], f"data/{layer.stem}.fgb")
        layer.write_text(text, encoding="utf-8")
    return site


def plain(name: str) -> str:
    """A name without accents, as files have it."""
    return unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode()


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

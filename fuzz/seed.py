#!/usr/bin/env python3
"""Lays a first corpus for the fuzz targets into fuzz/corpus, from the repo's own files.

    python3 fuzz/seed.py [FOLDER]

Where the shared test data lie beside the checkout (../shared), they are taken too, and so are files
of other formats below FOLDER (GDAL makes them: `ogr2ogr -f GPKG FOLDER/lacs.gpkg data/lacs.fgb`).
The targets are built with the versions that the server is built with.
"""

import hashlib
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parent
SHARED = REPO.parent / "shared"
# a larger file teaches nothing that a small one does not, and is slow
MAX_BYTES = 200_000
FOREIGN = ["gpkg", "zip", "geojson", "csv", "parquet", "shp", "fgb", "pmtiles", "mbtiles"]
FILTERS = [
    "population > 1000 AND nom LIKE 'Saint-%'",
    "CASEI(nom) IN (CASEI('lyon'), ACCENTI('Étoile')) OR NOT (a BETWEEN 1 AND 2.5e3)",
    "S_INTERSECTS(geom, POLYGON((840000 6510000, 850000 6510000, 850000 6520000, 840000 6510000)))",
    "T_DURING(jour, INTERVAL('2020-01-01', '..')) AND A_CONTAINS(tags, ('a', 'b'))",
    "BBOX(geom, 1, 2, 3, 4, 'EPSG:4326') AND DWITHIN(geom, POINT(4 45), 5, kilometers)",
    "IN ('communes.1', 'communes.2') OR RELATE(geom, POINT Z (1 2 3), 'T*F**F***')",
    "strToLowerCase(nom) = 'x' AND a * -(b + 3) ^ 2 % 4 DIV 2 <> 1 AND c IS NOT NULL",
]
CQL2_JSON = [
    '{"op":"and","args":[{"op":">=","args":[{"property":"a"},10]},{"op":"s_intersects","args":'
    '[{"property":"geom"},{"type":"Point","coordinates":[1,2]}]}]}',
    '{"op":"in","args":[{"op":"casei","args":[{"property":"a"}]},["x","y"]]}',
    '{"op":"t_before","args":[{"property":"t"},{"interval":["2020-01-01","2021-01-01T00:00:00Z"]}]}',
]
FES = [
    "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0' xmlns:gml='http://www.opengis.net/gml/3.2'>"
    "<fes:And><fes:PropertyIsLike wildCard='*' singleChar='.' escapeChar='!'><fes:ValueReference>a"
    "</fes:ValueReference><fes:Literal>S*</fes:Literal></fes:PropertyIsLike><fes:BBOX><gml:Envelope "
    "srsName='urn:ogc:def:crs:EPSG::4326'><gml:lowerCorner>45 4</gml:lowerCorner><gml:upperCorner>46 5"
    "</gml:upperCorner></gml:Envelope></fes:BBOX></fes:And></fes:Filter>",
    "<Filter><Intersects><PropertyName>g</PropertyName><Polygon><exterior><LinearRing><posList>"
    "0 0 1 0 1 1 0 0</posList></LinearRing></exterior></Polygon></Intersects></Filter>",
]


def small(paths):
    return (p for p in sorted(paths) if p.is_file() and p.stat().st_size <= MAX_BYTES)


def lay(target: str, content: bytes) -> None:
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


def features() -> None:
    for path in small([*REPO.glob("data/*.fgb"), *SHARED.glob("data/**/*.fgb")]):
        lay("features", path.read_bytes())


def foreign() -> None:
    folders = [REPO / "tests", SHARED / "data", *map(Path, sys.argv[1:])]
    for nth, extension in enumerate(FOREIGN):
        named = [path for folder in folders for path in folder.glob(f"**/*.{extension}")]
        for path in list(small(named))[:40]:
            lay("foreign", bytes([nth]) + path.read_bytes())


def folder() -> None:
    server = (REPO / "capabilities/server.yaml").read_text()
    layers = [p.read_text() for p in small(REPO.glob("capabilities/layers/*.yaml"))]
    maps = [p.read_text() for p in small(REPO.glob("capabilities/maps/**/*.yaml"))]
    styles = [p.read_text() for p in small(REPO.glob("styles/*.sld"))]
    for nth in range(max(len(layers), len(maps), len(styles))):
        parts = [server, *(kind[nth % len(kind)] for kind in (layers, maps, styles) if kind)]
        lay("folder", "\n---\n".join(parts).encode())


def notation() -> None:
    for text in FILTERS:
        lay("notation", b"\0" + text.encode())
        lay("notation", b"\2" + text.encode())
    for text in CQL2_JSON:
        lay("notation", b"\1" + text.encode())
    for text in FES:
        lay("notation", b"\6" + text.encode())
    for path in small([*REPO.glob("styles/*.json"), *REPO.glob("tests/**/*.json")]):
        lay("notation", b"\3" + path.read_bytes())
        lay("notation", b"\4" + path.read_bytes())
    for path in small([*REPO.glob("styles/*.sld"), *REPO.glob("tests/**/*.sld")]):
        lay("notation", b"\5" + path.read_bytes())


def request() -> None:
    own = [
        "GET /wms?SERVICE=WMS&REQUEST=GetMap&VERSION=1.3.0&LAYERS=communes&STYLES=&CRS=EPSG:2154"
        "&BBOX=830000,6500000,850000,6520000&WIDTH=64&HEIGHT=64&FORMAT=image/png",
        "GET /collections/communes/items?limit=2&filter=population>1000&sortby=-population",
        "GET /tiles/communes/8/131/91.mvt",
        "GET /maps?q=lyon&theme=x",
        "GET /wmts?SERVICE=WMTS&REQUEST=GetTile&LAYER=communes&STYLE=default&TILEMATRIXSET="
        "WebMercatorQuad&TILEMATRIX=8&TILEROW=91&TILECOL=131&FORMAT=image/png",
        "GET /wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=communes&COUNT=1",
        "GET /collections/communes/map?width=64&height=64\nAccept: image/webp\nAccept-Encoding: gzip",
        "OPTIONS /collections/communes/items\nOrigin: http://example.org",
    ]
    for text in own:
        lay("request", text.encode())
    line = re.compile(r"^(GET|POST|HEAD) (\S+)")
    for path in sorted(SHARED.glob("client-requests/*.txt")):
        for text in path.read_text(errors="replace").splitlines():
            found = line.match(text)
            if not found:
                continue
            target = found[2].replace("{api}", "").replace("{static}", "")
            target = target.replace("{ows}", "/wfs" if "wfs" in path.name else "/wms")
            lay("request", f"{found[1]} {target}".encode())


shutil.copy(REPO / "Cargo.lock", HERE / "Cargo.lock")
for target in (features, foreign, folder, notation, request):
    target()
    print(target.__name__, len(list((HERE / "corpus" / target.__name__).iterdir())))

#!/usr/bin/env python3
"""Asks a running server what OWSLib asks: WMS 1.3.0 and 1.1.1, every layer, maps in two axis orders.

    python3 -m venv venv && venv/bin/pip install OWSLib
    venv/bin/python scripts/look-in-owslib.py http://127.0.0.1:8080/wms

Prints a line for each fault and ends with 1 where there is one. `tests/replay.rs` holds the requests
themselves without OWSLib; this shows that the answers are understood by it.
"""

import struct
import sys

from owslib.util import ServiceException
from owslib.wms import WebMapService

PNG = b"\x89PNG\r\n\x1a\n"


def size_of(png: bytes) -> tuple[int, int] | None:
    return struct.unpack(">II", png[16:24]) if png.startswith(PNG) else None


def main(address: str) -> int:
    faults: list[str] = []
    pictures: dict[str, dict[str, bytes]] = {}

    def hold(is_right: bool, what: str) -> None:
        if not is_right:
            faults.append(what)
            print(f"FAULT {what}")

    for version in ("1.3.0", "1.1.1"):
        service = WebMapService(address, version=version)
        hold(service.identification.version == version, f"{version}: answered as {service.identification.version}")
        hold(bool(service.identification.title), f"{version}: no title")
        operations = {operation.name for operation in service.operations}
        hold({"GetCapabilities", "GetMap", "GetFeatureInfo"} <= operations, f"{version}: operations {operations}")
        for name, layer in service.contents.items():
            west, south, east, north = layer.boundingBoxWGS84
            hold(-180 <= west < east <= 180 and -90 <= south < north <= 90, f"{version} {name}: extent {west, south}")
            hold(bool(layer.title) and bool(layer.styles or layer.layers), f"{version} {name}: without title or style")
            for crs in ("EPSG:4326", "EPSG:3857"):
                hold(crs in layer.crsOptions, f"{version} {name}: {crs} is not offered")
            # east, north: OWSLib turns the box round where 1.3.0 wants it
            picture = service.getmap(
                layers=[name],
                styles=[""],
                srs="EPSG:4326",
                bbox=(west, south, east, north),
                size=(120, 80),
                format="image/png",
                transparent=True,
            ).read()
            hold(size_of(picture) == (120, 80), f"{version} {name}: no map of 120 by 80")
            pictures.setdefault(name, {})[version] = picture
        name, layer = next((n, l) for n, l in service.contents.items() if l.queryable)
        west, south, east, north = layer.boundingBoxWGS84
        info = service.getfeatureinfo(
            layers=[name],
            query_layers=[name],
            srs="EPSG:4326",
            bbox=(west, south, east, north),
            size=(101, 101),
            xy=(50, 50),
            info_format="application/json",
        ).read()
        hold(info.lstrip().startswith(b"{"), f"{version} {name}: identify answers {info[:80]!r}")
        try:
            service.getmap(layers=["no-such-layer"], srs="EPSG:4326", bbox=(0, 0, 1, 1), size=(9, 9), format="image/png")
            hold(False, f"{version}: a layer that is not there is drawn")
        except ServiceException as refused:
            hold("no-such-layer" in str(refused), f"{version}: the exception does not name the layer: {refused}")
    for name, maps in pictures.items():
        hold(len(set(maps.values())) == 1, f"{name}: the map of 1.1.1 is not that of 1.3.0")
    print(f"{len(pictures)} layers, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

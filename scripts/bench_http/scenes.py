"""The requests of the comparison."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from places import Places, lambert_93_to_mercator, resolution_m


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
    is_short: bool = False


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
            for number, (x, y) in enumerate(places[layer.split(",")[0]].spread()):
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

        return Scene(f"gfi_{layer}_2154_z{zoom}", "main", requests, "text", target=30.0, is_short=True)

    def capabilities(site: str, count: int) -> Scene:
        def requests() -> Iterator[dict[str, str]]:
            while True:
                yield {"SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetCapabilities"}

        return Scene(f"caps_{count}", site, requests, "capabilities", target=30.0, is_short=count == 1)

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
        maps("communes,roads,sites", m, [13], 800, 600),
        Scene("map_parcels_2154_800x600_all", "main", everything, "picture", 800, 600),
        identify("communes", 10),
        identify("parcels", 14),
    ]

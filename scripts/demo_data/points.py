"""Town halls and aerodromes."""

import csv
import io
import json
from pathlib import Path

import shapely
from geometry import to_lambert_93
from output import table, write
from shapely.geometry.base import BaseGeometry
from sources import Sources, known, position
from territory import Territory

REGIONAL_CAPITAL = "69123"  # Lyon


def opening_hours(text: str) -> str | None:
    """`[["lundi", "mardi", [["09:00:00", "12:00:00"]]]]` as a person writes it."""
    try:
        spans = json.loads(known(text) or "[]")
        return (
            " ; ".join(
                (first if first == last else f"{first}–{last}")
                + " "
                + ", ".join(f"{begin[:5]}–{end[:5]}" for begin, end, *_ in hours)
                for first, last, hours in spans
            )
            or None
        )
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
                "nom": airport["name"].removesuffix(" Airport"),
                "ville": airport["city"] or None,
                "altitude_m": metres,
            }
        )
    write(out, "aerodromes", "Aérodromes", "Point Z", points, table(rows), "EPSG:2154")

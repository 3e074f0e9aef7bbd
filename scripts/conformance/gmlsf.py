"""The data of the WFS suites, level 0 of GML's simple features: transactions become GeoJSON.

A suite for a server that takes transactions sends these documents; this one takes files. Positions
are those of EPSG:4326, north first, and are turned.
"""

import itertools
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

GML = "{http://www.opengis.net/gml}"
SF = "{http://cite.opengeospatial.org/gmlsf}"

# the tests of paging take any type, ask for four features and for what comes next
AT_LEAST = 6

# the types as the suites' own schema has them: what the geometry is called, then the fields in
# order; an asterisk is behind those that every feature must have
TYPES = {
    "PrimitiveGeoFeature": (
        "{Polygon: surfaceProperty, Point: pointProperty, LineString: curveProperty}",
        "intProperty* uriProperty measurand* dateTimeProperty dateProperty decimalProperty*",
    ),
    "AggregateGeoFeature": (
        "{MultiPoint: multiPointProperty, MultiLineString: multiCurveProperty, "
        "MultiPolygon: multiSurfaceProperty, GeometryCollection: multiGeomProperty}",
        "doubleProperty* strProperty* featureCode*",
    ),
    "EntitéGénérique": ("attribut.Géométrie", "boolProperty* str4Property* featureRef"),
}


def layer_file(name: str, source: str) -> str:
    """The layer file of a type."""
    geometry, fields = TYPES[name]
    lines = [
        "schema: cartotheque/layer@1",
        f"id: {name}",
        f"title: 'cite:{name}'",
        f"source: {{file: {source}}}",
        "id_column: id",
        f"geometry_name: {geometry}",
        "fields:",
        "  - {name: id, element: gml:id}",
        "  - {name: description, element: gml:description}",
        "  - {name: name, element: gml:name}",
    ]
    for field in fields.split():
        plain = field.removesuffix("*")
        more = ", required: true" if plain != field else ""
        # files know no days without a time
        more += ", type: date" if plain == "dateProperty" else ""
        lines.append(f"  - {{name: {plain}{more}}}")
    return "\n".join([*lines, ""])


def local(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def positions(element: ElementTree.Element) -> list[list[float]]:
    """The positions of a `pos` or `posList` below, longitude first."""
    texts = (e.text or "" for e in element.iter() if e.tag in (GML + "pos", GML + "posList"))
    numbers = [float(number) for text in texts for number in text.split()]
    return [[x, y] for y, x in zip(numbers[::2], numbers[1::2])]


def polygon(element: ElementTree.Element) -> list[list[list[float]]]:
    return [positions(ring) for ring in element if local(ring) in ("exterior", "interior")]


def geometry(element: ElementTree.Element) -> dict | None:
    """GeoJSON of a geometry property's content."""
    for inner in element:
        match local(inner):
            case "Point":
                return {"type": "Point", "coordinates": positions(inner)[0]}
            case "LineString" | "Curve":
                return {"type": "LineString", "coordinates": positions(inner)}
            case "Polygon":
                return {"type": "Polygon", "coordinates": polygon(inner)}
            case "MultiPoint":
                return {"type": "MultiPoint", "coordinates": positions(inner)}
            case "MultiCurve":
                lines = inner.iter(GML + "LineString")
                return {"type": "MultiLineString", "coordinates": [positions(line) for line in lines]}
            case "MultiSurface":
                polygons = inner.iter(GML + "Polygon")
                return {"type": "MultiPolygon", "coordinates": [polygon(one) for one in polygons]}
    return None


def value(element: ElementTree.Element) -> object:
    """A property's value, typed as its name says."""
    text = " ".join((element.text or "").split())
    name = local(element)
    if name.startswith("int"):
        return int(text)
    if name.startswith(("decimal", "double", "measurand")):
        return float(text)
    if name.startswith("bool"):
        return text in ("1", "true")
    # the format of a day in files has no time zone
    return text.removesuffix("Z") if name == "dateProperty" else text


def collections(document: Path, at_least: int) -> dict[str, dict]:
    """A GeoJSON collection for each feature type of a transaction, in its order."""
    found: dict[str, dict] = {}
    for insert in ElementTree.parse(document).getroot():
        for feature in insert:
            entry: dict = {"type": "Feature", "properties": {"id": feature.get(GML + "id")}, "geometry": None}
            for part in feature:
                shape = geometry(part)
                if shape is not None:
                    entry["geometry"] = shape
                elif part.tag.startswith(SF) and not len(part) and (part.text or "").strip():
                    entry["properties"][local(part)] = value(part)
                elif part.tag in (GML + "description", GML + "name"):
                    entry["properties"][local(part)] = value(part)
            collection = found.setdefault(local(feature), {"type": "FeatureCollection", "features": []})
            collection["features"].append(entry)
    for collection in found.values():
        features = collection["features"]
        for again in itertools.islice(itertools.cycle(features[:]), max(0, at_least - len(features))):
            features.append(again | {"properties": again["properties"] | {"id": f"again{len(features)}"}})
    return found


def write(document: Path, folder: Path, at_least: int) -> list[Path]:
    """Writes the collections as files, named by their types."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, collection in collections(document, at_least).items():
        file = folder / f"{name}.geojson"
        file.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
        files.append(file)
    return files

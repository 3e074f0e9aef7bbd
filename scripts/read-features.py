#!/usr/bin/env python3
"""Reads the demo's OGC API – Features as GDAL, OWSLib and QGIS do, and holds what they find against
the source files.

    make serve &
    python3 scripts/read-features.py http://127.0.0.1:8080 data/

Needs pyogrio and OWSLib (pip install pyogrio OWSLib); with QGIS's Python bindings (Debian:
python3-qgis qgis-providers) QGIS too. What is not installed is named and left out. Ends with
status 1 where a client finds something else than the file holds.
"""
import os
import sys

faults = []


def expect(what, found, expected):
    ok = found == expected
    print(("ok   " if ok else "WRONG"), what, found if ok else f"{found}, expected {expected}")
    if not ok:
        faults.append(what)


def gdal(base, data):
    import pyogrio
    from pyogrio import raw

    print("GDAL", ".".join(map(str, pyogrio.__gdal_version__)))
    for layer in ["communes", "departements", "cours-eau", "aerodromes"]:
        source = pyogrio.read_info(f"{data}/{layer}.fgb", force_feature_count=True)
        served = pyogrio.read_info("OAPIF:" + base, layer=layer, force_feature_count=True)
        expect(f"{layer}: count", served["features"], source["features"])
        # heights are not served
        geometry = source["geometry_type"].removesuffix(" Z")
        expect(f"{layer}: geometry", served["geometry_type"], geometry)
        types = dict(zip(source["fields"], source["dtypes"]))
        own = dict(zip(served["fields"], served["dtypes"]))
        expect(f"{layer}: types", {n: t for n, t in own.items() if n in types},
               {n: t for n, t in types.items() if n in own})
        read = raw.read("OAPIF:" + base, layer=layer)[2]
        expect(f"{layer}: features read", len(read), source["features"])
    for where in ["population > 100000", "departement = 'Rhône'", "nom = 'Lyon'"]:
        counts = [len(raw.read(name, layer=layer, where=where)[2])
                  for name, layer in [("OAPIF:" + base, "communes"), (f"{data}/communes.fgb", None)]]
        expect(f"communes where {where}", *counts)
    # GDAL reads in the CRS of the data
    box = (838_000, 6_514_000, 846_000, 6_525_000)
    counts = [len(raw.read(name, layer=layer, bbox=box)[2])
              for name, layer in [("OAPIF:" + base, "villes"), (f"{data}/villes.fgb", None)]]
    expect("villes in a box", *counts)


def owslib(base):
    from owslib.ogcapi.features import Features

    print("OWSLib")
    api = Features(base)
    expect("collections with features", "communes" in api.feature_collections(), True)
    page = api.collection_items("communes", limit=3)
    expect("communes", (page["numberMatched"], page["numberReturned"]), (4021, 3))
    filtered = api.collection_items("communes", limit=3, filter="population > 100000")
    expect("communes under a filter", filtered["numberMatched"], 6)
    expect("queryables", "population" in api.collection_queryables("communes")["properties"], True)
    expect("one item", api.collection_item("communes", "69123")["properties"]["nom"], "Lyon")


def qgis(base):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from qgis.core import Qgis, QgsApplication, QgsRectangle, QgsFeatureRequest, QgsVectorLayer

    print("QGIS", Qgis.QGIS_VERSION)
    application = QgsApplication([], False)
    application.initQgis()
    layer = QgsVectorLayer(f" url='{base}' typename='communes'", "communes", "OAPIF")
    expect("communes is a layer", layer.isValid(), True)
    expect("communes: features", sum(1 for _ in layer.getFeatures()), 4021)
    types = {field.name(): field.typeName() for field in layer.fields()}
    expect("communes: types", (types["nom"], types["population"], types["densite"]),
           ("String", "Integer", "Real"))
    box = QgsFeatureRequest(QgsRectangle(4.8, 45.7, 4.9, 45.8))
    expect("communes in a box are some", 0 < sum(1 for _ in layer.getFeatures(box)) < 200, True)
    application.exitQgis()


def main():
    base, data = sys.argv[1].rstrip("/"), sys.argv[2] if len(sys.argv) > 2 else "data"
    for name, read in [("gdal", lambda: gdal(base, data)), ("owslib", lambda: owslib(base)),
                       ("qgis", lambda: qgis(base))]:
        try:
            read()
        except ImportError as error:
            print(f"left out: {name} ({error})")
    if faults:
        sys.exit(f"{len(faults)} wrong: {', '.join(faults)}")


main()

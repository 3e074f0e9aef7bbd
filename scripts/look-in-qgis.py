#!/usr/bin/env python3
"""Draws every layer of a running server in QGIS itself, in several CRSs, and identifies a point.

Needs QGIS's Python bindings (Debian: python3-qgis qgis-providers) and a server:

    make serve &
    QT_QPA_PLATFORM=offscreen /usr/bin/python3 scripts/look-in-qgis.py http://127.0.0.1:8080/wms out/ [LAYER…]

Writes a picture for each layer and CRS, to be looked at, says how much of it is drawn, and fails
where a layer is not valid, or is drawn in EPSG:2154 and not in another CRS, or nothing is drawn
at all. Of a layer that is not shown at that scale, or has nothing in the region, it says so.
"""
import os
import sys
import urllib.request
from xml.etree import ElementTree

from qgis.core import (QgsApplication, QgsCoordinateReferenceSystem, QgsCoordinateTransform,
                       QgsMapRendererParallelJob, QgsMapSettings, QgsPointXY, QgsProject,
                       QgsRaster, QgsRasterLayer, QgsRectangle)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

CRS = ["EPSG:2154", "EPSG:3857", "EPSG:4326", "EPSG:3945", "EPSG:3035", "EPSG:4258"]
LYON = (4.84, 45.76)
REGION = QgsRectangle(2.06, 44.11, 7.19, 46.81)


# of a picture of the region, 500 pixels wide, in any of the CRSs
SCALE = 5_000_000
WMS = "{http://www.opengis.net/wms}"


def shown(url):
    """The names of the layers that are drawn at the scale of the pictures, as capabilities tell."""
    with urllib.request.urlopen(f"{url}?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities") as answer:
        document = ElementTree.parse(answer)
    for found in document.iter(f"{WMS}Layer"):
        name = found.findtext(f"{WMS}Name")
        if name is None or found.find(f"{WMS}Layer") is not None:
            continue
        largest = float(found.findtext(f"{WMS}MaxScaleDenominator") or "inf")
        if largest < SCALE:
            print(f"{name}: not shown at 1:{SCALE:,}")
        else:
            yield name


def layer(url, name, crs):
    uri = f"crs={crs}&dpiMode=7&format=image/png&layers={name}&styles&url={url}"
    return QgsRasterLayer(uri, name, "wms")


def draw(wms, crs, extent, path):
    settings = QgsMapSettings()
    settings.setLayers([wms])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    settings.setExtent(extent)
    settings.setOutputSize(QSize(500, 400))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    coloured = sum(image.pixelColor(x, y) != QColor("white")
                   for x in range(0, 500, 5) for y in range(0, 400, 5))
    return coloured / 8000


def main(url, out, names):
    os.makedirs(out, exist_ok=True)
    application = QgsApplication([], False)
    application.initQgis()
    lonlat = QgsCoordinateReferenceSystem("EPSG:4326")
    faults = 0
    anything = False
    for name in names:
        has_some = False
        for crs in CRS:
            wms = layer(url, name, crs)
            if not wms.isValid():
                print(f"{name} {crs}: not valid: {wms.error().message()}")
                faults += 1
                continue
            there = QgsCoordinateTransform(lonlat, QgsCoordinateReferenceSystem(crs), QgsProject.instance())
            share = draw(wms, crs, there.transformBoundingBox(REGION), f"{out}/{name}-{crs.replace(':', '-')}.png")
            has_some |= crs == CRS[0] and share > 0
            anything |= share > 0
            faults += has_some and share == 0
            line = f"{name} {crs}: {share:.1%} drawn" + ("" if has_some or share else ", nothing in the region")
            if crs == "EPSG:2154":
                point = there.transform(QgsPointXY(*LYON))
                box = QgsRectangle(point.x() - 5000, point.y() - 5000, point.x() + 5000, point.y() + 5000)
                found = wms.dataProvider().identify(point, QgsRaster.IdentifyFormatFeature, box, 600, 600)
                # a list of stores for each layer, or False where nothing was found
                lists = [of_layer for of_layer in (found.results() or {}).values() if isinstance(of_layer, list)]
                features = [f for stores in lists for store in stores for f in store.features()]
                line += f", identify at Lyon: {[dict(zip(f.fields().names(), f.attributes())).get('nom') for f in features]}"
            print(line)
    application.exitQgis()
    return faults or not anything


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(1 if main(sys.argv[1], sys.argv[2], sys.argv[3:] or list(shown(sys.argv[1]))) else 0)

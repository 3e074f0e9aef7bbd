"""Coordinates, areas and kinds of geometry."""

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

LAMBERT_93 = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:2154", always_xy=True)


def to_lambert_93(geometry: BaseGeometry) -> BaseGeometry:
    """From longitude and latitude to metres of EPSG:2154, in centimetre steps."""
    return shapely.transform(geometry, lambda xy: np.column_stack(LAMBERT_93.transform(xy[:, 0], xy[:, 1])).round(2))


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

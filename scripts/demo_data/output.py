"""Writing FlatGeobuf."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyogrio.raw
import shapely
from shapely.geometry.base import BaseGeometry

Columns = dict[str, list]


def table(rows: list[dict]) -> Columns:
    return {name: [row[name] for row in rows] for name in rows[0]}


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

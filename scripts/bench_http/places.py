"""Where the features are: views that show something, without a library for FlatGeobuf or PROJ."""

import math
import struct
from collections.abc import Iterator
from pathlib import Path


class Places:
    """The middles of the features of a FlatGeobuf, read from its index: views that show something."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        if self.file.read(8)[:4] != b"fgb\x03":
            raise SystemExit(f"{path}: no FlatGeobuf")
        (size,) = struct.unpack("<I", self.file.read(4))
        header = self.file.read(size)
        self.count = self._number(header, 8, "<Q", 0)
        node_size = self._number(header, 9, "<H", 16)
        if self.count == 0 or node_size < 2:
            raise SystemExit(f"{path}: has no index")
        # levels from the leaves to the root; in the file the root comes first and the leaves last
        nodes, level = self.count, self.count
        while level > 1:
            level = -(-level // node_size)
            nodes += level
        self.leaves = 12 + size + 40 * (nodes - self.count)

    @staticmethod
    def _number(table: bytes, field_id: int, form: str, default: int) -> int:
        """A field of the header's flatbuffer, whose root table comes first."""
        (at,) = struct.unpack_from("<I", table, 0)
        (back,) = struct.unpack_from("<i", table, at)
        vtable = at - back
        (length,) = struct.unpack_from("<H", table, vtable)
        slot = 4 + 2 * field_id
        (offset,) = struct.unpack_from("<H", table, vtable + slot) if slot < length else (0,)
        return struct.unpack_from(form, table, at + offset)[0] if offset else default

    def __getitem__(self, number: int) -> tuple[float, float]:
        self.file.seek(self.leaves + 40 * (number % self.count))
        west, south, east, north = struct.unpack("<4d", self.file.read(32))
        return (west + east) / 2, (south + north) / 2

    def spread(self) -> Iterator[tuple[float, float]]:
        """All over the file, no place twice: steps of the golden section."""
        step = max(1, round(self.count * 0.6180339887))
        while math.gcd(step, self.count) != 1:
            step += 1
        number = 0
        while True:
            yield self[number]
            number += step


def lambert_93_to_lonlat(x: float, y: float) -> tuple[float, float]:
    """EPSG:2154 to degrees; IGN's note NT/G 71, to a micrometre."""
    e, n, c, xs, ys = 0.08181919106, 0.7256077650, 11754255.426, 700000.0, 12655612.050
    distance, angle = math.hypot(x - xs, y - ys), math.atan((x - xs) / (ys - y))
    isometric = -math.log(distance / c) / n
    latitude = 2 * math.atan(math.exp(isometric)) - math.pi / 2
    for _ in range(8):
        s = e * math.sin(latitude)
        latitude = 2 * math.atan(((1 + s) / (1 - s)) ** (e / 2) * math.exp(isometric)) - math.pi / 2
    return math.degrees(angle / n) + 3.0, math.degrees(latitude)


def lambert_93_to_mercator(x: float, y: float) -> tuple[float, float]:
    lon, lat = lambert_93_to_lonlat(x, y)
    radius = 6378137.0
    return radius * math.radians(lon), radius * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))


def resolution_m(zoom: int) -> float:
    """Units of EPSG:3857 per pixel at a zoom level of 256 px tiles."""
    return 2 * math.pi * 6378137.0 / 256 / 2**zoom

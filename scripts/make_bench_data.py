#!/usr/bin/env python3
"""Makes the data of the benchmarks: large, synthetic, the same on every machine.

    scripts/make-bench-data.sh OUTDIR [--scale 1.0]

Three layers within Auvergne-Rhône-Alpes, in Lambert-93 (EPSG:2154), as indexed FlatGeobuf:

    parcels_2154.fgb  1 000 000 polygons of 8 vertices: 2 000 rotated, uneven blocks of 20 x 25 plots
                      whose neighbours share their vertices, so that edges meet as in a cadastre
    roads_2154.fgb      200 000 lines of 60 vertices: walks that turn little from step to step
    sites_2154.fgb    2 000 000 points: four in five crowd around 3 000 centres, the rest lie anywhere

`--scale` multiplies the counts. A seed of its own for each layer makes a layer the same whether or
not the others are made. Needs pyogrio, numpy and shapely.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pyogrio.raw
import shapely

# Metres of EPSG:2154. A little inside the region's box, so that blocks do not leave it.
WEST, SOUTH, EAST, NORTH = 640_000.0, 6_330_000.0, 1_020_000.0, 6_620_000.0
SEED = 69

BLOCK_COLUMNS, BLOCK_ROWS = 20, 25
ROAD_VERTICES = 60
TOWNS = 3000

FIRST = ["Saint-", "Mont", "Val", "Bel", "Château", "La ", "Ville", "Pont-"]
LAST = ["Étienne", "luçon", "ence", "leville", "neuf", "Tour", "franche", "de-Vaux", "Rambert", "Chamond"]


def attributes(random: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """The columns of every layer: an id, two texts, a class of 1 to 8 and a number."""
    names = np.array([first + last for first in FIRST for last in LAST], dtype=object)
    codes = np.array([f"{code:05d}" for code in range(1000)], dtype=object)
    return {
        "id": np.arange(1, count + 1, dtype=np.int64),
        "nom": random.choice(names, count),
        "insee": random.choice(codes, count),
        "classe": random.integers(1, 9, count, dtype=np.int32),
        "valeur": random.gamma(2.0, 500.0, count).round(2),
    }


def anywhere(random: np.random.Generator, count: int, margin_m: float = 0.0) -> np.ndarray:
    """`count` positions spread evenly over the extent."""
    return np.column_stack(
        [
            random.uniform(WEST + margin_m, EAST - margin_m, count),
            random.uniform(SOUTH + margin_m, NORTH - margin_m, count),
        ]
    )


def parcels(random: np.random.Generator, scale: float) -> np.ndarray:
    """Plots in blocks: polygons of corners and edge midpoints, on a shaken and turned lattice."""
    blocks = max(1, round(2000 * scale))
    centres = anywhere(random, blocks, margin_m=4000.0)
    # A plot's side in metres: median 37 m, between 15 and 120 m.
    sides = np.clip(random.lognormal(3.6, 0.4, blocks), 15.0, 120.0)
    turns = random.uniform(0.0, np.pi, blocks)
    # The lattice has half steps: even nodes are corners, odd ones the middles of edges.
    lattice = np.stack(
        np.meshgrid(
            np.arange(2 * BLOCK_COLUMNS + 1) - BLOCK_COLUMNS,
            np.arange(2 * BLOCK_ROWS + 1) - BLOCK_ROWS,
            indexing="ij",
        ),
        axis=-1,
    )
    column, row = (
        2 * index.ravel() for index in np.meshgrid(np.arange(BLOCK_COLUMNS), np.arange(BLOCK_ROWS), indexing="ij")
    )
    ring = [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1), (0, 0)]
    out = np.empty((blocks, BLOCK_COLUMNS * BLOCK_ROWS, len(ring), 2))
    for block, (centre, side, turn) in enumerate(zip(centres, sides, turns, strict=True)):
        nodes = lattice * (side / 2) + random.normal(0.0, side * 0.06, lattice.shape)
        cosine, sine = np.cos(turn), np.sin(turn)
        nodes = nodes @ np.array([[cosine, sine], [-sine, cosine]]) + centre
        for vertex, (right, up) in enumerate(ring):
            out[block, :, vertex] = nodes[column + right, row + up]
    return out.reshape(-1, len(ring), 2)


def roads(random: np.random.Generator, scale: float) -> np.ndarray:
    """Walks of 59 steps, each road with a step of its own, median 67 m."""
    count = max(1, round(200_000 * scale))
    step = random.lognormal(4.2, 0.5, (count, 1)) * random.uniform(0.6, 1.4, (count, ROAD_VERTICES))
    heading = random.uniform(0.0, 2 * np.pi, (count, 1)) + np.cumsum(
        random.normal(0.0, 0.18, (count, ROAD_VERTICES)), axis=1
    )
    walk = np.cumsum(np.stack([np.cos(heading) * step, np.sin(heading) * step], axis=-1), axis=1)
    line = anywhere(random, count)[:, None, :] + walk
    return np.clip(line, (WEST - 5000, SOUTH - 5000), (EAST + 5000, NORTH + 5000))


def sites(random: np.random.Generator, scale: float) -> np.ndarray:
    """Points in crowds of 1.5 km, and some anywhere."""
    count = max(5, round(2_000_000 * scale))
    crowded = count * 4 // 5
    town = anywhere(random, TOWNS, margin_m=4000.0)[random.integers(0, TOWNS, crowded)]
    return np.vstack([town + random.normal(0.0, 1500.0, (crowded, 2)), anywhere(random, count - crowded)])


def write(path: Path, geometries: np.ndarray, kind: str, columns: dict[str, np.ndarray]) -> None:
    """Writes an indexed FlatGeobuf; a file that is half written never has its final name."""
    begin = time.monotonic()
    part = path.with_suffix(".part.fgb")
    pyogrio.raw.write(
        part,
        shapely.to_wkb(geometries),
        list(columns.values()),
        list(columns),
        geometry_type=kind,
        crs="EPSG:2154",
        driver="FlatGeobuf",
        layer=path.stem,
        SPATIAL_INDEX="YES",
    )
    part.replace(path)
    seconds = time.monotonic() - begin
    print(f"{path.name}: {len(geometries):,} features, {path.stat().st_size / 1e6:.0f} MB, {seconds:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the folder to write to; made if missing")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the counts (default: 1.0)")
    options = parser.parse_args()
    if not 0.0 < options.scale <= 10.0:
        parser.error(f"--scale needs a number above 0 and at most 10, found {options.scale}")
    options.out.mkdir(parents=True, exist_ok=True)
    layers = (
        ("parcels", "Polygon", parcels, shapely.polygons),
        ("roads", "LineString", roads, shapely.linestrings),
        ("sites", "Point", sites, shapely.points),
    )
    for number, (name, kind, make, build) in enumerate(layers):
        random = np.random.default_rng([SEED, number])
        positions = make(random, options.scale).round(2)  # centimetres
        columns = attributes(random, len(positions))
        write(options.out / f"{name}_2154.fgb", build(positions), kind, columns)


if __name__ == "__main__":
    main()

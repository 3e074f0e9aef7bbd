#!/bin/sh
# Makes the benchmark data in a folder: scripts/make-bench-data.sh [OUTDIR [--scale 1.0]]
#
# OUTDIR's default is bench-data/ of the repository, which git ignores. At scale 1 it is about
# 700 MB and takes two minutes. Files that are there already are kept as they are.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=${1:-$here/../bench-data}
[ $# -eq 0 ] || shift
venv=${XDG_CACHE_HOME:-$HOME/.cache}/cartotheque/bench-venv

if [ -f "$out/parcels_2154.fgb" ] && [ -f "$out/roads_2154.fgb" ] && [ -f "$out/sites_2154.fgb" ]; then
    echo "make-bench-data: $out is complete"
    exit 0
fi
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet numpy==2.4.6 pyogrio==0.13.0 shapely==2.2.0
exec "$venv/bin/python" "$here/make_bench_data.py" "$out" "$@"

#!/bin/sh
# Compares cartotheque with MapServer over HTTP: the same data, styles and requests, in one run.
#
#   scripts/bench-http.sh [options of bench_http]
#
# Installs MapServer and nginx from Debian's packages where they are missing, makes the benchmark
# data where they are missing, and prints the ratios as Markdown. Everything listens on the loopback only.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

missing=
command -v mapserv >/dev/null || missing="$missing cgi-mapserver"
command -v spawn-fcgi >/dev/null || missing="$missing spawn-fcgi"
[ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
if [ -n "$missing" ]; then
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
fi

data=${BENCH_DATA:-$here/../bench-data}
"$here/make-bench-data.sh" "$data"
exec python3 "$here/bench_http" --data "$data" "$@"

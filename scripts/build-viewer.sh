#!/bin/sh
# Builds the viewer of the maps' pages into viewer/dist, which the next `cargo build` embeds.
# Node and npm are installed where they are missing and the system has them (Debian, Ubuntu).
set -eu
cd "$(dirname "$0")/../viewer"
../scripts/install-deps.sh --viewer
# what npm installed last is written down there
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
    # no package needs to run a program of its own
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
fi
node build.mjs

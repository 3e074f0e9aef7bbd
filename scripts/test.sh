#!/usr/bin/env bash
# Runs every check and ends with one line: 'N passed, N failed, N skipped'.
# The tools, format, clippy and each test count as one; a check that could not run counts as failed.
# CARTOTHEQUE_TEST_MINUTES=N ends what is not done after N minutes, as failed.
set -u
cd "$(dirname "$0")/.." || exit 1
if [ -z "${HOME-}" ]; then
  HOME=$(getent passwd "$(id -u)" | cut -d : -f 6)
  export HOME
fi
export PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
# a crate that is slow to come is asked for again
export CARGO_NET_RETRY="${CARGO_NET_RETRY:-10}"
log=$(mktemp)
passed=0 failed=0 skipped=0

finish() {
  rm -f "$log"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
  exit
}
trap 'failed=$((failed + 1)); finish' HUP INT TERM

within_time() { # within_time COMMAND…: ended when the minutes are over
  if [ -z "${CARTOTHEQUE_TEST_MINUTES-}" ]; then
    "$@"
  else
    local left=$((CARTOTHEQUE_TEST_MINUTES * 60 - SECONDS))
    timeout --kill-after=10 "$((left > 1 ? left : 1))" "$@"
  fi
}

step() { # step NAME COMMAND…: one check
  echo "== $1"
  shift
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $*"; fi
}

# The dependencies are those of the release build (PROJ is built once); our own crate is built
# quickly, and with the checks for overflow that a release has not.
own() {
  command=$1
  shift
  within_time cargo "$command" --locked --release \
    --config 'profile.release.package.cartotheque.opt-level=1' \
    --config 'profile.release.package.cartotheque.codegen-units=16' \
    --config 'profile.release.package.cartotheque.overflow-checks=true' \
    --config 'profile.release.package.cartotheque.debug-assertions=true' \
    "$@"
}

count() { # count FILE: adds the tests that node's runner tells of in FILE (TAP)
  local tests
  tests=$(sed -nE 's/^# (pass|fail|skipped) ([0-9]+)$/\2/p' "$1" | tr '\n' ' ')
  read -r p f s _ <<<"$tests 0 1 0"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  [ "$f" -eq 0 ] || grep -A12 '^ *not ok' "$1"
}

step "tools" scripts/install-deps.sh --test
# before anything is compiled: the binary embeds the viewer
step "viewer: build, within its budget" scripts/build-viewer.sh
if [ -d viewer/node_modules ]; then
  step "viewer: types" npm --prefix viewer run --silent check
  echo "== viewer: unit tests"
  npm --prefix viewer run --silent test >"$log" 2>&1
  count "$log"
fi
step "format" cargo fmt --check
step "clippy" own clippy --all-targets --quiet -- -D warnings

echo "== tests"
own test --no-fail-fast 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
# one "test result" line per test program
read -r passed_tests failed_tests ignored_tests <<<"$(
  sed -nE 's/^test result: .* ([0-9]+) passed; ([0-9]+) failed; ([0-9]+) ignored;.*/\1 \2 \3/p' "$log" |
    awk '{ p += $1; f += $2; i += $3 } END { print p + 0, f + 0, i + 0 }'
)"
passed=$((passed + passed_tests)) failed=$((failed + failed_tests)) skipped=$((skipped + ignored_tests))
# a program that died or did not compile leaves no line, one that was ended none either
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
grep -q '^test result: ' "$log" || failed=$((failed + 1))
[ "$status" -ne 124 ] || echo "FAILED: the tests were not done after $CARTOTHEQUE_TEST_MINUTES minutes"

echo "== viewer: pages in Chromium"
if [ -d viewer/node_modules ] && command -v chromium >/dev/null 2>&1; then
  # a browser on a machine that does other things too may be late: once more before it counts
  within_time npm --prefix viewer run --silent e2e >"$log" 2>&1 ||
    within_time npm --prefix viewer run --silent e2e >"$log" 2>&1
  count "$log"
else
  echo "skipped: there is no chromium to look at the pages with"
  skipped=$((skipped + 1))
fi

if [ "$skipped" -gt 0 ]; then
  echo "skipped ('ignored' above): what runs only as a part of another test, and, where the shared"
  echo "test data do not lie beside the checkout (../shared), the tests that need them"
fi
finish

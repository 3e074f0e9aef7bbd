#!/bin/sh
# Installs what Debian and Ubuntu lack for building cartotheque, with --test for testing it too;
# says nothing where all is there. With --viewer: what the maps' viewer is built with, alone.
#
# PROJ and SQLite are built from source into the binary: that takes a C and a C++ compiler, cmake, make,
# pkg-config and the sqlite3 program, which makes PROJ's database. xmllint checks answers against schemas.
# Rust itself is not installed here: see rustup, or your distribution.
set -eu

missing=
need() { # a program that must run, and the package that has it
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
if [ "${1-}" = --viewer ]; then
    need node nodejs
    need npm npm
else
    need cc gcc
    need c++ g++
    need cmake cmake
    need make make
    need pkg-config pkg-config
    need sqlite3 sqlite3
    [ "${1-}" != --test ] || need xmllint libxml2-utils
fi
# a compiler without the C library's headers is no compiler, and crates come over TLS
if [ -f /etc/debian_version ]; then
    [ "${1-}" = --viewer ] || [ -f /usr/include/stdio.h ] || missing="$missing libc6-dev"
    [ -s /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
fi

if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "install-deps: please install, by the means of your system:$missing" >&2
        exit 1
    fi
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "install-deps: as root, run: apt-get update && apt-get install$missing" >&2
            exit 1
        fi
        as_root=sudo
    fi
    echo "install-deps: installing$missing" >&2
    # another apt may be at work, a network slow, a foreign source of packages gone
    apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5 "$@"; }
    apt update || echo "install-deps: apt-get update failed; trying with the lists that are there" >&2
    # shellcheck disable=SC2086 # a list of names
    apt install -y --no-install-recommends $missing >/dev/null
fi

[ "${1-}" != --viewer ] || exit 0

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
need=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$here/../Cargo.toml")
PATH="$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin"
have=$(rustc --version 2>/dev/null | cut -d ' ' -f 2)
oldest=$(printf '%s\n%s\n' "$need" "${have:-0}" | sort -V | head -n 1)
if [ "$oldest" != "$need" ]; then
    echo "cartotheque needs Rust $need or newer, found ${have:-none}: install it with rustup (https://rustup.rs), or run 'rustup update stable'" >&2
    exit 1
fi
# rustup's minimal profile has neither
if [ "${1-}" = --test ] && ! { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1; then
    echo "install-deps: adding rustfmt and clippy" >&2
    if ! rustup component add rustfmt clippy; then
        echo "install-deps: please install rustfmt and clippy for this Rust" >&2
        exit 1
    fi
fi

#!/usr/bin/env bash
# Builds what the Dockerfile describes without Docker: each stage is a folder made by debootstrap,
# each line is followed there. It reads the Dockerfile itself, so that the two cannot drift apart.
#
#   scripts/build-image-in-chroot.sh build DIR            # DIR/final is then the image's root folder
#   scripts/build-image-in-chroot.sh run DIR [ARGUMENT…]  # its user, environment and command, as process 1
#   scripts/build-image-in-chroot.sh health DIR           # its health check, while it runs
#
# Needs root, debootstrap and, to build, the Rust toolchain of this machine (rustup's), which is copied. It knows
# the instructions and the base images of our Dockerfile, no others. What `run` starts is not contained
# like a container: it sees this machine's network, under its own user and process numbers.
set -euo pipefail

die() { echo "build-image-in-chroot: $*" >&2; exit 1; }

[ $# -ge 2 ] || die "expected build, run or health, and a folder"
command=$1 dir=$2
shift 2
[ "$(id -u)" -eq 0 ] || die "must run as root"
here=$(cd "$(dirname "$0")/.." && pwd)
# in a namespace of its own, every mount ends with this program
if [ "${IN_NAMESPACE-}" != "$$" ]; then
    pid=()
    [ "$command" != run ] || pid=(--pid --fork --kill-child)
    exec unshare --mount --propagation private "${pid[@]}" \
        bash -c 'IN_NAMESPACE=$$ exec bash "$@"' - "$0" "$command" "$dir" "$@"
fi
unset IN_NAMESPACE
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

enter() { # the file systems that a container has
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
}

within() { # within ROOT COMMAND…: as Docker runs it, with the user, environment and folder of the moment
    local root=$1 pass=() name home
    shift
    home=$(awk -F : -v "uid=${user%:*}" '$3 == uid { print $6 }' "$root/etc/passwd")
    for name in http_proxy https_proxy no_proxy CARGO_BUILD_JOBS; do
        [ -z "${!name-}" ] || pass+=("$name=${!name}")
    done
    # shellcheck disable=SC2016 # the inner shell's
    ${exec-} env -i "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "HOME=${home:-/}" "${pass[@]}" "${env[@]}" \
        chroot --userspec="$user" "$root" sh -c 'cd "$0" && exec "$@"' "$workdir" "$@"
}

base() { # base IMAGE: a folder like that image, made once
    local image=$1 root="$dir/base/$1" suite=${1##*[:-]} sysroot
    case $image in
    debian:*-slim) suite=${image#debian:} suite=${suite%-slim} ;;
    rust:*-*) ;;
    *) die "no recipe for the base image $image" ;;
    esac
    if [ ! -d "$root" ]; then
        echo "== $image"
        sysroot=$(rustc --print sysroot)
        [ "$sysroot" != /usr ] || die "expected a Rust toolchain in a folder of its own, as rustup's, found one in /usr"
        rm -rf "$root.new"
        mkdir -p "$dir/base"
        debootstrap --variant=minbase "$suite" "$root.new" "${MIRROR:-http://deb.debian.org/debian}" >"$dir/debootstrap.log"
        if [ "${image%%:*}" = rust ]; then
            chroot "$root.new" env DEBIAN_FRONTEND=noninteractive \
                apt-get install -y --no-install-recommends ca-certificates curl gcc git libc6-dev >>"$dir/debootstrap.log" 2>&1
            tar -C "$sysroot" -cf - bin lib libexec | tar -C "$root.new/usr/local" -xf - --no-same-owner
            # what this machine trusts, the certificate of a proxy included
            cp /etc/ssl/certs/ca-certificates.crt "$root.new/etc/ssl/certs/ca-certificates.crt"
        fi
        mv "$root.new" "$root"
    fi
    env=() user=0:0 workdir=/
    [ "${image%%:*}" != rust ] || env=(CARGO_HOME=/usr/local/cargo "PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}

copy() { # COPY [--from=STAGE] SOURCE… DESTINATION
    local from="$dir/context" to source
    if [[ $1 = --from=* ]]; then
        from="$dir/${1#--from=}"
        shift
    fi
    to=${*: -1}
    [[ $to = /* ]] || to="$workdir/$to"
    [[ $# -eq 2 && $to != */ && ! -d $from/$1 ]] || mkdir -p "$root$to"
    while [ $# -gt 1 ]; do
        source="$from/$1"
        [ ! -d "$source" ] || source="$source/."
        cp -R --preserve=mode,timestamps "$source" "$root$to"
        shift
    done
}

instructions() { # one a line, without comments, continued lines joined
    sed -e '/^[[:space:]]*#/d' "$here/Dockerfile" | sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' | sed '/^[[:space:]]*$/d'
}

words() { # the items of ["a", "b"], one a line; of anything else, as Docker does it: a shell's command
    case $1 in
    \[*) sed -E 's/^\["//; s/"\]$//; s/",[[:space:]]*"/\n/g' <<<"$1" ;;
    *) printf '%s\n' sh -c "$1" ;;
    esac
}

build() {
    local line rest stage root="" entrypoint=() cmd=() health=()
    rm -rf "$dir/context"
    mkdir "$dir/context"
    sed 's,^,./,' "$here/.dockerignore" | tar -C "$here" --anchored --exclude-from=- --no-same-owner -cf - . | tar -C "$dir/context" --no-same-owner -xf -
    while read -r line; do
        rest=${line#* }
        echo "== $line"
        case $line in
        FROM*)
            read -r image _ stage <<<"$rest"
            base "$image"
            root="$dir/${stage:-final}"
            # a stage may be left of another build, with mounts in no namespace but its own
            rm -rf --one-file-system "$root"
            cp -a --reflink=auto "$dir/base/$image" "$root"
            cp /etc/resolv.conf "$root/etc/resolv.conf"
            enter "$root"
            ;;
        RUN*) within "$root" sh -c "$rest" </dev/null ;;
        COPY*)
            # shellcheck disable=SC2086 # a list of names
            copy $rest
            ;;
        WORKDIR*)
            workdir=$rest
            mkdir -p "$root$workdir"
            ;;
        ENV*) env+=("$rest") ;;
        USER*) user=$rest ;;
        ENTRYPOINT*) mapfile -t entrypoint < <(words "$rest") ;;
        CMD*) mapfile -t cmd < <(words "$rest") ;;
        HEALTHCHECK*) mapfile -t health < <(words "${rest#*CMD }") ;;
        LABEL* | EXPOSE* | STOPSIGNAL*) ;; # said, not done
        *) die "no rule for: $line" ;;
        esac
    done < <(instructions)
    declare -p env user workdir entrypoint cmd health >"$dir/image.sh"
    rm -rf "$dir/context"
    echo "== built: $root, $(du -sh --one-file-system "$root" | cut -f 1)"
}

case $command in
build) build ;;
run | health)
    [ -f "$dir/image.sh" ] || die "nothing is built in $dir"
    # shellcheck source=/dev/null
    . "$dir/image.sh"
    enter "$dir/final"
    if [ "$command" = health ]; then
        within "$dir/final" "${health[@]}"
        exit
    fi
    [ $# -eq 0 ] || cmd=("$@")
    exec='exec'
    within "$dir/final" "${entrypoint[@]}" "${cmd[@]}"
    ;;
*) die "expected build, run or health, found $command" ;;
esac

#!/usr/bin/env bash
# Makes `chatspec` a command of this machine (Debian 12 or Ubuntu 22.04 and newer).
#
#   CHATSPEC_DEB   a package to install, a file or an https URL; without it the package is built from
#                  the checkout that this script is part of. A chatspec that is there already stays,
#                  unless a package is named
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

deb=${CHATSPEC_DEB:-}
if [ -z "$deb" ] && command -v chatspec >/dev/null; then
    echo "already here: $(command -v chatspec), $(chatspec --version)"
    exit 0
fi
case $deb in
https://*)
    curl -fsSL --retry 3 -o /tmp/chatspec.deb "$deb"
    deb=/tmp/chatspec.deb
    ;;
'')
    $as_root apt-get update -q
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        gcc libc6-dev cmake ninja-build pkg-config dpkg-dev file libcurl4-openssl-dev libssl-dev \
        libcjson-dev libnghttp2-dev libprotobuf-c-dev protobuf-c-compiler libcmocka-dev libjansson-dev
    build=${CHATSPEC_BUILD:-$source/build/package}
    cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF
    cmake --build "$build" --target all
    rm -f "$build"/chatspec_*.deb # of another version
    (cd "$build" && cpack -G DEB)
    deb=$(echo "$build"/chatspec_*.deb)
    ;;
esac
[ -f "$deb" ] || {
    echo "there is no package $deb" >&2
    exit 2
}
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$(readlink -f "$deb")"
chatspec --version

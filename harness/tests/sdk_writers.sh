#!/bin/sh
# The SDK's writers against the endpoint: sdk_writers.sh CHATSPEC SDK_CACHE [OPTION OF serve]...
# CHATSPEC_SDK_SCRIPT names another script of this folder than sdk_writers.mjs.
#
# Takes what SDK versions SDK_CACHE has of those below; without any, or without Node, the test is
# skipped (exit 77). They carry both S2 clients that there are.
set -u
chatspec=$1
cache=$2
shift 2
versions="4.5.0 4.8.3"

command -v node >/dev/null 2>&1 || { echo "skipped: no node here"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 3
server=
tidy() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null
        wait "$server" 2>/dev/null
    fi
    rm -rf "$work"
}
trap tidy EXIT
trap 'exit 130' INT TERM

"$chatspec" serve "$@" >"$work/serve" 2>"$work/log" &
server=$!
url=
while kill -0 "$server" 2>/dev/null && [ -z "$url" ]; do
    url=$(sed -n 's/^endpoint  *\(http.*\)$/\1/p' "$work/serve")
    [ -n "$url" ] || sleep 0.05
done
[ -n "$url" ] || { echo "the endpoint does not start"; cat "$work/log"; exit 3; }
TRIGGER_API_URL=$url
TRIGGER_SECRET_KEY=$(sed -n 's/^secret key  *\(.*\)$/\1/p' "$work/serve")
export TRIGGER_API_URL TRIGGER_SECRET_KEY

ran=
for version in $versions; do
    [ -d "$cache/$version/node_modules/@trigger.dev/sdk" ] || continue
    echo "SDK $version"
    node "$here/${CHATSPEC_SDK_SCRIPT:-sdk_writers.mjs}" "$cache/$version" "$version" || {
        tail -n 20 "$work/log"
        exit 1
    }
    ran=yes
done
[ -n "$ran" ] || { echo "skipped: none of the SDK versions $versions in $cache"; exit 77; }

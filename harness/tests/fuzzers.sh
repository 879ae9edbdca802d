#!/bin/sh
# What ClusterFuzzLite and OSS-Fuzz would do with .clusterfuzzlite/build.sh: builds all targets with their
# flags, and runs each for a moment on the corpus that goes with it, from a folder where nothing was built.
# Exit status 77 where the tools are not there.
#
#     harness/tests/fuzzers.sh            from the project's folder
set -eu
home=$(pwd)
for tool in clang python3; do
    command -v $tool >/dev/null || {
        echo "$tool is not there"
        exit 77
    }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/built"
if ! CC=clang OUT=$work/built LIB_FUZZING_ENGINE=-fsanitize=fuzzer \
    CFLAGS='-g -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined' \
    "$home/.clusterfuzzlite/build.sh" >"$work/log" 2>&1; then
    tail -n 40 "$work/log"
    exit 1
fi
mv "$work/built" "$work/moved"
n=0
for source in "$home"/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    [ "$target" != fuzz_canary ] || continue
    mkdir "$work/inputs"
    python3 -m zipfile -e "$work/moved/${target}_seed_corpus.zip" "$work/inputs"
    if ! "$work/moved/$target" -runs=20 -seed=1 -timeout=60 "-artifact_prefix=$work/" "$work/inputs" \
        >"$work/log" 2>&1 || ! grep -q '^Done ' "$work/log"; then
        tail -n 40 "$work/log"
        echo "$target does not run as it was built"
        exit 1
    fi
    rm -r "$work/inputs"
    n=$((n + 1))
done
echo "$n fuzz targets build and run as .clusterfuzzlite/ has them"

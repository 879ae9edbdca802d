#!/bin/bash -eu
# What ClusterFuzzLite and OSS-Fuzz run in their build image, and what anybody can run by hand:
#   CC=clang CFLAGS='-g -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined' \
#       LIB_FUZZING_ENGINE=-fsanitize=fuzzer OUT=/tmp/out .clusterfuzzlite/build.sh
# Each target comes out as $OUT/fuzz_NAME, with its dictionary and its corpus beside it.

home=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
[ -f "$home/CMakeLists.txt" ] || home=${SRC:+$SRC/chatspec}
[ -f "$home/CMakeLists.txt" ] || home=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

# The sanitizers are the caller's, in CFLAGS. What the targets link to beyond the C library goes with
# them: the image that runs them has none of it. With the old kind of path in a program its libraries
# find their own libraries there too.
cmake -S "$home" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER="$CC" \
    -DCMAKE_C_FLAGS="${CFLAGS:-}" -DCMAKE_BUILD_RPATH='$ORIGIN/lib' \
    -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags \
    -DBUILD_TESTING=OFF -DCHATSPEC_WERROR=OFF -DCHATSPEC_FUZZ=ON \
    -DCHATSPEC_FUZZ_ENGINE="${LIB_FUZZING_ENGINE:--fsanitize=fuzzer}"
mkdir -p "$OUT/lib"
for source in "$home"/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    name=${target#fuzz_}
    [ "$name" != canary ] || continue # broken on purpose
    ninja -C "$build" "$target"
    cp "$build/fuzz/$target" "$OUT/"
    # Where it was built nothing is beside it: what is in $OUT/lib already is not found there.
    ldd "$build/fuzz/$target" | awk '$3 ~ /^\// && $3 !~ /\/(libc|libm|libpthread|libdl|librt|libresolv|libgcc_s)\.so/ { print $3 }' |
        xargs -r -I{} cp -L {} "$OUT/lib/"
    [ ! -f "$home/fuzz/$name.dict" ] || cp "$home/fuzz/$name.dict" "$OUT/$target.dict"
    [ ! -f "$home/fuzz/$name.options" ] || cp "$home/fuzz/$name.options" "$OUT/$target.options"
    python3 - "$home/corpus/$name" "$OUT/${target}_seed_corpus.zip" <<'PYTHON'
import os, sys, zipfile

folder, path = sys.argv[1:]
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
    for part, _, files in os.walk(folder):
        for file in sorted(files):
            out.write(os.path.join(part, file), f"{os.path.basename(part)}-{file}")
PYTHON
done

#!/bin/sh
# fuzz/merge.sh HOME [TARGET...]: takes from build/fuzz-inputs/TARGET into corpus/TARGET/found what
# reaches something that corpus/TARGET does not; `chatspec fuzz --merge` builds and runs this. Files
# keep the names that the engine gave them, which tell their bytes.
set -eu

home=$1
shift
[ $# -gt 0 ] || set -- $(cd "$home/build/fuzz-inputs" 2>/dev/null && ls)

for target in "$@"; do
    program=$home/build/fuzz/fuzz/fuzz_$target
    corpus=$home/corpus/$target
    if [ ! -x "$program" ] || [ ! -d "$corpus/seeds" ]; then
        echo "chatspec: there is no target $target" >&2
        exit 2
    fi
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    mkdir "$scratch/known" "$scratch/all"
    # The engine passes over what reaches nothing new, and what is known comes first.
    cp "$corpus"/*/* "$scratch/known"
    cp "$scratch"/known/* "$scratch/all"
    "$program" -merge=1 "$scratch/all" "$home/build/fuzz-inputs/$target" >"$scratch/log" 2>&1 || {
        tail -n 5 "$scratch/log" >&2
        exit 3
    }
    mkdir -p "$corpus/found"
    n=0
    for file in "$scratch"/all/*; do
        if [ ! -e "$scratch/known/${file##*/}" ]; then
            cp "$file" "$corpus/found"
            n=$((n + 1))
        fi
    done
    rmdir "$corpus/found" 2>/dev/null || true # git keeps no empty folders
    echo "$target: $n new"
    rm -rf "$scratch"
    trap - EXIT
done

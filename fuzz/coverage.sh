#!/bin/sh
# fuzz/coverage.sh HOME: which lines and branches of harness/wire/ the corpus and the decode vectors
# reach; `chatspec fuzz --coverage` builds the preset `coverage` and runs this. Exit status 1 when it is less than
#   LINES BRANCHES, in percent:
floor_lines=98
floor_branches=97
set -eu

home=$1
build=$home/build/coverage
data=$build/profiles
page=$home/build/reports/coverage
rm -rf "$data" "$page"
mkdir -p "$data" "$page"

stop() {
    printf 'chatspec: %s\n' "$*" >&2
    exit 3
}

set -- # from here on the programs, as llvm-cov is told them
for program in "$build"/fuzz/replay_*; do
    target=${program##*/replay_}
    [ -d "$home/corpus/$target/seeds" ] || continue # the canary has none
    LLVM_PROFILE_FILE=$data/$target.profraw "$program" "$home/corpus/$target" >"$data/$target.log" 2>&1 ||
        stop "replay_$target failed: $(tail -n 1 "$data/$target.log")"
    set -- "$@" -object "$program"
done
[ $# -gt 0 ] || stop "there is nothing to replay"
# It reads the vectors in processes of its own: each writes its counters to a file of its own.
LLVM_PROFILE_FILE=$data/decode-%p.profraw CHATSPEC_HOME=$home "$build/chatspec" decode --builtin \
    >"$data/decode.log" 2>&1 || stop "decode --builtin failed: $(tail -n 1 "$data/decode.log")"
set -- "$@" -object "$build/chatspec"

llvm-profdata merge -o "$data/all" "$data"/*.profraw
# Of a function that is inlined here and not there, some programs have other data: no matter.
llvm-cov show "$2" "$@" -instr-profile="$data/all" -format=html -show-branches=count \
    -output-dir="$page" "$home/harness/wire" 2>"$data/show.log" || stop "$(tail -n 1 "$data/show.log")"
llvm-cov export "$2" "$@" -instr-profile="$data/all" -summary-only "$home/harness/wire" \
    >"$data/summary.json" 2>"$data/export.log" || stop "$(tail -n 1 "$data/export.log")"

exec python3 - "$data/summary.json" "$floor_lines" "$floor_branches" "$page/index.html" <<'PYTHON'
import json, os, sys

path, floor_lines, floor_branches, page = sys.argv[1:]
data = json.load(open(path))["data"][0]
print(f"{'file':<18} {'lines':>7} {'branches':>9}")
for item in sorted(data["files"], key=lambda item: item["filename"]):
    lines, branches = item["summary"]["lines"], item["summary"]["branches"]
    if lines["count"]:
        print(f"{os.path.basename(item['filename']):<18} {lines['percent']:6.1f}% "
              f"{branches['percent']:8.1f}%")
lines, branches = (data["totals"][of]["percent"] for of in ("lines", "branches"))
print(f"{'total':<18} {lines:6.1f}% {branches:8.1f}%   (floors: {floor_lines} and {floor_branches})")
print(page)
sys.exit(lines < float(floor_lines) or branches < float(floor_branches))
PYTHON

#!/bin/sh
# The pages that are made from the tables are those of this program.
#
#     harness/tests/pages.sh PROGRAM [--write]      --write makes them anew
set -eu
program=$1
home=$(cd "$(dirname "$0")/../.." && pwd)
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$program" list --format markdown >"$made/CASES.md"
"$program" list findings --format markdown >"$made/FINDINGS.md"
if [ "${2:-}" = --write ]; then
    cp "$made/CASES.md" "$made/FINDINGS.md" "$home/conformance/"
    exit
fi
status=0
for page in CASES FINDINGS; do
    if ! diff -u "$home/conformance/$page.md" "$made/$page.md" >"$made/diff"; then
        head -n 20 "$made/diff"
        echo "conformance/$page.md is out of date: harness/tests/pages.sh build/release/chatspec --write"
        status=1
    fi
done
# Each command of a finding asks for cases that there are.
sed -n 's|^ *`\./chatspec [a-z]* .*--only \([A-Z0-9a-z-]*\).*`$|\1|p' "$made/FINDINGS.md" | sort -u |
    while read -r id; do
        "$program" list --only "$id" >/dev/null || {
            echo "no case of $id"
            exit 1
        }
    done
exit $status

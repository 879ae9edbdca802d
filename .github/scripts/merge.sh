#!/usr/bin/env bash
# One report of the reports of all shards. A hole or an overlap is refused.
#
#     merge.sh FOLDER         all *.json in it and below
#   FAIL_ON    must or should
#   EXPECT     a file of expected failures, for shards that were run without it
#   OUT        folder of the merged report (chatspec-reports)
#   CHATSPEC   the program (chatspec)
set -euo pipefail
out=${OUT:-chatspec-reports}
mkdir -p "$out"
mapfile -t shards < <(find "$1" -name '*.json' | sort)
[ "${#shards[@]}" -gt 0 ] || {
    echo "no reports in $1" >&2
    exit 2
}
words=()
[ "${FAIL_ON:-must}" = must ] || words+=(--fail-on "$FAIL_ON")
[ -z "${EXPECT:-}" ] || words+=(--expect "$EXPECT")
[ -z "${GITHUB_ACTIONS:-}" ] || words+=(--format github)
status=0
"${CHATSPEC:-chatspec}" merge "${shards[@]}" "${words[@]}" --report "json=$out/merged.json" --report "junit=$out/merged.xml" \
    --report "html=$out/merged.html" --report "markdown=$out/merged.md" || status=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -s "$out/merged.md" ]; then
    cat "$out/merged.md" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$status"

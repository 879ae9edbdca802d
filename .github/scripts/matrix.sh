#!/usr/bin/env bash
# Versions of the SDK side by side, with reports; a regression from one to the next fails.
#
#     matrix.sh 4.7.7,4.8.3       versions, tags, .tgz files or folders
#   ROLE       client, agent or all (client)
#   ARGS       more options
#   OUT        folder of the reports (chatspec-reports)
#   CHATSPEC   the program (chatspec)
set -euo pipefail
out=${OUT:-chatspec-reports}
mkdir -p "$out"
words=(matrix --role "${ROLE:-client}" --sdk "$1" --gate regressions)
if [ -n "${ARGS:-}" ]; then
    mapfile -t more < <(xargs -n 1 printf '%s\n' <<<"$ARGS")
    words+=("${more[@]}")
fi
for kind in json:json html:html markdown:md; do
    words+=(--report "${kind%:*}=$out/matrix.${kind#*:}")
done
status=0
"${CHATSPEC:-chatspec}" "${words[@]}" || status=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -s "$out/matrix.md" ]; then
    cat "$out/matrix.md" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$status"

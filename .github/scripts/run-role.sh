#!/usr/bin/env bash
# One role, with all reports: what the action runs.
#
#   ROLE      endpoint, client, agent, decode, or run for all
#   SDK       version, tag, .tgz or folder of the SDK (client, agent, run)
#   ARGS      more options, as in a shell: --url https://my.server --only 'token/*'
#   FAIL_ON   must or should
#   EXPECT    a file of expected failures
#   SHARD     K/N
#   OUT       folder of the reports (chatspec-reports)
#   CHATSPEC  the program (chatspec)
# The exit status is the program's; the summary goes to $GITHUB_STEP_SUMMARY where there is one.
set -euo pipefail
out=${OUT:-chatspec-reports}
role=${ROLE:-run}
name=$role
[ -z "${SHARD:-}" ] || name=$role-${SHARD%/*}
mkdir -p "$out"

case $role in
endpoint | client | agent | decode | run) ;;
*)
    echo "role is endpoint, client, agent, decode or run, not '$role'" >&2
    exit 2
    ;;
esac
words=("$role")
[ -z "${SDK:-}" ] || words+=(--sdk "$SDK")
if [ -n "${ARGS:-}" ]; then # quotes are heeded, and nothing is run
    mapfile -t more < <(xargs -n 1 printf '%s\n' <<<"$ARGS")
    words+=("${more[@]}")
fi
[ "${FAIL_ON:-must}" = must ] || words+=(--fail-on "$FAIL_ON")
[ -z "${EXPECT:-}" ] || words+=(--expect "$EXPECT")
[ -z "${SHARD:-}" ] || words+=(--shard "$SHARD")
# A parser's run has no annotations: it is told in lines and reports.
[ -z "${GITHUB_ACTIONS:-}" ] || [ "$role" = decode ] || words+=(--format github)
for kind in json:json junit:xml html:html markdown:md; do
    words+=(--report "${kind%:*}=$out/$name.${kind#*:}")
done

status=0
"${CHATSPEC:-chatspec}" "${words[@]}" || status=$?
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -s "$out/$name.md" ]; then
    cat "$out/$name.md" >>"$GITHUB_STEP_SUMMARY"
fi
[ -z "${GITHUB_OUTPUT:-}" ] || printf 'status=%s\nreports=%s\n' "$status" "$out" >>"$GITHUB_OUTPUT"
exit "$status"

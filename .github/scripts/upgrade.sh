#!/usr/bin/env bash
# What an upgrade of the SDK changes, for a pull request: the version before and the one after.
#
#     upgrade.sh BASE [FILE]      BASE: a commit; FILE: a lock file (the first that there is)
#   ROLE       client, agent or all (client)
#   OUT        folder of the reports (chatspec-reports)
#   CHATSPEC   the program (chatspec)
# Exit status: 0 no regression, or the SDK is the same; 1 a regression.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
base=$1
file=${2:-}
out=${OUT:-chatspec-reports}
if [ -z "$file" ]; then
    for file in package-lock.json pnpm-lock.yaml yarn.lock package.json; do
        [ ! -f "$file" ] || break
    done
fi
[ -f "$file" ] || {
    echo "there is no $file in $PWD: name the lock file that pins @trigger.dev/sdk as the second argument" >&2
    exit 2
}
old=$(git show "$base:./$file") || {
    echo "$file is not in $base: a shallow clone (fetch-depth: 0), or the file is new" >&2
    exit 2
}
before=$(python3 "$here/sdk-version.py" "$file" <<<"$old")
after=$(python3 "$here/sdk-version.py" "$file" <"$file")
if [ "$before" = "$after" ]; then
    echo "the SDK stays at $after"
    exit 0
fi
echo "@trigger.dev/sdk $before to $after"
OUT=$out exec "$here/matrix.sh" "$before,$after"

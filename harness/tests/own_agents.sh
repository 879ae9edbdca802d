#!/bin/sh
# agent --task-file: own_agents.sh CHATSPEC SDK_FOLDER
#
# The right module of own_agents/ passes, and each wrong one fails with what is wrong named. Without
# Node or that SDK the test is skipped (exit 77).
set -u
chatspec=$1
sdk=$2
command -v node >/dev/null 2>&1 || { echo "skipped: no node here"; exit 77; }
[ -d "$sdk/node_modules/@trigger.dev/sdk" ] || { echo "skipped: no SDK in $sdk"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)/own_agents

# MODULE STATUS TEXT
judge() {
    out=$("$chatspec" agent --sdk "$(basename "$sdk")" --task-file "$here/$1" --no-color 2>&1)
    status=$?
    case $out in
    *"$3"*) ;;
    *) status="$status, without: $3" ;;
    esac
    [ "$status" = "$2" ] || { printf '%s: %s\n%s\n' "$1" "$status" "$out"; exit 1; }
}
judge right.mjs 0 "passed: 5 of 5"
judge local-in-chat-start.mjs 1 "chat.local can only be modified after initialization"
judge oversized.mjs 1 "per-record cap"

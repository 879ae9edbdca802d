#!/bin/sh
# The page of this folder against every scenario, in a headless Chromium: browser.sh CHATSPEC FOLDER
# FOLDER gets the packages (once), the page and the screenshots. Without Chromium, Node, npm or the
# packages the test is skipped (exit 77).
set -u
chatspec=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
skip() {
    echo "skipped: $1"
    exit 77
}
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)} ||
    skip "no Chromium here (CHROMIUM=/path/to/it names one)"
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || skip "no Node or npm here"
mkdir -p "$folder" || exit 1
if ! cmp -s "$here/package.json" "$folder/installed.json"; then
    cp "$here/package.json" "$folder/" || exit 1
    (cd "$folder" && npm install --no-audit --no-fund --fetch-retries=1 >npm.log 2>&1) ||
        skip "npm cannot install the packages: $(tail -n 1 "$folder/npm.log")"
    cp "$here/package.json" "$folder/installed.json"
fi
cp "$here"/*.json "$here"/*.html "$here"/*.jsx "$here"/*.mjs "$folder/" || exit 1
cd "$folder" || exit 1
npm run --silent build || exit 1
node check.mjs "$chatspec" "$chromium"

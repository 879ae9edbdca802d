#!/bin/sh
# The HTML report in a headless browser: html_page.sh WRITE_PAGES BUILD_FOLDER
#
# puppeteer-core is installed into the build folder at the first run. Without a browser, Node, npm or
# a registry the test is skipped (exit 77).
set -u
write_pages=$1
folder=$2/browser
skip() { echo "skipped: $1"; exit 77; }
command -v node >/dev/null 2>&1 || skip "no node here"
browser=${CHROMIUM:-}
for name in chromium chromium-browser google-chrome; do
    [ -n "$browser" ] || browser=$(command -v "$name" || true)
done
[ -n "$browser" ] || skip "no chromium here"
mkdir -p "$folder" || exit 1
if [ ! -d "$folder/node_modules/puppeteer-core" ]; then
    command -v npm >/dev/null 2>&1 || skip "no npm here, and no puppeteer-core in $folder"
    (cd "$folder" && { [ -f package.json ] || echo '{"private":true}' > package.json; } &&
        npm install --no-audit --no-fund --silent puppeteer-core@24) ||
        skip "puppeteer-core cannot be installed"
fi
pages=$(mktemp -d) || exit 1
trap 'rm -rf "$pages"' EXIT
"$write_pages" "$pages" 5000 || exit 1
CHROMIUM=$browser PUPPETEER=$folder/node_modules/puppeteer-core \
    node "$(dirname "$0")/html_page.mjs" "$pages"

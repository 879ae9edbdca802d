#!/usr/bin/env bash
# A parser against the vectors, and then against streams made at random.
#
#     harden.sh --library ./my_parser.so        or: --peer 'python3 my_adapter.py'
#   MINUTES    how long (5)
#   OUT        folder of reports and reproducers (chatspec-reports)
#   CHATSPEC   the program (chatspec)
set -euo pipefail
out=${OUT:-chatspec-reports}
mkdir -p "$out/found"
status=0
"${CHATSPEC:-chatspec}" decode "$@" --report "junit=$out/decode.xml" --report "json=$out/decode.json" || status=$?
"${CHATSPEC:-chatspec}" fuzz "$@" --minutes "${MINUTES:-5}" --out "$out/found" || status=$?
exit "$status"

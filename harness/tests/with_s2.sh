#!/bin/sh
# The endpoint role on a real S2: with_s2.sh CHATSPEC.
#
# S2 is the program that CHATSPEC_S2 names (s2-lite's server, or the s2 CLI), or else s2-lite, or
# else `s2 lite`, from PATH; without any of them the test is skipped (exit 77). It is started on a
# free port with its data in memory, and ended afterwards.
set -u
chatspec=$1
basin=chatspec-basin

if [ -n "${CHATSPEC_S2:-}" ]; then
    s2=$(command -v "$CHATSPEC_S2") || { echo "CHATSPEC_S2=$CHATSPEC_S2: no such program"; exit 3; }
else
    s2=$(command -v s2-lite) || s2=$(command -v s2) || {
        echo "skipped: no S2 here: put s2 or s2-lite on PATH, or its path into CHATSPEC_S2"
        exit 77
    }
fi

work=$(mktemp -d) || exit 3
server=
tidy() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null
        wait "$server" 2>/dev/null
    fi
    rm -rf "$work"
}
trap tidy EXIT
trap 'exit 130' INT TERM

cat >"$work/init.json" <<EOF
{"basins": [{"name": "$basin",
             "config": {"create_stream_on_append": true, "create_stream_on_read": true}}]}
EOF

# The kernel chooses a port for a server of ours that ends at once; then it is S2's. Somebody else
# may take it in between, which shows as an S2 that ends: hence several tries.
free_port() {
    "$chatspec" serve --quiet >"$work/serve" 2>&1 &
    serving=$!
    port=
    while kill -0 "$serving" 2>/dev/null && [ -z "$port" ]; do
        port=$(sed -n 's/^endpoint .*:\([0-9]*\)$/\1/p' "$work/serve")
        [ -n "$port" ] || sleep 0.05
    done
    kill "$serving" 2>/dev/null
    wait "$serving" 2>/dev/null
    [ -n "$port" ]
}

start_s2() {
    free_port || return 1
    case $(basename "$s2") in
    s2) "$s2" lite --port "$port" --init-file "$work/init.json" >"$work/s2.log" 2>&1 & ;;
    *) "$s2" --port "$port" --init-file "$work/init.json" >"$work/s2.log" 2>&1 & ;;
    esac
    server=$!
    # Ready when a client of it gets an answer; our own is at hand and says so by its exit status.
    tries=0
    while kill -0 "$server" 2>/dev/null && [ "$tries" -lt 200 ]; do
        "$chatspec" endpoint --stream "http://127.0.0.1:$port/v1" --basin "$basin" --no-color \
            --only endpoint/channel/put-initialises >"$work/first" 2>&1 && return 0
        tries=$((tries + 1))
        sleep 0.1
    done
    kill "$server" 2>/dev/null
    server=
    return 1
}

start_s2 || start_s2 || start_s2 || {
    echo "S2 does not start: $s2"
    cat "$work/s2.log" "$work/first" 2>/dev/null
    exit 3
}
"$chatspec" endpoint --stream "http://127.0.0.1:$port/v1" --basin "$basin" --no-color

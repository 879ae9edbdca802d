#!/bin/sh
# The lines that `serve` prints work when they are pasted, and a scenario's file is followed:
# serve.sh CHATSPEC. Without curl the test is skipped (exit 77).
set -u
chatspec=$1
command -v curl >/dev/null 2>&1 || { echo "skipped: no curl here"; exit 77; }
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
mkfifo "$dir/out" "$dir/err"

# TEXT: that was expected of the last thing that is in $said
stop() {
    printf 'not seen: %s\n%s\n' "$1" "$said"
    exit 1
}
expect() {
    case $said in
    *"$1"*) ;;
    *) stop "$1" ;;
    esac
}
# The next line that the server says on stderr.
next() {
    read -r said <&4 || said="(nothing)"
    expect "$1"
}
# TEXT: a scenario that says it, written as an editor saves
write() {
    printf '%s' "$1" >"$dir/new"
    mv "$dir/new" "$dir/mine.json"
}
good() {
    printf '{"format":"chatspec-scenario/1","about":"%s","answers":[{"say":[{"text":"%s {{text}}","pieces":1}]}]}' "$1" "$1"
}

write "$(good first)"
"$chatspec" serve --quiet --scenario "$dir/mine.json" >"$dir/out" 2>"$dir/err" &
pid=$!
exec 3<"$dir/out" 4<"$dir/err"
while read -r line <&3; do
    case $line in
    "Ends with"*) break ;;
    esac
    printf '%s\n' "$line" >>"$dir/printed"
done
said=$(cat "$dir/printed")
expect "mine.json: first"

# Pasted, all three.
sed -n '/^curl/,$p' "$dir/printed" | sed "s/Timeout-Seconds: 5/Timeout-Seconds: 1/" >"$dir/pasted"
said=$(sh "$dir/pasted")
expect '"publicAccessToken":"'
expect '"ok":true'
expect 'first hello'
expect '["trigger-control","turn-complete"]'

# The file is followed: wrong, right, wrong in another way, right again.
write '{"format":"chatspec-scenario/1","about":"x","answers":[{"say":[{"text":"a","txet":1}]}]}'
next "answers[0].say[0].txet: no such member; allowed here: text, repeat, pieces, delay_ms; the scenario before stays"
said=$(sh "$dir/pasted")
expect 'first hello'
write "$(good second)"
next "read again: second"
said=$(sh "$dir/pasted")
expect 'second hello'
rm "$dir/mine.json"
kill -HUP "$pid"
next "No such file or directory; the scenario before stays"
good third >"$dir/mine.json"
next "read again: third"
kill -HUP "$pid"
next "read again: third"

# What cannot be served is said at once.
said=$("$chatspec" serve --scenario slow-steam 2>&1)
[ $? -eq 2 ] || stop "exit status 2"
expect "nearest: slow-stream"
said=$("$chatspec" serve --scenario "$dir/none.json" 2>&1)
[ $? -eq 2 ] || stop "exit status 2"
expect "No such file or directory"
said=$("$chatspec" serve --scenario help) || stop "exit status 0"
for name in slow-stream tool-approval mid-turn-drop upgrade oversized-output; do
    expect "$name"
done
kill "$pid"
wait "$pid"
[ $? -eq 0 ] || stop "exit status 0 of the server"
pid=

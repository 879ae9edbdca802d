#!/bin/sh
# An installed program, moved elsewhere, without the source's environment: finds its data and programs,
# and keeps what it makes in the user's cache and the current folder.
#
#     harness/tests/installed.sh BUILD-FOLDER
set -eu
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/first" >"$work/log" 2>&1 || {
    tail -n 20 "$work/log"
    exit 1
}
mv "$work/first" "$work/prefix"
mkdir "$work/home" "$work/here"
cd "$work/here"
run() { run_in "$PATH" "$@"; }
# With another PATH, for what the program finds there.
run_in() {
    path=$1
    shift
    env -u CHATSPEC_HOME -u CHATSPEC_DATA_DIR -u XDG_CACHE_HOME "PATH=$path" "HOME=$work/home" \
        "$work/prefix/bin/chatspec" "$@"
}
fail() {
    echo "$*"
    cat "$work/out"
    exit 1
}
run endpoint --only 'token/*' --no-color >"$work/out" 2>&1 || fail "endpoint"
run decode --builtin --only 'json/*' --no-color >"$work/out" 2>&1 || fail "decode finds no parser host"
run client --builtin --only 'client/append/*' --no-color >"$work/out" 2>&1 || fail "client finds no reference client"
run client --peer "python3 $work/prefix/share/chatspec/peers/python/adapter.py" --only 'client/stop/*' --no-color \
    >"$work/out" 2>&1 || [ $? -ne 3 ] || fail "the Python adapter"
run run --builtin --only token/wrong-signature --no-color >"$work/out" 2>&1 || fail "run"
[ -s chatspec-reports/run.json ] || fail "reports are not in ./chatspec-reports"
[ ! -e build ] || fail "an installed program makes a build folder"
# What a report tells to run again is this program, and not the launcher of a checkout.
run client --peer "$work/prefix/libexec/chatspec/chatspec-reference-client --fault cursor_from_id_line=1" --only client/resume/after-reset \
    --no-color >"$work/out" 2>&1 && fail "a broken client passes"
grep -q '^ *chatspec client --peer' "$work/out" || fail "lines to run a case again are not for an installed program"
! grep -q '\./chatspec' "$work/out" || fail "the launcher is named"
run fuzz sse >"$work/out" 2>&1 && fail "targets are not installed" || [ $? -eq 2 ] || fail "fuzz: status"
# An SDK goes to the cache; without npm that is as far as it gets.
run_in /nonexistent client --sdk 4.8.3 >"$work/out" 2>&1 || true
[ -d "$work/home/.cache/chatspec/sdk" ] || fail "no cache in ~/.cache/chatspec"
for file in share/man/man1/chatspec.1 share/bash-completion/completions/chatspec share/zsh/vendor-completions/_chatspec \
    include/chatspec_parser.h share/chatspec/schema/schema.json share/chatspec/decode/vectors.json \
    share/chatspec/corpus/sse share/chatspec/peers/sdk/adapter.mjs share/chatspec/peers/PROTOCOL.md; do
    [ -s "$work/prefix/$file" ] || [ -s "$work/prefix/$file.gz" ] || fail "$file is not installed"
done
# What the help texts name can be read.
for command in endpoint client agent decode serve; do
    run "$command" --help >"$work/out"
    for file in $(grep -o '[a-z_/]*/[A-Za-z]*\.md' "$work/out"); do
        [ -s "$work/prefix/share/doc/chatspec/$file" ] || fail "$file of $command --help is not installed"
    done
done
echo "installed, moved and run"

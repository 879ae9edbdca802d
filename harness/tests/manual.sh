#!/bin/bash
# Manual page and completions hold every command and option, read well, and complete.
#
#     harness/tests/manual.sh PROGRAM
set -euo pipefail
program=$1
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$program" help --man >"$made/chatspec.1"
"$program" help --completion bash >"$made/bash"
"$program" help --completion zsh >"$made/_chatspec"
fail() {
    echo "$*"
    exit 1
}
! "$program" help --completion fish 2>/dev/null || fail "a shell that is not known"

n=0
mapfile -t commands < <("$program" --help | sed '/^In a checkout/,$d' | sed -n 's/^  \([a-z0-9]*\)  *[^ ].*/\1/p' | grep -v '^chatspec$')
[ "${#commands[@]}" -ge 12 ] || fail "--help names ${#commands[@]} commands"
for command in "${commands[@]}"; do
    # The part of the manual and of each completion that is of this command.
    sed -n "/^\.SS chatspec $command\$/,/^\.S[SH] /p" "$made/chatspec.1" | sed 's/\\-/-/g' >"$made/part.1"
    sed -n "/^        $command) words=/p" "$made/bash" >"$made/part.bash"
    sed -n "/^    $command)\$/,/^        ;;\$/p" "$made/_chatspec" >"$made/part.zsh"
    for kind in 1 bash zsh; do
        [ -s "$made/part.$kind" ] || fail "nothing about $command in $kind"
    done
    while read -r option; do
        n=$((n + 1))
        for kind in 1 bash zsh; do
            grep -qE -e "--$option([^a-z-]|\$)" "$made/part.$kind" || fail "$command --$option is not in $kind"
        done
    done < <("$program" "$command" --help | sed -n '/^Options:$/,$s/^  --\([a-z0-9-]*\).*/\1/p')
done
[ "$n" -ge 60 ] || fail "only $n options in all"

bash -n "$made/bash"
ask() { # words of a line; prints what the last one may become
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _chatspec
    printf '%s ' "${COMPREPLY[@]}"
}
# shellcheck source=/dev/null
(
    PATH=$(dirname "$program"):$PATH
    . "$made/bash"
    [[ " $(ask chatspec sel)" == " selftest " ]] || fail "sel: $(ask chatspec sel)"
    [[ " $(ask chatspec client --fail)" == " --fail-on " ]] || fail "--fail: $(ask chatspec client --fail)"
    [[ " $(ask chatspec client --fail-on s)" == " should " ]] || fail "$(ask chatspec client --fail-on s)"
    [[ " $(ask chatspec list f)" == *" findings "* ]] || fail "$(ask chatspec list f)"
    [[ " $(ask chatspec explain endpoint/token/wrong-sig)" == " endpoint/token/wrong-signature " ]] ||
        fail "$(ask chatspec explain endpoint/token/wrong-sig)"
)
if command -v zsh >/dev/null; then
    zsh -n "$made/_chatspec"
fi
if command -v mandoc >/dev/null; then
    { mandoc -T lint -W warning "$made/chatspec.1" || true; } | { grep -v 'missing date' || true; } | tee "$made/lint"
    [ ! -s "$made/lint" ] || fail "the manual page is not well formed"
elif command -v man >/dev/null; then
    man --warnings -l "$made/chatspec.1" 2>&1 >/dev/null | tee "$made/lint"
    [ ! -s "$made/lint" ] || fail "the manual page is not well formed"
fi
echo "${#commands[@]} commands, $n options: in manual page and completions"

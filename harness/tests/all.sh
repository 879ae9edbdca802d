#!/bin/sh
# `./chatspec test`: everything the project holds itself to, closing with one line of counts.
#
#   1. unit tests, gcc release
#   2. unit tests, clang with AddressSanitizer, LeakSanitizer and UBSan
#   3. unit tests, clang with ThreadSanitizer
#   4. the endpoint role against the built-in endpoint
#   5. the decode vectors against our own reader
#   6. selftest of both roles: every case fails under its violation and under no other, and no null peer passes
#   7. selftest of profiles: servers of all versions, held to all versions
#   8. the fuzz targets as .clusterfuzzlite/ builds them
#   9. the client role against the real SDK where npm can reach it
#  10. the agent role against it, and the unit tests that need an SDK
#  11. the figures of `./chatspec bench` in their short form, which only a gross loss fails
#
# With arguments, only the steps whose names are given: release asan tsan endpoint decode selftest profiles
# fuzzers client agent bench
set -u
here=$1
shift
steps=${*:-release asan tsan endpoint decode selftest profiles fuzzers client agent bench}
cd "$here" || exit 3
passed=0
failed=0
skipped=0

say() { printf '\n== %s\n' "$*"; }

# Adds the counts of a ctest run, from the JUnit file that it wrote.
count_ctest() {
    total=$(sed -n 's/^.*<testsuite .*tests="\([0-9]*\)".*$/\1/p; s/^[[:space:]]*tests="\([0-9]*\)".*$/\1/p' "$1" | head -n 1)
    bad=$(sed -n 's/^[[:space:]]*failures="\([0-9]*\)".*$/\1/p; s/^.*<testsuite .*failures="\([0-9]*\)".*$/\1/p' "$1" | head -n 1)
    left=$(sed -n 's/^[[:space:]]*skipped="\([0-9]*\)".*$/\1/p; s/^.*<testsuite .*skipped="\([0-9]*\)".*$/\1/p' "$1" | head -n 1)
    if [ -z "$total" ] || [ "$total" -eq 0 ]; then
        failed=$((failed + 1))
        return
    fi
    failed=$((failed + bad))
    skipped=$((skipped + left))
    passed=$((passed + total - bad - left))
}

units() {
    say "unit tests ($1)"
    junit=$here/build/$1/units.xml
    rm -f "$junit"
    if ! { cmake --preset "$1" && ninja -C "build/$1"; } >"build/$1.log" 2>&1; then
        tail -n 40 "build/$1.log"
        echo "the $1 build failed (all of it: build/$1.log)"
        failed=$((failed + 1))
        return
    fi
    ctest --preset "$1" --output-junit "$junit" --parallel 2
    if [ -f "$junit" ]; then count_ctest "$junit"; else failed=$((failed + 1)); fi
}

# Those that were skipped before there was an SDK.
units_with_sdk() {
    say "unit tests that need an SDK"
    junit=$here/build/release/units-sdk.xml
    rm -f "$junit"
    ctest --preset release -R '^(sdk_client|sdk_writers|worker|own_agents)$' --output-junit "$junit" --repeat until-pass:2
    if [ -f "$junit" ]; then count_ctest "$junit"; else failed=$((failed + 1)); fi
}

# A command of the program: one pass or one failure. The agent role has real timers of a real SDK in it, and is
# run once more when it fails: what is broken fails twice.
command_passes() {
    say "chatspec $*"
    if "build/release/chatspec" "$@" ||
        { [ "$1" = agent ] && say "chatspec $*, once more" && "build/release/chatspec" "$@"; }; then
        passed=$((passed + 1))
    else
        echo "exit status $?"
        failed=$((failed + 1))
    fi
}

mkdir -p build
export CHATSPEC_HOME="$here"
for step in $steps; do
    case $step in
    release | asan | tsan) units "$step" ;;
    endpoint) command_passes endpoint --no-color ;;
    decode) command_passes decode --no-color ;;
    selftest) command_passes selftest --full --no-color ;;
    profiles) command_passes selftest --profiles ;;
    fuzzers)
        say "fuzz targets, as a build service makes them"
        status=0
        harness/tests/fuzzers.sh || status=$?
        case $status in
        0) passed=$((passed + 1)) ;;
        77) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
        esac
        ;;
    client | agent)
        if npm view @trigger.dev/sdk@4.8.3 version >/dev/null 2>&1; then
            command_passes "$step" --sdk 4.8.3 --no-color
            [ "$step" = client ] || units_with_sdk
        else
            say "$step role: npm cannot reach its registry here, left out"
            skipped=$((skipped + 1))
        fi
        ;;
    bench)
        say "figures, in their short form"
        if ! { cmake --preset bench && ninja -C build/bench chatspec-bench; } >build/bench.log 2>&1; then
            tail -n 40 build/bench.log
            echo "the bench build failed (all of it: build/bench.log)"
            failed=$((failed + 1))
        elif build/bench/chatspec-bench --short; then
            passed=$((passed + 1))
        else
            echo "exit status $?"
            failed=$((failed + 1))
        fi
        ;;
    *)
        echo "no such step: $step (release asan tsan endpoint decode selftest profiles fuzzers client agent bench)" >&2
        exit 2
        ;;
    esac
done

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

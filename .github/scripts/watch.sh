#!/usr/bin/env bash
# Looks whether there is a newer SDK than the one that was last looked at, and holds it to it.
#
#     watch.sh STATE SOURCE...    STATE: a file that keeps what was last seen, kept between runs;
#                                 SOURCE: versions, tags (latest, prerelease, v4-beta) or .tgz files
#   ROLE, ARGS, OUT, CHATSPEC     as for matrix.sh
# Exit status: 0 nothing new, or nothing worse; 1 a regression; 3 a source that cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
state=$1
shift
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
known=$(cat "$state" 2>/dev/null || true)
line=
sources=
for source in "$@"; do
    case $source in
    */* | *.tgz) # told by its bytes
        [ -f "$source" ] || {
            echo "there is no file $source" >&2
            exit 3
        }
        exact=$source@$(sha256sum "$source" | cut -c 1-16)
        use=$source
        case $use in */*) ;; *) use=./$use ;; esac
        ;;
    *)
        # Of what is not published some npms say nothing, and others E404.
        if ! told=$(npm view "@trigger.dev/sdk@$source" version --json 2>"$errors"); then
            grep -q E404 "$errors" || {
                cat "$errors" >&2
                exit 3
            }
            told=
        fi
        exact=$(tail -n 1 <<<"$told" | tr -d '[] ",')
        if [ -z "$exact" ]; then
            echo "there is no @trigger.dev/sdk@$source: passed over"
            continue
        fi
        use=$exact
        ;;
    esac
    line="$line $exact"
    case ",$sources," in *",$use,"*) ;; *) sources=${sources:+$sources,}$use ;; esac
done
[ -n "$sources" ] || {
    echo "none of the sources can be had" >&2
    exit 3
}
if [ "$line" = "$known" ]; then
    echo "nothing new:$line"
    exit 0
fi
echo "was:$known"
echo "now:$line"
status=0
"$here/matrix.sh" "$sources" || status=$?
# What could not be judged is looked at again the next time.
[ "$status" -gt 1 ] || printf '%s' "$line" >"$state"
exit "$status"

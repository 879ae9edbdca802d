#!/usr/bin/env bash
# Runs the RUN lines of .github/Containerfile in two plain Debian 12 folders, for machines without a
# container engine. As root; the folders come from debootstrap --variant=minbase bookworm.
#
#     container-lines.sh BUILD-ROOT RUN-ROOT
set -euo pipefail
home=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
run=$2
cleanup() {
    for root in "$build" "$run"; do
        mountpoint -q "$root/proc" && umount "$root/proc"
    done
    true
}
trap cleanup EXIT
for root in "$build" "$run"; do
    cp /etc/resolv.conf "$root/etc/"
    mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
done
# The RUN lines of a stage (0, 1), each one command.
lines() {
    awk -v want="$1" '/^FROM/ { stage = n++ } { if (more || /^RUN /) { sub(/^RUN /, ""); more = sub(/\\$/, "")
        line = line $0; if (!more) { if (stage == want) print line; line = "" } } }' "$home/.github/Containerfile"
}
mkdir -p "$build/src"
git -C "$home" archive HEAD | tar -x -C "$build/src"
inside() { chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive sh -ec "$2"; }
while read -r line; do inside "$build" "$line" </dev/null; done < <(lines 0)
cp "$build"/build/chatspec_*.deb "$run/tmp/"
while read -r line; do inside "$run" "$line" </dev/null; done < <(lines 1)
as_user='su chatspec -c'
inside "$run" "cd /home/chatspec && $as_user 'cd && chatspec --version && chatspec endpoint --no-color'"
inside "$run" "cd /home/chatspec && $as_user 'cd && chatspec decode --no-color && chatspec client --builtin --no-color --only client/append/\*'"

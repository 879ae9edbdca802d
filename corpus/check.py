#!/usr/bin/env python3
"""The test `corpus`: every target has inputs whose names say what they show, every regression has its
row in README.md that says what it proved, and the seeds of the decode vectors are theirs. Wherever targets
are listed, all of them are."""
import os
import re
import sys

sys.dont_write_bytecode = True
import make_seeds  # noqa: E402

CORPUS = os.path.dirname(os.path.abspath(__file__))
WORDS = re.compile(r"[a-z0-9]+([-.][a-z0-9]+)*$")
HASH = re.compile(r"[0-9a-f]{40}$")
ROW = re.compile(r"^\| `([a-z]+)/([a-z0-9-]+)` \| (\S.{20,}) \|$", re.MULTILINE)


def names(target, part):
    folder = f"{CORPUS}/{target}/{part}"
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


# Where a target has to be named, and how.
LISTS = {"fuzz/CMakeLists.txt": r"^chatspec_fuzz_target\({} ", "fuzz/floors": r"^{} \d+ \d+$",
         "fuzz/engine/fuzz_role.c": r'^    \{{"fuzz/{}"', "fuzz/README.md": r"^\| `{}` \| "}


def check_lists(targets, wrong):
    for path, pattern in LISTS.items():
        with open(f"{CORPUS}/../{path}", encoding="utf-8") as file:
            text = file.read()
        wrong += [f"{path} does not name the target {target}" for target in targets
                  if not re.search(pattern.format(target), text, re.M)]


def check_target(target, rows, wrong):
    if not names(target, "seeds"):
        wrong.append(f"{target}: has no seeds")
    for part, rule in ("seeds", WORDS), ("regressions", WORDS), ("found", HASH):
        wrong += [f"{target}/{part}/{name}: not a name for what is there"
                  for name in names(target, part) if not rule.match(name)]
    wrong += [f"{target}/regressions/{name}: README.md does not say what it proved"
              for name in names(target, "regressions") if (target, name) not in rows]


def main():
    wrong = make_seeds.differences()
    with open(f"{CORPUS}/README.md", encoding="utf-8") as file:
        rows = {match[:2] for match in ROW.findall(file.read())}
    targets = sorted(name[5:-2] for name in os.listdir(f"{CORPUS}/../fuzz")
                     if re.match(r"fuzz_[a-z]+\.c$", name) and name != "fuzz_canary.c")
    check_lists(targets, wrong)
    for target in targets:
        check_target(target, rows, wrong)
    wrong += [f"README.md has a row for {target}/{name}, which is not there"
              for target, name in sorted(rows) if name not in names(target, "regressions")]
    print("\n".join(wrong) if wrong else f"{len(targets)} targets, {len(rows)} regressions")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Prints the version of @trigger.dev/sdk that a lock file or package.json names.

    sdk-version.py NAME < CONTENT     NAME tells the format: package-lock.json, pnpm-lock.yaml, yarn.lock,
                                      package.json
"""
import json
import os
import re
import sys

PACKAGE = "@trigger.dev/sdk"
EXACT = r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?"


def of_npm_lock(text):
    lock = json.loads(text)
    found = [row.get("version") for path, row in lock.get("packages", {}).items()
             if path.endswith("node_modules/" + PACKAGE)]
    found.append(lock.get("dependencies", {}).get(PACKAGE, {}).get("version"))
    return found


def of_package(text):
    package = json.loads(text)
    wanted = [package.get(kind, {}).get(PACKAGE, "") for kind in ("dependencies", "devDependencies")]
    return [match.group(0) for match in (re.search(EXACT, word) for word in wanted) if match]


def of_pnpm_lock(text):
    return re.findall(r"^ {2}['\"/]*" + re.escape(PACKAGE) + r"[@/](" + EXACT + ")", text, re.M)


def of_yarn_lock(text):
    return re.findall(r'^"?' + re.escape(PACKAGE) + r'@[^\n]*:\n\s+version:? "?(' + EXACT + ")", text, re.M)


READERS = {"package-lock.json": of_npm_lock, "package.json": of_package,
           "pnpm-lock.yaml": of_pnpm_lock, "yarn.lock": of_yarn_lock}


def main():
    name = os.path.basename(sys.argv[1]) if len(sys.argv) == 2 else ""
    if name not in READERS:
        sys.exit(f"give one of {', '.join(READERS)}")
    versions = [version for version in READERS[name](sys.stdin.read()) if version]
    if not versions:
        sys.exit(f"{name} names no version of {PACKAGE}")
    print(versions[0])


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Every command in the documents works.

    documents.py BUILD-FOLDER [--full] [FILE.md...]

1. Each `chatspec COMMAND --option` that any document names, in a block or between backticks, is one that the
   program knows.
2. Each block marked ```sh is run in a scratch copy of the tree, with stand-ins for what is the reader's: a
   server of ours for https://my.server, an adapter of ours for my_adapter.py. Without --full, long commands run one
   case of what they name, or are left out; what is left out is told with its reason.

The last line counts. Exit status 1 when something does not hold.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAUNCHER = {"test": set(), "bench": {"--only", "--short", "--runs", "--json", "--seed"}, "replay": {"--seconds", "--at-least", "--times"}, "fuzz": {"--coverage", "--merge"}, "merge": None}

# What stands in for things of the reader's, in the text of a block: {url} and {key} are those of a server.
STAND_INS = [
    (r"https://(my|old|new)\.server", "{url}"),
    (r"http://127\.0\.0\.1:3030\b", "{url}"),
    (r"tr_dev_\.\.\.", "{key}"),
    (r"tr_dev_chatspec0{16}", "{key}"),
    (r"\bOLD_KEY\b|\bNEW_KEY\b", "TRIGGER_KEY"),
    (r"python3 (\./)?my_adapter\.py", "python3 conformance/peers/python/adapter.py"),
    # A server goes on until it is told to end.
    (r"(?m)^\./chatspec serve --port \d+", "timeout --preserve-status --signal INT 3 ./chatspec serve --port 0"),
    (r"\./my-agent\.mjs", "harness/tests/own_agents/right.mjs"),
]

# Blocks and commands that are left out, and why; FULL ones are run with --full.
LEFT_OUT = [
    (r"apt-get |cargo install", "installs packages of the system", False),
    (r"127\.0\.0\.1:8080", "needs an S2 server (test with_s2)", False),
    (r"^npm |serve .*&$", "a page and its server (test browser)", False),
    (r"podman |docker ", "needs a container engine (container-lines.sh)", False),
    (r"\./chatspec bench\b", "builds with peers of its own (step bench of the tests)", False),
    (r"\./chatspec test\b|\.ci/run", "is the run that this test is part of", False),
    (r"cmake --preset|ctest --preset|^ninja ", "builds and tests the project", False),
    (r"^\./chatspec fuzz( [a-z]+)*( --(minutes|coverage|merge).*)?$", "our targets: a build of their own", False),
    (r"--full\b|selftest", "takes long", True),
]
# Commands that end with 1 as the document says: they show a planted fault.
MAY_FIND = r"parser\.so"

# What the output of a block must hold, where commands alone do not tell (curl ends well with any answer).
MUST_SAY = [
    (r"sessions/chat-1/in/append", [r"trigger-control", r"turn-complete", r'"ok":true,"seq":0', r"^id: 16,9,"]),
    (r"decode --library ./parser.so", [r"^finding: "]),
]


def documents(names):
    if names:
        return names
    found = []
    for folder, below, files in os.walk(HOME):
        below[:] = [name for name in below if name not in ("build", ".git", "node_modules", "corpus")]
        found += [os.path.join(folder, name) for name in files if name.endswith(".md")]
    return sorted(found + [os.path.join(HOME, "corpus", "README.md")])


# ---- what documents name ----

def help_of(program, *words):
    return subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=False).stdout


class Tables:
    """Commands and options, as --help tells them."""

    def __init__(self, program):
        names = re.findall(r"^  ([a-z0-9]+) +\S", help_of(program), re.M)
        self.options = {name: set(re.findall(r"^  (--[a-z0-9-]+)", help_of(program, name), re.M)) | {"--help"}
                        for name in names if name != "chatspec"}
        for name, more in LAUNCHER.items():
            if more is not None:
                self.options.setdefault(name, set()).update(more)
        self.options["help"] = {"--man", "--completion"}

    def faults(self, text):
        """What is wrong with the chatspec commands in a line of code."""
        text = re.sub(r"'[^']*'|\"[^\"]*\"|\s#.*$", " QUOTED ", text)
        for call in re.findall(r"(?<![\w-])(?:\./|/)?chatspec\s+([a-z][a-z0-9]*\b[^|;&)>]*)", text):
            words = call.split()
            if words[0] not in self.options:
                if "--" in call or len(words) == 1:
                    yield f"no command '{words[0]}': {call}"
                continue
            for word in re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", call):
                if word not in self.options[words[0]]:
                    yield f"chatspec {words[0]} has no {word}"


def code_of(text):
    """Lines of blocks, and what stands between backticks, with line ends as spaces."""
    blocks = re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, re.M | re.S)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").split("\n")]
    lines += [line for line in rest.split("\n") if line.startswith("    ")]
    return lines + [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", rest)]


def check_names(tables, paths):
    n_faults = 0
    n = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in code_of(file.read()):
                n += len(re.findall(r"chatspec ", line))
                for fault in tables.faults(line):
                    print(f"{os.path.relpath(path, HOME)}: {fault}")
                    n_faults += 1
    print(f"{n} commands named in {len(paths)} documents")
    return n_faults


# ---- blocks ----

# In the place of the launcher, for the fast run: one case of what a command names.
FAST = """#!/bin/bash
command=$1; shift; words=("$@")
has() { local word; for word in "${words[@]}"; do [[ $word != $1 ]] || return 0; done; return 1; }
sdk=; for ((i = 0; i < ${#words[@]}; i++)); do [ "${words[i]}" != --sdk ] || sdk=${words[i+1]}; done
for version in ${sdk//,/ }; do
    [ -d "$HERE/build/sdk/$version" ] || { echo "left out: no SDK $version here" >&2; exit 0; }
done
case $command in
run) words=(--builtin --only token/wrong-signature "${words[@]}") ;;
client) has '--builtin' || has --peer || [ -n "$sdk" ] || words+=(--builtin)
    has --only || words+=(--only client/append/body-members) ;;
agent) [ -n "$sdk" ] || words+=(--sdk 4.8.3); [ -d "$HERE/build/sdk/4.8.3" ] || exit 0
    one=agent/turn/stop; ! has --from || one=agent/handover/after-a-turn; ! has --task-file || one=agent/own/first-turn
    for ((i = 0; i < ${#words[@]}; i++)); do # another --only would add to it
        [ "${words[i]}" != --only ] || unset "words[i]" "words[i+1]"
    done
    words+=(--only "$one") ;;
matrix) has --only || words+=(--only client/append/body-members) ;;
endpoint) # a shard of one case would be empty
    if has --shard; then words+=(--only 'token/*'); fi
    has --only || words+=(--only token/wrong-signature) ;;
fuzz) words=("${words[@]}" --runs 60 --quiet) ;;
esac
CHATSPEC_HOME=$HERE exec "$PROGRAM" "$command" "${words[@]}"
"""

# Tells each command that fails; the block goes on.
PROLOGUE = """set -o errtrace
trap 'printf "%s\\t%s\\n" "$?" "$BASH_COMMAND" >>"$FAILED"' ERR
"""


class Scratch:
    """A copy of the tree with its build, and a server on loopback."""

    def __init__(self, build, full):
        self.folder = tempfile.mkdtemp(prefix="documents-")
        self.tree = os.path.join(self.folder, "tree")
        shutil.copytree(HOME, self.tree, ignore=shutil.ignore_patterns("build", ".git", "node_modules"))
        os.mkdir(os.path.join(self.tree, "build"))
        preset = os.path.basename(os.path.normpath(build))
        os.symlink(os.path.abspath(build), os.path.join(self.tree, "build", preset))
        if os.path.isdir(os.path.join(HOME, "build", "sdk")):
            os.symlink(os.path.join(HOME, "build", "sdk"), os.path.join(self.tree, "build", "sdk"))
        program = os.path.join(os.path.abspath(build), "chatspec")
        if not full:
            with open(os.path.join(self.tree, "chatspec"), "w", encoding="utf-8") as file:
                file.write(FAST)
        self.full = full
        if full:
            self.pack_prerelease()
        self.failed = os.path.join(self.folder, "failed")
        self.env = dict(os.environ, PROGRAM=program, HERE=self.tree, FAILED=self.failed, CHATSPEC_PRESET=preset,
                        CHATSPEC_NO_SETUP="1", NO_COLOR="1", PYTHONDONTWRITEBYTECODE="1")
        # pylint: disable=consider-using-with
        self.server = subprocess.Popen([program, "serve", "--port", "0", "--quiet"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True, cwd=self.folder)
        told = ""
        self.url = self.key = None
        while not (self.url and self.key):
            line = self.server.stdout.readline()
            if not line:
                raise SystemExit(f"serve does not start: {told}")
            told += line
            self.url = self.url or next(iter(re.findall(r"http://127\.0\.0\.1:\d+", told)), None)
            self.key = self.key or next(iter(re.findall(r"tr_[a-z]+_\w+", told)), None)
        self.env["TRIGGER_KEY"] = self.key

    def pack_prerelease(self):
        """A packed SDK, under the name that the documents give a prerelease of the reader's."""
        done = subprocess.run(["npm", "pack", "--silent", "@trigger.dev/sdk@4.8.3"], cwd=self.tree, text=True,
                              stdout=subprocess.PIPE, check=True)
        os.rename(os.path.join(self.tree, done.stdout.strip().splitlines()[-1]),
                  os.path.join(self.tree, "trigger.dev-sdk-4.9.0-beta.1.tgz"))

    def run(self, block):
        """The output, and the commands that failed with their status."""
        for pattern, text in STAND_INS:
            block = re.sub(pattern, text.format(url=self.url, key=self.key), block)
        if not self.full:  # the program itself is shortened as the launcher is
            block = re.sub(r"(?m)^build/release/chatspec\b", "./chatspec", block)
        if os.path.exists(self.failed):
            os.remove(self.failed)
        try:
            done = subprocess.run(["bash", "-c", PROLOGUE + block], cwd=self.tree, env=self.env, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=3600, check=False, errors="replace")
        except subprocess.TimeoutExpired as late:
            return str(late.stdout), [("timeout", block)]
        failed = []
        if os.path.exists(self.failed):
            with open(self.failed, encoding="utf-8") as file:
                failed = [tuple(line.rstrip("\n").split("\t", 1)) for line in file if "\t" in line]
        return done.stdout, failed

    def close(self):
        self.server.kill()
        self.server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def split(block):
    """Commands of a block: a line each, with what follows a backslash or stands inside quotes."""
    commands = [""]
    for line in block.split("\n"):
        commands[-1] += line + "\n"
        try:
            shlex.split(commands[-1].replace("\\\n", " "), comments=True)
            whole = commands[-1].count("$(") <= commands[-1].count(")") and not line.endswith("\\")
        except ValueError:
            whole = False
        if whole:
            commands.append("")
    return [command for command in commands if command.strip()]


def left_out(command, full):
    if "| jq " in command and not shutil.which("jq"):
        return "jq is not there"
    for pattern, why, when_full in LEFT_OUT:
        if re.search(pattern, command.strip().split(" #")[0].strip()) and not (full and when_full):
            return why
    return None


def run_block(scratch, path, block, full, counts):
    kept = []
    for command in split(block):
        why = left_out(command, full)
        if why:
            print(f"left out, {why}: {command.strip().splitlines()[0]}")
            counts["left out"] += 1
        else:
            kept.append(command)
    n = sum(1 for command in kept if not command.strip().startswith("#"))
    if n == 0:
        return
    started = time.monotonic()
    output, failed = scratch.run("".join(kept))
    if any(status == "3" for status, _ in failed):  # nothing could be judged: a busy machine, or it stays so
        output, failed = scratch.run("".join(kept))
    print(f"{time.monotonic() - started:.0f} s: {os.path.relpath(path, HOME)}: {kept[0].strip().splitlines()[0]}",
          flush=True)
    wrong = [(status, command) for status, command in failed
             if not (status == "1" and re.search(MAY_FIND, command))]
    for pattern, words in MUST_SAY:
        if re.search(pattern, block):
            wrong += [("of the output", f"'{word}' is not in it") for word in words
                      if not re.search(word, output, re.M)]
    counts["failed"] += len(wrong)
    counts["run"] += n
    for status, command in wrong:
        print(f"{os.path.relpath(path, HOME)}: status {status}: {command}\n{output[-2500:]}")


def main():
    words = [word for word in sys.argv[1:] if word != "--full"]
    full = "--full" in sys.argv
    if not words:
        sys.exit(__doc__)
    paths = documents(words[1:])
    counts = {"run": 0, "failed": 0, "left out": 0}
    counts["failed"] += check_names(Tables(os.path.join(os.path.abspath(words[0]), "chatspec")), paths)
    scratch = Scratch(words[0], full)
    try:
        for path in paths:
            with open(path, encoding="utf-8") as file:
                for block in re.findall(r"^```sh\n(.*?)^```", file.read(), re.M | re.S):
                    run_block(scratch, path, block, full, counts)
    finally:
        scratch.close()
    print(f"{counts['run']} commands run, {counts['failed']} faults, {counts['left out']} left out")
    return 1 if counts["failed"] or counts["run"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Makes of each decode vector a seed of the target `reader`: corpus/reader/seeds/vector-GROUP-NAME,
and of those about framing one of `sse` as well.

    corpus/make_seeds.py            writes them, and removes those whose vector has gone

check.py, which is the test `corpus`, fails when they are not what is in the corpus.
"""
import base64
import json
import os

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Pieces of 3, 5, 1 and 7 bytes; the limits that are the default.
CONFIG = {"reader": b"ceag@@@", "sse": b"ceag@"}


def seeds():
    """Path in the corpus -> bytes."""
    with open(f"{HOME}/conformance/decode/vectors.json", encoding="utf-8") as file:
        vectors = json.load(file)["vectors"]
    made = {}
    for vector in vectors:
        stream = (base64.b64decode(vector["base64"]) if "base64" in vector
                  else vector["stream"].encode("utf-8"))
        name = "vector-" + vector["id"].replace("/", "-")
        made[f"reader/seeds/{name}"] = CONFIG["reader"] + stream
        if vector["id"].startswith("framing/"):
            made[f"sse/seeds/{name}"] = CONFIG["sse"] + stream
    return made


def there():
    """What of it is in the corpus."""
    found = {}
    for target in CONFIG:
        folder = f"{HOME}/corpus/{target}/seeds"
        for name in os.listdir(folder):
            if name.startswith("vector-"):
                with open(f"{folder}/{name}", "rb") as file:
                    found[f"{target}/seeds/{name}"] = file.read()
    return found


def differences():
    """What is wrong with the corpus, in words."""
    made, found = seeds(), there()
    return [f"{path}: {why}: run corpus/make_seeds.py"
            for path in sorted(made.keys() | found.keys())
            if (why := "is missing" if path not in found else
                "has no vector" if path not in made else
                "is not what its vector gives" if made[path] != found[path] else None)]


def main():
    made = seeds()
    for path in there().keys() - made.keys():
        os.remove(f"{HOME}/corpus/{path}")
    for path, stream in made.items():
        with open(f"{HOME}/corpus/{path}", "wb") as file:
            file.write(stream)
    print(f"{len(made)} seeds")


if __name__ == "__main__":
    main()

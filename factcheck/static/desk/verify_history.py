"""Checks the history of a verdict by its export alone: verify_history.py history.json [SEAL]

SEAL is what the public page of the check prints. Exits with 1 at the first thing that is wrong.
"""

import hashlib
import json
import sys

SEALED = ("verdict", "seq", "content_hash", "actor", "actor_name", "action", "reason", "at")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main(path: str, seal: str = "") -> None:
    with open(path, encoding="utf-8") as file:
        versions = json.load(file)["versions"]
    before = ""
    for number, version in enumerate(versions, 1):
        if version["seq"] != number:
            sys.exit(f"Version {number} is missing.")
        if not version["redaction"] and sha256(version["content"]) != version["content_hash"]:
            sys.exit(f"Version {number} does not say what was sealed.")
        row = {name: version[name] for name in SEALED}
        line = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if sha256(line + before) != version["hash"]:
            sys.exit(f"Version {number} does not fit the chain.")
        before = version["hash"]
    if seal and seal not in [version["hash"] for version in versions]:
        sys.exit("No version has the seal that the page prints.")
    print(f"{len(versions)} versions, the chain holds. Newest seal: {before}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Checks a checkpoint, and a history against it: verify_checkpoint.py KEY CHECKPOINT [HISTORY]

KEY is the desk's public key (PEM). Needs the package `cryptography`; check the history itself with
verify_history.py. Exits with 1 if anything is wrong.
"""

import gzip
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key


def main(key: str, checkpoint: str, history: str = "") -> None:
    with open(key, "rb") as file:
        public = load_pem_public_key(file.read())
    if not isinstance(public, Ed25519PublicKey):
        sys.exit(f"{key} is no Ed25519 key.")
    review: dict = {"review": "", "versions": []}
    if history:
        with open(history, encoding="utf-8") as file:
            review = json.load(file)
    digest, seq, seal = hashlib.sha256(), 0, ""
    with gzip.open(checkpoint) as file:
        line, signature = file.readline().strip(), file.readline().strip()
        try:
            public.verify(bytes.fromhex(signature.decode()), line)
        except (InvalidSignature, ValueError):
            sys.exit("This checkpoint was not signed with this key.")
        statement = json.loads(line)
        for head in file:
            digest.update(head)
            _, number, found, ref = head.decode().split()
            if ref == review["review"]:
                seq, seal = int(number), found
    if digest.hexdigest() != statement["heads"]:
        sys.exit("The heads of this checkpoint are not those that were signed.")
    taken = f"Checkpoint {statement['number']} of {statement['desk']}, {statement['taken_at']}"
    if history and not seq:
        sys.exit(f"{taken}, does not have this check: nothing of it was saved by then.")
    if seq and (seq, seal) not in [(one["seq"], one["hash"]) for one in review["versions"]]:
        sys.exit(f"{taken}, signed another version {seq}: this history was rewritten.")
    print(f"{taken}: signed." + (f" It has version {seq} as it is here." if seq else ""))


if __name__ == "__main__":
    main(*sys.argv[1:])

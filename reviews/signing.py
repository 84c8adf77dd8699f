"""The key that signs checkpoints: Ed25519 (RFC 8032), in a file that only its owner may read.

It is never in the database, so that who can rewrite the record cannot sign what they made of it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

PEM = serialization.Encoding.PEM
PUBLIC = serialization.PublicFormat.SubjectPublicKeyInfo


class NoKey(Exception):
    """There is no key to use; the sentence says why."""


def private_key(*, may_make: bool) -> Ed25519PrivateKey:
    """Return the key of this desk; make it, if it was never there and `may_make`.

    :raises NoKey: if it is missing, no such key, or a file that others may read.
    """
    path: Path = settings.CHECKPOINT_KEY
    if may_make and not settings.CHECKPOINT_KEY_IS_NAMED and not path.exists():
        _make(path)
    return _read(path)


def public_keys() -> list[Ed25519PublicKey]:
    """Return the public half of the key of this desk, then those that signed before it.

    It makes none.

    :raises NoKey: as above, or if an old one cannot be read.
    """
    old = [read_public(path) for path in settings.CHECKPOINT_OLD_KEYS]
    return [_read(settings.CHECKPOINT_KEY).public_key(), *old]


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        with path.open("rb") as file:
            mode, text = os.fstat(file.fileno()).st_mode, file.read()
    except FileNotFoundError as error:
        raise NoKey(f"There is no key {path}.") from error
    except OSError as error:
        raise NoKey(f"The key {path} cannot be read: {error.strerror}.") from error
    if mode & 0o077:
        raise NoKey(f"The key {path} can be read by others: chmod 600 it.")
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NoKey(f"{path} is no private key without a password in PEM.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NoKey(f"{path} is a key, but no Ed25519 key.")
    return key


def _make(path: Path) -> None:
    """Write a new key. The file is there whole or not at all, and never replaces another."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".key-") as file:  # mode 0600
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
            os.link(file.name, path)
    except FileExistsError:
        return  # another process made it in this very moment
    except OSError as error:
        raise NoKey(f"The key {path} cannot be written: {error.strerror}.") from error


def sign(key: Ed25519PrivateKey, statement: str) -> str:
    """Return the signature of `statement`, as 128 hexadecimal digits."""
    return key.sign(statement.encode()).hex()


def is_signed(key: Ed25519PublicKey, statement: bytes, signature: bytes) -> bool:
    """Tell whether `signature`, in hexadecimal digits, is that of `statement`."""
    try:
        key.verify(bytes.fromhex(signature.decode("ascii")), statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public(path: Path) -> Ed25519PublicKey:
    """Read a public key from a file in PEM.

    :raises NoKey: if it cannot be read, is none, or of another kind.
    """
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise NoKey(f"The public key {path} cannot be read: {error.strerror}.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NoKey(f"{path} is no public key in PEM.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise NoKey(f"{path} is a key, but no Ed25519 key.")
    return key


def pem(key: Ed25519PublicKey) -> str:
    """Return a public key as outsiders and `openssl` read it."""
    return key.public_bytes(PEM, PUBLIC).decode()


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key in DER, as 64 hexadecimal digits."""
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, PUBLIC)).hexdigest()

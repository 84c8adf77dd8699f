"""References in URLs: random, so that addresses do not tell how many rows exist."""

from __future__ import annotations

import secrets

REF_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to misread


def new_ref() -> str:
    """Return 50 random bits for a URL, so that addresses do not tell how many rows exist."""
    return "".join(secrets.choice(REF_ALPHABET) for _ in range(10))


def as_ref(text: str) -> str:
    """Return `text` as somebody sent it, if it can be a reference at all; else ""."""
    return text if text.isascii() and text.isalnum() else ""

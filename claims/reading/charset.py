"""Bytes become text: by their mark, by what is declared, by what they look like."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from claims.reading.values import Unreadable

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 100_000  # bytes from which an encoding is guessed; more change nothing but the time
# Bytes that no text has but a few of; NUL and ESC do occur in texts that went through many hands.
_BINARY = bytes({*range(0x01, 0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F})
MOST_BINARY = 0.05  # share of such bytes in what is still read as text
_META = re.compile(
    rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([a-zA-Z0-9_:.-]{2,40})", re.IGNORECASE
)
_PARAMETER = re.compile(r"charset\s*=\s*[\"']?\s*([a-zA-Z0-9_:.-]{2,40})", re.IGNORECASE)


def decoded(content: bytes, *, media_type: str = "", markup: bool = False) -> tuple[str, bool]:
    """Return the text of `content`, and whether its encoding was guessed.

    What decides, in this order: a byte order mark; being UTF-8; the `charset` of the media type, or
    in the first bytes of `markup`; what the bytes look like.

    :raises Unreadable: if they look like no text at all.
    """
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), False
    if _is_binary(content):
        raise Unreadable("its bytes are no text")
    try:
        return content.decode("utf-8"), False
    except UnicodeDecodeError:
        declared = _declared(content, media_type, markup)
    if declared:
        return content.decode(declared, errors="replace"), False
    best = from_bytes(content[:SAMPLE]).best()
    if best is None:
        raise Unreadable("its bytes are no text in any encoding known here")
    return content.decode(best.encoding, errors="replace"), True


def _is_binary(content: bytes) -> bool:
    sample = content[:SAMPLE]
    odd = len(sample) - len(sample.translate(None, _BINARY))
    return odd > MOST_BINARY * len(sample) or sample.count(0) > len(sample) // 2


def _declared(content: bytes, media_type: str, markup: bool) -> str:
    """The declared encoding, if Python knows it as one of text; "" otherwise."""
    found = _PARAMETER.search(media_type)
    name = found[1] if found else ""
    if not name and markup and (meta := _META.search(content[:4096])):
        name = meta[1].decode("ascii")
    # As browsers do: what is declared as Latin-1 is read as Windows-1252, which it nearly is.
    if name.lower().replace("_", "-") in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        name = "windows-1252"
    try:
        return name if name and codecs.lookup(name)._is_text_encoding else ""
    except LookupError:
        return ""

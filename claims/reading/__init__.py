"""Bytes become documents: the one door of this package.

Pure: no rows, no network, no clock, no files. `read` runs the parsers here; `read_apart` runs them
in a process of their own, which is what everybody outside this package wants.
"""

from __future__ import annotations

from claims.reading.addresses import canonical, host_of, same_site, web_address
from claims.reading.answers import called
from claims.reading.apart import (
    WAIT,
    Busy,
    read_apart,
    read_checks_apart,
    read_each_apart,
    read_feed_apart,
)
from claims.reading.kinds import BUNDLES, ENDINGS, SUFFIXES, kind_of
from claims.reading.listings import Entry, FeedKind, Listing
from claims.reading.others import Check, Checks
from claims.reading.values import (
    LARGEST,
    LARGEST_BUNDLE,
    LONGEST_TITLE,
    LONGEST_URL,
    UNKNOWN_SOURCE,
    Document,
    Failure,
    Given,
    Reading,
    Received,
    Unreadable,
    clean,
    label,
)

__all__ = [
    "ENDINGS", "LARGEST", "LARGEST_BUNDLE", "LONGEST_TITLE", "LONGEST_URL", "SUFFIXES",
    "UNKNOWN_SOURCE", "WAIT", "Busy", "Check", "Checks", "Document", "Entry", "Failure", "FeedKind",
    "Listing", "Reading", "Received", "Unreadable", "called", "canonical", "clean", "decoded",
    "host_of", "is_bundle", "label", "read", "read_apart", "read_checks_apart", "read_each_apart",
    "read_feed_apart", "same_site", "web_address",
]  # fmt: skip

# How the bytes of bundles begin; the rest of `kind_of` is for the process that reads.
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"WARC/", b"\x1f\x8b")


def read(
    content: bytes, *, name: str, media_type: str = "", location: str = "", place: str = ""
) -> Reading:
    """Return the documents in `content`, and what in it could not be read; it never raises.

    :param name: what it is called: a label, from which its kind is told where the bytes do not.
    :param media_type: what its sender says it is, with its charset.
    :param location: the web address it came from.
    :param place: what messages call it; `name` if not given.
    """
    from claims.reading.opening import read_all  # noqa: PLC0415  the parsers are slow to load

    return read_all(content, name=name, media_type=media_type, location=location, place=place)


def decoded(content: bytes, *, media_type: str = "") -> tuple[str, bool]:
    """Return the text of `content`, and whether its encoding was guessed.

    :raises Unreadable: if its bytes are no text.
    """
    from claims.reading import charset  # noqa: PLC0415  slow to load

    return charset.decoded(content, media_type=media_type)


def is_bundle(content: bytes, *, name: str) -> bool:
    """Say whether `content` is a zip or WARC, or packed like one, by its bytes. Opens nothing."""
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(_PACKED) and kind_of(Given(content, name=name))[0] in BUNDLES

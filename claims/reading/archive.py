"""Zip files: members counted and bounded, their names only labels. Nothing is written to disk.

What a member says of its own size is not believed: it is unpacked piece by piece and stopped.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator

from claims.reading.values import (
    HIGHEST_RATIO,
    LARGEST,
    LARGEST_BUNDLE,
    LONGEST_LABEL,
    Budget,
    Failure,
    Given,
    TooMuch,
    Unreadable,
    label,
    one_line,
)

PIECE = 256_000  # bytes unpacked before the limits are asked again
SMALL = 1_000_000  # bytes that may be unpacked at any ratio: an empty table packs very well
UNPACKED_SEPARATELY = (".zip", ".warc", ".gz")  # bundles: limited by the whole budget alone
# What systems add by themselves.
_CLUTTER = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")
# What zipfile and its decompressors raise about broken or unknown content.
BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, EOFError, OSError,
    ValueError, NotImplementedError, RuntimeError, OverflowError, MemoryError, IndexError, KeyError,
)  # fmt: skip


def opened(content: bytes) -> zipfile.ZipFile:
    """Return the archive in `content`.

    :raises Unreadable: if it is none.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except BROKEN as error:
        raise Unreadable(f"the zip cannot be opened ({one_line(error)})") from error


def members(given: Given) -> Iterator[Given | Failure]:
    """Yield what is in a zip, member by member, as far as the budget goes.

    :raises Unreadable: if it is broken as a whole, or goes beyond a limit.
    """
    with opened(given.content) as archive:
        for info in archive.infolist():
            name = label(info.filename, LONGEST_LABEL)
            if info.is_dir() or _is_clutter(info.filename):
                continue
            place = f"{given.place} › {name}"
            try:
                content = unpacked(archive, info, given.budget)
            except TooMuch:
                raise
            except Unreadable as error:
                given.budget.take(0)
                yield Failure(place, str(error))
                continue
            given.budget.take(len(content))
            yield Given(content, name=info.filename, place=place, budget=given.budget)


def unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    """Return the bytes of one member, unpacked within the limits.

    :raises TooMuch: if the bundle has used up what may be unpacked of it.
    :raises Unreadable: if it is encrypted, broken, too large or packed as a bomb.
    """
    if info.flag_bits & 0x1:
        raise Unreadable("it is encrypted: unpack it and hand in what it holds")
    is_bundle = info.filename.lower().endswith(UNPACKED_SEPARATELY)
    limit = LARGEST_BUNDLE if is_bundle else LARGEST
    content = bytearray()
    try:
        with archive.open(info) as member:
            while piece := member.read(PIECE):
                content += piece
                budget_left = budget.unpacked - len(content)
                if budget_left < 0:
                    budget.take(len(content))
                if len(content) > limit:
                    raise Unreadable(f"larger than {limit // 1_000_000} MB")
                packed = max(info.compress_size, 1)
                if len(content) > SMALL and len(content) > HIGHEST_RATIO * packed:
                    budget.unpacked -= len(content)  # so that a thousand bombs are not unpacked
                    raise Unreadable(f"it unpacks to more than {HIGHEST_RATIO} times its size")
    except BROKEN as error:
        raise Unreadable(f"it cannot be unpacked ({one_line(error)})") from error
    return bytes(content)


def _is_clutter(name: str) -> bool:
    name = name.lower()
    return name.startswith(_CLUTTER[0]) or name.rsplit("/", 1)[-1] in _CLUTTER[1:]

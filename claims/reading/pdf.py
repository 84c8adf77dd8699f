"""PDF files: the text layer, by pypdf. A scan has none, and says so."""

from __future__ import annotations

import io
import re
import zlib
from datetime import date
from typing import Any

import pypdf
from pypdf.errors import PyPdfError

from claims.reading.values import (
    LONGEST_AUTHOR,
    LONGEST_TITLE,
    UNKNOWN_SOURCE,
    Document,
    Given,
    Unreadable,
    clean,
    label,
    one_line,
)

MOST_PAGES = 500  # a report, not a library; the rest of a longer one would never be checked here
LONGEST_TEXT = 5_000_000  # characters, a long book

_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])[-\u00ad]\n(?=[a-zà-öø-ÿа-яіїє])")
# What pypdf and the codecs below it raise on what breaks the rules of PDF.
_BROKEN = (
    PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, OSError,
    ArithmeticError, RecursionError, NotImplementedError, AssertionError, zlib.error,
)  # fmt: skip
_DAY = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)")


def read(given: Given) -> Document:
    """Return the text layer of a PDF file, one paragraph for each page's run of lines.

    :raises Unreadable: if it is encrypted, broken, too long, or has no text layer.
    """
    try:
        reader = pypdf.PdfReader(io.BytesIO(given.content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("the PDF asks for a password")
        pages = len(reader.pages)
        if pages > MOST_PAGES:
            raise Unreadable(f"the PDF has more than {MOST_PAGES} pages")
        text = _text(reader)
        title, author, day = _facts(reader.metadata or {})
    except _BROKEN as error:
        raise Unreadable(f"the PDF cannot be read ({one_line(error)})") from error
    if not text.strip():
        raise Unreadable(
            f"the PDF has no text layer on its {pages} page{'s' if pages != 1 else ''}: a scan "
            "must go through text recognition first"
        )
    guessed = {"published_on"} if day else set()
    first_line = text.split("\n", 1)[0].strip()
    return Document(
        text=text,
        title=title or label(first_line or given.stem, LONGEST_TITLE),
        source=UNKNOWN_SOURCE,
        published_on=day,
        author=author,
        guessed=frozenset(guessed | ({"title"} if not title else set())),
    )


def _text(reader: pypdf.PdfReader) -> str:
    parts: list[str] = []
    length = 0
    for page in reader.pages:
        parts.append(page.extract_text() or "")
        length += len(parts[-1])
        if length > LONGEST_TEXT:
            raise Unreadable(f"the PDF has more than {LONGEST_TEXT:,} characters of text")
    text = _BROKEN_WORD.sub("", clean("\n\n".join(parts)))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _facts(metadata: Any) -> tuple[str, str, date | None]:
    """Title, author and day of making, as far as the file says them in words."""
    title, author, made = (
        str(metadata.get(key) or "") for key in ("/Title", "/Author", "/CreationDate")
    )
    found = _DAY.match(made)
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    return label(title, LONGEST_TITLE), label(author, LONGEST_AUTHOR), day

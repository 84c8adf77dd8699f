"""What kind of thing some bytes are: by the bytes first, then by what they are called."""

from __future__ import annotations

import re
from enum import StrEnum

from claims.reading.values import Given


class Kind(StrEnum):
    """What can be read; the value is its media type."""

    TEXT = "text/plain"
    MARKDOWN = "text/markdown"
    HTML = "text/html"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    MAIL = "message/rfc822"
    ZIP = "application/zip"
    WARC = "application/warc"


SUFFIXES = {
    ".txt": Kind.TEXT, ".text": Kind.TEXT,
    ".md": Kind.MARKDOWN, ".markdown": Kind.MARKDOWN,
    ".html": Kind.HTML, ".htm": Kind.HTML, ".xhtml": Kind.HTML,
    ".pdf": Kind.PDF, ".docx": Kind.DOCX, ".eml": Kind.MAIL,
    ".zip": Kind.ZIP, ".warc": Kind.WARC, ".gz": Kind.WARC,
}  # fmt: skip
BUNDLES = (Kind.ZIP, Kind.WARC)
ENDINGS = ".txt, .md, .html, .pdf, .docx, .eml, .zip, .warc, .warc.gz"

# What is none of ours, by its first bytes, so that it can be named.
_OTHERS = (
    (b"\x89PNG", "a PNG picture"), (b"\xff\xd8\xff", "a JPEG picture"), (b"GIF8", "a GIF picture"),
    (b"\xd0\xcf\x11\xe0", "an old Office file: save it as .docx"), (b"{\\rtf", "an RTF file"),
    (b"Rar!", "a RAR archive"), (b"7z\xbc\xaf", "a 7-Zip archive"), (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"), (b"SQLite format 3", "a database"), (b"OggS", "a recording"),
    (b"ID3", "a recording"), (b"RIFF", "a recording or picture"), (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"), (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
)  # fmt: skip
_BLANK = b"\xef\xbb\xbf \t\r\n"
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_HEADERS = re.compile(rb"(?:[!-9;-~]{1,70}:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n")
_OF_MAIL = re.compile(rb"^(?:from|received|message-id|mime-version):", re.IGNORECASE | re.MULTILINE)


def kind_of(given: Given) -> tuple[Kind | None, str]:
    """Return the kind of `given`, and "" or in words what it is instead of a kind that is read."""
    kind, otherwise = by_bytes(given)
    if kind or otherwise:
        return kind, otherwise
    named = SUFFIXES.get(given.suffix) or _named(given.media_type)
    if named in (Kind.MAIL, Kind.HTML, Kind.MARKDOWN):
        return named, ""
    if marked := _by_markup(given.content, is_named=named is not None):
        return marked, ""
    if named in (Kind.PDF, Kind.DOCX, Kind.ZIP, Kind.WARC):
        return None, f"called {given.suffix or given.media_type}, but its bytes say otherwise"
    if named is None and given.suffix and not given.media_type.startswith("text/"):
        return None, "of a kind that is not read"
    return named or Kind.TEXT, ""


def by_bytes(given: Given) -> tuple[Kind | None, str]:
    """Return the kind that the bytes give away, or in words what else they are; else None, "".

    Text, pages and mails have no such bytes.
    """
    content = given.content
    start = content[:1024].lstrip(_BLANK)
    if b"%PDF-" in content[:1024]:
        return Kind.PDF, ""
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        # A Word file is a zip that says so in its first member or its index.
        is_word = b"word/document.xml" in content
        return (Kind.DOCX if is_word and given.suffix != ".zip" else Kind.ZIP), ""
    if start.startswith(b"WARC/") or content.startswith(b"\x1f\x8b"):
        return Kind.WARC, ""
    for beginning, words in _OTHERS:
        if content.startswith(beginning):
            return None, words
    if content[4:8] == b"ftyp":
        return None, "a video or picture"
    return None, ""


def _by_markup(content: bytes, *, is_named: bool) -> Kind | None:
    """A page by its first tag; a mail by its headers, if its name says nothing."""
    if not is_named and _OF_MAIL.search(content[:4096]) and _HEADERS.match(content[:65536]):
        return Kind.MAIL
    is_page = _HTML.match(content[:1024].lstrip(_BLANK)) or (
        not is_named and _HTML.search(content[:4096])
    )
    return Kind.HTML if is_page else None


def is_page(start: bytes) -> bool:
    """Say whether what begins like this is a web page, by its first tag."""
    return _HTML.match(start.lstrip(_BLANK)) is not None


def essence_of(media_type: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def _named(media_type: str) -> Kind | None:
    essence = essence_of(media_type)
    if essence == "application/xhtml+xml":
        return Kind.HTML
    return next((kind for kind in Kind if kind == essence), None)

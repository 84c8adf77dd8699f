"""What kind of thing a web server answered with: one article, or why it is none.

The first bytes say it, then the media type; what the address ends in counts where neither does. A
bundle or a mail is no answer: it names addresses and senders of others, and nobody looked at it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from claims.reading.kinds import (
    SUFFIXES,
    Kind,
    by_bytes,
    essence_of,
    is_page,
    kind_of,
)
from claims.reading.values import Given, Unreadable

READ = "what is read of an address: web pages, text, Markdown, PDF and Word files"
# What is read from a file alone, which somebody hands in.
_TO_DOWNLOAD = {Kind.ZIP: "a zip file", Kind.WARC: "a WARC or gzip file", Kind.MAIL: "a mail"}
_SAYS_NOTHING = {
    "", "application/octet-stream", "binary/octet-stream", "application/force-download",
    "application/x-download", "application/download", "application/unknown",
}  # fmt: skip
_PAGES = {"text/html", "application/xhtml+xml"}
_MARKDOWN = {"text/markdown", "text/x-markdown"}
# Types of text that are data or programs; any other text is read as text.
_NO_TEXT = {
    "text/csv", "text/tab-separated-values", "text/css", "text/javascript", "text/ecmascript",
    "text/calendar", "text/vcard", "text/vtt", "text/event-stream",
}  # fmt: skip
_SUFFIX = {
    Kind.HTML: ".html", Kind.TEXT: ".txt", Kind.MARKDOWN: ".md", Kind.PDF: ".pdf",
    Kind.DOCX: ".docx",
}  # fmt: skip
START = 4096  # bytes in which the first element of XML stands
_ROOT = re.compile(
    rb"(?:\s|<\?[^>]{0,1000}>|<!--.{0,2000}?-->|<!DOCTYPE[^>]{0,1000}>)*+<(?:[\w.-]+:)?([\w.-]+)",
    re.DOTALL | re.IGNORECASE,
)
# What the namespace of a feed begins with; others have elements of these names, too.
_OF_FEEDS = {
    b"feed": re.compile(rb"http://www\.w3\.org/2005/Atom|http://purl\.org/atom/"),
    b"rdf": re.compile(rb"http://purl\.org/rss/|http://my\.netscape\.com/rdf/"),
    b"rss": re.compile(b""),
}
_JSON = re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])")  # how data begins, and words do not
_JSON_FEED = re.compile(rb"\"https?:(?:\\?/){2}(?:www\.)?jsonfeed\.org\\?/version\\?/")


def called(content: bytes, *, name: str, media_type: str) -> str:
    """Return what to call an answer, so that it is read as what it is and as nothing else.

    :param name: the end of its address.
    :raises Unreadable: if it is no article, or may hold several.
    """
    given = Given(content, name=name, media_type=media_type)
    kind = _kind(given)
    if kind in _TO_DOWNLOAD:
        raise Unreadable(f"{_TO_DOWNLOAD[kind]}: download it and hand the file in")
    return f"{name.rpartition('.')[0] or name}{_SUFFIX[kind]}"


def _kind(given: Given) -> Kind:
    kind, otherwise = by_bytes(replace(given, name=""))
    if kind:
        return kind
    if otherwise:
        raise Unreadable(f"{otherwise}; {READ}")
    essence = essence_of(given.media_type)
    start = given.content[:START].removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe")
    start = start.replace(b"\0", b"")  # of UTF-16, in which nothing else is in the way
    _refuse_lists(start)
    found = _ROOT.match(start)
    if found and found[1].lower() == b"html":
        return Kind.HTML
    _refuse_data(given, essence, start)
    if essence in _PAGES or is_page(start):
        return Kind.HTML
    if essence in _MARKDOWN:
        return Kind.MARKDOWN
    if essence.startswith("text/"):
        named = SUFFIXES.get(given.suffix)
        return Kind.MARKDOWN if named == Kind.MARKDOWN else Kind.TEXT
    if essence not in _SAYS_NOTHING:
        return _named(essence)
    kind, otherwise = kind_of(replace(given, media_type=""))
    if kind is None:
        raise Unreadable(f"{otherwise}; {READ}")
    return kind


def _named(essence: str) -> Kind:
    """The kind of a media type that is no text, where no bytes bear it out."""
    kind = next((one for one in _TO_DOWNLOAD if one == essence), None)
    if kind:
        return kind
    if essence in (Kind.PDF, Kind.DOCX):
        raise Unreadable(f"called {essence}, but its bytes say otherwise; {READ}")
    raise Unreadable(f"of a kind that is not read ({essence}); {READ}")


def _refuse_lists(start: bytes) -> None:
    found = _ROOT.match(start)
    root = found[1].lower() if found else b""
    if root in (b"urlset", b"sitemapindex"):
        raise Unreadable("this is a sitemap: add it under Feeds")
    space = _OF_FEEDS.get(root)
    is_json = start.lstrip().startswith(b"{") and _JSON_FEED.search(start)
    if is_json or (space and space.search(start)):
        raise Unreadable("this is a feed: add it under Feeds")


def _refuse_data(given: Given, essence: str, start: bytes) -> None:
    is_json = _JSON.match(start) and given.content[-START:].rstrip(b"\0 \t\r\n").endswith(
        (b"}", b"]")
    )
    if is_json or essence == "application/json" or essence.endswith("+json"):
        raise Unreadable(f"JSON, which is data and no article; {READ}")
    is_xml = essence in ("application/xml", "text/xml") or essence.endswith("+xml")
    says_so = essence in _SAYS_NOTHING and start.lstrip().startswith(b"<?xml")
    if (is_xml and essence not in _PAGES) or says_so:
        raise Unreadable(f"XML that is no web page; {READ}")
    if essence in _NO_TEXT:
        raise Unreadable(f"of a kind that is not read ({essence}); {READ}")

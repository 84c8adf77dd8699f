"""Feeds and sitemaps: which addresses they name, with titles and times. Nothing is fetched.

RSS 0.9 to 2.0, Atom, JSON Feed 1.1, sitemaps and their indexes; of a web page, the feeds it names.
XML is read as it streams by, without a tree, so that neither depth nor number costs memory. It may
declare no entities; where it is broken, what can still be told of it is told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError
from lxml import etree

from claims.reading import addresses, charset, kinds, page, warc
from claims.reading.listings import Entry, FeedKind, Listing
from claims.reading.values import LARGEST, LONGEST_TITLE, Given, Unreadable, label

MOST_ENTRIES = 50_000  # a sitemap may have so many (sitemaps.org); feeds have some dozens
MOST_FEEDS = 20  # named by one page
DEEPEST = 60  # elements in elements; feeds need six, XHTML in an Atom summary a few more
LONGEST_FIELD = 5_000  # characters of a title, time or address that are looked at
ENTITIES = "it declares entities, which no feed needs and nobody should read"

_ATOM = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
_PLAIN = ("", "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/")
_SITEMAP = (
    "", "http://www.sitemaps.org/schemas/sitemap/0.9", "http://www.google.com/schemas/sitemap/0.84",
)  # fmt: skip
_NEWS = ("http://www.google.com/schemas/sitemap-news/0.9",)
_DUBLIN = ("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/")
_BURNER = ("http://rssnamespace.org/feedburner/ext/1.0",)
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json"}


# What is read of an entry: the namespaces and local name of an element, and what it says. Of those
# that say the same, the one further down counts.
_FIELDS = (
    (_PLAIN, "guid", "url"), (_PLAIN, "link", "url"), (_ATOM, "link", "url"),
    (_SITEMAP, "loc", "url"), (_BURNER, "origLink", "url"),
    (_NEWS, "title", "title"), (_PLAIN, "title", "title"), (_ATOM, "title", "title"),
    (_ATOM, "modified", "at"), (_ATOM, "updated", "at"), (_ATOM, "issued", "at"),
    (_DUBLIN, "date", "at"), (_PLAIN, "pubDate", "at"), (_ATOM, "published", "at"),
    (_SITEMAP, "lastmod", "at"), (_NEWS, "publication_date", "at"),
)  # fmt: skip
FIELDS = {
    f"{{{space}}}{name}" if space else name: (meaning, rank)
    for rank, (spaces, name, meaning) in enumerate(_FIELDS)
    for space in spaces
}
ROOTS = {
    "rss": FeedKind.RSS, "RDF": FeedKind.RSS, "feed": FeedKind.ATOM,
    "urlset": FeedKind.SITEMAP, "sitemapindex": FeedKind.INDEX,
}  # fmt: skip
ENTRIES = {"item", "entry", "url", "sitemap"}


def read(content: bytes, *, media_type: str = "", location: str = "") -> Listing:
    """Return what the feed at `location` names.

    :raises Unreadable: if it is no feed, sitemap or web page, or more than is read.
    """
    given = Given(content, name="", media_type=media_type, location=location)
    if content.startswith(b"\x1f\x8b"):
        unpacked = warc.gunzipped(given)
        given = replace(given, content=unpacked or b"")
    if len(given.content) > LARGEST:
        raise Unreadable(f"larger than {LARGEST // 1_000_000} MB")
    start = given.content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1024]
    if not start:
        raise Unreadable("there is nothing in it")
    if start.startswith(b"{"):
        return _of_json(given)
    if kinds.is_page(start):
        return _of_page(given)
    return _of_xml(given)


# XML


@dataclass(slots=True)
class _Collector:
    """Takes elements as they stream by and keeps the entries. A target of both XML parsers."""

    base: str
    kind: FeedKind | None = None
    root: str = ""
    title: str = ""
    entries: list[Entry] = field(default_factory=list)
    unlisted: int = 0
    _depth: int = 0
    _inside: int = 0  # the depth of the entry that is open; 0 if none is
    _said: dict[str, tuple[int, str]] = field(default_factory=dict)
    _open: tuple[int, str, int] | None = None  # depth, meaning and rank of what is being read
    _text: list[str] = field(default_factory=list)
    _room: int = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable(f"elements stand in each other more than {DEEPEST} deep")
        local = tag.rpartition("}")[2]
        if self._depth == 1:
            self.root, self.kind = label(local, 40), ROOTS.get(local)
            self.base = urljoin(self.base, attributes.get(_BASE, ""))
        elif not self._inside and local in ENTRIES and self._depth <= 3:
            self._inside, self._said = self._depth, {}
        elif self._open is None:
            self._begin(tag, local, attributes)

    def _begin(self, tag: str, local: str, attributes: dict[str, str]) -> None:
        """Begin to read what an entry says, or what the feed is called."""
        meaning, rank = FIELDS.get(tag, ("", 0))
        deepest = self._inside + (2 if tag.startswith(f"{{{_NEWS[0]}}}") else 1)
        if not meaning or self._depth > (deepest if self._inside else 3):
            return
        if local == "guid" and attributes.get("isPermaLink", "true").lower() != "true":
            return
        if "href" in attributes and local == "link":
            if attributes.get("rel", "alternate") == "alternate":
                self._say("url", rank, attributes["href"])
            return
        self._open = (self._depth, meaning, rank)
        self._text, self._room = [], LONGEST_FIELD

    def data(self, text: str) -> None:
        if self._open and self._room > 0:
            self._text.append(text[: self._room])
            self._room -= len(text)

    def end(self, tag: str) -> None:
        if self._open and self._open[0] == self._depth:
            _, meaning, rank = self._open
            self._open = None
            self._say(meaning, rank, "".join(self._text))
        if self._inside == self._depth:
            self._inside = 0
            self._keep()
        self._depth -= 1

    def close(self) -> None:
        """Nothing is left to be done."""

    def _say(self, meaning: str, rank: int, text: str) -> None:
        if not self._inside:
            if meaning == "title" and not self.title:
                self.title = label(text, LONGEST_TITLE)
        elif text.strip() and rank >= self._said.get(meaning, (-1, ""))[0]:
            self._said[meaning] = (rank, text.strip())

    def _keep(self) -> None:
        said = {meaning: text for meaning, (_, text) in self._said.items()}
        entry = None
        if len(self.entries) < MOST_ENTRIES:
            url, title, at = (said.get(name, "") for name in ("url", "title", "at"))
            entry = _entry(self.base, url, title, at)
        if entry:
            self.entries.append(entry)
        else:
            self.unlisted += 1


def _of_xml(given: Given) -> Listing:
    found, note = _Collector(given.location), ""
    try:
        parser = DefusedXMLParser(target=found)
        parser.feed(given.content)
        parser.close()
    except DefusedXmlException as error:
        raise Unreadable(ENTITIES) from error
    except (ParseError, LookupError, ValueError) as error:
        found = _broken(given)
        note = f"Its XML is broken ({label(str(error), 80)}): what can be told of it is taken."
    if found.kind is None:
        what = f"it begins with <{found.root}>" if found.root else "it is no XML"
        raise Unreadable(f"no feed, sitemap or web page: {what}")
    return Listing(found.kind, found.title, tuple(found.entries), found.unlisted, note)


def _broken(given: Given) -> _Collector:
    """Read XML that is not well-formed, as far as it can be told; entities stay unread."""
    if b"<!ENTITY" in given.content.replace(b"\0", b"").upper():
        raise Unreadable(ENTITIES)
    found = _Collector(given.location)
    parser = etree.XMLParser(
        target=found, recover=True, resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False,
    )  # fmt: skip
    try:
        parser.feed(given.content)
        parser.close()
    except (etree.LxmlError, ValueError) as error:
        if not found.entries:
            raise Unreadable(f"it cannot be read ({label(str(error), 80)})") from error
    return found


# JSON Feed, https://www.jsonfeed.org/version/1.1/


def _of_json(given: Given) -> Listing:
    try:
        told = json.loads(given.content)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"its JSON cannot be read ({label(str(error), 80)})") from error
    version, items = told.get("version"), told.get("items")
    if not (isinstance(version, str) and "jsonfeed.org/version/" in version):
        raise Unreadable("JSON, but no JSON Feed: it names no version of jsonfeed.org")
    if not isinstance(items, list):
        raise Unreadable("a JSON Feed without a list of items")
    read = [_of_item(given.location, item) for item in items[:MOST_ENTRIES]]
    entries = tuple(entry for entry in read if entry)
    return Listing(
        FeedKind.JSON, label(_text(told.get("title")), LONGEST_TITLE), entries,
        len(items) - len(entries),
    )  # fmt: skip


def _of_item(base: str, item: Any) -> Entry | None:
    if not isinstance(item, dict):
        return None
    url = _text(item.get("url")) or _text(item.get("id"))
    at = _text(item.get("date_published")) or _text(item.get("date_modified"))
    return _entry(base, url, _text(item.get("title")), at)


# Pages


def _of_page(given: Given) -> Listing:
    text, _ = charset.decoded(given.content, media_type=given.media_type, markup=True)
    tree = page.tree_of(text)
    named: dict[str, Entry] = {}
    for link in tree.iter("link"):
        if not set(link.get("rel", "").lower().split()) & {"alternate", "feed"}:
            continue
        kind = link.get("type", "").partition(";")[0].strip().lower()
        entry = _entry(given.location, link.get("href", ""), link.get("title", ""), "")
        if kind in _TYPES and entry and len(named) < MOST_FEEDS:
            named.setdefault(entry.url, entry)
    title = tree.findtext(".//title") or ""
    return Listing(FeedKind.PAGE, label(title, LONGEST_TITLE), tuple(named.values()))


def _entry(base: str, url: str, title: str, at: str) -> Entry | None:
    """The entry, if its address is one that can be fetched."""
    try:
        address = addresses.web_address(urljoin(base, url[:LONGEST_FIELD])) if url else ""
    except ValueError:
        return None
    return Entry(address, label(title, LONGEST_TITLE), _time(at)) if address else None


def _text(value: Any) -> str:
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""


def _time(text: str) -> datetime | None:
    """The moment that a feed names, in UTC: ISO 8601 or as in mails; None if it is none."""
    text = text.strip()[:100]
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = parse(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None

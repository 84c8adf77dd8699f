"""Web pages: the article's text and facts, by trafilatura, which fetches nothing here.

What the page declares about itself (meta elements, JSON-LD, the canonical link) is told apart from
what was worked out from its looks: the latter is named in `guessed`.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urljoin

import trafilatura
from lxml.etree import LxmlError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from claims.reading import addresses, charset
from claims.reading.values import (
    LONGEST_AUTHOR,
    LONGEST_LANGUAGE,
    LONGEST_LICENCE,
    LONGEST_SOURCE,
    LONGEST_TITLE,
    UNKNOWN_SOURCE,
    Document,
    Given,
    Unreadable,
    clean,
    label,
    one_line,
)

# The parser itself stops at 256 levels of elements, and more than that is no article. What costs
# time without bound is many attributes of one element (each is compared with all before it).
MOST_ATTRIBUTES = 1000
LONGEST_TAG = 100_000  # bytes without a ">", long for data: addresses, short for an attack
SHORTEST = 250  # characters: below it the slower ways of finding the text are tried, too
MOST_JSON = 500_000  # characters of JSON-LD looked at
MOST_THINGS = 10_000  # objects, lists and values in it; a page of news has some hundred

_ATTRIBUTES = re.compile(r"<[a-zA-Z][^<>]{2000,}")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*")
_TITLES = {"og:title", "twitter:title", "headline", "title", "dc.title", "dcterms.title"}
_SITES = {"og:site_name", "publisher", "article:publisher", "dc.publisher", "application-name"}
_AUTHORS = {"author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "byl"}
_DATES = {
    "article:published_time", "og:published_time", "datepublished", "date", "pubdate", "dc.date",
    "publishdate", "publish_date", "published_time", "dc.date.issued", "dcterms.created",
    "dcterms.date", "dcterms.issued", "sailthru.date", "parsely-pub-date", "article.published",
    "publication_date", "cxenseparse:recs:publishtime", "datecreated",
}  # fmt: skip
_LICENCES = {"dc.rights", "dcterms.license", "dcterms.rights", "copyright", "rights", "license"}


@dataclass(slots=True)
class Declared:
    """What a page says of itself, by field: every value that stands there."""

    titles: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    licences: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    language: str = ""


def read(given: Given) -> Document:
    """Return the article of a web page.

    :raises Unreadable: if its markup cannot be read or no article is found in it.
    """
    text, encoding_guessed = charset.decoded(
        given.content, media_type=given.media_type, markup=True
    )
    tree = tree_of(text)
    declared = _declared(tree)
    found = _found(tree, fast=True)
    if found is None or len(found.text or "") < SHORTEST:
        slower = _found(tree, fast=False)
        if slower is not None and len(slower.text or "") > len((found and found.text) or ""):
            found = slower
    if found is None or not (found.text or "").strip():
        raise Unreadable("no article text in it")
    document = _document(given, found, declared)
    guessed = document.guessed | ({"text"} if encoding_guessed else set())
    return replace(document, guessed=frozenset(guessed))


def tree_of(text: str) -> HtmlElement:
    """Return the markup of a page as a tree.

    :raises Unreadable: if it cannot be read.
    """
    for tag in _ATTRIBUTES.finditer(text):
        if len(tag[0]) > LONGEST_TAG or tag[0].count("=") > MOST_ATTRIBUTES:
            raise Unreadable("its markup has a tag too long to be one")
    # An encoding said in the markup has done its part; lxml refuses text with an XML declaration.
    text = re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text, count=1).replace("\0", "␀")
    try:
        return document_fromstring(text.encode(errors="replace"), parser=_parser())
    except (LxmlError, ValueError, AssertionError) as error:
        if "empty" in str(error).lower():
            raise Unreadable("no article text in it") from error
        raise Unreadable(f"its markup cannot be read ({one_line(error)})") from error


def _parser() -> HTMLParser:
    """A parser that drops comments and instructions: they would cut sentences in two."""
    return HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False,
        default_doctype=False, no_network=True, huge_tree=False,
    )  # fmt: skip


def _found(tree: HtmlElement, *, fast: bool) -> Any:
    """What trafilatura makes of it: the own way alone (`fast`), or with the fallbacks it knows."""
    try:
        return trafilatura.bare_extraction(
            tree, with_metadata=True, include_comments=False, fast=fast
        )
    except Exception as error:  # whatever markup does to the parsers, the file is named
        raise Unreadable(f"its markup cannot be read ({one_line(error)})") from error


def _document(given: Given, found: Any, declared: Declared) -> Document:
    url = addresses.web_address(given.location) or addresses.web_address(found.url or "")
    canonical = _canonical(declared, base=url)
    url = url or canonical
    host = addresses.host_of(url)
    names = [one for one in declared.authors if "://" not in one]
    author = label(found.author or ", ".join(dict.fromkeys(names)), LONGEST_AUTHOR)
    licence = label((declared.licences or [found.license or ""])[0], LONGEST_LICENCE)
    title, title_guessed = _chosen(found.title, declared.titles)
    source, source_guessed = _chosen(found.sitename, declared.sites)
    published_on, date_guessed = _date(found.date, declared.dates)
    guesses = {
        "title": title_guessed,
        "source": source_guessed,
        "published_on": date_guessed,
        "author": bool(found.author) and not _is_among(author, declared.authors),
        "licence": bool(licence) and not declared.licences,
        # What is set by a template is often wrong, so it counts as a guess.
        "language": bool(declared.language),
    }
    return Document(
        text=clean(found.text).strip("\n"),
        title=label(title or given.stem, LONGEST_TITLE),
        source=label(source or host, LONGEST_SOURCE) or UNKNOWN_SOURCE,
        url=url,
        published_on=published_on,
        language=declared.language,
        author=author,
        licence=licence,
        canonical=canonical,
        guessed=frozenset(name for name, is_guess in guesses.items() if is_guess),
    )


def _chosen(found: str | None, declared: list[str]) -> tuple[str, bool]:
    """What was found, and whether it is a guess: nothing the page declares says the same."""
    if not found:
        return (declared[0], False) if declared else ("", True)
    return found, not _is_among(found, declared)


def _is_among(value: str, declared: list[str]) -> bool:
    key = _key(value)
    return any(key == _key(one) or (len(key) > 3 and key in _key(one)) for one in declared)


def _key(value: str) -> str:
    return "".join(filter(str.isalnum, value.casefold()))


def _date(found: str | None, declared: list[str]) -> tuple[date | None, bool]:
    try:
        day = date.fromisoformat((found or "")[:10])
    except ValueError:
        return None, False
    return day, not any(day.isoformat() in one for one in declared)


def _canonical(declared: Declared, *, base: str) -> str:
    for address in declared.addresses:
        try:
            joined = urljoin(base, address.strip())
        except ValueError:
            continue
        # A front page is no address of one article: templates without care name it on each.
        if (whole := addresses.canonical(joined)) and not whole.endswith(
            f"{addresses.host_of(whole)}/"
        ):
            return whole
    return ""


def _declared(tree: HtmlElement) -> Declared:
    declared = Declared()
    fields = [
        (declared.titles, _TITLES), (declared.sites, _SITES), (declared.authors, _AUTHORS),
        (declared.dates, _DATES), (declared.licences, _LICENCES), (declared.addresses, {"og:url"}),
    ]  # fmt: skip
    for meta in tree.iter("meta"):
        value = (meta.get("content") or "").strip()
        names = {
            (meta.get(key) or "").strip().lower() for key in ("property", "name", "itemprop")
        } - {""}
        for values, known in fields:
            if value and names & known:
                values.append(value)
    for link in tree.iter("link", "a"):
        relations = (link.get("rel") or "").lower().split()
        if "canonical" in relations and link.tag == "link":
            declared.addresses.insert(0, link.get("href") or "")
        elif "license" in relations and link.get("href"):
            declared.licences.append(link.get("href") or "")
    declared.dates += [stamp.get("datetime") or "" for stamp in tree.iter("time")]
    declared.titles += [title.text_content() for title in tree.iter("title")][:1]
    _linked_data(tree, declared)
    html = tree if tree.tag == "html" else tree.find("html")
    language = ((html.get("lang") if html is not None else "") or "").strip()
    if _LANGUAGE.fullmatch(language):
        declared.language = re.split("[-_]", language)[0].lower()[:LONGEST_LANGUAGE]
    return declared


def linked_data(text: str) -> Iterator[str]:
    """Yield the JSON-LD blocks of a page, as they stand.

    :raises Unreadable: if its markup cannot be read.
    """
    yield from _blocks(tree_of(text))


def _blocks(tree: HtmlElement) -> Iterator[str]:
    for script in tree.iter("script"):
        if (script.get("type") or "").strip().lower() == "application/ld+json":
            yield script.text or ""


def _linked_data(tree: HtmlElement, declared: Declared) -> None:
    for block in _blocks(tree):
        try:
            data = json.loads(block[:MOST_JSON], strict=False)
        except (ValueError, RecursionError):
            continue
        for thing in _things(data):
            declared.titles += _texts(thing.get("headline"))
            declared.dates += _texts(thing.get("datePublished"))
            declared.authors += _texts(thing.get("author"))
            declared.sites += _texts(thing.get("publisher"))
            declared.licences += _texts(thing.get("license"))


def _things(data: object) -> Iterator[dict[str, Any]]:
    """The objects in JSON-LD, the outermost first, as far as `MOST_THINGS` goes.

    Without recursion: pages nest as deep as they like.
    """
    waiting = deque([data])
    for _ in range(MOST_THINGS):
        if not waiting:
            return
        one = waiting.popleft()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _texts(value: object) -> list[str]:
    """The names in a value that may be a text, a thing with a name, or a list of either."""
    several = value if isinstance(value, list) else [value]
    named = [one.get("name") or one.get("@id") if isinstance(one, dict) else one for one in several]
    return [one for one in named if isinstance(one, str) and one.strip()]

"""Word files: the paragraphs of their body, through defused XML, from bounded members."""

from __future__ import annotations

import zipfile
from datetime import date
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from claims.reading import archive
from claims.reading.values import (
    LONGEST_AUTHOR,
    LONGEST_LANGUAGE,
    LONGEST_TITLE,
    UNKNOWN_SOURCE,
    Document,
    Given,
    Unreadable,
    clean,
    label,
)

DEEPEST_ELEMENT = 200  # levels; a table in a table in a text box has some thirty
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
CORE = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}"
DUBLIN = "{http://purl.org/dc/elements/1.1/}"
TERMS = "{http://purl.org/dc/terms/}"
_BREAKS = {f"{WORD}tab": "\t", f"{WORD}br": "\n", f"{WORD}cr": "\n", f"{WORD}noBreakHyphen": "-"}
# Drawings repeat their words for older programs; what was deleted is not said any more.
_UNREAD = {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    f"{WORD}del", f"{WORD}moveFrom", f"{WORD}instrText",
}  # fmt: skip


def read(given: Given) -> Document:
    """Return the text of a Word file, a line for each paragraph, table cells as paragraphs.

    :raises Unreadable: if it is broken, no Word file, or without text.
    """
    with archive.opened(given.content) as parts:
        body = _member(parts, "word/document.xml", given)
        if body is None:
            raise Unreadable("a zip that calls itself a Word file but has no text part")
        core = _member(parts, "docProps/core.xml", given)
    text = clean(_paragraphs(body)).strip("\n")
    facts = _facts(core) if core else {}
    title = label(facts.get(f"{DUBLIN}title", ""), LONGEST_TITLE)
    first_line = text.strip().split("\n", 1)[0].strip()
    day = _day(facts.get(f"{TERMS}created", ""))
    guesses = {"title": not title, "published_on": day is not None}
    return Document(
        text=text,
        title=title or label(first_line or given.stem, LONGEST_TITLE),
        source=UNKNOWN_SOURCE,
        published_on=day,
        author=label(facts.get(f"{DUBLIN}creator", ""), LONGEST_AUTHOR),
        language=label(facts.get(f"{DUBLIN}language", "").split("-")[0], LONGEST_LANGUAGE),
        guessed=frozenset(name for name, is_guess in guesses.items() if is_guess),
    )


def _member(parts: zipfile.ZipFile, name: str, given: Given) -> bytes | None:
    try:
        info = parts.getinfo(name)
    except KeyError:
        return None
    return archive.unpacked(parts, info, given.budget)


def _paragraphs(content: bytes) -> str:
    lines, words, unread = [], [], 0
    for is_end, element in _walk(content):
        if element.tag in _UNREAD:
            unread += -1 if is_end else 1
        elif unread:
            continue
        elif not is_end:
            words.append(_BREAKS.get(element.tag, ""))
        elif element.tag == f"{WORD}t":
            words.append(element.text or "")
        elif element.tag == f"{WORD}p":
            lines.append("".join(words).strip())
            words = []
    return "\n".join([*lines, "".join(words).strip()])


def _facts(content: bytes) -> dict[str, str]:
    return {element.tag: element.text or "" for is_end, element in _walk(content) if is_end}


def _walk(content: bytes) -> list[tuple[bool, Element]]:
    """Every element as it begins and ends, in the order of the document.

    :raises Unreadable: if it is no XML, nests too deep, or declares entities.
    """
    found: list[tuple[bool, Element]] = []
    depth = 0
    parser = DefusedXMLParser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        for event, element in iterparse(BytesIO(content), events=("start", "end"), parser=parser):
            depth += -1 if event == "end" else 1
            if depth > DEEPEST_ELEMENT:
                raise Unreadable(f"its XML nests deeper than {DEEPEST_ELEMENT} levels")
            found.append((event == "end", element))
    except DefusedXmlException as error:
        raise Unreadable("its XML declares entities or a document type, which are not read"
                         ) from error  # fmt: skip
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(f"its XML is broken ({error})") from error
    return found


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None

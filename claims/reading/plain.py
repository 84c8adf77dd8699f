"""Plain text and Markdown, with facts at the head between `---` lines, if there are any."""

from __future__ import annotations

import re
from datetime import date

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
)

_FRONT = re.compile(r"---\n(.*?)\n---(?:\n|$)", re.DOTALL)
_HEADING = re.compile(r"#{1,6}\s+|\s+#+\s*$")
_SETEXT = re.compile(r"(?m)^(?:={3,}|-{3,})[ \t]*\n?")


def read(given: Given, *, markdown: bool = False) -> Document:
    """Return the article of a text file; Markdown loses the signs of its headings and links.

    :raises Unreadable: if it is not text, or a fact at its head is not what it should be.
    """
    text, encoding_guessed = charset.decoded(given.content, media_type=given.media_type)
    facts, body = _front_matter(clean(text))
    if markdown:
        body = without_markup(body)
    body = body.strip("\n")
    first_line = body.split("\n", 1)[0].strip()
    for name, longest in (("source", LONGEST_SOURCE), ("language", LONGEST_LANGUAGE)):
        if len(facts.get(name, "")) > longest:
            raise Unreadable(f"its {name} has more than {longest} characters")
    guesses = {"text": encoding_guessed, "title": not facts.get("title")}
    url = _address(facts.get("url", ""))
    return Document(
        text=body,
        title=label(facts.get("title") or first_line or given.stem, LONGEST_TITLE),
        source=label(facts.get("source", ""), LONGEST_SOURCE) or UNKNOWN_SOURCE,
        url=url or addresses.web_address(given.location),
        published_on=date_of(facts.get("date", "")),
        language=label(facts.get("language", ""), LONGEST_LANGUAGE),
        demo=facts.get("demo", "").lower() == "true",
        author=label(facts.get("author", ""), LONGEST_AUTHOR),
        licence=label(facts.get("licence") or facts.get("license") or "", LONGEST_LICENCE),
        guessed=frozenset(name for name, is_guess in guesses.items() if is_guess),
    )


def without_markup(text: str) -> str:
    """Return Markdown as its words: no heading signs, emphasis, link targets or HTML comments.

    Only what is surely markup goes; the rest is text as written.
    """
    text = re.sub(r"<!--.{0,10000}?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"!?\[([^\[\]\n]{0,500})\]\([^()\n]{0,2000}\)", r"\1", text)
    text = re.sub(
        r"(?<![\w*])(\*\*|__|\*|_)(?=\S)([^*_\n]{1,1000}?)(?<=\S)\1(?![\w*])", r"\2", text
    )
    text = _SETEXT.sub("", text)
    return "\n".join(_HEADING.sub("", line) if line.startswith("#") else line
                     for line in text.split("\n"))  # fmt: skip


def date_of(value: str) -> date | None:
    """Return the day that a fact names.

    :raises Unreadable: if it is none.
    """
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise Unreadable(f"“{label(value, 80)}” is not a date such as 2026-01-31") from error


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    match = _FRONT.match(text)
    if match is None:
        return {}, text
    facts = {}
    for number, line in enumerate(match[1].split("\n"), start=2):
        key, colon, value = line.partition(":")
        if not colon and line.strip():
            raise Unreadable(f"line {number} of the front matter is not “key: value”")
        facts[key.strip().lower()] = value.strip().strip("\"'")
    return facts, text[match.end() :]


def _address(value: str) -> str:
    address = addresses.web_address(value)
    if value and not address:
        raise Unreadable(f"“{label(value, 80)}” is not a web address")
    return address

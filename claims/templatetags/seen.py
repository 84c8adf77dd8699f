"""The filter `seen`: strangers' words on a page, with what cannot be seen in them named."""

from __future__ import annotations

from django import template
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString

from claims import marking
from claims.invisible import odd_in

register = template.Library()


@register.filter
def seen(text: object) -> str:
    """Return words as an article shows them: what is not what it looks like, by its name.

    Escaped where anything is named; else the words as they are, for the page to escape.
    """
    words = str(text)
    if not odd_in(words):
        return words
    return SafeString("\n".join(map(_line, words.split("\n"))))  # each line is escaped


def _line(line: str) -> str:
    if not odd_in(line):
        return escape(line)
    return "".join(
        render_to_string("desk/_article_text.html", {"paragraph": paragraph}).strip("\n")
        for paragraph in marking.paragraphs(line, [])
    )

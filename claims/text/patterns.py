"""The small language in which the rule files write their patterns.

A pattern is a row of words. Between two words a comma may stand, and right before one an elided
word: "information" also finds "l'information" and "d'information".

=============  ==============================================================
``word``       this word, in any case
``a|b``        one of these words
``verif*``     a word that begins so; ``*ly`` ends so
``{name}``     one of the phrases listed under that name; ``{name}|word`` too
``word?``      the word may be missing; ``{name}?`` too
``{name}..3``  up to three of them
``..3``        up to three words of any kind
=============  ==============================================================

A pattern begins and ends with something that cannot be missing, and gaps have a limit: so every
pattern takes a time linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GAP = r",?\s++(?:[-–—]{1,3}\s++)?"  # between two words
ELIDED = r"(?:(?:[cdjlmnst]|(?:jus|lors|puis)?qu)')?"  # a word cut short, as in l'information
ANY_WORD = r"""[^\s,;:!?"()\[\]]++"""
REPEATED = re.compile(r"(?P<what>.*?)(?:\.\.(?P<most>\d)|(?P<maybe>\?))?\Z")

Phrases = Mapping[str, Sequence[str]]


class Malformed(ValueError):
    """A pattern that is not written in the language; says which and why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern, and `stems` one of which is in every text that it matches."""

    regex: re.Pattern[str]
    stems: frozenset[str]


def compile_pattern(source: str, phrases: Phrases) -> Pattern:
    """Compile `source`, whose `{names}` are in `phrases`, to match folded text.

    :raises Malformed: if it begins or ends with something that may be missing, or names no phrase.
    """
    regex, stems = _row(source, phrases, ())
    return Pattern(re.compile(rf"(?<![\w']){ELIDED}(?:{regex})"), stems)


def any_of(sources: Sequence[str], phrases: Phrases) -> str:
    """Any of the patterns `sources` as a regular expression; without any, one that never matches.

    :raises Malformed: like `compile_pattern`.
    """
    if not sources:
        return r"(?!)"
    return ELIDED + "(?:" + "|".join(_row(source, phrases, ())[0] for source in sources) + ")"


def _row(source: str, phrases: Phrases, within: tuple[str, ...]) -> tuple[str, frozenset[str]]:
    words = source.split()
    regex, best = "", frozenset[str]()
    for index, word in enumerate(words):
        what, most = _repeats(word)
        if most is not None and index in (0, len(words) - 1):
            raise Malformed(f"{source!r}: {word!r} may be missing, so it cannot stand at an end")
        piece, stems = _piece(what, phrases, within, source)
        gap = (GAP + ELIDED if what else GAP) if index else ""
        if most is not None:
            regex += rf"(?:{gap}{piece}){{0,{most}}}{'?' if not what else ''}"
        else:
            regex += gap + piece
            if min(map(len, stems)) > min(map(len, best), default=0):
                best = stems
    if not best:
        raise Malformed(f"{source!r}: nothing in it to look for")
    return regex, best


def _repeats(word: str) -> tuple[str, int | None]:
    """What may be repeated, and how often at most; None when it stands exactly once."""
    parts = REPEATED.match(word)
    if parts is None or parts["most"] is parts["maybe"] is None:
        return word, None
    return parts["what"], int(parts["most"] or 1)


def _piece(
    what: str, phrases: Phrases, within: tuple[str, ...], source: str
) -> tuple[str, frozenset[str]]:
    """Any of the alternatives in `what`: words, and phrases by the name of their list."""
    if not what:
        return ANY_WORD, frozenset()
    words, rows = [], []
    for option in what.split("|"):
        if not option.startswith("{"):
            words.append(option)
            continue
        name = option.strip("{}")
        if name not in phrases or name in within:
            raise Malformed(f"{source!r}: no phrases are called {name!r}, or they name themselves")
        for phrase in phrases[name]:
            if _is_words(phrase):
                words.extend(phrase.split("|"))
            else:
                rows.append(_row(phrase, phrases, (*within, name)))
    if words:
        rows.append(_words(words))
    stems = frozenset[str]().union(*(found for _, found in rows))
    return "(?:" + "|".join(regex for regex, _ in rows) + ")", stems


def _is_words(phrase: str) -> bool:
    return not set(phrase) & set(" {}?") and ".." not in phrase


def _words(words: Sequence[str]) -> tuple[str, frozenset[str]]:
    """One of `words`, whole; the longest first, as the first that fits is taken."""
    parts = []
    for word in sorted(words, key=len, reverse=True):
        start = r"\w*" if word.startswith("*") else ""
        end = r"[\w'-]*+" if word.endswith("*") else ""
        parts.append(start + re.escape(word.strip("*")) + end)
    stems = frozenset(word.strip("*") for word in words)
    return rf"(?:{'|'.join(parts)})(?![\w])", stems

"""What in a text cannot be seen, or is not what it looks like: found, to be shown.

Pure: text in, passages out. Nothing is taken out of the text; every offset stays what it was.
Names and classes of characters are those of Python's `unicodedata`. A word is suspicious if it
mixes letters of two alphabets that look alike; one written wholly in the wrong alphabet is not
found, because nothing in it says which would be the right one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Characters with a shape, a job or a meaning of their own although Unicode calls them format or
# control: soft hyphens, tabs; and joiners where a script or an emoji needs them (`_is_at_home`).
ALLOWED = {"\t", "\n", "\u00ad"}
JOINERS = {"\u200c", "\u200d"}
# Directional marks stand in every Arabic or Hebrew text by right; there they only help.
DIRECTIONAL = {"\u200e", "\u200f", "\u061c"}
REPLACED = "␀"  # how a NUL is stored, which the database does not take
LOOK_ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")
_SUSPECT = re.compile(
    "[^\\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2400\u2800\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\ufffd-\uffff\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
# What XML 1.0 has no way to write, not even escaped: one such character breaks a whole feed.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")  # seen as the gaps they are
_WORD = re.compile(r"[^\W\d_]{2,}")
_NAMES = {
    REPLACED: "NUL", "\ufffd": "character that could not be read", "\u2800": "braille blank",
    "\u3164": "hangul filler", "\uffa0": "hangul filler", "\u0085": "next line",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Odd:
    """A passage that is not what it looks like: half-open characters, and what it is in words."""

    start: int
    end: int
    name: str
    is_word: bool = False  # letters that can be seen, but of two alphabets


def odd_in(text: str) -> list[Odd]:
    """Return what in `text` cannot be seen or is not what it looks like, in reading order.

    Characters of one kind that stand together are one passage. Cost: linear.
    """
    found: list[Odd] = []
    for match in _SUSPECT.finditer(text):
        name = _name(text, match.start())
        if not name:
            continue
        last = found[-1] if found else None
        if last and last.end == match.start() and last.name == name:
            found[-1] = Odd(last.start, match.end(), name)
        else:
            found.append(Odd(match.start(), match.end(), name))
    if not text.isascii():
        found += [
            Odd(word.start(), word.end(), mixed, is_word=True)
            for word in _WORD.finditer(text)
            if not word.group().isascii() and (mixed := _mixed(word.group()))
        ]
    return sorted(found, key=lambda odd: (odd.start, odd.end))


def summary(found: list[Odd]) -> str:
    """Return one sentence on what was found, for the head of an article; "" if nothing was."""
    characters = sum(odd.end - odd.start for odd in found if not odd.is_word)
    words = sum(odd.is_word for odd in found)
    parts = []
    if characters:
        parts.append(f"{characters} character{'s' * (characters > 1)} that cannot be seen")
    if words:
        parts.append(f"{words} word{'s' * (words > 1)} mixing letters of two alphabets")
    return f"This text holds {' and '.join(parts)}. They are marked where they stand." * bool(parts)


def unwritable_in(text: str) -> Odd | None:
    """Return the first character of `text` that no feed can hold; None if there is none."""
    found = _UNWRITABLE.search(text)
    return Odd(found.start(), found.end(), _name(text, found.start())) if found else None


def writable(text: str) -> str:
    """Return `text` with the replacement character for each one that no feed can hold.

    For what is written for others; of what was received nothing is replaced.
    """
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _name(text: str, at: int) -> str:
    """What the character at `at` is called; "" if it is as it should be there."""
    letter = text[at]
    if letter in ALLOWED or _SPACES.match(letter) or _is_at_home(text, at):
        return ""
    if letter in _NAMES:
        return _NAMES[letter]
    if 0xE0020 <= ord(letter) <= 0xE007F:
        return "hidden tag"
    if 0xFE00 <= ord(letter) <= 0xFE0F or 0xE0100 <= ord(letter) <= 0xE01EF:
        return "variation selector"
    named = unicodedata.name(letter, "").lower()
    return named or f"character U+{ord(letter):04X}"


def _is_at_home(text: str, at: int) -> bool:
    """Whether a joiner, selector or directional mark does its job between its neighbours."""
    letter, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if letter in DIRECTIONAL:
        nearby = set(text[max(at - 40, 0) : at + 40]) - DIRECTIONAL
        return any(map(_is_right_to_left, nearby))
    if letter in JOINERS:
        return bool(before and after) and not (before + after).isascii()
    if 0xFE00 <= ord(letter) <= 0xFE0F:
        return bool(before) and (not before.isascii() or before in "#*0123456789")
    return False


def _is_right_to_left(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in ("R", "AL")


def _mixed(word: str) -> str:
    """Of which look-alike alphabets a word is mixed, in words; "" if it is not."""
    scripts = list(dict.fromkeys(script for letter in word if (script := _script(letter))))
    if len(scripts) < 2:
        return ""
    *first, last = (script.capitalize() for script in scripts)
    return f"mixes {', '.join(first)} and {last} letters"


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    """The look-alike alphabet of a letter, by its name; "" for all others, and for µ and Ω."""
    if unicodedata.decomposition(letter).startswith("<"):
        return ""
    name = unicodedata.name(letter, "")
    return next((script for script in LOOK_ALIKE if name.startswith(f"{script} ")), "")

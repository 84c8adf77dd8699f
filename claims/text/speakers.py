"""Whom the words before "said" name, with what the article told us before."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from claims.text.folding import fold
from claims.text.names import Names
from claims.text.rules import RuleBook
from claims.text.values import Span

Kind = Literal["person", "organisation", "anonymous", "none"]

CAPITAL = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽА-ЯЁЄІЇҐ"
CAPITALISED = re.compile(
    rf"[{CAPITAL}][\w’'-]*\.?"
    rf"(?:\s(?:(?:de|da|del|van|von|der|al|bin|ibn|el|la)\s)?[{CAPITAL}][\w’'-]*\.?){{0,6}}"
)
NOT_THE_HEAD = re.compile(r"(?:\b(?:of|at|in|from|for|with|near|to|outside)(?:\sthe)?)\s\Z")
PAIR = re.compile(
    rf"(?<![\w/’'-])([{CAPITAL}][\w-]+)\s(?=([{CAPITAL}][\w-]+)(?!['’]s\s[{CAPITAL}]|\s[{CAPITAL}]))"
)
PATRONYMIC = re.compile(r"(?:вич|вна|ична|инична|івна|ївна|вича|вны|вни|івни|ївни)\Z")
MODIFIES = re.compile(
    r"\s(?!(?:to|in|at|of|from|who|on|and|with|by|for|as|or|during|after)\b)[a-z]"
)
POSSESSIVE = re.compile(r"['’]s\Z|s['’]\Z")
LONGEST_NAME = 80
LATELY = 20  # organisations: an earlier one is not meant by "the ministry"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A claimant: the name in full where the article gives it, and what kind of claimant it is."""

    name: str
    kind: Kind


UNNAMED = Speaker("", "anonymous")


class Cast:
    """Who has been named so far, to tell whom "he", "Mr Berg" or "the ministry" stands for."""

    def __init__(self, text: str, names: Names, book: RuleBook) -> None:
        self.text = text
        self.names = names
        self.he_or_she = book.set_of("attribution", "he") | book.set_of("attribution", "she")
        self.it = book.set_of("attribution", "it")
        self.unnamed = book.set_of("attribution", "they") | book.set_of("attribution", "i")
        self.titles = book.set_of("attribution", "titles")
        self.organisation_words = book.set_of("attribution", "organisation_words")
        self.standing_for = book.set_of("attribution", "standing_for")
        self.people_words = book.set_of("attribution", "people_words")
        self.not_first_names = book.set_of("attribution", "not_first_names")
        self.places = book.set_of("attribution", "places")
        self.nominatives = book.words.get("nominatives", {})
        by_words = "|".join(map(re.escape, book.set_of("attribution", "by_words")))
        self._after_by = re.compile(rf"(?<![\w'-])(?:{by_words})\W*\Z")
        endings = sorted(book.set_of("coverage", "name_endings"), key=len, reverse=True)
        self._ending = re.compile(rf"(?<=\w\w\w)(?:{'|'.join(endings)})\Z") if endings else None
        self._full_names: dict[str, str] = {}  # by the key of the surname
        self._pairs: dict[str, str] | None = None
        self._person = ""
        self._organisations: list[str] = []

    def speaker(self, words: Span) -> Speaker:
        """Whom `words` name, and remember them."""
        found = self._read(words)
        if found.kind == "person" and found.name:
            self._person = found.name
        elif found.kind == "organisation" and found.name:
            self._organisations.append(found.name)
        return found

    def _read(self, words: Span) -> Speaker:
        plain = fold(words.of(self.text)).text.strip(" ,-–—")
        last = plain.rsplit(" ", 1)[-1]
        if last in self.he_or_she:
            return Speaker(self._person, "person") if self._person else UNNAMED
        if last in self.it:
            return self._last_organisation("")
        if plain in self.unnamed:
            return Speaker(plain, "anonymous")
        if person := self._person_in(words):
            return Speaker(person, "person")
        if known := next(self.names.within(words), None) or self.names.ending(words):
            return Speaker(known.name, "organisation")
        if organisation := self._organisation_in(words):
            return Speaker(organisation, "organisation")
        head = next((word for word in reversed(plain.split()) if word in self.standing_for), "")
        if head and plain.startswith(("the ", "this ", "that ", "its ")):
            return self._last_organisation(head)
        return Speaker(_shortened(words.of(self.text)), "anonymous")

    def _last_organisation(self, head: str) -> Speaker:
        """The last organisation to speak that `head` may stand for; "" for any."""
        may_be_outlet = head not in {"ministry", "update"}
        for name in reversed(self._organisations[-LATELY:]):
            if not head or head in name.lower() or (may_be_outlet and name in self.names.outlets):
                return Speaker(name, "organisation")
        return Speaker(self._organisations[-1], "organisation") if self._organisations else UNNAMED

    def _person_in(self, words: Span) -> str:
        for found in CAPITALISED.finditer(self.text, words.start, words.end):
            name = self._person_name(found, words)
            if name:
                return name
        return ""

    def _person_name(self, found: re.Match[str], words: Span) -> str:
        """The full name of the person that `found` names; "" when it names no person."""
        raw = found.group()
        before = self.text[max(words.start, found.start() - 14) : found.start()]
        if POSSESSIVE.search(raw) or NOT_THE_HEAD.search(before) or self._is_listed(found):
            return ""
        parts = [part for part in raw.split() if part.strip(".").lower() not in self.titles]
        titled = len(parts) < len(raw.split())
        low = {part.lower().strip(".") for part in parts}
        if not parts or low & self.organisation_words or (low <= self.places) or parts[0] == "The":
            return ""
        parts = (
            [part for part in parts if part.lower() not in self.places] if len(parts) > 2 else parts
        )
        if len(parts) > 2 and parts[0].lower() in self.not_first_names:
            parts = parts[1:]  # "Der Zeuge Jonas Berg": the title went, its article stays
        if self.nominatives and titled and len(parts) == 3 and not PATRONYMIC.search(parts[1]):
            parts = parts[1:]  # "мэр Каменки Анна Речная": the place before the name
        name = self._nominative(parts, words.start)
        if len(parts) > 1:
            unnamed = parts[0].lower() in self.not_first_names
            return "" if unnamed else self._remembered(parts, name)
        if MODIFIES.match(self.text, found.end(), words.end):
            return ""
        if full := self._full_names.get(self._key(name)) or self._first_names().get(name):
            return full
        if name in self._full_names.values() or titled or self._looks_personal(found, words):
            self._full_names[self._key(name)] = name
            return name
        return ""

    def _remembered(self, parts: list[str], name: str) -> str:
        """The name under which these parts were first seen, in whatever case; else `name`."""
        key = self._key(parts[-1])
        known = self._full_names.get(key, "")
        if [*map(self._key, known.split())] != [*map(self._key, parts)]:
            self._full_names[key] = known = name
        return known

    def _key(self, surname: str) -> str:
        """What the cases of a surname have in common."""
        return self._ending.sub("", surname) if self._ending else surname

    def _nominative(self, parts: list[str], position: int) -> str:
        """The name as its owner gives it, where a word before it asks for the genitive."""
        before = fold(self.text[max(0, position - LONGEST_NAME) : position]).text
        if not self.nominatives or not self._after_by.search(before):
            return " ".join(parts)
        feminine = parts[0].endswith(tuple(self.nominatives["feminine_first_names"]))
        endings = self.nominatives["feminine" if feminine else "masculine"]
        return " ".join(_with_ending(part, endings) for part in parts)

    def _first_names(self) -> dict[str, str]:
        """For every surname the full name that the article gives most often. One pass, kept."""
        if self._pairs is None:
            counted: Counter[tuple[str, str]] = Counter()
            skipped = self.titles | self.places | self.organisation_words | self.not_first_names
            for found in PAIR.finditer(self.text):
                first, last = found.groups()
                if first.lower() not in skipped:
                    counted[last, first] += 1
            self._pairs = {}
            for (last, first), _ in counted.most_common():
                self._pairs.setdefault(last, f"{first} {last}")
        return self._pairs

    def _looks_personal(self, found: re.Match[str], words: Span) -> bool:
        """One capitalised word: "Aida, a nurse from", or "Aida" and nothing else."""
        name = found.group().lower()
        if name in {
            "the",
            "a",
            "an",
            "one",
            "some",
            "other",
            "others",
            "media",
            "officials",
            "experts",
            "sources",
        }:
            return False
        rest = self.text[found.end() : words.end]
        if described := re.match(r",?\s(?:an?|the|who|\d\d),?\s((?:[\w-]+\s?){1,5})", rest):
            return (
                bool(set(fold(described.group(1)).text.split()) & self.people_words)
                or "who" in rest[:6]
            )
        alone = not rest.strip(" ,") and not self.text[words.start : found.start()].strip(' ,“"')
        return alone and not name.endswith(("ans", "ists", "ers")) and name not in self.places

    def _is_listed(self, found: re.Match[str]) -> bool:
        around = Span(max(0, found.start() - LONGEST_NAME), found.end() + LONGEST_NAME)
        return any(name.span.overlaps(Span(*found.span())) for name in self.names.within(around))

    def _organisation_in(self, words: Span) -> str:
        for found in CAPITALISED.finditer(self.text, words.start, words.end):
            raw = POSSESSIVE.sub("", found.group())
            while (first := raw.partition(" "))[0].lower() in self.not_first_names and first[2]:
                raw = first[2]
            low = {part.lower() for part in raw.split()}
            before = self.text[max(words.start, found.start() - 14) : found.start()]
            is_place = low & self.places and before.strip().lower() in {"", "the"}
            if (low & self.organisation_words and not NOT_THE_HEAD.search(before)) or is_place:
                if self.nominatives:  # "в Министерстве обороны": in another case, and longer
                    raw = _with_ending(raw, self.nominatives["organisations"])
                    raw += self.text[found.end() : words.end]
                return raw.removeprefix("The ")[:LONGEST_NAME]
        return ""


def _with_ending(word: str, endings: dict[str, str]) -> str:
    """`word` with the longest of `endings` replaced by what it stands for."""
    ending = max((one for one in endings if word.endswith(one)), key=len, default="")
    return word.removesuffix(ending) + endings.get(ending, "")


def _shortened(words: str) -> str:
    line = " ".join(words.split()).strip(' ,-–—"“”')
    return line[:LONGEST_NAME].rsplit(" ", 1)[0] if len(line) > LONGEST_NAME else line

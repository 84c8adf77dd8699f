"""Whom the words before "said" name, with what the article told us before."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from claims.text.folding import Folded, fold
from claims.text.names import Names
from claims.text.rules import RuleBook, rule_book
from claims.text.values import Span

Kind = Literal["person", "organisation", "anonymous", "none"]

CAPITAL = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽА-ЯЁЄІЇҐ"
CAPITALISED = re.compile(
    rf"[{CAPITAL}][\w’'-]*\.?"
    rf"(?:\s(?:(?:de|da|del|van|von|der|al|bin|ibn|el|la)\s)?[{CAPITAL}][\w’'-]*\.?){{0,6}}"
)
PAIR = re.compile(
    rf"([{CAPITAL}](?<![\w/’'-].)[\w-]+)\s(?=([{CAPITAL}][\w-]+)(?!['’]s\s[{CAPITAL}]|\s[{CAPITAL}]))"
)
PATRONYMIC = re.compile(r"(?:вич|вна|ична|инична|івна|ївна|вича|вны|вни|івни|ївни)\Z")
OPENING = "\"'“”„«»‘’([–—-"
SHORTEST_PARTICIPLE = 6  # letters: "saying", not "king"
NEVER = r"(?!)"
LONGEST_NAME = 80
LATELY = 20  # organisations: an earlier one is not meant by "the ministry"


class Speaker(NamedTuple):
    """A claimant: the name in full where the article gives it, and what kind of claimant it is."""

    name: str
    kind: Kind


UNNAMED = Speaker("", "anonymous")


class Cast:
    """Who has been named so far, to tell whom "he", "Mr Berg" or "the ministry" stands for."""

    def __init__(self, text: str, folded: Folded, names: Names, book: RuleBook) -> None:
        self.text, self.folded = text, folded
        self.names = names
        self.he_or_she = book.set_of("attribution", "he") | book.set_of("attribution", "she")
        self.it = book.set_of("attribution", "it")
        self.pointing = book.set_of("attribution", "pointing")
        self.determiners = book.set_of("attribution", "determiners")
        self.relatives = book.set_of("attribution", "relatives")
        self.before_inner = book.set_of("attribution", "before_inner")
        self.participle_endings = tuple(book.set_of("attribution", "participle_endings")) or "\n"
        self.documents = book.set_of("attribution", "documents")
        self.no_outlets = book.set_of("attribution", "no_outlets")
        self.group_names = book.set_of("attribution", "group_names")
        self.group_endings = tuple(book.set_of("attribution", "group_endings"))
        self._patterns = _patterns(book.language)
        self.unnamed = book.set_of("attribution", "they") | book.set_of("attribution", "i")
        self.pronouns = self.he_or_she | self.it | self.unnamed
        self.titles = book.set_of("attribution", "titles")
        self.organisation_words = book.set_of("attribution", "organisation_words")
        self.standing_for = book.set_of("attribution", "standing_for")
        self.people_words = book.set_of("attribution", "people_words")
        self.offices = self.people_words | self.titles | self.organisation_words
        self.not_first_names = book.set_of("attribution", "not_first_names")
        self.places = book.set_of("attribution", "places")
        self.no_surnames = self.organisation_words | self.places
        self.no_persons = self.places | self.pronouns
        self.nominatives = book.words.get("nominatives", {})
        self._full_names: dict[str, str] = {}  # by the key of the surname
        self._pairs: dict[str, str] | None = None
        self._mentions: list[tuple[int, str]] | None = None
        self._person, self._named_at = "", 0  # who spoke last, and where that is said
        self._organisations: list[str] = []

    def speaker(self, words: Span) -> Speaker:
        """Whom `words` name, and remember them."""
        found = self._read(words)
        if found.kind == "person" and found.name:
            self._person, self._named_at = found.name, words.start
        elif found.kind == "organisation":
            self._organisations.append(found.name)
        elif self._is_somebody(words):
            self._person = (
                ""  # "he" may now mean the neighbour who spoke, whose name we do not know
            )
        return found

    def _read(self, words: Span) -> Speaker:
        plain = self.folded.of(words).strip(" ,-–—")
        first, last = plain.partition(" ")[0], plain.rpartition(" ")[2]
        if last in self.he_or_she:
            name = self._last_person(words.start)
            return Speaker(name, "person") if name else UNNAMED
        if last in self.it:
            return self._last_organisation() or UNNAMED
        if plain in self.unnamed:
            return Speaker(plain, "anonymous")
        if person := self._person_in(words):
            return Speaker(person, "person")
        if known := next(self.names.within(words), None) or self.names.ending(words):
            return Speaker(known.name, "organisation")
        if organisation := self._organisation_in(words):
            return Speaker(organisation, "organisation")
        head = next((word for word in reversed(plain.split()) if word in self.standing_for), "")
        if head and first in self.pointing and (meant := self._last_organisation(head)):
            return meant
        return Speaker(_shortened(words.of(self.text)), "anonymous")

    def _last_person(self, position: int) -> str:
        """Who spoke last, if the text names nobody else between there and `position`."""
        if not self._person:
            return ""
        mentions = self._mentioned()
        first = bisect_left(mentions, (self._named_at, ""))
        until = bisect_left(mentions, (position, ""))
        surname = self._key(self._person.rpartition(" ")[2])
        others = {name for _, name in mentions[first:until]} - {surname}
        return "" if others else self._person

    def _mentioned(self) -> list[tuple[int, str]]:
        """Where the text names a person: the key of the surname. One pass, kept."""
        if self._mentions is None:
            known = self._first_names()
            self._mentions = [
                (found.start(), self._key(name))
                for found in CAPITALISED.finditer(self.text)
                if (name := found.group().rpartition(" ")[2]) in known
                and not self._is_inner(found, 0)
                and not self._is_listed(found)
                and name.lower() not in self.no_surnames
            ]
        return self._mentions

    def _last_organisation(self, head: str = "") -> Speaker | None:
        """The last organisation to speak that `head` may stand for; "" for any."""
        for name in reversed(self._organisations[-LATELY:]):
            outlet = head not in self.no_outlets and name in self.names.outlets
            if not head or head in self.documents or head in name.lower() or outlet:
                return Speaker(name, "organisation")
        return None

    def _is_somebody(self, words: Span) -> bool:
        """Whether the words mean one person without a name: "a neighbour", "the mayor"."""
        told = self.folded.of(words).replace(",", " ").split()
        return not (self.people_words.isdisjoint(told) and self.titles.isdisjoint(told))

    def _is_inner(self, found: re.Match[str], start: int) -> bool:
        """Whether a name only tells more of another noun: "of Oslo", "who knew Berg"."""
        before = self.text[max(start, found.start() - LONGEST_NAME) : found.start()].lower()
        if not before or not before[-1].isspace():
            return False
        words = [word.lstrip(OPENING) for word in before.rsplit(None, 2)[-2:]]
        if not words:
            return False
        last = words[-2] if len(words) > 1 and words[-1] in self.determiners else words[-1]
        if not {last, words[-1]}.isdisjoint(self.before_inner):
            return True
        if last.endswith(self.participle_endings) and len(last) >= SHORTEST_PARTICIPLE:
            return True
        clause = before.rpartition(",")[2].split()[:-1]
        return not self.relatives.isdisjoint([word.lstrip(OPENING) for word in clause])

    def _person_in(self, words: Span) -> str:
        for found in CAPITALISED.finditer(self.text, words.start, words.end):
            name = self._person_name(found, words)
            if name:
                return name
        return ""

    def _person_name(self, found: re.Match[str], words: Span) -> str:
        """The full name of the person that `found` names; "" when it names no person."""
        raw = found.group()
        owns = self._patterns.possessive.search(raw) and found.end() < words.end
        if owns or self._is_inner(found, words.start) or self._is_listed(found):
            return ""
        raw = self._patterns.possessive.sub("", raw)
        parts = self._without_titles(raw.split())
        titled = len(parts) < len(raw.split())
        low = {part.lower().strip(".") for part in parts}
        if not parts or low & self.organisation_words or low <= self.no_persons:
            return ""
        parts = (
            [part for part in parts if part.lower() not in self.places] if len(parts) > 2 else parts
        )
        if self.nominatives and titled and len(parts) == 3 and not PATRONYMIC.search(parts[1]):
            parts = parts[1:]  # "мэр Каменки Анна Речная": the place before the name
        name = self._nominative(parts, words.start)
        if len(parts) > 1:
            unnamed = parts[0].lower() in self.not_first_names
            return "" if unnamed else self._remembered(parts, name)
        if self._patterns.modifies.match(self.text, found.end(), words.end):
            return ""
        if full := self._full_names.get(self._key(name)) or self._first_names().get(name):
            return full
        if name in self._full_names.values() or titled or self._looks_personal(found, words):
            self._full_names[self._key(name)] = name
            return name
        return ""

    def _without_titles(self, parts: list[str]) -> list[str]:
        """A name without what stands before its last title: "Labour Home Secretary Mira Holt"."""
        titles = [n for n, part in enumerate(parts) if part.strip(".").lower() in self.titles]
        after = parts[titles[-1] + 1 :] if titles else []
        return after or [part for n, part in enumerate(parts) if n not in titles]

    def _remembered(self, parts: list[str], name: str) -> str:
        """The name under which these parts were first seen, in whatever case; else `name`."""
        key = self._key(parts[-1])
        known = self._full_names.get(key, "")
        if [*map(self._key, known.split())] != [*map(self._key, parts)]:
            self._full_names[key] = known = name
        return known

    def _key(self, surname: str) -> str:
        """What the cases of a surname have in common."""
        return self._patterns.ending.sub("", surname)

    def _nominative(self, parts: list[str], position: int) -> str:
        """The name as its owner gives it, where a word before it asks for the genitive."""
        if not self.nominatives:
            return " ".join(parts)
        before = self.folded.of(Span(max(0, position - LONGEST_NAME), position))
        if not self._patterns.after_by.search(before):
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
        if name in self.group_names:
            return False
        rest = self.text[found.end() : words.end]
        if described := self._patterns.described.match(rest):
            told = set(fold(described["told"]).text.split())
            return bool(described["who"]) or not told.isdisjoint(self.people_words)
        alone = not rest.strip(" ,") and not self.text[words.start : found.start()].strip(' ,“"')
        return alone and not name.endswith(self.group_endings or "\n") and name not in self.places

    def _is_listed(self, found: re.Match[str]) -> bool:
        around = Span(max(0, found.start() - LONGEST_NAME), found.end() + LONGEST_NAME)
        return any(name.span.overlaps(Span(*found.span())) for name in self.names.within(around))

    def _organisation_in(self, words: Span) -> str:
        for found in CAPITALISED.finditer(self.text, words.start, words.end):
            raw = self._patterns.possessive.sub("", found.group())
            while (first := raw.partition(" "))[0].lower() in self.not_first_names and first[2]:
                raw = first[2]
            low = {part.lower() for part in raw.split()}
            before = self.text[max(words.start, found.start() - LONGEST_NAME) : found.start()]
            opens = not before.strip() or before.strip().lower() in self.pointing
            if (low & self.organisation_words and not self._is_inner(found, words.start)) or (
                low & self.places and opens
            ):
                if self.nominatives:  # "в Министерстве обороны": in another case, and longer
                    raw = _with_ending(raw, self.nominatives["organisations"])
                    raw += self.text[found.end() : words.end]
                return raw[:LONGEST_NAME]
        return ""


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The lists of one language that are matched as patterns.

    :ivar modifies: after a name that tells more of another noun.
    :ivar described: what is told of a name right after it.
    """

    modifies: re.Pattern[str]
    described: re.Pattern[str]
    possessive: re.Pattern[str]
    after_by: re.Pattern[str]
    ending: re.Pattern[str]


@cache
def _patterns(language: str) -> _Patterns:
    book = rule_book(language)

    def any_of(name: str, section: str = "attribution") -> str:
        words = sorted(book.set_of(section, name), key=len, reverse=True)
        return f"(?:{'|'.join(map(re.escape, words)) or NEVER})"

    determiners, relatives = any_of("determiners"), any_of("relatives")
    possessive = any_of("possessive_endings").replace("'", "['’]")
    flags = re.IGNORECASE
    return _Patterns(
        modifies=re.compile(rf"\s(?!{any_of('after_names')}\b)[a-zà-ÿ]"),
        described=re.compile(
            rf"(?:,?\s(?:(?P<who>{relatives})|{determiners}|\d\d),?|,)\s(?P<told>(?:[\w-]+\s?){{1,5}})",
            flags,
        ),
        possessive=re.compile(rf"{possessive}\Z"),
        after_by=re.compile(rf"(?<![\w'-]){any_of('by_words')}\W*\Z"),
        ending=re.compile(rf"(?<=\w\w\w){any_of('name_endings', 'coverage')}\Z"),
    )


def _with_ending(word: str, endings: dict[str, str]) -> str:
    """`word` with the longest of `endings` replaced by what it stands for."""
    ending = max((one for one in endings if word.endswith(one)), key=len, default="")
    return word.removesuffix(ending) + endings.get(ending, "")


def _shortened(words: str) -> str:
    """What is shown of a claimant without a name: up to the comma before what is told of it."""
    line = " ".join(words.split()).strip(' ,-–—"“”').partition(", ")[0]
    return line[:LONGEST_NAME].rsplit(" ", 1)[0] if len(line) > LONGEST_NAME else line

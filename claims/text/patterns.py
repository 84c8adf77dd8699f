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
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import ahocorasick

GAP = r",?\s++(?:[-–—]{1,3}\s++)?"  # between two words
ELIDED = r"(?:(?:[cdjlmnst]|(?:jus|lors|puis)?qu)')?"  # a word cut short, as in l'information
ANY_WORD = r"""[^\s,;:!?"()\[\]]++"""
FEW_STEMS = 12  # looking for more of them costs as much as trying the pattern
SHRINKS = 3.0  # by so much a word is rarer than one a letter shorter
REPEATED = re.compile(r"(?P<what>.*?)(?:\.\.(?P<most>\d)|(?P<maybe>\?))?\Z")

Phrases = Mapping[str, Sequence[str]]


class Malformed(ValueError):
    """A pattern that is not written in the language; says which and why."""


@dataclass(frozen=True)
class Pattern:
    """A pattern as a regular expression for folded text, and what tells cheaply where to try it.

    :ivar stems: one of them is in every text that it matches.
    :ivar others: so is one of each of these.
    """

    source: str
    stems: frozenset[str]
    others: tuple[frozenset[str], ...]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The pattern, compiled when it is first tried: most are not tried on most texts."""
        return re.compile(self.source)

    def may_be_in(self, words: str) -> bool:
        """Whether `words`, which hold one of `stems`, hold one of each of the others."""
        for stems in self.others:
            for stem in stems:
                if stem in words:
                    break
            else:
                return False
        return True


class Sieve:
    """Many patterns, to be told which of them a part of a text may match.

    One pass over the text finds the stems of all of them, however many there are.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = patterns
        numbers: dict[str, set[int]] = {}
        for number, pattern in enumerate(patterns):
            for stem in pattern.stems:
                numbers.setdefault(stem, set()).add(number)
        self._automaton = ahocorasick.Automaton()
        for stem, found in numbers.items():
            self._automaton.add_word(stem, frozenset(found))
        self._automaton.make_automaton()

    def may_match(self, text: str) -> bool:
        """Whether any of the patterns may match somewhere in the folded `text`."""
        return bool(self.patterns) and next(self._automaton.iter(text), None) is not None

    def sift(self, text: str, parts: Sequence[tuple[int, int]]) -> Iterator[tuple[int, list[int]]]:
        """The parts that may match any pattern, by number, each with the numbers of those.

        :param text: folded.
        :param parts: half-open positions in it, in order, none overlapping.
        """
        asked: dict[int, set[int]] = {}
        hits = self._automaton.iter(text) if len(self._automaton) else ()
        ends = [end for _, end in parts]
        for last, numbers in hits:
            index = bisect_right(ends, last)
            if index in asked:
                asked[index] |= numbers
            else:
                asked[index] = {*numbers}
        asked.pop(len(parts), None)
        for index, numbers in asked.items():
            words = text[slice(*parts[index])]
            may = [n for n in sorted(numbers) if self.patterns[n].may_be_in(words)]
            if may:
                yield index, may


def compile_pattern(source: str, phrases: Phrases) -> Pattern:
    """Read one pattern, whose `{names}` are in `phrases`.

    :raises Malformed: like `PatternReader.pattern`.
    """
    return PatternReader(phrases).pattern(source)


class PatternReader:
    """Reads patterns: into a regular expression, and the stems that it needs, the rarest first.

    :param phrases: what `{names}` stand for. Those called `frequent` are words that stand in many
        sentences, so that others are looked for first.
    """

    def __init__(self, phrases: Phrases) -> None:
        self.phrases = phrases
        self.frequent = {word for line in phrases.get("frequent", ()) for word in line.split("|")}
        self._pieces: dict[str, tuple[str, list[frozenset[str]]]] = {}

    def pattern(self, source: str) -> Pattern:
        """Read `source`, to match folded text.

        :raises Malformed: if it begins or ends with what may be missing, or names no phrase.
        """
        regex, needed = self._row(source, ())
        stems, *others = needed
        few = tuple(stems for stems in others if len(stems) <= FEW_STEMS)
        return Pattern(rf"(?<![\w']){ELIDED}(?:{regex})", stems, few)

    def any_of(self, sources: Sequence[str]) -> str:
        """Any of the patterns as a regular expression; without any, one that never matches.

        :raises Malformed: like `pattern`.
        """
        if not sources:
            return r"(?!)"
        return ELIDED + "(?:" + "|".join(self._row(source, ())[0] for source in sources) + ")"

    def _row(self, source: str, within: tuple[str, ...]) -> tuple[str, list[frozenset[str]]]:
        """A row of words; `within` are the phrases that it stands in."""
        words = source.split()
        regex, needed = "", []
        for index, word in enumerate(words):
            what, most = _repeats(word)
            if most is not None and index in (0, len(words) - 1):
                raise Malformed(
                    f"{source!r}: {word!r} may be missing, so it cannot stand at an end"
                )
            piece, stems = self._piece(what, within, source)
            gap = (GAP + ELIDED if what else GAP) if index else ""
            if most is not None:
                regex += rf"(?:{gap}{piece}){{0,{most}}}{'?' if not what else ''}"
            else:
                regex += gap + piece
                needed.extend(stems)
        if not needed:
            raise Malformed(f"{source!r}: nothing in it to look for")
        return regex, sorted(needed, key=self._expected)

    def _expected(self, stems: frozenset[str]) -> float:
        """Roughly how often one of `stems` stands in a text: short and frequent ones more often."""
        return sum((stem in self.frequent) + SHRINKS ** -len(stem) for stem in stems)

    def _piece(
        self, what: str, within: tuple[str, ...], source: str
    ) -> tuple[str, list[frozenset[str]]]:
        """Any of the alternatives in `what`: words, and phrases by the name of their list."""
        if not what:
            return ANY_WORD, []
        if what not in self._pieces:
            self._pieces[what] = self._any_option(what, within, source)
        return self._pieces[what]

    def _any_option(
        self, what: str, within: tuple[str, ...], source: str
    ) -> tuple[str, list[frozenset[str]]]:
        words, rows = [], []
        for option in what.split("|"):
            if not option.startswith("{"):
                words.append(option)
                continue
            name = option.strip("{}")
            if name not in self.phrases or name in within:
                raise Malformed(
                    f"{source!r}: no phrases are called {name!r}, or they name themselves"
                )
            for phrase in self.phrases[name]:
                if _is_words(phrase):
                    words.extend(phrase.split("|"))
                else:
                    rows.append(self._row(phrase, (*within, name)))
        if words:
            rows.append(_words(words))
        regex = "(?:" + "|".join(regex for regex, _ in rows) + ")"
        if len(rows) == 1:
            return regex, rows[0][1]
        return regex, [_shortest(frozenset().union(*(needed[0] for _, needed in rows)))]


def _repeats(word: str) -> tuple[str, int | None]:
    """What may be repeated, and how often at most; None when it stands exactly once."""
    parts = REPEATED.match(word)
    if parts is None or parts["most"] is parts["maybe"] is None:
        return word, None
    return parts["what"], int(parts["most"] or 1)


def _is_words(phrase: str) -> bool:
    return not set(phrase) & set(" {}?") and ".." not in phrase


def _words(words: Sequence[str]) -> tuple[str, list[frozenset[str]]]:
    """One of `words`, whole; the longest first, as the first that fits is taken."""
    parts = []
    for word in sorted(words, key=len, reverse=True):
        start = r"\w*" if word.startswith("*") else ""
        end = r"[\w'-]*+" if word.endswith("*") else ""
        parts.append(start + re.escape(word.strip("*")) + end)
    stems = _shortest(frozenset(word.strip("*") for word in words))
    return rf"(?:{'|'.join(parts)})(?![\w])", [stems]


def _shortest(stems: frozenset[str]) -> frozenset[str]:
    """`stems` without those that hold another one."""
    return frozenset(
        stem for stem in stems if not any(other != stem and other in stem for other in stems)
    )

"""The words of a sentence, and which of them say that somebody states something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple

from claims.text.rules import rule_book

KINDS = ("says", "views", "statements", "following", "by_words", "citing")
LISTS = (
    "unsure", "to_someone", "that", "questions", "he", "she", "it", "they", "i", "relatives",
    "determiners", "finite",
    "auxiliaries", "be", "by", "negations", "infinitives", "connectives", "adverbial_starts",
    "times", "statements", "unowned", "possessives", "clause_only", "complements",
)  # fmt: skip
NEVER = r"(?!)"
LONGEST_SPEECH = 1500  # characters after a dash


class Cue(NamedTuple):
    """Words that say that somebody states something: places of its first word and after its last.

    :ivar kind: the list of the rule file that has it.
    """

    first: int
    after: int
    kind: str
    words: str


class Words:
    """The words and marks of one sentence, small and plain, with their folded positions.

    Positions are worked out when first asked for: many sentences have no cue.
    """

    def __init__(self, pattern: re.Pattern[str], text: str, start: int, end: int) -> None:
        self.of: list[str] = pattern.findall(text, start, end)
        self._text, self._start = text, start

    @cached_property
    def starts(self) -> list[int]:
        """Where each word begins."""
        # Between two of them there is only white space and "_", so each is the next of its letters.
        found, after = [], self._start
        for word in self.of:
            start = self._text.index(word, after)
            found.append(start)
            after = start + len(word)
        return found

    def __len__(self) -> int:
        return len(self.of)


class Lexicon(dict[str, frozenset[str]]):
    """The `[attribution]` section of one language: its lists by name, and its cues."""

    def __init__(self, language: str) -> None:
        section = rule_book(language).words.get("attribution", {})
        lists = {name: frozenset(_listed(section, name)) for name in LISTS}
        super().__init__(lists)
        self.spoken = bool(section)
        self.verb_second: bool = section.get("verb_second", False)
        self.comma_opens: bool = section.get("comma_opens", False)
        self.adverb_endings = tuple(_listed(section, "adverb_endings"))
        self.participle_endings = tuple(_listed(section, "participle_endings"))
        self.possessive_endings = tuple(_listed(section, "possessive_endings"))
        self.pronouns = lists["he"] | lists["she"] | lists["it"] | lists["they"] | lists["i"]
        # What is asked of many words is put together once.
        self.who = self.pronouns | lists["relatives"]
        self.joints = lists["connectives"] - lists["relatives"]
        self.ends_claimant = lists["relatives"] | lists["finite"]
        self.ends_noun = lists["finite"] | lists["that"] | lists["i"]
        self.opens_clause = self.pronouns | lists["determiners"]
        self.when = lists["adverbial_starts"] | lists["times"]
        self.only_relative = lists["relatives"] - self.opens_clause
        self.who_not_that = lists["relatives"] - lists["that"]
        self.opens_told = self.opens_clause - lists["that"] - lists["times"]
        self.opens_content = lists["that"] | lists["questions"] | {'"'}
        self.word = _word_pattern(section)
        self.dash_speech = _after_comma(section) if section.get("dash_speech") else None
        self._cues: dict[str, list[tuple[list[str], str]]] = {}
        for kind in KINDS:
            for phrase in _listed(section, kind):
                words = self.word.findall(phrase)
                self._cues.setdefault(words[0], []).append((words, kind))
        for phrases in self._cues.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))
        self._alone = frozenset(
            word
            for word, phrases in self._cues.items()
            if any(len(phrase) == 1 and kind in KINDS[:2] for phrase, kind in phrases)
        )

    def cues(self, words: Words) -> Iterator[Cue]:
        """The cues among `words`, in reading order; of those that begin alike the longest."""
        after, known = 0, self._cues
        if known.keys().isdisjoint(words.of):
            return
        for place in [place for place, word in enumerate(words.of) if word in known]:
            for phrase, kind in known[words.of[place]]:
                end = place + len(phrase)
                if place >= after and words.of[place:end] == phrase:
                    yield Cue(place, end, kind, " ".join(phrase))
                    after = end
                    break

    def tells_after_dash(self, text: str, start: int, end: int) -> bool:
        """Whether the paragraph, which a dash opens, tells who speaks: "– They left, he says."."""
        if self.dash_speech is None:
            return False
        return bool(self.dash_speech.search(text, start, min(end, start + LONGEST_SPEECH)))

    def may_cite(self, word: str) -> bool:
        """Whether words that name a further source may begin with `word`."""
        return any(kind == "citing" for _, kind in self._cues.get(word, ()))

    def is_cue(self, word: str) -> bool:
        """Whether `word` alone may say that somebody states something."""
        return word in self._alone


def _listed(section: Mapping[str, Any], name: str) -> Iterator[str]:
    for line in section.get(name, ()):
        yield from line.split("|")


def _after_comma(section: Mapping[str, Any]) -> re.Pattern[str]:
    """ ", he says", ", says": a cue after a comma, a pronoun between or not."""
    cues = "|".join(re.escape(word) for word in _listed(section, "says"))
    lists = ("he", "she", "they", "i")
    pronouns = "|".join(re.escape(word) for name in lists for word in _listed(section, name))
    return re.compile(rf",\s(?:(?:{pronouns or NEVER})\s)?(?:{cues or NEVER})(?!\w)")


def _word_pattern(section: Mapping[str, Any]) -> re.Pattern[str]:
    """A word with its inner apostrophes and hyphens, the dot of "Mr. Berg" too; or one mark."""
    elided = "|".join(re.escape(word) for word in _listed(section, "elided"))
    joined = "|".join(re.escape(word) for word in _listed(section, "enclitics"))
    # A language without them must not pay for them at every letter.
    before = rf"(?<!\w)(?:{elided})(?=\w)|" if elided else ""
    before += rf"(?:{joined})(?!\w)|" if joined else ""
    parted = rf"(?!(?:{joined})(?!\w))" if joined else ""
    return re.compile(rf"{before}[^\W_]\w*+(?:{parted}['.-]\w++)*(?:'(?!\w)|\.(?=\s\S))?|[^\w\s]")


@cache
def lexicon(language: str) -> Lexicon:
    """The lexicon of `language`, built once; an empty one where its file has no section."""
    return Lexicon(language)

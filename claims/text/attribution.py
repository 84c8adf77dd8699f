"""Who is said to state what: every attribution of a text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from claims.text.claimants import (
    ENDS,
    FEWEST_WORDS,
    HARD_STOPS,
    LONGEST_ADDRESSEE,
    LONGEST_CLAIMANT,
    WITHIN_TIMES,
    Claimants,
    Place,
)
from claims.text.cues import Cue, lexicon
from claims.text.folding import Folded
from claims.text.names import Names
from claims.text.quotes import QUOTE, Quotes
from claims.text.rules import RuleBook
from claims.text.speakers import UNNAMED, Cast, Speaker
from claims.text.values import Attribution, Sentence, Span

CLOSING = frozenset('",.!?–—')
EDGES = " ,.!?;:"
MARKS = "\"“”«»„–—-'‘’ "
LONGEST_LEAD = 9  # words of "In a statement on Monday," and the like


@dataclass(frozen=True, slots=True)
class Said:
    """An attribution, its sentence and who speaks.

    :ivar asserts: whether it states something; otherwise it tells a wish, praise, or a denial.
    :ivar aside: whether it only tells who somebody is: "people who know Berg".
    """

    attribution: Attribution
    sentence: Sentence
    speaker: Speaker
    asserts: bool = True
    aside: bool = False


def attributions_of(said: Sequence[Said]) -> tuple[Attribution, ...]:
    """The attributions, each once: a content that runs on over several sentences is joined."""
    found: dict[tuple[Span | None, Span], Attribution] = {}
    for one in (one.attribution for one in said):
        key = (one.source, one.cue)
        before = found.get(key)
        if before is None:
            found[key] = one
        else:
            start = min(before.content.start, one.content.start)
            end = max(before.content.end, one.content.end)
            found[key] = replace(before, content=Span(start, end))
    return tuple(found.values())


class Listener:
    """Finds the attributions of one text, sentence by sentence, in reading order."""

    def __init__(
        self,
        text: str,
        folded: Folded,
        names: Names,
        quotes: Quotes,
        book: RuleBook,
        language: str,
    ) -> None:
        self.text, self.folded, self.quotes = text, folded, quotes
        self.lexicon = lexicon(language)
        self.cast = Cast(text, folded, names, book) if self.lexicon.spoken else None

    def listen(self, sentences: Sequence[Sentence]) -> Iterator[Said]:
        """Every attribution of the sentences that are not boilerplate."""
        if self.cast is None:
            return
        speaking: Said | None = None  # whose quotation runs on
        paragraph = 0
        for sentence in sentences:
            if sentence.boilerplate:
                continue
            runs_on = (
                speaking is not None
                and speaking.attribution.direct
                and sentence.paragraph - paragraph <= 1
                and self._is_quoted(sentence)
            )
            found = list(_Reader(self, self.cast, sentence).read())
            if not found and runs_on and speaking is not None:
                found = [_spoken_on(sentence, speaking)]
            yield from found
            paragraph = sentence.paragraph
            if not runs_on:
                spoken = [one for one in found if one.asserts]
                speaking = spoken[-1] if spoken else None

    def _is_quoted(self, sentence: Sentence) -> bool:
        """Whether all of the sentence stands in quotation marks."""
        inner = Span(sentence.span.start + 1, max(sentence.span.start + 2, sentence.span.end - 1))
        return self.quotes.around(inner) is not None


class _Reader(Claimants):
    """Reads one sentence. Places are those of words; a claimant is looked for near its cue only."""

    def __init__(self, listener: Listener, cast: Cast, sentence: Sentence) -> None:
        super().__init__(
            listener.text, listener.folded, listener.lexicon, cast, listener.quotes, sentence
        )
        self.sentence = sentence
        self.last: Said | None = None
        self.cited: tuple[Cue, Place] | None = None  # whom "citing" names before what is said
        self.held: dict[int, Span | None] = {}  # the quotations around cues, by their places
        self.named_until = 0  # after the claimant of the last "according to" or "citing"

    def read(self) -> Iterator[Said]:
        """The attributions, in the order of their cues."""
        floors: dict[Span | None, int] = {}  # by the quotation that holds the cue
        for cue in self.lexicon.cues(self.words):
            if cue.first < self.named_until:
                continue
            held = self._quotation_around(cue)
            floor = floors.setdefault(held, self._place_at(held.start) if held else 0)
            said = self._of_cue(cue, floor)
            if said:
                yield said
                yield from self._cited_before(said)
                self.last = said
                content = said.attribution.content.start
                if content >= self._span((cue.first, cue.after)).start and not said.aside:
                    floors[held] = max(floor, self._place_at(content))

    def _place_at(self, offset: int) -> int:
        """The first word that does not begin before `offset`; 0 when there is none."""
        place = bisect_left(self.words.starts, self.folded.position(offset))
        return place if place < len(self.words) else 0

    def _quotation_around(self, cue: Cue) -> Span | None:
        """The quotation in which the cue itself is said, unless it holds nothing but the cue."""
        if cue.first not in self.held:
            words = self._span((cue.first, cue.after))
            held = self.quotes.around(words)
            alone = held and held.of(self.text).strip(EDGES) == words.of(self.text)
            self.held[cue.first] = None if alone else held
        return self.held[cue.first]

    def _of_cue(self, cue: Cue, floor: int) -> Said | None:
        match cue.kind:
            case "by_words":
                return self._according_to(cue, floor)
            case "following":
                return self._following(cue, floor)
            case "citing":
                return self._citing(cue, floor)
            case "statements":
                return self._statement(cue, floor)
            case _:
                return self._spoken(cue, floor)

    # ---- according to, citing, the statement that

    def _according_to(self, cue: Cue, floor: int) -> Said | None:
        opens = not self._has_words(floor, cue.first) or self.of[cue.first - 1] in self.lexicon[
            "connectives"
        ] | {";", ":"}
        # "per the": the claimant begins with the last word of such a cue.
        start = cue.after - (self.of[cue.after - 1] in self.lexicon["determiners"])
        end = self._claimant_end(start)
        if self._word(start) in self.lexicon.pronouns and end > start:
            end = start + 1
        if end == start:
            return None
        if opens:
            end = self._past_appositions(start, end)
        self.named_until = end
        content = (end, len(self.of)) if opens else (floor, cue.first)
        return self._said(cue, (start, end), content)

    def _following(self, cue: Cue, floor: int) -> Said | None:
        """The claimant stands before: "dem Minister zufolge C"."""
        start = self._noun_start(cue.first - 1, floor)
        if start >= cue.first:
            return None
        opens = not self._has_words(floor, start)
        content = (cue.after, len(self.of)) if opens else (floor, start)
        return self._said(cue, (start, cue.first), content)

    def _citing(self, cue: Cue, floor: int) -> Said | None:
        end = self._claimant_end(cue.after)
        before = self._word(cue.first - 1)
        if end == cue.after or before in self.lexicon["be"] | self.lexicon["infinitives"]:
            return None
        self.named_until = end
        if self.last and self.last.asserts:
            content = self.last.attribution.content
            until = self._span((cue.first, end)).start
            if content.end <= until or until <= content.start:
                return self._made(cue, (cue.after, end), content, True)
            before_it = _shared_part(self.text, content, Span(content.start, until))
            return self._made(cue, (cue.after, end), before_it, True)
        if cue.first - floor <= FEWEST_WORDS or before == ",":
            self.cited = cue, (cue.after, end)
            return None
        return self._said(cue, (cue.after, end), (floor, cue.first))

    def _cited_before(self, said: Said) -> Iterator[Said]:
        """What "citing the police" stands before: "The mayor, citing the police, said that C"."""
        if self.cited and said.asserts:
            cue, place = self.cited
            self.cited = None
            if link := self._made(cue, place, said.attribution.content, True):
                yield link

    def _claimant_end(self, start: int) -> int:
        """Where the claimant that begins at `start` ends: at the next mark."""
        for place in range(start, min(len(self.of), start + LONGEST_CLAIMANT)):
            word = self.of[place]
            if word == "," or word in HARD_STOPS or (word in ENDS and place + 1 == len(self.of)):
                return place
            if place > start and word in self.lexicon.ends_claimant:
                return place
        return min(len(self.of), start + LONGEST_CLAIMANT)

    def _statement(self, cue: Cue, floor: int) -> Said | None:
        if self._word(cue.after) not in self.lexicon["that"]:
            return None
        content = (cue.after + 1, len(self.of))
        for place in range(cue.first - 1, max(floor - 1, cue.first - 4), -1):
            word = self.of[place]
            if word in self.lexicon["possessives"]:
                return self._said(cue, (place, place + 1), content, asserts=False)
            if word.endswith(self.lexicon.possessive_endings or "\n"):
                start = self._noun_start(place, floor)
                return self._said(cue, (start, place + 1), content, asserts=False)
        if self.lexicon["unowned"].isdisjoint(self.of[max(floor, cue.first - 6) : cue.first]):
            return None
        return self._said(cue, None, content)

    # ---- somebody said

    def _spoken(self, cue: Cue, floor: int) -> Said | None:
        lexicon, before = self.lexicon, self._word(cue.first - 1)
        if cue.words in lexicon["statements"] and (said := self._statement(cue, floor)):
            return said
        participle = cue.words.endswith(lexicon.participle_endings or "\n")
        if before in lexicon["be"] and not participle:
            return self._passive(cue, floor)
        if self._is_noun(cue) or self._is_participle(cue):
            return None
        subject, verbs = self._subject(cue.first, floor)
        if subject and self._is_when(subject):
            subject, verbs = self._subject(subject[0], floor)
        described = self._described_after_quotation(verbs) or self._described(verbs, floor)
        subject = described or subject
        if self._is_part_of_quotation(cue, subject) or self._is_adverbial(subject):
            return None
        if cue.kind == "views" and cue.words in lexicon["unsure"] and not self._is_named(subject):
            return None
        negated = set(self.of[max(verbs, cue.first - 2) : cue.first]) & lexicon["negations"]
        asserts = cue.kind == "says" and not negated
        quoted = self._word(verbs - 1) in CLOSING and verbs > FEWEST_WORDS
        if not participle and self._may_follow(cue, subject, verbs, bool(described)):
            said = self._inverted(cue, floor, quoted, subject, asserts)
            if said:
                return said
        if subject and (said := self._tail(cue, floor, subject, asserts)):
            return said
        return self._followed(cue, floor, subject, asserts)

    def _may_follow(self, cue: Cue, subject: Place | None, verbs: int, described: bool) -> bool:
        """Whether the claimant may stand after the cue: "C, said S"."""
        lexicon, before = self.lexicon, self._word(verbs - 1)
        quoted = before in CLOSING and verbs > FEWEST_WORDS
        leads = self.of[0] in lexicon["adverbial_starts"]
        if not (quoted or leads or lexicon.verb_second or subject is None):
            return False
        if cue.words in lexicon["to_someone"] and not lexicon.verb_second and subject:
            return False
        if cue.words in lexicon["unsure"] and verbs < cue.first and before != QUOTE:
            return False  # "The divers, S said, have found salt": no "have found salt"
        return not described or self._ends_with_name(cue.after)

    def _is_part_of_quotation(self, cue: Cue, subject: Place | None) -> bool:
        """Whether somebody quoted tells what is wished or thought: "We want to stay"."""
        unsure = cue.words in self.lexicon["unsure"]
        own = unsure and subject is not None and self.of[subject[1] - 1] in self.lexicon["i"]
        if cue.kind != "views" and not own:
            return False
        return self._quotation_around(cue) is not None

    def _is_adverbial(self, subject: Place | None) -> bool:
        """Whether the words before the cue name nobody: "In a statement announcing the plan"."""
        if subject is None or self.lexicon.verb_second or self._is_capital(subject[1] - 1):
            return False
        return self.of[subject[0]] in self.lexicon["adverbial_starts"]

    def _is_when(self, subject: Place) -> bool:
        """Whether the words only say when or where, after a comma: "S, a baker, on Monday said"."""
        opens = self._word(subject[0] - 1) == ","
        return opens and self.of[subject[0]] in self.lexicon["adverbial_starts"]

    def _is_noun(self, cue: Cue) -> bool:
        """Whether the cue is no finite verb: "to say", "the report"."""
        lexicon, before = self.lexicon, self._word(cue.first - 1)
        if cue.words in lexicon["unsure"] and cue.first and self._is_capital(cue.first):
            return True  # "the United States"
        return before in lexicon["infinitives"] or (
            before in lexicon["determiners"] and before not in lexicon.who
        )

    def _is_participle(self, cue: Cue) -> bool:
        """Whether the cue tells more of a noun before it: "Berg, asked about the boats, left"."""
        opens = not cue.first or self.of[cue.first - 1] == ","
        adds = self._word(cue.after) in self.lexicon["that"]
        return opens and not adds and cue.words in self.lexicon["adverbial_starts"]

    def _followed(self, cue: Cue, floor: int, subject: Place | None, asserts: bool) -> Said | None:
        """What is said comes after the cue: "S said that C"."""
        content = self._content(cue)
        if content is None:
            return None
        if subject is None:
            return self._shared(cue, floor, content, asserts)
        if self.of[subject[1] - 1] not in self.lexicon["relatives"]:
            return self._said(cue, subject, content, asserts=asserts)
        said = self._said(cue, subject, self._within_relative(content), asserts=asserts)
        return replace(said, aside=not asserts) if said else None

    def _is_named(self, subject: Place | None) -> bool:
        """Whether a name or a pronoun stands right before: "they fear", but not "the fears"."""
        if subject is None:
            return False
        last = subject[1] - 1
        return self._is_capital(last) or self.of[last] in self.lexicon.who

    def _within_relative(self, content: Place) -> Place:
        """The content of "S, who said that C, left": up to the verb of the sentence."""
        for place in range(content[0] + 2, content[1] - 1):
            if self.of[place] == "," and self.of[place + 1] in self.lexicon["finite"]:
                return content[0], place
        for place in range(content[0] + 1, content[1]):
            if self.lexicon.is_cue(self.of[place]) and not self._is_capital(place):
                return content[0], place
        return content

    def _passive(self, cue: Cue, floor: int) -> Said | None:
        """ "The plan was praised by the mayor": who follows, what comes before."""
        if self._word(cue.after) not in self.lexicon["by"] or cue.first - 1 <= floor:
            return None
        end = self._noun_end(cue.after + 1)
        if end == cue.after + 1:
            return None
        return self._said(cue, (cue.after + 1, end), (floor, cue.first - 1), asserts=False)

    def _inverted(
        self, cue: Cue, floor: int, quoted: bool, subject: Place | None, asserts: bool
    ) -> Said | None:
        """The claimant follows: "C, said S" and "In May said S that C"."""
        if self._word(cue.after) in self.lexicon["that"]:
            return None
        end = self._noun_end(cue.after)
        if end == cue.after and quoted and self._word(end) in ENDS and self._is_quote(cue.first):
            return self._said(cue, None, (self._said_from(floor, end), cue.first), asserts=asserts)
        if end == cue.after:
            return None
        closing = self._word(end) in ("", ",", ".", "!", "?", QUOTE, "–", "—") or (
            self._word(end) in self.lexicon["times"]
        )
        after = end + 1 if self._word(end) == "," else end
        if (
            self._word(after) in self.lexicon["that"]
            and cue.words not in self.lexicon["to_someone"]
            and (subject is None or self.lexicon.verb_second)
        ):
            return self._said(cue, (cue.after, end), (after + 1, len(self.of)), asserts=asserts)
        if quoted and closing and not self._is_apposition(floor, cue.first - 1):
            first = self._said_from(floor, end)
            verbs = self._before_auxiliaries(cue.first, 0) + 1
            if whole := self._interrupted(floor, verbs - 1, end):
                return self._said(cue, (cue.after, end), whole, asserts=asserts)
            content = (first if verbs - first > FEWEST_WORDS else 0, verbs)
            return self._said(cue, (cue.after, end), content, asserts=asserts)
        opened = self._word(end) in (":", QUOTE) or after > end
        leads = self.of[0] in self.lexicon["adverbial_starts"] and not self._is_clause(0, cue.first)
        if leads and not (self.lexicon.verb_second and opened):
            return self._interposed(cue, asserts)
        if self.lexicon.verb_second and opened and len(self.of) - after > FEWEST_WORDS:
            return self._said(cue, (cue.after, end), (after, len(self.of)), asserts=asserts)
        return None

    def _is_quote(self, end: int) -> bool:
        """Whether a quotation closes right before: « C », contó, whose verb alone says who."""
        return QUOTE in (self._word(end - 1), self._word(end - 2))

    def _interposed(self, cue: Cue, asserts: bool) -> Said | None:
        """ "In the paper states the mayor of Oslo, Mira Holt, that C", as machines translate."""
        if self._word(cue.after) not in self.lexicon["determiners"]:
            return None
        for place in range(cue.after + 1, min(len(self.of), cue.after + LONGEST_CLAIMANT)):
            word = self.of[place]
            if word in self.lexicon["finite"] or word in HARD_STOPS:
                return None
            if word in self.lexicon["that"]:
                return self._said(
                    cue, (cue.after, place), (place + 1, len(self.of)), asserts=asserts
                )
        return None

    def _said_from(self, floor: int, after: int) -> int:
        """Where the content of a tail begins: one that ends the sentence covers all before it."""
        closed = all(not word[0].isalnum() for word in self.of[after : after + 2])
        return 0 if closed else floor

    def _is_apposition(self, floor: int, comma: int) -> bool:
        """Whether the words before the comma only describe: "S, the mayor of Oslo,"."""
        if self._word(comma) != ",":
            return False
        for place in range(comma - 1, max(floor, comma - LONGEST_CLAIMANT), -1):
            if self.of[place] == QUOTE:
                return False
            if self.of[place] == ",":
                opens = self.of[place + 1]
                described = opens in self.lexicon["relatives"] or (
                    opens in self.lexicon["determiners"] and not self._is_clause(place, comma)
                )
                return described and place - floor <= 8 and not self._is_clause(floor, place)
        return False

    def _tail(self, cue: Cue, floor: int, subject: Place, asserts: bool) -> Said | None:
        """The content comes first: "C, S said.", "« C », a-t-elle dit"."""
        mark = self._before_auxiliaries(subject[0], floor)
        if whole := self._interrupted(floor, mark, cue.after):
            return self._said(cue, subject, whole, asserts=asserts)
        floor = self._said_from(floor, cue.after) if mark > 0 else floor
        if mark - floor <= FEWEST_WORDS or self.of[mark] not in (",", QUOTE, "–", "—"):
            return None
        following = self._word(cue.after)
        short = len(self.of) - cue.after < 16
        closed = following in ("", ".", ",", "!", "?", QUOTE, "–", "—")
        if not (
            closed
            or following in self.lexicon["times"]
            or (cue.words in self.lexicon["to_someone"] and (short or self.of[mark] == QUOTE))
        ):
            return None
        for place in range(cue.after, min(len(self.of), cue.after + LONGEST_ADDRESSEE)):
            if self.of[place] in self.lexicon["that"]:
                return None
            if self.lexicon.is_cue(self.of[place]):
                break  # "…, adding that": another cue's
        if self._is_lead(floor, mark):
            return None
        return self._said(cue, subject, (floor, mark), asserts=asserts)

    def _interrupted(self, floor: int, mark: int, after: int) -> Place | None:
        """All of the content into which the claimant is set: "The dam, S said, is safe".

        :param mark: the place before the claimant and its cue; `after` follows them.
        """
        after = self._past_time(after)
        rest, ends = after + 1, len(self.of)
        if mark <= floor or self._word(mark) != "," or self._word(after) != ",":
            return None
        if ends - rest <= FEWEST_WORDS or self.lexicon.is_cue(self.of[rest]):
            return None
        first = self.of[rest]
        if self._is_lead(floor, mark):
            told = not self.lexicon["statements"].isdisjoint(self.of[floor:mark])
            return (rest if told else floor, ends) if self._is_clause(rest, ends) else None
        goes_on = first in self.lexicon.joints
        if goes_on and any(map(self.lexicon.is_cue, self.of[rest : rest + 3])):
            return None  # "…, and told reporters that"
        if goes_on or (not self._is_clause(floor, mark) and first in self.lexicon["finite"]):
            return floor, ends
        return None

    def _past_time(self, start: int) -> int:
        """The comma after words that say when or where it was said; else `start` itself."""
        if self._word(start) in self.lexicon.when:
            for place in range(start + 1, min(len(self.of), start + WITHIN_TIMES)):
                if self.of[place] == ",":
                    return place
                if self.of[place] in self.lexicon["finite"] or self.lexicon.is_cue(self.of[place]):
                    break
        return start

    def _is_lead(self, floor: int, mark: int) -> bool:
        """Whether the words are only an adverbial such as "In a statement on Monday"."""
        words = [word for word in self.of[floor:mark] if word[0].isalnum()]
        return (
            len(words) <= LONGEST_LEAD
            and bool(words)
            and words[0] in self.lexicon["adverbial_starts"]
            and not self._is_clause(floor, mark)
        )

    def _shared(self, cue: Cue, floor: int, content: Place, asserts: bool) -> Said | None:
        """The claimant is that of the clause before: "S went home and said", "…, adding that"."""
        participle = cue.words.endswith(self.lexicon.participle_endings or "\n")
        before = self._word(cue.first - 1)
        joined = before == "," or before in self.lexicon["connectives"] or participle
        if self.last and self.last.attribution.source and joined:
            source = self.last.attribution.source
            return self._made(cue, source, self._span(content), asserts)
        if joined and (subject := self._first_noun(floor, cue.first)):
            return self._said(cue, subject, content, asserts=asserts)
        if cue.kind == "says" and cue.words not in self.lexicon["unsure"] and not participle:
            return self._said(cue, None, content, asserts=asserts)
        return None

    def _said(
        self, cue: Cue, source: Place | None, content: Place, *, asserts: bool = True
    ) -> Said | None:
        span = self._trimmed(content)
        named = self._trimmed(source) if source else None
        if span is None or (source and named is None):
            return None
        return self._made(cue, named, span, asserts)

    def _made(
        self, cue: Cue, source: Span | Place | None, content: Span | None, asserts: bool
    ) -> Said | None:
        if source is not None and not isinstance(source, Span):
            source = self._trimmed(source)
        if content is None:
            return None
        held = self._quotation_around(cue)
        if held and (source is None or _within(source, held)):
            # Who is quoted tells nothing beyond the quotation.
            content = _shared_part(self.text, held, content)
        elif held:
            return None
        if content is None:
            return None
        speaker = self.cast.speaker(self._meant(source)) if source else UNNAMED
        direct = self._is_direct(content)
        attribution = Attribution(
            source=source,
            name=speaker.name if speaker.kind != "anonymous" else "",
            cue=self._span((cue.first, cue.after)),
            content=content,
            direct=direct,
            anonymous=speaker.kind == "anonymous",
            quoted=() if direct else self.quotes.within(content),
        )
        return Said(attribution, self.sentence, speaker, asserts)

    def _meant(self, source: Span) -> Span:
        """The words for which "who" stands: those right before it."""
        if self.folded.of(source) not in self.lexicon["relatives"]:
            return source
        place = self._place_at(source.start) - 1
        if self._word(place) == ",":
            place -= 1
        if place < 0:
            return source
        start = self._noun_start(place, 0)
        if not self._is_capital(place):
            opened = (
                n
                for n in range(place, max(start, place - 7), -1)
                if self.of[n] in self.lexicon["determiners"]
            )
            start = next(opened, start)
        return self._trimmed((start, place + 1)) or source if start <= place else source

    def _is_direct(self, content: Span) -> bool:
        words = content.of(self.text)
        start = content.start + len(words) - len(words.lstrip(EDGES + MARKS))
        end = content.start + len(words.rstrip(EDGES + MARKS))
        return start < end and self.quotes.around(Span(start, end)) is not None


def _within(span: Span, other: Span) -> bool:
    return other.start <= span.start and span.end <= other.end


def _shared_part(text: str, one: Span, other: Span) -> Span | None:
    """What two spans share, without marks at its end."""
    start, end = max(one.start, other.start), min(one.end, other.end)
    end = start + len(text[start:end].rstrip(EDGES))
    return Span(start, end) if start < end else None


def _spoken_on(sentence: Sentence, before: Said) -> Said:
    """The next sentence of a quotation whose speaker is known."""
    attribution = replace(before.attribution, content=sentence.span, direct=True)
    return replace(before, attribution=attribution, sentence=sentence)

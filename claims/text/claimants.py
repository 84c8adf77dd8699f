"""Where in a sentence the words stand that name who speaks, and where what is said begins."""

from __future__ import annotations

from itertools import pairwise

from claims.text.cues import Cue, Lexicon, Words
from claims.text.datelines import after_dateline
from claims.text.folding import Folded
from claims.text.quotes import QUOTE, Quotes
from claims.text.speakers import Cast
from claims.text.values import Sentence, Span

HARD_STOPS = frozenset('";:()[]—–-…')
APART = HARD_STOPS - {"-", "(", ")"}  # never within what is told of a name
MARKS_END = HARD_STOPS - {"-"} | {",", "", *".!?"}  # "" stands for the end of the sentence
ENDS = frozenset('.!?"')
SHUTS_CONTENT = ENDS | {";", "("}
CUTS_NOUN = HARD_STOPS | ENDS | {","}
LONGEST_CLAIMANT = 24  # words, with what is told of them between commas
FEWEST_WORDS = 2
LONGEST_ADDRESSEE = 15  # words
WITHIN_TIMES = 7  # words between a cue and "that" that say when and where
LONGEST_ADDRESSED = 5  # words of "told the Harbour News team"
LONGEST_NOUN = 5  # words, its determiner included
LONGEST_JUDGEMENT = 5  # words of "it highly likely that"
LONGEST_AFTER = 14  # words that name a claimant after the cue
NO_CONTENT = (",", ".", ";", ")")  # what is said cannot begin so
Place = tuple[int, int]  # half-open, in words of the sentence


class Claimants:
    """The words of one sentence, to ask for claimants by place. Looks near the place only."""

    def __init__(
        self,
        text: str,
        folded: Folded,
        lexicon: Lexicon,
        cast: Cast,
        quotes: Quotes,
        sentence: Sentence,
    ) -> None:
        self.text, self.folded, self.lexicon = text, folded, lexicon
        self.cast, self.quotes = cast, quotes
        opens = after_dateline(text, sentence.span.start, sentence.span.end)
        start, end = folded.place(Span(opens, sentence.span.end))
        self.words = Words(lexicon.word, folded.text, start, end)
        self.of = self.words.of

    # ---- who

    def _subject(self, cue: int, floor: int) -> tuple[Place | None, int]:
        """The words that name who speaks before the cue, and where the verbs begin."""
        last = self._before_auxiliaries(cue, floor)
        verbs = last + 1
        closed = last >= floor and self.of[last] == ","
        if closed:
            before = self._before_citing(last, floor)
            return before or self._with_apposition(last, floor), verbs
        if last < floor or not (_is_word(self.of[last]) or self.of[last] == ")"):
            return None, verbs
        if self.of[last] in self.lexicon.joints:
            return None, verbs
        start = self._noun_start(last, floor)
        return ((start, last + 1) if start <= last else None), verbs

    def _before_auxiliaries(self, cue: int, floor: int) -> int:
        lexicon, place = self.lexicon, cue - 1
        while place >= floor:
            word = self.of[place]
            adverb = (
                word.endswith(lexicon.adverb_endings or "\n")
                and not self._is_capital(place)
                and self._word(place - 1) not in lexicon["determiners"]
            )
            if not (adverb or word in lexicon["auxiliaries"] or word in lexicon["negations"]):
                return place
            place -= 1
        return place

    def _with_apposition(self, comma: int, floor: int) -> Place | None:
        """ "S, the mayor of Oslo," from its first word to the comma."""
        starts, place = [], comma - 1
        while place >= max(floor, comma - LONGEST_CLAIMANT):
            word = self.of[place]
            if word in APART:
                break
            if word == ",":
                starts.append(place + 1)
            place -= 1
        else:
            if place >= floor:
                return None
        starts.append(place + 1)
        if len(starts) == 1:
            return None
        for start in reversed(starts):
            first = start
            while first < comma and self.of[first] in self.lexicon["connectives"]:
                first += 1
            if first >= comma or self.of[first] in self.lexicon["adverbial_starts"]:
                continue
            stop = self.of.index(",", first, comma + 1)
            if self._is_clause(first, stop):
                continue
            return (first, comma)
        return None

    def _before_citing(self, comma: int, floor: int) -> Place | None:
        """The claimant before a further source: "In its update the ministry, citing X, said"."""
        opens = comma - 1
        while opens > max(floor, comma - LONGEST_CLAIMANT) and self.of[opens] != ",":
            opens -= 1
        if self.of[opens] != "," or not self.lexicon.may_cite(self.of[opens + 1]):
            return None
        for place in range(opens - 1, max(floor, opens - LONGEST_NOUN) - 1, -1):
            if self.of[place] in self.lexicon["determiners"]:
                return place, opens
            if not self.of[place][0].isalnum():
                break
        return None

    def _described_after_quotation(self, verbs: int) -> Place | None:
        """The claimant of `"C," S, 34, told`: between a quotation and the cue, and described."""
        start, least = verbs, max(0, verbs - LONGEST_CLAIMANT)
        while start > least and self.of[start - 1] != QUOTE:
            start -= 1
        if not start or not self.quotes.closes(self.folded.origin(self.words.starts[start - 1])):
            return None
        start += self._word(start) == ","
        commas = [place for place in range(start, verbs) if self.of[place] == ","]
        if len(commas) < 2 or commas[-1] != verbs - 1 or self._noun_end(start) != commas[0]:
            return None
        if self._is_clause(start, commas[0]) or any(
            map(self.lexicon.is_cue, self.of[start : commas[0]])
        ):
            return None
        described = all(self._describes(*place) for place in pairwise(commas))
        return (start, verbs - 1) if described else None

    def _describes(self, opens: int, closes: int) -> bool:
        """Whether what stands between two commas may tell what somebody is."""
        relatives, first = self.lexicon["relatives"], self._word(opens + 1)
        if first in self.lexicon.joints:
            return False
        return first in relatives or not self._is_clause(opens, closes)

    def _described(self, verbs: int, floor: int) -> Place | None:
        """The claimant of "S, 34, a baker in Oslo, said": a name, then what is told of it."""
        if self._word(verbs - 1) != ",":
            return None
        closes, least = verbs - 1, max(floor, verbs - LONGEST_CLAIMANT)
        described = False
        while closes > least:
            opens = closes - 1
            while opens >= least and self.of[opens] != ",":
                if self.of[opens] in APART:
                    return None
                opens -= 1
            if opens < floor or not self._tells_what(opens, closes):
                break
            closes, described = opens, True
        first = self._noun_start(closes - 1, floor)
        if self.of[first] in self.lexicon["adverbial_starts"]:
            first = closes + 1  # "In May, the mayor, a former baker, said"
        named = self._is_capital(first) and self._is_capital(closes - 1)
        return (first, verbs - 1) if described and (named or first > closes) else None

    def _tells_what(self, opens: int, closes: int) -> bool:
        """Whether an age, an office, "who …" or "in a statement" stands between two commas."""
        lexicon, words = self.lexicon, self.of[opens + 1 : closes]
        if not words or words[0] in lexicon["relatives"]:
            return bool(words)
        if self._is_clause(opens, closes):
            return False
        if words[0].isdigit():
            return len(words) == 1
        return words[0] in lexicon["adverbial_starts"] or not self.cast.offices.isdisjoint(words)

    def _ends_with_name(self, start: int) -> bool:
        """Whether a name and nothing else stands between the cue and the next comma or the end."""
        end = self._noun_end(start)
        return end > start and all(map(self._is_capital, range(start, end)))

    def _past_appositions(self, start: int, comma: int) -> int:
        """Where ", 34, a lawyer in Oslo," ends after a claimant; else the comma before it."""
        end = comma
        while self._word(end) == "," and (closes := self._next_comma(end)):
            follows, first = self._word(closes + 1), self._word(end + 1)
            named = not self._is_capital(start) and all(
                map(self._is_capital, range(end + 1, closes))
            )
            told = first not in self.lexicon["adverbial_starts"] and self._tells_what(end, closes)
            if not (named or told) or follows in self.lexicon["relatives"]:
                break
            end = closes
        return end

    def _next_comma(self, comma: int) -> int:
        """The next comma near enough to close an apposition; 0 when a mark stands before it."""
        for place in range(comma + 2, min(len(self.of), comma + LONGEST_CLAIMANT)):
            if self.of[place] == ",":
                return place
            if self.of[place] in APART:
                break
        return 0

    def _noun_start(self, last: int, floor: int) -> int:
        """Where the claimant that ends with the word at `last` begins."""
        lexicon = self.lexicon
        if self.of[last] in lexicon.who:
            return last
        place, bracket = last, False
        while place >= max(floor, last - LONGEST_CLAIMANT):
            word = self.of[place]
            if word == ")":
                bracket = True
            elif word == "(" and bracket:
                bracket = False
            elif not bracket and self._stops_noun(place, floor):
                # "people who know Berg": its claimant begins before "who".
                if place <= floor or not self._is_who(place - 1):
                    break
                place -= 1
            place -= 1
        start = place + 1
        while start < last and self.of[start] in lexicon["connectives"]:
            start += 1
        return start

    def _is_who(self, place: int) -> bool:
        """Whether a relative follows its noun at once."""
        relative = self.of[place] in self.lexicon.who_not_that
        return relative and self._word(place - 1)[:1].isalpha()

    def _stops_noun(self, place: int, floor: int) -> bool:
        lexicon, word = self.lexicon, self.of[place]
        if word in CUTS_NOUN:
            return True
        if word in lexicon["connectives"] and not self._is_pair(place, floor):
            return word not in lexicon["times"]
        if word in lexicon.ends_noun:
            return True
        return lexicon.is_cue(word) and not self._is_capital(place)

    def _is_pair(self, place: int, floor: int) -> bool:
        """Whether "and" joins two names rather than two clauses."""
        if place <= floor or place + 1 >= len(self.of):
            return False
        return self._is_capital(place - 1) and self._is_capital(place + 1)

    def _noun_end(self, start: int) -> int:
        """Where a claimant that begins at `start` ends; `start` itself when none begins there."""
        lexicon, first = self.lexicon, self._word(start)
        if first in lexicon.pronouns and first != "there":
            return (
                start + 1
                if first not in lexicon["determiners"] or self._is_stop(start + 1)
                else (self._run(start))
            )
        if not first or not first[0].isalnum() or first in lexicon["times"]:
            return start
        if not (
            self._is_capital(start)
            or first in lexicon["determiners"]
            or first[0].isdigit()
            or first in self.cast.people_words
            or first in self.cast.titles
            or not lexicon["determiners"]
            or self._is_stop(start + 1)
            or self._is_stop(start + 2)
        ):
            return start
        return self._run(start)

    def _run(self, start: int) -> int:
        for place in range(start, min(len(self.of), start + LONGEST_AFTER)):
            if self._is_stop(place) or (place > start and self.of[place] in self.lexicon["that"]):
                return place
            if self.of[place] in self.lexicon["finite"]:
                return start
        return start if start + LONGEST_AFTER < len(self.of) else len(self.of)

    def _is_stop(self, place: int) -> bool:
        word = self._word(place)
        return word in MARKS_END

    def _first_noun(self, floor: int, end: int) -> Place | None:
        """The claimant with which the clause begins: a pronoun, a name, or the word after "the"."""
        lexicon, place = self.lexicon, floor
        while place < end and (
            self.of[place] in lexicon["connectives"] or not self.of[place][0].isalnum()
        ):
            place += 1
        if place >= end:
            return None
        if self.of[place] in lexicon["adverbial_starts"]:
            comma = next((n for n in range(place, end) if self.of[n] == ","), end)
            return self._first_noun(comma + 1, end) if comma + 1 < end else None
        if self.of[place] in lexicon.pronouns:
            return place, place + 1
        first = place + 1 if self.of[place] in lexicon["determiners"] else place
        last = first
        while last < end and self._is_capital(last):
            last += 1
        if last > first:
            return place, last
        return (place, first + 1) if first > place and first < end else None

    # ---- what

    def _content(self, cue: Cue) -> Place | None:
        """Where what is said begins and ends, when it comes after the cue."""
        end = len(self.of)
        addressed = cue.words in self.lexicon["to_someone"]
        reach = LONGEST_ADDRESSEE if addressed else WITHIN_TIMES
        opener = self._past_judgement(cue.after)
        opener = opener or self._opener(cue.after, min(end, cue.after + reach), addressed)
        if opener is not None:
            return (opener, end) if self._has_words(opener, end, 2) else None
        if addressed:
            told = self._after_addressee(cue.after)
            return (told, end) if told and self._is_clause(told, end) else None
        least = 1 if cue.kind == "views" else FEWEST_WORDS + 1
        if self._word(cue.after) in NO_CONTENT or not self._has_words(cue.after, end, least):
            return None
        if cue.kind == "says" and cue.words in self.lexicon["unsure"]:
            first = self._word(cue.after)
            follows = first in self.lexicon.opens_clause
            if not (follows or self._is_capital(cue.after)) or not self._is_clause(cue.after, end):
                return None
        if cue.kind == "views":
            stop = next((n for n in range(cue.after, end) if self.of[n] in (",", ";")), end)
            return (cue.after, stop) if self._is_viewed(cue, stop) else None
        return (cue.after, end)

    def _is_viewed(self, cue: Cue, end: int) -> bool:
        """Whether the words after the cue tell a view: "called it a lie", not "called a taxi"."""
        first = self._word(cue.after)
        if cue.words in self.lexicon["clause_only"]:
            return first in self.lexicon["infinitives"]
        if cue.words not in self.lexicon["complements"]:
            return True
        told = self.of[cue.after + 1 : end]
        known = self._is_capital(cue.after) or first in self.lexicon.pronouns
        return (
            QUOTE in told
            or bool(self.lexicon["determiners"] & set(told))
            or (known and len(told) > 1)
        )

    def _opener(self, start: int, end: int, addressed: bool) -> int | None:
        """The place after the "that", colon or quotation mark that opens what is said."""
        that = self.lexicon["that"]
        for place in range(start, end):
            word = self.of[place]
            if word in that:
                return None if addressed and self._relates(place) else place + 1
            if word == ":":
                return place + 1
            cites = word == "," and self.lexicon.may_cite(self._word(place + 1))
            closes = self._next_comma(place) if cites else 0
            if closes and self._word(closes + 1) in that:  # "said, citing the police, that"
                return closes + 2
            if word == "," and self.lexicon.comma_opens and self._word(place + 1) not in that:
                return place + 1
            if word in self.lexicon["questions"] and (place == start or self.of[place - 1] == ","):
                return place
            if word == QUOTE and (place == start or self.of[place - 1] in (",", ":")):
                return place
            if word in SHUTS_CONTENT or (
                word == "," and self._word(place + 1) not in self.lexicon.opens_content
            ):
                return None
            if word in self.lexicon["finite"] or (not addressed and word in self.lexicon.pronouns):
                return None
        return None

    def _past_judgement(self, start: int) -> int | None:
        """The place after the "that" of "thinks it likely that"."""
        if self._word(start) in self.lexicon["it"]:
            for place in range(start + 1, min(len(self.of), start + LONGEST_JUDGEMENT)):
                if self.of[place] in self.lexicon["that"]:
                    return place + 1
                if self.of[place] in self.lexicon["finite"]:
                    break
        return None

    def _relates(self, place: int) -> bool:
        """Whether "that" tells more of the noun before it: "told lies that were believed"."""
        relative = self.of[place] in self.lexicon["relatives"]
        return relative and self._word(place + 1) in self.lexicon["finite"]

    def _after_addressee(self, start: int) -> int:
        """Where what is told begins: "told reporters the dam leaked"; 0 when that is not plain."""
        lexicon, place = self.lexicon, start
        first = self._word(start)
        if first in lexicon.pronouns and first not in lexicon["determiners"]:
            place = start + 1
        else:
            place += first in lexicon["determiners"]
            while place < start + LONGEST_ADDRESSED and self._is_capital(place):
                place += 1
            if place <= start + 1 and self._word(place) not in lexicon["times"]:
                place += 1
        opens = self._word(place)
        told = opens in lexicon.opens_told or opens.isdigit()
        return place if place > start and told else 0

    # ---- small questions

    def _word(self, place: int) -> str:
        return self.of[place] if 0 <= place < len(self.of) else ""

    def _is_capital(self, place: int) -> bool:
        if not 0 <= place < len(self.of):
            return False
        return self.text[self.folded.origin(self.words.starts[place])].isupper()

    def _is_clause(self, start: int, end: int) -> bool:
        return not self.lexicon["finite"].isdisjoint(self.of[start:end])

    def _has_words(self, start: int, end: int, least: int = 1) -> bool:
        """Whether at least so many words, marks not counted, stand there."""
        for word in self.of[start:end]:
            if word[0].isalnum():
                least -= 1
                if not least:
                    return True
        return False

    def _span(self, place: Place) -> Span:
        """The original span of words."""
        starts, last = self.words.starts, place[1] - 1
        return self.folded.span(starts[place[0]], starts[last] + len(self.of[last]))

    def _trimmed(self, place: Place) -> Span | None:
        """Their original span without marks at the edges; None when nothing is left."""
        start, end = place
        while start < end and not _is_word(self.of[start]):
            start += 1
        while start < end and not _is_word(self.of[end - 1]):
            if self.of[end - 1] == ")" and "(" in self.of[start:end]:
                break
            end -= 1
        return self._span((start, end)) if start < end else None


def _is_word(word: str) -> bool:
    return word[0].isalnum() or any(map(str.isalnum, word))

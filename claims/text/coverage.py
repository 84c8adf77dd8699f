"""Which claims a caution is about."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from claims.text.disclaimers import Mark
from claims.text.folding import Folded, fold
from claims.text.rules import rule_book
from claims.text.values import DetectedClaim, Finding, FlagKind, Scope, Sentence, Span

AFTER_CUE = 60  # characters in which the cue's object is read
FAR = 100  # claims: a caution does not reach further
OF_ANOTHER = frozenset(  # where their sentence states nothing else they are about the one before
    {FlagKind.ADJECTIVE, FlagKind.DENIAL, FlagKind.CONTESTED, FlagKind.CONDITIONAL}
)
NEAR = 3  # sentences: a witness who is not named is still the same one


@dataclass(frozen=True, slots=True)
class Grammar:
    """The lists under `[coverage]` of one language, compiled to match folded text."""

    accounts: re.Pattern[str]
    his: re.Pattern[str]
    whole_report: re.Pattern[str]
    that: re.Pattern[str]
    name_ending: str


@cache
def grammar(language: str) -> Grammar:
    """Compile the lists of `language`; cost less than a millisecond, once."""
    book = rule_book(language)

    def any_of(name: str) -> str:
        return book.regex_of("coverage", name)

    endings = sorted(book.set_of("coverage", "name_endings"))
    return Grammar(
        accounts=re.compile(rf"\b{any_of('accounts')}"),
        his=re.compile(rf"\b{any_of('his')}"),
        whole_report=re.compile(rf"\b{any_of('whole_report')}"),
        that=re.compile(rf"\b{any_of('that')}\s*\Z"),
        name_ending=rf"(?:{'|'.join(map(re.escape, endings))})?" if endings else "",
    )


def cover(
    folded: Folded,
    sentences: Sequence[Sentence],
    marks: Sequence[Mark],
    claims: Sequence[DetectedClaim],
    language: str,
) -> tuple[Finding, ...]:
    """Complete `marks` with their scope and the spans of the claims they cover."""
    starts = [claim.span.start for claim in claims]
    order = {sentence.span: number for number, sentence in enumerate(sentences)}
    return tuple(
        Finding(
            kind=mark.kind,
            cue=mark.cue,
            sentence=mark.sentence.span,
            rule=mark.rule.id,
            who=mark.who,
            agent=mark.agent,
            scope=scope,
            covers=tuple(claim.span for claim in covered),
            confidence=mark.rule.confidence,
        )
        for mark in marks
        for scope, covered in [_covered(folded, mark, claims, starts, order, grammar(language))]
    )


def _covered(
    folded: Folded,
    mark: Mark,
    claims: Sequence[DetectedClaim],
    starts: Sequence[int],
    order: dict[Span, int],
    words: Grammar,
) -> tuple[Scope, list[DetectedClaim]]:
    sentence = mark.sentence.span
    first, last = bisect_left(starts, sentence.start), bisect_left(starts, sentence.end)
    own, before = list(claims[first:last]), claims[max(0, first - FAR) : first]
    near = claims[max(0, first - FAR) : last + FAR]
    if not mark.kind.is_core or mark.kind is FlagKind.ADJECTIVE:
        stated = [claim for claim in own if not _is_only(mark.cue, claim.span)]
        if mark.kind is FlagKind.ANONYMOUS_SOURCE:
            return _unnamed(stated, before, claims[last : last + FAR], order, sentence)
        opens = mark.kind is FlagKind.CONDITIONAL and mark.cue.start == sentence.start
        if mark.kind in OF_ANOTHER and before and (opens or not stated):
            return Scope.PREVIOUS, _previous(before)
        return Scope.SENTENCE, [one for one in stated if one.span.overlaps(mark.cue)] or stated
    after = Span(mark.cue.end, min(sentence.end, mark.cue.end + AFTER_CUE))
    about = folded.of(mark.cue) + folded.of(after).split(",")[0]
    if witness := _named(folded.of(sentence), before, words):
        return Scope.WITNESS, [claim for claim in near if claim.claimant == witness]
    stated = [
        claim
        for claim in own
        if claim.span.overlaps(mark.cue) or _is_object(folded, mark, claim, words)
    ]
    if stated:
        return Scope.SENTENCE, stated
    said_first = [claim for claim in own if claim.span.end <= mark.cue.start]
    heard = [*before, *said_first]
    if (
        (words.accounts.search(about) or words.his.search(about))
        and heard
        and heard[-1].claimant_kind in {"person", "anonymous"}
    ):
        return Scope.WITNESS, _witness(heard, claims[last : last + FAR], order)
    if said_first:
        return Scope.SENTENCE, said_first
    if words.whole_report.search(about):
        return Scope.REPORT, list(before or claims[last : last + FAR])
    return Scope.PREVIOUS, _previous(before)


def _is_only(cue: Span, claim: Span) -> bool:
    """Whether the claim says little but the words of the cue: "He did not give his full name"."""
    return cue.overlaps(claim) and 2 * cue.length > claim.length


def _is_object(folded: Folded, mark: Mark, claim: DetectedClaim, words: Grammar) -> bool:
    """Whether the claim is what could not be verified: "… could not verify that C"."""
    between = folded.of(Span(mark.cue.end, claim.span.start))
    return "," not in between and bool(words.that.search(between))


def _named(sentence: str, before: Sequence[DetectedClaim], words: Grammar) -> str:
    """The person of an earlier claim who is named in `sentence`; the last one to speak first."""
    seen = set()
    for claim in reversed(before):
        if claim.claimant in seen or claim.claimant_kind != "person":
            continue
        seen.add(claim.claimant)
        if _surname(claim.claimant, words.name_ending).search(sentence):
            return claim.claimant
    return ""


@lru_cache(maxsize=1000)
def _surname(claimant: str, endings: str) -> re.Pattern[str]:
    """The last of somebody's names, in any of its cases."""
    surname = fold(claimant).text.rsplit(" ", 1)[-1]
    if endings:  # the nominative has an ending of its own: Дольский, Дольского
        surname = re.sub(rf"(?<=\w\w\w){endings}\Z", "", surname)
    return re.compile(rf"\b{re.escape(surname)}{endings}\b" if surname else r"(?!)")


def _unnamed(
    own: list[DetectedClaim],
    before: Sequence[DetectedClaim],
    after: Sequence[DetectedClaim],
    order: dict[Span, int],
    sentence: Span,
) -> tuple[Scope, list[DetectedClaim]]:
    """What somebody unnamed says: in the sentence that keeps the name back, or else near it."""
    if own:
        hidden = [claim for claim in own if claim.claimant_kind == "anonymous"]
        return Scope.SENTENCE, hidden or own
    at = order[sentence]
    for near, step in ((before[::-1], -1), (after, 1)):
        speaking = next((c for c in near if 0 < step * (order[c.sentence] - at) <= NEAR), None)
        if speaking and speaking.claimant_kind in {"anonymous", "person"}:
            return Scope.WITNESS, sorted(
                (
                    claim
                    for claim in near
                    if claim.claimant == speaking.claimant
                    and 0 < step * (order[claim.sentence] - at) <= NEAR
                ),
                key=lambda claim: claim.span,
            )
    return Scope.SENTENCE, []


def _previous(before: Sequence[DetectedClaim]) -> list[DetectedClaim]:
    """The claims of the nearest earlier sentence that has some."""
    return [claim for claim in before if claim.sentence == before[-1].sentence]


def _witness(
    before: Sequence[DetectedClaim], after: Sequence[DetectedClaim], order: dict[Span, int]
) -> list[DetectedClaim]:
    """The claims of the last to speak, and those of somebody not named right before."""
    witness = before[-1].claimant
    found = [claim for claim in before if claim.claimant == witness]
    at = order[found[0].sentence]
    for claim in reversed(before):
        near = 0 < at - order[claim.sentence] <= NEAR
        if near and claim.claimant_kind == "anonymous" and claim.attribution is not None:
            found.append(claim)
            at = order[claim.sentence]
    if before[-1].claimant_kind == "person":
        found.extend(claim for claim in after if claim.claimant == witness)
    return sorted(found, key=lambda claim: claim.span)

"""Two people saved over the same version: what each changed of it, and what becomes of both.

What one of them alone changed is taken from them. Where both changed a field, sentences that only
one of them touched are put together; a sentence is always one that somebody wrote as it stands,
because half of one and half of another can say what nobody said. Everything else a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import pairwise

from claims import comparing
from claims import text as engine
from claims.comparing import Change
from reviews import history, ratings
from reviews.history import Conflict, Draft
from reviews.models import VerdictVersion

LABELS = {
    "claim_wording": "Claim as checked",
    "rating": "Rating",
    "summary": "Summary",
    "explanation": "Explanation",
    "correction": "What is corrected, for readers",
}
Edit = tuple[int, int, tuple[str, ...]]  # parts of the ancestor, half-open, and what replaces them


class Outcome(StrEnum):
    MINE = "mine"  # only the person who saves now changed it
    THEIRS = "theirs"  # only somebody before them did
    MERGED = "merged"  # both did, in different sentences
    ASKED = "asked"  # both did, and a person decides


@dataclass(frozen=True, slots=True)
class Meeting:
    """One field of which the two texts are not the same, and what is proposed for it.

    :ivar base: what both started from; "" if that was redacted.
    :ivar saved: the version that changed it last, if any did.
    """

    name: str
    outcome: Outcome
    base: str
    theirs: str
    mine: str
    proposed: str
    saved: VerdictVersion | None

    @property
    def label(self) -> str:
        return LABELS[self.name]

    @property
    def their_changes(self) -> list[Change]:
        """Word by word, what the saved version says instead of what both started from."""
        return list(comparing.word_diff(self._shown(self.base), self._shown(self.theirs)))

    @property
    def my_changes(self) -> list[Change]:
        """Word by word, what was typed instead of what both started from."""
        return list(comparing.word_diff(self._shown(self.base), self._shown(self.mine)))

    def _shown(self, value: str) -> str:
        return dict(ratings.choices()).get(value, value) if self.name == "rating" else value


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A stale save and what was saved since, brought together.

    :ivar base: the version that the save was made against; 0 before the first.
    :ivar known: whether that version can still be read; else nobody can say who changed what.
    :ivar since: what was saved after it, oldest first.
    :ivar fields: those in which the two differ, by name.
    :ivar draft: all fields as proposed; what is asked stands as it was typed.
    """

    base: int
    known: bool
    since: list[VerdictVersion]
    fields: dict[str, Meeting]
    draft: Draft

    @property
    def asked(self) -> list[Meeting]:
        return [one for one in self.fields.values() if one.outcome == Outcome.ASKED]


def reconcile(conflict: Conflict) -> Reconciled:
    """Bring a stale save together with what was saved since. Cost: a few queries."""
    verdict = conflict.current
    since = list(verdict.versions.filter(seq__gt=conflict.seq).order_by("seq"))
    base = history.draft_at(verdict, conflict.seq)
    theirs, mine = asdict(history.draft_of(verdict)), asdict(conflict.draft)
    before = asdict(base) if base else dict.fromkeys(LABELS, "")
    changed = _last_changes(before, since)
    fields, draft = {}, {}
    for name in LABELS:
        texts = before[name], theirs[name], mine[name]
        outcome, draft[name] = _decide(name, *texts, known=base is not None)
        if theirs[name] != mine[name]:
            fields[name] = Meeting(name, outcome, *texts, draft[name], changed.get(name))
    return Reconciled(conflict.seq, base is not None, since, fields, Draft(**draft))


def _last_changes(
    before: dict[str, str], since: Iterable[VerdictVersion]
) -> dict[str, VerdictVersion]:
    """The version that changed each field last, where one did."""
    found: dict[str, VerdictVersion] = {}
    for version in since:
        content = history.read(version)
        now = {name: content[history.SEALED_AS.get(name, name)] for name in LABELS}
        found |= {name: version for name in LABELS if now[name] != before[name]}
        before = now
    return found


def _decide(name: str, base: str, theirs: str, mine: str, *, known: bool) -> tuple[Outcome, str]:
    if theirs == mine:
        return Outcome.MINE, mine
    if known and mine == base:
        return Outcome.THEIRS, theirs
    if known and theirs == base:
        return Outcome.MINE, mine
    together = merged(base, theirs, mine) if known and name != "rating" else None
    return (Outcome.ASKED, mine) if together is None else (Outcome.MERGED, together)


# Sentences


def merged(base: str, theirs: str, mine: str) -> str | None:
    """Return `base` with the changes of both, if no sentence is touched by both; else None.

    What both changed alike counts once. Something put in where the other changed the sentence
    beside it is touched by both. Cost: quadratic in the number of sentences at worst.
    """
    parts = _parts(base)
    edits = sorted({*_edits(parts, _parts(theirs)), *_edits(parts, _parts(mine))})
    if any(_meet(one, other) for one, other in pairwise(edits)):
        return None
    found, at = [], 0
    for start, end, instead in edits:
        found += [*parts[at:start], *instead]
        at = end
    return "".join([*found, *parts[at:]])


def _meet(one: Edit, other: Edit) -> bool:
    """Whether two different edits, the earlier first, touch the same; both may only adjoin."""
    puts_in = other[0] == other[1] or one[0] == one[1]
    return other[0] < one[1] or other[0] == one[0] or (puts_in and other[0] == one[1])


def _edits(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [
        (start, end, tuple(new[new_start:new_end]))
        for op, start, end, new_start, new_end in matcher.get_opcodes()
        if op != "equal"
    ]


def _parts(text: str) -> list[str]:
    """The sentences of a text and what stands between them, in order; joined they are the text."""
    edges = [0]
    for sentence in engine.split_sentences(text):
        edges += [sentence.span.start, sentence.span.end]
    return [text[start:end] for start, end in pairwise([*edges, len(text)]) if start < end]

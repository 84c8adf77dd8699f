"""Two texts word by word: what stayed, what went and what came."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

# Pairs of words or lines. Runs read best as `difflib` finds them, whose time has no good bound;
# longer texts show the most that they share, in bounded time, and the longest one whole change.
READ_BEST, DIFF_AT_MOST = 250_000, 200_000_000
AROUND = 300  # characters before and after a change that a brief difference shows
LONGEST = 5_000  # characters of one run of words that it shows
MOST = 20_000  # characters of all that it shows
MORE = " … And more, which is not shown here."


@dataclass(frozen=True, slots=True)
class Change:
    """A run of words that two versions share (`equal`) or that one of them alone has."""

    op: str  # "equal", "insert" or "delete"
    text: str


def word_diff(old: str, new: str) -> Iterator[Change]:
    """Yield what stayed, went and came between two texts, in reading order, by whole words."""
    for before, after in _runs(_words(old), _words(new)):
        if before == after:
            yield Change("equal", before)
            continue
        if before:
            yield Change("delete", before)
        if after:
            yield Change("insert", after)


def _runs(old: list[str], new: list[str]) -> list[tuple[str, str]]:
    """Return what stands in each text, run by run; a space alone does not part two changes."""
    runs: list[tuple[str, str]] = []
    for is_equal, was, now in _pieces(old, new):
        run = "".join(was), "".join(now)
        parted_by_space = len(runs) > 1 and runs[-1][0].isspace() and runs[-1][0] == runs[-1][1]
        if not is_equal and parted_by_space:
            space, changed = runs.pop(), runs.pop()
            run = changed[0] + space[0] + run[0], changed[1] + space[1] + run[1]
        runs.append(run)
    return runs


def _pieces(old: list[str], new: list[str]) -> Iterator[tuple[bool, list[str], list[str]]]:
    """Yield what stands in each, piece by piece, and whether they share the piece."""
    at_old = at_new = 0
    for first, second, size in _shared(old, new):
        if at_old < first or at_new < second:
            yield False, old[at_old:first], new[at_new:second]
        if size:
            yield True, old[first : first + size], new[second : second + size]
        at_old, at_new = first + size, second + size


def _shared(old: list[str], new: list[str]) -> list[tuple[int, int, int]]:
    """Where both have the same, in reading order: where in each, and for how long; the end last."""
    pairs = len(old) * len(new)
    if pairs <= READ_BEST:
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        return [(block.a, block.b, block.size) for block in matcher.get_matching_blocks()]
    if pairs <= DIFF_AT_MOST:
        return [
            (block.a, block.b, block.size)
            for block in LCSseq.editops(old, new).as_matching_blocks()
        ]
    return [(len(old), len(new), 0)]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def passages(old: str, new: str) -> list[tuple[Change, ...]]:
    """Return the paragraphs that differ between two texts, word by word, in reading order."""
    before, after = old.split("\n"), new.split("\n")
    changed = (("\n".join(a), "\n".join(b)) for same, a, b in _pieces(before, after) if not same)
    return [tuple(word_diff(was, now)) for was, now in changed if was.split() != now.split()]


def brief(found: Iterable[tuple[Change, ...]]) -> tuple[tuple[Change, ...], ...]:
    """Return as much of what `passages` found as fits on a page, "…" for what is left out."""
    kept: list[tuple[Change, ...]] = []
    left = MOST
    for changes in found:
        short: list[Change] = []
        for number, one in enumerate(changes):
            if left <= 0:
                return (*kept, (*short, Change("equal", MORE)))
            short.append(_brief(one, is_first=number == 0, is_last=number == len(changes) - 1))
            left -= len(short[-1].text)
        kept.append(tuple(short))
    return tuple(kept)


def _brief(one: Change, *, is_first: bool, is_last: bool) -> Change:
    text = one.text
    if one.op == "equal" and len(text) > 2 * AROUND:
        before, after = "" if is_first else text[:AROUND], "" if is_last else text[-AROUND:]
        return Change(one.op, f"{before} … {after}")
    return one if len(text) <= LONGEST else Change(one.op, f"{text[:LONGEST]} …")


def likeness(one: str, other: str) -> float:
    """Return the share of the words of the shorter text that the other has, too: 0 to 1."""
    first, second = set(one.split()), set(other.split())
    return len(first & second) / (min(len(first), len(second)) or 1)


def words(found: list[tuple[Change, ...]]) -> int:
    """Return how many words went or came, the more of both where one stands for the other."""
    total = 0
    for changes in found:
        gone, come = (
            sum(len(re.findall(r"\w+", one.text)) for one in changes if one.op == op)
            for op in ("delete", "insert")
        )
        total += max(gone, come)
    return total

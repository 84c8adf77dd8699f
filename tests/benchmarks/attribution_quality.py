"""How well claimants, cues and contents are found, on PolNeAR: American political news.

Nothing is asserted: the figures are for people. The method, so that nobody need trust it:

* Every attribution that the annotators marked counts, also those of thoughts, wishes, promises and
  praise. Where several annotated an article, the first by name counts.
* Each of its parts is a span; one in pieces counts from its first to its last character. An
  attribution without a claimant asks for none.
* Spans are paired off in reading order, one to one: what is found twice is wrong once. "Exact"
  pairs begin and end alike, but for the marks and the "that" at their edges; "overlap" pairs share
  a character.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from claims.text import Attribution, Span, analyse

PARTS = ("Source", "Cue", "Content")
EDGES = " \t\n\r\"'“”‘’«»,.;:!?–—-"
Parts = dict[str, Span]


def main(data: Path) -> None:
    """Print precision, recall and F1 of the three parts of an attribution, exact and overlap."""
    path = data / "attribution" / "dev.jsonl.gz"
    if not path.is_file():
        print(f"{path} is absent: no precision and recall of attributions")
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    found = [list(map(parts_of, analyse(row["text"], language="en").attributions)) for row in rows]
    wanted = [list(annotated(row)) for row in rows]
    print(
        f"{len(rows)} articles, {sum(map(len, wanted))} attributions, {sum(map(len, found))} found"
    )
    for part in PARTS:
        for exact in (True, False):
            report(part, exact, rows, wanted, found)


def report(
    part: str, exact: bool, rows: list[Any], wanted: list[list[Parts]], found: list[list[Parts]]
) -> None:
    """Print one line of figures over all articles."""
    right = asked = answered = 0
    for row, ours, theirs in zip(rows, found, wanted, strict=True):
        gold = sorted(parts[part] for parts in theirs if part in parts)
        said = sorted(parts[part] for parts in ours if part in parts)
        if exact:
            gold = sorted(trimmed(row["text"], span) for span in gold)
            said = sorted(trimmed(row["text"], span) for span in said)
        right += pairs(gold, said, exact)
        asked, answered = asked + len(gold), answered + len(said)
    precision, recall = right / max(1, answered), right / max(1, asked)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    how = "exact" if exact else "overlap"
    print(f"{part:8}{how:8} precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}")


def pairs(gold: list[Span], said: list[Span], exact: bool) -> int:
    """How many can be paired off: each with the first that still is free, those that end first."""
    free, count = sorted(said, key=lambda span: span.end), 0
    for span in sorted(gold, key=lambda span: span.end):
        partner = next(
            (one for one in free if one == span or (not exact and one.overlaps(span))), None
        )
        if partner:
            free.remove(partner)
            count += 1
    return count


def trimmed(text: str, span: Span) -> Span:
    """`span` without marks at its edges and without an opening "that"."""
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip(EDGES))
    end = span.end - (len(words) - len(words.rstrip(EDGES)))
    if text[start:end].lower().startswith("that "):
        start += len("that ")
    return Span(start, max(start, end))


def parts_of(said: Attribution) -> Parts:
    """The parts of what the engine found."""
    found = {"Cue": said.cue, "Content": said.content}
    return found | ({"Source": said.source} if said.source else {})


def annotated(row: dict[str, Any]) -> Iterator[Parts]:
    """The attributions of one article, from its standoff annotation."""
    spans: dict[str, Span] = {}
    events: list[str] = []
    for line in row["ann"][min(row["ann"])].split("\n"):
        key, _, rest = line.partition("\t")
        if key.startswith("T"):
            offsets = [int(number) for number in rest.split("\t")[0].replace(";", " ").split()[1:]]
            spans[key] = Span(offsets[0], offsets[-1])
        elif key.startswith("E"):
            events.append(rest)
    for event in events:
        named = [argument.split(":") for argument in event.split()]
        parts = {name: spans[key] for name, key in named if name in PARTS and key in spans}
        if parts:
            yield parts


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))

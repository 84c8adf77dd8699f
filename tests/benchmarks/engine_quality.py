"""How well and how fast the engine finds what is not verified, on texts that nobody here wrote.

Nothing is asserted: the figures are for people. Speed is given against splitting alone in the same
run, as machines differ.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from claims.text import FlagKind, analyse
from claims.text.sentences import split_sentences

ENGLISH = "UD_English"
ROUNDS = 3


def main(data: Path) -> None:
    """Print precision and recall, false flags in ordinary news, and sentences a second."""
    sentences = data / "dev" / "unverified_sentences.jsonl"
    negatives = data / "negatives"
    if sentences.is_file():
        unverified_or_not(sentences)
    else:
        print(f"{sentences} is absent: no precision and recall")
    if negatives.is_dir():
        ordinary = list(_ordinary(negatives))
        false_flags(ordinary)
        speed("\n\n".join(ordinary))
    else:
        print(f"{negatives} is absent: no false flags and no speed")
    variants = data / "dev" / "disclaimer_mt_variants.jsonl"
    if variants.is_file():
        bent_by_machines(variants)


def has_core_flag(text: str) -> bool:
    """Whether the engine says that somebody has not verified something."""
    return any(flag.kind.is_core for flag in analyse(text, language="en").flags)


def unverified_or_not(path: Path) -> None:
    """Precision and recall of "any core flag" on labelled sentences; unknown figures apart."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found = [(has_core_flag(row["text"]), row["unverified_disclaimer"], row) for row in rows]
    right = sum(said and wanted for said, wanted, _ in found)
    said, wanted = sum(said for said, _, _ in found), sum(wanted for _, wanted, _ in found)
    print(
        f"{len(rows)} labelled sentences: precision {right / said:.3f}, recall {right / wanted:.3f}"
    )
    missed = [row for said, wanted, row in found if wanted and not said]
    unknown = sum(
        any(
            flag.kind is FlagKind.UNKNOWN_FACT for flag in analyse(row["text"], language="en").flags
        )
        for row in missed
    )
    print(f"  {len(missed)} missed, of which {unknown} are flagged as {FlagKind.UNKNOWN_FACT}")


def false_flags(texts: list[str]) -> None:
    """Core flags in ordinary English news, where about one sentence in a thousand has one."""
    count = sum(has_core_flag(text) for text in texts)
    print(f"{len(texts)} ordinary sentences: {1000 * count / len(texts):.2f} core flags per 1,000")


def bent_by_machines(path: Path) -> None:
    """Recall on machine-translated wordings of the same cautions."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    english = [
        row["text"] for row in rows if row["pair"].endswith("-en") and "src" not in row["kind"]
    ]
    found = sum(map(has_core_flag, english))
    print(f"{len(english)} machine-bent cautions: {found} found")


def speed(text: str) -> None:
    """Sentences a second through the whole engine, and through the splitter alone."""
    split = _best(lambda: split_sentences(text))
    whole = _best(lambda: analyse(text, language="en"))
    count = len(split_sentences(text))
    print(
        f"{count} sentences: splitting alone {count / split:,.0f} a second,"
        f" the whole engine {count / whole:,.0f} ({whole / split:.1f} times as long)"
    )


def _best(work: Callable[[], Any]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def _ordinary(folder: Path) -> Iterator[str]:
    """English sentences of ordinary news, one by one."""
    with gzip.open(folder / "sentences.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = map(json.loads, lines)
        yield from (row["text"] for row in rows if row["treebank"].startswith(ENGLISH))
    with gzip.open(folder / "gum_news.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from (text for line in lines for _, text in json.loads(line)["sentences"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))

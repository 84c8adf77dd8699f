"""How well the engine finds what is not verified, on texts that nobody here wrote.

Nothing is asserted: the figures are for people, and every core flag in ordinary news is listed, so
that a reader can say which are wrong. `engine_speed` measures how fast it is.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from claims.text import Finding, FlagKind, analyse
from claims.text.rules import LANGUAGES

# The language of each treebank in the data.
TREEBANKS = {
    "UD_English": "en", "UD_German": "de", "UD_French": "fr", "UD_Spanish": "es",
    "UD_Russian": "ru", "UD_Ukrainian": "uk", "UD_Norwegian-Bokmaal": "nb",
    "UD_Norwegian-Nynorsk": "nn",
}  # fmt: skip
Row = dict[str, Any]


def main(data: Path) -> None:
    """Print precision and recall in each language, and the false flags in ordinary news."""
    sentences = data / "dev" / "unverified_sentences.jsonl"
    others = data / "dev" / "unverified_i18n.jsonl"
    negatives = data / "negatives"
    if sentences.is_file():
        unverified_or_not("en", _rows(sentences))
    else:
        print(f"{sentences} is absent: no precision and recall in English")
    if others.is_file():
        by_language = defaultdict(list)
        for row in _rows(others):
            by_language[row["lang"]].append(row)
        for language, rows in sorted(by_language.items()):
            unverified_or_not(language, rows)
    else:
        print(f"{others} is absent: no precision and recall in other languages")
    if negatives.is_dir():
        false_flags(ordinary(negatives))
    else:
        print(f"{negatives} is absent: no false flags")
    variants = data / "dev" / "disclaimer_mt_variants.jsonl"
    if variants.is_file():
        bent_by_machines(variants)


def core_flags(text: str, language: str) -> list[Finding]:
    """Where the engine says that somebody has not verified something."""
    return [flag for flag in analyse(text, language=language).flags if flag.kind.is_core]


def unverified_or_not(language: str, rows: Sequence[Row]) -> None:
    """Precision and recall of "any core flag" on labelled sentences; unknown facts apart."""
    if analyse("", language=language).language not in LANGUAGES:
        print(f"{language}: {len(rows)} labelled sentences, no rules for the language")
        return
    found = [
        (bool(core_flags(row["text"], language)), row["unverified_disclaimer"], row) for row in rows
    ]
    right = sum(said and wanted for said, wanted, _ in found)
    said, wanted = sum(said for said, _, _ in found), sum(wanted for _, wanted, _ in found)
    print(
        f"{language}: {len(rows)} labelled sentences, {wanted} of them unverified:"
        f" precision {_share(right, said)}, recall {_share(right, wanted)}"
    )
    missed = [row for said, wanted, row in found if wanted and not said]
    unknown = sum(
        any(
            flag.kind is FlagKind.UNKNOWN_FACT
            for flag in analyse(row["text"], language=language).flags
        )
        for row in missed
    )
    if missed:
        # The labels count "it is not known how many" as unverified too; it is no core flag.
        print(
            f"  {len(missed)} missed, of which {unknown} are flagged as {FlagKind.UNKNOWN_FACT}:"
            f" with those recall {_share(right + unknown, wanted)}"
        )


def _share(part: int, of: int) -> str:
    return f"{part / of:.3f}" if of else "none"


def false_flags(texts: Iterator[tuple[str, str]]) -> None:
    """List the core flags in ordinary news, where about one sentence in a thousand has one."""
    counts, flagged = defaultdict(int), defaultdict(int)
    for language, text in texts:
        counts[language] += 1
        found = core_flags(text, language)
        flagged[language] += bool(found)
        for flag in found:
            print(f"  {language} {flag.rule}: [{flag.cue.of(text)}] in: {text}")
    for language, count in sorted(counts.items()):
        rate = 1000 * flagged[language] / count
        print(f"{language}: {count} ordinary sentences, {rate:.2f} core flags per 1,000")


def bent_by_machines(path: Path) -> None:
    """Recall on machine-translated wordings of the same cautions."""
    english = [
        row["text"]
        for row in _rows(path)
        if row["pair"].endswith("-en") and "src" not in row["kind"]
    ]
    found = sum(bool(core_flags(text, "en")) for text in english)
    print(f"{len(english)} machine-bent cautions: {found} found")


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def ordinary(folder: Path) -> Iterator[tuple[str, str]]:
    """Sentences of ordinary news with their languages, one by one."""
    with gzip.open(folder / "sentences.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            for treebank, language in TREEBANKS.items():
                if row["treebank"].startswith(treebank) and language in LANGUAGES:
                    yield language, row["text"]
    with gzip.open(folder / "gum_news.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from (("en", text) for line in lines for _, text in json.loads(line)["sentences"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))

"""Claim matching on CheckThat! 2020 (tweets to checked claims): MAP@5, and precision by threshold.

Candidates come from the index of claims and are ranked as for `manage.py match`; whether the first
is certain is the comparison's to say, as at intake. Measured twice: what was claimed is stored
alone, or with the headline of its check, as the published systems had it. Published: best 0.929,
search engines about 0.8; plain TF-IDF 0.77.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from claims import index, ranking, trial
from claims import text as engine
from claims.models import Claim

NEEDS_DATABASE = True
DEPTH = 50  # candidates among which the right one is looked for
TOP = 5


class Match(NamedTuple):
    """One query with the checked claim it repeats, the claims found, and how sure the first is."""

    expected: str
    found: list[str]
    certainty: float

    @property
    def precision(self) -> float:
        """Reciprocal rank within the first five: the average precision of one right answer."""
        ranked = self.found[:TOP]
        return 1 / (ranked.index(self.expected) + 1) if self.expected in ranked else 0.0


def main(data: Path) -> None:
    """Print MAP@5, the reach of the candidates, and how often a certain match is right."""
    folder = data / "matching"
    if not folder.is_dir():
        print(f"{folder} is absent: matching is not measured.")
        return
    rows = list(_rows(folder / "verified_claims.docs.tsv"))
    print("what was claimed, alone")
    _measure(folder, {ref: wording for ref, wording, *_ in rows})
    print("with the headline of its check")
    _measure(folder, {ref: " ".join(texts) for ref, *texts in rows})


def _measure(folder: Path, claims: Mapping[str, str]) -> None:
    with trial.tables():
        for ref, wording in claims.items():
            claim = Claim(ref=ref, wording=wording, language="en")
            index.enter(claim, [wording])
            claim.save()
        trial.count_rows()
        known = ranking.frequencies()
        meant = ranking.meanings()
        print("semantic matching", "on" if meant else "off")
        refs = dict(Claim.objects.values_list("pk", "ref"))
        for part in ("dev", "train"):
            begun = time.perf_counter()
            matches = list(_matches(folder, part, claims, refs, known, meant))
            spent = (time.perf_counter() - begun) / len(matches)
            _report(part, matches, len(claims), spent)


def _report(part: str, matches: list[Match], claims: int, seconds: float) -> None:
    mean = sum(match.precision for match in matches) / len(matches)
    reached = sum(match.expected in match.found for match in matches)
    print(
        f"{part}: {len(matches)} queries, {claims} claims   MAP@{TOP} {mean:.3f}   among the first"
        f" {DEPTH} {reached / len(matches):.3f}   {seconds * 1000:.0f} ms a query"
    )
    for threshold in (0.4, 0.5, 0.55, 0.6, 0.65, 0.7):
        sure = [match for match in matches if match.found and match.certainty >= threshold]
        right = sum(match.found[0] == match.expected for match in sure)
        if sure:
            print(
                f"   first match ≥ {threshold:.2f}: right in {right} of {len(sure)}"
                f" = {right / len(sure):.2f}"
            )


def _matches(
    folder: Path,
    part: str,
    claims: Mapping[str, str],
    refs: Mapping[int, str],
    known: engine.Frequencies,
    meant: ranking.Meanings | None,
) -> Iterable[Match]:
    pairs = (folder / f"{part}.tweet-vclaim-pairs.qrels").read_text("utf-8").splitlines()
    expected = {row.split("\t")[0]: row.split("\t")[2] for row in pairs}
    for query, post, *_ in _rows(folder / f"{part}.tweets.queries.tsv"):
        if query in expected:
            ranked = ranking.rank(post, language="en", limit=DEPTH, known=known, meant=meant)
            found = [refs[one.claim_id] for one in ranked]
            wording = " ".join(engine.read_post(post).body.split())
            certainty = engine.compare(wording, claims[found[0]]).score if found else 0.0
            yield Match(expected[query], found, certainty)


def _rows(path: Path) -> Iterable[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t"):
            if row[0]:
                yield row

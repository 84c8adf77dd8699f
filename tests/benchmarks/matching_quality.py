"""Claim matching on CheckThat! 2020 (tweets to checked claims): MAP@5, and precision by threshold.

Candidates come from fingerprints as at intake (the index kept in memory here), the order from
`compare`, which knows no word frequencies. Published: best 0.929, search engines about 0.8; plain
TF-IDF 0.77.
"""

from __future__ import annotations

import csv
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from claims import matching
from claims import text as engine

SAMPLE = 200  # queries of each part
TOP = 5
SIGNATURE = re.compile(r"\s+— .{0,80}\(@\w+\).*\Z|https?://\S+|pic\.twitter\.com/\S+", re.DOTALL)


class Match(NamedTuple):
    """One query with the checked claim it repeats, and the best claims found, best first."""

    expected: str
    found: list[tuple[float, str]]

    @property
    def precision(self) -> float:
        """Reciprocal rank within the first five: the average precision of one right answer."""
        ranked = [claim for _, claim in self.found[:TOP]]
        return 1 / (ranked.index(self.expected) + 1) if self.expected in ranked else 0.0


def main(data: Path) -> None:
    """Print MAP@5, the reach of the candidates, and how often the first match is right."""
    folder = data / "matching"
    if not folder.is_dir():
        print(f"{folder} is absent: matching is not measured.")
        return
    claims = dict(_rows(folder / "verified_claims.docs.tsv"))
    index = _index(claims)
    for part in ("train", "dev"):
        begun = time.perf_counter()
        matches = list(_matches(folder, part, claims, index))
        spent = (time.perf_counter() - begun) / len(matches)
        _report(part, matches, len(claims), spent)


def _report(part: str, matches: list[Match], claims: int, seconds: float) -> None:
    mean = sum(match.precision for match in matches) / len(matches)
    reached = sum(match.expected in {claim for _, claim in match.found} for match in matches)
    print(
        f"{part}: {len(matches)} queries, {claims} claims   MAP@5 {mean:.3f}   among the candidates"
        f" {reached / len(matches):.3f}   {seconds * 1000:.0f} ms a query"
    )
    for threshold in (0.5, 0.55, 0.6, 0.65, 0.7):
        sure = [match for match in matches if match.found and match.found[0][0] >= threshold]
        right = sum(match.found[0][1] == match.expected for match in sure)
        if sure:
            print(
                f"   first match ≥ {threshold:.2f}: right in {right} of {len(sure)}"
                f" = {right / len(sure):.2f}"
            )


def _matches(
    folder: Path, part: str, claims: Mapping[str, str], index: Mapping[int, list[str]]
) -> Iterable[Match]:
    pairs = (folder / f"{part}.tweet-vclaim-pairs.qrels").read_text("utf-8").splitlines()
    expected = {row.split("\t")[0]: row.split("\t")[2] for row in pairs}
    queries = list(_rows(folder / f"{part}.tweets.queries.tsv"))[:SAMPLE]
    for query, tweet in queries:
        wording = " ".join(SIGNATURE.sub(" ", tweet).split())
        scored = [
            (engine.compare(wording, claims[claim]).score, claim)
            for claim in _candidates(wording, index)
        ]
        yield Match(expected[query], sorted(scored, key=lambda item: (-item[0], item[1])))


def _candidates(wording: str, index: Mapping[int, list[str]]) -> list[str]:
    """The claims that share most hashes, as many as `matching` takes from the database."""
    shared = Counter[str]()
    for mark in engine.fingerprint(wording, matching.FINGERPRINT):
        shared.update(index.get(mark, ()))
    ranked = sorted(shared, key=lambda claim: (-shared[claim], int(claim)))
    return ranked[: matching.CANDIDATES]


def _index(claims: Mapping[str, str]) -> dict[int, list[str]]:
    index = defaultdict[int, list[str]](list)
    for claim, wording in claims.items():
        for mark in engine.fingerprint(wording, matching.FINGERPRINT):
            index[mark].append(claim)
    return index


def _rows(path: Path) -> Iterable[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t"):
            if row[0]:
                yield row[0], row[1]

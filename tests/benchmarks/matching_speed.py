"""Looking one new claim up among a million: time against pg_trgm, and whether it is found again.

The million is made by perturbing real sentences: each stored claim has a third of its words
replaced or left out. Queries reword stored claims lightly, moderately and heavily: a tenth, a fifth
and two fifths of the words are replaced or left out; heavy ones also begin elsewhere in the
sentence. Nothing is asserted. FACTCHECK_BENCH_CLAIMS makes another number of claims.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from multiprocessing import Pool
from pathlib import Path

from django.db import connection, transaction

from claims import index, matching
from claims import text as engine
from claims.models import Article, Claim
from tests.benchmarks.engine_quality import ordinary
from tests.factories import article

NEEDS_DATABASE = True
CLAIMS = int(os.environ.get("FACTCHECK_BENCH_CLAIMS", "1000000"))
SMALL = 10_000  # claims against which storing an article at `CLAIMS` is measured
CHUNK = 2000
KEPT_APART = 0.35  # share of words by which stored claims differ from the sentence they come from
REWORDINGS = {"light": 0.1, "medium": 0.2, "heavy": 0.4}
QUERIES = 200
TRIGRAM_QUERIES = 10
TOP = 5
WORDS = range(8, 41)  # of a sentence that is perturbed

_sentences: list[str] = []
_words: list[str] = []


def main(data: Path) -> None:
    """Print build time and size of the index, times to look up, recall, and cost of an article."""
    if not (data / "negatives").is_dir():
        print(f"{data / 'negatives'} is absent: looking claims up is not measured.")
        return
    _sentences.extend(text for text in _real(data) if len(text.split()) in WORDS)
    print(f"{len(_sentences):,} real sentences")
    _words.extend(sorted({word for s in _sentences for word in s.split() if word.isalpha()}))
    _store(SMALL, first=0)
    small = _article_cost()
    _rebuild_without_index(CLAIMS)
    _report_lookups()
    large = _article_cost()
    print(f"an article of 25 claims: {large / small:.2f} of what it costs at {SMALL:,} claims")
    _report_trigrams()


def _real(data: Path) -> Iterator[str]:
    """English sentences that people wrote: of news articles, and checked claims where present."""
    yield from (text for language, text in ordinary(data / "negatives") if language == "en")
    for part in ("train", "dev"):
        path = data / "attribution" / f"{part}.jsonl.gz"
        if path.is_file():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for text in (json.loads(line)["text"] for line in lines):
                    yield from (sentence.span.of(text) for sentence in engine.split_sentences(text))
    path = data / "matching" / "verified_claims.docs.tsv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row[1] for row in csv.reader(file, delimiter="\t"))


def perturb(sentence: str, rng: random.Random, share: float) -> str:
    """Replace half of `share` of the words by others and leave the other half out."""
    words = sentence.split()
    touched = rng.sample(range(len(words)), round(share * len(words)))
    for number in touched[::2]:
        words[number] = rng.choice(_words)
    return " ".join(word for number, word in enumerate(words) if number not in touched[1::2])


def reword(sentence: str, rng: random.Random, share: float) -> str:
    """Return a rewording; a heavy one also begins elsewhere in the sentence."""
    words = perturb(sentence, rng, share).split()
    start = rng.randrange(len(words)) if share >= REWORDINGS["heavy"] and words else 0
    return " ".join(words[start:] + words[:start])


def _made(seed: int) -> list[tuple[str, tuple[int, ...]]]:
    rng = random.Random(seed)
    wordings = [perturb(rng.choice(_sentences), rng, KEPT_APART) for _ in range(CHUNK)]
    return [(wording, engine.fingerprint(wording)) for wording in wordings]


def _store(number: int, *, first: int) -> None:
    """Store claims by COPY, and count their keys."""
    columns = "ref, wording, language, worthiness, fingerprint, created_at"
    with Pool() as pool, connection.cursor() as cursor, transaction.atomic():
        with cursor.copy(f"COPY claims_claim ({columns}) FROM STDIN") as copy:
            done = first
            for chunk in pool.imap(_made, range(first // CHUNK, number // CHUNK)):
                for wording, keys in chunk:
                    copy.write_row((f"{done:010d}", wording, "en", 0.5, list(keys), "2026-01-01"))
                    done += 1
        cursor.execute(
            "TRUNCATE claims_claimkey;"
            "INSERT INTO claims_claimkey SELECT key, count(*)"
            " FROM claims_claim, unnest(fingerprint) AS key GROUP BY key"
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE claims_claim")


def _rebuild_without_index(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX claims_claim_fingerprint")
        begun = time.perf_counter()
        _store(number, first=SMALL)
        print(f"{number:,} claims made and stored in {time.perf_counter() - begun:.0f} s")
        begun = time.perf_counter()
        cursor.execute(
            "CREATE INDEX claims_claim_fingerprint ON claims_claim USING gin (fingerprint)"
            " WITH (fastupdate = off)"
        )
        spent = time.perf_counter() - begun
        cursor.execute("SELECT pg_size_pretty(pg_relation_size('claims_claim_fingerprint'))")
        print(f"index built in {spent:.0f} s, {cursor.fetchone()[0]}")


def _queries(share: float, number: int, name: str = "queries") -> Iterator[tuple[int, str]]:
    rng = random.Random(f"{name} {share}")
    for _ in range(number):
        claim = Claim.objects.get(ref=f"{rng.randrange(CLAIMS):010d}")
        yield claim.pk, reword(claim.wording, rng, share)


def _report_lookups() -> None:
    """Print recall and times, after as many look-ups of other claims: of a desk that has run."""
    for _, wording in _queries(REWORDINGS["medium"], QUERIES, "first"):
        matching.find_matches(wording, "en")
    for name, share in REWORDINGS.items():
        times, found = [], 0
        for claim_id, wording in _queries(share, QUERIES):
            begun = time.perf_counter()
            matching.find_matches(wording, "en")
            times.append(time.perf_counter() - begun)
            candidates = index.candidates(wording, language="en", limit=TOP)
            found += claim_id in [one.claim_id for one in candidates]
        print(
            f"{name} rewording: recall@{TOP} {found / QUERIES:.3f}, candidates and comparison"
            f" {_percentiles(times)}"
        )
        if name == "medium":
            _times["ours"] = sorted(times)[len(times) // 2]


_times: dict[str, float] = {}


def _report_trigrams() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        begun = time.perf_counter()
        cursor.execute("CREATE INDEX ON claims_claim USING gin (wording gin_trgm_ops)")
        print(f"index of trigrams built in {time.perf_counter() - begun:.0f} s")
        cursor.execute("SET pg_trgm.similarity_threshold = 0.5")
        times = []
        for _, wording in _queries(REWORDINGS["medium"], TRIGRAM_QUERIES):
            begun = time.perf_counter()
            cursor.execute(
                "SELECT id FROM claims_claim WHERE wording %% %s"
                " ORDER BY similarity(wording, %s) DESC LIMIT 5",
                [wording, wording],
            )
            cursor.fetchall()
            times.append(time.perf_counter() - begun)
    median = sorted(times)[len(times) // 2]
    print(f"pg_trgm % 0.5: {_percentiles(times)}: {median / _times['ours']:.0f} times as long")


def _article_cost() -> float:
    """Seconds to match and store one article of 25 new claims, the best of five."""
    rng = random.Random(7)
    times = []
    for _ in range(5):
        wordings = [perturb(rng.choice(_sentences), rng, 0.5) for _ in range(25)]
        row = _with_appearances(wordings)
        begun = time.perf_counter()
        with transaction.atomic():
            matching.link_appearances(row)
        times.append(time.perf_counter() - begun)
    return min(times)


def _with_appearances(wordings: Sequence[str]) -> Article:
    row = article("\n".join(wordings))
    start = 0
    for wording in wordings:
        end = start + len(wording)
        row.appearances.create(
            start=start, end=end, sentence_start=start, sentence_end=end, wording=wording,
            worthiness=0.5,
        )  # fmt: skip
        start = end + 1
    return row


def _percentiles(times: list[float]) -> str:
    ordered = sorted(times)
    middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return f"p50 {middle * 1000:.1f} ms, p95 {late * 1000:.1f} ms"

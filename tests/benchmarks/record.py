"""A record of a million versions: checking all of it, signing it, and the page of one history.

The versions are sealed as the desk seals them, chain by chain, and each has its revision of
django-reversion; they are stored while the triggers sleep. The baseline of checking reads the same
rows and takes the SHA-256 of each content, nothing else; that of the page is an empty Django view.
Checking against a checkpoint is checking everything, and reading the checkpoint twice beside it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reviews import (
    attestation,
    checkpoints,
    delivery,
    history,
    ratings,
    roles,
    signing,
    verification,
)
from reviews.models import Review, User, Verdict
from tests.benchmarks import rows

NEEDS_DATABASE = True
VERDICTS = int(os.environ.get("FACTCHECK_BENCHMARK_VERDICTS", "200000"))
EACH = 5  # versions
ROUNDS = 200
WORDS = "The register of the port shows otherwise, month by month, for every pier there is. " * 12
COLUMNS = (
    "verdict_id", "seq", "content", "content_hash", "previous_hash", "hash", "actor_id",
    "actor_name", "action", "reason", "at",
)  # fmt: skip


def main(data: Path) -> None:
    """Print versions a second, memory, and the milliseconds of a history page."""
    logging.getLogger("django.request").setLevel(logging.ERROR)  # the empty view refuses
    begun = time.perf_counter()
    person = User.objects.create_user("writer")
    person.groups.add(Group.objects.get(name=roles.FACT_CHECKERS))
    rows.desk(open_reviews=VERDICTS)
    _store(person)
    print(f"{VERDICTS:,} verdicts, {EACH} versions each, in {time.perf_counter() - begun:.0f} s")
    _checking()
    _signing()
    _pages(person)


def _checking() -> None:
    counted = VERDICTS * EACH
    begun = time.perf_counter()
    _read_and_hash()
    plain = counted / (time.perf_counter() - begun)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, begun = time.process_time(), time.perf_counter()
    problems, found = verification.check()
    taken, used = time.perf_counter() - begun, time.process_time() - cpu
    if problems or found.versions != counted:
        raise SystemExit(f"{found.versions} versions, {problems[:3]}")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    rate = counted / taken
    print(f"reading and hashing alone (baseline)   {plain:8.0f} versions/s   1.00")
    print(f"verify, everything                     {rate:8.0f} versions/s   {rate / plain:.2f}")
    print(
        f"verify: {used:.0f} s of one core, {taken:.0f} s in all, {grown / 1024:.0f} MB more memory"
    )


def _read_and_hash() -> None:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.itersize = 2_500
        cursor.execute("SELECT content FROM reviews_verdictversion ORDER BY verdict_id, seq")
        for (content,) in cursor:
            hashlib.sha256(content.encode()).hexdigest()


def _pages(person: User) -> None:
    client = Client(headers={"accept-encoding": "identity", "host": "localhost"})
    client.force_login(person)
    refs = list(Review.objects.order_by("ref").values_list("ref", flat=True)[:ROUNDS])
    times: list[float] = []
    empty: list[float] = []
    for ref in refs:
        address = reverse("reviews:history", args=[ref])
        for where, taken in ((address, times), (reverse("sign-out"), empty)):
            begun = time.perf_counter()
            client.get(where)
            taken.append(1000 * (time.perf_counter() - begun))
    with CaptureQueriesContext(connection) as asked:
        if client.get(address).status_code != 200:
            raise SystemExit(f"{address} does not answer")
    queries = len(asked)
    p50, p95 = (statistics.quantiles(times, n=20)[at] for at in (9, 18))
    print(f"history page  p50 {p50:.1f} ms  p95 {p95:.1f} ms  {queries} queries")
    print(f"empty view    p50 {statistics.median(empty):.1f} ms")


def _signing() -> None:
    """Take a checkpoint, and check the record against it: seconds in all, and of one core."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken, making = _timed(checkpoints.take)
    delivery.deliver_due()
    path = settings.CHECKPOINT_FOLDER / taken.file_name
    keys = attestation.keyring(signing.public_keys())
    (sound, problems), reading = _timed(lambda: attestation.read_all(path, keys))
    (broken, _), checking = _timed(lambda: verification.check(attestation.heads(sound)))
    if problems or broken or taken.told["versions"] != VERDICTS * EACH:
        raise SystemExit(f"{taken.told}, {problems}, {broken[:3]}")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"checkpoint of {path.stat().st_size / 1_000_000:.1f} MB: taken in {making}")
    print(f"read and checked alone in {reading}; verify --against it in {checking}")
    print(f"all of that: {grown / 1024:.0f} MB more memory than before")


def _timed(call: Callable[[], Any]) -> tuple[Any, str]:
    cpu, begun = time.process_time(), time.perf_counter()
    result = call()
    taken, used = time.perf_counter() - begun, time.process_time() - cpu
    return result, f"{taken:.1f} s ({used:.1f} s of one core)"


# Storing


def _store(person: User) -> None:
    reviews = list(Review.objects.order_by("pk").values_list("pk", "claim__wording"))
    begun = timezone.now() - timedelta(days=1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        verdicts = Verdict.objects.bulk_create(
            (_verdict(pk, wording) for pk, wording in reviews), batch_size=5_000
        )
        with cursor.copy(f"COPY reviews_verdictversion ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            for verdict in verdicts:
                for row in _chain(verdict, person, begun):
                    copy.write_row([row[name] for name in COLUMNS])
        cursor.execute(REVISIONS, [begun, person.pk, EACH])
        kind = ContentType.objects.get_for_model(Verdict).pk
        with cursor.copy(
            "COPY reversion_version (object_id, content_type_id, db, format, serialized_data,"
            " object_repr, revision_id) FROM STDIN"
        ) as copy:
            for verdict in verdicts:
                for seq, data in enumerate(_revisions(verdict), 1):
                    revision = verdict.pk * 10 + seq
                    copy.write_row(
                        [str(verdict.pk), kind, "default", "json", data, "Verdict", revision]
                    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


REVISIONS = """
INSERT INTO reversion_revision (id, date_created, comment, user_id)
SELECT verdict.id * 10 + number, %s, '', %s
FROM reviews_verdict verdict CROSS JOIN generate_series(1, %s) number
"""


def _verdict(review: int, wording: str) -> Verdict:
    verdict = Verdict(
        review_id=review, claim_wording=wording, rating="false", seq=EACH,
        scale_version=ratings.CURRENT_SCALE, explanation=WORDS,
        context={"language": "en", "claimant": None, "appearances": []},
        checklist={"version": 1, "points": []},
    )  # fmt: skip
    _set(verdict, EACH)
    return verdict


def _set(verdict: Verdict, seq: int) -> None:
    """Let it be as its version `seq` has it."""
    verdict.seq, verdict.summary = seq, f"Summary {seq}."
    content = history.canonical(history.content_of(verdict, ()))
    verdict.content_hash = history.sha256(content)


def _chain(verdict: Verdict, person: User, at: Any) -> Iterator[dict[str, Any]]:
    before = ""
    for seq in range(1, EACH + 1):
        _set(verdict, seq)
        row = verification.Sealed(
            verdict_id=verdict.pk, seq=seq, content_hash=verdict.content_hash,
            content=history.canonical(history.content_of(verdict, ())), previous_hash=before,
            hash="", actor_id=person.pk, actor_name="writer", action="edit", reason="", at=at,
            is_redacted=False,
        )  # fmt: skip
        row = row._replace(hash=history.row_hash(row))
        before = row.hash
        yield row._asdict()


def _revisions(verdict: Verdict) -> Iterator[str]:
    for seq in range(1, EACH + 1):
        _set(verdict, seq)
        fields = {
            "review": verdict.review_id, "rating": verdict.rating, "summary": verdict.summary,
            "scale_version": verdict.scale_version, "claim_wording": verdict.claim_wording,
            "explanation": verdict.explanation, "correction": verdict.correction,
            "context": verdict.context, "checklist": verdict.checklist, "seq": seq,
            "content_hash": verdict.content_hash,
        }  # fmt: skip
        yield json.dumps([{"model": "reviews.verdict", "pk": verdict.pk, "fields": fields}])

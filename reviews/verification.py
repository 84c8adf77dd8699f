"""Checks the record: every chain, what stands beside it, and whatever else must hold.

It asks the rows themselves, not the code that wrote them. The whole record is read in one pass and
one snapshot, some hundred verdicts at a time, so that memory does not grow with it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from reviews import history, leases
from reviews.models import Evidence, Verdict, Verification
from reviews.states import MOVES, Action, Status

CHUNK = 500  # verdicts read at once
KEPT = 100  # problems that a nightly check stores, of all it found

# What a revision of django-reversion calls the fields of a sealed content.
REVISED = {
    "rating": "rating", "scale_version": "scale", "claim_wording": "claim", "summary": "summary",
    "explanation": "explanation", "correction": "correction", "context": "context",
    "checklist": "checklist",
}  # fmt: skip


class Sealed(NamedTuple):
    """A row of `VerdictVersion`, and whether its content was redacted."""

    verdict_id: int
    seq: int
    content: str
    content_hash: str
    previous_hash: str
    hash: str
    actor_id: int
    actor_name: str
    action: str
    reason: str
    at: Any
    is_redacted: bool


@dataclass(frozen=True, slots=True)
class Seal:
    """What checking a chain of versions showed: how far it holds, and the first thing wrong."""

    checked_to: int
    problem: str

    @property
    def intact(self) -> bool:
        return not self.problem


class Head(NamedTuple):
    """The newest version of a chain, as a checkpoint signed it. They sort as the record is read."""

    verdict: int
    seq: int
    hash: str
    checkpoint: int


class Signed:
    """The heads that checkpoints signed, read in step with the record."""

    def __init__(self, heads: Iterable[Head]) -> None:
        self._heads = iter(heads)
        self._next = next(self._heads, None)

    def broken_to(self, verdict: int | None, rows: list[Sealed]) -> Iterator[str]:
        """Yield what is wrong with the heads up to `verdict`, whose versions are `rows`.

        None is past the last verdict. Of each verdict only the first broken head is told.
        """
        told = 0
        by_seq = {row.seq: row for row in rows}
        while (head := self._next) and (verdict is None or head.verdict <= verdict):
            self._next = next(self._heads, None)
            if head.verdict == told:
                continue
            if problem := _broken(head, by_seq if head.verdict == verdict else None):
                told = head.verdict
                yield f"Verdict {head.verdict}: {problem}"


def _broken(head: Head, rows: dict[int, Sealed] | None) -> str:
    """Say in what today's chain is not what was signed; "" if it is. None: there is no verdict."""
    signed = f"version {head.seq}, which checkpoint {head.checkpoint} signed"
    if rows is None:
        return f"it is gone, with {signed}"
    if head.seq not in rows:
        return f"{signed}, is gone"
    if rows[head.seq].hash != head.hash:
        return f"{signed}, is another now: it or one before it was rewritten"
    return ""


# One verdict


def seal_of(verdict: Verdict) -> Seal:
    """Check the chain of one verdict from its first version. Cost: two queries."""
    rows = _versions([verdict.pk])[verdict.pk]
    return _check(verdict, rows, list(verdict.evidence))


def _check(verdict: Verdict, rows: list[Sealed], evidence: list[Evidence]) -> Seal:
    """Say how far the chain of `verdict` holds, whose standing evidence is given."""
    previous = ""
    for expected, row in enumerate(rows, 1):
        where = f"version {row.seq}"
        if row.seq != expected:
            return Seal(expected - 1, f"{where} follows version {expected - 1}")
        if row.is_redacted != (row.content == ""):
            return Seal(expected - 1, f"the content of {where} is not what its redaction says")
        if not row.is_redacted and history.sha256(row.content) != row.content_hash:
            return Seal(expected - 1, f"the content of {where} is not what was sealed")
        if row.previous_hash != previous or row.hash != history.row_hash(row):
            return Seal(expected - 1, f"{where} does not fit the chain")
        if not row.actor_name.strip():
            return Seal(expected - 1, f"{where} names nobody who wrote it")
        previous = row.hash
    newest = rows[-1] if rows else None
    if newest is None or newest.seq != verdict.seq:
        return Seal(len(rows), "the verdict does not end at its newest version")
    schema = json.loads(newest.content)["schema"] if newest.content else 0
    if history.canonical(history.content_of(verdict, evidence, schema=schema)) != newest.content:
        return Seal(len(rows), "the verdict as it stands is not its newest version")
    return Seal(len(rows), "")


def _versions(verdicts: list[int]) -> dict[int, list[Sealed]]:
    found: dict[int, list[Sealed]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT version.verdict_id, version.seq, version.content, version.content_hash,
                version.previous_hash, version.hash, version.actor_id, version.actor_name,
                version.action, version.reason, version.at, redaction.id IS NOT NULL
            FROM reviews_verdictversion version
            LEFT JOIN reviews_redaction redaction ON redaction.version_id = version.id
            WHERE version.verdict_id = ANY(%s) ORDER BY version.verdict_id, version.seq
            """,
            [verdicts],
        )
        for row in map(Sealed._make, cursor):
            found[row.verdict_id].append(row)
    return found


# All of it


def problems() -> Iterator[str]:
    """Yield everything in the record that does not hold, as a sentence that names the row."""
    yield from _chains(Count(), Signed(()))
    yield from _rules()


@dataclass(slots=True)
class Count:
    """How much a check went through."""

    verdicts: int = 0
    versions: int = 0


def check(heads: Iterable[Head] = ()) -> tuple[list[str], Count]:
    """Check the whole record; return what does not hold, and how much was looked at.

    :param heads: what checkpoints signed, in the order of verdicts and then of versions: each must
        be a version of today's chain.
    """
    counted = Count()
    with _snapshot():
        return [*_chains(counted, Signed(heads)), *_rules()], counted


def nightly(heads: Iterable[Head] = (), problems: Iterable[str] = ()) -> Verification:
    """Check the whole record and keep what was found, for the history pages and the health.

    :param problems: what else is wrong, found before.
    """
    begun = leases.clock()
    found, counted = check(heads)
    found = [*problems, *found]
    return Verification.objects.create(
        begun_at=begun, finished_at=leases.clock(), verdicts=counted.verdicts,
        versions=counted.versions, problem_count=len(found), problems=found[:KEPT],
    )  # fmt: skip


@contextmanager
def _snapshot() -> Iterator[None]:
    """All that is read inside is of one moment, unless the caller has a transaction already."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _chains(counted: Count, signed: Signed) -> Iterator[str]:
    kind = ContentType.objects.get_for_model(Verdict).pk
    last = 0
    while verdicts := list(Verdict.objects.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        keys = [verdict.pk for verdict in verdicts]
        rows, evidence, revisions = _versions(keys), _evidence(verdicts), _revisions(kind, keys)
        for verdict in verdicts:
            sealed = rows[verdict.pk]
            counted.verdicts += 1
            counted.versions += len(sealed)
            problem = _check(verdict, sealed, evidence[verdict.review_id]).problem
            if problem := problem or _unlike(sealed, revisions[verdict.pk]):
                yield f"Verdict {verdict.pk}: {problem}"
            yield from signed.broken_to(verdict.pk, sealed)
        last = keys[-1]
    yield from signed.broken_to(None, [])


def _evidence(verdicts: Iterable[Verdict]) -> dict[int, list[Evidence]]:
    """The standing evidence of each, by the key of its review."""
    found: dict[int, list[Evidence]] = defaultdict(list)
    reviews = [verdict.review_id for verdict in verdicts]
    for one in Evidence.objects.standing().filter(review__in=reviews):
        found[one.review_id].append(one)
    return found


def _revisions(kind: int, verdicts: list[int]) -> dict[int, list[dict[str, Any]]]:
    """The fields of every revision of django-reversion, in the order in which they were made."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT object_id, serialized_data FROM reversion_version
            WHERE content_type_id = %s AND object_id = ANY(%s) ORDER BY id
            """,
            [kind, [str(key) for key in verdicts]],
        )
        for key, data in cursor:
            found[int(key)].append(json.loads(data)[0]["fields"])
    return found


def _unlike(sealed: list[Sealed], revised: list[dict[str, Any]]) -> str:
    """Say where the revisions of a verdict are not its versions; "" where they are."""
    if len(revised) != len(sealed):
        return f"{len(sealed)} versions, but {len(revised)} revisions"
    for row, fields in zip(sealed, revised, strict=True):
        if (fields["seq"], fields["content_hash"]) != (row.seq, row.content_hash):
            return f"the revision of version {row.seq} is of another one"
        content = {} if row.is_redacted else json.loads(row.content)
        if any(
            fields[field] != content[name]
            for field, name in REVISED.items()
            if field in fields and name in content
        ):
            return f"the revision of version {row.seq} says something else"
    return ""


# What queries can ask, each for the rows that break a rule.


class Rule(NamedTuple):
    """A sentence, the query for what fills it, a row for each time, and the values it asks with."""

    sentence: str
    query: str
    values: Callable[[], list[Any]] = list


def _rules() -> Iterator[str]:
    with connection.cursor() as cursor:
        for rule in RULES:
            cursor.execute(rule.query, rule.values())
            for row in cursor.fetchall():
                yield rule.sentence.format(*row)


def _steps() -> list[list[str]]:
    """Every move there is: the actions, where each begins, where it leads."""
    steps = [(str(Action.OPEN), "", str(Status.QUEUED))]
    for action, move in MOVES.items():
        steps += [(str(action), str(at), str(move.leads(at))) for at in move.sources]
    return [list(column) for column in zip(*steps, strict=True)]


RULES = (
    Rule(
        "Review {0} is {1}, but its newest event says {2}",
        """
        SELECT review.ref, review.status, event.new_status FROM reviews_review review
        LEFT JOIN LATERAL (
            SELECT new_status FROM reviews_reviewevent
            WHERE review_id = review.id ORDER BY id DESC LIMIT 1
        ) event ON true
        WHERE event.new_status IS DISTINCT FROM review.status
        """,
    ),
    Rule(
        "Review {0}: event {1} ({2}) leads from {3} to {4}, where it was {5}",
        """
        WITH step AS (
            SELECT *, lag(new_status, 1, '') OVER (PARTITION BY review_id ORDER BY id) AS was
            FROM reviews_reviewevent
        )
        SELECT review.ref, step.id, step.action, step.old_status, step.new_status, step.was
        FROM step JOIN reviews_review review ON review.id = step.review_id
        WHERE step.old_status <> step.was
            OR NOT (step.action, step.old_status, step.new_status) IN (
                SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
            )
        """,
        _steps,
    ),
    Rule(
        "Review {0} is {1}, and whether somebody holds it is {2}",
        """
        SELECT ref, status, lease_expires_at IS NOT NULL FROM reviews_review
        WHERE (status = %s) <> (lease_expires_at IS NOT NULL)
            OR (lease_expires_at IS NOT NULL) <> (lease_acquired_at IS NOT NULL)
        """,
        lambda: [Status.IN_PROGRESS],
    ),
    Rule(
        "Review {0} is held longer than anybody may hold one",
        "SELECT ref FROM reviews_review WHERE lease_expires_at > lease_acquired_at + %s",
        lambda: [settings.LEASE_AT_MOST],
    ),
    Rule(
        "Decision {0} is on version {1}, but names another content",
        """
        SELECT decision.id, version.seq FROM reviews_decision decision
        JOIN reviews_verdictversion version ON version.id = decision.version_id
        WHERE decision.content_hash <> version.content_hash
        """,
    ),
    Rule(
        "Decision {0}: {1} approved version {2}, to which they contributed",
        """
        SELECT decision.id, decision.by_name, version.seq FROM reviews_decision decision
        JOIN reviews_verdictversion version ON version.id = decision.version_id
        WHERE decision.kind = 'approved' AND EXISTS (
            SELECT FROM reviews_verdictversion wrote
            WHERE wrote.verdict_id = version.verdict_id AND wrote.actor_id = decision.by_id
                AND wrote.seq <= version.seq AND wrote.seq > COALESCE((
                    SELECT max(before.seq) FROM reviews_decision earlier
                    JOIN reviews_verdictversion before ON before.id = earlier.version_id
                    WHERE before.verdict_id = version.verdict_id AND earlier.kind = 'approved'
                        AND earlier.nth >= earlier.needed AND before.seq < version.seq
                ), 0)
        )
        """,
    ),
    Rule(
        "Decision {0}: {1} approved version {2} twice",
        """
        SELECT decision.id, decision.by_name, version.seq FROM reviews_decision decision
        JOIN reviews_verdictversion version ON version.id = decision.version_id
        WHERE decision.kind = 'approved' AND EXISTS (
            SELECT FROM reviews_decision earlier
            WHERE earlier.version_id = version.id AND earlier.id < decision.id
                AND earlier.kind = 'approved' AND earlier.by_id = decision.by_id
                AND NOT EXISTS (
                    SELECT FROM reviews_decision back WHERE back.version_id = version.id
                        AND back.kind = 'returned'
                        AND back.id BETWEEN earlier.id AND decision.id
                )
        )
        """,
    ),
    Rule(
        "Decision {0} says it is approval {1} of {2}, but {3} people had approved version {4}",
        """
        SELECT decision.id, decision.nth, decision.needed, given.people, version.seq
        FROM reviews_decision decision
        JOIN reviews_verdictversion version ON version.id = decision.version_id
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT one.by_id) AS people FROM reviews_decision one
            WHERE one.version_id = version.id AND one.kind = 'approved'
                AND one.id <= decision.id AND one.id > COALESCE((
                    SELECT max(back.id) FROM reviews_decision back
                    WHERE back.version_id = version.id AND back.kind = 'returned'
                        AND back.id < decision.id
                ), 0)
        ) given
        WHERE decision.kind = 'approved' AND decision.nth <> given.people
        """,
    ),
    Rule(
        "Decision {0}: {1} approved version {2}, on which they gave a second opinion",
        """
        SELECT decision.id, decision.by_name, version.seq FROM reviews_decision decision
        JOIN reviews_verdictversion version ON version.id = decision.version_id
        JOIN reviews_verdict verdict ON verdict.id = version.verdict_id
        JOIN reviews_secondopinion opinion ON opinion.review_id = verdict.review_id
            AND opinion.second_checker_id = decision.by_id
        WHERE decision.kind = 'approved' AND opinion.state <> 'called_off'
            AND opinion.given_at < decision.at AND NOT EXISTS (
                SELECT FROM reviews_publication publication
                WHERE publication.review_id = verdict.review_id
                    AND publication.published_at BETWEEN opinion.asked_at AND decision.at
            )
        """,
    ),
    Rule(
        "Review {0} became approved at {1} without as many approvals as it needed",
        """
        SELECT review.ref, event.at FROM reviews_reviewevent event
        JOIN reviews_review review ON review.id = event.review_id
        WHERE event.new_status = 'approved' AND event.old_status <> 'approved' AND NOT EXISTS (
            SELECT FROM reviews_decision decision
            JOIN reviews_verdictversion version ON version.id = decision.version_id
            JOIN reviews_verdict verdict ON verdict.id = version.verdict_id
            WHERE verdict.review_id = review.id AND decision.kind = 'approved'
                AND decision.nth >= decision.needed AND decision.at = event.at
        )
        """,
    ),
    Rule(
        "Publication {0} of review {1} was not approved in exactly its version",
        """
        SELECT publication.id, review.ref FROM reviews_publication publication
        JOIN reviews_review review ON review.id = publication.review_id
        JOIN reviews_decision approval ON approval.id = publication.approval_id
        JOIN reviews_verdictversion version ON version.id = publication.version_id
        JOIN reviews_verdict verdict ON verdict.id = version.verdict_id
        WHERE approval.kind <> 'approved' OR approval.nth < approval.needed
            OR approval.version_id <> version.id
            OR verdict.review_id <> review.id
        """,
    ),
    Rule(
        "Publication {0} of review {1} changes what readers see, and does not say what",
        """
        WITH told AS (
            SELECT *, lag(published_at) OVER (PARTITION BY review_id ORDER BY id) AS before
            FROM reviews_publication
        )
        SELECT told.id, review.ref FROM told JOIN reviews_review review ON review.id = review_id
        WHERE before IS NOT NULL AND (btrim(correction) = '' OR published_at <= before)
        """,
    ),
    Rule(
        "Review {0} is published, but what readers see is not its newest version",
        """
        SELECT review.ref FROM reviews_review review
        JOIN reviews_verdict verdict ON verdict.review_id = review.id
        JOIN reviews_verdictversion kept
            ON kept.verdict_id = verdict.id AND kept.seq = verdict.seq
        LEFT JOIN LATERAL (
            SELECT version.content FROM reviews_publication publication
            JOIN reviews_verdictversion version ON version.id = publication.version_id
            WHERE publication.review_id = review.id ORDER BY publication.id DESC LIMIT 1
        ) told ON true
        WHERE review.status = %s AND (
            told.content IS NULL OR told.content = '' OR kept.content = ''
            OR CASE WHEN told.content IS JSON THEN told.content::jsonb END - %s::text[]
                <> CASE WHEN kept.content IS JSON THEN kept.content::jsonb END - %s::text[]
        )
        """,
        lambda: [Status.PUBLISHED, *[list(history.NOT_FOR_READERS)] * 2],
    ),
    Rule(
        "Evidence {0}, cited by what is published as {1}, is not what was captured",
        """
        SELECT cited->>'ref', review.ref FROM reviews_publication publication
        JOIN reviews_review review ON review.id = publication.review_id
        JOIN reviews_verdictversion version ON version.id = publication.version_id
        CROSS JOIN LATERAL jsonb_array_elements(
            CASE WHEN version.content IS JSON THEN version.content::jsonb END->'evidence'
        ) cited
        LEFT JOIN reviews_evidence evidence ON evidence.ref = cited->>'ref'
        WHERE evidence.sha256 IS DISTINCT FROM cited->>'sha256'
        """,
    ),
)

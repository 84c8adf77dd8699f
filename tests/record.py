"""What must always hold of reviews and verdicts, asked by queries over every row there is.

Each problem is a sentence. The code under test is not asked, except for what it says of itself in
`verification.problems()`; `record_of_versions` and the rest read the rows themselves, so that a
rule forgotten in the workflow is still seen here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from reversion.models import Version

from reviews import verification
from reviews.models import (
    Comment,
    Decision,
    Evidence,
    Publication,
    Review,
    ReviewEvent,
    Verdict,
    VerdictVersion,
)
from reviews.states import MOVES, Action, Status
from tests import record_of_versions

REDACTED = '{"summary": ""}'
HOLDS = (  # the moves that give a lease
    Action.TAKE, Action.WITHDRAW, Action.CORRECT, Action.UNSNOOZE, Action.HAND_OVER,
    Action.TAKE_OVER,
)  # fmt: skip


def problems() -> list[str]:
    """Name everything that does not hold; [] when all is well."""
    commit()
    return [
        *verification.problems(),
        *record_of_versions.problems(),
        *_leases(),
        *_events(),
        *_revisions(),
        *_decisions(),
        *_public(),
    ]


def trace(review: Review) -> tuple[dict[str, object], list[int]]:
    """Everything a refused move could have changed: the row, and how many rows there are."""
    review.refresh_from_db()
    row = {field.attname: getattr(review, field.attname) for field in review._meta.fields}
    tables = (ReviewEvent, Decision, Publication, Comment, Evidence, VerdictVersion)
    return row, [table.objects.count() for table in tables]


def commit() -> None:
    """Ask the database now what it would otherwise ask at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _leases() -> Iterator[str]:
    held: Counter[int] = Counter()
    for review in Review.objects.order_by("pk"):
        leased = review.lease_expires_at is not None
        if leased != (review.status == Status.IN_PROGRESS):
            yield f"{review.ref} is {review.status}, and its lease runs: {leased}"
        if not leased:
            continue
        held[review.checker_id] += 1
        if review.lease_expires_at > review.lease_acquired_at + settings.LEASE_AT_MOST:
            yield f"{review.ref} is held longer than anybody may hold a review"
    for person, count in held.items():
        if count > settings.LEASES_PER_PERSON:
            yield f"person {person} holds {count} reviews"


def _events() -> Iterator[str]:
    """Each review's events lead, move by move, from its opening to its status."""
    for review in Review.objects.order_by("pk"):
        status, tokens = "", 0
        for event in ReviewEvent.objects.filter(review=review).order_by("pk"):
            if event.old_status != status:
                yield f"{review.ref}: {event.action} from {event.old_status}, but it was {status}"
            if event.action == Action.OPEN:
                allowed = (status, event.new_status) == ("", Status.QUEUED)
            else:
                move = MOVES[event.action]
                allowed = status in move.sources and event.new_status == move.leads(status)
            if not allowed:
                yield f"{review.ref}: {event.action} leads from {status} to {event.new_status}"
            if not event.actor_name:
                yield f"{review.ref}: nobody is named for {event.action}"
            tokens += event.action in HOLDS
            status = event.new_status
        if review.status != status:
            yield f"{review.ref} is {review.status}, but its events end at {status}"
        if review.lease_token != tokens:
            yield f"{review.ref} was held {tokens} times, but its token is {review.lease_token}"


def _revisions() -> Iterator[str]:
    """A verdict has as many revisions of django-reversion as sealed versions, with their words."""
    verdicts = ContentType.objects.get_for_model(Verdict)
    for verdict in Verdict.objects.order_by("pk"):
        sealed = [
            (version.seq, json.loads(version.content or REDACTED)["summary"])
            for version in verdict.versions.order_by("seq")
        ]
        revised = [
            (version.field_dict["seq"], version.field_dict["summary"])
            for version in Version.objects.filter(
                content_type=verdicts, object_id=str(verdict.pk)
            ).order_by("pk")
        ]
        if revised != sealed:
            yield f"verdict {verdict.pk}: sealed {sealed}, but revised {revised}"


def _decisions() -> Iterator[str]:
    """Nobody approves what they wrote since the last approval, nor anything but a version."""
    for verdict in Verdict.objects.order_by("pk"):
        writers = {version.seq: version.actor_id for version in verdict.versions.all()}
        approved_to = 0
        for decision in (
            Decision.objects.filter(version__verdict=verdict)
            .select_related("version")
            .order_by("pk")
        ):
            seq = decision.version.seq
            if decision.content_hash != decision.version.content_hash:
                yield f"verdict {verdict.pk}: decision {decision.pk} names another content"
            if decision.kind != Decision.Kind.APPROVED:
                continue
            new = {who for n, who in writers.items() if approved_to < n <= seq}
            if decision.by_id in new:
                yield f"verdict {verdict.pk}: {decision.by_name} approved their own version {seq}"
            if decision.nth >= decision.needed:
                approved_to = seq


def _public() -> Iterator[str]:
    """What is public was approved in exactly that version, and each change of it says why."""
    for review in Review.objects.filter(status=Status.APPROVED):
        newest = review.verdict.versions.get(seq=review.verdict.seq)
        if not newest.decisions.filter(kind=Decision.Kind.APPROVED).exists():
            yield f"{review.ref} is approved without an approval of version {newest.seq}"
        if Publication.objects.filter(version=newest).exists():
            yield f"{review.ref} is approved, and version {newest.seq} is public already"
    for review in Review.objects.filter(status=Status.PUBLISHED):
        newest = review.verdict.versions.get(seq=review.verdict.seq)
        public = Publication.objects.filter(review=review).order_by("-pk").first()
        if public is None or _finding(public.version) != _finding(newest):
            yield f"{review.ref} is published, but version {newest.seq} is not what readers see"
    for review in Review.objects.filter(publications__isnull=False).distinct():
        before = None
        for number, publication in enumerate(review.publications.order_by("pk")):
            yield from _publication(review, publication, number)
            if before and publication.published_at <= before.published_at:
                yield f"{review.ref}: publication {number} is not later than the one before"
            before = publication


def _finding(version: VerdictVersion) -> dict[str, object]:
    """What a version tells readers, its note on a correction apart."""
    content = json.loads(version.content)
    return {name: content[name] for name in content.keys() - {"schema", "correction", "checklist"}}


def _approvers(last: Decision) -> str:
    """Everybody whose approval of the version counted, up to the last one needed."""
    given = Decision.objects.filter(version=last.version, pk__lte=last.pk).order_by("-pk")
    *others, newest = reversed([one.by_name for one in given[: last.nth]])
    return f"{', '.join(others)} and {newest}" if others else newest


def _publication(review: Review, publication: Publication, number: int) -> Iterator[str]:
    where, document = f"{review.ref}, publication {number}", publication.document
    approval, version = publication.approval, publication.version
    approved = approval.kind == Decision.Kind.APPROVED and approval.version_id == version.pk
    if not approved or version.verdict.review_id != review.pk:
        yield f"{where}: not approved"
    if not version.content:
        if document["claim"] or document["summary"] or document["explanation"]:
            yield f"{where}: says what version {version.seq} says no more"
        return
    content = json.loads(version.content)
    told = {name: document[name] for name in ("claim", "summary", "explanation")}
    context = {name: document[name] for name in ("language", "claimant")}
    context["appearances"] = [
        {name: place[name] for name in place.keys() - {"caution_label"}}
        for place in document["appearances"]
    ]
    told["context"] = context
    told |= {"rating": document["rating"]["code"]}
    told |= {"evidence": [item["ref"] for item in document["evidence"]]}
    sealed = content | {"evidence": [item["ref"] for item in content["evidence"]]}
    if told != {name: sealed[name] for name in told}:
        yield f"{where}: says something else than version {version.seq}"
    if publication.correction != (content["correction"] if number else ""):
        yield f"{where}: its correction is “{publication.correction}”"
    if number and not publication.correction.strip():
        yield f"{where}: nobody says what was corrected"
    names = {*version.verdict.versions.values_list("actor_name", flat=True)}
    if not {*document["checked_by"]} <= names or document["approved_by"] != _approvers(approval):
        yield f"{where}: names people otherwise than the record does"
    if len(document["corrections"]) != number:
        yield f"{where}: shows {len(document['corrections'])} corrections"

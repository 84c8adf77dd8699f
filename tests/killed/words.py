"""Calls that write what verdicts say."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from claims.models import Suggestion
from reviews import (
    adoption,
    checklists,
    evidence,
    history,
    leases,
    publication,
    redaction,
    verification,
    workflow,
)
from reviews.models import Review
from reviews.states import Status
from tests import factories
from tests.factories import DRAFT
from tests.killed.arranged import (
    Arrange,
    Call,
    at,
    by_holder,
    correcting,
    decider,
    held,
    inside,
)
from tests.publishing import corrected, published


def _save() -> Call:
    review = correcting()
    draft = replace(DRAFT, summary="Landings fell by a ninth.", correction="It was 2025.")
    return by_holder(history.save, review, seq=2, draft=draft, reason="Read again")


def _restore() -> Call:
    review = held()
    factories.save(review, summary="Landings doubled.")
    return by_holder(history.restore, review, seq=3, version_seq=1)


def _redact() -> Call:
    before = published()
    corrected(before, "The year was wrong.", summary="Landings fell by a ninth.")
    fields = {"by": decider(), "seq": before.version.seq, "reason": "It named a child."}
    return partial(redaction.redact, before.review, **fields)


def _adopt() -> Call:
    check = published()
    review = at(Status.IN_PROGRESS)
    appearance = review.claim.appearances.get()
    Suggestion.objects.create(appearance=appearance, claim=check.review.claim, score=0.7)
    return by_holder(adoption.adopt, review, review, check, seq=0)


def _adopted_content() -> Call:
    content = history.read(published().version)
    review = at(Status.IN_PROGRESS)
    fields = {"by": review.checker, "at": leases.clock(), "reason": "Adopted"}
    return inside(history.adopt, review, content=content, **fields)


def _submitted() -> Call:
    review = held()
    factories.tick(review, checklists.sheet(review).items[0].point.text)
    seq, told = history.of(review).seq, factories.told(review)
    return by_holder(workflow.submit, review, seq=seq, told=told)


def _evidence_recorded() -> Call:
    """Evidence and its version come together: alone, neither could be committed."""
    review = held()
    return by_holder(
        evidence.withdraw, review, review.evidence.get(), reason="A forgery."
    )  # fmt: skip


WORDS: dict[str, Arrange] = {
    "history.save": _save,
    "history.restore": _restore,
    "history.adopt": _adopted_content,
    "history.record_evidence": _evidence_recorded,
    "history.complete": _submitted,
    "history.blank": _redact,  # its only caller
    "redaction.redact": _redact,
    "adoption.adopt": _adopt,
    "evidence.attach": lambda: by_holder(
        evidence.attach, at(Status.IN_PROGRESS), **factories.EVIDENCE
    ),
    "evidence.withdraw": _evidence_recorded,
    "evidence.order_copies": lambda: (held(), partial(evidence.order_copies))[1],
    "publication.publish": lambda: partial(
        publication.publish, review_id=_approved_correction().pk
    ),
    "verification.nightly": lambda: (at(Status.PUBLISHED), partial(verification.nightly))[1],
}


def _approved_correction() -> Review:
    review = correcting()
    factories.save(review, summary="Landings fell by a ninth.")
    factories.submit(review)
    factories.approve(review, by=decider())
    return review

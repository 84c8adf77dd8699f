"""Rows for tests, arranged through the real workflow: `review_at(Status.SUBMITTED)`."""

from __future__ import annotations

import hashlib
from datetime import date
from itertools import count

from django.contrib.auth.models import Group

from claims.models import Analysis, Appearance, Article, Claim, Claimant, Flag, Source
from reviews import evidence, history, publication, queue, roles, workflow
from reviews.models import Review, User
from reviews.states import Status

_numbers = count(1)

TEXT = (
    "Harbour dredging cut the catch by half, the fishers' union said on Monday. "
    "The Coast Courier could not independently verify the figure."
)


def _person(role: str, **fields) -> User:
    number = next(_numbers)
    user = User.objects.create_user(f"person{number}", first_name="Person", last_name=str(number))
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()
    user.groups.add(Group.objects.get(name=role))
    return user


def fact_checker(**fields) -> User:
    return _person(roles.FACT_CHECKERS, **fields)


def supervisor(**fields) -> User:
    return _person(roles.SUPERVISORS, **fields)


def data_editor(**fields) -> User:
    return _person(roles.DATA_EDITORS, is_staff=True, **fields)


def superuser(**fields) -> User:
    return User.objects.create_superuser(f"root{next(_numbers)}", password="unused", **fields)


def source(name: str = "") -> Source:
    return Source.objects.create(name=name or f"Coast Courier {next(_numbers)}")


def article(text: str = TEXT, **fields) -> Article:
    """An article that has been analysed, without anything found in it yet."""
    fields = {
        "source": fields.get("source") or source(),
        "title": f"Harbour report {next(_numbers)}",
        "url": f"https://courier.example/{next(_numbers)}",
        "published_on": date(2026, 3, 2),
        "language": "en",
        "text": text,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
    } | fields
    row = Article.objects.create(**fields)
    Analysis.objects.create(article=row)
    return row


def claim(wording: str = "", **fields) -> Claim:
    """A claim with one appearance, in an article whose caution about it is flagged."""
    wording = wording or f"Harbour dredging cut catch number {next(_numbers)} by half."
    claimant, _ = Claimant.objects.get_or_create(
        name="The fishers' union", defaults={"kind": "organisation"}
    )
    row = Claim.objects.create(
        **{"wording": wording, "language": "en", "claimant": claimant, "worthiness": 0.7} | fields
    )
    found_in = article()
    end = TEXT.index(", the fishers")
    appearance = Appearance.objects.create(
        article=found_in, claim=row, start=0, end=end, sentence_start=0,
        sentence_end=TEXT.index(" The Coast"), wording=wording, claimant=claimant,
        worthiness=row.worthiness, reasons=["names a figure"],
    )  # fmt: skip
    start = TEXT.index("could not")
    flag = Flag.objects.create(
        article=found_in, kind="self_disclaimer", start=start, end=len(TEXT) - 1,
        sentence_start=TEXT.index("The Coast"), sentence_end=len(TEXT), rule="en.self.could-not",
        who="self", agent=found_in.source.name, scope="previous", confidence=0.9,
    )  # fmt: skip
    flag.covers.add(appearance)
    return row


DRAFT = history.Draft(
    rating="mostly_false",
    claim_wording="Dredging halved the catch.",
    summary="Landings fell by a tenth.",
    explanation="The port's own register shows a fall of a tenth over the year.",
)


def review(**fields) -> Review:
    """A review waiting in the queue."""
    row = claim(**fields)
    queue.open_reviews()
    return Review.objects.get(claim=row)


def write_verdict(review: Review, by: User, draft: history.Draft = DRAFT, **fields) -> None:
    """Save `draft` and attach one piece of evidence, as the holder of the lease."""
    seq = history.of(review).seq
    history.save(review, by=by, token=review.lease_token, seq=seq, draft=draft)
    evidence.attach(
        review, by=by, token=review.lease_token, url="https://port.example/register",
        title="Landing register", publisher="Port authority", stance="refutes",
        quote="Landings: 9.1 thousand tonnes, against 10.1 the year before.", is_primary=True,
    )  # fmt: skip


def review_at(
    status: Status, *, checker: User | None = None, approver: User | None = None
) -> Review:
    """A review brought to `status` by the moves that people make."""
    row = review()
    checker = checker or fact_checker()
    approver = approver or supervisor()
    if status == Status.QUEUED:
        return row
    if status == Status.DISMISSED:
        workflow.dismiss(row, by=approver, reason="Nobody can check this.")
        return row
    workflow.take(row, by=checker)
    if status == Status.IN_PROGRESS:
        return row
    write_verdict(row, checker)
    seq = history.of(row).seq
    workflow.submit(row, by=checker, token=row.lease_token, seq=seq)
    if status == Status.RETURNED:
        workflow.return_to_checker(row, by=approver, seq=seq, comment="Name the year.")
    if status in (Status.APPROVED, Status.PUBLISHED):
        verdict = history.of(row)
        workflow.approve(row, by=approver, seq=seq, content_hash=verdict.content_hash)
    if status == Status.PUBLISHED:
        publication.publish(review_id=row.pk)
        row.refresh_from_db()
    assert row.status == status
    return row

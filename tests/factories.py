"""Rows for tests, arranged through the real workflow: `review_at(Status.SUBMITTED)`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from itertools import count

from django.contrib.auth.models import Group

from claims.models import Analysis, Appearance, Article, Claim, Claimant, Flag, Source
from reviews import evidence, history, leases, publication, queue, roles, workflow
from reviews.models import Evidence, Review, User, VerdictVersion
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
    """Somebody with every permission there is; without a password, which takes long to hash."""
    fields = {"is_staff": True, "is_superuser": True} | fields
    return User.objects.create_user(f"root{next(_numbers)}", **fields)


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
EVIDENCE = {
    "url": "https://port.example/register", "title": "Landing register",
    "publisher": "Port authority", "stance": "refutes", "is_primary": True,
    "quote": "Landings: 9.1 thousand tonnes, against 10.1 the year before.",
}  # fmt: skip


def review(**fields) -> Review:
    """A review waiting in the queue."""
    row = claim(**fields)
    queue.open_reviews()
    return Review.objects.get(claim=row)


def write_verdict(review: Review, by: User, draft: history.Draft = DRAFT, **fields) -> None:
    """Save `draft` and attach one piece of evidence, as the holder of the lease."""
    seq = history.of(review).seq
    history.save(review, by=by, token=review.lease_token, seq=seq, draft=draft)
    attach(review)


def attach(review: Review, **fields) -> Evidence:
    """Attach one piece of evidence, as the holder of the lease."""
    return evidence.attach(
        review, by=review.checker, token=review.lease_token, **EVIDENCE | fields
    )  # fmt: skip


def save(review: Review, *, seq: int | None = None, **fields) -> VerdictVersion | None:
    """Save `DRAFT` with `fields` changed, as the holder, over version `seq` or the newest.

    What is corrected is left as the editor proposes it.
    """
    verdict = history.of(review)
    seq = verdict.seq if seq is None else seq
    draft = replace(DRAFT, **{"correction": history.correction_of(verdict)} | fields)
    return history.save(review, by=review.checker, token=review.lease_token, seq=seq, draft=draft)


def submit(review: Review) -> None:
    """Submit the newest version, as the holder."""
    seq = history.of(review).seq
    workflow.submit(review, by=review.checker, token=review.lease_token, seq=seq)


def approve(review: Review, *, by: User) -> None:
    """Approve the newest version, having read it."""
    verdict = history.of(review)
    workflow.approve(review, by=by, seq=verdict.seq, content_hash=verdict.content_hash)


def run_out(review: Review) -> None:
    """Let the time of a held review's lease pass."""
    review.lease_expires_at = leases.clock()
    review.save(update_fields=["lease_expires_at"])


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
    submit(row)
    if status == Status.RETURNED:
        seq = history.of(row).seq
        workflow.return_to_checker(row, by=approver, seq=seq, comment="Name the year.")
    if status in (Status.APPROVED, Status.PUBLISHED):
        approve(row, by=approver)
    if status == Status.PUBLISHED:
        publication.publish(review_id=row.pk)
        row.refresh_from_db()
    assert row.status == status
    return row

"""Every way round the record, tried and refused by the database, whoever tries.

Deferred rules are asked for with `commit()`, which does now what a commit would do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from reversion.models import Revision, Version

from claims.models import Claim
from reviews import comments, evidence, history, redaction, verification, workflow
from reviews.models import (
    Comment,
    Decision,
    Evidence,
    Publication,
    Redaction,
    Review,
    ReviewEvent,
    ThreadEvent,
    User,
    Verdict,
    VerdictVersion,
    Verification,
)
from reviews.states import Action, Status
from tests import factories
from tests.factories import fact_checker, review_at, supervisor
from tests.record import commit, problems

pytestmark = pytest.mark.usefixtures("record_holds")

PROTECTED = "Cannot delete some instances|are sealed"
SEALED = [
    VerdictVersion, Decision, ReviewEvent, Publication, Comment, ThreadEvent, Redaction,
    Version, Revision,
]  # fmt: skip


@pytest.fixture
def published(db) -> Review:
    review = review_at(Status.PUBLISHED, checker=fact_checker(), approver=supervisor())
    comments.say(review, by=review.checker, body="Ask the port.")
    return review


@pytest.fixture
def redacted(published) -> Review:
    redaction.redact(published, by=supervisor(), seq=1, reason="It named a child.")
    return published


def sql(statement: str, *parameters) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def table(model: type[models.Model]) -> str:
    return model._meta.db_table


def refused(attempt: Callable[[], object], *, because: str, error=IntegrityError) -> None:
    """The attempt fails, at the latest at commit, and for the reason given."""
    commit()
    with pytest.raises(error, match=because):
        _committed(attempt)


@transaction.atomic
def _committed(attempt: Callable[[], object]) -> None:
    attempt()
    commit()


# Sealed rows

FIELDS = {
    VerdictVersion: "reason",
    Decision: "comment",
    ReviewEvent: "note",
    Publication: "correction",
    Comment: "body",
    ThreadEvent: "actor_name",
    Redaction: "reason",
    Version: "object_repr",
    Revision: "comment",
}

# What an upsert meets before the seal.
FITS = "does not follow version|says what was corrected|cannot be redacted|nothing is decided"


def rewritten(row: models.Model) -> models.Model:
    setattr(row, FIELDS[type(row)], "Rewritten.")
    return row


REWRITES = {
    "save": lambda model: rewritten(model.objects.first()).save(),
    "update": lambda model: model.objects.update(**{FIELDS[model]: "Rewritten."}),
    "update one": lambda model: model.objects.filter(pk=model.objects.first().pk).update(
        **{FIELDS[model]: "Rewritten."}
    ),
    "bulk_update": lambda model: model.objects.bulk_update(
        [rewritten(model.objects.first())], [FIELDS[model]]
    ),
    "bulk_create over it": lambda model: model.objects.bulk_create(
        [rewritten(model.objects.first())], update_conflicts=True, unique_fields=["pk"],
        update_fields=[FIELDS[model]],
    ),
    "update to the same": lambda model: model.objects.update(
        **{FIELDS[model]: models.F(FIELDS[model])}
    ),
    "raw update": lambda model: sql(f"UPDATE {table(model)} SET {FIELDS[model]} = 'Rewritten.'"),
    "raw delete": lambda model: sql(f"DELETE FROM {table(model)}"),
    "upsert": lambda model: sql(
        f"INSERT INTO {table(model)} SELECT * FROM {table(model)} "
        f"ON CONFLICT (id) DO UPDATE SET {FIELDS[model]} = 'Rewritten.'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("model", SEALED)
def test_a_sealed_row_never_changes(redacted, model):
    assert model.objects.exists()

    for rewrite in REWRITES.values():
        refused(
            partial(rewrite, model),
            because=f"rows of {table(model)} are sealed|{FITS}",
        )


@pytest.mark.parametrize("model", SEALED)
def test_a_sealed_row_is_not_deleted_through_the_orm(redacted, model):
    """What rests on a row protects it, else the seal does."""
    refused(model.objects.all().delete, because=PROTECTED, error=(IntegrityError, ProtectedError))


def test_neither_a_sealed_table_nor_what_it_rests_on_is_truncated(published):
    for model in (*SEALED, Verdict, Evidence, Claim, Review, User):
        refused(partial(sql, f"TRUNCATE {table(model)} CASCADE"), because="TRUNCATE refused")


def test_what_a_sealed_row_rests_on_is_not_deleted(published):
    for model in (Verdict, Review, Claim):
        refused(model.objects.all().delete, because=PROTECTED, error=ProtectedError)
        refused(
            partial(model.objects.all()._raw_delete, "default"),
            because="DELETE refused|violates foreign key constraint",
        )


# The chain of versions


def further_version(review: Review, **fields) -> VerdictVersion:
    """A version as it should follow the newest, not saved."""
    verdict = history.of(review)
    newest = verdict.versions.latest("seq")
    content = newest.content.replace("a tenth", "a ninth")
    version = VerdictVersion(
        **{
            "verdict": verdict, "seq": newest.seq + 1, "content": content,
            "content_hash": history.sha256(content), "previous_hash": newest.hash,
            "actor": newest.actor, "actor_name": newest.actor_name, "action": "edit",
            "at": timezone.now(),
        } | fields
    )  # fmt: skip
    version.hash = history.row_hash(version)
    return version


@pytest.mark.parametrize(
    "wrong",
    [{"seq": 4}, {"seq": 1}, {"previous_hash": "0" * 64}, {"previous_hash": ""}],
    ids=["a gap", "a number twice", "another past", "no past"],
)
def test_a_version_that_does_not_follow_the_newest_is_refused(published, wrong):
    refused(further_version(published, **wrong).save, because="does not follow version 2")


def test_a_first_version_has_no_past(db):
    review = review_at(Status.IN_PROGRESS)
    factories.save(review)
    other = review_at(Status.IN_PROGRESS)
    verdict = Verdict(review=other, claim_wording="x", content_hash="0" * 64)

    def attempt():
        verdict.save()
        further_version(review, verdict=verdict, seq=2).save()

    refused(attempt, because="version 2 does not follow version 0")


def test_a_version_without_the_verdict_behind_it_cannot_commit(published):
    refused(further_version(published).save, because="is not what its newest version says")


VERDICT_CHANGES = {
    "rating": "true", "scale_version": 2, "claim_wording": "Dredging helps.",
    "summary": "Landings doubled.", "explanation": "Because.", "seq": 3, "content_hash": "0" * 64,
}  # fmt: skip


def changed(field: str) -> Verdict:
    verdict = Verdict.objects.get()
    setattr(verdict, field, VERDICT_CHANGES[field])
    return verdict


VERDICT_WRITES = {
    "save": lambda field: changed(field).save(),
    "update": lambda field: Verdict.objects.update(**{field: VERDICT_CHANGES[field]}),
    "bulk_update": lambda field: Verdict.objects.bulk_update([changed(field)], [field]),
    "raw update": lambda field: sql(
        f"UPDATE reviews_verdict SET {field} = %s", VERDICT_CHANGES[field]
    ),
}


@pytest.mark.parametrize("way", VERDICT_WRITES)
def test_a_verdict_written_round_the_history_cannot_commit(published, way):
    for field in VERDICT_CHANGES:
        refused(partial(VERDICT_WRITES[way], field), because="is not what its newest version says")


def test_a_verdict_without_any_version_cannot_commit(db):
    review = review_at(Status.IN_PROGRESS)

    refused(
        lambda: Verdict.objects.create(review=review, claim_wording="x", content_hash="0" * 64),
        because="is not what its newest version says",
    )


# Evidence


@pytest.mark.parametrize(
    "change",
    [{"quote": "Other words."}, {"stance": "supports"}, {"url": ""}, {"sha256": "0" * 64}],
    ids=lambda change: next(iter(change)),
)
def test_evidence_once_attached_says_the_same_for_ever(published, change):
    refused(lambda: Evidence.objects.update(**change), because="never rewritten")


def test_evidence_is_never_deleted(published):
    refused(Evidence.objects.all().delete, because="never rewritten")
    refused(lambda: Evidence.objects.all()._raw_delete("default"), because="never rewritten")


def test_withdrawn_evidence_does_not_come_back(published):
    workflow.correct(published, by=fact_checker(), reason="The register was forged.")
    evidence.withdraw(
        published.evidence.get(),
        by=published.checker,
        token=published.lease_token,
        reason="Forged.",
    )

    refused(
        lambda: Evidence.objects.update(withdrawn_at=None, withdrawn_by=None, withdrawn_reason=""),
        because="never rewritten",
    )


def test_cited_evidence_keeps_the_hash_it_was_captured_with(published):
    workflow.correct(published, by=fact_checker(), reason="The register was forged.")
    cited = published.evidence.get()
    evidence.withdraw(
        cited, by=published.checker, token=published.lease_token, reason="Forged."
    )  # fmt: skip

    published_evidence = Publication.objects.get().document["evidence"]
    assert [item["sha256"] for item in published_evidence] == [cited.sha256]
    expected = history.canonical([cited.url, cited.title, cited.publisher, cited.quote])
    assert cited.sha256 == history.sha256(expected)


# Status and events


def test_a_status_without_its_event_cannot_commit(published):
    review = Review.objects.get()

    def save():
        review.status = Status.QUEUED
        review.checker = None
        review.save()

    for attempt in (
        save,
        lambda: Review.objects.update(status=Status.DISMISSED),
        lambda: Review.objects.bulk_update([Review(pk=review.pk, status="dismissed")], ["status"]),
        lambda: sql("UPDATE reviews_review SET status = 'dismissed'"),
    ):
        refused(attempt, because="but its newest event says")


def test_an_event_without_its_status_cannot_commit(published):
    refused(
        lambda: ReviewEvent.objects.create(
            review=published, action=Action.DISMISS, old_status="published",
            new_status="dismissed", actor=published.checker, actor_name="x", at=timezone.now(),
        ),
        because="but its newest event says",
    )  # fmt: skip


def test_a_review_without_its_opening_cannot_commit(db):
    now = timezone.now()

    refused(
        lambda: Review.objects.create(
            claim=factories.claim(), language="en", opened_at=now, prioritised_at=now, due_at=now
        ),
        because="but its newest event says",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"lease_expires_at": None}, {"lease_acquired_at": None}, {"checker": None},
    ],
    ids=["no end", "no beginning", "nobody"],
)  # fmt: skip
def test_a_review_in_progress_has_holder_and_lease(db, change):
    review_at(Status.IN_PROGRESS)

    refused(lambda: Review.objects.update(**change), because="leased_while_in_progress")


def test_a_lease_ends_with_the_work(published):
    now = timezone.now()

    refused(
        lambda: Review.objects.update(lease_acquired_at=now, lease_expires_at=now),
        because="leased_while_in_progress",
    )


def test_a_claim_has_one_review(published):
    now = timezone.now()
    twin = Review(
        claim=published.claim, language="en", opened_at=now, prioritised_at=now, due_at=now
    )

    refused(twin.save, because="claim_id")


# Four eyes and publications


def decision(review: Review, by: User, **fields) -> Decision:
    version = VerdictVersion.objects.filter(verdict__review=review).latest("seq")
    return Decision(
        **{
            "version": version, "content_hash": version.content_hash, "kind": "approved",
            "by": by, "by_name": str(by), "at": timezone.now(),
        } | fields
    )  # fmt: skip


@pytest.mark.parametrize("author", [fact_checker, supervisor, factories.superuser])
def test_a_contributors_approval_cannot_be_written_by_any_way(db, author):
    author = author()
    review = review_at(Status.SUBMITTED, checker=author)

    for attempt in (
        decision(review, author).save,
        lambda: Decision.objects.bulk_create([decision(review, author)]),
        lambda: sql(
            "INSERT INTO reviews_decision"
            " (version_id, content_hash, kind, by_id, by_name, at, comment)"
            " SELECT id, content_hash, 'approved', %s, 'x', now(), '' FROM reviews_verdictversion"
            " ORDER BY seq DESC LIMIT 1",
            author.pk,
        ),
    ):
        refused(attempt, because="a contributor cannot approve the verdict")


@pytest.mark.parametrize("kind", ["approved", "returned"])
def test_a_decision_on_a_version_that_is_not_the_newest_is_refused(db, kind):
    review = review_at(Status.SUBMITTED)
    older = VerdictVersion.objects.get(verdict__review=review, seq=1)
    fields = {"kind": kind, "comment": "Name the year."}

    stale = decision(review, supervisor(), version=older, content_hash=older.content_hash, **fields)
    other = decision(review, supervisor(), content_hash="0" * 64, **fields)

    for attempt in (stale.save, other.save):
        refused(attempt, because="the decision is not about the newest version")


def test_returning_without_a_comment_is_refused(db):
    review = review_at(Status.SUBMITTED)

    refused(decision(review, supervisor(), kind="returned").save, because="returned_with_a_comment")


def publication(review: Review, approval: Decision, **fields) -> Publication:
    return Publication(
        **{
            "review": review, "version": approval.version, "approval": approval, "document": {},
            "published_at": timezone.now(),
        } | fields
    )  # fmt: skip


def test_nothing_is_published_without_an_approval_of_exactly_that(db):
    returned = review_at(Status.RETURNED)
    approved, other = review_at(Status.APPROVED), review_at(Status.APPROVED)
    no, yes = (Decision.objects.get(version__verdict__review=r) for r in (returned, approved))
    older = VerdictVersion.objects.get(verdict__review=approved, seq=1)

    for attempt in (
        publication(returned, no).save,
        publication(approved, yes, version=older).save,
        publication(other, yes).save,
    ):
        refused(attempt, because="a publication needs an approval of exactly its version")


def test_an_approval_publishes_once(published):
    approval = Decision.objects.get()

    refused(publication(published, approval, correction="Again.").save, because="already exists")


def test_a_published_verdict_never_changes_silently(published):
    workflow.correct(published, by=fact_checker(), reason="The year was wrong.")
    factories.save(published, summary="Landings fell by a ninth.")
    factories.submit(published)
    factories.approve(published, by=supervisor())
    approval = Decision.objects.latest("pk")

    refused(
        publication(published, approval).save,
        because="a further publication says what was corrected",
    )


# People


@pytest.mark.parametrize("part", ["checker", "approver", "desk"])
def test_people_with_rows_are_never_deleted(published, part):
    person = {
        "checker": published.checker, "approver": Decision.objects.get().by,
        "desk": User.objects.system(),
    }[part]  # fmt: skip

    refused(person.delete, because=PROTECTED, error=ProtectedError)
    refused(
        lambda: User.objects.filter(pk=person.pk)._raw_delete("default"),
        because="violates foreign key constraint",
    )


# Breaking the seals from above, and noticing


@pytest.fixture
def seals_broken(published):
    """What someone with the keys to the database can do; all of it is rolled back."""
    commit()
    with transaction.atomic():
        sql("SET LOCAL session_replication_role = replica")
        yield published
        transaction.set_rollback(True)


EMPTY = history.sha256("{}")
TAMPERINGS = {
    "content": (
        "UPDATE reviews_verdictversion SET content = replace(content, 'a', 'e') WHERE seq = 1",
        "the content of version 1 is not what was sealed",
    ),
    "content and its hash": (
        f"UPDATE reviews_verdictversion SET content = '{{}}', content_hash = '{EMPTY}'",
        "version 1 does not fit the chain",
    ),
    "author": (
        "UPDATE reviews_verdictversion SET actor_name = 'Somebody else' WHERE seq = 2",
        "version 2 does not fit the chain",
    ),
    "time": (
        "UPDATE reviews_verdictversion SET at = at - interval '1 second' WHERE seq = 1",
        "version 1 does not fit the chain",
    ),
    "a version cut out": (
        "DELETE FROM reviews_verdictversion WHERE seq = 1", "version 2 follows version 0",
    ),
    "the newest cut off": (
        "DELETE FROM reviews_verdictversion WHERE seq = 2",
        "the verdict does not end at its newest version",
    ),
    "the verdict": (
        "UPDATE reviews_verdict SET summary = 'Landings doubled.'",
        "the verdict as it stands is not its newest version",
    ),
    "a redaction that nobody noted": (
        "UPDATE reviews_verdictversion SET content = '' WHERE seq = 1",
        "the content of version 1 is not what its redaction says",
    ),
    "the evidence": (
        "UPDATE reviews_evidence SET quote = 'Other words.'",
        "the verdict as it stands is not its newest version",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_under_the_seals_is_noticed(seals_broken, what, capsys):
    statement, says = TAMPERINGS[what]
    sql(statement)

    verdict = Verdict.objects.get()
    assert verification.seal_of(verdict).problem == says
    assert next(verification.problems()) == f"Verdict {verdict.pk}: {says}"
    with pytest.raises(CommandError):
        call_command("verify")
    assert says in capsys.readouterr().err


UNCHECKED = (
    "ALTER TABLE reviews_review DROP CONSTRAINT reviews_review_leased_while_in_progress;"
    " UPDATE reviews_review"
)
REVISED = "UPDATE reversion_version SET serialized_data = replace(serialized_data,"
BESIDE_THE_CHAIN = {
    "a revision lost": (
        "DELETE FROM reversion_version WHERE serialized_data LIKE '%%\"seq\": 2%%'",
        "Verdict {verdict}: 2 versions, but 1 revisions",
    ),
    "a revision of another version": (
        f"{REVISED} '\"seq\": 2', '\"seq\": 3')",
        "Verdict {verdict}: the revision of version 2 is of another one",
    ),
    "what a revision says": (
        f"{REVISED} '\"rating\": \"', '\"rating\": \"un')",
        "Verdict {verdict}: the revision of version 1 says something else",
    ),
    "what a revision ticks": (
        f"{REVISED} '\"ticked\": false', '\"ticked\": true')",
        "Verdict {verdict}: the revision of version 1 says something else",
    ),
    "a status": (
        "UPDATE reviews_review SET status = 'queued', checker_id = NULL",
        "Review {review} is queued, but its newest event says published",
    ),
    "an event cut out": (
        "DELETE FROM reviews_reviewevent WHERE action = 'submit'",
        "leads from submitted to approved, where it was in_progress",
    ),
    "a move that is none": (
        "UPDATE reviews_reviewevent SET action = 'take' WHERE action = 'submit'",
        "leads from in_progress to submitted, where it was in_progress",
    ),
    "a hold without work": (
        f"{UNCHECKED} SET lease_expires_at = now(), lease_acquired_at = now()",
        "Review {review} is published, and whether somebody holds it is True",
    ),
    "a hold too long": (
        f"{UNCHECKED} SET lease_acquired_at = now(), lease_expires_at = now() + interval '9 h'",
        "Review {review} is held longer than anybody may hold one",
    ),
    "what was decided on": (
        "UPDATE reviews_decision SET content_hash = 'other'",
        "is on version 2, but names another content",
    ),
    "who approved": (
        "UPDATE reviews_decision SET by_id = (SELECT actor_id FROM reviews_verdictversion LIMIT 1)",
        "approved version 2, to which they contributed",
    ),
    "an approval": (
        "UPDATE reviews_decision SET kind = 'returned', comment = 'No.'",
        "of review {review} was not approved in exactly its version",
    ),
    "a publication": (
        "DELETE FROM reviews_publication",
        "Review {review} is published, but what readers see is not its newest version",
    ),
    "a correction without words": (
        """
        INSERT INTO reviews_publication
            (review_id, version_id, approval_id, document, published_at, correction)
        SELECT review_id, version_id + 1000, approval_id + 1000, document, published_at, ''
        FROM reviews_publication
        """,
        "of review {review} changes what readers see, and does not say what",
    ),
    "cited evidence": (
        "UPDATE reviews_evidence SET sha256 = 'other'",
        "cited by what is published as {review}, is not what was captured",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BESIDE_THE_CHAIN)
def test_what_does_not_fit_beside_the_chain_is_noticed(seals_broken, what):
    statement, says = BESIDE_THE_CHAIN[what]
    sql(statement)

    found = "\n".join(verification.problems())
    assert says.format(verdict=Verdict.objects.get().pk, review=seals_broken.ref) in found


def test_a_nightly_check_is_kept_and_sealed(seals_broken):
    sql("UPDATE reviews_evidence SET quote = 'Other words.'")
    kept = verification.nightly()

    assert (kept.verdicts, kept.versions, kept.problem_count, kept.holds) == (1, 2, 1, False)
    assert "as it stands is not its newest version" in kept.problems[0]
    sql("SET LOCAL session_replication_role = origin")
    with pytest.raises(IntegrityError, match="rows of reviews_verification are sealed"):
        Verification.objects.update(problem_count=0)


def test_a_chain_that_holds_says_so(published, capsys):
    call_command("verify")

    assert capsys.readouterr().out == "2 versions of 1 verdicts, every chain holds.\n"
    seal = verification.seal_of(Verdict.objects.get())
    assert (seal.intact, seal.checked_to) == (True, 2)


def test_the_witness_of_these_tests_sees_what_it_must(seals_broken):
    """`record.problems` is not blind: each kind of damage shows."""
    sql("UPDATE reviews_review SET status = 'queued', checker_id = NULL")
    sql("UPDATE reviews_decision SET by_id = (SELECT actor_id FROM reviews_verdictversion LIMIT 1)")
    sql("UPDATE reviews_publication SET correction = 'None was made.'")
    Version.objects.filter(content_type=ContentType.objects.get_for_model(Verdict)).delete()

    found = "\n".join(problems())
    assert "its events end at published" in found
    assert "approved their own version" in found
    assert "its correction is “None was made.”" in found
    assert "but revised []" in found


def test_a_transaction_that_fails_leaves_nothing_of_a_save(db, monkeypatch):
    """Verdict, version and revision come together or not at all."""
    review = review_at(Status.IN_PROGRESS)
    before = (review.lease_expires_at, Version.objects.count())
    monkeypatch.setattr(history, "row_hash", lambda version: "0" * 65)

    with pytest.raises((IntegrityError, ProgrammingError, Exception), match="too long"):
        factories.save(review)

    review.refresh_from_db()
    assert (review.lease_expires_at, Version.objects.count()) == before
    assert not Verdict.objects.exists()

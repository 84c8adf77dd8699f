"""Ways round the record: statements, tools, detours and owners of tables, each tried and refused.

`test_seals.py` tries each way to write one row; here every sealed table is tried, whatever comes
to the desk later, and whoever has the keys is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import ProtectedError
from reversion.models import Revision, Version

from claims.models import Capture, Deposit, Picture
from reviews import checkpoints, comments, evidence, history, opinions, verification, workflow
from reviews.models import (
    Decision,
    Publication,
    Redaction,
    Review,
    User,
    Verdict,
    VerdictVersion,
)
from reviews.states import Status
from tests import factories
from tests.factories import fact_checker, review_at, supervisor
from tests.record import commit
from tests.serving import signed_in

pytestmark = pytest.mark.usefixtures("record_holds")

# Sealed for good, or but for what a redaction or the next step of a second opinion may change.
SEALED = [
    "claims_capture", "claims_deposit", "claims_picture", "reversion_revision",
    "reversion_version", "reviews_checklistevent",
    "reviews_checklistversion", "reviews_checkpoint", "reviews_comment", "reviews_contact",
    "reviews_decision", "reviews_evidence", "reviews_evidencecopy", "reviews_exemption",
    "reviews_opinionrule", "reviews_policyversion", "reviews_publication", "reviews_redaction",
    "reviews_reviewevent", "reviews_secondopinion", "reviews_threadevent",
    "reviews_verdictversion", "reviews_verification", "reviews_weights",
]  # fmt: skip
REFUSED = "refused: (rows of|what a second opinion|evidence is)"


def sql(statement: str, *parameters: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


@transaction.atomic
def committed(attempt: Callable[[], object]) -> None:
    """Do it, and ask what a commit would ask."""
    attempt()
    commit()


def refused(attempt: Callable[[], object], because: str, error=IntegrityError) -> None:
    commit()
    with pytest.raises(error, match=because):
        committed(attempt)


@pytest.fixture
def everything(db, site) -> None:
    """A row in every sealed table."""
    factories.arrange_the_queue(by=(decider := supervisor()))
    review = review_at(Status.SUBMITTED)
    factories.second_opinion(review, by=decider)
    opinions.call_off(review, by=decider, reason="Urgent.")
    factories.approve(review, by=decider)
    comments.say(review_at(Status.PUBLISHED), by=decider, body="Ask the port.")
    evidence.order_copies()
    Picture.objects.create(capture=(capture := Capture.objects.latest("pk")))
    Deposit.objects.create(capture=capture, asked="https://archive.example/save/")
    checkpoints.take()


@pytest.fixture
def published(db) -> Review:
    return review_at(Status.PUBLISHED)


# Every sealed table


def test_no_sealed_table_is_left_out_here(db):
    """A table is sealed by a trigger on its rows that refuses to delete."""
    sealed = sql(
        """
        SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled = 'O'
            AND tgtype & 1 = 1 AND tgtype & 2 = 2 AND tgtype & 8 = 8 AND tgtype & 16 = 16
        ORDER BY 1
        """
    )
    assert [table for (table,) in sealed] == SEALED


@pytest.mark.usefixtures("everything")
def test_no_row_of_a_sealed_table_is_rewritten_or_deleted_by_any_statement():
    for table in SEALED:
        assert sql(f"SELECT count(*) FROM {table}") != [(0,)], table
        [(column,)] = sql(
            """
            SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 1
                AND NOT attisdropped AND attnotnull AND atttypid = 'text'::regtype
            UNION ALL SELECT 'id' LIMIT 1
            """,
            table,
        )
        merge = f"MERGE INTO {table} t USING {table} s ON t.id = s.id WHEN MATCHED THEN"
        for statement in (
            f"UPDATE {table} SET {column} = {column}",
            f"UPDATE {table} SET id = id + 1000000",
            f"DELETE FROM {table}",
            f"WITH gone AS (DELETE FROM {table} RETURNING *) SELECT count(*) FROM gone",
            f"{merge} UPDATE SET {column} = t.{column}",
            f"{merge} DELETE",
        ):
            if (
                table.startswith(("claims_", "reviews_evidence", "reviews_secondopinion"))
                and "= " in statement
            ):
                continue  # they do change, in one direction: the tests of their rooms say how
            refused(partial(sql, statement), because=REFUSED)
        refused(partial(sql, f"TRUNCATE {table} CASCADE"), because="TRUNCATE refused")


# Versions that come by another door


def test_a_version_copied_in_from_a_file_meets_the_same_rules(published):
    newest = VerdictVersion.objects.latest("seq")
    columns = "verdict_id, seq, content, content_hash, previous_hash, hash, actor_id, actor_name"

    def copy(seq: int, previous: str) -> None:
        copying = f"COPY reviews_verdictversion ({columns}, action, reason, at) FROM STDIN"
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(copying) as file,
        ):
            file.write_row(
                [newest.verdict_id, seq, newest.content, newest.content_hash, previous, "0" * 64,
                 newest.actor_id, newest.actor_name, "edit", "", newest.at]
            )  # fmt: skip

    refused(partial(copy, newest.seq, newest.previous_hash), because="does not follow version 2")
    refused(partial(copy, newest.seq + 1, ""), because="does not follow version 2")
    refused(
        partial(copy, newest.seq + 1, newest.hash), because="is not what its newest version says"
    )


def test_reversion_does_not_revert_a_verdict(published):
    """Its own way back writes the old row, past the history."""
    oldest = Version.objects.get_for_object(history.of(published)).order_by("pk")[0]
    commit()

    for attempt in (oldest.revert, oldest.revision.revert):
        refused(attempt, because="is not what its newest version says")


@pytest.mark.parametrize(
    "arguments",
    [(), ("reviews",), ("reviews.verdict",), ("reviews.verdict", "--keep=1")],
    ids=" ".join,
)
def test_the_command_that_deletes_revisions_deletes_none_of_a_verdict(published, arguments):
    before = Version.objects.count(), Revision.objects.count()

    refused(
        lambda: call_command("deleterevisions", *arguments, stdout=StringIO()),
        because="DELETE refused: rows of reversion_",
    )
    assert (Version.objects.count(), Revision.objects.count()) == before


def test_a_content_type_does_not_take_its_revisions_along(published):
    """Deleting it, as `remove_stale_contenttypes` does, cascades to the revisions."""
    kind = ContentType.objects.get_for_model(Verdict)

    refused(kind.delete, because="DELETE refused: rows of reversion_version are sealed")
    refused(
        lambda: ContentType.objects.filter(pk=kind.pk)._raw_delete("default"),
        because="violates foreign key constraint",
    )


def test_what_rests_on_versions_and_evidence_is_not_pulled_from_under_them(published):
    for row in (VerdictVersion.objects.latest("seq"), published.checker):
        refused(row.delete, because="Cannot delete some instances", error=ProtectedError)
    refused(published.evidence.get().delete, because="evidence is withdrawn, never rewritten")


# Approvals


def approves(client, review: Review, *, seq: int | None = None) -> int:
    """Send what the approval page sends; return how it was answered."""
    verdict = history.of(review)
    version = verdict.versions.get(seq=seq or verdict.seq)
    sent = {"seq": version.seq, "content_hash": version.content_hash, "comment": "Well read."}
    return client.post(f"{review.get_absolute_url()}approve/", sent).status_code


def test_nobody_approves_their_own_verdict_on_the_page_superusers_least_of_all(db):
    for author in (supervisor(), factories.superuser()):
        review = review_at(Status.SUBMITTED, checker=author)

        assert approves(signed_in(author), review) == 409
        assert not Decision.objects.exists()


def test_a_stale_version_is_not_approved_on_the_page(db):
    review = review_at(Status.SUBMITTED)

    assert approves(signed_in(supervisor()), review, seq=1) == 409
    assert not Decision.objects.exists()
    assert approves(signed_in(supervisor()), review) == 302


@pytest.fixture
def restored(db) -> tuple[Review, User]:
    """A supervisor wrote into a verdict, and the checker restored their own words over it.

    Nothing of what the supervisor wrote is left in what is submitted.
    """
    review, author, other = review_at(Status.IN_PROGRESS), fact_checker(), supervisor()
    factories.write_verdict(review, review.checker)
    workflow.release(review, by=review.checker, token=review.lease_token)
    workflow.take(review, by=other)
    factories.save(review, summary="Landings doubled.")
    workflow.release(review, by=other, token=review.lease_token)
    workflow.take(review, by=author)
    version = history.restore(
        review, by=author, token=review.lease_token, seq=3, version_seq=2
    )  # fmt: skip
    assert version
    assert version.content_hash == history.of(review).versions.get(seq=2).content_hash
    factories.submit(review)
    return review, other


def test_a_co_author_whose_words_were_restored_away_still_cannot_approve(restored):
    review, other = restored
    newest = VerdictVersion.objects.latest("seq")
    fields = {"version": newest, "content_hash": newest.content_hash, "by": other}
    approval = Decision(kind="approved", by_name=str(other), at=newest.at, **fields)

    with pytest.raises(workflow.Refused):
        factories.approve(review, by=other)
    assert approves(signed_in(other), review) == 409
    refused(approval.save, because="a contributor cannot approve")
    factories.approve(review, by=supervisor())


def test_an_approval_is_not_carried_over_to_the_same_words_restored(published):
    """What reads as it did when it was approved is another version, and waits for its own."""
    workflow.correct(published, by=(editor := fact_checker()), reason="The year was wrong.")
    factories.save(published, summary="Landings fell by a ninth.")
    history.restore(published, by=editor, token=published.lease_token, seq=3, version_seq=2)
    approval = Decision.objects.get()

    refused(
        lambda: Publication.objects.create(
            review=published, version=VerdictVersion.objects.latest("seq"), approval=approval,
            document={}, published_at=approval.at, correction="Again.",
        ),
        because="a publication needs an approval of exactly its version|already exists",
    )  # fmt: skip


def test_a_permission_given_by_hand_does_not_open_four_eyes(db):
    """Whoever may change every table through Django still cannot approve what they wrote."""
    author = supervisor()
    author.user_permissions.set(Permission.objects.all())
    review = review_at(Status.SUBMITTED, checker=author)

    assert approves(signed_in(author), review) == 409
    assert not Decision.objects.exists()


# The owner of the tables


@pytest.fixture
def owner(published) -> Iterator[Review]:
    """The tables belong to somebody who is no superuser of the database; that is who asks."""
    commit()
    with transaction.atomic():
        sql("CREATE ROLE owner_of_the_record")
        sql("GRANT ALL ON SCHEMA public TO owner_of_the_record")
        sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO owner_of_the_record")
        sql("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO owner_of_the_record")
        for table in ("reviews_verdictversion", "reviews_decision", "reviews_verdict"):
            sql(f"ALTER TABLE {table} OWNER TO owner_of_the_record")
        sql("SET LOCAL ROLE owner_of_the_record")
        yield published
        transaction.set_rollback(True)


def test_the_owner_of_the_tables_meets_the_seals_and_cannot_put_them_to_sleep(owner):
    for statement, says in {
        "UPDATE reviews_verdictversion SET actor_name = 'Me'": "are sealed",
        "DELETE FROM reviews_decision": "are sealed",
        "SET session_replication_role = replica": "permission denied",
    }.items():
        with pytest.raises((IntegrityError, ProgrammingError), match=says), transaction.atomic():
            sql(statement)


EDITS = {
    "a version": (
        "reviews_verdictversion",
        "UPDATE reviews_verdictversion SET actor_name = 'Me' WHERE seq = 1",
        "version 1 does not fit the chain",
    ),
    "a decision": (
        "reviews_decision",
        "UPDATE reviews_decision SET content_hash = 'other'",
        "names another content",
    ),
    "the verdict": (
        "reviews_verdict",
        "UPDATE reviews_verdict SET summary = 'Landings doubled.'",
        "the verdict as it stands is not its newest version",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_an_owner_who_takes_the_triggers_away_is_noticed(owner, what, capsys):
    table, statement, says = EDITS[what]
    sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    sql(statement)
    commit()
    sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    assert says in "\n".join(verification.problems())
    with pytest.raises(CommandError):
        call_command("verify")
    assert says in capsys.readouterr().err


# Other doors of the web


def test_no_address_of_the_record_takes_another_method(published):
    client = signed_in(factories.superuser())
    review = published.get_absolute_url()
    public = Publication.objects.get().get_absolute_url()
    readings = [f"{review}history/", f"{review}history/1/", f"{review}history.json", public]

    for address in readings:
        assert client.get(address).status_code == 200
        for method in (client.post, client.put, client.patch, client.delete):
            assert method(address).status_code == 405, address
    assert not Redaction.objects.exists()

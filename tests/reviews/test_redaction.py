"""Blanking what an older version said: the words go everywhere, that they stood there stays."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from reversion.models import Version

from reviews import history, publication, redaction, verification, workflow
from reviews.leases import Refused
from reviews.models import Publication, Redaction, VerdictVersion
from reviews.states import Action, Status
from tests import factories
from tests.factories import fact_checker, supervisor
from tests.record import commit

pytestmark = pytest.mark.usefixtures("record_holds")

SECRET = "Her neighbour, Ada Vik of Quay Street, counted the boats."


@pytest.fixture
def written(db):
    """A verdict whose second version names somebody, and whose third does not."""
    review = factories.review_at(Status.IN_PROGRESS)
    factories.save(review)
    factories.save(review, explanation=SECRET)
    factories.save(review, explanation="A neighbour counted the boats.")
    return review


def redact(review, seq=2, **changes):
    given = {"by": supervisor(), "seq": seq, "reason": "It names a private person."} | changes
    return redaction.redact(review, **given)


def everything() -> str:
    """All text of the tables that hold versions, revisions and publications."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT string_agg(row, ' ') FROM (
                SELECT version::text AS row FROM reviews_verdictversion version
                UNION ALL SELECT revised::text FROM reversion_version revised
                UNION ALL SELECT publication::text FROM reviews_publication publication
                UNION ALL SELECT verdict::text FROM reviews_verdict verdict
            ) rows
            """
        )
        return str(cursor.fetchone()[0])


def test_the_words_go_and_the_chain_still_holds(written):
    assert "Ada Vik" in everything()
    before = VerdictVersion.objects.get(seq=2)

    noted = redact(written)

    assert "Ada Vik" not in everything()
    after = VerdictVersion.objects.get(seq=2)
    assert (after.content, after.content_hash, after.hash) == ("", before.content_hash, before.hash)
    assert (noted.content_hash, noted.reason) == (before.content_hash, "It names a private person.")
    assert verification.seal_of(history.of(written)) == verification.Seal(3, "")
    assert [*verification.problems()] == []
    event = written.events.latest("pk")
    assert (event.action, event.note) == (Action.REDACT, "Version 2: It names a private person.")
    assert Version.objects.get_for_object(history.of(written)).count() == 3


def test_what_was_redacted_reads_as_nothing_and_is_not_restored(written):
    redact(written)

    version = VerdictVersion.objects.get(seq=2)
    assert history.read(version)["explanation"] == ""
    assert [field.field for field in history.compare(None, version)] == []
    with pytest.raises(Refused, match="redacted: there is nothing to restore"):
        history.restore(
            written, by=written.checker, token=written.lease_token, seq=3, version_seq=2
        )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"seq": 3}, "It is what stands now"),
        ({"seq": 9}, "There is no version 9"),
        ({"reason": " "}, "Say why"),
        ({"by": "checker"}, "role does not allow"),
    ],
)
def test_what_makes_no_sense_is_refused(written, changes, why):
    if changes.get("by"):
        changes = changes | {"by": fact_checker()}
    with pytest.raises(Refused, match=why):
        redact(written, **changes)

    assert not Redaction.objects.exists()
    assert "Ada Vik" in everything()


def test_it_is_redacted_once(written):
    redact(written)

    with pytest.raises(Refused, match="redacted already"):
        redact(written)


def test_what_readers_see_now_is_not_redacted_and_what_they_saw_is(db):
    review = factories.review_at(Status.PUBLISHED)
    public = Publication.objects.get()
    workflow.correct(review, by=review.checker, reason="The year was wrong.")
    factories.save(review, summary="Landings fell by a ninth.")

    with pytest.raises(Refused, match="Readers see it now"):
        redact(review, seq=public.version.seq)

    factories.submit(review)
    factories.approve(review, by=supervisor())
    publication.publish(review_id=review.pk)
    redact(review, seq=public.version.seq)
    public.refresh_from_db()
    assert (public.document["summary"], public.document["evidence"]) == ("", [])
    assert public.document["published_at"]
    assert Publication.objects.current().get().document["summary"] == "Landings fell by a ninth."


ROUND = {
    "blank without a redaction": "UPDATE reviews_verdictversion SET content = '' WHERE seq = 1",
    "another content": "UPDATE reviews_verdictversion SET content = '{}' WHERE seq = 2",
    "the hash, too": "UPDATE reviews_verdictversion SET content_hash = '' WHERE seq = 2",
    "another revision": "UPDATE reversion_version SET object_repr = 'Redacted'"
    " WHERE serialized_data LIKE '%\"seq\": 1,%'",
    "a redaction of what stands": "INSERT INTO reviews_redaction (version_id, content_hash, by_id,"
    " by_name, at, reason) SELECT id, content_hash, actor_id, 'Me', now(), 'Because.'"
    " FROM reviews_verdictversion WHERE seq = 3",
    "a redaction that blanks nothing": "INSERT INTO reviews_redaction (version_id, content_hash,"
    " by_id, by_name, at, reason) SELECT id, content_hash, actor_id, 'Me', now(), 'Because.'"
    " FROM reviews_verdictversion WHERE seq = 1",
}


@pytest.mark.parametrize("way", ROUND)
def test_the_database_allows_nothing_but_a_noted_redaction(written, way):
    redact(written)
    commit()

    with pytest.raises(IntegrityError):
        run(ROUND[way])


@transaction.atomic
def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount
    commit()

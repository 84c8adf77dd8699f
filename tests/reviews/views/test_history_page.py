"""The history of a verdict: versions, comparison, seal, restoring."""

from __future__ import annotations

import dataclasses

import pytest
from django.db import connection

from reviews import history
from reviews.states import Status
from tests import factories


@pytest.fixture
def written(db):
    """A held review with three versions: written, evidence attached, summary changed."""
    review = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    save(review, "Landings fell by a tenth in 2025.")
    return review


def save(review, summary: str) -> None:
    history.save(
        review, by=review.checker, token=review.lease_token, seq=history.of(review).seq,
        draft=dataclasses.replace(factories.DRAFT, summary=summary),
    )  # fmt: skip


def page(client, review, query=""):
    return client.get(f"{review.get_absolute_url()}history/{query}")


def test_it_lists_every_version_and_compares_the_newest_two(sign_in, written):
    answer = page(sign_in(written.checker), written)

    assert [version.seq for version in answer.context["versions"]] == [3, 2, 1]
    assert (answer.context["old"].seq, answer.context["new"].seq) == (2, 3)
    assert [field.field for field in answer.context["changes"]] == ["summary"]


@pytest.mark.parametrize(
    ("query", "compared"),
    [
        ("?from=1&to=3", (1, 3)),
        ("?from=3&to=1", (3, 1)),
        ("?to=2", (1, 2)),
        ("?from=9&to=x", (None, 3)),
    ],
)
def test_any_two_versions_can_be_compared(sign_in, written, query, compared):
    context = page(sign_in(written.checker), written, query).context

    assert (context["old"] and context["old"].seq, context["new"].seq) == compared


def test_it_shows_that_the_chain_is_sealed(sign_in, written):
    html = page(sign_in(written.checker), written).content.decode()

    assert "Sealed, chain verified to version 3" in html


def test_a_broken_seal_is_an_alarm(sign_in, written):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the table may not be altered
        cursor.execute("ALTER TABLE reviews_verdictversion DISABLE TRIGGER USER")
        cursor.execute("UPDATE reviews_verdictversion SET actor_name = 'Nobody' WHERE seq = 2")
        cursor.execute("ALTER TABLE reviews_verdictversion ENABLE TRIGGER USER")

    html = page(sign_in(written.checker), written).content.decode()

    assert "The seal is broken." in html
    assert "Verified to version 1" in html


def test_the_holder_restores_a_version_as_a_new_one(sign_in, written):
    client = sign_in(written.checker)
    address = f"{written.get_absolute_url()}history/1/restore/"

    answer = client.post(address, {"token": written.lease_token, "seq": 3})

    verdict = history.of(written)
    assert answer["Location"] == written.get_absolute_url()
    assert (verdict.seq, verdict.summary) == (4, factories.DRAFT.summary)


def test_restoring_on_top_of_an_unread_version_is_refused(sign_in, written):
    client = sign_in(written.checker)

    client.post(
        f"{written.get_absolute_url()}history/1/restore/",
        {"token": written.lease_token, "seq": 2},
    )

    assert history.of(written).seq == 3


def test_only_the_holder_is_offered_to_restore(sign_in, written):
    address = f"{written.get_absolute_url()}history/1/restore/"

    assert address in page(sign_in(written.checker), written).content.decode()
    assert address not in page(sign_in(factories.supervisor()), written).content.decode()


def test_a_verdict_nobody_wrote_has_no_history_yet(sign_in, db):
    html = page(sign_in(factories.fact_checker()), factories.review()).content.decode()

    assert "No version yet: nobody has saved anything." in html


def test_thirty_versions_cost_no_more_queries_than_two(sign_in, queries, written):
    client, address = sign_in(written.checker), f"{written.get_absolute_url()}history/"
    few = queries(client, address)
    for number in range(27):
        save(written, f"Draft {number}")

    assert queries(client, address) == few

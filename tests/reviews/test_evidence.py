"""Evidence is attached with stance and quote, withdrawn with a reason, and part of the verdict."""

from __future__ import annotations

import pytest

from reviews import evidence, history
from reviews.models import VerdictVersion
from reviews.states import Status
from reviews.workflow import Refused
from tests import factories
from tests.factories import review_at

pytestmark = pytest.mark.usefixtures("record_holds")


@pytest.fixture
def held(db):
    return review_at(Status.IN_PROGRESS)


def cited(version: VerdictVersion) -> list[str]:
    return [item["title"] for item in history.read(version)["evidence"]]


def withdraw(attached, reason="It is a forgery."):
    review = attached.review
    evidence.withdraw(attached, by=review.checker, token=review.lease_token, reason=reason)


def test_attaching_seals_a_version_that_cites_it(held):
    attached = factories.attach(held)

    version = VerdictVersion.objects.get()
    assert (version.seq, version.action) == (1, "evidence")
    assert version.reason == "Attached “Landing register”"
    assert cited(version) == ["Landing register"]
    assert (attached.added_by, attached.added_at) == (held.checker, version.at)


def test_what_is_cited_stands_in_the_order_it_was_attached(held):
    for title in ("Register", "Almanac", "Diary"):
        factories.attach(held, title=title)

    assert cited(VerdictVersion.objects.latest("seq")) == ["Register", "Almanac", "Diary"]


def test_its_hash_is_of_what_it_says_and_where(held):
    attached = factories.attach(held, url="", title="A", publisher="B", quote="“C”")

    assert attached.sha256 == history.sha256('["","A","B","“C”"]')


def test_the_same_words_are_attached_once(held):
    """A double click sends everything twice."""
    factories.attach(held)

    with pytest.raises(Refused, match="attached already"):
        factories.attach(held, stance="supports")

    assert held.evidence.count() == VerdictVersion.objects.count() == 1


def test_other_words_of_the_same_document_are_further_evidence(held):
    factories.attach(held)
    factories.attach(held, quote="The fleet shrank by two boats.")

    assert held.evidence.count() == 2


def test_withdrawing_keeps_the_row_with_who_when_and_why(held):
    attached = factories.attach(held)

    withdraw(attached, reason=" It is a forgery. ")

    version = VerdictVersion.objects.latest("seq")
    assert (version.seq, version.reason, cited(version)) == (2, "Withdrew “Landing register”", [])
    attached.refresh_from_db()
    assert (attached.withdrawn_by, attached.withdrawn_at, attached.withdrawn_reason) == (
        held.checker, version.at, "It is a forgery.",
    )  # fmt: skip
    assert not held.evidence.standing().exists()


def test_withdrawing_needs_a_reason(held):
    attached = factories.attach(held)

    with pytest.raises(Refused, match="Say why the evidence is withdrawn"):
        withdraw(attached, reason=" ")


def test_evidence_is_withdrawn_once(held):
    attached = factories.attach(held)
    withdraw(attached)

    with pytest.raises(Refused, match="withdrawn already"):
        withdraw(attached, reason="Once more.")

    attached.refresh_from_db()
    assert attached.withdrawn_reason == "It is a forgery."


def test_what_was_withdrawn_can_be_attached_anew(held):
    withdraw(factories.attach(held))

    factories.attach(held)

    assert cited(VerdictVersion.objects.latest("seq")) == ["Landing register"]
    assert held.evidence.count() == 2


def test_an_old_version_cites_what_it_cited_then(held):
    attached = factories.attach(held)
    withdraw(attached)

    first, second = VerdictVersion.objects.order_by("seq")
    assert (cited(first), cited(second)) == (["Landing register"], [])

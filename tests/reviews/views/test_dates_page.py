"""Setting dates on the page of a review: waiting, due, looking again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews import leases
from reviews.models import Review
from reviews.states import Status
from tests import factories
from tests.factories import fact_checker, review_at


def day(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def send(client, review: Review, move: str, **fields):
    return client.post(
        f"/reviews/{review.ref}/{move}/", {f"{move}-{name}": one for name, one in fields.items()}
    )


def page(client, review: Review) -> str:
    return client.get(review.get_absolute_url()).content.decode()


def test_a_held_review_is_put_aside_and_gone_on_with(sign_in):
    review = review_at(Status.IN_PROGRESS)
    checker = review.checker
    client = sign_in(checker)
    assert "Wait for a reply" in page(client, review)

    send(client, review, "snooze", token=1, until=day(3), waits_for="The port")
    shown, listed = page(client, review), client.get("/?view=waiting").content.decode()
    assert "waits for: The port" in shown
    assert "The port" in listed
    review.refresh_from_db()
    assert (review.status, review.waits_until.hour) == (Status.WAITING, 8)

    client.post(f"/reviews/{review.ref}/unsnooze/")
    review.refresh_from_db()
    assert (review.status, review.checker) == (Status.IN_PROGRESS, checker)


def test_a_colleague_reads_what_is_waited_for_and_is_not_offered_to_go_on(sign_in):
    review = review_at(Status.WAITING)

    shown = page(sign_in(fact_checker()), review)

    assert "waits for: The port&#x27;s press office" in shown
    assert f"/reviews/{review.ref}/unsnooze/" not in shown
    assert "Go on now:" in shown


@pytest.mark.parametrize(
    ("until", "status", "says"),
    [(day(-1), 409, "Choose a date in the next 90 days."), ("soon", 422, "Enter a valid date.")],
)
def test_what_was_typed_comes_back_with_the_reason_when_the_date_is_no_good(
    sign_in, until, status, says
):
    review = review_at(Status.IN_PROGRESS)
    answer = send(
        sign_in(review.checker), review, "snooze", token=1, until=until, waits_for="The mayor's 2nd"
    )

    assert answer.status_code == status
    shown = answer.content.decode()
    assert says in shown
    assert 'value="The mayor&#x27;s 2nd"' in shown
    review.refresh_from_db()
    assert review.status == Status.IN_PROGRESS


def test_the_due_date_is_set_by_hand_with_a_reason(sign_in):
    review = factories.review()
    client = sign_in(fact_checker())

    send(client, review, "due", due_at=day(5), reason="The council votes.")

    review.refresh_from_db()
    assert (timezone.localdate(review.due_at).isoformat(), review.due_by_hand) == (day(5), True)
    assert "The council votes." in page(client, review)


def test_an_unproven_verdict_that_is_due_says_so_and_is_looked_at_again(sign_in):
    review = review_at(Status.PUBLISHED)
    now = leases.clock()
    Review.objects.filter(pk=review.pk).update(recheck_at=now, reminded_at=now)
    client = sign_in(review.checker)
    assert "Look whether there is one now" in page(client, review)

    send(client, review, "recheck", again_at=day(30), found="The register is still closed.")

    review.refresh_from_db()
    assert timezone.localdate(review.recheck_at).isoformat() == day(30)
    assert "Look whether there is one now" not in page(client, review)


def test_a_check_with_a_conclusion_offers_no_second_look(sign_in):
    review = review_at(Status.PUBLISHED)

    assert "still unproven" not in page(sign_in(review.checker), review)

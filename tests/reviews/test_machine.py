"""The desk against a model of it: any people doing anything in any order, on pages old and new.

After every step the rows say exactly what the model says, and `record.problems()` finds nothing;
what the model refuses, the desk refuses, and it changes no row. A thorough run tries 100 orders of
30 steps, any other 12.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from hypothesis.stateful import run_state_machine_as_test

from reviews.models import ReviewTopic
from tests import factories
from tests.factories import fact_checker, superuser, supervisor
from tests.machine.checking import Checking
from tests.machine.deciding import Deciding
from tests.machine.desk import MOST_HELD, SEA, START, Desk, modelled
from tests.machine.leaving import Leaving
from tests.machine.passing import Passing
from tests.thorough import THOROUGH


class WholeDesk(Checking, Deciding, Passing, Leaving):
    """Everything that people do, and time."""


@pytest.mark.django_db
def test_whatever_people_do_in_whatever_order_the_record_holds(settings):
    settings.LEASES_PER_PERSON = MOST_HELD
    ReviewTopic.objects.create(slug=SEA, name="The sea")
    Desk.everybody = [fact_checker(), fact_checker(), supervisor(), supervisor(), superuser()]
    _, checker, decider = Desk.everybody[:3]
    started = [factories.review_at(status, checker=checker, approver=decider) for status in START]
    started.sort(key=lambda review: (-review.priority, review.pk))
    Desk.refs = [review.pk for review in started]
    Desk.start = [modelled(review) for review in started]
    Desk.done = Counter()

    run_state_machine_as_test(
        WholeDesk,
        settings=examples(
            max_examples=100 if THOROUGH else 12, stateful_step_count=30, deadline=None,
            suppress_health_check=[HealthCheck.too_slow], report_multiple_bugs=False,
            # To shorten an order that fails takes minutes; a thorough run does.
            phases=[phase for phase in Phase if THOROUGH or phase != Phase.shrink],
        ),
    )  # fmt: skip

    assert Desk.done.total() > 50, Desk.done

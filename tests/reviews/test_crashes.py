"""Whoever writes is killed after every statement, before and after COMMIT: all or nothing stays.

A killed call has left the rows of the last commit, and nothing else; what must always hold, holds.
What goes row by row through many, called again, does the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from tests import record
from tests.killed.arranged import Call
from tests.killed.calls import CALLS, SWEEPS
from tests.killing import Watcher, crashes, crashes_of_sweeps, is_ours, watching
from tests.thorough import THOROUGH
from tests.writers import writing_functions

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # The dead close nothing.
    pytest.mark.filterwarnings("ignore:.*ServerSideCursor.* was deleted while:ResourceWarning"),
]
EACH = 1 if THOROUGH else 40  # points; and all about a commit
KEPT = {
    "reviews_user": "username = 'system'", "reviews_checklistversion": "seq = 1",
    "reviews_policyversion": "seq = 1",
}  # fmt: skip

points: Counter[str] = Counter()  # at which a function was killed
there_are: dict[str, int] = {}


@pytest.fixture(scope="module")
def watcher(django_db_setup, django_db_blocker) -> Iterator[Watcher]:
    with django_db_blocker.unblock(), watching() as watcher:
        yield watcher


def arranged(subject: str, name: str) -> Call:
    """A call on a desk that has nothing but the rows it needs; the seals sleep while it is emptied.

    Which models there are is known, so that the same call always makes as many statements.
    """
    ContentType.objects.get_for_models(*apps.get_models())
    tables = filter(is_ours, connection.introspection.django_table_names(only_existing=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica;"
            + "".join(
                f"DELETE FROM {table} WHERE NOT ({KEPT.get(table, 'false')});"
                for table in tables
                if not table.startswith("auth_")
            )
        )
    connection.close()
    return CALLS[subject][name]()


def test_every_function_that_writes_is_killed():
    called = [name for calls in CALLS.values() for name in calls]
    assert sorted(called) == sorted(writing_functions())


@pytest.mark.parametrize("subject", CALLS)
@pytest.mark.usefixtures("site")
def test_a_call_killed_at_any_point_leaves_all_or_nothing(subject, watcher):
    for name in CALLS[subject]:
        proven = []
        kill = crashes_of_sweeps if name in SWEEPS else crashes
        for killer in kill(partial(arranged, subject, name), watcher, each=EACH):
            assert killer.found == killer.rows, f"{name}, killed at point {killer.at}"
            if killer.commits and killer.found not in proven:  # else they are those from before
                assert record.problems() == [], f"{name}, killed at point {killer.at}"
                proven.append(killer.found)
            points[name] += 1
            there_are[name] = killer.of
        assert points[name] > 0, name


def test_so_many_points_were_tried(capsys):
    """Told, so that whoever reads the log knows how much was tried."""
    assert set(points) == writing_functions()
    with capsys.disabled():
        total = sum(there_are.values())
        print(f" {points.total()} of {total} crash points in {len(points)} functions ", end="")

"""Take-next a second: one person, eight and thirty-two at once, against UPDATE by primary key.

Take-next alone is timed; nothing is given back in between: who holds as many as one may is followed
by the next person. Each client has a connection of its own, opened before the clock starts.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection, connections, transaction

from reviews import queue, roles
from reviews.models import Review, User
from tests.benchmarks import rows

NEEDS_DATABASE = True
CLAIMS = int(os.environ.get("FACTCHECK_BENCHMARK_CLAIMS", "1000000"))
OPEN = int(os.environ.get("FACTCHECK_BENCHMARK_OPEN", "100000"))
TURNS = 960  # of all clients together
HELD = 5  # by one person
WARM = 10  # turns of each client before the clock starts


def main(data: Path) -> None:
    """Print takes a second and their ratio to the plain UPDATE in the same run."""
    rows.desk(open_reviews=OPEN, elsewhere=OPEN // 10, claims=CLAIMS)
    settings.LEASES_PER_PERSON = HELD
    people = iter([_person(number) for number in range(3 * (TURNS + 32 * WARM) // HELD + 1)])
    spare = list(
        Review.objects.order_by("priority").values_list("pk", flat=True)[: TURNS + 32 * WARM]
    )
    print(f"{CLAIMS:,} claims, {OPEN:,} open reviews")
    for clients in (1, 8, 32):
        turns = TURNS // clients
        shares = [spare[client::clients] for client in range(clients)]
        plain = _rate(clients, turns, partial(_update, shares))
        own = [[next(people) for _ in range((WARM + turns) // HELD)] for _ in range(clients)]
        taking = _rate(clients, turns, partial(_take, own))
        print(f"{clients:2} clients: UPDATE by key (baseline) {plain:8.0f}/s   1.00")
        print(
            f"{clients:2} clients: take next                {taking:8.0f}/s   {taking / plain:.2f}"
        )
        if clients == 1:
            unindexed = _unindexed(next(people))
            times = f"take next is {taking / unindexed:.0f} times that"
            print(f" 1 clients: without indexes              {unindexed:8.1f}/s   {times}")


def _unindexed(person: User) -> float:
    """Takes a second while the table of reviews has no index but those of its keys."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index"
            " WHERE indrelid = 'reviews_review'::regclass AND NOT indisunique"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")
        begun = time.perf_counter()
        for _ in range(HELD):
            _take([[person]], 0, 0)
        taken = time.perf_counter() - begun
        transaction.set_rollback(True)
    return HELD / taken


def _rate(clients: int, turns: int, act: Callable[[int, int], None]) -> float:
    start = threading.Barrier(clients + 1)

    def client(number: int) -> None:
        for turn in range(WARM):  # a connection has its plans, as after the first minute of a day
            act(number, turn)
        start.wait()
        for turn in range(WARM, WARM + turns):
            act(number, turn)
        connections.close_all()

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(client, number) for number in range(clients)]
        start.wait()
        begun = time.perf_counter()
        for one in running:
            one.result()
        return clients * turns / (time.perf_counter() - begun)


def _update(shares: list[list[int]], client: int, turn: int) -> None:
    Review.objects.filter(pk=shares[client][turn]).update(copies=2)


def _take(people: list[list[User]], client: int, turn: int) -> None:
    if queue.take_next(people[client][turn // HELD]) is None:
        raise SystemExit("the queue ran empty")


def _person(number: int) -> User:
    person = User.objects.create_user(f"bench{number}")
    person.groups.add(Group.objects.get(name=roles.FACT_CHECKERS))
    return person

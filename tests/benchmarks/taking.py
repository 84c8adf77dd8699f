"""Take-next a second: one person and eight at once, against UPDATE by primary key."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import connection, connections

from reviews import queue, roles, workflow
from reviews.models import Review, User
from tests.benchmarks import rows

NEEDS_DATABASE = True
OPEN, ROUNDS = 20_000, 150


def main(data: Path) -> None:
    """Print takes a second and their ratio to the plain UPDATE, each with 1 and 8 clients."""
    rows.reviews(OPEN)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    people = [_person(number) for number in range(8)]
    spare = list(Review.objects.order_by("priority").values_list("pk", flat=True)[: 8 * ROUNDS])
    print(f"{OPEN:,} open reviews")
    for clients in (1, 8):
        plain = _rate(clients, lambda client, turn: _update(spare[client * ROUNDS + turn]))
        taking = _rate(clients, lambda client, turn: _take_and_release(people[client]))
        print(f"{clients} clients: UPDATE by key (baseline) {plain:8.0f}/s   1.00")
        print(f"{clients} clients: take next                {taking:8.0f}/s   {taking / plain:.2f}")


def _rate(clients: int, act: Callable[[int, int], None]) -> float:
    def client(number: int) -> float:
        spent = 0.0
        for turn in range(ROUNDS):
            begun = time.perf_counter()
            act(number, turn)
            spent += time.perf_counter() - begun
        connections.close_all()
        return spent

    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))
    return clients * ROUNDS / (time.perf_counter() - begun)


def _update(pk: int) -> None:
    Review.objects.filter(pk=pk).update(copies=2)


def _take_and_release(person: User) -> None:
    review = queue.take_next(person)
    if review is None:
        raise SystemExit("the queue ran empty")
    if Review.objects.held_by(person).count() >= 5:
        for held in Review.objects.held_by(person):
            workflow.release(held, by=person, token=held.lease_token)


def _person(number: int) -> User:
    person = User.objects.create_user(f"bench{number}")
    person.groups.add(Group.objects.get(name=roles.FACT_CHECKERS))
    return person

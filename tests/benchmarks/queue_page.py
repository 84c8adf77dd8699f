"""Server time of the queue page, against an empty Django view through the same middleware."""

from __future__ import annotations

import logging
import statistics
import time
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import reverse

from reviews import roles
from reviews.models import User
from tests.benchmarks import rows

NEEDS_DATABASE = True
OPEN, ROUNDS = 20_000, 60


def main(data: Path) -> None:
    """Print p50 and p95 in milliseconds and the ratio of requests a second, in one run."""
    logging.getLogger("django.request").setLevel(logging.ERROR)  # the baseline is refused
    rows.reviews(OPEN)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    person = User.objects.create_user("reader")
    person.groups.add(Group.objects.get(name=roles.FACT_CHECKERS))
    client = Client(headers={"accept-encoding": "identity", "host": "localhost"})
    client.force_login(person)
    empty = _times(client, reverse("sign-out"))
    print(f"{OPEN:,} open reviews")
    print(
        f"refused GET (baseline)  p50 {_at(empty, 50):6.1f} ms  p95 {_at(empty, 95):6.1f} ms   1.00"
    )
    for name, query in (
        ("queue page", ""),
        ("search", "?q=patients"),
        ("to approve", "?view=approve"),
    ):
        address = reverse("reviews:queue") + query
        if client.get(address).status_code != 200:
            raise SystemExit(f"{address} does not answer")
        times = _times(client, address)
        ratio = statistics.fmean(empty) / statistics.fmean(times)
        print(
            f"{name:<22}  p50 {_at(times, 50):6.1f} ms  p95 {_at(times, 95):6.1f} ms   {ratio:.2f}"
        )


def _times(client: Client, address: str) -> list[float]:
    client.get(address)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        client.get(address)
        times.append(time.perf_counter() - begun)
    return times


def _at(times: list[float], percent: int) -> float:
    return 1000 * statistics.quantiles(times, n=100)[percent - 1]

"""Server time of the queue page at every filter and depth, against an empty Django view.

A million claims, a hundred thousand open reviews. The empty view goes through the same middleware
and session, and is asked between the pages, in the same process.
"""

from __future__ import annotations

import logging
import os
import re
import statistics
import time
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from claims.models import Source
from reviews import roles
from reviews.listing import Sort, View
from reviews.models import User
from tests.benchmarks import rows

NEEDS_DATABASE = True
CLAIMS = int(os.environ.get("FACTCHECK_BENCHMARK_CLAIMS", "1000000"))
OPEN = int(os.environ.get("FACTCHECK_BENCHMARK_OPEN", "100000"))
ROUNDS = 40
DEEP = 20  # pages further down


def main(data: Path) -> None:
    """Print p50 and p95 in milliseconds, queries, and the ratio of requests a second."""
    logging.getLogger("django.request").setLevel(logging.ERROR)  # the baseline is refused
    begun = time.perf_counter()
    rows.desk(open_reviews=OPEN, elsewhere=OPEN // 10, claims=CLAIMS)
    print(f"{CLAIMS:,} claims, {OPEN:,} open reviews, made in {time.perf_counter() - begun:.0f} s")
    person = User.objects.create_user("reader")
    person.groups.add(Group.objects.get(name=roles.FACT_CHECKERS))
    client = Client(headers={"accept-encoding": "identity", "host": "localhost"})
    client.force_login(person)
    for name, query in _addresses(client):
        address = f"{reverse('reviews:queue')}?{query}"
        with CaptureQueriesContext(connection) as asked:
            if client.get(address).status_code != 200:
                raise SystemExit(f"{address} does not answer")
        queries = len(asked)  # what is captured is forgotten at the next request
        _print(name, *_times(client, address, reverse("sign-out")), queries)


def _addresses(client: Client) -> list[tuple[str, str]]:
    """What to ask for: every view, order and filter, and pages further down."""
    source = Source.objects.filter(outside=False).values_list("ref", flat=True)[0]
    found = [("open", "")]
    found += [(f"view {view.value}", f"view={view.value}") for view in View if view != View.OPEN]
    found += [(f"order {sort.value}", f"sort={sort.value}") for sort in Sort]
    narrowing = {
        "kind": "caution_dropped", "language": "uk", "source": source, "topic": "health",
        "due": "overdue", "origins": "5", "claimant": "borg", "status": "queued",
        "q": "burns", "holder": "reader",
    }  # fmt: skip
    found += [(f"{name} {value}", f"{name}={value}") for name, value in narrowing.items()]
    found += [
        ("articles burns", "where=articles&q=burns"),
        ("articles, two words", "where=articles&q=treated+albrenborg"),
        ("two words", "q=treated+albrenborg"),
        ("all filters", "&".join(f"{k}={v}" for k, v in narrowing.items() if k != "holder")),
    ]
    for sort in Sort:
        query = f"sort={sort.value}"
        found.append((f"order {sort.value}, page {DEEP}", _deep(client, query)))
    return found


def _deep(client: Client, query: str) -> str:
    """The address of a page further down, found by following the links."""
    for _ in range(DEEP - 1):
        page = client.get(f"{reverse('reviews:queue')}?{query}").content.decode()
        link = re.search(r'href="\?([^"]*after=[^"]*)"', page)
        if not link:
            raise SystemExit(f"{query} has no page further down")
        query = link[1].replace("&amp;", "&")
    return query


def _print(name: str, times: list[float], empty: list[float], queries: int) -> None:
    ratio = statistics.fmean(empty) / statistics.fmean(times)
    p50, p95 = (1000 * statistics.quantiles(times, n=20)[at] for at in (9, 18))
    baseline = 1000 * statistics.median(empty)
    print(
        f"{name:<26} p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  {queries:2} queries  "
        f"empty view {baseline:4.1f} ms (1.00)  {ratio:.2f}",
        flush=True,
    )


def _times(client: Client, *addresses: str) -> list[list[float]]:
    """How long each of the addresses takes, asked for in turn, in seconds."""
    times: list[list[float]] = [[] for _ in addresses]
    for _ in range(1 + ROUNDS):
        for address, taken in zip(addresses, times, strict=True):
            begun = time.perf_counter()
            client.get(address)
            taken.append(time.perf_counter() - begun)
    return [taken[1:] for taken in times]  # the first fills the caches

"""Every article ends analysed, once, whatever is killed meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.benchmarks.rows import article_text
from tests.desk import Desk, open_desk

pytestmark = pytest.mark.faults

COUNT = 200
PATIENCE = 180  # seconds for all of them, faults included
STATE = """
import json
from django.db.models import Count
from claims.models import Analysis, Appearance, Article
found = Article.objects.filter(source__name="Fault Gazette")
print(json.dumps({
    "analysed": Analysis.objects.filter(article__in=found, status="analysed").count(),
    "left": Analysis.objects.filter(article__in=found).unfinished().count(),
    "failed": Analysis.objects.filter(article__in=found).failed().count(),
    "appearances": Appearance.objects.filter(article__in=found).count(),
    "unlinked": Appearance.objects.filter(article__in=found, claim=None).count(),
}))
"""
EXPECTED = """
import sys
from claims import text as engine
from tests.benchmarks.rows import article_text
print(sum(
    len({(claim.span.start, claim.span.end) for claim in engine.analyse(
        article_text(number), language="en", outlet="Fault Gazette").claims})
    for number in range(%d)
))
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def _processes(desk: Desk, word: str) -> list[int]:
    """The processes of this desk whose command line has `word`, oldest first."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
            environment = (folder / "environ").read_bytes().decode(errors="replace")
            ours = str(desk.data) in command or f"FACTCHECK_DATA={desk.data}\0" in environment
            if word in command and ours:
                found.append(int(folder.name))
    return sorted(found)


def _kill(*processes: int) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def kill_a_worker_child(desk: Desk) -> None:
    _kill(*_processes(desk, "celery\0--app\0factcheck\0worker")[-1:])


def kill_the_worker(desk: Desk) -> None:
    _kill(*_processes(desk, "celery\0--app\0factcheck\0worker"))


def kill_the_broker_with_its_data(desk: Desk) -> None:
    _kill(*_processes(desk, "valkey-server"))
    shutil.rmtree(desk.data / "valkey", ignore_errors=True)


@pytest.mark.parametrize(
    "fault", [kill_a_worker_child, kill_the_worker, kill_the_broker_with_its_data]
)
def test_every_article_ends_analysed_once(
    desk: Desk, tmp_path: Path, fault: Callable[[Desk], None]
) -> None:
    _forget(desk)
    for number in range(COUNT):
        header = f"---\ntitle: Report {number}\nsource: Fault Gazette\nlanguage: en\n---\n"
        (tmp_path / f"{number}.txt").write_text(header + article_text(number))
    desk.manage("ingest", str(tmp_path))
    begun = time.monotonic()
    faults = 0
    while (state := _state(desk))["left"]:
        assert time.monotonic() - begun < PATIENCE, state
        if faults < 3 and state["analysed"] > faults * COUNT // 8:
            fault(desk)
            faults += 1
        time.sleep(0.5)

    assert faults > 0, "all was analysed before anything could be killed"
    assert (state["analysed"], state["failed"], state["unlinked"]) == (COUNT, 0, 0)
    assert state["appearances"] == int(desk.manage("shell", "-v", "0", "-c", EXPECTED % COUNT))


def _state(desk: Desk) -> dict[str, int]:
    return json.loads(desk.manage("shell", "-v", "0", "-c", STATE))


def _forget(desk: Desk) -> None:
    """Take what an earlier round stored out again, so that this round begins with nothing."""
    desk.manage(
        "shell", "-v", "0", "-c",
        "from claims.models import *\n"
        "articles = Article.objects.filter(source__name='Fault Gazette')\n"
        "Flag.objects.filter(article__in=articles).delete()\n"
        "articles.delete()",
    )  # fmt: skip

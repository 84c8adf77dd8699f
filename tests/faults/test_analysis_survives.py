"""Every article ends analysed, once, whatever is killed meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from claims import text as engine
from tests.benchmarks.rows import article_text
from tests.desk import Desk, open_desk

pytestmark = pytest.mark.faults

COUNT = 200
PATIENCE = 400  # seconds for all of them, faults included; others may use the machine too
FIRST = {"kill_a_worker_child": 0, "kill_the_worker": 1_000, "kill_the_broker_with_its_data": 2_000}
STATE = """
SELECT count(*) FILTER (WHERE status = 'analysed'), count(*) FILTER (WHERE status = 'failed'),
       count(*) FROM claims_analysis JOIN claims_article ON claims_article.id = article_id
       WHERE title LIKE %s
"""
APPEARANCES = """
SELECT count(*), count(claim_id) FROM claims_appearance
JOIN claims_article ON claims_article.id = article_id WHERE title LIKE %s
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def _text(number: int) -> str:
    return article_text(number, paragraphs=3)


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
    first, name = FIRST[fault.__name__], fault.__name__
    numbers = range(first, first + COUNT)
    for number in numbers:
        header = f"---\ntitle: {name} {number}\nsource: Fault Gazette\nlanguage: en\n---\n"
        (tmp_path / f"{number}.txt").write_text(header + _text(number))
    expected = sum(
        len({claim.span for claim in engine.analyse(_text(n), language="en").claims})
        for n in numbers
    )
    desk.manage("ingest", str(tmp_path))
    begun = time.monotonic()
    faults = 0
    with psycopg.connect(desk.database, autocommit=True) as connection:

        def ask(sql: str) -> tuple[int, ...]:
            return connection.execute(sql, [f"{name} %"]).fetchone()

        while (state := ask(STATE))[0] + state[1] < COUNT:
            assert time.monotonic() - begun < PATIENCE, state
            if faults < 3 and state[0] >= faults * COUNT // 4:
                fault(desk)
                faults += 1
            time.sleep(0.25)

        assert faults == 3, "all was analysed before everything could be killed"
        assert ask(STATE) == (COUNT, 0, COUNT)
        assert ask(APPEARANCES) == (expected, expected)
    print(f"{name}: {COUNT} articles, 3 kills, {time.monotonic() - begun:.0f} s, none lost")

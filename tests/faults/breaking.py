"""What can break a running desk, and what became of its articles: lost, doubled, how soon."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from claims import text as engine
from tests.benchmarks.rows import article_text
from tests.desk import ROOT, Desk

OUTLET = "Fault Gazette"
# What makes a desk with `harsh_settings` harsh: a file in its data folder, while which exists all
# messages are sent thrice; and words by which an article is poison.
THRICE = "deliver-thrice"
LOOPS, EATS = "This report never ends.", "This report wants all the memory there is."
STATE = """
SELECT count(*) FILTER (WHERE status = 'analysed'), count(*) FILTER (WHERE status = 'failed'),
       count(*) FROM claims_analysis JOIN claims_article ON claims_article.id = article_id
WHERE title LIKE %s
"""
AT_WORK = """
SELECT array_agg(article_id) FROM claims_analysis
JOIN claims_article ON claims_article.id = article_id
WHERE title LIKE %s AND status = 'analysing'
"""
LEFT = """
SELECT count(*) FROM claims_analysis
WHERE article_id = ANY(%s) AND status NOT IN ('analysed', 'failed')
"""
FINISHED = """
SELECT extract(epoch FROM finished_at)::float
FROM claims_analysis JOIN claims_article ON claims_article.id = article_id
WHERE title LIKE %s AND status = 'analysed' ORDER BY finished_at
"""
STORED = """
WITH ours AS (SELECT id FROM claims_article WHERE title LIKE %s)
SELECT
    (SELECT count(*) FROM claims_appearance WHERE article_id IN (SELECT id FROM ours)),
    (SELECT count(claim_id) FROM claims_appearance WHERE article_id IN (SELECT id FROM ours)),
    (SELECT count(*) FROM claims_flag
     WHERE claim_id IS NULL AND article_id IN (SELECT id FROM ours)),
    (SELECT count(*) FROM claims_flag_covers covers JOIN claims_flag flag ON flag.id = flag_id
     WHERE flag.article_id IN (SELECT id FROM ours))
"""
# Everything that is counted up, and so would show that something was done twice; all must be 0.
TWICE = """
SELECT
    (SELECT count(*) - count(DISTINCT (wording, language)) FROM claims_claim),
    (SELECT count(*) FROM claims_claim claim WHERE NOT EXISTS (
        SELECT FROM claims_appearance WHERE claim_id = claim.id)),
    (SELECT count(*) FROM claims_claimkey known FULL JOIN (
        SELECT key, count(*) AS claims FROM claims_claim, unnest(fingerprint) key GROUP BY key
    ) AS real USING (key) WHERE coalesce(known.claims, 0) <> coalesce(real.claims, 0)),
    (SELECT count(*) FROM claims_topickey known FULL JOIN (
        SELECT key, count(*) AS articles FROM claims_topic, unnest(keys) key GROUP BY key
    ) AS real USING (key) WHERE coalesce(known.articles, 0) <> coalesce(real.articles, 0))
"""


def text_of(number: int) -> str:
    return article_text(number, paragraphs=2)


def findings(texts: list[str]) -> tuple[int, int, int, int]:
    """What `STORED` must count for these articles: the engine's findings, once each."""
    appearances = flags = covers = 0
    for text in texts:
        found = engine.analyse(text, language="en", outlet=OUTLET)
        spans = {claim.span for claim in found.claims}
        cues = {(flag.kind, flag.cue): flag for flag in found.flags}
        appearances += len(spans)
        flags += len(cues)
        covers += sum(len(spans & set(flag.covers)) for flag in cues.values())
    return appearances, appearances, flags, covers


def doubled(connection: psycopg.Connection, title: str, texts: list[str]) -> dict[str, int]:
    """Effects there are more or fewer of than there should be, by name; none at best."""
    stored = connection.execute(STORED, [title]).fetchone()
    twice = connection.execute(TWICE).fetchone()
    assert stored is not None
    assert twice is not None
    names = ("appearances", "links", "flags", "covers", "claims", "orphans", "keys", "topics")
    differs = [*(have - due for have, due in zip(stored, findings(texts), strict=True)), *twice]
    return {name: many for name, many in zip(names, differs, strict=True) if many}


# Its processes


def part(desk: Desk, word: str) -> psutil.Process | None:
    """The part of the desk whose command line has `word`, if it is running."""
    supervisor = psutil.Process(int((desk.data / "supervisor").read_text()))
    for process in supervisor.children():
        with suppress(psutil.NoSuchProcess):
            if word in " ".join(process.cmdline()).replace(str(ROOT), ""):
                return process
    return None


def _kill(process: psutil.Process | None, number: int = signal.SIGKILL) -> None:
    if process is not None:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def kill_a_worker_child(desk: Desk) -> None:
    worker = part(desk, " analysis@")
    with suppress(psutil.NoSuchProcess, IndexError):
        _kill(random.choice(worker.children()) if worker else None)


def kill_the_worker(desk: Desk) -> None:
    worker = part(desk, " analysis@")
    for process in [*(worker.children() if worker else ()), worker]:
        _kill(process)


def kill_the_broker_with_its_data(desk: Desk) -> None:
    _kill(part(desk, "valkey-server"))
    shutil.rmtree(desk.data / "valkey", ignore_errors=True)


def restart_the_database_at_once(desk: Desk) -> None:
    """Its "immediate" shutdown: sessions are cut off and nothing is written."""
    _kill(part(desk, "postgres"), signal.SIGQUIT)


def fill(ballast: Path) -> None:
    """Write until there is no room on the disk of `ballast`, and none comes of itself."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        for size in (2**20, 2**12):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


# What goes on all the time


@contextmanager
def messages_come_thrice(desk: Desk) -> Iterator[None]:
    (desk.data / THRICE).touch()
    try:
        yield
    finally:
        (desk.data / THRICE).unlink()


@contextmanager
def two_beats(desk: Desk) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "--app", "factcheck", "beat", "--pidfile", ""]
    second = subprocess.Popen(
        [*command, "--max-interval", "1"], cwd=ROOT, env=desk.environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        assert second.poll() is None, "the second beat ended by itself"
        os.kill(second.pid, signal.SIGKILL)
        second.wait()

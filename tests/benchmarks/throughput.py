"""Real-length articles through two worker processes, against a raw loop of two, in one run.

Both do the same analysis and storage. They take turns, so that neither has the emptier tables. The
memory of the worker's processes is sampled on the way. FACTCHECK_BENCH_ARTICLES says how many go
through the worker (10,000), FACTCHECK_BENCH_RAW how many through the loop (as many).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil
from django.conf import settings
from django.db import connections

from claims import analysis
from claims.models import Analysis
from claims.tasks import sweep_analyses
from tests.benchmarks import rows

NEEDS_DATABASE = True
COUNT = int(os.environ.get("FACTCHECK_BENCH_ARTICLES", "10000"))
RAW = int(os.environ.get("FACTCHECK_BENCH_RAW", COUNT))
ROUNDS = 4  # turns of each
PARAGRAPHS = 10  # some 600 words
WARM_UP = min(200, COUNT // 4)  # articles before memory is looked at: caches fill
EVERY = 5.0  # seconds between sweeps, as on the timetable
WORKER = [
    "--queues", "analysis", "--concurrency", "2", "--hostname", "analysis@%h",
    "--loglevel", "ERROR", "--without-gossip", "--without-mingle",
    # No process is replaced while its memory is looked at.
    "--max-tasks-per-child", "1000000", "--max-memory-per-child", "100000000",
]  # fmt: skip


def main(data: Path) -> None:
    """Print both rates, their ratio, and how the memory of the worker grows."""
    words = statistics.mean(
        len(rows.article_text(n, paragraphs=PARAGRAPHS).split()) for n in range(50)
    )
    print(f"articles of {words:.0f} words; {COUNT} through the worker, {RAW} through the raw loop")
    analysis.prepare()  # as a worker does before it forks
    _raw(_articles(20))  # tables are no longer empty
    worker = _Worker()
    try:
        worker.run(_articles(WARM_UP))
        raw = through = 0.0
        for turn in range(ROUNDS):
            raw += _raw(_articles(RAW // ROUNDS))
            through += worker.run(_articles(COUNT // ROUNDS))
            print(f"  turn {turn + 1}: raw {raw:.0f} s, worker {through:.0f} s", flush=True)
    finally:
        worker.stop()
    rates = RAW / raw, COUNT / through
    print(f"raw loop of two processes           {rates[0]:8.1f} articles/s   1.00")
    ratio = rates[1] / rates[0]
    print(f"worker of two processes             {rates[1]:8.1f} articles/s   {ratio:.2f}")
    print(worker.grown())


_next = iter(range(0, 10**9, 10**5))


def _articles(count: int) -> list[int]:
    return rows.articles(count, first=next(_next), paragraphs=PARAGRAPHS)


def _raw(ids: list[int]) -> float:
    """Seconds that two processes take which share the articles out and do nothing else."""
    connections.close_all()
    begun = time.perf_counter()
    children = []
    for half in (ids[::2], ids[1::2]):
        child = os.fork()
        if child == 0:
            done = [analysis.analyse(article_id=article_id) for article_id in half]
            os._exit(0 if all(done) else 1)
        children.append(child)
    failed = [child for child in children if os.waitpid(child, 0)[1]]
    seconds = time.perf_counter() - begun
    if failed:
        raise SystemExit("the raw loop did not analyse everything")
    return seconds


class _Worker:
    """The worker as `manage.py up` starts it, and what its processes hold, article by article."""

    def __init__(self) -> None:
        command = [
            sys.executable,
            "-m",
            "celery",
            "--quiet",
            "--app",
            "factcheck",
            "worker",
            *WORKER,
        ]
        self.process = subprocess.Popen(command, cwd=settings.BASE_DIR)
        self.done = 0
        self.held: dict[int, list[tuple[int, float]]] = {}

    def run(self, ids: list[int]) -> float:
        """Seconds until the worker has analysed these, told of them as the timetable tells it."""
        begun = told = time.perf_counter()
        sweep_analyses()
        rest = Analysis.objects.filter(article__in=ids).unfinished()
        while left := rest.count():
            now = time.perf_counter()
            if now - told > EVERY:
                told = now
                sweep_analyses()
                self._look(self.done + len(ids) - left)
            time.sleep(0.1)
        self.done += len(ids)
        self._look(self.done)
        return time.perf_counter() - begun

    def _look(self, done: int) -> None:
        for child in psutil.Process(self.process.pid).children():
            held = child.memory_full_info().uss / 2**20
            self.held.setdefault(child.pid, []).append((done, held))

    def grown(self) -> str:
        """How the private memory of each process grows with the articles of all: least squares."""
        lines = [f"{len(self.held)} processes worked, none was to be replaced"]
        for held in self.held.values():
            known = [(done, size) for done, size in held if done >= WARM_UP]
            if len(known) > 2:
                slope = statistics.linear_regression(*zip(*known, strict=True)).slope * 1000
                sizes = f"{known[0][1]:.0f} to {known[-1][1]:.0f} MB"
                lines.append(f"a worker process: {sizes}, {slope:+.2f} MB per 1,000 articles")
        return "\n".join(lines)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)

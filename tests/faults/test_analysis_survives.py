"""Every article ends analysed, once and soon, whatever is killed, full, thrice or poison meanwhile.

40 articles a fault; 1,000 in a thorough run, or as many as FACTCHECK_FAULT_ARTICLES says. The time
to recover is the longer of two: from the fault until all that was at work then is done, and the
longest in which no article at all was done.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from claims import analysis
from tests.desk import Desk, open_desk
from tests.faults import breaking
from tests.thorough import THOROUGH

pytestmark = pytest.mark.faults

COUNT = int(os.environ.get("FACTCHECK_FAULT_ARTICLES", "1000" if THOROUGH else "40"))
STRIKES = 3 if THOROUGH else 1
KILLS = 1_000_000 if THOROUGH else 12  # of children, one every half second
REST = COUNT // 20  # articles left for when no child is killed any more
PATIENCE = 1_500 if THOROUGH else 200  # seconds for all of them; others may use the machine too
RECOVERED_WITHIN = 30 if THOROUGH else 120  # seconds; a thorough run has the machine to itself
SMALL, FULL_FOR = "400m", 20.0  # size of the disk that gets full, and seconds until there is room
SECONDS = 10 if THOROUGH else 4  # for an article, of which five end at the same poison
HARSH = {
    "DJANGO_SETTINGS_MODULE": "tests.faults.harsh_settings",
    "FACTCHECK_ANALYSIS_SECONDS": str(SECONDS),
    "FACTCHECK_ANALYSIS_SECONDS_TO_STOP": "1",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk"), **HARSH) as opened:
        yield opened


class Round:
    """Articles of one name given to a desk, watched until all are done."""

    def __init__(self, desk: Desk, name: str, folder: Path, first: int, count: int = COUNT) -> None:
        self.desk, self.name, self.title, self.folder = desk, name, f"{name} %", folder
        self.texts = [breaking.text_of(number) for number in range(first, first + count)]
        self.poison: list[str] = []
        self.slowest, self.struck = 0.0, 0
        self._struck: list[tuple[float, list[int]]] = []

    def begin(self) -> None:
        self.folder.mkdir(exist_ok=True)
        for number, text in enumerate([*self.poison, *self.texts]):
            header = f"title: {self.name} {number}\nsource: {breaking.OUTLET}\nlanguage: en"
            (self.folder / f"{number:05}.txt").write_text(f"---\n{header}\n---\n{text}")
        self.desk.manage("ingest", str(self.folder), within=PATIENCE)
        self.begun = time.monotonic()

    def watch(self) -> Iterator[int]:
        """Yield how many are analysed, again and again, until every article is done."""
        while True:
            try:
                with psycopg.connect(self.desk.database, autocommit=True) as connection:
                    while (state := self._look(connection))[0] + state[1] < state[2]:
                        yield state[0]
                        time.sleep(0.1)
                    return
            except psycopg.OperationalError:  # it was the database that was struck
                time.sleep(0.1)

    def _look(self, connection: psycopg.Connection) -> tuple[int, int, int]:
        state = connection.execute(breaking.STATE, [self.title]).fetchone()
        assert state is not None
        assert time.monotonic() - self.begun < PATIENCE, state
        for struck, at_work in list(self._struck):
            if connection.execute(breaking.LEFT, [at_work]).fetchone() == (0,):
                self._struck.remove((struck, at_work))
                self.slowest = max(self.slowest, time.monotonic() - struck)
        return state

    def strike(self, fault: Callable[[Desk], None]) -> None:
        """Let the fault happen; how long until what was at work then is done is measured."""
        with psycopg.connect(self.desk.database, autocommit=True) as connection:
            (at_work,) = connection.execute(breaking.AT_WORK, [self.title]).fetchone() or ([],)
        self.struck += 1
        self._struck.append((time.monotonic(), at_work or []))
        fault(self.desk)

    def end(self, *, full: tuple[float, float] = (0, 0)) -> None:
        """Print the figures, and assert that none is lost, none doubled, all soon.

        :param full: from when to when nothing could be done, in Unix time; it is not counted.
        """
        with psycopg.connect(self.desk.database, autocommit=True) as connection:
            done, failed, _ = self._look(connection)
            twice = breaking.doubled(connection, self.title, self.texts)
            finished = [at for (at,) in connection.execute(breaking.FINISHED, [self.title])]
        slowest, count = max(self.slowest, standstill(finished, *full)), len(self.texts)
        print(
            f"{self.name}: {count} articles in {time.monotonic() - self.begun:.0f} s; lost "
            f"{count - done}, doubled {sum(twice.values())}, recovered within {slowest:.1f} s"
        )
        assert (done, failed) == (count, len(self.poison))
        assert twice == {}
        assert slowest < RECOVERED_WITHIN


def standstill(finished: list[float], filled: float, freed: float) -> float:
    """The longest time in which no article was done, but for that between `filled` and `freed`."""
    gaps = [0.0]
    for before, after in pairwise(finished):
        touches = before < freed and after > filled
        gaps.append(after - max(before, freed) if touches else after - before)
    return max(gaps)


def test_poison_fails_visibly_and_holds_nothing_up(desk: Desk, tmp_path: Path) -> None:
    """The first of all: nothing else has died lately, for which an article would be spared."""
    articles = Round(desk, "poison", tmp_path, first=60_000)
    articles.poison = [f"{text} {text}" for text in (breaking.LOOPS, breaking.EATS)]
    articles.begin()
    for _ in articles.watch():
        pass

    articles.end()
    failed = "SELECT text, attempts, error FROM claims_analysis JOIN claims_article ON"
    failed += " claims_article.id = article_id WHERE title LIKE 'poison %' AND status = 'failed'"
    with psycopg.connect(desk.database) as connection:
        said = {
            text.split(".")[0]: (tried, error) for text, tried, error in connection.execute(failed)
        }
    assert said == {
        breaking.LOOPS[:-1]: (5, analysis.DIED),
        breaking.EATS[:-1]: (5, analysis.TOO_MUCH),
    }
    assert (
        f"Timeout (0:00:{SECONDS + 1:02})!" in (desk.data / "worker.log").read_text()
    )  # and where it was


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        (0, breaking.kill_the_worker),
        (1, breaking.kill_the_broker_with_its_data),
        (2, breaking.restart_the_database_at_once),
    ],
)
def test_every_article_is_analysed_once_whatever_dies(
    desk: Desk, tmp_path: Path, place: int, fault: Callable[[Desk], None]
) -> None:
    articles = Round(desk, fault.__name__, tmp_path, first=10_000 * place)
    articles.begin()
    strikes = 0

    for done in articles.watch():
        if strikes < STRIKES and done > strikes * COUNT // 4:
            articles.strike(fault)
            strikes += 1

    assert strikes == STRIKES, "all was analysed before everything could be struck"
    articles.end()


def test_every_article_is_analysed_once_while_a_child_dies_every_half_second(
    desk: Desk, tmp_path: Path
) -> None:
    articles = Round(desk, "kill_a_worker_child", tmp_path, first=30_000, count=COUNT + REST)
    articles.begin()
    killed, last = 0, 0.0

    for done in articles.watch():
        if not articles.struck and time.monotonic() - last >= 0.5:
            last = time.monotonic()
            if killed < KILLS and done < COUNT:
                breaking.kill_a_worker_child(desk)
            else:  # the last one: what was begun and died, however often, must be done soon now
                articles.strike(breaking.kill_a_worker_child)
            killed += 1

    assert killed >= 5
    articles.end()


@pytest.mark.parametrize(
    ("place", "goes_on"), [(0, breaking.messages_come_thrice), (1, breaking.two_beats)]
)
def test_every_article_is_analysed_once_however_often_it_is_told(
    desk: Desk,
    tmp_path: Path,
    place: int,
    goes_on: Callable[[Desk], AbstractContextManager[None]],
) -> None:
    articles = Round(desk, goes_on.__name__, tmp_path, first=40_000 + 10_000 * place)
    with goes_on(desk):
        articles.begin()
        for _ in articles.watch():
            pass

    articles.end()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, which is soon full; only root may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.skipif(not THOROUGH, reason="takes a desk of its own: FACTCHECK_THOROUGH=1")
def test_every_article_is_analysed_once_there_is_room_on_the_disk_again(
    small_disk: Path, tmp_path: Path
) -> None:
    with open_desk(small_disk / "desk", **HARSH) as desk:
        articles = Round(desk, "fill_the_disk", tmp_path / "articles", first=70_000)
        articles.begin()
        filled = freed = 0.0
        ballast = small_disk / "ballast"
        for done in articles.watch():
            if not filled and done > COUNT // 20:
                breaking.fill(ballast)
                filled = time.time()
            if filled and not freed and time.time() - filled > FULL_FOR:
                articles.strike(lambda desk: ballast.unlink())
                freed = time.time()

        assert freed
        articles.end(full=(filled, freed))

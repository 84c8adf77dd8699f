"""The whole desk, started as `make run` starts it, for those who use it from outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from factcheck import embedded, testing

ROOT = Path(__file__).resolve().parent.parent
WAIT = """
import time
from claims.models import Analysis
from reviews import queue
deadline = time.monotonic() + 100
while Analysis.objects.unfinished().exists():
    if time.monotonic() > deadline:
        raise SystemExit("the articles were not analysed in time")
    time.sleep(0.1)
queue.open_reviews()
"""
REAL_SEEDS = ROOT.parent / "shared" / "seeds"


@dataclass(frozen=True)
class Desk:
    """A desk that is open at `address`; `people` maps a username to its password."""

    address: str
    data: Path
    environment: dict[str, str]
    people: dict[str, str]

    def manage(self, *arguments: str, within: float = 120) -> str:
        """Run a management command beside the running desk and return what it prints.

        :param within: seconds.
        """
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, text=True, capture_output=True, timeout=within,
            check=True,
        )  # fmt: skip
        return done.stdout

    @property
    def database(self) -> str:
        """Where its database answers, for psycopg."""
        settings = embedded.database_settings(self.data)
        return f"host={settings['HOST']} user={settings['USER']} dbname={settings['NAME']}"

    def ingest_and_wait(self, path: Path) -> None:
        """Store the articles at `path`, wait for the worker to analyse them, and fill the queue."""
        self.manage("ingest", str(path))
        self.manage("shell", "-v", "0", "-c", WAIT)


@contextmanager
def open_desk(data: Path, *, from_nothing: bool = False, **variables: str) -> Iterator[Desk]:
    """Open a desk on the folder `data`, on any free port; close it in order at the end.

    Its tables are there already, unless it is to make them `from_nothing`.

    :param variables: of its environment, besides.
    """
    if not from_nothing:
        embedded.prepare_folder(data)
        embedded.copy_cluster(testing.migrated(), data / embedded.CLUSTER)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
    }
    environment |= {"FACTCHECK_DATA": str(data), "FACTCHECK_HTTPS": "0", "PORT": "0"} | variables
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    said = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C"):
                break
        else:
            raise AssertionError(f"the desk did not open:\n{''.join(said)}")
        address = re.search(r"open at (\S+)", "".join(said))
        assert address is not None, said
        people = re.findall(r": (\w+) / (\S+)", (data / "sign-in.txt").read_text())
        yield Desk(address[1].rstrip("/"), data, environment, dict(people))
    finally:
        process.terminate()
        process.communicate(timeout=60)

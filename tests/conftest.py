"""What every test may count on: servers, static files, a place to find a browser, a worker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

from factcheck import celery_app
from tests import chromium

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    if os.environ.get("FACTCHECK_REQUIRE_CHROMIUM") == "1" and not chromium.executable():
        raise pytest.UsageError("FACTCHECK_REQUIRE_CHROMIUM is set, but there is no Chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the browser tests where there is no browser; run the slow faults after the rest."""
    if not chromium.executable():
        absent = pytest.mark.skip(reason="no Chromium: set FACTCHECK_CHROMIUM or install one")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(absent)
    items.sort(key=lambda item: item.get_closest_marker("faults") is not None)


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    """Pages name static files by their hashed names, as in production."""
    call_command("collectstatic", verbosity=0, interactive=False)


@pytest.fixture(scope="session", autouse=True)
def _sealed_tables_are_emptied() -> Iterator[None]:
    """Let Django empty the tables after a test that commits: the seals refuse TRUNCATE.

    The triggers sleep only in the transaction that empties; the tests themselves meet them awake.
    """
    execute = DatabaseOperations.execute_sql_flush

    def flush(self: DatabaseOperations, statements: list[str]) -> None:
        asleep = "SET LOCAL session_replication_role = replica"
        execute(self, [asleep, *statements] if statements else [])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush)
        yield


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker with two processes, on the test's database; killed with its children."""
    database = connection.settings_dict
    host, name = quote(database["HOST"], safe=""), database["NAME"]
    address = f"postgresql://{database['USER']}@/{name}?host={host}"
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "--app", "factcheck", "worker", "--concurrency", "2"],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": address, "FACTCHECK_DATA": str(settings.DATA)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + 30
    while not celery_app.control.ping(timeout=0.3):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
    yield process
    process.terminate()
    process.wait(30)
    with celery_app.connection_for_write() as broker:
        broker.default_channel.client.flushdb()

"""What every test may count on: servers, static files, a place to find a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.backends.postgresql.operations import DatabaseOperations

from tests import chromium

if TYPE_CHECKING:
    from xdist.scheduler import LoadFileScheduling

# Those that take half a minute and more of a quiet machine, the slowest first.
SLOWEST = (
    "tests/faults/test_analysis_survives.py",
    "tests/test_url_policy.py",
    "tests/reviews/views/test_in_a_browser.py",
    "tests/faults/test_up.py",
    "tests/reviews/test_crashes.py",
    "tests/journeys/",
    "tests/reviews/test_workflow.py",
    "tests/reviews/views/test_worksheet_in_a_browser.py",
    "tests/reviews/views/test_regrouping_in_a_browser.py",
    "tests/reviews/views/test_queue_page.py",
    "tests/reviews/test_threads.py",
    "tests/reviews/test_machine.py",
)
ONE_DESK = "tests/journeys/"  # which all in it share


def pytest_configure() -> None:
    if os.environ.get("FACTCHECK_REQUIRE_CHROMIUM") == "1" and not chromium.executable():
        raise pytest.UsageError("FACTCHECK_REQUIRE_CHROMIUM is set, but there is no Chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the browser tests where there is no browser; run the slow files before the rest.

    So no process has one of them to itself at the end, while the others have nothing to do.
    """
    if not chromium.executable():
        absent = pytest.mark.skip(reason="no Chromium: set FACTCHECK_CHROMIUM or install one")
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(absent)
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    found = (place for place, name in enumerate(SLOWEST) if item.nodeid.startswith(name))
    return next(found, len(SLOWEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Give one process all the files that share a desk, so that it is opened once."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415  it may not be there

    class ByDesk(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return ONE_DESK if nodeid.startswith(ONE_DESK) else super()._split_scope(nodeid)

    return ByDesk(config, log)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy the test's database from the one our own server began with, which is migrated."""
    if not os.environ.get("DATABASE_URL"):
        database = settings.DATABASES["default"]
        database.setdefault("TEST", {})["TEMPLATE"] = database["NAME"]


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    """Pages name static files by their hashed names, as in production.

    They are looked up when asked for: to read the whole folder for every test client takes longer
    than most tests.
    """
    call_command("collectstatic", verbosity=0, interactive=False)
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_hashed_quickly() -> None:
    """To hash them slowly is Django's business; a whole desk started by a test does so."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_quickly() -> Iterator[None]:
    """Let Django empty the tables after a test that commits: the seals refuse TRUNCATE.

    The triggers sleep only in the transaction that empties; the tests themselves meet them awake.
    To delete the few rows there are takes a hundredth of the time in which all files are truncated.
    """

    def flush(self: DatabaseOperations, style: Any, tables: list[str], **how: bool) -> list[str]:
        assert how == {"reset_sequences": False, "allow_cascade": False}
        deleted = "".join(f"DELETE FROM {self.quote_name(table)};" for table in tables)
        return [f"SET LOCAL session_replication_role = replica; {deleted}"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", flush)
        yield


@pytest.fixture
def site(settings, tmp_path):
    """The settings of a site whose only witness is a folder, with a key of its own to be made."""
    settings.CHECKPOINT_KEY = tmp_path / "key.pem"
    settings.CHECKPOINT_KEY_IS_NAMED = settings.CHECKPOINT_FOLDER_IS_NAMED = False
    settings.CHECKPOINT_FOLDER = tmp_path / "witness"
    settings.CHECKPOINT_OLD_KEYS, settings.CHECKPOINT_MAIL = [], []
    settings.CHECKPOINT_WEBHOOK = ""
    return settings

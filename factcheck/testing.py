"""A pytest plugin (`-p factcheck.testing`): throw-away servers for the whole test run.

Their database begins as a copy of one that was migrated once, which is kept in `.pytest_cache`
until a migration, or what is written after every migrate, changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from factcheck import embedded

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".pytest_cache" / "d"
MEMORY = Path("/dev/shm")  # noqa: S108  folders made in it have random names, and are ours alone
ROOM = 4 << 30  # bytes
# What the tables of an empty desk, and the rows in them, are made from.
MADE_FROM = (
    "*/migrations/*.py",
    "reviews/beginning.py",
    "reviews/policy.py",
    "requirements-dev.lock",
)

_servers = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers before pytest-django reads the settings, which name their sockets."""
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        # One process may use the ORM in a test while Playwright's event loop runs in its thread.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        os.environ.setdefault("FACTCHECK_HTTPS", "0")
        try:
            ours = not os.environ.get("DATABASE_URL")
            cluster = migrated() if ours else None
            _servers.enter_context(embedded.throwaway(cluster=cluster, within=_memory()))
        except embedded.CannotStart as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


def pytest_unconfigure() -> None:
    _servers.close()


def _memory() -> Path | None:
    """Return a folder in memory, if there is one with room: a sixth of a test is writing files."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK)
    return MEMORY if roomy and shutil.disk_usage(MEMORY).free > ROOM else None


def migrated() -> Path:
    """Return a cluster whose database is migrated, and otherwise empty; make it the first time.

    Whoever copies it migrates the copy all the same, which finds nothing to do.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    cluster = KEPT / f"migrated-{_made_from()}"
    with (KEPT / "migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes may begin at once
        if not cluster.exists():
            for old in KEPT.glob("migrated-*"):
                shutil.rmtree(old)
            _migrate(cluster)
    return cluster


def _migrate(cluster: Path) -> None:
    """Make a cluster under another name first: an unfinished one is never used."""
    unfinished = KEPT / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    clean = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with tempfile.TemporaryDirectory(prefix="factcheck-", ignore_cleanup_errors=True) as folder:
        server = embedded.Postgres(Path(folder).resolve(), durable=False).start()
        try:
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity=0"],
                cwd=ROOT, env=clean | {"FACTCHECK_DATA": str(server.data)}, check=True,
            )  # fmt: skip
        finally:
            server.stop()
        embedded.copy_cluster(server.data / embedded.CLUSTER, unfinished)
    unfinished.rename(cluster)


def _made_from() -> str:
    made_from = hashlib.sha256()
    for path in sorted(path for pattern in MADE_FROM for path in ROOT.glob(pattern)):
        made_from.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return made_from.hexdigest()[:16]

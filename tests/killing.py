"""Killing whoever writes: the server ends their session after any statement, and nothing follows.

A point is a statement or a COMMIT. After a kill the rows must be exactly those of the last commit,
or those from before the call. They are read on a connection that is never killed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from functools import partial
from typing import Any, Self
from unittest.mock import patch

import psycopg
from django.db import OperationalError, connection

Rows = dict[str, str | None]
PATIENCE = 10  # seconds in which a session must have ended
IS_THERE = "SELECT pid FROM pg_stat_activity WHERE pid = %s"


def is_ours(table: str) -> bool:
    """Whether the desk writes it: not what Django and others keep for themselves."""
    return table.startswith(("reviews_", "claims_", "reversion_", "auth_"))


class Killed(BaseException):
    """The process is gone: no handler of ours gets to see this."""


class Watcher:
    """Reads what is committed, and ends the session of others."""

    def __init__(self) -> None:
        self.own = psycopg.connect(
            host=connection.settings_dict["HOST"],
            port=connection.settings_dict["PORT"] or None,
            user=connection.settings_dict["USER"],
            password=connection.settings_dict["PASSWORD"] or None,
            dbname=connection.settings_dict["NAME"],
            autocommit=True,
        )
        tables = filter(is_ours, connection.introspection.django_table_names(only_existing=True))
        self.query = " UNION ALL ".join(
            f"SELECT '{table}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t"
            for table in sorted(tables)
        )

    def close(self) -> None:
        self.own.close()

    def rows(self, session: psycopg.Connection[Any] | None = None) -> Rows:
        """What every table holds, as `session` sees it; without one, what is committed."""
        return dict((session or self.own).execute(self.query, prepare=True).fetchall())

    def end(self, session: psycopg.Connection[Any]) -> None:
        """Let the server end a session, and with it the transaction, as when its client dies."""
        pid = session.info.backend_pid
        self.own.execute("SELECT pg_terminate_backend(%s)", [pid])
        until = time.monotonic() + PATIENCE
        while self.own.execute(IS_THERE, [pid]).fetchone():
            assert time.monotonic() < until, f"session {pid} does not end"


@contextmanager
def watching() -> Iterator[Watcher]:
    with closing(Watcher()) as watcher:
        yield watcher


class Killer:
    """Counts the points of a call, and kills at one of them, or before its COMMIT, or not at all.

    :ivar rows: what must be there: the rows of the last commit, or those from before the call.
    :ivar commits: the points at which the call changed what others see.
    :ivar found: the rows that are there after the call.
    :ivar of: how many points the call has, undisturbed.
    :ivar went_on: whether anything was asked of the database after the kill.
    """

    def __init__(
        self, watcher: Watcher, before: Rows, *,
        at: int = 0, before_commit: bool = False, sweeps: bool = False,
    ) -> None:  # fmt: skip
        self.watcher, self.at = watcher, at
        self.before_commit, self.sweeps = before_commit, sweeps
        self.points, self.killed, self.went_on = 0, False, False
        self.of = 0
        self.rows = self.found = before
        self.commits: list[int] = []

    def run(self, call: Callable[[], Any]) -> Self:
        commit = connection._commit
        try:
            with (
                connection.execute_wrapper(self._statement),
                patch.object(connection, "_commit", partial(self._commit, commit)),
            ):
                call()
        except (Killed, OperationalError):
            assert self.killed
        finally:
            connection.close()
        self.found = self.watcher.rows()
        return self

    def _statement(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self._refuse_the_dead()
        result = execute(sql, params, many, context)
        alone = not connection.in_atomic_block  # then it has committed, if it changed anything
        self._pass(self.watcher.rows() if alone else self.rows)
        return result

    def _commit(self, commit: Callable[[], None]) -> None:
        self._refuse_the_dead()
        seen = self.watcher.rows(connection.connection)
        if self.before_commit and seen != self.rows:
            self.killed = True
            self.watcher.end(connection.connection)
            raise OperationalError("killed before its COMMIT")  # Django lets go of the session
        commit()
        self._pass(seen)

    def _refuse_the_dead(self) -> None:
        """As the server does; what would be asked in a new session, too."""
        if self.killed:
            self.went_on = True
            raise OperationalError("this session was killed")

    def _pass(self, rows: Rows) -> None:
        self.points += 1
        if rows != self.rows:
            self.rows = rows
            self.commits.append(self.points)
        if self.points == self.at:
            self._kill()

    def _kill(self) -> None:
        self.killed = True
        self.watcher.end(connection.connection)
        if not self.commits or self.sweeps:
            raise Killed  # else it is let go on: it should have nothing left to ask


def crashes(
    arrange: Callable[[], partial[Any]], watcher: Watcher, *, each: int = 1
) -> Iterator[Killer]:
    """Kill a call that commits once at one point after the other; yield the killer each time.

    Until it has committed, what was arranged serves for the next point, too.

    :param arrange: brings the rows to where the call can be made, and returns it.
    :param each: kill at each so many points; always at the first, and before and after the commit.
    """
    call = arrange()
    first = Killer(watcher, watcher.rows(), before_commit=True).run(deepcopy(call))
    last, found = first.points + 1, first.found
    if first.killed:
        assert not first.commits, f"before its last commit it committed at {first.commits}"
        first.of = last
        yield first
    else:  # it is no transaction, but a statement that commits by itself
        call, last = arrange(), first.points
        found = watcher.rows()
    for at in [*range(1, last - first.killed, each), last]:
        killer = Killer(watcher, found, at=at).run(deepcopy(call))
        found = killer.found
        assert killer.killed, f"of {last} points it came to {killer.points}"
        assert bool(killer.commits) == (at == last), f"it committed at {killer.commits} of {last}"
        assert not killer.commits or not killer.went_on, "it went on after its commit"
        killer.of = last
        yield killer


def crashes_of_sweeps(
    arrange: Callable[[], partial[Any]], watcher: Watcher, *, each: int = 1
) -> Iterator[Killer]:
    """Kill a call that commits bit by bit; made once more, it must do the rest and no more.

    :param each: kill at each so many points; always about the first commit and the last.
    """
    call = arrange()
    whole = Killer(watcher, watcher.rows()).run(call)
    commits = whole.commits if each == 1 else (whole.commits[0], whole.commits[-1])
    near = {commit + beside for commit in commits for beside in (-1, 0)}
    call = arrange()
    found = watcher.rows()
    for at in sorted({*range(1, whole.points + 1, each), *near} - {0}):
        killer = Killer(watcher, found, at=at, sweeps=True).run(deepcopy(call))
        found = killer.found
        assert killer.killed, f"of {whole.points} points it came to {killer.points}"
        killer.of = whole.points
        yield killer
        if killer.commits:
            call()
            done = watcher.rows()
            call()
            assert watcher.rows() == done
            call = arrange()
            found = watcher.rows()

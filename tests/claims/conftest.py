"""A desk that may read the small internet of `tests/fetching`, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection, models
from django.db.models.functions import Now

from claims import archiving
from claims.fetching import Guard
from tests.fetching.conftest import Internet, _internet, net

__all__ = ["_internet", "net"]


@pytest.fixture
def web(net: Internet, monkeypatch, settings) -> Internet:
    """The public web that the desk's own guard lets through; nobody was asked anything yet."""
    monkeypatch.setattr(Guard, "of_the_desk", classmethod(lambda cls: net.guard))
    settings.HOST_PAUSE = 1
    cache.clear()
    return net


class Disk:
    """That on which the shelf lies: nothing can be written to it while it is full."""

    is_full = False

    def write_back(self, descriptor: int) -> None:
        if self.is_full:
            raise OSError("No space left on device")


@pytest.fixture
def disk(settings, tmp_path: Path, monkeypatch) -> Disk:
    """The disk of an empty shelf."""
    backend = {"BACKEND": "claims.archiving.Shelf", "OPTIONS": {"location": tmp_path / "shelf"}}
    settings.STORAGES = {**settings.STORAGES, archiving.SHELF: backend}
    found = Disk()
    monkeypatch.setattr(os, "fsync", found.write_back)
    return found


@contextmanager
def turn_comes_meanwhile(rows: type[models.Model]) -> Iterator[None]:
    """Let the turn of `rows` come between the first question for what is due and the next."""
    rows._default_manager.update(next_try_at=Now() + timedelta(hours=1))
    asked: list[str] = []

    def then_it_comes(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if sql.startswith("UPDATE") and not asked:
            asked.append(sql)
            rows._default_manager.update(next_try_at=Now())
        return answer

    with connection.execute_wrapper(then_it_comes):
        yield
    assert asked

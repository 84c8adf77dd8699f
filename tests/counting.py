"""Counting what a piece of work reads from the database."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def rows_read() -> Generator[Callable[[], int]]:
    """Answer how many rows came back from the database within the block."""
    read = 0

    def count(execute, sql, params, many, context):
        nonlocal read
        result = execute(sql, params, many, context)
        read += max(0, context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(count):
        yield lambda: read

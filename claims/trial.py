"""The rooms on trial: within `tables()` they work on empty tables of their own; nothing stays."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, transaction


@contextmanager
def tables() -> Generator[None]:
    """Hide every table of `claims` behind an empty temporary one, until the block ends.

    Only this connection sees them; PostgreSQL looks into its temporary schema first. Everything
    written is rolled back. Locks that are named after tables are the trial's own, too.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for model in apps.get_app_config("claims").get_models(include_auto_created=True):
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(
                f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL) ON COMMIT DROP"
            )
        yield
        transaction.set_rollback(True)


def count_rows() -> None:
    """Let the planner know how large the temporary tables have become; nobody else will."""
    with connection.cursor() as cursor:
        for model in apps.get_app_config("claims").get_models(include_auto_created=True):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")

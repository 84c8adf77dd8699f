"""Workers are told of rows that wait: so many at a time, and again of whose hint must be lost.

The row is the to-do list, and `hinted_at` says when a worker was last told of it. However long a
list is, only a few messages of it are on their way, so that it keeps no other list from workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet, Window
from django.db.models.functions import Now, RowNumber


def hint(
    waiting: QuerySet[Any], *, most: int, lost_after: timedelta, turns: Sequence[int] | None = None
) -> list[int]:
    """Return the rows that a worker should be told of now, and note that it was.

    At most `most` hints are on their way at any time, however many rows wait.

    :param waiting: the rows that a worker may be told of, in the order of their turns.
    :param turns: the keys of those whose turn it is, if that is another order.
    """
    lost = Q(hinted_at__isnull=True) | Q(hinted_at__lt=Now() - lost_after)
    room = max(0, most - waiting.exclude(lost).count())
    with transaction.atomic():
        locked = waiting.filter(lost).select_for_update(skip_locked=True, of=("self",))
        if turns is None:
            told = list(locked.values_list("pk", flat=True)[:room])
        else:
            free = set(locked.filter(pk__in=turns).values_list("pk", flat=True))
            told = [pk for pk in turns if pk in free][:room]
        waiting.model._default_manager.filter(pk__in=told).update(hinted_at=Now())
    return told


def in_turns(rows: QuerySet[Any], *, of: str, most: int) -> list[int]:
    """Return the keys of `rows`: the first of each `of`, then their seconds, `most` of one at most.

    Their order is that of `next_try_at`.
    """
    turn = Window(RowNumber(), partition_by=of, order_by=["next_try_at", "pk"])
    ranked = rows.annotate(turn=turn).filter(turn__lte=most)
    return list(ranked.order_by("turn", "next_try_at", "pk").values_list("pk", flat=True))

"""Pages that are cited are fetched and their bytes kept, so that what was cited can be shown.

The row is the to-do list. Nothing is read of the bytes: any kind of file may be cited.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from claims import archiving, depositing, gathering, hinting, photographing
from claims.fetching import Fetched
from claims.gathering import NotGathered
from claims.models import Capture

State = Capture.State
HELD = timedelta(minutes=1)  # longer than one takes; then its worker and its hint are lost
HINTS = 40  # that are on their way
ATTEMPTS = 3
AGAIN_AFTER = timedelta(minutes=10)  # if the site does not ask for more
UNFINISHED = f"It was begun {ATTEMPTS} times and not finished once."


def hint() -> list[int]:
    """Return the pages that a worker should fetch now, and note that it was told."""
    return hinting.hint(Capture.objects.due().order_by("pk"), most=HINTS, lost_after=HELD)


def take(*, capture_id: int) -> None:
    """Fetch one page and keep its bytes, if its turn has come. Costs up to 15 seconds.

    Safe to repeat and twice at once: the first answer counts. Whatever goes wrong is written into
    the row; what may pass is tried again later.
    """
    row = _begin(capture_id)
    if row is None:
        return
    try:
        fetched = gathering.ask(row.asked)
        sha256 = archiving.keep(fetched.content)
    except NotGathered as error:
        _fail(row, str(error), again=error.again, after=error.after)
    except archiving.Unkept as error:
        _fail(row, str(error), again=True)
    else:
        _keep(row, fetched, sha256)


def _begin(capture_id: int) -> Capture | None:
    """The row, one attempt more, for a while nobody else's; None if there is nothing to do now."""
    due = Capture.objects.due().filter(pk=capture_id)
    begun = due.filter(attempts__lt=ATTEMPTS)
    if begun.update(attempts=F("attempts") + 1, next_try_at=Now() + HELD):
        return Capture.objects.get(pk=capture_id)
    due.filter(attempts__gte=ATTEMPTS).update(state=State.FAILED, why=UNFINISHED)
    return None


def _fail(row: Capture, why: str, *, again: bool, after: float = 0) -> None:
    """Write why nothing came of it; what may pass is tried again, a few times."""
    waiting = Capture.objects.waiting().filter(pk=row.pk)
    if again and row.attempts < ATTEMPTS:
        pause = max(AGAIN_AFTER, timedelta(seconds=after))
        waiting.update(why=why, next_try_at=Now() + pause, hinted_at=None)
    else:
        waiting.update(state=State.FAILED, why=why)


@transaction.atomic
def _keep(row: Capture, fetched: Fetched, sha256: str) -> None:
    """Write what came, and order what else is to be had of the page; the first answer counts."""
    is_first = (
        Capture.objects.waiting()
        .filter(pk=row.pk)
        .update(
            state=State.KEPT,
            why="",
            sha256=sha256,
            size=len(fetched.content),
            media_type=fetched.media_type[:100],
            **gathering.exchange(fetched),
        )
    )
    if is_first:
        row.refresh_from_db()
        photographing.order(row)
        depositing.order(row)


def take_again(row: Capture) -> bool:
    """Let a page that could not be had be fetched again; return whether it had failed."""
    failed = Capture.objects.filter(pk=row.pk, state=State.FAILED)
    return bool(
        failed.update(
            state=State.WAITING, why="", attempts=0, hinted_at=None, next_try_at=Now()
        )
    )  # fmt: skip

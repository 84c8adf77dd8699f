"""Views of the queue that people keep under a name, for themselves or for all."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from reviews.leases import Refused
from reviews.models import SavedView, User

MOST = 40  # of one person


def keep(owner: User, *, name: str, query: str, shared: bool) -> SavedView:
    """Keep a view of the queue under a name.

    :param query: as `forms.QueueForm.address` writes it.
    :raises Refused: if `owner` has one of that name, or as many as one may have.
    """
    if owner.saved_views.standing().count() >= MOST:
        raise Refused(f"You keep {MOST} views already. Remove one first.")
    return _stored(SavedView(owner=owner, name=name, query=query, shared=shared))


def change(view: SavedView, *, by: User, name: str, shared: bool) -> None:
    """Rename or share a view, or stop sharing it.

    :raises Refused: if it is not of `by`, or another one of theirs has that name.
    """
    _own(view, by)
    view.name, view.shared = name, shared
    _stored(view)


def remove(view: SavedView, *, by: User) -> None:
    """Take a view out of every list; `bring_back` undoes it.

    :raises Refused: if it is not of `by`.
    """
    _own(view, by)
    view.removed_at = timezone.now()
    view.save(update_fields=["removed_at"])


def bring_back(view: SavedView, *, by: User) -> None:
    """Undo `remove`.

    :raises Refused: if it is not of `by`, or another one of theirs has its name now.
    """
    _own(view, by)
    view.removed_at = None
    _stored(view)


def _own(view: SavedView, by: User) -> None:
    if view.owner_id != by.pk:
        raise Refused(f"Only {view.owner} can change this view.")


def _stored(view: SavedView) -> SavedView:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise Refused(f"You have a view named “{view.name}” already.") from error
    return view

"""The queue: what to work on next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from claims.models import Claim, as_ref
from reviews import adoption, listing
from reviews import queue as room
from reviews.forms import QueueForm
from reviews.listing import View
from reviews.models import Review, User
from reviews.states import OPEN_STATUSES, Status
from reviews.views.page import Request
from reviews.workflow import Refused


@require_GET
@vary_on_headers("HX-Request")
def queue(request: Request) -> HttpResponse:
    form = QueueForm(request.GET)
    filters = form.filters()
    view = _view(request.GET.get("view", ""))
    found = listing.page(
        listing.listed(view, request.user, filters), after=as_ref(request.GET.get("after", ""))
    )
    context = {
        "view": view,
        "form": form,
        "rows": _rows(found, request.user),
        "views": _views(request, listing.counts(request.user, filters)),
        "next_query": _query(request, after=found.next_after) if found.next_after else "",
        "is_filtered": any(request.GET.get(name) for name in form.fields),
        "is_later_page": "after" in request.GET,
    }
    if not request.htmx:
        context["turn"] = _turn(request.user)
        told = Review.objects.with_news_for(request.user)
        context["news"] = told.select_related("claim").order_by("-prioritised_at")[: listing.ROWS]
    return render(
        request, "reviews/_queue_results.html" if request.htmx else "reviews/queue.html", context
    )


@require_POST
def take_next(request: Request) -> HttpResponse:
    try:
        review = room.take_next(request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("reviews:queue")
    if review is None:
        messages.info(request, "Nothing waits in your languages. Well done.")
        return redirect("reviews:queue")
    return redirect(review)


@require_POST
def read_news(request: Request, ref: str) -> HttpResponse:
    review = get_object_or_404(Review, ref=ref)
    if not room.read_news(review, by=request.user):
        messages.error(request, "Only who checked it can mark its news as read.")
    return redirect("reviews:queue")


def _view(asked: str) -> View:
    return View(asked) if asked in View.values else View.OPEN


def _query(request: Request, **changes: str) -> str:
    """The present address's query with `changes`; the place in the list starts anew."""
    query = request.GET.copy()
    query.pop("after", None)
    for name, value in changes.items():
        query[name] = value
    return query.urlencode()


def _views(request: Request, counts: dict[View, int]) -> list[dict[str, str]]:
    """The views for the rail: what each is called, how many it holds, and its address."""
    return [
        {
            "name": view.value,
            "label": str(view.label),
            "count": f"{count:,}" if count <= listing.COUNTED else f"{listing.COUNTED:,}+",
            "query": _query(request, view=view.value),
        }
        for view, count in counts.items()
    ]


def _turn(user: User) -> list[dict[str, Any]]:
    """What waits for `user`, those whose lease ends first on top."""
    now = timezone.now()
    reviews = Review.objects.turn_of(user).select_related("claim").order_by("lease_expires_at")
    return [
        {
            "review": review,
            "seconds_left": _seconds(review.lease_expires_at, now),
            "returned": review.status == Status.RETURNED,
        }
        for review in reviews[: listing.ROWS]
    ]


def _rows(found: listing.Page, user: User) -> list[dict[str, Any]]:
    """Add to each row the words that the clock and the reader decide."""
    now = timezone.now()
    claims = Claim.objects.filter(pk__in=[row["claim_id"] for row in found.rows])
    earlier = adoption.earlier_checks(claims)
    for row in found.rows:
        row["earlier"] = earlier.get(row["claim_id"], [])[:1]
        row["status_words"] = str(Status(row["status"]).label)
        row["age"] = _ago(row["opened_at"], now)
        row["is_overdue"] = bool(
            row["due_at"] and row["due_at"] < now and row["status"] in OPEN_STATUSES
        )
        row["seconds_left"] = _seconds(row["lease_expires_at"], now)
        row["is_mine"] = row["checker_id"] == user.pk
        name = f"{row['checker_name'] or ''} {row['checker_surname'] or ''}".strip()
        row["holder"] = name or row["checker_username"] or ""
    return found.rows


def _seconds(until: datetime | None, now: datetime) -> int:
    return max(0, int((until - now).total_seconds())) if until else 0


def _ago(moment: datetime, now: datetime) -> str:
    """The age in its largest unit: 40 min, 7 h, 3 d."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 60:
        return f"{max(minutes, 0)} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"

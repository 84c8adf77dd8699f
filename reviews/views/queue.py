"""The queue: what to work on next."""

from __future__ import annotations

import calendar
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from claims import outside
from claims.models import OutsideCheck, as_ref
from claims.stories import inert
from claims.templatetags.seen import seen
from reviews import adoption, approvals, listing
from reviews import queue as room
from reviews.listing import View
from reviews.models import Review, User
from reviews.priority import Reason
from reviews.queue_forms import QueueForm
from reviews.states import OPEN_STATUSES, Status
from reviews.views.page import Request
from reviews.workflow import Refused

COLUMNS = {  # of the export, each with what holds it
    "ref": "ref", "wording": "claim__wording", "claimant_name": "claim__claimant__name",
    "status": "status", "language": "language", "topics": "topics", "priority": "priority",
    "copies": "copies", "origins": "origins", "opened_at": "opened_at", "due_at": "due_at",
    "checker_username": "checker__username",
}  # fmt: skip
NOWHERE = "0" * 10  # a ref that no review has
MONTHS = tuple(calendar.month_abbr)  # made once: `strftime` is slow
PLACES = {
    "queue": "reviews:queue",
    "csv": "reviews:queue-csv",
    "articles": "claims:articles",
    "keep_view": "reviews:keep-view",
    "weights": "reviews:weights",
}
PARTS = {
    "results": "reviews/_queue_results.jinja",
    "places": "reviews/_queue_views.jinja",
    "narrowing": "reviews/_queue_filters.jinja",
}


@require_GET
@vary_on_headers("HX-Request")
def queue(request: Request) -> HttpResponse:
    form = QueueForm(request.GET)
    filters, view = form.filters(request.user), form.view()
    found = listing.page(
        listing.listed(view, request.user, filters),
        sort=form.order(),
        after=as_ref(request.GET.get("after", "")),
    )
    context = {
        "view": view,
        "form": form,
        "rows": _rows(found, request.user),
        "views": _views(request, listing.counts(request.user, filters)),
        "next_query": _query(request, after=found.next_after) if found.next_after else "",
        "order": form.order(),
        "list_query": _query(request),
        "address": form.address(),
        "is_filtered": any(request.GET.get(name) for name in form.fields if name != "sort"),
        "is_later_page": "after" in request.GET,
        "addresses": {name: reverse(place) for name, place in PLACES.items()},
    }
    if request.htmx:
        return render(request, "reviews/_queue_results.jinja", context, using="jinja")
    return _whole(request, context)


def _whole(request: Request, context: dict[str, Any]) -> HttpResponse:
    """The page around the list; its long parts are drawn, and escaped, by Jinja."""
    parts = {
        name: SafeString(render_to_string(template, context, request, using="jinja"))
        for name, template in PARTS.items()
    }
    rail = listing.rail(request.user)
    own = {
        "turn": _turn(rail),
        "news": rail.news,
        "saved": [{"view": view, "count": ""} for view in rail.saved],  # it asks for counts itself
        "here": context["address"],
    }
    return render(request, "reviews/queue.html", context | parts | own)


@require_GET
def export(request: Request) -> StreamingHttpResponse:
    """The list under the same address, all of its pages, for a spreadsheet."""
    form = QueueForm(request.GET)
    view = form.view()
    reviews = listing.listed(view, request.user, form.filters(request.user))
    rows = listing.exported(reviews, form.order())
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{view.value}.csv"'
    return answer


def _lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow(inert(_cell(row[held])) for held in COLUMNS.values())


class _Echo:
    """Gives back each line that the writer of `csv` makes, instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "; ".join(value) if isinstance(value, list) else str("" if value is None else value)


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
            "count": listing.shown(count),
            "query": _query(request, view=view.value),
        }
        for view, count in counts.items()
    ]


def _turn(rail: listing.Rail) -> list[dict[str, Any]]:
    """What waits for the reader, with the time that is left."""
    now = timezone.now()
    return [
        row
        | {
            "seconds_left": _seconds(row["lease_expires_at"], now),
            "returned": row["status"] == Status.RETURNED,
        }
        for row in rail.turn
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the list in the words that are shown. Jinja reads attributes faster than keys."""

    address: str
    wording: str
    language: str
    claimant: str
    reasons: list[Reason]
    earlier: list[adoption.Earlier]
    outside: list[OutsideCheck]
    holder: str
    is_mine: bool
    seconds_left: int
    status: str
    approvals: str
    waits: str
    is_overdue: bool
    due: str
    age: str
    origins: int
    copies: int
    priority: int


def _rows(found: listing.Page, user: User) -> list[Row]:
    """The rows with what the clock and the reader decide."""
    now = timezone.now()
    earlier = adoption.earlier_checks(row["claim_id"] for row in found.rows)
    others = outside.beside(row["claim_id"] for row in found.rows)
    approved = _approved(found.rows, user)
    anywhere = reverse("reviews:detail", args=[NOWHERE])  # once: `reverse` is slow
    return [
        _row(
            row, earlier.get(row["claim_id"], [])[:1], others.get(row["claim_id"], [])[:1], user,
            now, address=anywhere.replace(NOWHERE, row["ref"]),
            approved=approved.get(row["ref"], ""),
        )
        for row in found.rows
    ]  # fmt: skip


def _row(
    row: dict[str, Any], earlier: list[adoption.Earlier], others: list[OutsideCheck], user: User,
    now: datetime, *,
    address: str, approved: str,
) -> Row:  # fmt: skip
    status = Status(row["status"])
    name = f"{row['checker__first_name'] or ''} {row['checker__last_name'] or ''}".strip()
    return Row(
        address=address,
        wording=seen(row["claim__wording"]),
        language=row["language"],
        claimant=row["claim__claimant__name"] or "claimant not named",
        reasons=[Reason(**reason) for reason in row["reasons"]],
        earlier=earlier,
        outside=others,
        holder=name or row["checker__username"] or "",
        is_mine=row["checker_id"] == user.pk,
        seconds_left=_seconds(row["lease_expires_at"], now),
        status="" if status == Status.QUEUED else str(status.label),
        approvals=approved,
        waits=_waits(row["waits_until"], row["waits_for"]),
        is_overdue=row["due_at"] < now and status in OPEN_STATUSES,
        due=_day(row["due_at"]),
        age=_ago(row["opened_at"], now),
        origins=row["origins"],
        copies=row["copies"],
        priority=round(row["priority"]),
    )


def _approved(rows: list[dict[str, Any]], user: User) -> dict[str, str]:
    """Who has approved which of the submitted ones, in words. Two queries, none without any."""
    submitted = {row["ref"]: row["topics"] for row in rows if row["status"] == Status.SUBMITTED}
    if not submitted:
        return {}
    needed, given = approvals.needed_under(), approvals.standing_on(submitted)
    told = {}
    for ref, topics in submitted.items():
        most = max((needed.get(slug, 1) for slug in topics), default=1)
        names = ["you" if one.by_id == user.pk else one.by_name for one in given.get(ref, [])]
        if names or most > 1:
            who = f": {', '.join(names)}" if names else ""
            told[ref] = f"{len(names)} of {most} approval{'s' if most > 1 else ''}{who}"
    return told


def _day(moment: datetime) -> str:
    """Day and time as people write them: 3 Nov, 14:00."""
    local = timezone.localtime(moment)
    return f"{local.day} {MONTHS[local.month]}, {local.hour:02}:{local.minute:02}"


def _waits(until: datetime | None, reply: str) -> str:
    return f"waits until {_day(until)}: {reply}" if until else ""


def _seconds(until: datetime | None, now: datetime) -> int:
    return max(0, int((until - now).total_seconds())) if until else 0


def _ago(moment: datetime, now: datetime) -> str:
    """The age in its largest unit: 40 min, 7 h, 3 d."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 60:
        return f"{max(minutes, 0)} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"

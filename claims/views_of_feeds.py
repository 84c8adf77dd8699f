"""Feeds: what is polled, how it goes, and what people do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from claims import following, listing, tasks
from claims.forms import AddressForm, FeedForm, ReasonForm
from claims.models import Feed, FeedItem, Source, as_ref

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

MAY = "claims.change_feed"
EVENTS = 30  # of a feed that its page shows
SUGGESTED = 500  # sources that are proposed while one is typed
VIEWS = {"": "All", "failing": "Failing", "paused": "Paused", "removed": "Removed"}

may_change = permission_required(MAY, raise_exception=True)


class Request(HttpRequest):
    """A request as it reaches a view of the desk: asked about by htmx."""

    htmx: HtmxDetails


@require_http_methods(["GET", "POST"])
def feeds(request: HttpRequest) -> HttpResponse:
    """All feeds and how they go; POST proposes one, which is then looked at."""
    if request.method == "GET":
        return _list(request, AddressForm())
    return _propose(request, AddressForm(request.POST))


@may_change
def _propose(request: HttpRequest, form: AddressForm) -> HttpResponse:
    there = None
    if form.is_valid():
        try:
            feed = following.propose(form.cleaned_data["address"], by=_person(request))
        except following.NotDone as refused:
            form.add_error("address", str(refused))
            there = refused.feed
        else:
            tasks.poll_feed.delay_on_commit(feed_id=feed.pk)
            return redirect(feed)
    return _list(request, form, there)


def _list(request: HttpRequest, form: AddressForm, there: Feed | None = None) -> HttpResponse:
    asked = request.GET.get("state", "")
    view = asked if asked in VIEWS else ""
    rows, next_after = listing.feeds(view=view, after=as_ref(request.GET.get("after", "")))
    counts = listing.feed_counts()
    context = {
        "feeds": rows,
        "next_after": next_after,
        "is_later_page": "after" in request.GET,
        "view": view,
        "tabs": [(value, label, counts[value or "all"]) for value, label in VIEWS.items()],
        "form": form,
        "there": there,
        "may": request.user.has_perm(MAY),
    }
    return render(request, "claims/feeds.html", context, status=422 if form.is_bound else 200)


@require_GET
@vary_on_headers("HX-Request")
def feed(request: Request, ref: str) -> HttpResponse:
    row = get_object_or_404(_feeds(), ref=ref)
    if request.htmx:
        answer = render(request, "claims/_feed.html", _told(request, row))
        if row.state != Feed.State.LOOKING:
            answer["HX-Refresh"] = "true"  # the page has more to offer now
        return answer
    return _page(request, row, FeedForm.of(row))


@require_POST
@may_change
def look(request: HttpRequest, ref: str) -> HttpResponse:
    """Look at a proposed feed again, or at one that its page names."""
    address = request.POST.get("address", "")[:2000]

    def act(row: Feed) -> str:
        following.look(row, by=_person(request), address=address)
        tasks.poll_feed.delay_on_commit(feed_id=row.pk)
        return ""

    return _act(request, ref, act)


@require_POST
@may_change
def keep(request: HttpRequest, ref: str) -> HttpResponse:
    return _set(request, ref, following.keep, "Kept. Its articles come in from now on.")


@require_POST
@may_change
def change(request: HttpRequest, ref: str) -> HttpResponse:
    return _set(request, ref, following.change, "Changed.")


@require_POST
@may_change
def poll(request: HttpRequest, ref: str) -> HttpResponse:
    def act(row: Feed) -> str:
        following.poll_now(row)
        tasks.poll_feed.delay_on_commit(feed_id=row.pk)
        return "It is polled within seconds, as soon as its site may be asked."

    return _act(request, ref, act)


@require_POST
@may_change
def pause(request: HttpRequest, ref: str) -> HttpResponse:
    return _with_reason(request, ref, following.pause, "Paused. What waited stays on the list.")


@require_POST
@may_change
def resume(request: HttpRequest, ref: str) -> HttpResponse:
    return _with_reason(request, ref, following.resume, "Resumed.")


@require_POST
@may_change
def remove(request: HttpRequest, ref: str) -> HttpResponse:
    return _with_reason(request, ref, following.remove, "Removed. What it brought stays.")


@require_POST
@may_change
def retry(request: HttpRequest, ref: str) -> HttpResponse:
    def act(row: Feed) -> str:
        many = following.try_again(row)
        return f"{many} on the list again." if many else "Nothing of it has failed."

    return _act(request, ref, act)


def _act(request: HttpRequest, ref: str, act: Callable[[Feed], str]) -> HttpResponse:
    """Do one thing to a feed and show it, with what is said of it."""
    row = get_object_or_404(_feeds(), ref=ref)
    try:
        done = act(row)
    except following.NotDone as refused:
        messages.error(request, str(refused))
    else:
        if done:
            messages.success(request, done)
    return redirect(row)


def _with_reason(
    request: HttpRequest, ref: str, do: Callable[..., None], done: str
) -> HttpResponse:
    form = ReasonForm(request.POST)

    def act(row: Feed) -> str:
        if not form.is_valid():
            raise following.NotDone("Say why in at most 500 characters.")
        do(row, by=_person(request), reason=form.cleaned_data["reason"])
        return done

    return _act(request, ref, act)


def _set(request: HttpRequest, ref: str, do: Callable[..., None], done: str) -> HttpResponse:
    """Keep or change a feed as its form says; what is wrong with the form is shown beside it."""
    form = FeedForm(request.POST)
    if not form.is_valid():
        return _page(request, get_object_or_404(_feeds(), ref=ref), form)

    def act(row: Feed) -> str:
        do(row, by=_person(request), **form.cleaned_data)
        return done

    return _act(request, ref, act)


def _page(request: HttpRequest, row: Feed, form: FeedForm) -> HttpResponse:
    context = _told(request, row) | {
        "form": form,
        "may": request.user.has_perm(MAY),
        "sources": Source.objects.order_by("name").values_list("name", flat=True)[:SUGGESTED],
        "events": row.events.select_related("by").order_by("-pk")[:EVENTS],
    }
    return render(request, "claims/feed.html", context, status=422 if form.is_bound else 200)


def _told(request: HttpRequest, row: Feed) -> dict[str, Any]:
    asked = request.GET.get("state", "")
    state = asked if asked in FeedItem.State.values else ""
    items, next_after = listing.feed_items(
        row, state=state, after=as_ref(request.GET.get("after", ""))
    )
    return {
        "feed": row,
        "items": items,
        "next_after": next_after,
        "is_later_page": "after" in request.GET,
        "states": FeedItem.State.choices,
        "status": state,
        "may": request.user.has_perm(MAY),
    }


def _feeds() -> QuerySet[Feed]:
    return Feed.objects.select_related("source", "added_by", "paused_by")


def _person(request: HttpRequest) -> AbstractUser:
    return cast("AbstractUser", request.user)

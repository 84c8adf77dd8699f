"""What a person is told: the badge that follows it, the list, and what comes by mail."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviews import notifications as room
from reviews import opinions
from reviews.forms import MailForm, ReadForm
from reviews.models import User
from reviews.views.page import Request


@require_GET
def inbox(request: Request) -> HttpResponse:
    told = room.newest(request.user)
    hidden = set(opinions.hidden(request.user).values_list("review", flat=True))
    for one in told:
        if one.review_id in hidden:
            one.note = ""  # a colleague's words on a verdict that this person rates blind
    context = {"told": told, "is_unread": any(one.read_at is None for one in told)}
    return render(request, "reviews/notifications.html", context)


@require_GET
def unread(request: Request) -> HttpResponse:
    """The badge alone, for the page that polls it; 304 while nothing changed.

    It is only read: neither the end of a session nor that of a lease moves for it.
    """
    count = room.unread(request.user)
    tag = f'"{request.user.pk}-{count}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = render(request, "reviews/_unread.html", {"unread": _shown(count)})
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response


@require_POST
def follow(request: Request, ref: str) -> HttpResponse:
    """Mark one as read and go to its review, or with `stay` back to the list."""
    told = get_object_or_404(request.user.notifications.select_related("review"), ref=ref)
    room.read(request.user, told)
    return redirect("reviews:notifications" if "stay" in request.POST else told.review)


@require_POST
def read_all(request: Request) -> HttpResponse:
    form = ReadForm(request.POST)
    if form.is_valid():
        room.read_all(request.user, up_to=form.cleaned_data["up_to"])
    return redirect("reviews:notifications")


@require_http_methods(["GET", "POST"])
def by_mail(request: Request) -> HttpResponse:
    wanted = room.choices(request.user)
    form = MailForm(request.POST or None, wanted=wanted)
    if request.method == "POST" and form.is_valid():
        room.choose(request.user, form.chosen())
        messages.success(request, "Saved.")
        return redirect("reviews:by-mail")
    status = 422 if form.is_bound else 200
    return render(request, "reviews/by_mail.html", {"form": form}, status=status)


def badge(request: HttpRequest) -> dict[str, object]:
    """For every page of the desk: how many notifications are unread, asked for when it is shown."""

    def shown() -> str:
        return _shown(room.unread(request.user)) if isinstance(request.user, User) else ""

    return {"unread": SimpleLazyObject(shown)}


def _shown(count: int) -> str:
    """The number as the badge shows it: nothing for none, "99+" for very many."""
    if count > room.COUNTED:
        return f"{room.COUNTED}+"
    return str(count) if count else ""

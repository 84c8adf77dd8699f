"""Saved views: kept from the queue, listed with what they hold now, renamed, shared, removed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from reviews import listing, saved
from reviews.models import SavedView, User
from reviews.queue_forms import NewViewForm, QueueForm, SavedViewForm
from reviews.views.page import Request
from reviews.workflow import Refused


@require_GET
def saved_views(request: Request) -> HttpResponse:
    removed = request.user.saved_views.filter(removed_at__isnull=False).order_by("-removed_at")
    context = {"saved": counted(request.user), "removed": removed[: saved.MOST]}
    return render(request, "reviews/saved_views.html", context)


@require_GET
def counts(request: Request) -> HttpResponse:
    """The saved views for the rail of the queue, with how many each holds now."""
    here = request.GET.get("here", "")
    context = {"saved": counted(request.user), "here": here, "is_counted": True}
    return render(request, "reviews/_saved_views.html", context)


@require_POST
def keep(request: Request) -> HttpResponse:
    form = NewViewForm(request.POST)
    if not form.is_valid():
        return _again(request, form)
    try:
        kept = saved.keep(request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error("name", str(refused))
        return _again(request, form)
    messages.success(request, f"Kept as “{kept.name}”.")
    return redirect(f"{reverse('reviews:queue')}?{kept.query}")


def _again(request: Request, form: NewViewForm) -> HttpResponse:
    """The form as it was typed, on a page of its own."""
    return render(request, "reviews/new_view.html", {"form": form}, status=422)


@require_POST
def change(request: Request, ref: str) -> HttpResponse:
    """Rename or share it, or with `remove` or `bring_back` do that."""
    view = get_object_or_404(SavedView.objects.select_related("owner"), ref=ref)
    form = SavedViewForm(request.POST)
    try:
        if "remove" in request.POST:
            saved.remove(view, by=request.user)
            messages.success(request, f"“{view.name}” is removed. It can be brought back below.")
        elif "bring_back" in request.POST:
            saved.bring_back(view, by=request.user)
            messages.success(request, f"“{view.name}” is back.")
        elif form.is_valid():
            saved.change(view, by=request.user, **form.cleaned_data)
            messages.success(request, f"“{view.name}” is changed.")
        else:
            messages.error(request, "A view needs a name of at most 60 characters.")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("reviews:saved-views")


def counted(user: User) -> list[dict[str, Any]]:
    """Return the views shown to `user` with how many rows each holds now. Cost: five queries."""
    views = list(SavedView.objects.shown_to(user).select_related("owner")[: 2 * saved.MOST])
    known = listing.vocabulary()
    forms = [QueueForm(QueryDict(view.query), known) for view in views]
    words, names = [form.words() for form in forms], [form.name() for form in forms]
    asked = listing.asked(user, words, names)
    counts = listing.count_each(
        listing.listed(form.view(), user, form.filters(user, asked)) for form in forms
    )
    return [
        {
            "view": view,
            "is_mine": view.owner_id == user.pk,
            "count": listing.shown(count),
            "told": _told(form),
        }
        for view, form, count in zip(views, forms, counts, strict=True)
    ]


def _told(form: QueueForm) -> str:
    """What it shows, in words: Open, language: German, order: due first."""
    told = [str(form.view().label)]
    for name in form.fields:
        if value := form.cleaned_data.get(name):
            words = dict(getattr(form.fields[name], "choices", [])).get(value, value)
            told.append(f"{form[name].label.lower()}: {str(words).lower()}")
    return ", ".join(told)

"""What a person says of themselves: languages, topics, conflicts of interest."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviews import profile as room
from reviews.models import Conflict
from reviews.queue_forms import ConflictForm, ProfileForm
from reviews.states import APPROVE
from reviews.views.page import Request
from reviews.workflow import Refused

SHOWN = 200


@require_http_methods(["GET", "POST"])
def profile(request: Request) -> HttpResponse:
    person = request.user
    initial = {"languages": person.languages, "topics": person.topics}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        room.choose(person, **form.cleaned_data)
        messages.success(request, "Kept. Take next goes by it from now on.")
        return redirect("reviews:profile")
    return _page(request, form, ConflictForm(), 422 if form.is_bound else 200)


@require_POST
def declare(request: Request) -> HttpResponse:
    form = ConflictForm(request.POST)
    initial = {"languages": request.user.languages, "topics": request.user.topics}
    if form.is_valid():
        try:
            about, words = form.cleaned_data["about"], form.cleaned_data["words"]
            kept = room.declare(request.user, about=about, words=words)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"Declared. Nothing about {kept.about} is offered to you.")
            return redirect("reviews:profile")
    return _page(request, ProfileForm(initial=initial), form, 422)


@require_POST
def end(request: Request, ref: str) -> HttpResponse:
    conflict = get_object_or_404(Conflict, ref=ref)
    try:
        room.end(conflict, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Ended. It stays on record.")
    return redirect("reviews:profile")


@require_GET
def conflicts(request: Request) -> HttpResponse:
    """Everybody's declarations, for those who decide who checks what."""
    if not request.user.has_perm(APPROVE):
        return render(request, "403.html", status=403)
    told = Conflict.objects.select_related("person", "source", "claimant", "topic")
    rows = told.order_by("ended_at", "-pk")[:SHOWN]
    return render(request, "reviews/conflicts.html", {"conflicts": rows})


def _page(
    request: Request, form: ProfileForm, declaring: ConflictForm, status: int
) -> HttpResponse:
    own = request.user.conflicts.select_related("source", "claimant", "topic")
    context: dict[str, Any] = {
        "form": form, "declaring": declaring, "conflicts": own.order_by("ended_at", "-pk"),
        "decides": request.user.has_perm(APPROVE),
    }  # fmt: skip
    return render(request, "reviews/profile.html", context, status=status)

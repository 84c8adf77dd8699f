"""Deciding several flags of an article at once."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from claims.models import Flag
from reviews import flags
from reviews.forms import FlagsForm
from reviews.gate import Refused
from reviews.models import Review, User
from reviews.views.page import Answer, Request, load, show

PANEL = "reviews/_article_panel.html"


@require_POST
def decide(request: Request, ref: str) -> HttpResponse:
    """Confirm or dismiss them for one reason; `open` takes decisions back."""
    review, form = load(ref), FlagsForm(request.POST)
    if not form.is_valid():
        return show(request, PANEL, review, status=422, answer=Answer(flags=form))
    try:
        _decide(review, form, request.user)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, PANEL, review, status=409, answer=Answer(flags=form))
    if request.htmx:
        return show(request, PANEL, review)
    article = form.cleaned_data["article"]
    return redirect(f"{review.get_absolute_url()}?article={article}#flags-at-once")


def _decide(review: Review, form: FlagsForm, by: User) -> None:
    read = form.cleaned_data
    chosen = {"article": read["article"], "refs": read["flag"], "by": by, "token": read["token"]}
    if read["state"] == Flag.State.OPEN:
        flags.take_back(review, **chosen)
    else:
        flags.decide(
            review, **chosen, rules=read["rule"], state=read["state"], reason=read["reason"]
        )

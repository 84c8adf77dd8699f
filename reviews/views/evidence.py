"""Evidence: attaching it with a stance, withdrawing it with a reason."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from reviews import evidence as room
from reviews import history
from reviews.forms import EvidenceForm, WithdrawEvidenceForm
from reviews.models import Review
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused

PANEL = "reviews/_evidence_panel.html"


@require_POST
def attach(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    form = EvidenceForm(request.POST, prefix="new")
    if not form.is_valid():
        return show(request, PANEL, review, status=422, answer=Answer(evidence=form))
    sealed = _is_on_the_newest(request, review)
    try:
        room.attach(review, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, PANEL, review, status=409, answer=Answer(evidence=form))
    if request.htmx:
        return show(request, PANEL, review, answer=Answer(sealed=sealed))
    return redirect(f"{review.get_absolute_url()}#evidence-panel")


@require_POST
def withdraw(request: Request, ref: str, evidence_ref: str) -> HttpResponse:
    review = load(ref)
    evidence = get_object_or_404(review.evidence.select_related("review"), ref=evidence_ref)
    form = WithdrawEvidenceForm(request.POST)
    answer = Answer(withdrawal=(evidence.ref, form))
    if not form.is_valid():
        return show(request, PANEL, review, status=422, answer=answer)
    sealed = _is_on_the_newest(request, review)
    try:
        room.withdraw(evidence, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, PANEL, review, status=409, answer=answer)
    if request.htmx:
        return show(request, PANEL, review, answer=Answer(sealed=sealed))
    return redirect(f"{review.get_absolute_url()}#evidence-panel")


def _is_on_the_newest(request: Request, review: Review) -> bool:
    """Whether the open verdict form is on the newest version, and so may learn the next one.

    Where it is not, its next save still has to meet what was saved meanwhile.
    """
    newest = str(history.of(review).seq)
    return request.POST.get("over", newest) == newest

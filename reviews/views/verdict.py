"""The verdict editor: saving what is typed, and handing it on."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from reviews import adoption, history, reconciling, workflow
from reviews.forms import AdoptForm, ReconciledForm
from reviews.models import Publication, Review
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused


@require_POST
def adopt(request: Request, ref: str, checked_ref: str) -> HttpResponse:
    review, form = load(ref), AdoptForm(request.POST)
    published = Publication.objects.filter(review__ref=checked_ref).select_related("version")
    if not form.is_valid():
        get_object_or_404(published.order_by("-pk")[:1])
        messages.error(request, "Nothing was adopted. Press the button once more.")
        return redirect(review)
    read = form.cleaned_data
    publication = get_object_or_404(published, version__seq=read["checked"])
    try:
        adoption.adopt(review, publication, by=request.user, token=read["token"], seq=read["seq"])
    except (Refused, history.Conflict) as refused:
        messages.error(request, f"Nothing was adopted. {refused}")
    else:
        messages.success(request, "Adopted as a draft. Read it, then submit it.")
    return redirect(f"{review.get_absolute_url()}#verdict-panel")


@require_POST
def save(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    form = ReconciledForm(request.POST)
    saved = _save(request, review, form)
    if isinstance(saved, HttpResponse):
        return saved
    if request.htmx:
        return show(request, "reviews/_verdict_state.html", review)
    messages.success(request, "Saved.")
    return redirect(f"{review.get_absolute_url()}#verdict-panel")


@require_POST
def submit(request: Request, ref: str) -> HttpResponse:
    """Save what is typed, then submit exactly that; a refused submit keeps the save."""
    review = load(ref)
    form = ReconciledForm(request.POST)
    saved = _save(request, review, form)
    if isinstance(saved, HttpResponse):
        return saved
    try:
        token, told = form.cleaned_data["token"], form.cleaned_data["told"]
        workflow.submit(review, by=request.user, token=token, seq=saved, told=told)
    except Refused as refused:
        return _panel(request, review, 409, Answer(problem=str(refused)))
    messages.success(request, "Submitted. A supervisor who did not write it decides.")
    return redirect("reviews:queue")


@require_POST
def withdraw(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    try:
        workflow.withdraw(review, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "You hold it again.")
    return redirect(review)


def _save(request: Request, review: Review, form: ReconciledForm) -> HttpResponse | int:
    """Save the form; return the version it is now, or the panel with what was typed and why not."""
    if not form.is_valid():
        return _panel(request, review, 422, Answer(verdict=form))
    token, seq = form.cleaned_data["token"], form.cleaned_data["seq"]
    try:
        history.save(review, by=request.user, token=token, seq=seq, draft=form.draft())
    except Refused as refused:
        return _panel(request, review, 409, Answer(verdict=form, problem=str(refused)))
    except history.Conflict as conflict:
        problem = form.unanswered() or str(conflict)
        reconciled = reconciling.reconcile(conflict)
        form.rebase(conflict.current.seq, reconciled.draft)
        answer = Answer(verdict=form, problem=problem, conflict=reconciled)
        return _panel(request, review, 409, answer)
    return history.of(review).seq


def _panel(request: Request, review: Review, status: int, answer: Answer) -> HttpResponse:
    response = show(request, "reviews/_verdict_panel.html", review, status=status, answer=answer)
    response["HX-Retarget"] = "#verdict-panel"
    response["HX-Reswap"] = "outerHTML"
    return response

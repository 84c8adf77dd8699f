"""What people set by hand: until when it waits, when it is due, its topics, when to look again."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from reviews import arranging, workflow
from reviews.forms import DueForm, RecheckForm, SnoozeForm, TopicsForm
from reviews.models import Review
from reviews.states import Action
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused


@require_POST
def snooze(request: Request, ref: str) -> HttpResponse:
    form = SnoozeForm(request.POST, prefix=Action.SNOOZE)
    done = "Put aside. It comes back to you by itself on that day, or when you go on with it."
    return _dated(request, ref, Action.SNOOZE, form, workflow.snooze, done)


@require_POST
def unsnooze(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    try:
        workflow.unsnooze(review, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(review)


@require_POST
def set_due(request: Request, ref: str) -> HttpResponse:
    form = DueForm(request.POST, prefix=Action.DUE)
    return _dated(request, ref, Action.DUE, form, workflow.set_due, "The new due date stands.")


@require_POST
def put_under(request: Request, ref: str) -> HttpResponse:
    form = TopicsForm(request.POST, prefix=Action.PUT_UNDER)
    done = "It is under these topics now, and weighed anew."
    return _dated(request, ref, Action.PUT_UNDER, form, arranging.put_under, done)


@require_POST
def recheck(request: Request, ref: str) -> HttpResponse:
    form = RecheckForm(request.POST, prefix=Action.RECHECK)
    done = "Noted as still unproven. You are reminded on that day."
    return _dated(request, ref, Action.RECHECK, form, workflow.recheck, done)


def _dated(
    request: Request,
    ref: str,
    action: Action,
    form: forms.Form,
    move: Callable[..., None],
    done: str,
) -> HttpResponse:
    """One call, and the form as it was typed beside a refusal."""
    review: Review = load(ref)
    answer = Answer(dates={action: form})
    if not form.is_valid():
        return show(request, "reviews/detail.html", review, status=422, answer=answer)
    try:
        move(review, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, "reviews/detail.html", review, status=409, answer=answer)
    messages.success(request, done)
    return redirect(review)

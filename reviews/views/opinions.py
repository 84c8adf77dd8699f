"""Second opinions: asking, giving one blind, deciding between two, and how far checkers agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviews import agreement as room
from reviews import opinions, workflow
from reviews.forms import AdjudicateForm, AskForm, OpinionForm, ReasonForm
from reviews.models import OpinionRule, Review
from reviews.queue_forms import RuleForm
from reviews.states import Action
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused

APPROVAL = "reviews/approval.html"
BLIND = "reviews/second_opinion.html"


@require_POST
def ask(request: Request, ref: str) -> HttpResponse:
    done = "Asked. The verdict is approved once both are in and agree, or you decide between them."
    form = AskForm(request.POST, prefix=Action.ASK_OPINION)
    return _answered(request, ref, Action.ASK_OPINION, form, opinions.ask, done)


@require_POST
def take(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    try:
        opinions.take(review, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(review)


@require_POST
def decline(request: Request, ref: str) -> HttpResponse:
    form = ReasonForm(request.POST, prefix=Action.DECLINE_OPINION)
    done = "Given back; a colleague gives it instead."
    return _answered(request, ref, Action.DECLINE_OPINION, form, opinions.decline, done, BLIND)


@require_POST
def give(request: Request, ref: str) -> HttpResponse:
    def given(review: Review, **found: object) -> None:
        words = {name: str(found[name]) for name in ("rating", "summary", "reasons")}
        opinions.give(review, by=request.user, found=opinions.Found(**words))

    form = OpinionForm(request.POST, prefix=Action.GIVE_OPINION)
    done = "Given. You see the first verdict as soon as it is in, too."
    return _answered(request, ref, Action.GIVE_OPINION, form, given, done, BLIND)


@require_POST
def call_off(request: Request, ref: str) -> HttpResponse:
    form = ReasonForm(request.POST, prefix=Action.CALL_OFF)
    done = "Called off; the verdict can be decided."
    return _answered(request, ref, Action.CALL_OFF, form, opinions.call_off, done)


@require_POST
def adjudicate(request: Request, ref: str) -> HttpResponse:
    form = AdjudicateForm(request.POST, prefix=Action.ADJUDICATE)
    done = "Adjudicated; both checkers read why."
    return _answered(request, ref, Action.ADJUDICATE, form, workflow.adjudicate, done)


def _answered(
    request: Request,
    ref: str,
    action: Action,
    form: forms.Form,
    move: Callable[..., object],
    done: str,
    page: str = APPROVAL,
) -> HttpResponse:
    """One call, and the form as it was typed beside a refusal."""
    review: Review = load(ref)
    answer = Answer(opinions={action: form})
    if not form.is_valid():
        return show(request, page, review, full=page, status=422, answer=answer)
    try:
        move(review, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, page, review, full=page, status=409, answer=answer)
    messages.success(request, done)
    return redirect("reviews:approval" if page == APPROVAL else "reviews:detail", review.ref)


@require_http_methods(["GET", "POST"])
def rule(request: Request) -> HttpResponse:
    """Which verdicts get a second opinion by themselves, and which did before."""
    now = OpinionRule.objects.newest()
    initial = {"share": now.share, "topics": now.topics}
    form = RuleForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            opinions.set_rule(by=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "The new rule holds for verdicts submitted from now on.")
            return redirect("reviews:opinion-rule")
    rules = OpinionRule.objects.order_by("-pk")[: room.SHOWN]
    context = {
        "form": form,
        "rules": rules,
        "may": request.user.has_perm("reviews.approve_verdict"),
    }
    return render(request, "reviews/opinion_rule.html", context, status=422 if form.errors else 200)


@require_GET
def agreement(request: Request) -> HttpResponse:
    tables = [asdict(table) for table in room.tables()]
    return render(request, "reviews/agreement.html", {"tables": tables})

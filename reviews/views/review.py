"""One review: reading it, and holding it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from claims.models import Flag
from reviews import adoption, workflow
from reviews.forms import (
    DismissForm,
    FlagForm,
    HandOverForm,
    LeaseForm,
    ReasonForm,
)
from reviews.models import Review
from reviews.states import Action
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused

PAGE = "reviews/detail.html"


@require_GET
def detail(request: Request, ref: str) -> HttpResponse:
    return show(request, "reviews/_article_panel.html", load(ref))


@require_GET
def earlier(request: Request, ref: str) -> JsonResponse:
    """The published checks of what may be the same claim, for other programs."""
    review = load(ref)
    found = adoption.earlier_checks([review.claim_id]).get(review.claim_id, [])
    return JsonResponse(
        {"claim": review.claim.wording, "earlier": [one.as_document() for one in found]},
        json_dumps_params={"ensure_ascii": False},
    )


@require_POST
def take(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    try:
        workflow.take(review, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(review)


@require_POST
def release(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    form = LeaseForm(request.POST)
    if not form.is_valid():
        return show(request, PAGE, review, status=422)
    try:
        workflow.release(review, by=request.user, token=form.cleaned_data["token"])
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(review)
    messages.success(request, "Released. What you wrote stays for the next checker.")
    return redirect("reviews:queue")


@require_POST
def hand_over(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    form = HandOverForm(request.POST, prefix=Action.HAND_OVER)
    if not form.is_valid():
        return show(request, PAGE, review, status=422, answer=Answer(hand_over=form))
    try:
        workflow.hand_over(review, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, PAGE, review, status=409, answer=Answer(hand_over=form))
    messages.success(request, f"Handed over to {form.cleaned_data['to']}, who is told.")
    return redirect("reviews:queue")


@require_POST
def take_over(request: Request, ref: str) -> HttpResponse:
    form = ReasonForm(request.POST, prefix=Action.TAKE_OVER)
    done = "You hold it now; the colleague who held it is told why."
    return _with_reason(request, ref, Action.TAKE_OVER, form, workflow.take_over, done)


@require_POST
def renew(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    form = LeaseForm(request.POST)
    if not form.is_valid():
        return show(request, "reviews/_lease.html", review, status=422)
    try:
        workflow.renew(review, by=request.user, token=form.cleaned_data["token"])
    except Refused as refused:
        return show(
            request, "reviews/_lease.html", review, status=409, answer=Answer(problem=str(refused))
        )
    return show(request, "reviews/_lease.html", review) if request.htmx else redirect(review)


@require_POST
def decide_flag(request: Request, ref: str, flag_ref: str) -> HttpResponse:
    review = load(ref)
    flag = get_object_or_404(Flag.objects.select_related("article"), ref=flag_ref)
    form = FlagForm(request.POST)
    panel = "reviews/_article_panel.html"
    if not form.is_valid():
        return show(request, panel, review, status=422, answer=Answer(open_flag=flag.ref))
    try:
        workflow.decide_flag(review, flag=flag, by=request.user, **form.cleaned_data)
    except Refused as refused:
        reason = form.cleaned_data["reason"]
        answer = Answer(open_flag=flag.ref, flag_problem=str(refused), flag_reason=reason)
        return show(request, panel, review, status=409, answer=answer)
    if request.htmx:
        return show(request, panel, review, answer=Answer(open_flag=flag.ref))
    return redirect(f"{review.get_absolute_url()}?article={flag.article.ref}#flag-{flag.ref}")


@require_POST
def keep(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    form = LeaseForm(request.POST)
    if not form.is_valid():
        return show(request, PAGE, review, status=422)
    try:
        workflow.keep(review, by=request.user, token=form.cleaned_data["token"])
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The correction is given up; readers see what they saw before.")
    return redirect(review)


@require_POST
def dismiss(request: Request, ref: str) -> HttpResponse:
    form = DismissForm(request.POST, prefix=Action.DISMISS)
    return _with_reason(request, ref, Action.DISMISS, form, workflow.dismiss, "Dismissed.")


@require_POST
def reopen(request: Request, ref: str) -> HttpResponse:
    form = ReasonForm(request.POST, prefix=Action.REOPEN)
    return _with_reason(request, ref, Action.REOPEN, form, workflow.reopen, "Back in the queue.")


@require_POST
def correct(request: Request, ref: str) -> HttpResponse:
    form = ReasonForm(request.POST, prefix=Action.CORRECT)
    done = "You hold it for a correction; readers see the present check until the next is approved."
    return _with_reason(request, ref, Action.CORRECT, form, workflow.correct, done)


def _with_reason(
    request: Request,
    ref: str,
    action: Action,
    form: ReasonForm,
    move: Callable[..., None],
    done: str,
) -> HttpResponse:
    """The moves that ask why: one call, and the same answer to a refusal."""
    review: Review = load(ref)
    answer = Answer(reasons={action: form})
    if not form.is_valid():
        return show(request, PAGE, review, status=422, answer=answer)
    try:
        move(review, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, PAGE, review, status=409, answer=answer)
    messages.success(request, done)
    return redirect(review)

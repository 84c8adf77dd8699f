"""What a supervisor reads before deciding, and the decision."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from reviews import tasks, workflow
from reviews.forms import DecisionForm
from reviews.models import Review
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused

PAGE = "reviews/approval.html"


@require_GET
def approval(request: Request, ref: str) -> HttpResponse:
    return show(request, PAGE, load(ref), full=PAGE)


@require_POST
def approve(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _again(request, review, form, 422)
    try:
        approval = workflow.approve(review, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _again(request, review, form, 409)
    if not approval.completes:
        messages.success(request, f"Noted: approval {approval.part}. Another supervisor decides.")
        return redirect(review)
    tasks.publish.delay_on_commit(review_id=review.pk)
    messages.success(request, "Approved. It is being published.")
    return redirect(review)


@require_POST
def return_to_checker(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _again(request, review, form, 422)
    seq, comment = form.cleaned_data["seq"], form.cleaned_data["comment"]
    try:
        workflow.return_to_checker(review, by=request.user, seq=seq, comment=comment)
    except Refused as refused:
        form.add_error("comment", str(refused))
        return _again(request, review, form, 409)
    messages.success(request, f"Returned to {review.checker} with your comments.")
    return redirect(review)


def _again(request: Request, review: Review, form: DecisionForm, status: int) -> HttpResponse:
    return show(request, PAGE, review, full=PAGE, status=status, answer=Answer(decision=form))

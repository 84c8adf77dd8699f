"""What supervisors set about the order of the queue: weights, with a preview, and topics."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from reviews import arranging as room
from reviews.models import ReviewTopic, Reweighing, Weights
from reviews.queue_forms import TopicForm, WeightsForm
from reviews.views.page import Request
from reviews.workflow import Refused

KEPT = 20  # versions of the weights on the page


@require_http_methods(["GET", "POST"])
def weights(request: Request) -> HttpResponse:
    """The weights in force, or those asked for, with the order they give; POST puts them in force.

    `?from=<key>` fills in older ones.
    """
    form = WeightsForm(_older(request) or Weights.objects.newest(), _sent(request))
    is_sent = request.method == "POST" and "preview" not in request.POST
    if is_sent and form.is_valid():
        try:
            room.set_weights(by=request.user, **form.chosen(), why=form.cleaned_data["why"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "In force. The queue is being weighed anew.")
            return redirect("reviews:weights")
    context = _weighed(form) | {"form": form, "may": request.user.has_perm(room.MAY)}
    status = 422 if is_sent else 200
    return render(request, "reviews/weights.html", context, status=status)


def _older(request: Request) -> Weights | None:
    asked = request.GET.get("from", "")
    return Weights.objects.filter(pk=asked).first() if asked.isdecimal() else None


def _sent(request: Request) -> Any:
    return request.POST if request.method == "POST" else None


def _weighed(form: WeightsForm) -> dict[str, Any]:
    """The order that the form's weights give, the versions so far, and how far a pass is."""
    asked = form.weights()
    return {
        "placed": room.preview(asked) if asked else [],
        "versions": Weights.objects.order_by("-pk")[:KEPT],
        "under_way": Reweighing.objects.unfinished().first(),
        "last": Reweighing.objects.order_by("-pk").first(),
        "compared": room.COMPARED,
    }


@require_http_methods(["GET", "POST"])
def topics(request: Request) -> HttpResponse:
    """The topics, and a form for a new one."""
    return _topic_page(request, None)


@require_http_methods(["GET", "POST"])
def topic(request: Request, slug: str) -> HttpResponse:
    return _topic_page(request, get_object_or_404(ReviewTopic, slug=slug))


def _topic_page(request: Request, topic: ReviewTopic | None) -> HttpResponse:
    form = TopicForm(_sent(request), initial=TopicForm.of(topic))
    if request.method == "POST" and form.is_valid():
        try:
            kept = room.set_topic(by=request.user, topic=topic, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{kept.name} is kept; claims are put under it anew.")
            return redirect("reviews:topics")
    context = {
        "form": form, "topic": topic, "may": request.user.has_perm(room.MAY),
        "topics": ReviewTopic.objects.order_by("name"),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "reviews/topics.html", context, status=status)

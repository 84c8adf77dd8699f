"""Every version of a verdict: who, when, why, what changed, and whether the seal holds."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from reviews import history as room
from reviews import verification
from reviews.forms import CompareForm, RestoreForm
from reviews.models import VerdictVersion
from reviews.views.page import Request, ReviewPage, load
from reviews.workflow import Refused


@require_GET
def history(request: Request, ref: str) -> HttpResponse:
    page = ReviewPage(request, load(ref))
    if page.is_blind:
        return redirect(page.review)
    versions = _versions(page)
    old, new = _pair(CompareForm(request.GET), versions)
    context = {
        "page": page,
        "review": page.review,
        "versions": versions,
        "old": old,
        "new": new,
        "changes": room.compare(old, new) if new else [],
        "seal": verification.seal_of(page.verdict) if new else None,
    }
    return render(request, "reviews/history.html", context)


@require_POST
def restore(request: Request, ref: str, seq: int) -> HttpResponse:
    review = load(ref)
    form = RestoreForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Load the page again and restore once more.")
        return redirect("reviews:history", review.ref)
    token, on_top_of = form.cleaned_data["token"], form.cleaned_data["seq"]
    try:
        room.restore(review, by=request.user, token=token, seq=on_top_of, version_seq=seq)
    except (Refused, room.Conflict) as refused:
        messages.error(request, str(refused))
        return redirect("reviews:history", review.ref)
    messages.success(request, f"Version {seq} is restored as a new version.")
    return redirect(review)


def _versions(page: ReviewPage) -> list[VerdictVersion]:
    """Newest first, with the decisions on each. Cost: two queries."""
    if not page.verdict.pk:
        return []
    return list(page.verdict.versions.order_by("-seq").prefetch_related("decisions"))


def _pair(
    form: CompareForm, versions: list[VerdictVersion]
) -> tuple[VerdictVersion | None, VerdictVersion | None]:
    """The two versions to compare: those asked for, else the newest and the one before."""
    form.is_valid()
    by_seq = {version.seq: version for version in versions}
    newest = versions[0].seq if versions else 0
    new = by_seq.get(form.cleaned_data.get("new") or newest) or by_seq.get(newest)
    before = form.cleaned_data.get("old")
    if new is not None and not before:
        before = new.seq - 1
    return by_seq.get(before or 0), new

"""Which appearance belongs to which claim: suggestions, links by hand, merges and splits."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from claims import merging
from claims.models import Appearance, Claim, ClaimMerge, ClaimSplit, as_ref
from reviews import listing, regrouping
from reviews.views.page import Request
from reviews.workflow import Refused

FOUND = 20  # claims that a search offers
LONGEST_REASON = 500  # characters


@require_GET
def suggestions(request: Request) -> HttpResponse:
    rows, next_after = listing.suggestions(after=as_ref(request.GET.get("after", "")))
    context = {
        "suggestions": rows,
        "next_after": next_after,
        "is_later_page": "after" in request.GET,
    }
    return render(request, "reviews/suggestions.html", context)


@require_POST
@permission_required(regrouping.LINK, raise_exception=True)
def decide_suggestion(request: Request, ref: str) -> HttpResponse:
    row = get_object_or_404(listing.shown_suggestions(), ref=ref)
    problem = ""
    try:
        regrouping.decide(
            row, state=request.POST.get("state", ""), by=request.user, reason=_reason(request)
        )
    except Refused as refused:
        problem = str(refused)
    if request.htmx:
        row = listing.shown_suggestions().get(pk=row.pk)
        context = {"suggestion": row, "problem": problem}
        status = 409 if problem else 200
        return render(request, "reviews/_suggestion.html", context, status=status)
    if problem:
        messages.error(request, problem)
    return redirect("reviews:suggestions")


@require_GET
def regroup(request: Request, ref: str) -> HttpResponse:
    claim = get_object_or_404(Claim.objects.select_related("claimant"), ref=ref)
    if claim.merged_into:
        return redirect("reviews:regroup", claim.merged_into.ref)
    into = Claim.objects.filter(ref=as_ref(request.GET.get("into", ""))).first()
    words = request.GET.get("q", "").strip()
    context: dict[str, Any] = {
        "claim": claim,
        "preview": merging.preview(claim),
        "into": into,
        "words": words,
        "found": listing.claims_worded(words, but=claim)[:FOUND] if words else [],
        "merges": ClaimMerge.objects.filter(into=claim).select_related("claim", "by", "undone_by"),
        "splits": claim.splits.select_related("new_claim", "by", "undone_by"),
    }
    return render(request, "reviews/regroup.html", context)


@require_POST
@permission_required(regrouping.MERGE, raise_exception=True)
def merge(request: Request, ref: str) -> HttpResponse:
    claim, into = get_object_or_404(Claim, ref=ref), _asked(request)
    try:
        regrouping.merge(claim, into, by=request.user, reason=_reason(request))
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("reviews:regroup", claim.ref)
    messages.success(request, "Merged. Below you can undo it.")
    return redirect("reviews:regroup", into.ref)


@require_POST
@permission_required(regrouping.SPLIT, raise_exception=True)
def split(request: Request, ref: str) -> HttpResponse:
    claim = get_object_or_404(Claim, ref=ref)
    chosen = claim.appearances.filter(ref__in=request.POST.getlist("appearance"))
    try:
        regrouping.split(claim, chosen, by=request.user, reason=_reason(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Split. Below you can undo it.")
    return redirect("reviews:regroup", claim.ref)


@require_POST
@permission_required(regrouping.LINK, raise_exception=True)
def link(request: Request, ref: str) -> HttpResponse:
    appearance = get_object_or_404(Appearance.objects.select_related("claim"), ref=ref)
    into = _asked(request)
    try:
        regrouping.link(appearance, into, by=request.user, reason=_reason(request))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("reviews:regroup", into.ref)


@require_POST
@permission_required(regrouping.MERGE, raise_exception=True)
def undo_merge(request: Request, ref: str) -> HttpResponse:
    row = get_object_or_404(ClaimMerge.objects.select_related("claim", "into"), ref=ref)
    try:
        regrouping.undo_merge(row, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("reviews:regroup", row.into.ref)


@require_POST
@permission_required(regrouping.SPLIT, raise_exception=True)
def undo_split(request: Request, ref: str) -> HttpResponse:
    row = get_object_or_404(ClaimSplit.objects.select_related("claim", "new_claim"), ref=ref)
    try:
        regrouping.undo_split(row, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("reviews:regroup", row.claim.ref)


def _asked(request: Request) -> Claim:
    """The other claim: its reference, or its address on this desk."""
    asked = request.POST.get("into", "").strip().rstrip("/").rsplit("/", maxsplit=1)[-1]
    return get_object_or_404(Claim, ref=as_ref(asked))


def _reason(request: Request) -> str:
    return request.POST.get("reason", "").strip()[:LONGEST_REASON]

"""Which appearance belongs to which claim: suggestions, links by hand, merges and splits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from claims import listing as shelf
from claims import matching, merging
from claims.models import Appearance, Claim, ClaimMerge, ClaimSplit, Suggestion, as_ref
from reviews import listing, regrouping
from reviews.forms import RegroupForm, SuggestionForm
from reviews.models import Review
from reviews.views.page import Request
from reviews.workflow import Refused

FOUND = 20  # claims that a search offers
DONE = {
    Suggestion.State.CONFIRMED: "Confirmed. Under Decided you can take it back.",
    Suggestion.State.REJECTED: "Rejected. Under Decided you can take it back.",
    Suggestion.State.OPEN: "Taken back: it is open again.",
}


# Suggestions


@require_GET
def suggestions(request: Request) -> HttpResponse:
    decided, after = request.GET.get("show") == "decided", as_ref(request.GET.get("after", ""))
    rows, next_after = listing.suggestions(decided=decided, after=after)
    context = {
        "suggestions": rows,
        "next_after": next_after,
        "after": after,
        "is_later_page": "after" in request.GET,
        "decided": decided,
    }
    return render(request, "reviews/suggestions.html", context)


@require_POST
@permission_required(regrouping.LINK, raise_exception=True)
@vary_on_headers("HX-Request")
def decide_suggestion(request: Request, ref: str) -> HttpResponse:
    row = get_object_or_404(listing.shown_suggestions(), ref=ref)
    form, problem, status = SuggestionForm(request.POST), "", 200
    if not form.is_valid():
        problem, status = _first_problem(form), 422
    else:
        try:
            regrouping.decide(row, by=request.user, **form.cleaned_data)
        except Refused as refused:
            problem, status = str(refused), 409
    if not problem and not request.htmx:
        messages.success(request, DONE[form.cleaned_data["state"]])
        return redirect(_where_from(request))
    context = {
        "suggestion": listing.shown_suggestions().get(pk=row.pk),
        "problem": problem,
        "typed": request.POST.get("reason", "") if problem else "",
        "answered": True,
        "back": _where_from(request),
    }
    name = "reviews/_suggestion.html" if request.htmx else "reviews/suggestion.html"
    return render(request, name, context, status=status)


def _where_from(request: Request) -> str:
    """The page on which a suggestion was decided: of a claim, or the list, at the same place."""
    if ref := as_ref(request.POST.get("claim", "")):
        return reverse("claims:claim", args=[ref]) + "#suggestions"
    query = "&".join(
        f"{name}={value}"
        for name in ("show", "after")
        if (value := as_ref(request.POST.get(name, "")))
    )
    return reverse("reviews:suggestions") + (f"?{query}" if query else "")


# Merging, splitting and linking


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was sent to the page of a claim and refused: where, why, and all that was typed."""

    form: str = ""  # "merge", "split" or "link"
    problem: str = ""
    reason: str = ""
    ticked: tuple[str, ...] = ()


@require_GET
def regroup(request: Request, ref: str) -> HttpResponse:
    claim = get_object_or_404(Claim.objects.select_related("claimant"), ref=ref)
    if claim.merged_into:
        return redirect("reviews:regroup", claim.merged_into.ref)
    asked, words = request.GET.get("into", ""), request.GET.get("q", "")
    return _page(request, claim, into=_named(asked or (words if "/" in words else "")))


@require_POST
@permission_required(regrouping.MERGE, raise_exception=True)
def merge(request: Request, ref: str) -> HttpResponse:
    claim, form = get_object_or_404(Claim, ref=ref), RegroupForm(request.POST)
    into = get_object_or_404(Claim, ref=as_ref(request.POST.get("into", "")))
    if not form.is_valid():
        return _refused(request, claim, into, Typed(form="merge", problem=_first_problem(form)))
    try:
        regrouping.merge(claim, into, by=request.user, reason=form.cleaned_data["reason"])
    except Refused as refused:
        return _refused(request, claim, into, Typed(form="merge", problem=str(refused)))
    messages.success(request, "Merged. You can undo it below.")
    return redirect(reverse("reviews:regroup", args=[into.ref]) + "#done")


@require_POST
@permission_required(regrouping.SPLIT, raise_exception=True)
def split(request: Request, ref: str) -> HttpResponse:
    claim, form = get_object_or_404(Claim, ref=ref), RegroupForm(request.POST)
    chosen = claim.appearances.filter(ref__in=request.POST.getlist("appearance"))
    if not form.is_valid():
        return _refused(request, claim, None, Typed(form="split", problem=_first_problem(form)))
    try:
        regrouping.split(claim, chosen, by=request.user, reason=form.cleaned_data["reason"])
    except Refused as refused:
        return _refused(request, claim, None, Typed(form="split", problem=str(refused)))
    messages.success(request, "Split off. You can undo it below.")
    return redirect(reverse("reviews:regroup", args=[claim.ref]) + "#done")


@require_POST
@permission_required(regrouping.LINK, raise_exception=True)
def link(request: Request, ref: str) -> HttpResponse:
    appearance = get_object_or_404(Appearance.objects.select_related("claim"), ref=ref)
    into = get_object_or_404(Claim, ref=as_ref(request.POST.get("into", "")))
    claim, form = appearance.claim or into, RegroupForm(request.POST)
    if not form.is_valid():
        return _refused(request, claim, into, Typed(form="link", problem=_first_problem(form)))
    try:
        regrouping.link(appearance, into, by=request.user, reason=form.cleaned_data["reason"])
    except Refused as refused:
        return _refused(request, claim, into, Typed(form="link", problem=str(refused)))
    messages.success(request, "Linked. Beside the claim you can take it back.")
    return redirect(reverse("claims:claim", args=[into.ref]) + "#suggestions")


@require_POST
@permission_required(regrouping.MERGE, raise_exception=True)
def undo_merge(request: Request, ref: str) -> HttpResponse:
    row = get_object_or_404(ClaimMerge.objects.select_related("claim", "into"), ref=ref)
    return _undo(request, lambda: regrouping.undo_merge(row, by=request.user), row.into)


@require_POST
@permission_required(regrouping.SPLIT, raise_exception=True)
def undo_split(request: Request, ref: str) -> HttpResponse:
    row = get_object_or_404(ClaimSplit.objects.select_related("claim", "new_claim"), ref=ref)
    return _undo(request, lambda: regrouping.undo_split(row, by=request.user), row.claim)


def _undo(request: Request, undo: Callable[[], None], claim: Claim) -> HttpResponse:
    try:
        undo()
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Undone: everything is where it was.")
    return redirect(reverse("reviews:regroup", args=[claim.ref]) + "#done")


# What the page of a claim is told


def _page(
    request: Request, claim: Claim, *, into: Claim | None, typed: Typed | None = None
) -> HttpResponse:
    words, reviews = request.GET.get("q", "").replace("\0", "").strip(), Review.objects
    asked = request.GET.get("into", "")
    context: dict[str, Any] = {
        "claim": claim,
        "preview": (preview := merging.preview(claim, into)),
        "unlisted": preview.appearances - sum(one.copies for one in preview.wordings),
        "into": into,
        "is_unknown": bool(asked) and into is None,
        "refusal": regrouping.refusal(claim, into, request.user) if into else "",
        "ending": reviews.filter(claim=claim).select_related("checker").first(),
        "staying": reviews.filter(claim=into).select_related("checker").first() if into else None,
        "words": words,
        "found": listing.claims_worded(words, but=claim)[:FOUND] if words else [],
        "merges": shelf.merges(claim),
        "splits": shelf.splits(claim),
        "typed": typed or Typed(),
    }
    return render(request, "reviews/regroup.html", context, status=409 if typed else 200)


def _refused(request: Request, claim: Claim, into: Claim | None, typed: Typed) -> HttpResponse:
    """The page again, with what was typed and why it was refused, on the claim as it is now."""
    claim.refresh_from_db()
    if claim.merged_into:
        messages.error(request, typed.problem)
        return redirect("reviews:regroup", matching.survivor(claim).ref)
    ticked, reason = request.POST.getlist("appearance"), request.POST.get("reason", "")
    typed = Typed(form=typed.form, problem=typed.problem, reason=reason, ticked=tuple(ticked))
    return _page(request, claim, into=into and _standing(into), typed=typed)


def _standing(claim: Claim) -> Claim:
    """The claim itself as it is now, or what it was merged into."""
    claim.refresh_from_db()
    return matching.survivor(claim)


def _named(asked: str) -> Claim | None:
    """The standing claim of this reference, or at this address on the desk."""
    ref = as_ref(asked.strip().rstrip("/").rsplit("/", maxsplit=1)[-1])
    claim = Claim.objects.filter(ref=ref).first() if ref else None
    return matching.survivor(claim) if claim else None


def _first_problem(form: SuggestionForm | RegroupForm) -> str:
    return str(next(iter(form.errors.values()))[0])

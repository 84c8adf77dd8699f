"""What people ask us to check, for the desk to decide: the list, one of them, and the decisions."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from claims import tips as room
from claims.models import Claim, Tip, as_ref
from reviews.exchange_forms import AcceptForm, TipReasonForm
from reviews.models import Review
from reviews.views.page import Request

MAY_DECIDE, MAY_SEE = "claims.change_tip", "claims.see_contact"


@require_GET
def tips(request: Request) -> HttpResponse:
    asked = request.GET.get("show", "")
    state = Tip.State(asked) if asked in Tip.State else Tip.State.OPEN
    rows, next_after = room.page(state, after=as_ref(request.GET.get("after", "")))
    context = {
        "tips": rows, "state": state, "states": Tip.State.choices, "next_after": next_after,
        "is_later_page": "after" in request.GET, "sees_contact": request.user.has_perm(MAY_SEE),
        "may_hand_in": request.user.has_perm("claims.add_tip"),
    }  # fmt: skip
    return render(request, "reviews/tips.html", context)


@require_GET
def tip(request: Request, ref: str) -> HttpResponse:
    return _page(request, _load(ref))


@require_POST
@permission_required(MAY_DECIDE, raise_exception=True)
def accept(request: Request, ref: str) -> HttpResponse:
    row, form = _load(ref), AcceptForm(request.POST)
    if not form.is_valid():
        return _page(request, row, accepting=form)
    chosen = form.cleaned_data
    into = get_object_or_404(Claim, ref=chosen["into"]) if chosen["into"] else None
    try:
        claim = room.accept(
            row, by=request.user, into=into, wording=chosen["wording"], language=chosen["language"]
        )
    except room.Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, _load(ref), accepting=form)
    messages.success(request, f"Accepted: “{claim}” comes into the queue within seconds.")
    return redirect("reviews:tips")


@require_POST
@permission_required(MAY_DECIDE, raise_exception=True)
def dismiss(request: Request, ref: str) -> HttpResponse:
    row, form = _load(ref), TipReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, row, dismissing=form)
    try:
        room.dismiss(row, by=request.user, reason=form.cleaned_data["reason"])
    except room.Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, _load(ref), dismissing=form)
    messages.success(request, "Dismissed. Among the dismissed ones you can take it back.")
    return redirect("reviews:tips")


@require_POST
@permission_required(MAY_DECIDE, raise_exception=True)
def take_back(request: Request, ref: str) -> HttpResponse:
    row = _load(ref)
    try:
        room.take_back(row)
    except room.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "Open again.")
    return redirect("reviews:tip", ref)


def _load(ref: str) -> Tip:
    return get_object_or_404(
        Tip.objects.select_related("claim", "decided_by", "handed_by"), ref=ref
    )


def _page(
    request: Request, row: Tip, *,
    accepting: AcceptForm | None = None, dismissing: TipReasonForm | None = None,
) -> HttpResponse:  # fmt: skip
    found = room.matches(row) if row.state == Tip.State.OPEN else []
    known = Claim.objects.in_bulk([one.candidate.claim_id for one in found])
    initial = {"wording": row.text[: room.LONGEST_WORDING], "language": row.language}
    context = {
        "tip": row,
        "matches": [(known[one.candidate.claim_id], one) for one in found],
        "accepting": accepting or AcceptForm(initial=initial),
        "dismissing": dismissing or TipReasonForm(),
        "sees_contact": request.user.has_perm(MAY_SEE),
        "may_decide": request.user.has_perm(MAY_DECIDE),
        "opened": Review.objects.filter(claim=row.claim).first() if row.claim else None,
        "days": settings.TIP_CONTACTS_KEPT.days,
    }
    refused = accepting or dismissing
    return render(request, "reviews/tip.html", context, status=409 if refused else 200)

"""The policy: a reason to go without, in a review; and editing what is asked of every verdict."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from reviews import policy as room
from reviews.models import PolicyVersion
from reviews.policy_forms import ExemptionForm, TermsForm
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused

PANEL = "reviews/_policy_panel.html"
SHOWN = 20  # versions on one page

# In a review


@require_POST
def state(request: Request, ref: str) -> HttpResponse:
    return _stated(request, ref, takes_back=False)


@require_POST
def take_back(request: Request, ref: str) -> HttpResponse:
    return _stated(request, ref, takes_back=True)


def _stated(request: Request, ref: str, *, takes_back: bool) -> HttpResponse:
    """One call, and the panel with the reason as it was typed beside a refusal."""
    review, form = load(ref), ExemptionForm(request.POST)
    if not form.is_valid():
        return show(request, PANEL, review, status=422, answer=Answer(exemption=form))
    given = form.cleaned_data
    if takes_back:
        given.pop("reason")
    try:
        (room.take_back if takes_back else room.state)(review, by=request.user, **given)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, PANEL, review, status=409, answer=Answer(exemption=form))
    if request.htmx:
        return show(request, PANEL, review, answer=Answer(ticked=True))
    return redirect(f"{review.get_absolute_url()}#policy-panel")


# As a whole


@require_GET
def policy(request: Request) -> HttpResponse:
    newest = room.in_force()
    given = asdict(room.terms(newest)) | {"seq": newest.seq if newest else 0}
    return _page(request, TermsForm(initial=given))


@require_POST
def edit(request: Request) -> HttpResponse:
    form = TermsForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    seq, why = form.cleaned_data["seq"], form.cleaned_data["why"]
    try:
        version = room.edit(by=request.user, seq=seq, asked=form.asked(), why=why)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, form, status=409)
    messages.success(request, f"Version {version.seq} holds for every verdict from now on.")
    return redirect("reviews:policy")


def _page(request: Request, form: TermsForm, *, status: int = 200) -> HttpResponse:
    before = request.GET.get("before", "")
    versions = PolicyVersion.objects.newest_first()
    if before.isdecimal() and len(before) < 9:
        versions = versions.filter(seq__lt=int(before))
    rows = list(versions[: SHOWN + 1])
    newest = room.in_force()
    context = {
        "form": form,
        "newest": newest,
        "asked": room.told(room.terms(newest)),
        "may_edit": request.user.has_perm(room.EDIT),
        "versions": [
            (new, room.compare(old, new)) for new, old in zip(rows, [*rows[1:], None], strict=True)
        ][:SHOWN],
        "older": rows[SHOWN - 1].seq if len(rows) > SHOWN else 0,
    }
    return render(request, "reviews/policy.html", context, status=status)

"""Every version of a verdict: who, when, why, what changed, and whether the seal holds."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from reviews import checkpoints, redaction, verification
from reviews import export as room_of_files
from reviews import history as room
from reviews.forms import CompareForm, ReasonForm, RestoreForm
from reviews.models import Verdict, VerdictVersion, Verification
from reviews.states import REDACT, Action
from reviews.views.page import Request, ReviewPage, load
from reviews.workflow import Refused

LISTED = 100  # versions on one page


@require_GET
def history(request: Request, ref: str) -> HttpResponse:
    page = ReviewPage(request, load(ref))
    if page.is_blind:
        return redirect(page.review)
    form = CompareForm(request.GET, _people(page.verdict))
    versions, before = _versions(page.verdict, form)
    old, new = _pair(form, page.verdict)
    context = {
        "page": page,
        "review": page.review,
        "form": form,
        "versions": versions,
        "before": before,
        "old": old,
        "new": new,
        "changes": room.compare(old, new) if new else [],
        "seal": verification.seal_of(page.verdict) if new else None,
        "checked": Verification.objects.newest(),
        "covered": checkpoints.covered(page.verdict) if new else None,
    }
    return render(request, "reviews/history.html", context)


@require_GET
def version(request: Request, ref: str, seq: int) -> HttpResponse:
    """One version as it was, whatever came since; with `redact`, what may be blanked of it."""
    page = ReviewPage(request, load(ref))
    if page.is_blind:
        return redirect(page.review)
    return _version_page(request, page, seq, ReasonForm())


def _version_page(
    request: Request, page: ReviewPage, seq: int, form: ReasonForm, *, status: int = 200
) -> HttpResponse:
    found = page.verdict.versions.filter(seq=seq).first() if page.verdict.pk else None
    if found is None:
        raise Http404(f"There is no version {seq}.")
    may_redact = page.refusals.get(Action.REDACT) == ""
    context = {
        "page": page,
        "review": page.review,
        "version": found,
        "redaction": getattr(found, "redaction", None),
        "told": {room.FIELD_LABELS[k]: v for k, v in room.as_text(room.read(found)).items()},
        "decisions": found.decisions.order_by("pk"),
        "may_redact": may_redact,
        "why_not": redaction.refusal(page.review, page.verdict, found) if may_redact else "",
        "form": form,
    }
    return render(request, "reviews/version.html", context, status=status)


@require_GET
def export(request: Request, ref: str) -> HttpResponse:
    """The chain as a file that anybody can check without the desk."""
    page = ReviewPage(request, load(ref))
    if page.is_blind:
        return redirect(page.review)
    answer = JsonResponse(
        room_of_files.document(page.review), json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    answer["Content-Disposition"] = f'attachment; filename="history-{page.review.ref}.json"'
    return answer


@require_POST
@permission_required(REDACT, raise_exception=True)
def redact(request: Request, ref: str, seq: int) -> HttpResponse:
    page, form = ReviewPage(request, load(ref)), ReasonForm(request.POST)
    if page.is_blind:
        return redirect(page.review)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            redaction.redact(page.review, by=request.user, seq=seq, reason=reason)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"Version {seq} is redacted. Its hash stays in the chain.")
            return redirect("reviews:version", page.review.ref, seq)
    return _version_page(request, page, seq, form, status=422)


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


def _people(verdict: Verdict) -> dict[int, str]:
    """Who wrote a version, with the name as it was last. Cost: one query."""
    if not verdict.pk:
        return {}
    return dict(verdict.versions.order_by("seq").values_list("actor", "actor_name"))


def _versions(verdict: Verdict, form: CompareForm) -> tuple[list[VerdictVersion], int]:
    """Newest first, with the decisions on each, and before which the next page begins (0: none).

    Cost: three queries, five where what changed narrows them.
    """
    if not verdict.pk:
        return [], 0
    rows = verdict.versions.select_related("redaction").order_by("-seq")
    if who := form.asked("who"):
        rows = rows.filter(actor=who)
    if before := form.asked("before"):
        rows = rows.filter(seq__lt=before)
    if field := form.asked("field"):
        rows = rows.filter(seq__in=room.changing(verdict, field))
    found = list(rows.defer("content").prefetch_related("decisions")[: LISTED + 1])
    return found[:LISTED], found[LISTED - 1].seq if len(found) > LISTED else 0


def _pair(
    form: CompareForm, verdict: Verdict
) -> tuple[VerdictVersion | None, VerdictVersion | None]:
    """The two versions to compare: those asked for, else the newest and the one before."""
    asked: dict[str, Any] = {"new": form.asked("new"), "old": form.asked("old")}
    by_seq = {}
    if verdict.pk:
        wanted = {verdict.seq, verdict.seq - 1, *filter(None, asked.values())}
        wanted |= {(asked["new"] or 1) - 1}
        by_seq = {one.seq: one for one in verdict.versions.filter(seq__in=wanted)}
    new = by_seq.get(asked["new"] or verdict.seq) or by_seq.get(verdict.seq)
    before = asked["old"] or (new.seq - 1 if new else 0)
    return by_seq.get(before), new

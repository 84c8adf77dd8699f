"""Evidence: attaching it with a stance, withdrawing it with a reason."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from claims import archiving, capturing, depositing, photographing
from claims import tasks as claims_tasks
from claims.handing_out import as_download
from claims.models import Capture, Picture
from reviews import evidence as room
from reviews import history, opinions, tasks
from reviews.forms import EvidenceForm, WithdrawEvidenceForm
from reviews.models import EvidenceCopy, Review
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused

PANEL = "reviews/_evidence_panel.html"


@require_POST
def attach(request: Request, ref: str) -> HttpResponse:
    review = load(ref)
    form = EvidenceForm(request.POST, prefix="new")
    if not form.is_valid():
        return show(request, PANEL, review, status=422, answer=Answer(evidence=form))
    sealed = _is_on_the_newest(request, review)
    try:
        room.attach(review, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, PANEL, review, status=409, answer=Answer(evidence=form))
    tasks.archive_evidence.delay_on_commit()
    if request.htmx:
        return show(request, PANEL, review, answer=Answer(sealed=sealed))
    return redirect(f"{review.get_absolute_url()}#evidence-panel")


@require_POST
def withdraw(request: Request, ref: str, evidence_ref: str) -> HttpResponse:
    review = load(ref)
    evidence = get_object_or_404(review.evidence.select_related("review"), ref=evidence_ref)
    form = WithdrawEvidenceForm(request.POST)
    answer = Answer(withdrawal=(evidence.ref, form))
    if not form.is_valid():
        return show(request, PANEL, review, status=422, answer=answer)
    sealed = _is_on_the_newest(request, review)
    try:
        room.withdraw(evidence, by=request.user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, PANEL, review, status=409, answer=answer)
    if request.htmx:
        return show(request, PANEL, review, answer=Answer(sealed=sealed))
    return redirect(f"{review.get_absolute_url()}#evidence-panel")


@require_GET
def copy(request: Request, ref: str, evidence_ref: str) -> HttpResponse:
    """What stood at the address of a piece of evidence, as a file."""
    return _as_file(evidence_ref, _copy(request, ref, evidence_ref).capture)


@require_GET
def later(request: Request, ref: str, evidence_ref: str, change_ref: str) -> HttpResponse:
    """What stood there after one change, as a file."""
    changes = _copy(request, ref, evidence_ref).capture.page_changes.filter(ref=change_ref)
    after = Capture.objects.filter(pk__in=changes.values("after_capture"))
    return _as_file(evidence_ref, get_object_or_404(after))


@require_GET
def copy_warc(request: Request, ref: str, evidence_ref: str) -> HttpResponse:
    """The same with the exchange that brought it, as a WARC."""
    capture = _copy(request, ref, evidence_ref).capture
    name = f"evidence-{evidence_ref}-{capture.sha256[:12]}.warc.gz"
    return as_download(name, lambda: archiving.as_warc([capture]))


@require_GET
def picture(request: Request, ref: str, evidence_ref: str) -> HttpResponse:
    """How a browser showed that address, as an image to save."""
    sha256 = _picture(request, ref, evidence_ref).sha256
    name = f"evidence-{evidence_ref}-{sha256[:12]}.png"
    return as_download(name, lambda: archiving.content_at(sha256))


@require_GET
def printed(request: Request, ref: str, evidence_ref: str) -> HttpResponse:
    """How a browser prints what stood at that address, as a PDF to save."""
    sha256 = _picture(request, ref, evidence_ref).print_sha256
    name = f"evidence-{evidence_ref}-{sha256[:12]}.pdf"
    return as_download(name, lambda: archiving.content_at(sha256))


@require_POST
@permission_required("reviews.check_review", raise_exception=True)
def copy_again(request: Request, ref: str, evidence_ref: str) -> HttpResponse:
    """Try again what could not be had: the page itself, its picture, its public copy."""
    row = _copy(request, ref, evidence_ref)
    rooms = (capturing, photographing, depositing)
    tried = [room.take_again(row.capture) for room in rooms]  # each, also after one that does
    if any(tried):
        claims_tasks.sweep_captures.delay_on_commit()
        messages.success(request, "It is tried again within seconds.")
    else:
        messages.info(request, "Nothing to try again: it did not fail.")
    return redirect(f"{row.evidence.review.get_absolute_url()}#evidence-{evidence_ref}")


def _copy(request: Request, ref: str, evidence_ref: str) -> EvidenceCopy:
    review = load(ref)
    if opinions.hidden_from(request.user, review):
        raise Http404
    rows = EvidenceCopy.objects.select_related("capture", "evidence__review")
    return get_object_or_404(rows, evidence__review=review, evidence__ref=evidence_ref)


def _as_file(evidence_ref: str, capture: Capture) -> HttpResponse:
    name = f"evidence-{evidence_ref}-{capture.sha256[:12]}"
    ending = archiving.ENDINGS.get(capture.media_type, ".bin")
    return as_download(f"{name}{ending}", lambda: archiving.content_of(capture))


def _picture(request: Request, ref: str, evidence_ref: str) -> Picture:
    capture = _copy(request, ref, evidence_ref).capture
    return get_object_or_404(Picture, capture=capture, state=Picture.State.KEPT)


def _is_on_the_newest(request: Request, review: Review) -> bool:
    """Whether the open verdict form is on the newest version, and so may learn the next one.

    Where it is not, its next save still has to meet what was saved meanwhile.
    """
    newest = str(history.of(review).seq)
    return request.POST.get("over", newest) == newest

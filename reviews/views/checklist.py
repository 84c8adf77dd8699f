"""The checklist: ticking its points in a review, and editing it as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from claims import comparing
from reviews import checklists
from reviews.checklists import Difference
from reviews.forms import EditForm, LeaseForm, Points, PointsForm, TickForm, kinds
from reviews.models import ChecklistVersion
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused

PANEL = "reviews/_checklist_panel.html"
SHOWN = 20  # versions on one page

# In a review


@require_POST
def tick(request: Request, ref: str) -> HttpResponse:
    return _ticked(request, ref, TickForm(request.POST), checklists.tick)


@require_POST
def untick(request: Request, ref: str) -> HttpResponse:
    return _ticked(request, ref, TickForm(request.POST), checklists.untick)


@require_POST
def go_on_with_newest(request: Request, ref: str) -> HttpResponse:
    return _ticked(request, ref, LeaseForm(request.POST), checklists.go_on_with_newest)


def _ticked(
    request: Request, ref: str, form: LeaseForm, write: Callable[..., None]
) -> HttpResponse:
    """One call, and the panel with the note as it was typed beside a refusal."""
    review = load(ref)
    if not form.is_valid():
        problem = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return show(request, PANEL, review, status=422, answer=_unticked(form, problem))
    try:
        write(review, by=request.user, **form.cleaned_data)
    except Refused as refused:
        return show(request, PANEL, review, status=409, answer=_unticked(form, str(refused)))
    if request.htmx:
        return show(request, PANEL, review, answer=Answer(ticked=True))
    return redirect(f"{review.get_absolute_url()}#checklist-panel")


def _unticked(form: LeaseForm, problem: str) -> Answer:
    data = form.data
    return Answer(tick=(data.get("point", ""), data.get("note", ""), problem))


# As a whole


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """What became of one point, in words, and what its help says otherwise."""

    difference: Difference
    words: list[str]
    help: list[comparing.Change]


@require_GET
def checklist(request: Request) -> HttpResponse:
    newest = ChecklistVersion.objects.newest_first().first()
    points = PointsForm(initial=[asdict(point) for point in checklists.points(newest)])
    return _page(request, EditForm(initial={"seq": newest.seq if newest else 0}), points)


@require_POST
def edit(request: Request) -> HttpResponse:
    form, points = EditForm(request.POST), PointsForm(request.POST)
    if not (form.is_valid() and points.is_valid()):
        return _page(request, form, points, status=422)
    try:
        version = checklists.edit(by=request.user, points=points.points(), **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, form, points, status=409)
    messages.success(
        request, f"Version {version.seq} holds for every check that begins from now on."
    )
    return redirect("reviews:checklist")


def _page(request: Request, form: EditForm, points: Points, *, status: int = 200) -> HttpResponse:
    newest = ChecklistVersion.objects.newest_first().first()
    before = request.GET.get("before", "")
    versions = ChecklistVersion.objects.newest_first()
    if before.isdecimal() and len(before) < 9:
        versions = versions.filter(seq__lt=int(before))
    rows = list(versions[: SHOWN + 1])
    context = {
        "form": form,
        "points": points,
        "newest": newest,
        "asked": checklists.points(newest),
        "kinds": dict(kinds()),
        "may_edit": request.user.has_perm(checklists.EDIT),
        "versions": [
            (new, _shown(old, new)) for new, old in zip(rows, [*rows[1:], None], strict=True)
        ][:SHOWN],
        "older": rows[SHOWN - 1].seq if len(rows) > SHOWN else 0,
    }
    return render(request, "reviews/checklist.html", context, status=status)


def _shown(old: ChecklistVersion | None, new: ChecklistVersion) -> list[ShownDifference]:
    return [_in_words(difference) for difference in checklists.compare(old, new)]


def _in_words(difference: Difference) -> ShownDifference:
    point, was, names = difference.point, difference.was, dict(kinds())
    if was is None:
        return ShownDifference(difference, [], [])
    words = []
    if point.required != was.required:
        words.append("required now" if point.required else "not required any more")
    if point.kind != was.kind:
        words.append(
            f"asked only where this stands: {names.get(point.kind, point.kind)}"
            if point.kind
            else "always asked now"
        )
    if difference.what == "changed" and difference.moved:
        words.append("in another place")
    helped = list(comparing.word_diff(was.help, point.help)) if point.help != was.help else []
    return ShownDifference(difference, words, helped)

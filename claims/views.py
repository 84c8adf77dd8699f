"""What was said, to be read: stories, articles and how far the machine is with them, claims."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from claims import (
    archiving,
    correcting,
    derivation,
    failures,
    grouping,
    invisible,
    listing,
    marking,
    provenance,
    rulebook,
    timeline,
    watching,
)
from claims import stories as room
from claims.forms import CorrectionForm
from claims.handing_out import as_download
from claims.marking import Mark
from claims.models import (
    Analysis,
    Appearance,
    Article,
    Claim,
    Derivation,
    Flag,
    Snapshot,
    Source,
    Story,
    as_ref,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

RESTING = 50  # articles named as resting on a source
COPIES = 100  # articles in which a claim appears that its page lists
CHANGES = 200  # differences between copies shown of one claim, or of one story
SIGHTINGS = 10  # times an article was seen that its page lists
# What a guessed field is called on pages, where its own name does not say it.
GUESSED = correcting.CALLED | {"text": "encoding of the text"}
SUGGESTED = 500  # sources that are proposed while one is typed
LONGEST_REASON = 500  # characters
NO_STORY = "none"  # chosen instead of a story


class Request(HttpRequest):
    """A request as it reaches a view of the desk: asked about by htmx."""

    htmx: HtmxDetails


# Stories


@require_GET
def stories(request: HttpRequest) -> HttpResponse:
    rows, next_after = listing.stories(after=as_ref(request.GET.get("after", "")))
    context = {
        "stories": rows,
        "next_after": next_after,
        "is_later_page": "after" in request.GET,
    }
    return render(request, "claims/stories.html", context)


@require_GET
def story(request: HttpRequest, ref: str) -> HttpResponse:
    table = room.table(get_object_or_404(Story, ref=ref))
    changed = [change for row in table.rows for change in row.changes]
    context = {
        "story": table.story,
        "table": table,
        "drawing": timeline.draw(table),
        "changed": changed[:CHANGES],
        "unlisted": len(changed) - CHANGES,
    }
    return render(request, "claims/story.html", context)


@require_GET
def story_csv(request: HttpRequest, ref: str) -> HttpResponse:
    table = room.table(get_object_or_404(Story, ref=ref))
    answer = HttpResponse(room.as_csv(table), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="story-{table.story.ref}.csv"'
    return answer


@require_GET
def story_json(request: HttpRequest, ref: str) -> HttpResponse:
    table = room.table(get_object_or_404(Story, ref=ref))
    answer = JsonResponse(room.as_document(table))
    answer["Content-Disposition"] = f'attachment; filename="story-{table.story.ref}.json"'
    return answer


# What people decide about articles


@require_POST
@permission_required("claims.correct_article", raise_exception=True)
def correct(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(_articles(), ref=ref)
    form, by = CorrectionForm(request.POST, article=row), _person(request)
    if not form.is_valid():
        return _article_page(request, row, correction=form)
    try:
        changed = correcting.correct(row, by=by, seen=_typed(request, "seen"), **form.said())
    except correcting.NotCorrected as refused:
        form.add_error(refused.field or None, str(refused))
        return _article_page(request, row, correction=form)
    told = f"Corrected: {correcting.named(changed)}." if changed else "Nothing was changed."
    messages.success(request, told)
    return redirect(row)


@require_POST
@permission_required("claims.change_story", raise_exception=True)
def place(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(_articles(), ref=ref)
    user, asked = _person(request), _typed(request, "address") or _typed(request, "story")
    if "take_back" in request.POST:
        grouping.take_back(row, by=user)
        messages.success(request, "The machine grouped the article anew.")
        return redirect(row)
    if not asked:
        return _refused(request, row, "place", "Choose the story, or give its address.")
    story_ref = as_ref(asked.rstrip("/").rsplit("/", maxsplit=1)[-1])
    into = Story.objects.filter(ref=story_ref).first() if story_ref else None
    if into is None and asked != NO_STORY:
        return _refused(request, row, "place", f"No story here has the address “{asked}”.")
    try:
        grouping.place(row, into, by=user, at=timezone.now(), reason=_reason(request))
    except ValueError as refused:
        return _refused(request, row, "place", str(refused))
    told = f"Moved into “{into}”." if into else "Taken out of its story."
    messages.success(request, f"{told} Below you can take it back.")
    return redirect(row)


@require_POST
@permission_required("claims.change_derivation", raise_exception=True)
def add_derivation(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(_articles(), ref=ref)
    asked = _typed(request, "on")
    on = _named(asked)
    if on is None:
        problem = f"No source is called “{asked}”, and no article has that address."
        return _refused(request, row, "add", problem)
    try:
        derivation.add(row, on=on, by=_person(request), at=timezone.now(), reason=_reason(request))
    except ValueError as refused:
        return _refused(request, row, "add", str(refused))
    messages.success(request, f"Added: it rests on {on}. Beside it you can take that back.")
    return redirect(row)


@require_POST
@permission_required("claims.change_derivation", raise_exception=True)
def decide_derivation(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(Derivation.objects.select_related("article"), ref=ref)
    decision, user, now = request.POST.get("decision"), _person(request), timezone.now()
    article = get_object_or_404(_articles(), pk=row.article_id)
    if decision is None or decision not in Derivation.Decision.values:
        return _refused(request, article, row.ref, "An edge is confirmed, rejected or taken back.")
    reason, seen = _reason(request), request.POST.get("seen")
    try:
        derivation.decide(row, by=user, at=now, decision=decision, reason=reason, seen=seen)
    except ValueError as refused:
        return _refused(request, article, row.ref, str(refused))
    return redirect(f"{article.get_absolute_url()}#derivation-{row.ref}")


def _refused(request: HttpRequest, row: Article, form: str, problem: str) -> HttpResponse:
    """The page of an article again: what was wrong in one of its forms, and what was typed there.

    `form` is "place", "add", or the `ref` of the edge that was to be decided.
    """
    typed = {name: _typed(request, name) for name in ("story", "address", "on", "reason")}
    return _article_page(request, row, {"form": form, "problem": problem, **typed})


def _person(request: HttpRequest) -> AbstractUser:
    return cast("AbstractUser", request.user)


def _reason(request: HttpRequest) -> str:
    return _typed(request, "reason")[:LONGEST_REASON]


def _typed(request: HttpRequest, name: str) -> str:
    """What was typed into a field; a zero character, which no database stores, is left out."""
    return request.POST.get(name, "").replace("\0", "").strip()


def _named(asked: str) -> Article | Source | None:
    """The article at an address of this desk, else the source of that name."""
    ref = as_ref(asked.rstrip("/").rsplit("/", maxsplit=1)[-1])
    article = Article.objects.filter(ref=ref).select_related("source").first() if ref else None
    return article or Source.objects.named(asked).order_by("pk").first()


# Work in progress


@require_GET
@vary_on_headers("HX-Request")
def work(request: Request) -> HttpResponse:
    if request.htmx:
        return render(request, "claims/_figures.html", {"work": listing.work()})
    return _work_page(request)


def _work_page(request: HttpRequest, problem: str = "") -> HttpResponse:
    """The page of what is under way, failed and ignored; 409 with the problem of its form."""
    ignored = request.GET.get("show") == "ignored"
    rows, next_after = listing.not_done(ignored=ignored, after=as_ref(request.GET.get("after", "")))
    context = {
        "work": listing.work(),
        "analyses": rows,
        "ignored": ignored,
        "next_after": next_after,
        "is_later_page": "after" in request.GET,
        "may_decide": request.user.has_perm("claims.change_analysis"),
        "problem": problem,
        "reason": _typed(request, "reason"),
        "chosen": request.POST.getlist("article"),
        "longest_reason": LONGEST_REASON,
    }
    return render(request, "claims/work.html", context, status=409 if problem else 200)


def _chosen(request: HttpRequest) -> QuerySet[Analysis]:
    """The analyses that a form is about: of one article, of those ticked, or all there are."""
    if "all" in request.POST:
        return Analysis.objects.all()
    refs = [request.POST["only"]] if "only" in request.POST else request.POST.getlist("article")
    return Analysis.objects.filter(article__ref__in=list(map(as_ref, refs)))


@require_POST
@permission_required("claims.change_analysis", raise_exception=True)
def retry_failed(request: HttpRequest) -> HttpResponse:
    if count := failures.retry(_chosen(request), by=_person(request)):
        messages.success(request, f"{_articles_in_words(count)} analysed again within seconds.")
    else:
        messages.info(request, "None of these has failed: nothing to retry.")
    return redirect("claims:work")


@require_POST
@permission_required("claims.change_analysis", raise_exception=True)
def ignore_failed(request: HttpRequest) -> HttpResponse:
    by, reason = _person(request), _reason(request)
    try:
        count = failures.ignore(_chosen(request), by=by, at=timezone.now(), reason=reason)
    except ValueError as refused:
        return _work_page(request, str(refused))
    if count:
        told = f"{_articles_in_words(count)} ignored. Under “Ignored” you can take it back."
        messages.success(request, told)
    else:
        messages.info(request, "None of these has failed: nothing to ignore.")
    return redirect("claims:work")


@require_POST
@permission_required("claims.change_analysis", raise_exception=True)
def heed_ignored(request: HttpRequest) -> HttpResponse:
    if count := failures.heed(_chosen(request), by=_person(request)):
        messages.success(request, f"{_articles_in_words(count)} no longer ignored.")
    else:
        messages.info(request, "None of these is ignored.")
    return redirect(f"{reverse('claims:work')}?show=ignored")


def _articles_in_words(count: int) -> str:
    return "One article is" if count == 1 else f"{count:,} articles are"


@require_GET
@vary_on_headers("HX-Request")
def articles(request: Request) -> HttpResponse:
    asked = request.GET.get("status", "")
    status = asked if asked in Analysis.Status.values else ""
    rows, next_after = listing.articles(status=status, after=as_ref(request.GET.get("after", "")))
    counts = listing.progress()
    context = {
        "articles": rows,
        "next_after": next_after,
        "is_later_page": "after" in request.GET,
        "status": status,
        "tabs": [(state.value, state.label, _counted(counts[state])) for state in counts],
        "is_working": bool(counts[Analysis.Status.RECEIVED] + counts[Analysis.Status.ANALYSING]),
    }
    return render(
        request, "claims/_articles.html" if request.htmx else "claims/articles.html", context
    )


@require_POST
@permission_required("claims.change_analysis", raise_exception=True)
def retry(request: HttpRequest, ref: str) -> HttpResponse:
    article = get_object_or_404(Article.objects.select_related("analysis"), ref=ref)
    if failures.retry(Analysis.objects.filter(article=article), by=_person(request)):
        messages.success(request, f"“{article.title}” is analysed again within seconds.")
    else:
        state = article.analysis.get_status_display().lower()
        messages.info(request, f"Nothing to retry: “{article.title}” is {state}.")
    return redirect("claims:articles")


@require_GET
def article(request: HttpRequest, ref: str) -> HttpResponse:
    return _article_page(request, get_object_or_404(_articles(), ref=ref))


def _articles() -> QuerySet[Article]:
    """Articles with all that the page of one names."""
    rows = Article.objects.select_related(
        "source", "story", "analysis", "placed_by", "revises", "watch"
    )
    return rows.prefetch_related("snapshots", "revisions")


def _article_page(
    request: HttpRequest, row: Article, refused: dict[str, str] | None = None,
    correction: CorrectionForm | None = None,
) -> HttpResponse:  # fmt: skip
    appearances = row.appearances.current().select_related("claim", "claimant").order_by("start")
    flags = list(row.flags.select_related("claim", "decided_by").order_by("start", "pk"))
    shown = marking.beginning(row.text)
    context = {
        "article": row,
        "paragraphs": marking.paragraphs(shown, [*_flag_marks(flags), *_claim_marks(appearances)]),
        "unshown": len(row.text) - len(shown),
        "appearances": appearances,
        "flags": [(flag, _tone(flag), row.text[flag.start : flag.end]) for flag in flags],
        "derivations": row.derivations.select_related(
            "on_source", "on_article__source", "decided_by"
        ).order_by("start", "pk"),
        "page_changes": watching.changes_in(row),
        "strange": invisible.summary(invisible.odd_in(row.text)),
        "guessed": [GUESSED.get(name, name) for name in row.guessed],
        "sightings": row.sightings.order_by("-at", "-pk")[:SIGHTINGS],
        "unlisted_sightings": row.sightings.count() - SIGHTINGS,
        "refused": refused or {},
        "nearby": grouping.nearby(row) if request.user.has_perm("claims.change_story") else [],
        "corrections": correcting.corrections(row),
    }
    if request.user.has_perm("claims.correct_article"):
        names = Source.objects.order_by("name").values_list("name", flat=True)
        context |= {
            "correction": correction or CorrectionForm(article=row),
            "seen": correcting.token(row),
            "sources": names[:SUGGESTED],
        }
    return render(
        request, "claims/article.html", context, status=409 if refused or correction else 200
    )


@require_GET
def snapshot(request: HttpRequest, ref: str, sha256: str) -> HttpResponse:
    row = get_object_or_404(Snapshot, article__ref=ref, sha256=sha256)
    name = f"{ref}-{sha256[:12]}{archiving.ENDINGS.get(row.media_type, '.bin')}"
    return as_download(name, lambda: archiving.content_of(row))


@require_GET
def snapshots_warc(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(Article.objects.filter(snapshots__isnull=False).distinct(), ref=ref)
    return as_download(f"{ref}.warc.gz", lambda: archiving.as_warc(row.snapshots.order_by("pk")))


# Claims and sources


@require_GET
def claim(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(Claim.objects.select_related("claimant", "merged_into"), ref=ref)
    if row.merged_into:
        return redirect(reverse("claims:claim", args=[row.merged_into.ref]) + "#merged")
    standing = provenance.standing(row)
    changes = row.derived_flags.standing().select_related(
        "article__source", "against__article__source"
    )
    context = {
        "claim": row,
        "suggestions": listing.suggestions(row),
        "merged": row.merged.order_by("pk")[: listing.ROWS],
        "standing": standing,
        "fates": standing.fates[:COPIES],
        "unlisted": len(standing.fates) - COPIES,
        "page_changes": watching.changes_of(row),
        "changes": changes.order_by("article__published_on", "pk")[:CHANGES],
    }
    return render(request, "claims/claim.html", context)


@require_GET
def source(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(Source, ref=ref)
    rows, next_after = listing.articles(source=row, after=as_ref(request.GET.get("after", "")))
    resting = Derivation.objects.standing().filter(on_source=row)
    context = {
        "source": row,
        "articles": rows,
        "next_after": next_after,
        "is_later_page": "after" in request.GET,
        "resting": Article.objects.filter(pk__in=resting.values("article"))
        .select_related("source")
        .defer("text")
        .order_by("-received_at", "-pk")[:RESTING],
    }
    return render(request, "claims/source.html", context)


# What people decided about the flags of each rule


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    language = _language(request)
    context = {
        "rules": rulebook.rules(language=language),
        "language": language,
        "languages": rulebook.languages(),
        "confidence": round(100 * rulebook.CONFIDENCE),
    }
    return render(request, "claims/rules.html", context)


@require_GET
def rules_csv(request: HttpRequest) -> HttpResponse:
    judged = rulebook.rules(language=_language(request))
    answer = HttpResponse(rulebook.as_csv(judged), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="flags-by-rule.csv"'
    return answer


@require_GET
def rule(request: HttpRequest, rule: str) -> HttpResponse:
    if not Flag.objects.filter(rule=rule).exists():
        raise Http404
    state, language = request.GET.get("state", ""), _language(request)
    state = state if state in Flag.State else ""
    after = as_ref(request.GET.get("after", ""))
    rows, next_after = rulebook.flags(rule, state=state, language=language, after=after)
    narrowed = {name: one for name, one in (("state", state), ("language", language)) if one}
    context = {
        "rule": rule,
        "flags": [(flag, _tone(flag)) for flag in rows],
        "states": Flag.State.choices,
        "state": state,
        "language": language,
        "query": urlencode(narrowed),
        "next_query": urlencode(narrowed | {"after": next_after}) if next_after else "",
        "is_later_page": bool(after),
    }
    return render(request, "claims/rule.html", context)


def _language(request: HttpRequest) -> str:
    """The language asked for, if it can be one at all."""
    asked = request.GET.get("language", "")
    return asked if asked.replace("-", "").isalpha() and asked.isascii() else ""


# What the pages are told


def _counted(count: int) -> str:
    return f"{count:,}" if count <= listing.COUNTED else f"{listing.COUNTED:,}+"


def _tone(flag: Flag) -> str:
    """The style of a flag, which is also the name of its icon."""
    if flag.state == Flag.State.DISMISSED:
        return "dismissed"
    if flag.kind in ("disclaimer_dropped", "disclaimer_contradicted"):
        return "dropped"
    return "changed" if flag.claim_id else "unverified"


def _flag_marks(flags: list[Flag]) -> list[Mark]:
    return [
        Mark(
            flag.start,
            flag.end,
            f"mark mark-flag {_tone(flag)}",
            ref=flag.ref,
            label=f"flag: {flag.get_kind_display()}, {flag.get_state_display().lower()}",
        )
        for flag in flags
    ]


def _claim_marks(appearances: Iterable[Appearance]) -> list[Mark]:
    marks = []
    for found in appearances:
        marks.append(Mark(found.start, found.end, "mark mark-claim"))
        if found.cue_start is not None and found.cue_end is not None:
            marks.append(Mark(found.cue_start, found.cue_end, "mark mark-attribution"))
    return marks

"""What was said, to be read: stories, articles and how far the machine is with them, claims."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from claims import analysis, listing, marking, provenance, timeline
from claims import stories as room
from claims.marking import Mark
from claims.models import (
    Analysis,
    Appearance,
    Article,
    Claim,
    Derivation,
    Flag,
    Source,
    Story,
    as_ref,
)

RESTING = 50  # articles named as resting on a source


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
    context = {"story": table.story, "table": table, "drawing": timeline.draw(table)}
    return render(request, "claims/story.html", context)


# Work in progress


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
def retry(request: HttpRequest, ref: str) -> HttpResponse:
    article = get_object_or_404(Article.objects.select_related("analysis"), ref=ref)
    if article.analysis.status == Analysis.Status.FAILED:
        analysis.restart(article.analysis)
        messages.success(request, f"“{article.title}” is analysed again within seconds.")
    else:
        state = article.analysis.get_status_display().lower()
        messages.info(request, f"Nothing to retry: “{article.title}” is {state}.")
    return redirect("claims:articles")


@require_GET
def article(request: HttpRequest, ref: str) -> HttpResponse:
    articles = Article.objects.select_related("source", "story", "analysis")
    row = get_object_or_404(articles.prefetch_related("snapshots"), ref=ref)
    appearances = row.appearances.current().select_related("claim", "claimant").order_by("start")
    flags = list(row.flags.select_related("claim", "decided_by").order_by("start", "pk"))
    context = {
        "article": row,
        "paragraphs": marking.paragraphs(
            row.text, [*_flag_marks(flags), *_claim_marks(appearances)]
        ),
        "appearances": appearances,
        "flags": [(flag, _tone(flag), row.text[flag.start : flag.end]) for flag in flags],
        "derivations": row.derivations.standing().select_related("on_source", "on_article__source"),
    }
    return render(request, "claims/article.html", context)


# Claims and sources


@require_GET
def claim(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(Claim.objects.select_related("claimant"), ref=ref)
    context = {"claim": row, "standing": provenance.standing(row)}
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


# What the pages are told


def _counted(count: int) -> str:
    return f"{count:,}" if count <= listing.COUNTED else f"{listing.COUNTED:,}+"


def _tone(flag: Flag) -> str:
    """The style of a flag, which is also the name of its icon."""
    if flag.state == Flag.State.DISMISSED:
        return "dismissed"
    if flag.kind == "disclaimer_dropped":
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

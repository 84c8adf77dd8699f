"""What readers see: of a check, only what was frozen in `Publication.document` when published."""

from __future__ import annotations

import html
import logging
from datetime import datetime
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from claims import invisible
from claims.models import as_ref
from reviews import checks as shelf
from reviews import publication, ratings, signing
from reviews.models import Checkpoint, Evidence, Publication

logger = logging.getLogger(__name__)

SCRIPTS = settings.BASE_DIR / "factcheck/static/desk"
FRESH = 60  # seconds for which a reader's browser need not ask again
FEED_LENGTH = 1000
ATOM_LENGTH = 50


class SearchForm(forms.Form):
    """What makes no sense narrows nothing: an old link still works."""

    q = forms.CharField(
        label="Search the checks",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    rating = forms.ChoiceField(required=False, choices=[("", "Any rating"), *ratings.choices()])

    def found(self) -> dict[str, str]:
        """Return the words and the rating that could be read."""
        self.is_valid()
        read = self.cleaned_data
        return {"words": read.get("q", ""), "rating": read.get("rating", "")}


@require_safe
@login_not_required
@cache_control(public=True, max_age=FRESH)
def checks(request: HttpRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    wanted = form.found()
    page = shelf.page(shelf.found(**wanted), after=as_ref(request.GET.get("after", "")))
    older = request.GET.copy()
    older["after"] = page.next_after
    context = {
        "form": form,
        "documents": [_read(row.document, row.review.ref) for row in page.rows],
        "is_search": any(wanted.values()),
        "is_later_page": "after" in request.GET,
        "older": older.urlencode() if page.next_after else "",
    }
    return _render(request, "public/checks.html", context)


@require_safe
@login_not_required
@cache_control(public=True, max_age=FRESH)
def check(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(shelf.newest(), review__ref=ref)
    context = told(row.document, ref) | {"markup": _json_ld(publication.claim_review(row))}
    return _render(request, "public/check.html", context)


@require_safe
@login_not_required
@cache_control(public=True, max_age=FRESH)
def methodology(request: HttpRequest) -> HttpResponse:
    scale = ratings.SCALES[ratings.CURRENT_SCALE]
    return _render(
        request,
        "public/methodology.html",
        {"scale": scale, "scale_version": ratings.CURRENT_SCALE, "feed_length": FEED_LENGTH},
    )


@require_safe
@login_not_required
@cache_control(public=True, max_age=FRESH)
def verify_history(request: HttpRequest) -> HttpResponse:
    """How an outsider checks the history of a verdict, and checkpoints of the record."""
    context = {
        "script": _script("verify_history.py"),
        "checkpoint_script": _script("verify_checkpoint.py"),
        "newest": Checkpoint.objects.newest(),
        "keys": _keys(),
    }
    return _render(request, "public/verify_history.html", context)


@cache
def _script(name: str) -> str:
    return (SCRIPTS / name).read_text()


def _keys() -> list[dict[str, str]]:
    """The keys that sign checkpoints, the present one first; none where this process has none.

    They come from files, never from the database: who can rewrite that must not name the key, too.
    """
    try:
        keys = signing.public_keys()
    except signing.NoKey as error:
        logger.info("No key is shown: %s", error)
        return []
    return [{"pem": signing.pem(key), "fingerprint": signing.fingerprint(key)} for key in keys]


# Feeds. What is published is never edited, so how many publications there are, and the newest, say
# whether anything is new: one that commits late under a lower number is counted. A date would not
# tell it, nor two in one second; there is no Last-Modified.


def _etag(request: HttpRequest) -> str | None:
    row = Publication.objects.select_related("version").order_by("-pk").first()
    count = Publication.objects.count()
    return f'"{publication.SCHEMA}-{count}-{row.version.hash[:20]}"' if row else None


@require_safe
@login_not_required
@condition(etag_func=_etag)
def feed(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        publication.data_feed(shelf.newest()[:FEED_LENGTH]),
        json_dumps_params={"ensure_ascii": False},
    )


@require_safe
@login_not_required
@condition(etag_func=_etag)
def atom(request: HttpRequest) -> HttpResponse:
    return _atom_feed()(request)


class _Written(SimplerXMLGenerator):
    """Atom whose words are words: whatever stands in them, a reader shows it and runs nothing.

    Titles and summaries are said to be HTML and are escaped as such, since some programs take
    them for HTML whatever is said of them.
    """

    def addQuickElement(  # noqa: N802 (Django's name)
        self, name: str, contents: str | None = None, attrs: dict[str, str] | None = None
    ) -> None:
        if contents and name in ("title", "summary"):
            contents, attrs = html.escape(contents, quote=False), {"type": "html"}
        super().addQuickElement(name, contents, attrs)

    def characters(self, content: str) -> None:
        super().characters(invisible.writable(content))


class _Atom(Atom1Feed):
    def write(self, outfile: Any, encoding: Any) -> None:
        written = _Written(outfile, encoding, short_empty_elements=True)
        written.startDocument()
        written.startElement("feed", self.root_attributes())  # type: ignore[arg-type]
        self.add_root_elements(written)
        self.write_items(written)
        written.endElement("feed")


class ChecksFeed(Feed):
    """The newest checks for feed readers; a corrected one comes up again as updated."""

    feed_type = _Atom
    title = f"Fact checks by {settings.ORGANISATION}"
    link = f"{settings.PUBLIC_URL}/checks/"
    author_name = settings.ORGANISATION

    def feed_url(self) -> str:
        return f"{settings.PUBLIC_URL}{reverse('public:atom')}"

    def items(self) -> list[Publication]:
        return list(shelf.newest()[:ATOM_LENGTH])

    def item_title(self, item: Publication) -> str:
        return f"{item.document['rating']['label']}: {item.document['claim']}"

    def item_description(self, item: Publication) -> str:
        return str(item.document["summary"])

    def item_link(self, item: Publication) -> str:
        return str(item.document["url"])

    def item_pubdate(self, item: Publication) -> datetime | None:
        return parse_datetime(item.document["published_at"])

    def item_updateddate(self, item: Publication) -> datetime | None:
        return parse_datetime(item.document["modified_at"])


@cache
def _atom_feed() -> ChecksFeed:
    return ChecksFeed()


# What the pages are told


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    house = {"organisation": settings.ORGANISATION, "contact": settings.CONTACT_EMAIL}
    return render(request, template, house | context)


def told(document: dict[str, Any], ref: str) -> dict[str, Any]:
    """Return what `public/_check.html` draws a document from."""
    return {
        "check": _read(document, ref),
        "stances": _by_stance(document["evidence"]),
        "contact": settings.CONTACT_EMAIL,
    }


def _read(document: dict[str, Any], ref: str) -> dict[str, Any]:
    """A document, its moments read as times, with the whole scale its rating is on."""
    scale = ratings.SCALES[document["rating"]["scale"]]
    return document | {
        "ref": ref,
        "published_at": parse_datetime(document["published_at"]),
        "modified_at": parse_datetime(document["modified_at"]),
        "appearances": [
            place | {"date": parse_date(place["date"]) if place["date"] else None}
            for place in document["appearances"]
        ],
        "corrections": [
            note | {"at": parse_datetime(note["at"])} for note in document["corrections"]
        ],
        "scale": sorted(
            (step for step in scale if step.value is not None), key=lambda step: step.value or 0
        ),
    }


def _by_stance(evidence: list[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """The evidence under a heading each, with what to say where there is none of it."""
    headings = [
        (Evidence.Stance.REFUTES, "Against the claim", "We cite nothing against the claim."),
        (Evidence.Stance.SUPPORTS, "For the claim", "We cite nothing for the claim."),
        (Evidence.Stance.CONTEXT, "Context", ""),
    ]
    return [
        (
            heading,
            otherwise,
            [
                item | {"added_at": parse_datetime(item["added_at"])}
                for item in evidence
                if item["stance"] == stance
            ],
        )
        for stance, heading, otherwise in headings
    ]


def _json_ld(markup: dict[str, Any]) -> SafeString:
    """Return `markup` as a data block, escaped as Django's `json_script` does: no text ends it."""
    block = json_script(markup)
    return SafeString(block.replace("application/json", "application/ld+json", 1))

"""Handing articles in: an address, files or a text; then what was read of it, to keep or drop."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from claims import (
    correcting,
    importing,
    intake,
    invisible,
    listing,
    marking,
    offering,
    reading,
    tasks,
)
from claims.correcting import NotCorrected
from claims.forms import LONGEST_QUOTATION, AddressesForm, OfferForm, PageForm, PastedForm
from claims.intake import Match
from claims.marking import Mark
from claims.models import Article, Import, Offer, Source
from claims.offering import NotOffered
from claims.reading import Busy, Unreadable
from claims.uploading import MB, left_out

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

MAY = "claims.add_offer"
SUGGESTED = 500  # sources that are proposed while one is typed
SHOWN = 20_000  # characters of a text before it is kept
AT_ONCE = 2_000_000  # bytes of a bundle that is opened while its sender waits
BUNDLES = (".zip", ".warc", ".gz")
NOTHING_CHOSEN = "Choose at least one file."

may_hand_in = permission_required(MAY, raise_exception=True)


class Request(HttpRequest):
    """A request as it reaches a view of the desk: asked about by htmx."""

    htmx: HtmxDetails


@require_http_methods(["GET", "POST"])
@may_hand_in
def hand_in(request: HttpRequest) -> HttpResponse:
    """The four ways in; POST takes what came by one of them. An address may be filled in."""
    if request.method == "POST":
        way = {"files": _files, "text": _text, "addresses": _addresses}.get(
            request.POST.get("way", ""), _address
        )
        return way(request)
    given = {
        "address": request.GET.get("url", "")[:2000],
        "quotation": request.GET.get("quote", "")[:LONGEST_QUOTATION],
    }
    return _ways(request, page=PageForm(initial=given))


@require_GET
@may_hand_in
def bookmarklet(request: HttpRequest) -> HttpResponse:
    where = request.build_absolute_uri(reverse("claims:hand-in"))
    return render(request, "claims/bookmarklet.html", {"where": where})


@require_GET
@may_hand_in
@vary_on_headers("HX-Request")
def offer(request: Request, ref: str) -> HttpResponse:
    row = get_object_or_404(_offers(), ref=ref)
    if request.htmx:
        answer = render(request, "claims/_offer_state.html", {"offer": row})
        if row.state != Offer.State.LOOKING:
            answer["HX-Refresh"] = "true"  # the page has more to show now
        return answer
    return redirect(row.article) if row.article else _page(request, row)


@require_POST
@may_hand_in
def keep(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(_offers(), ref=ref)
    form = OfferForm(request.POST, document=offering.document_of(row))
    if row.state == Offer.State.READ and not form.is_valid():
        return _page(request, row, form, status=422)
    fields, was_kept = (form.cleaned_data if form.is_valid() else {}), bool(row.article)
    try:
        receipt = offering.keep(row, match=request.POST.get("match", ""), **fields)
    except offering.Changed as changed:
        return _page(request, row, form, status=409, match=changed.match)
    except NotOffered as refused:
        form.add_error(None, str(refused))
        return _page(request, row, form, status=422)
    tasks.sweep_analyses.delay_on_commit()
    messages.success(request, "Kept." if receipt.is_new else "Known already: noted as seen again.")
    if not receipt.is_new and not was_kept:
        _correct_known(request, receipt.article, form)
    return redirect(receipt.article)


@require_POST
@may_hand_in
def drop(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(_offers(), ref=ref)
    if offering.drop(row):
        messages.success(request, f"Dropped: “{row}”. Nothing of it is an article.")
    else:
        messages.info(request, "Nothing to drop: it was kept meanwhile.")
    return redirect("claims:hand-in")


@require_POST
@may_hand_in
def look(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(_offers(), ref=ref)
    if offering.look_again(row):
        tasks.look_at_offer.delay_on_commit(offer_id=row.pk)
    return redirect(row)


def _correct_known(request: HttpRequest, article: Article, form: OfferForm) -> None:
    """Write what was typed of an article that is known into it; say what became of it."""
    read = form.document
    typed = {name: one for name, one in form.cleaned_data.items() if one != getattr(read, name)}
    facts = {name: value for name, value in typed.items() if name in correcting.FIELDS}
    try:
        if facts and not request.user.has_perm("claims.correct_article"):
            raise NotCorrected("Your role does not allow this.")
        by, why = _person(request), "Said when it was handed in again."
        changed = correcting.correct(article, by=by, reason=why, **facts) if facts else []
    except NotCorrected as refused:
        messages.warning(request, f"What you typed is not written into it. {refused}")
    else:
        if changed:
            messages.success(request, f"Corrected: {correcting.named(changed)}.")
    if typed.keys() - facts.keys():
        messages.warning(request, "Its text and its canonical address stay as they are known.")


# Four ways in


def _address(request: HttpRequest) -> HttpResponse:
    form = PageForm(request.POST)
    if form.is_valid():
        try:
            row = offering.ask(
                form.cleaned_data["address"],
                by=_person(request),
                quotation=form.cleaned_data["quotation"],
            )
        except NotOffered as refused:
            form.add_error("address", str(refused))
        else:
            tasks.look_at_offer.delay_on_commit(offer_id=row.pk)
            return redirect(row)
    return _ways(request, page=form, status=422)


def _addresses(request: HttpRequest) -> HttpResponse:
    form = AddressesForm(request.POST)
    if form.is_valid():
        try:
            handed = importing.asked_for(form.cleaned_data["addresses"])
        except Unreadable as error:
            form.add_error("addresses", str(error))
        else:
            batch = importing.begin(handed, by=_person(request))
            tasks.sweep_imports.delay_on_commit()
            return redirect(batch)
    return _ways(request, addresses=form, status=422)


def _text(request: HttpRequest) -> HttpResponse:
    form = PastedForm(request.POST)
    if form.is_valid():
        content, url = form.cleaned_data["text"].encode(), form.cleaned_data["stands_at"]
        try:
            return redirect(
                offering.offer(
                    content,
                    name=offering.PASTED,
                    media_type="text/plain; charset=utf-8",
                    url=url,
                    by=_person(request),
                )
            )
        except NotOffered as refused:
            form.add_error("text", str(refused))
        except Busy as busy:
            form.add_error("text", str(busy))
            return _ways(request, pasted=form, status=503)
    return _ways(request, pasted=form, status=422)


def _files(request: HttpRequest) -> HttpResponse:
    files, refused = request.FILES.getlist("files"), left_out(request)
    try:
        if len(files) == 1 and not refused and _is_quick(files[0]):
            made = _one(request, files[0])
        elif files:
            made = _many(request, files, refused)
        else:
            told = [f"{reading.label(name, 200)}: {why}" for name, why in refused]
            raise NotOffered(" ".join(told) or NOTHING_CHOSEN)
    except NotOffered as error:
        return _ways(request, problem=str(error), status=422)
    except Busy as busy:
        return _ways(request, problem=str(busy), status=503)
    if isinstance(made, Import):
        tasks.sweep_imports.delay_on_commit()
    return redirect(made)


def _is_quick(file: UploadedFile) -> bool:
    """Whether it can be read while its sender waits."""
    bundle = (file.name or "").lower().endswith(BUNDLES)
    return (file.size or 0) <= (AT_ONCE if bundle else reading.LARGEST)


def _one(request: HttpRequest, file: UploadedFile) -> Offer | Import:
    return offering.offer(file.read(), name=file.name or "file", by=_person(request))


def _many(
    request: HttpRequest, files: list[UploadedFile], refused: list[tuple[str, str]]
) -> Import:
    handed = importing.handed_in((file.name or "file", file.read) for file in files)
    left = [importing.Handed(reading.label(name, 2000), why=why) for name, why in refused]
    return importing.begin([*handed, *left], by=_person(request))


# Pages


def _ways(
    request: HttpRequest, *, page: PageForm | None = None, pasted: PastedForm | None = None,
    addresses: AddressesForm | None = None, problem: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        "page": page or PageForm(),
        "addresses": addresses or AddressesForm(),
        "pasted": pasted or PastedForm(),
        "problem": problem,
        "offers": listing.offers(_person(request).pk),
        "endings": reading.ENDINGS,
        "largest": settings.UPLOAD_FILE // MB,
        "at_once": settings.UPLOAD_ALL // MB,
        "many": settings.UPLOAD_FILES,
    }
    return render(request, "claims/hand_in.html", context, status=status)


def _page(
    request: HttpRequest, row: Offer, form: OfferForm | None = None, *, status: int = 200,
    match: Match | None = None,
) -> HttpResponse:  # fmt: skip
    document = offering.document_of(row)
    found = _quoted(row)
    context: dict[str, Any] = {"offer": row, "changed": match is not None, "found": bool(found)}
    if row.state == Offer.State.READ:
        context |= {
            "form": form or OfferForm(document=document),
            "match": match or intake.match(document),
            "guessed": row.guessed,
            "paragraphs": marking.paragraphs(row.text[:SHOWN], found),
            "unshown": max(len(row.text) - SHOWN, 0),
            "strange": invisible.summary(invisible.odd_in(row.text)),
            "sources": Source.objects.order_by("name").values_list("name", flat=True)[:SUGGESTED],
        }
    return render(request, "claims/offer.html", context, status=status)


def _quoted(row: Offer) -> list[Mark]:
    """Where the marked passage stands in what was read, whatever space is between its words."""
    words = row.quotation.split()
    shown = row.text[:SHOWN]  # what is not shown need not be found
    found = re.search(r"\s+".join(map(re.escape, words)), shown) if words else None
    return [Mark(*found.span(), style="mark mark-claim")] if found else []


def _offers() -> Any:
    return Offer.objects.select_related("by", "article").defer("article__text")


def _person(request: HttpRequest) -> AbstractUser:
    return cast("AbstractUser", request.user)

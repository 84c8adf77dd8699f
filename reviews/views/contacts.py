"""The claimant-contact log: noting who was asked, what they replied, and putting it right."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from reviews import contacts as room
from reviews.forms import ContactForm
from reviews.models import Contact, Review
from reviews.views.contact_log import Noted, correct_form, reply_form
from reviews.views.page import Answer, Request, load, show
from reviews.workflow import Refused

PANEL = "reviews/_contacts_panel.html"


@require_POST
def note(request: Request, ref: str) -> HttpResponse:
    form = ContactForm(request.POST, prefix="contact")
    review = load(ref)

    def write() -> None:
        token = form.cleaned_data["token"]
        room.note(review, by=request.user, token=token, told=form.told())

    return _noted(request, review, Noted(form), write)


@require_POST
def reply(request: Request, ref: str, contact_ref: str) -> HttpResponse:
    review, contact = _load(ref, contact_ref)
    form = reply_form(contact, request.POST)

    def write() -> None:
        room.note_reply(contact, by=request.user, **form.cleaned_data)

    return _noted(request, review, Noted(form, contact), write)


@require_POST
def correct(request: Request, ref: str, contact_ref: str) -> HttpResponse:
    review, contact = _load(ref, contact_ref)
    form = correct_form(contact, request.POST)

    def write() -> None:
        token, why = form.cleaned_data["token"], form.cleaned_data["why"]
        room.correct(contact, by=request.user, token=token, told=form.told(), why=why)

    return _noted(request, review, Noted(form, contact), write)


def _load(ref: str, contact_ref: str) -> tuple[Review, Contact]:
    review = load(ref)
    return review, get_object_or_404(review.contacts.select_related("review"), ref=contact_ref)


def _noted(
    request: Request, review: Review, noted: Noted, write: Callable[[], None]
) -> HttpResponse:
    """One call, and the form as it was typed beside a refusal."""
    form: forms.Form = noted.form
    if not form.is_valid():
        return show(request, PANEL, review, status=422, answer=Answer(contact=noted))
    try:
        write()
    except Refused as refused:
        form.add_error(None, str(refused))
        return show(request, PANEL, review, status=409, answer=Answer(contact=noted))
    if request.htmx:
        return show(request, PANEL, review)
    return redirect(f"{review.get_absolute_url()}#contacts-panel")

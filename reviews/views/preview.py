"""The public page as it would be, drawn from what is typed. Nothing is stored."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from reviews import leases, publication
from reviews.forms import VerdictForm
from reviews.views import public
from reviews.views.page import Request, load


@require_POST
def preview(request: Request, ref: str) -> HttpResponse:
    """Answer htmx with the fragment and everyone else with a page; only to who may save it."""
    review, form = load(ref), VerdictForm(request.POST)
    problem, status, context = "", 200, {}
    if not form.is_valid():
        problem, status = "Something typed cannot be published as it is.", 422
    elif reason := leases.may_not_write(review, request.user, form.cleaned_data["token"]):
        problem, status = reason, 409
    else:
        document = publication.preview(review, form.draft(), by=request.user)
        context = public.told(document, review.ref)
    name = "reviews/_preview.html" if request.htmx else "reviews/preview.html"
    context |= {"review": review, "form": form, "problem": problem}
    response = render(request, name, context, status=status)
    response["Vary"] = "HX-Request"
    return response

"""Checks that others published: the list, and a form to take more in."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from claims import outside as room
from claims import reading
from claims.models import as_ref
from reviews.exchange_forms import ChecksForm
from reviews.views.page import Request

MAY = "claims.add_outsidecheck"


@require_http_methods(["GET", "POST"])
def checks(request: Request) -> HttpResponse:
    """What others found, last received first; POST takes a file or a text in and tells of each."""
    is_sent, taken, refused = request.method == "POST", None, 422
    form = ChecksForm(request.POST, request.FILES) if is_sent else ChecksForm()
    if is_sent and not request.user.has_perm(MAY):
        raise PermissionDenied
    if is_sent and form.is_valid():
        content, name = form.content()
        if content.strip():
            try:
                taken = room.take_in(content, name=name, by=request.user, wait=reading.WAIT)
            except reading.Busy as busy:
                refused = 503
                form.add_error(None, str(busy))
        else:
            form.add_error(None, "Choose a file, or paste the text.")
    rows, next_after = room.page(after=as_ref(request.GET.get("after", "")))
    context = {
        "form": form, "taken": taken, "checks": rows, "next_after": next_after,
        "is_later_page": "after" in request.GET, "may": request.user.has_perm(MAY),
    }  # fmt: skip
    status = refused if is_sent and not (taken and taken.receipts) else 200
    return render(request, "reviews/outside_checks.html", context, status=status)

"""A table of claims from another desk: previewed, and kept row by row when a person says so."""

from __future__ import annotations

import base64

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from claims import tables as room
from claims.reading import Unreadable
from reviews.exchange_forms import TableForm
from reviews.views.page import Request


@require_http_methods(["GET", "POST"])
@permission_required("claims.add_tip", raise_exception=True)
def table(request: Request) -> HttpResponse:
    """The form; POST shows what would become of each row, with `keep` does it, or gives a file."""
    is_sent = request.method == "POST"
    form = TableForm(request.POST, request.FILES) if is_sent else TableForm()
    context: dict[str, object] = {"form": form, "names": room.NAMES, "most": room.MOST_ROWS}
    if not is_sent:
        return render(request, "reviews/table.html", context)
    try:
        content, name = form.content() if form.is_valid() else (b"", "")
        keep = "keep" in request.POST
        do = room.take_in if keep else room.preview
        report = do(content, name=name, by=request.user, most=room.MOST_ROWS)
    except Unreadable as error:
        form.add_error(None, str(error))
        return render(request, "reviews/table.html", context, status=422)
    if "csv" in request.POST:
        return _csv(report)
    context |= {"report": report, "is_kept": keep, "packed": base64.b64encode(content).decode(),
                "name": name}  # fmt: skip
    return render(request, "reviews/table.html", context)


def _csv(report: room.Report) -> HttpResponse:
    answer = HttpResponse(room.as_csv(report), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="answers.csv"'
    return answer

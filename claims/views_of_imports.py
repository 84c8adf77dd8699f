"""Imports of many files: how far each is, what became of every file, and trying again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from claims import importing, listing, tasks
from claims.models import Import, ImportItem, as_ref

MAY = "claims.add_offer"
TABS = ("new", "known", "failed", "waiting")


class Request(HttpRequest):
    """A request as it reaches a view of the desk: asked about by htmx."""

    htmx: HtmxDetails


@require_GET
def imports(request: HttpRequest) -> HttpResponse:
    rows, next_after = listing.imports(after=as_ref(request.GET.get("after", "")))
    context = {
        "imports": rows,
        "next_after": next_after,
        "is_later_page": "after" in request.GET,
        "may": request.user.has_perm(MAY),
    }
    return render(request, "claims/imports.html", context)


@require_GET
@vary_on_headers("HX-Request")
def batch(request: Request, ref: str) -> HttpResponse:
    row = get_object_or_404(Import.objects.select_related("by"), ref=ref)
    context = _told(row)
    if request.htmx:
        answer = render(request, "claims/_import_progress.html", context)
        if not context["progress"].waiting:
            answer["HX-Refresh"] = "true"  # the list below has come to its end
        return answer
    asked = request.GET.get("state", "")
    state = asked if asked in TABS else ""
    after = as_ref(request.GET.get("after", ""))
    items, next_after = listing.import_items(row, state=state, after=after)
    counts = context["progress"]
    context |= {
        "items": items,
        "next_after": next_after,
        "is_later_page": "after" in request.GET,
        "status": state,
        "tabs": [(one, ImportItem.State(one).label, getattr(counts, one)) for one in TABS],
        "may": request.user.has_perm(MAY),
    }
    return render(request, "claims/import.html", context)


@require_POST
@permission_required(MAY, raise_exception=True)
def retry(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(Import, ref=ref)
    if many := importing.retry(row):
        tasks.sweep_imports.delay_on_commit()
        messages.success(request, f"{many} on the list again.")
    else:
        messages.info(request, "Nothing to retry: no file failed whose bytes are here.")
    return redirect(row)


@require_GET
def report(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(Import, ref=ref)
    content = importing.as_csv(row, address=request.build_absolute_uri("/").rstrip("/"))
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{row.ref}.csv"'
    return answer


def _told(row: Import) -> dict[str, Any]:
    return {"batch": row, "progress": importing.progress(row)}

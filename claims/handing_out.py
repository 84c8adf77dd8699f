"""Bytes that strangers made, handed out as a file to save and never as a page of ours."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpResponse

from claims import archiving


def as_download(name: str, content: Callable[[], bytes]) -> HttpResponse:
    """Answer with bytes to be saved as `name`, without any right in a browser.

    :raises Http404: if they are not on the shelf, or not what they were.
    """
    try:
        answer = HttpResponse(content(), content_type="application/octet-stream")
    except archiving.Missing as missing:
        raise Http404(f"{missing}") from missing
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer

"""What strangers send to pages that are open to all is measured before it is read.

The check of CSRF reads a form before anything asks who sent it; so this stands before that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

OF_ANYBODY = 100_000  # bytes: the longest tip, percent-encoded, and more


class SmallForms(MiddlewareMixin):
    """Refuse a body larger than any form that is open to all, and read nothing of it."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, fields: Any
    ) -> HttpResponse | None:
        """Answer 413 for such a body. The API, which has no cookies, measures for itself."""
        if getattr(view, "login_required", True) or getattr(view, "csrf_exempt", False):
            return None
        size = str(request.META.get("CONTENT_LENGTH") or "0")
        if size.isdecimal() and int(size) <= OF_ANYBODY:
            return None
        return HttpResponse("This is too much at once.", status=413, content_type="text/plain")

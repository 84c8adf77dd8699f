"""Behind a proxy: who is really asking."""

from __future__ import annotations

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the address that our own proxy saw: the last of X-Forwarded-For.

    Those before it were written by the client and prove nothing.
    """
    forwarded = str(request.headers.get("X-Forwarded-For", ""))
    return forwarded.rpartition(",")[2].strip() or str(request.META["REMOTE_ADDR"])

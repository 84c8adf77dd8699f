"""Everybody signs in first, and comes back to the page they were on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


class SignInFirst(LoginRequiredMiddleware):
    """Ask for a sign-in; who sent a form is led back to its page, not to where it was sent."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        if request.method == "GET":
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(
            _came_from(request),
            self.get_login_url(view_func),
            self.get_redirect_field_name(view_func),
        )


def _came_from(request: HttpRequest) -> str:
    """The page of ours that sent `request`, or the front page."""
    page = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(
        page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    parts = urlsplit(page if ours else "/")
    return parts._replace(scheme="", netloc="", fragment="").geturl() or "/"

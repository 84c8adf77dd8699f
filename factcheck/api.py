"""The door for programs, `/api/v1/`: tokens, limits, and errors that are always JSON.

Interactive documentation would load scripts from elsewhere, which the content policy forbids: there
is the OpenAPI description alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import URLPattern, re_path
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.security import HttpBearer
from ninja.throttling import BaseThrottle

from claims import api as claims_api
from claims import rates, tokens
from claims.models import ApiToken
from reviews import api as reviews_api

logger = logging.getLogger(__name__)

LARGEST = 15_000_000  # bytes of a body: a file of 10 MB in base64, and what is said of it
MINUTE = 60
SOON = 10  # seconds after which to ask again while the reader is busy

Answer = Callable[..., HttpResponseBase]


class PerToken(BaseThrottle):
    """So many requests a minute for each token."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Count the request; return whether it may go on."""
        token = request.auth  # type: ignore[attr-defined]
        most = settings.API_REQUESTS_PER_MINUTE
        request.seconds = rates.wait(f"token:{token.ref}", most=most, seconds=MINUTE)  # type: ignore[attr-defined]
        return request.seconds == 0  # type: ignore[attr-defined,no-any-return]


api = NinjaAPI(
    title="The Fact-checkers' Desk",
    version="1",
    description="Sign in with a token made on your page of the desk: Authorization: Bearer …",
    docs_url=None,
    urls_namespace="api",
    throttle=[PerToken()],
)
api.add_router("", claims_api.router)
api.add_router("", reviews_api.router)


# Whatever goes wrong is told as JSON, by field


def problem(status: int, why: str, *, field: str = "") -> JsonResponse:
    """Return a refusal: one reason, and the field it is about."""
    return JsonResponse({"errors": [{"field": field, "why": why}]}, status=status)


@api.exception_handler(claims_api.Refused)
def _refused(request: HttpRequest, refused: claims_api.Refused) -> HttpResponse:
    answer = problem(refused.code, refused.why, field=refused.field)
    if refused.code == 503:
        answer["Retry-After"] = str(SOON)
    return answer


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    answer = problem(401, "No valid token: Authorization: Bearer …")
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(Throttled)
def _throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    answer = problem(429, "Too many requests with this token.")
    answer["Retry-After"] = str(request.seconds)  # type: ignore[attr-defined]
    return answer


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, "There is nothing at this address.")


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, f"The body is larger than {LARGEST // 1_000_000} MB.")


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"field": _field(one["loc"]), "why": one["msg"]} for one in error.errors]
    return JsonResponse({"errors": errors}, status=422)


def _field(place: tuple[Any, ...]) -> str:
    """The name of a field as its sender wrote it: "file.base64" for ("body", "body", "file", …)."""
    names = [str(part) for part in place[1:]]
    return ".".join(names[1:] if place[0] == "body" else names)


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("The API broke at %s", request.path, exc_info=error)
    return problem(500, "The desk made a mistake. It is in its log.")


# The addresses


class _AnyToken(HttpBearer):
    """A token that holds, whatever it is for."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        return tokens.holder(token)


_any_token = _AnyToken()


def _for_programs(view: Answer) -> Answer:
    """Let `view` answer without a session, in JSON even where the framework would not."""

    @login_not_required
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **fields: Any) -> HttpResponseBase:
        size = str(request.META.get("CONTENT_LENGTH") or "0")
        if not size.isdecimal() or int(size) > LARGEST:
            return _too_large(request, RequestDataTooBig())
        # The body may be larger than a form of the desk; it was just measured. That of a stranger
        # is not waited for: every operation asks for a token first.
        request._body = request.read() if size != "0" and _any_token(request) else b""
        found = view(request, *args, **fields)
        if found.status_code == 405:
            allowed = ", ".join(sorted(found.headers["Allow"].split(", ")))
            found = problem(405, f"This address takes {allowed}.")
            found["Allow"] = allowed
        found["Cache-Control"] = "no-store"
        return found

    answer.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie counts here
    return answer


@login_not_required
def nothing(request: HttpRequest, path: str = "") -> HttpResponse:
    """Answer for every address that is none."""
    return problem(404, "There is nothing at this address.")


nothing.csrf_exempt = True  # type: ignore[attr-defined]


def addresses() -> tuple[list[Any], str, str]:
    """Return the addresses of the API, for the front door's `path`."""
    patterns, app_name, namespace = api.urls
    open_to_programs: list[Any] = []
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name == "openapi-json":
                pattern.callback = require_safe(pattern.callback)
            is_root = pattern.name == "api-root"
            pattern.callback = nothing if is_root else _for_programs(pattern.callback)
            open_to_programs.append(pattern)
    open_to_programs.append(re_path(r"^(?P<path>.*)$", nothing, name="nothing"))
    return open_to_programs, app_name, namespace

"""A person's tokens for programs: made with the secret shown once, and revoked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from claims import tokens as room
from claims.models import ApiToken
from reviews.exchange_forms import TokenForm
from reviews.views.page import Request


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: Request) -> HttpResponse:
    """The tokens and a form; who made one sees its secret in the answer, and never again."""
    form = TokenForm(request.user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, form, "", 422 if form.is_bound else 200)
    try:
        _, secret = room.make(request.user, **form.cleaned_data)
    except room.Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, form, "", 422)
    return _page(request, TokenForm(request.user), secret, 201)


@require_POST
def revoke(request: Request, ref: str) -> HttpResponse:
    token = get_object_or_404(ApiToken, ref=ref, owner=request.user)
    room.revoke(token)
    messages.success(request, f"“{token}” is revoked: nobody signs in with it any more.")
    return redirect("reviews:tokens")


def _page(request: Request, form: TokenForm, secret: str, status: int) -> HttpResponse:
    context = {"form": form, "secret": secret, "tokens": room.of(request.user)}
    return render(request, "reviews/tokens.html", context, status=status)

"""Anybody asks us to check something: a public form that stores a tip and nothing else."""

from __future__ import annotations

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from claims import rates
from claims import tips as room
from claims.models import Tip
from reviews.exchange_forms import SendForm

HOUR = 3600  # seconds


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest) -> HttpResponse:
    form = SendForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, form, 422 if form.is_bound else 200)
    if form.is_of_a_machine:
        return redirect("public:thanks")  # it learns nothing from it
    if seconds := _wait(request):
        return _too_often(request, form, seconds)
    try:
        room.send(form.asked(), way=Tip.Way.FORM)
    except room.Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, form, 422)
    return redirect("public:thanks")


@login_not_required
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    return render(request, "public/thanks.html", _house())


def _wait(request: HttpRequest) -> int:
    """For how many seconds this sender, or everybody, has to wait. No address is kept."""
    sender = salted_hmac("claims.tips", get_client_ip_address(request) or "")
    most = settings.TIPS_PER_ADDRESS
    if seconds := rates.wait(f"tip:{sender.hexdigest()}", most=most, seconds=HOUR):
        return seconds
    return rates.wait("tips", most=settings.TIPS_PER_HOUR, seconds=HOUR)


def _too_often(request: HttpRequest, form: SendForm, seconds: int) -> HttpResponse:
    minutes = -(-seconds // 60)
    form.add_error(None, f"We get too much at once. Send it again in {minutes} minutes, please.")
    answer = _page(request, form, 429)
    answer["Retry-After"] = str(seconds)
    return answer


def _page(request: HttpRequest, form: SendForm, status: int) -> HttpResponse:
    context = _house() | {"form": form, "days": settings.TIP_CONTACTS_KEPT.days}
    return render(request, "public/send.html", context, status=status)


def _house() -> dict[str, object]:
    return {"organisation": settings.ORGANISATION, "contact": settings.CONTACT_EMAIL}

"""Addresses of the public site. With sign-in and health, the only ones open to everybody."""

from __future__ import annotations

from django.urls import path

from reviews.views import public, sending

app_name = "public"

urlpatterns = [
    path("", public.checks, name="checks"),
    path("feed.json", public.feed, name="feed"),
    path("feed.xml", public.atom, name="atom"),
    path("send/", sending.send, name="send"),
    path("send/thanks/", sending.thanks, name="thanks"),
    path("methodology/", public.methodology, name="methodology"),
    path("verify-history/", public.verify_history, name="verify-history"),
    path("<slug:ref>/", public.check, name="check"),
]

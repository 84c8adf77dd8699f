"""Addresses of what was said: stories, articles and how far the machine is with them, claims."""

from __future__ import annotations

from django.urls import path

from claims import views

app_name = "claims"

urlpatterns = [
    path("stories/", views.stories, name="stories"),
    path("stories/<slug:ref>/", views.story, name="story"),
    path("articles/", views.articles, name="articles"),
    path("articles/<slug:ref>/", views.article, name="article"),
    path("articles/<slug:ref>/retry/", views.retry, name="retry"),
    path("claims/<slug:ref>/", views.claim, name="claim"),
    path("sources/<slug:ref>/", views.source, name="source"),
]

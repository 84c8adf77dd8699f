"""Addresses of what was said: stories, articles and how far the machine is with them, claims."""

from __future__ import annotations

from django.urls import path

from claims import views, views_of_feeds, views_of_imports, views_of_offers

app_name = "claims"

urlpatterns = [
    path("stories/", views.stories, name="stories"),
    path("stories/<slug:ref>/", views.story, name="story"),
    path("stories/<slug:ref>/table.csv", views.story_csv, name="story-csv"),
    path("stories/<slug:ref>/table.json", views.story_json, name="story-json"),
    path("work-in-progress/", views.work, name="work"),
    path("work-in-progress/retry/", views.retry_failed, name="retry-failed"),
    path("work-in-progress/ignore/", views.ignore_failed, name="ignore-failed"),
    path("work-in-progress/heed/", views.heed_ignored, name="heed-ignored"),
    path("articles/", views.articles, name="articles"),
    path("articles/new/", views_of_offers.hand_in, name="hand-in"),
    path("articles/new/bookmarklet/", views_of_offers.bookmarklet, name="bookmarklet"),
    path("articles/<slug:ref>/", views.article, name="article"),
    path("articles/<slug:ref>/snapshots/<slug:sha256>/", views.snapshot, name="snapshot"),
    path("articles/<slug:ref>/snapshots.warc.gz", views.snapshots_warc, name="snapshots-warc"),
    path("articles/<slug:ref>/retry/", views.retry, name="retry"),
    path("articles/<slug:ref>/correct/", views.correct, name="correct"),
    path("articles/<slug:ref>/place/", views.place, name="place"),
    path("articles/<slug:ref>/rests-on/", views.add_derivation, name="add-derivation"),
    path("derivations/<slug:ref>/", views.decide_derivation, name="decide-derivation"),
    path("flags/by-rule/", views.rules, name="rules"),
    path("flags/by-rule.csv", views.rules_csv, name="rules-csv"),
    path("flags/by-rule/<str:rule>/", views.rule, name="rule"),
    path("claims/<slug:ref>/", views.claim, name="claim"),
    path("feeds/", views_of_feeds.feeds, name="feeds"),
    path("feeds/<slug:ref>/", views_of_feeds.feed, name="feed"),
    path("feeds/<slug:ref>/look/", views_of_feeds.look, name="feed-look"),
    path("feeds/<slug:ref>/keep/", views_of_feeds.keep, name="feed-keep"),
    path("feeds/<slug:ref>/change/", views_of_feeds.change, name="feed-change"),
    path("feeds/<slug:ref>/poll/", views_of_feeds.poll, name="feed-poll"),
    path("feeds/<slug:ref>/pause/", views_of_feeds.pause, name="feed-pause"),
    path("feeds/<slug:ref>/resume/", views_of_feeds.resume, name="feed-resume"),
    path("feeds/<slug:ref>/remove/", views_of_feeds.remove, name="feed-remove"),
    path("feeds/<slug:ref>/retry/", views_of_feeds.retry, name="feed-retry"),
    path("offers/<slug:ref>/", views_of_offers.offer, name="offer"),
    path("offers/<slug:ref>/keep/", views_of_offers.keep, name="offer-keep"),
    path("offers/<slug:ref>/drop/", views_of_offers.drop, name="offer-drop"),
    path("offers/<slug:ref>/look/", views_of_offers.look, name="offer-look"),
    path("imports/", views_of_imports.imports, name="imports"),
    path("imports/<slug:ref>/", views_of_imports.batch, name="import"),
    path("imports/<slug:ref>/retry/", views_of_imports.retry, name="import-retry"),
    path("imports/<slug:ref>/report.csv", views_of_imports.report, name="import-csv"),
    path("sources/<slug:ref>/", views.source, name="source"),
]

"""Which permissions each role holds, written to the database after every migrate.

Code never asks for a role: it asks `user.has_perm(...)`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import connection

FACT_CHECKERS = "Fact-checkers"
SUPERVISORS = "Supervisors"
DATA_EDITORS = "Data editors"

CONTENT_MODELS = ("source", "article", "claimant", "claim")
GROUPING = ("suggestion", "claimmerge", "claimsplit", "rebuild")
CITED_MODELS = ("capture", "picture", "deposit", "watch", "revision")
MACHINE_MODELS = (
    "snapshot",
    "sighting",
    "analysis",
    "appearance",
    "flag",
    "derivation",
    "story",
    "feed",
    "feeditem",
    "feedevent",
    "offer",
    "import",
    "importitem",
    *CITED_MODELS,
    *GROUPING,
)

# By which the admin tells what the evidence of any verdict cites.
SEES_CITED = tuple(f"claims.view_{model}" for model in CITED_MODELS)

# Where people say what is polled.
FEEDS = ("claims.change_feed",)

# Where people hand articles in.
HANDS_IN = ("claims.add_offer",)

# Where people overrule the machine about what was said.
OVERRULES = (
    "claims.correct_article",
    "claims.change_analysis",
    "claims.change_derivation",
    "claims.change_story",
    "claims.change_suggestion",
    "claims.add_claimmerge",
    "claims.add_claimsplit",
)

# Where people and their programs bring in what others say.
BRINGS_IN = (
    "claims.add_article",
    "claims.add_tip",
    "claims.change_tip",
    "claims.add_outsidecheck",
)

ROLES: dict[str, tuple[str, ...]] = {
    FACT_CHECKERS: ("reviews.check_review", *OVERRULES, *HANDS_IN, *BRINGS_IN),
    SUPERVISORS: (
        "reviews.check_review", "reviews.approve_verdict", "reviews.set_weights",
        "reviews.edit_checklist", "reviews.edit_policy", "reviews.redact_version",
        *OVERRULES, *FEEDS, *HANDS_IN, *BRINGS_IN, "claims.see_contact",
    ),
    DATA_EDITORS: (
        *(f"claims.{verb}_{model}" for model in CONTENT_MODELS for verb in ("view", "change")),
        "claims.add_source",
        "claims.add_claimant",
        "claims.correct_article",
        "claims.change_analysis",
        *FEEDS,
        *HANDS_IN,
        *(f"claims.view_{model}" for model in MACHINE_MODELS),
    ),
}  # fmt: skip


class RoleBackend(ModelBackend):
    """Django's own, which looks a person's permissions up in one query instead of two."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if user_obj.is_superuser or not user_obj.is_active or obj is not None:
            return set(super().get_all_permissions(user_obj, obj))
        if not hasattr(user_obj, "_perm_cache"):
            look_up(user_obj)
        return set(user_obj._perm_cache)


def look_up(user: Any) -> datetime:
    """Let `user` know what they may do, as it is now; return the database's time. One query."""
    now: datetime
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp(), reviews_permissions_of(%s)", [user.pk])
        now, held = cursor.fetchone()
    if not user.is_superuser:  # who may do everything
        user._perm_cache = set(held)
    return now


def sync(**kwargs: Any) -> None:
    """Give each role exactly its permissions, creating what is missing. Safe to repeat."""
    for label in ("claims", "reviews"):
        create_permissions(apps.get_app_config(label), verbosity=0)
    known = {
        f"{app_label}.{codename}": pk
        for pk, app_label, codename in Permission.objects.values_list(
            "pk", "content_type__app_label", "codename"
        )
    }
    for name, permissions in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set([known[permission] for permission in permissions])

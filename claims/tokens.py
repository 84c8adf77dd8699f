"""Programs sign in with tokens, and may do what both their scopes and their owner may."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from claims.models import ApiToken, Handing

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

PREFIX = "desk_"  # by which scanners of published code know one
LONGEST_NAME = 100
DAYS = (7, 30, 90, 365)  # for which one is made
MOST = 20  # valid ones of a person
NOTED_EVERY = timedelta(minutes=1)
HANDINGS_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may be used for, and the permission that its owner needs for it.

    :ivar permission: "" if everybody who works here may.
    """

    name: str
    words: str
    permission: str = ""


ARTICLES_WRITE = Scope("articles:write", "Hand in articles", "claims.add_article")
ARTICLES_READ = Scope("articles:read", "Read articles and what was found in them")
CLAIMS_READ = Scope("claims:read", "Read and search claims, read stories")
REVIEWS_READ = Scope("reviews:read", "Read published checks")
TIPS_WRITE = Scope("tips:write", "Send tips: claims to check", "claims.add_tip")
SCOPES = {
    scope.name: scope
    for scope in (ARTICLES_WRITE, ARTICLES_READ, CLAIMS_READ, REVIEWS_READ, TIPS_WRITE)
}


class Refused(Exception):
    """A token is not made or may not be used so; the message says why."""


def make(
    owner: AbstractUser, *, name: str, scopes: Collection[str], days: int
) -> tuple[ApiToken, str]:
    """Make a token; return it with its secret, which is kept nowhere.

    :raises Refused: if it may do nothing or more than its owner, or there are too many.
    """
    chosen = [SCOPES[scope] for scope in sorted(scopes) if scope in SCOPES]
    if not chosen or len(chosen) != len(set(scopes)):
        raise Refused("Choose what it may be used for.")
    for scope in chosen:
        if scope.permission and not owner.has_perm(scope.permission):
            raise Refused(f"You may not do this yourself: {scope.words.lower()}.")
    if days not in DAYS:
        raise Refused("Choose how long it holds.")
    if ApiToken.objects.valid().filter(owner_id=owner.pk).count() >= MOST:
        raise Refused(f"You have {MOST} tokens. Revoke one that is not used.")
    now, secret = timezone.now(), PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        owner_id=owner.pk, name=name, sha256=hashed(secret), created_at=now,
        scopes=[scope.name for scope in chosen], expires_at=now + timedelta(days=days),
    )  # fmt: skip
    return token, secret


@transaction.atomic
def revoke(token: ApiToken) -> None:
    """Let nobody sign in with `token` any more, for good. Safe to repeat."""
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=Now())


def of(owner: AbstractUser) -> list[ApiToken]:
    """Return the tokens of a person, those that hold first, at most 100. One query."""
    rows = ApiToken.objects.filter(owner_id=owner.pk)
    return list(rows.order_by("-revoked_at", "-expires_at", "-pk")[:100])


def holder(secret: str) -> ApiToken | None:
    """Return the valid token with this secret, with its owner; note that it was used."""
    rows = ApiToken.objects.valid().select_related("owner")
    token = rows.filter(sha256=hashed(secret)).first()
    if token:
        is_stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - NOTED_EVERY)
        ApiToken.objects.filter(is_stale, pk=token.pk).update(last_used_at=Now())
    return token


def refusal(token: ApiToken, scope: Scope) -> str:
    """Say why `token` may not be used for `scope` now; "" when it may.

    What its owner may do is read each time: a role taken away holds for all their tokens.
    """
    if scope.name not in token.scopes:
        return f"This token is not for {scope.name}."
    if scope.permission and not token.owner.has_perm(scope.permission):
        return "The owner of this token may not do that any more."
    return ""


def hashed(secret: str) -> str:
    """Return what is stored of a secret: it is random and long, so that no salt is needed."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def forget_handings() -> int:
    """Delete what programs were answered longer ago than `HANDINGS_KEPT`; return how many."""
    deleted, _ = Handing.objects.filter(at__lt=Now() - HANDINGS_KEPT).delete()
    return deleted

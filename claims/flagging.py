"""Engine findings become flags; a person's decision on a flag outranks the machine's, for ever."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import reversion
from django.db import transaction

from claims import text as engine
from claims.models import Article, Flag

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

MACHINE_FIELDS = ("sentence_start", "sentence_end", "rule", "who", "agent", "scope", "confidence")

reversion.register(Flag)


def store_flags(article: Article, analysis: engine.Analysis) -> None:
    """Make the article's flags those of `analysis`; what a person decided stays as it was.

    Call after `extraction.store_appearances`, whose rows the flags cover. Safe to repeat: the same
    findings give the same rows. Cost: six statements, however many findings.
    """
    found = {
        (str(finding.kind), finding.cue.start, finding.cue.end): finding
        for finding in analysis.flags
    }
    stored = article.flags.filter(claim__isnull=True).order_by("pk").select_for_update()
    known = {(flag.kind, flag.start, flag.end): flag for flag in stored}
    article.flags.filter(claim__isnull=True).undecided().exclude(
        pk__in=[known[key].pk for key in known.keys() & found.keys()]
    ).delete()
    for key, finding in found.items():
        flag = known.setdefault(key, Flag(article=article, kind=key[0], start=key[1], end=key[2]))
        _describe(flag, finding)
    flags = [known[key] for key in found]
    Flag.objects.bulk_update([flag for flag in flags if flag.pk is not None], MACHINE_FIELDS)
    Flag.objects.bulk_create([flag for flag in flags if flag.pk is None])
    _store_covers(article, {known[key].pk: finding for key, finding in found.items()})


def _describe(flag: Flag, finding: engine.Finding) -> None:
    flag.sentence_start, flag.sentence_end = finding.sentence.start, finding.sentence.end
    flag.rule, flag.who, flag.agent = finding.rule, str(finding.who), finding.agent
    flag.scope, flag.confidence = str(finding.scope), finding.confidence


def _store_covers(article: Article, findings: dict[int, engine.Finding]) -> None:
    appearances = {
        (start, end): pk
        for pk, start, end in article.appearances.current().values_list("pk", "start", "end")
    }
    cover = Flag.covers.through
    cover.objects.filter(flag__in=findings).delete()
    cover.objects.bulk_create(
        cover(flag_id=flag_id, appearance_id=appearances[span.start, span.end])
        for flag_id, finding in findings.items()
        for span in finding.covers
        if (span.start, span.end) in appearances
    )


@transaction.atomic
def decide(flag: Flag, *, by: AbstractUser, at: datetime, state: str, reason: str = "") -> None:
    """Record what a person decided about a flag; `state` "open" takes the decision back.

    The caller has checked that they may. django-reversion keeps every decision there ever was.
    """
    flag.refresh_from_db(from_queryset=Flag.objects.select_for_update())
    if (flag.state, flag.reason) == (state, reason):
        return
    is_open = state == Flag.State.OPEN
    flag.state, flag.reason = state, "" if is_open else reason
    flag.decided_by = None if is_open else by  # type: ignore[assignment]
    flag.decided_at = None if is_open else at
    with reversion.create_revision():
        flag.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        reversion.set_user(by)
        reversion.set_comment(f"{flag.get_state_display()}: {reason}" if reason else state)
        reversion.add_to_revision(flag)
